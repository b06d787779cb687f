//! Who holds a resource: it comes into the cache with the first subscriber and leaves it a while after the last.

use std::sync::Arc;

use resclient::bug;
use resclient::protocol::ResError;

use super::entry::{Entry, Link, Queued};
use super::resource::{Reset, Resource};
use super::{Cache, Output, Timer};
use crate::core::border::{Address, Notice, Subscriber};
use crate::core::response::{Fetched, NoCopy};
use crate::core::timers::Time;

impl Cache {
    pub(super) fn subscribe(&mut self, who: Subscriber, address: &Address) {
        if !self.entries.contains_key(&address.name) {
            self.outputs.push_back(Output::Watch(address.name.clone()));
            self.entries.insert(address.name.clone(), Box::new(Entry::new(address.name.clone())));
        }
        let entry = self.entries.get_mut(&address.name).expect("inserted above");
        if let Some(timer) = entry.evict.take() {
            self.timers.cancel(timer);
        }
        entry.pins += 1;
        if let Some(link) = entry.links.get_mut(&address.query) {
            link.users += 1;
        }
        let key = entry.key(&address.query).clone();
        let resource = entry.resources.get_or_insert_with(&key, || {
            self.serial += 1;
            self.outputs.push_back(Output::Get { address: address.clone(), serial: self.serial });
            Resource::requested(self.serial)
        });
        resource.subscribers.insert(who);
        if let Some(snapshot) = resource.snapshot() {
            let notice = Notice::Loaded { snapshot: snapshot.clone(), version: resource.version };
            self.outputs.push_back(Output::Notice(who, notice));
        }
        if let Reset::Retry { .. } = resource.reset {
            // The value is suspect: whoever asks for it is reason enough not to wait any longer.
            self.start_reset(&Address { name: address.name.clone(), query: key });
        }
    }

    pub(super) fn unsubscribe(&mut self, now: Time, who: Subscriber, address: &Address) {
        let Some(entry) = self.entries.get_mut(&address.name) else { return };
        let key = entry.key(&address.query).clone();
        let Some(resource) = entry.resources.get_mut(&key) else { return };
        if !resource.subscribers.remove(&who) {
            return;
        }
        // While others keep the name, queries nobody asks for any more would pile up.
        let idle = resource.subscribers.is_empty() && resource.snapshot().is_some();
        if idle && !key.is_empty() && entry.pins > 1 && matches!(resource.reset, Reset::Idle) {
            entry.resources.remove(&key);
        }
        if let Some(link) = entry.links.get_mut(&address.query) {
            link.users -= 1;
            if link.users == 0 {
                entry.links.remove(&address.query);
            }
        }
        self.unpin(now, &address.name, 1);
    }

    pub(super) fn unpin(&mut self, now: Time, name: &Arc<str>, count: usize) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.pins -= count;
        if entry.pins == 0 && entry.evict.is_none() && !bug!("never-evicted") {
            entry.evict = Some(self.timers.set(now.after(EVICT_AFTER), Timer::Evict(name.clone())));
        }
    }

    /// Has a resource leave that nobody has held for long enough, now or as soon as there is room for it. Not before, for
    /// most that nobody holds are held again.
    pub(super) fn may_leave(&mut self, now: Time, name: &Arc<str>) {
        let at = self.evictions.place(now);
        if at <= now {
            self.evict(name);
        } else if let Some(entry) = self.entries.get_mut(name) {
            entry.evict = Some(self.timers.set(at, Timer::Leave(name.clone())));
        }
    }

    pub(super) fn evict(&mut self, name: &Arc<str>) {
        let Some(entry) = self.entries.remove(name) else { return };
        for queued in entry.queue {
            if let Queued::Answer(conn, ticket, payload) = queued {
                self.outputs.push_back(Output::Answer(conn, ticket, payload));
            }
        }
        for resource in entry.resources.values() {
            if let Reset::Retry { timer, .. } = resource.reset {
                self.timers.cancel(timer);
            }
        }
        if !bug!("bus-subscription-kept") {
            self.outputs.push_back(Output::Unwatch(name.clone()));
        }
    }

    pub(super) fn first_get(
        &mut self,
        now: Time,
        address: &Address,
        reset_after: bool,
        result: Result<Fetched, NoCopy>,
    ) {
        let entry = self.entries.get_mut(&address.name).expect("checked by the caller");
        let resource = entry.resources.remove(&address.query).expect("checked by the caller");
        let waiting = resource.subscribers;
        let fetched = match result {
            Ok(fetched) => fetched,
            Err(error) => {
                let error = ResError::from(error);
                for who in waiting.iter() {
                    self.outputs.push_back(Output::Notice(*who, Notice::Failed(error.clone())));
                }
                // Without subscribers the entry is already waiting for its eviction.
                return self.unpin(now, &address.name, waiting.len());
            }
        };
        let is_same = *fetched.query == *address.query;
        let key = if is_same { address.query.clone() } else { fetched.query.as_str().into() };
        // A value that is there already has seen events that this answer may not have.
        let target = match entry.resources.remove(&key) {
            Some(loaded) if loaded.snapshot().is_some() => {
                for who in waiting.iter() {
                    let snapshot = loaded.snapshot().expect("checked above").clone();
                    let notice = Notice::Loaded { snapshot, version: loaded.version };
                    self.outputs.push_back(Output::Notice(*who, notice));
                }
                loaded
            }
            other => {
                let mut target = Resource::loaded(fetched.body);
                // Those who asked with the normalised query while this request was in flight are told here too, so the
                // answer to theirs finds nobody waiting.
                target.subscribers = other.map(|r| r.subscribers).unwrap_or_default();
                for who in target.subscribers.iter().chain(waiting.iter()) {
                    let snapshot = target.snapshot().expect("just loaded").clone();
                    self.outputs.push_back(Output::Notice(*who, Notice::Loaded { snapshot, version: 0 }));
                }
                target
            }
        };
        let target = entry.resources.get_or_insert_with(&key, || target);
        let users = waiting.len();
        waiting.iter().for_each(|who| target.subscribers.insert(*who));
        if key != address.query && users > 0 {
            entry.links.insert(address.query.clone(), Link { key: key.clone(), users });
        }
        if reset_after {
            self.start_reset(&Address { name: address.name.clone(), query: key });
        }
    }
}

/// Spreads evictions: each is something for the bus to do, and everybody waits for what that has to do.
#[derive(Debug, Default)]
pub(super) struct Evictions {
    last: Time,
    at_a_time: usize,
}

impl Evictions {
    /// When there is room for another, from `due` on.
    fn place(&mut self, due: Time) -> Time {
        if due > self.last {
            *self = Evictions { last: due, at_a_time: 0 };
        } else if self.at_a_time >= EVICTIONS_AT_A_TIME {
            *self = Evictions { last: self.last.after(1), at_a_time: 0 };
        }
        self.at_a_time += 1;
        self.last
    }
}

/// In a millisecond: a NATS server takes some 8 µs to end a subscription.
const EVICTIONS_AT_A_TIME: usize = 16;
/// How long a resource stays cached without subscribers at least, in milliseconds.
const EVICT_AFTER: u64 = 5_000;
