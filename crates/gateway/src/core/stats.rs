//! What the core has counted: plain numbers that only grow, for whoever watches a gateway.

use super::timers::Time;

/// What has happened since the gateway began.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// What clients did, over all connections.
    pub clients: ConnStats,
    pub resets: ResetStats,
    /// How long services took for their answers; those that did not come took as long as was waited for.
    pub service_time: Durations,
}

/// What one client did.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConnStats {
    requests: [u64; RequestKind::ALL.len()],
    /// Resources refused because the client has or asks for too many.
    pub refused: u64,
}

/// Fetching again what may be wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResetStats {
    pub started: u64,
    pub failed: u64,
    /// Started because the one before failed.
    pub retried: u64,
}

/// What a request of a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    Get,
    Subscribe,
    Unsubscribe,
    Call,
    Auth,
}

/// How many things took how long.
#[derive(Debug, Clone, Copy, Default)]
pub struct Durations {
    /// How many took no longer than the bound with the same index and longer than the one before; the last, longer than
    /// all.
    pub counts: [u64; Durations::BOUNDS.len() + 1],
    /// Milliseconds in all.
    pub sum: u64,
}

impl ConnStats {
    pub fn count(&mut self, kind: RequestKind) {
        self.requests[kind as usize] += 1;
    }

    pub fn requests(&self, kind: RequestKind) -> u64 {
        self.requests[kind as usize]
    }

    pub fn add(&mut self, other: &ConnStats) {
        for (sum, count) in self.requests.iter_mut().zip(other.requests) {
            *sum += count;
        }
        self.refused += other.refused;
    }
}

impl ResetStats {
    pub fn add(&mut self, other: &ResetStats) {
        self.started += other.started;
        self.failed += other.failed;
        self.retried += other.retried;
    }
}

impl RequestKind {
    pub const ALL: [RequestKind; 5] =
        [RequestKind::Get, RequestKind::Subscribe, RequestKind::Unsubscribe, RequestKind::Call, RequestKind::Auth];
}

impl Durations {
    /// In milliseconds.
    pub const BOUNDS: [u64; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];

    pub fn observe(&mut self, from: Time, to: Time) {
        let took = to.0.saturating_sub(from.0);
        let index = Self::BOUNDS.iter().position(|&bound| took <= bound).unwrap_or(Self::BOUNDS.len());
        self.counts[index] += 1;
        self.sum += took;
    }
}
