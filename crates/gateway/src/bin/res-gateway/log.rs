//! The log, on the standard error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;

use tracing::error;
use tracing_subscriber::EnvFilter;

use crate::stderr;

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
    let log = tracing_subscriber::fmt().with_env_filter(level.filter()?).with_writer(|| OneLine);
    match format {
        // Without colours, so that no escape is one of the log's own.
        Format::Text => log.with_ansi(false).init(),
        Format::Json => log.json().flatten_event(true).init(),
    }
    // By itself it would be written past the log, and wait for whoever reads it.
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let is_wanted = backtrace.status() == BacktraceStatus::Captured;
        error!(backtrace = is_wanted.then(|| backtrace.to_string()), "{panic}");
    }));
    Ok(())
}

/// Writes each event as one line without control characters, as JSON writes them: what clients and services send must
/// neither look like another line nor do anything to a terminal.
struct OneLine;

impl Write for OneLine {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let line = String::from_utf8_lossy(event.strip_suffix(b"\n").unwrap_or(event));
        let mut escaped = String::with_capacity(event.len());
        for c in line.chars() {
            match c {
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                c if c.is_control() || turns_text_around(c) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => escaped.push(c),
            }
        }
        escaped.push('\n');
        stderr::write(&escaped);
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What makes text be shown in another order than it has.
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
