//! One direction of a connection: what goes in comes out in the same order, later.

use std::collections::VecDeque;

/// Things on their way, each with the time of its arrival.
pub struct Pipe<T> {
    under_way: VecDeque<(u64, T)>,
    /// Nothing arrives before.
    stalled_until: u64,
    /// What would arrive later never does.
    cut_at: u64,
    /// Milliseconds that everything takes longer.
    pub slowness: u64,
}

impl<T> Pipe<T> {
    pub fn new() -> Pipe<T> {
        Pipe { under_way: VecDeque::new(), stalled_until: 0, cut_at: u64::MAX, slowness: 0 }
    }

    /// Sends something that takes `latency` milliseconds, and not less than what was sent before; when it arrives.
    pub fn send(&mut self, now: u64, latency: u64, item: T) -> u64 {
        let last = self.under_way.back().map_or(0, |(at, _)| *at);
        let at = last.max(self.stalled_until).max(now + latency + self.slowness);
        if at <= self.cut_at {
            self.under_way.push_back((at, item));
        }
        at
    }

    /// What has arrived, one by one.
    pub fn receive(&mut self, now: u64) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        self.under_way.pop_front().map(|(_, item)| item)
    }

    /// When there is something to receive.
    pub fn next(&self) -> Option<u64> {
        self.under_way.front().map(|(at, _)| (*at).max(self.stalled_until))
    }

    /// What comes out next.
    pub fn first(&self) -> Option<&T> {
        self.under_way.front().map(|(_, item)| item)
    }

    /// Nothing comes out for a while, and then everything that went in.
    pub fn stall(&mut self, until: u64) {
        self.stalled_until = self.stalled_until.max(until);
    }

    /// What has not arrived until then never does.
    pub fn cut(&mut self, at: u64) {
        self.cut_at = self.cut_at.min(at);
        let stalled_until = self.stalled_until;
        self.under_way.retain(|(arrival, _)| *arrival.max(&stalled_until) <= at);
    }

    /// What is under way never arrives.
    pub fn drop_all(&mut self) {
        self.under_way.clear();
    }

    /// The stall is over.
    pub fn heal(&mut self) {
        self.stalled_until = 0;
        self.slowness = 0;
    }

    pub fn len(&self) -> usize {
        self.under_way.len()
    }

    pub fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}

impl<T> Default for Pipe<T> {
    fn default() -> Self {
        Pipe::new()
    }
}
