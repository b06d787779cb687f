//! What holds of the cache between any two inputs, counted from scratch.

use std::collections::{BTreeSet, HashSet};

use super::Cache;
use super::entry::Queued;
use super::reset::Renewal;
use crate::core::border::Subscriber;

impl Cache {
    /// Panics if something that is counted as one goes is not what there is: for assertions in tests.
    pub fn check(&self) {
        for (name, entry) in &self.entries {
            let subscribers: usize = entry.resources.values().map(|resource| resource.subscribers.len()).sum();
            assert_eq!(entry.pins, subscribers, "subscribers of {name}");
            assert_eq!(entry.evict.is_some(), entry.pins == 0, "whether {name} is to leave the cache");
            for (query, link) in &entry.links {
                let users = entry.resources.get(&link.key).map_or(0, |resource| resource.subscribers.len());
                assert!((1..=users).contains(&link.users), "who writes {name}?{query}");
            }
            assert!(entry.is_locked() || entry.queue.is_empty(), "{name} waits for nothing");
            let bytes: usize = entry.queue.iter().map(Queued::bytes).sum();
            assert_eq!(entry.queued_bytes, bytes, "bytes of events that wait for {name}");
        }
        let waiting: HashSet<&Renewal> = self.resets.iter().flat_map(|throttle| throttle.waiting()).collect();
        assert!(self.resets.iter().all(|throttle| throttle.is_settled()), "a reset waits for nothing");
        assert_eq!(waiting, self.waiting.iter().collect(), "what resets have to do");
    }

    pub fn subscribers(&self) -> BTreeSet<Subscriber> {
        let resources = self.entries.values().flat_map(|entry| entry.resources.values());
        resources.flat_map(|resource| resource.subscribers.iter().copied()).collect()
    }
}
