//! The log, on the standard error.

use std::io::{IsTerminal, Stderr, Write, stderr};

use tracing_subscriber::EnvFilter;

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What `RUST_LOG` says; without it, what an operator wants to know of.
    Normal,
    Debug,
    Trace,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

impl Level {
    /// A trace contains what debugging does.
    pub fn new(debug: bool, trace: bool) -> Level {
        match (debug, trace) {
            (_, true) => Level::Trace,
            (true, false) => Level::Debug,
            (false, false) => Level::Normal,
        }
    }

    fn filter(self) -> Result<EnvFilter, String> {
        let filter = match self {
            Level::Trace => "warn,res_gateway=trace".into(),
            Level::Debug => "warn,res_gateway=debug".into(),
            Level::Normal => std::env::var("RUST_LOG").unwrap_or_else(|_| "warn,res_gateway=info".into()),
        };
        EnvFilter::try_new(filter).map_err(|error| format!("RUST_LOG: {error}"))
    }
}

impl Format {
    /// # Errors
    /// A sentence, if there is no such format.
    pub fn parse(text: &str) -> Result<Format, String> {
        match text {
            "text" => Ok(Format::Text),
            "json" => Ok(Format::Json),
            other => Err(format!("logFormat (--logformat): {other:?} is none; take text or json")),
        }
    }
}

/// Begins to log.
///
/// # Errors
/// A sentence, if `RUST_LOG` cannot be understood.
pub fn start(level: Level, format: Format) -> Result<(), String> {
    let log = tracing_subscriber::fmt().with_env_filter(level.filter()?).with_writer(|| OneLine(stderr()));
    // A log that cannot be written, such as to a full disk, is no reason to end.
    let log = log.log_internal_errors(false);
    match format {
        Format::Text => log.with_ansi(stderr().is_terminal()).init(),
        Format::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Writes each event as one line: what a client sends must not look like another. Other control characters are escaped
/// before they come here.
struct OneLine(Stderr);

impl Write for OneLine {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        let mut escaped = Vec::with_capacity(event.len());
        for &byte in line {
            match byte {
                b'\n' => escaped.extend(b"\\n"),
                b'\r' => escaped.extend(b"\\r"),
                byte => escaped.push(byte),
            }
        }
        escaped.push(b'\n');
        self.0.write_all(&escaped)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
