//! Virtual time: what is to happen, in the order of when.

use std::collections::BTreeMap;

/// What is to happen at a time; what was put down first comes first among what is due together.
pub struct Agenda<T> {
    due: BTreeMap<(u64, u64), T>,
    put: u64,
    now: u64,
}

impl<T> Agenda<T> {
    pub fn new() -> Agenda<T> {
        Agenda { due: BTreeMap::new(), put: 0, now: 0 }
    }

    /// Milliseconds since the world began.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Puts something down for `at`, or for now if that is over.
    pub fn put(&mut self, at: u64, what: T) {
        self.put += 1;
        self.due.insert((at.max(self.now), self.put), what);
    }

    /// Goes on to the next thing, if one is due until then.
    pub fn next(&mut self, until: u64) -> Option<T> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= until)?;
        let ((at, _), what) = entry.remove_entry();
        self.now = at;
        Some(what)
    }

    /// Nothing is due until then.
    pub fn pass(&mut self, until: u64) {
        self.now = self.now.max(until);
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Agenda::new()
    }
}
