//! What is referred to and came as an error. A gateway does not tell when it can be had after all, so it is asked for again.

use super::connection::Phase;
use super::engine::Engine;
use super::time::Timer;
use crate::bug;
use crate::cache::ResourceId;

impl Engine {
    /// A resource came, whoever asked for it.
    pub(super) fn came(&mut self, id: ResourceId) {
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            self.timers.cancel(&mut subscription.recovery);
        }
    }

    /// A resource came as an error, or the subscription that was taken for that has ended, or was refused that often in a row:
    /// has it asked for after a while, if it is referred to, for the references do not cover it.
    pub(super) fn recover_later(&mut self, id: ResourceId, failures: u32) {
        let slot = self.graph.slot(id);
        if slot.indirect == 0 || slot.root || failures > MOST_FAILURES || bug!("no-recovery") {
            return;
        }
        let subscription = self.subscriptions.entry(id);
        subscription.failures = if bug!("endless-recovery") { 0 } else { failures };
        let delay = self.options.subscribe_retry_delay << failures;
        if delay > 0 && subscription.recovery.is_none() {
            // Each at a moment of its own, for there may be thousands.
            let at = self.now + delay + self.connection.random() % delay;
            subscription.recovery = Some(self.timers.set(at, Timer::Recover(id)));
        }
        self.tidy(id);
    }

    /// The time to ask for it has come.
    pub(super) fn recover(&mut self, id: ResourceId) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.recovery = None;
        let slot = self.graph.slot(id);
        if self.connection.phase == Phase::Ready && slot.indirect > 0 && !slot.root {
            subscription.recovers = true;
            self.recovered.push(id);
            self.subscribe(id);
        } else {
            self.tidy(id);
        }
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
}

/// Refusals in a row after which only the next connection asks again: Resgate, for one, remembers them for as long as a
/// connection lasts.
const MOST_FAILURES: u32 = 6;
