//! Fetching again what may be wrong, until it is right.

use resclient::bug;
use tracing::warn;

use super::resource::{Reset, State};
use super::{Cache, Output, Timer};
use crate::core::border::{Address, Notice, Subscriber};
use crate::core::response::{Fetched, NoCopy};
use crate::core::subject;
use crate::core::throttle::Throttle;
use crate::core::timers::Time;
use crate::core::value::{Body, Invalid};

impl Cache {
    /// `system.reset`: resources that may have changed unseen, and those whose access may have.
    pub fn handle_reset(&mut self, resources: &[String], access: &[String]) {
        let (resources, access) = (valid(resources), valid(access));
        let matching = |patterns: &[&str], name: &str| patterns.iter().any(|p| subject::matches(p, name));
        let (mut renewals, mut reaccess) = (Vec::new(), Vec::new());
        for (name, entry) in &mut self.entries {
            if matching(&resources, name) {
                for (query, resource) in entry.resources.iter_mut() {
                    match &mut resource.state {
                        // What is on its way may be older. By which query it is to be fetched again, only the answer says.
                        State::Requested { reset_after, .. } => *reset_after = !bug!("reset-during-load-forgotten"),
                        State::Loaded(_) => renewals.push(Renewal::Value(Address { name: name.clone(), query })),
                    }
                }
            }
            if matching(&access, name) {
                reaccess.extend(entry.resources.values().flat_map(|r| r.subscribers.iter()));
            }
        }
        renewals.extend(reaccess.into_iter().map(Renewal::Access));
        let mut throttle = Throttle::new(self.reset_throttle);
        for renewal in renewals {
            // What still waits because of a reset before will be as new as this one wants it.
            if self.waiting.insert(renewal.clone()) {
                throttle.push(renewal);
            }
        }
        self.resets.push(throttle);
    }

    /// Begins what resets still have to do, as far as their throttles let it.
    pub(super) fn renew(&mut self) {
        let mut resets = std::mem::take(&mut self.resets);
        resets.retain_mut(|throttle| {
            while let Some((renewal, slot)) = throttle.admit() {
                self.waiting.remove(&renewal);
                match renewal {
                    Renewal::Value(address) => {
                        self.start_reset(&address);
                        if let Some(resource) = self.resource(&address) {
                            resource.slots.push(slot);
                        }
                    }
                    Renewal::Access(who) => self.outputs.push_back(Output::Notice(who, Notice::Reaccess(Some(slot)))),
                }
            }
            !throttle.is_empty()
        });
        self.resets = resets;
    }

    /// An event that makes no sense here means that the copy and the service have parted: fetch it again.
    pub(super) fn inapplicable(&mut self, address: &Address, event: &str, error: Invalid) {
        let Some(resource) = self.resource(address) else { return };
        // A copy that is on its way was made after the event.
        if resource.snapshot().is_some()
            && !matches!(resource.reset, Reset::InFlight { .. })
            && !bug!("bad-event-ignored")
        {
            warn!(name = %address.name, event, error = error.0, "an event cannot be applied; fetching the resource again");
            self.start_reset(address);
        }
    }

    pub(super) fn start_reset(&mut self, address: &Address) {
        self.serial += 1;
        let serial = self.serial;
        let Some(resource) = self.resource(address) else { return };
        match (&mut resource.state, &mut resource.reset) {
            (State::Requested { reset_after, .. }, _) => return *reset_after = true,
            (_, Reset::InFlight { again, .. }) => return *again = !bug!("reset-during-reset-forgotten"),
            (_, reset) => {
                let (stale, delay) = match *reset {
                    Reset::Retry { timer, delay } => (Some(timer), delay),
                    _ => (None, 0),
                };
                *reset = Reset::InFlight { serial, again: false, delay };
                if let Some(timer) = stale {
                    self.timers.cancel(timer);
                }
            }
        }
        self.stats.started += 1;
        self.outputs.push_back(Output::Get { address: address.clone(), serial });
    }

    pub(super) fn reset_get(
        &mut self,
        now: Time,
        address: &Address,
        again: bool,
        delay: u64,
        result: Result<Fetched, NoCopy>,
    ) {
        if let Some(resource) = self.resource(address) {
            resource.reset = Reset::Idle;
        }
        let failed = match result {
            Err(NoCopy::Gone(_)) => return self.delete(now, address),
            Err(NoCopy::Unknown(error)) => Some(error),
            Ok(fetched) => match self.replace(address, fetched.body) {
                Ok(()) => None,
                // No event turns a model into a collection: who has the one is told that it is gone, and may ask for
                // the other.
                Err(error) => {
                    warn!(name = %address.name, error = error.0, "a resource is taken for deleted");
                    return self.delete(now, address);
                }
            },
        };
        if let Some(resource) = self.resource(address).filter(|_| failed.is_some() || !again) {
            resource.slots.clear();
        }
        match failed {
            Some(error) => {
                self.stats.failed += 1;
                let delay = (delay * 2).clamp(RETRY_FIRST, RETRY_LAST);
                let delay = if bug!("retry-after-a-minute") { 60_000 } else { delay };
                warn!(name = %address.name, %error, delay, "a reset failed; trying again");
                let delay = if bug!("no-retry-of-reset") { u64::MAX / 4 } else { delay };
                let at = now.after(delay / 2 + self.random_below(delay / 2 + 1));
                let timer = self.timers.set(at, Timer::Retry(address.clone()));
                if let Some(resource) = self.resource(address) {
                    resource.reset = Reset::Retry { timer, delay };
                }
            }
            None if again => self.start_reset(address),
            None => {}
        }
    }

    /// Brings the value to `body` by events.
    pub(super) fn replace(&mut self, address: &Address, body: Body) -> Result<(), Invalid> {
        let Some(resource) = self.resource(address) else { return Ok(()) };
        for event in resource.replace(body)? {
            self.notify(address, &event);
        }
        Ok(())
    }

    pub(super) fn random_below(&mut self, limit: u64) -> u64 {
        // xorshift64: enough to keep retries apart.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % limit
    }
}

/// What a `system.reset` has to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Renewal {
    Value(Address),
    Access(Subscriber),
}

/// First and longest pause before a failed reset is tried again, in milliseconds.
const RETRY_FIRST: u64 = 500;
const RETRY_LAST: u64 = 30_000;

/// The patterns that are some, or one for everything where there are so many that comparing all names with them would
/// take longer than fetching what they do not match.
fn valid(patterns: &[String]) -> Vec<&str> {
    if patterns.len() > MANY_PATTERNS {
        return vec![">"];
    }
    patterns.iter().map(String::as_str).filter(|pattern| subject::is_valid_pattern(pattern)).collect()
}

const MANY_PATTERNS: usize = 1_000;
