//! What there was in runs.

use std::collections::BTreeMap;

/// What there was of everything in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Things that happened.
    pub steps: u64,
    /// As long as the script lasted.
    pub steps_of_script: u64,
    /// Milliseconds of peace until everybody had what they listened to; of several runs, the most.
    pub slowest: u64,
    pub frames: u64,
    pub messages: u64,
    pub events: u64,
    pub settled: u64,
    pub connections: u64,
    /// Requests over HTTP.
    pub visits: u64,
    /// Values that clients held in the end and that were the services'.
    pub compared: u64,
    /// Clients that gateways closed, by the close code.
    pub closes: BTreeMap<u16, u64>,
    pub faults: BTreeMap<String, u64>,
    /// Of everything that was sent, in its order.
    pub digest: u64,
}

impl Tally {
    /// Adds another run's.
    pub fn add(&mut self, other: &Tally) {
        for (mine, other) in [
            (&mut self.steps, other.steps),
            (&mut self.steps_of_script, other.steps_of_script),
            (&mut self.frames, other.frames),
            (&mut self.messages, other.messages),
            (&mut self.events, other.events),
            (&mut self.settled, other.settled),
            (&mut self.connections, other.connections),
            (&mut self.visits, other.visits),
            (&mut self.compared, other.compared),
        ] {
            *mine += other;
        }
        other.closes.iter().for_each(|(code, count)| *self.closes.entry(*code).or_default() += count);
        other.faults.iter().for_each(|(kind, count)| *self.faults.entry(kind.clone()).or_default() += count);
        self.slowest = self.slowest.max(other.slowest);
        self.digest ^= other.digest;
    }
}
