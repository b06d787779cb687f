//! Reads a recording.

use std::path::Path;

use tracing::{info, warn};

use super::line::{FORMAT, Header, Line, VERSION};
use super::replay::Replay;
use crate::bus::Connection;

/// A recording that was read.
#[derive(Debug)]
pub struct Recording {
    lines: Vec<Line>,
}

impl Recording {
    /// Reads a file. A last line that is not whole, as after a crash, is left out with a warning.
    ///
    /// # Errors
    /// A sentence, if it cannot be read, is no recording or that of a later version, or one of its lines is broken.
    pub fn read(path: &Path) -> Result<Recording, String> {
        let name = path.display();
        let text = std::fs::read(path).map_err(|error| format!("cannot read {name}: {error}"))?;
        let mut lines = text.split_inclusive(|&byte| byte == b'\n').enumerate();
        let header = lines.next().and_then(|(_, first)| serde_json::from_slice::<Header>(first).ok());
        match header.filter(|header| header.format == FORMAT) {
            None => return Err(format!("{name} is no recording; --record makes one")),
            Some(Header { version: VERSION, .. }) => {}
            Some(Header { version, .. }) => {
                return Err(format!("{name} is of version {version}, and this program reads version {VERSION}"));
            }
        }
        let mut read: Vec<Line> = Vec::new();
        for (at, line) in lines {
            match serde_json::from_slice(line) {
                Ok(line) => read.push(line),
                Err(_) if !line.ends_with(b"\n") => warn!("the last line of {name} is not whole, and left out"),
                Err(error) => return Err(format!("{name}: line {} is broken: {error}", at + 1)),
            }
        }
        info!("{name} has {} messages of {} seconds", read.len(), read.last().map_or(0, |line| line.at / 1000));
        Ok(Recording { lines: read })
    }

    /// Answers on a connection to a bus in place of the services, until the connection ends. Time begins to pass with
    /// the first request.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn replay(self, connection: Connection) {
        tokio::spawn(Replay::new(self.lines, connection.bus).run(connection.deliveries));
    }
}
