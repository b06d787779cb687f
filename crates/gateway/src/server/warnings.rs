//! Warnings that clients cause.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::core::timers::Time;
use crate::core::warnings;

/// Those of all threads, by the clock.
#[derive(Debug)]
pub struct Warnings {
    begun: Instant,
    said: Mutex<warnings::Warnings>,
}

impl Default for Warnings {
    fn default() -> Warnings {
        Warnings { begun: Instant::now(), said: Mutex::default() }
    }
}

impl Warnings {
    /// See [`warnings::Warnings::is_due`].
    pub fn is_due(&self, what: &'static str) -> bool {
        let now = Time(self.begun.elapsed().as_millis() as u64);
        self.said.lock().unwrap_or_else(PoisonError::into_inner).is_due(now, what)
    }
}
