//! Warnings that clients and services cause, which must not fill the log.

use std::collections::HashMap;

use super::timers::Time;

/// Knows what was said in the last minute.
#[derive(Debug, Default)]
pub struct Warnings(HashMap<&'static str, Time>);

impl Warnings {
    /// Whether this was not said within the last minute. If so, it is taken for said now.
    pub fn is_due(&mut self, now: Time, what: &'static str) -> bool {
        let is_due = self.0.get(what).is_none_or(|said| said.after(PAUSE) <= now);
        if is_due {
            self.0.insert(what, now);
        }
        is_due
    }
}

/// In milliseconds.
const PAUSE: u64 = 60_000;
