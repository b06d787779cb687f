//! Direct subscriptions: taking them, giving them back, and what leaves the cache when they end.

use super::connection::Phase;
use super::engine::Engine;
use super::output::{ConnectionState, Failure, Outcome, Output};
use super::requests::Purpose;
use super::time::Timer;
use crate::bug;
use crate::cache::collect::Collected;
use crate::cache::{Content, ResourceId};
use crate::protocol::Version;
use crate::protocol::request::{self, Action};
use crate::protocol::scan::Span;

impl Engine {
    /// Sends a subscribe request.
    pub(super) fn subscribe(&mut self, id: ResourceId) {
        let subscription = self.subscriptions.entry(id);
        subscription.subscribed += 1;
        subscription.in_flight += 1;
        self.timers.cancel(&mut subscription.timer);
        let slot = self.graph.slot_mut(id);
        slot.root = true;
        slot.stale = false;
        let method = request::method(Action::Subscribe, self.graph.rid(id), "");
        self.request(Purpose::Subscribe(id), method, None);
    }

    /// Subscribes to everything that is listened to and not covered.
    pub(super) fn subscribe_stale(&mut self) {
        self.renewals = self.graph.ids().filter(|&id| self.graph.slot(id).stale).collect();
        self.connection.comparing = self.renewals.len() as u32;
        self.renewals.reverse();
        for _ in 0..RENEWALS {
            self.renew_next();
        }
    }

    fn renew_next(&mut self) {
        while let Some(id) = self.renewals.pop() {
            if self.graph.slot(id).stale && !bug!("no-renewal") {
                self.subscribe(id);
                self.subscriptions.entry(id).renewed = true;
                return;
            }
            // Nobody listens any more, or it has come with another one.
            self.compared();
        }
    }

    /// A subscription may have been renewed, one way or the other.
    fn renewed(&mut self, id: ResourceId) {
        if self.subscriptions.get_mut(id).is_some_and(|subscription| std::mem::take(&mut subscription.renewed)) {
            self.compared();
            self.renew_next();
        }
    }

    /// With the last one all is compared.
    fn compared(&mut self) {
        self.connection.comparing -= 1;
        if self.connection.comparing == 0 {
            self.set_state(ConnectionState::Connected);
        }
    }

    /// A subscribe request was answered and its resources are in the cache.
    pub(super) fn subscribed(&mut self, id: ResourceId) {
        self.renewed(id);
        self.tell_stale();
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.in_flight -= 1;
        subscription.takes_over = false;
        subscription.rejoins = false;
        let slot = self.graph.slot_mut(id);
        slot.refused = false;
        slot.behind = false;
        if let Some(request) = subscription.get.take() {
            self.settle(request, Outcome::Resource(id));
        }
        self.linger(id);
    }

    /// A call was answered with a resource that is an error. A gateway counts a direct subscription if the resource could
    /// not be loaded, and none if it may not be read.
    pub(super) fn doubt(&mut self, id: ResourceId) {
        let subscription = self.subscriptions.entry(id);
        subscription.doubtful += 1;
        if subscription.subscribed == 0 {
            self.give_back_doubtful(id);
            self.tidy(id);
        }
    }

    /// Gives back what the gateway may hold, after what it does hold was given back: then nothing can be taken by mistake.
    fn give_back_doubtful(&mut self, id: ResourceId) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        for _ in 0..std::mem::take(&mut subscription.doubtful) {
            let method = request::method(Action::Unsubscribe, self.graph.rid(id), "");
            self.request(Purpose::Obsolete, method, None);
        }
    }

    /// A subscribe request was answered with what makes no sense. That disturbs no other resource: what the gateway holds by it is
    /// given back, and it counts as refused.
    pub(super) fn subscribe_misfit(&mut self, id: ResourceId) {
        self.subscriptions.entry(id).doubtful += 1;
        self.subscribe_refused(id, Outcome::Failed(Failure::Senseless), false);
    }

    /// A subscribe request was refused.
    pub(super) fn subscribe_refused(&mut self, id: ResourceId, outcome: Outcome, final_answer: bool) {
        self.renewed(id);
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.in_flight -= 1;
        subscription.subscribed -= 1;
        self.graph.slot_mut(id).refused = true;
        let was_live = std::mem::take(&mut subscription.takes_over);
        let rejoins = std::mem::take(&mut subscription.rejoins);
        let recovers = std::mem::take(&mut subscription.recovers);
        let failures = if recovers { subscription.failures + 1 } else { 0 };
        let error = match outcome {
            Outcome::Error(span) => span,
            _ => Span::default(),
        };
        match subscription.get.take() {
            Some(request) => self.settle(request, outcome),
            None if matches!(self.graph.slot(id).content, Content::Error(_)) => {} // It is there to be seen already.
            None => self.outputs.push_back(Output::Refused { resource: id, unsubscribe: false, error }),
        }
        if was_live && !bug!("end-untold") {
            self.outputs.push_back(Output::Unsubscribed { resource: id, reason: error });
        }
        self.uncount(id);
        if final_answer
            && self.graph.slot(id).stale
            && let Some(subscription) = self.subscriptions.get_mut(id)
        {
            // Asking again would be answered the same way. The next connection asks anew, as does who authenticates.
            self.timers.cancel(&mut subscription.timer);
        }
        // Also when it came as an error while the application asked for it.
        if !final_answer
            && (recovers
                || !bug!("recovery-forgotten-while-asked-for")
                    && matches!(self.graph.slot(id).content, Content::Error(_)))
        {
            self.recover_later(id, failures);
        }
        if rejoins {
            self.cover_rejoined(id);
        }
        self.linger(id);
    }

    /// Somebody has authenticated, who may have what was refused for good: subscribes to what of that is listened to.
    pub(super) fn ask_refused(&mut self) {
        if self.connection.phase != Phase::Ready || !self.graph.has_stale() {
            return;
        }
        let refused = |&id: &ResourceId| {
            let slot = self.graph.slot(id);
            slot.stale && slot.refused && self.subscriptions.get(id).is_some_and(|s| s.timer.is_none())
        };
        let refused: Vec<ResourceId> = self.graph.ids().filter(refused).collect();
        for id in refused {
            self.subscribe(id);
        }
    }

    /// The gateway ended the direct subscription on its own.
    pub(super) fn unsubscribed_by_gateway(&mut self, id: ResourceId, reason: Span) {
        if !bug!("end-untold") {
            self.outputs.push_back(Output::Unsubscribed { resource: id, reason });
        }
        let mut recovers = false;
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            recovers = std::mem::take(&mut subscription.recovers);
            // What was asked for and not answered is asked for after the event.
            subscription.subscribed = subscription.in_flight;
            subscription.leaving = 0;
            subscription.doubtful = 0;
            self.requests.forget_unsubscribes(id);
        }
        self.graph.slot_mut(id).refused = false;
        if bug!("end-by-gateway-ignored") {
            return;
        }
        self.uncount(id);
        if recovers {
            self.recover_later(id, 0);
        }
    }

    /// An unsubscribe request was answered. A refusal means that the gateway held no such subscription: either way
    /// there is none now.
    pub(super) fn unsubscribe_answered(&mut self, id: ResourceId, count: u32) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.subscribed -= count;
        subscription.leaving -= count;
        self.uncount(id);
    }

    /// The direct subscription may be over.
    fn uncount(&mut self, id: ResourceId) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        if subscription.subscribed > 0 {
            return;
        }
        self.timers.cancel(&mut subscription.timer);
        self.give_back_doubtful(id);
        let slot = self.graph.slot_mut(id);
        slot.root = false;
        slot.stale = false;
        self.collect(&[id]);
        self.tidy(id);
    }

    /// Starts the time after which an unused subscription is given back, unless it is used.
    pub(super) fn linger(&mut self, id: ResourceId) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        let unused = subscription.subscribed > subscription.leaving && subscription.listeners == 0;
        if unused && !subscription.recovers && subscription.in_flight == 0 && subscription.timer.is_none() {
            let at = self.now + self.options.unsubscribe_delay;
            subscription.timer = Some(self.timers.set(at, Timer::Linger(id)));
        }
    }

    /// Nobody has used the resource for long enough.
    pub(super) fn linger_over(&mut self, id: ResourceId) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.timer = None;
        let count = subscription.subscribed - subscription.leaving;
        if count == 0 || subscription.listeners > 0 || bug!("no-unsubscribe") {
            return;
        }
        // What is listened to below it must be subscribed to before the gateway drops it.
        self.graph.slot_mut(id).root = false;
        let uncovered = self.uncovered(&[id]);
        self.graph.slot_mut(id).root = true;
        for listened in uncovered.stale {
            if !self.graph.slot(listened).stale {
                self.subscribe(listened);
                self.subscriptions.entry(listened).takes_over = true;
            }
        }
        self.unsubscribe(id, count);
    }

    /// Sends an unsubscribe request for `count` direct subscriptions.
    pub(super) fn unsubscribe(&mut self, id: ResourceId, count: u32) {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return };
        subscription.leaving += count;
        let method = request::method(Action::Unsubscribe, self.graph.rid(id), "");
        if self.connection.protocol < Version::UNSUBSCRIBE_COUNT {
            for _ in 0..count {
                self.request(Purpose::Unsubscribe { resource: id, count: 1 }, method.clone(), None);
            }
        } else {
            let params = (count > 1 && !bug!("one-unsubscribe-of-many")).then(|| {
                let mut params = String::from(r#"{"count":"#);
                request::push_number(&mut params, count.into());
                params + "}"
            });
            self.request(Purpose::Unsubscribe { resource: id, count }, method, params.as_deref());
        }
        self.give_back_doubtful(id);
    }

    /// A resource that is being unsubscribed is wanted again: the gateway will have forgotten it, so it is asked anew.
    pub(super) fn rejoin(&mut self, id: ResourceId) {
        if self.subscriptions.get(id).is_some_and(|s| s.leaving > 0 && s.leaving == s.subscribed) {
            self.subscribe_anew(id);
            self.subscriptions.entry(id).rejoins = true;
        }
    }

    /// It was refused, and nothing was missed if something else has kept it up to date.
    fn cover_rejoined(&mut self, id: ResourceId) {
        self.mark_covered();
        if self.graph.is_covered(id) && !self.graph.slot(id).stale {
            self.tell_stale();
            self.graph.slot_mut(id).behind = false;
        }
    }

    /// Drops what is not covered any more. What is listened to becomes stale, and is subscribed to after a while.
    pub(super) fn collect(&mut self, candidates: &[ResourceId]) {
        let uncovered = self.uncovered(candidates);
        self.tell_stale();
        let collected = self.graph.collect(uncovered);
        self.tell_stale();
        for &id in &collected.dropped {
            if let Some(mut subscription) = self.subscriptions.remove(id) {
                self.timers.cancel(&mut subscription.timer);
                self.timers.cancel(&mut subscription.recovery);
            }
        }
        if !collected.dropped.is_empty() && !bug!("dropped-silently") {
            self.outputs.push_back(Output::Dropped(collected.dropped));
        }
        for id in collected.stale {
            self.resubscribe_later(id);
        }
        self.release_recovered();
    }

    /// If anything is stale, it may be something else from now on. Nothing is told while everything is, or is being compared.
    pub(super) fn tell_stale(&mut self) {
        self.covered_at = 0;
        if self.state == ConnectionState::Connected
            && self.graph.has_behind()
            && !matches!(self.outputs.back(), Some(Output::Stale))
        {
            self.outputs.push_back(Output::Stale);
        }
    }

    /// Something is listened to that may be here only because of something stale: then it is stale itself.
    pub(super) fn cover(&mut self, id: ResourceId) {
        if self.connection.phase == Phase::Ready && !self.graph.slot(id).root && self.graph.has_stale() {
            self.collect(&[id]);
        }
    }

    /// What is not covered any more when the candidates may not be.
    fn uncovered(&mut self, candidates: &[ResourceId]) -> Collected {
        match self.connection.phase {
            Phase::Ready => self.graph.uncovered_by_stale(candidates),
            // Without a connection nothing is covered, and everything is looked at anew with the next one.
            _ => self.graph.uncovered(candidates),
        }
    }

    /// Forgets a record that says nothing, and a slot that nothing uses.
    pub(super) fn tidy(&mut self, id: ResourceId) {
        if self.subscriptions.get(id).is_some_and(|s| s.is_idle()) {
            self.subscriptions.remove(id);
        }
    }

    /// Every subscription is lost with its connection. `failure` is for those who wait for one.
    pub(super) fn lose_subscriptions(&mut self, failure: Failure) {
        // With what a frame has released that ended the connection, so that no later one finds it.
        let mut roots = std::mem::take(&mut self.released);
        self.renewals.clear();
        let mut renewed = Vec::new();
        let ids: Vec<ResourceId> = self.subscriptions.iter().map(|(id, _)| id).collect();
        for id in ids {
            let Some(mut subscription) = self.subscriptions.remove(id) else { continue };
            self.graph.slot_mut(id).refused = false;
            self.timers.cancel(&mut subscription.timer);
            self.timers.cancel(&mut subscription.recovery);
            if let Some(request) = subscription.get.take().filter(|_| !bug!("get-not-failed")) {
                self.fail(request, failure);
            }
            if self.graph.slot(id).root {
                self.graph.slot_mut(id).root = false;
                roots.push(id);
            }
            if subscription.listeners > 0 {
                self.subscriptions.entry(id).listeners = subscription.listeners;
                if subscription.subscribed > 0 && !self.graph.slot(id).content.is_none() {
                    renewed.push(id);
                }
            }
        }
        // Nothing is covered any more, not even what came in a circle that nothing else refers to.
        roots.extend(self.graph.ids().filter(|&id| !self.graph.slot(id).content.is_none()));
        self.collect(&roots);
        // What had a subscription of its own gets one again, also where another one will cover it: for how long is not known.
        self.graph.renew(&renewed);
    }

    /// Makes the gateway send a resource again. Where a subscription of its own is all that covers it, giving it back
    /// and taking it anew does that; else only a new connection does.
    pub(super) fn resync(&mut self, id: ResourceId) {
        self.counters.misfits += 1;
        if self.resyncs.count(self.now) > RESYNCS {
            // Something is wrong with more than a resource, and a new connection has a backoff.
            return self.reset_connection();
        }
        let slot = self.graph.slot(id);
        let Some(subscription) = self.subscriptions.get(id) else { return self.reset_connection() };
        let count = subscription.subscribed - subscription.leaving;
        if subscription.in_flight > 0 {
            // What is given back and taken anew is under way already. Otherwise the gateway holds more than is known here.
            if subscription.leaving == 0 {
                self.reset_connection();
            }
            return;
        }
        if !slot.root || slot.indirect > 0 || count == 0 {
            return self.reset_connection();
        }
        self.unsubscribe(id, count);
        self.subscribe_anew(id);
    }

    /// Subscribes to what is being unsubscribed: until it comes, it may miss what happens in between.
    fn subscribe_anew(&mut self, id: ResourceId) {
        self.subscribe(id);
        self.graph.fall_behind(id);
        self.tell_stale();
    }

    fn resubscribe_later(&mut self, id: ResourceId) {
        let subscription = self.subscriptions.entry(id);
        let delay = match self.graph.slot(id).refused {
            true => self.options.subscribe_retry_delay,
            false => self.options.subscribe_stale_delay,
        };
        if self.connection.phase == Phase::Ready && delay > 0 && subscription.timer.is_none() && !bug!("no-resubscribe")
        {
            subscription.timer = Some(self.timers.set(self.now + delay, Timer::Resubscribe(id)));
        }
    }

    /// The time to subscribe to a stale resource again has come.
    pub(super) fn resubscribe(&mut self, id: ResourceId) {
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            subscription.timer = None;
            if self.graph.slot(id).stale && self.connection.phase == Phase::Ready {
                self.subscribe(id);
            }
        }
    }
}

/// Subscriptions that are renewed at a time, or thousands of clients with thousands of resources would all ask at once.
const RENEWALS: usize = 100;
/// How many resyncs are borne in a minute.
const RESYNCS: u32 = 10;
