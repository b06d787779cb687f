//! Warnings that clients cause, which must not fill the log.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Knows what was said in the last minute.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<HashMap<&'static str, Instant>>);

impl Warnings {
    /// Whether this was not said within the last minute. If so, it is taken for said now.
    pub fn is_due(&self, what: &'static str) -> bool {
        let now = Instant::now();
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = said.get(what).is_none_or(|&at| now - at >= PAUSE);
        if is_due {
            said.insert(what, now);
        }
        is_due
    }
}

const PAUSE: Duration = Duration::from_secs(60);
