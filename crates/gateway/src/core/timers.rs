//! Time and what is to happen at a time.

use std::collections::{BTreeMap, HashMap};

/// A moment in milliseconds since the driver started; it never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Time(pub u64);

impl Time {
    /// The moment `ms` milliseconds later.
    pub const fn after(self, ms: u64) -> Time {
        Time(self.0.saturating_add(ms))
    }
}

/// Identifies a timer that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(u64);

/// Timers that each carry a `T`, given out in order of time, then of setting.
#[derive(Debug)]
pub struct Timers<T> {
    next: u64,
    due: BTreeMap<(Time, TimerId), T>,
    times: HashMap<TimerId, Time>,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Timers { next: 0, due: BTreeMap::new(), times: HashMap::new() }
    }
}

impl<T> Timers<T> {
    pub fn set(&mut self, at: Time, what: T) -> TimerId {
        self.next += 1;
        let id = TimerId(self.next);
        self.due.insert((at, id), what);
        self.times.insert(id, at);
        id
    }

    pub fn cancel(&mut self, id: TimerId) -> Option<T> {
        let at = self.times.remove(&id)?;
        self.due.remove(&(at, id))
    }

    pub fn next(&self) -> Option<Time> {
        self.due.keys().next().map(|&(at, _)| at)
    }

    /// Takes the first timer that is due at `now`.
    pub fn pop(&mut self, now: Time) -> Option<T> {
        let entry = self.due.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let ((_, id), what) = entry.remove_entry();
        self.times.remove(&id);
        Some(what)
    }
}
