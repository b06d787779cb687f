//! Choices that come out the same on every machine.

use std::ops::RangeBounds;

use fastrand::Rng;

/// What a seed says is the same in a browser, where a `usize` has 32 bits and is drawn otherwise.
pub trait Choice {
    /// An index in this range.
    fn index(&mut self, range: impl RangeBounds<usize>) -> usize;
}

impl Choice for Rng {
    fn index(&mut self, range: impl RangeBounds<usize>) -> usize {
        let (start, end) = (range.start_bound().map(|n| *n as u64), range.end_bound().map(|n| *n as u64));
        self.u64((start, end)) as usize
    }
}
