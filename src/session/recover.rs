//! What is referred to and came as an error. A gateway does not tell when it can be had after all, so it is asked for again.

use super::connection::Phase;
use super::engine::Engine;
use super::time::Timer;
use crate::cache::{Content, ResourceId};

impl Engine {
    /// Has a resource asked for after a while if it is referred to and came as an error. `failures` is how often that was
    /// refused before.
    pub(super) fn recover_later(&mut self, id: ResourceId, failures: u32) {
        if self.is_missed(id) {
            self.subscriptions.entry(id).failures = failures;
            self.set_recovery(id);
        }
    }

    /// It was had and its subscription has ended: the references still do not cover it.
    pub(super) fn recover_again(&mut self, id: ResourceId) {
        let slot = self.graph.slot(id);
        if slot.indirect > 0 && !slot.root {
            self.subscriptions.entry(id).recovers = true;
            self.set_recovery(id);
        }
    }

    /// The time to ask for it has come.
    pub(super) fn recover(&mut self, id: ResourceId) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.recovery = None;
        let ended = subscription.recovers;
        if self.connection.phase == Phase::Ready && (ended || self.is_missed(id)) {
            self.subscriptions.entry(id).recovers = true;
            self.recovered.push(id);
            self.subscribe(id);
        } else {
            self.tidy(id);
        }
    }

    fn set_recovery(&mut self, id: ResourceId) {
        let subscription = self.subscriptions.entry(id);
        let delay = self.options.subscribe_retry_delay << subscription.failures.min(DOUBLINGS);
        if delay > 0 && subscription.recovery.is_none() {
            subscription.recovery = Some(self.timers.set(self.now + delay, Timer::Recover(id)));
        }
        self.tidy(id);
    }

    /// A subscription that was taken for the sake of references is not needed any more when only what it covers refers to it.
    pub(super) fn release_recovered(&mut self) {
        let mut recovered = std::mem::take(&mut self.recovered);
        recovered.retain(|&id| self.graph.slot(id).root && self.subscriptions.get(id).is_some_and(|s| s.recovers));
        if recovered.is_empty() {
            return;
        }
        recovered.iter().for_each(|&id| self.graph.slot_mut(id).root = false);
        let alone = self.graph.uncovered(&recovered);
        recovered.iter().for_each(|&id| self.graph.slot_mut(id).root = true);
        for id in recovered {
            if !alone.dropped.contains(&id) && !alone.stale.contains(&id) {
                self.recovered.push(id);
            } else if let Some(subscription) = self.subscriptions.get_mut(id) {
                subscription.recovers = false;
                self.linger(id);
            }
        }
    }

    /// Whether it is referred to and could not be had.
    fn is_missed(&self, id: ResourceId) -> bool {
        let slot = self.graph.slot(id);
        slot.indirect > 0 && !slot.root && matches!(slot.content, Content::Error(_))
    }
}

/// How often the delay is doubled at most.
const DOUBLINGS: u32 = 5;
