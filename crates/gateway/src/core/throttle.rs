//! So many things under way at a time, and no more.

use std::collections::VecDeque;
use std::sync::Arc;

/// What waits, in order, for one of a number of slots.
#[derive(Debug)]
pub struct Throttle<T> {
    /// 0 is no limit.
    limit: usize,
    /// Each slot is another reference to it: one that is dropped is given back, on whatever way it came to its end.
    slots: Arc<()>,
    waiting: VecDeque<T>,
}

/// The right to be under way, until it is dropped.
#[derive(Debug)]
pub struct Slot(#[allow(dead_code, reason = "only that it exists counts")] Arc<()>);

impl<T> Throttle<T> {
    /// A limit of 0 is none.
    pub fn new(limit: usize) -> Throttle<T> {
        Throttle { limit, slots: Arc::default(), waiting: VecDeque::new() }
    }

    pub fn push(&mut self, what: T) {
        self.waiting.push_back(what);
    }

    /// The next that may begin, if there is a slot for it.
    pub fn admit(&mut self) -> Option<(T, Slot)> {
        let what = if self.is_free() { self.waiting.pop_front() } else { None };
        what.map(|what| (what, Slot(self.slots.clone())))
    }

    /// Whether nothing waits without a reason.
    pub fn is_settled(&self) -> bool {
        self.waiting.is_empty() || !self.is_free()
    }

    fn is_free(&self) -> bool {
        self.limit == 0 || Arc::strong_count(&self.slots) <= self.limit
    }

    pub fn waiting(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
