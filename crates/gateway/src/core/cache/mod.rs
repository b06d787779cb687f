//! The cache layer: one copy of each resource for all clients, kept up to date by events and resets.
//!
//! Each resource name has one entry. Everything that concerns it happens in the order it arrived; while the requests of
//! a query event are answered, what arrives for the name waits in the entry's queue.

mod by_query;
mod check;
mod entry;
mod holding;
mod query;
mod reset;
pub(crate) mod resource;
mod subscribers;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use resclient::bug;
use tracing::{debug, warn};

use super::border::{Address, Command, ConnId, Event, EventKind, Notice, Subscriber, Ticket};
use super::json;
use super::response::{Fetched, MAX_DEPTH, Mutation, NoCopy, read_mutation};
use super::stats::ResetStats;
use super::throttle::Throttle;
use super::timers::{Time, Timers};
use super::value::Invalid;
use entry::{Entry, Queued};
use holding::Evictions;
use reset::Renewal;
use resource::{Reset, Resource, State};

/// What the cache wants done.
#[derive(Debug)]
pub enum Output {
    Notice(Subscriber, Notice),
    /// Listen to the events of a name; comes before the first get of the name.
    Watch(Arc<str>),
    Unwatch(Arc<str>),
    /// Send a get request; answered with [`Cache::handle_get`].
    Get {
        address: Address,
        serial: u64,
    },
    /// Send a query request; answered with [`Cache::handle_query`].
    Query {
        subject: String,
        address: Address,
        serial: u64,
    },
    /// What [`Cache::defer`] took in.
    Answer(ConnId, Ticket, Box<[u8]>),
}

#[derive(Debug, Default)]
pub struct Cache {
    /// In the order of names, so that a run can be repeated exactly.
    /// In boxes, for half of what a tree has room for is empty.
    entries: BTreeMap<Arc<str>, Box<Entry>>,
    serial: u64,
    timers: Timers<Timer>,
    evictions: Evictions,
    /// What resets still have to do.
    resets: Vec<Throttle<Renewal>>,
    /// The same, all together.
    waiting: HashSet<Renewal>,
    reset_throttle: usize,
    random: u64,
    outputs: VecDeque<Output>,
    pub(super) stats: ResetStats,
}

impl Cache {
    /// `seed` spreads the retries of failed resets; `reset_throttle` is how many requests of one reset may be in
    /// flight, 0 for any number.
    pub fn new(seed: u64, reset_throttle: usize) -> Cache {
        Cache { random: seed | 1, reset_throttle, ..Cache::default() }
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        if self.outputs.is_empty() {
            self.renew();
        }
        self.outputs.pop_front()
    }

    /// When [`Cache::handle_timeout`] is to be called.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.timers.next()
    }

    pub fn is_watched(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Names cached, and subscribers of all of them.
    pub fn counts(&self) -> (usize, usize) {
        (self.entries.len(), self.entries.values().map(|entry| entry.pins).sum())
    }

    /// The JSON text of a cached resource, for assertions in tests.
    pub fn text(&self, address: &Address) -> Option<String> {
        let entry = self.entries.get(&address.name)?;
        let mut out = String::new();
        entry
            .resources
            .get(entry.key(&address.query))?
            .snapshot()?
            .push(&mut out, resclient::protocol::Version::SUPPORTED);
        Some(out)
    }

    pub fn handle_command(&mut self, now: Time, command: Command) {
        match command {
            Command::Subscribe(who, address) => self.subscribe(who, &address),
            Command::Unsubscribe(who, address) => self.unsubscribe(now, who, &address),
        }
    }

    pub fn handle_timeout(&mut self, now: Time) {
        // When thousands leave the cache at a time, what else happens comes between.
        for _ in 0..TIMERS_AT_A_TIME {
            let Some(timer) = self.timers.pop(now) else { return };
            match timer {
                Timer::Evict(name) => self.may_leave(now, &name),
                Timer::Leave(name) => self.evict(&name),
                Timer::Retry(address) => {
                    self.stats.retried += 1;
                    self.start_reset(&address);
                }
            }
        }
    }

    /// An event of a resource: the last part of its subject and its payload.
    pub fn handle_event(&mut self, now: Time, name: &str, event: &str, payload: &[u8]) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if entry.is_locked() {
            if bug!("event-while-locked-lost") {
                return;
            }
            return entry.defer(event, payload);
        }
        let name = entry.name.clone();
        match std::str::from_utf8(payload) {
            Ok("") => self.event(now, &name, event, "null"),
            Ok(text) if is_json(text) => self.event(now, &name, event, text),
            // What it says is in its name.
            _ if event == "reaccess" => self.event(now, &name, event, "null"),
            _ if event == "query" => self.unreadable_query_event(&name),
            _ if matches!(event, "change" | "add" | "remove" | "delete") => {
                let base = Address::plain(name);
                self.inapplicable(&base, event, Invalid("the payload is not JSON"));
            }
            _ => warn!(%name, event, "dropped an event that is not JSON"),
        }
    }

    /// The answer to [`Output::Get`].
    pub fn handle_get(&mut self, now: Time, address: &Address, serial: u64, result: Result<Fetched, NoCopy>) {
        let Some(entry) = self.entries.get_mut(&address.name) else { return };
        if entry.is_locked() {
            entry.queue.push_back(Queued::Get(address.query.clone(), serial, result));
            return;
        }
        let key = entry.key(&address.query).clone();
        let Some(resource) = entry.resources.get(&key) else { return };
        match (&resource.state, resource.reset) {
            (&State::Requested { serial: wanted, reset_after }, _) if wanted == serial => {
                self.first_get(now, address, reset_after, result);
            }
            (State::Loaded(_), Reset::InFlight { serial: wanted, again, delay }) if wanted == serial => {
                let address = Address { name: address.name.clone(), query: key };
                self.reset_get(now, &address, again, delay, result);
            }
            // The answer to a request that nobody waits for any more.
            _ => {}
        }
    }

    fn event(&mut self, now: Time, name: &Arc<str>, event: &str, text: &str) {
        if event == "query" {
            return self.query_event(name, text);
        }
        let address = Address::plain(name.clone());
        let entry = self.entries.get(name).expect("checked by the caller");
        if event == "reaccess" {
            // It is about the name, and so about each of its queries.
            let heard = entry.resources.values().filter(|_| !bug!("reaccess-ignored"));
            for who in heard.flat_map(|resource| resource.subscribers.iter()) {
                self.outputs.push_back(Output::Notice(*who, Notice::Reaccess(None)));
            }
            return;
        }
        let Some(base) = entry.resources.get(&address.query) else {
            return debug!(%name, event, "dropped an event of a name of which only queries are cached");
        };
        if base.snapshot().is_none() {
            return;
        }
        match event {
            // The answer that is on its way was made after this event and includes it.
            "change" | "add" | "remove" | "delete" if matches!(base.reset, Reset::InFlight { .. }) => {}
            "change" | "add" | "remove" => match read_mutation(event, text) {
                Ok(mutation) => self.mutate(&address, event, mutation, text),
                Err(error) => self.inapplicable(&address, event, error),
            },
            "delete" if bug!("delete-ignored") => {}
            "delete" => self.delete(now, &address),
            // Words of the gateway's own: a service that used them would make clients forget what they still receive.
            "patch" | "reset" | "unsubscribe" => debug!(%name, event, "dropped an event with a reserved name"),
            _ => {
                let kind = EventKind::Custom { name: event.into(), data: text.into() };
                let event = Arc::new(Event::new(base.version, kind));
                if !bug!("custom-event-lost") {
                    self.notify(&address, &event);
                }
                if bug!("custom-event-twice") {
                    self.notify(&address, &event);
                }
            }
        }
    }

    fn mutate(&mut self, address: &Address, event: &str, mutation: Mutation, data: &str) {
        let Some(resource) = self.resource(address) else { return };
        match resource.apply(mutation, data) {
            Ok(Some(change)) => self.notify(address, &change),
            Ok(None) => {}
            Err(error) => self.inapplicable(address, event, error),
        }
    }

    fn delete(&mut self, now: Time, address: &Address) {
        let Some(entry) = self.entries.get_mut(&address.name) else { return };
        let Some(resource) = entry.resources.remove(&address.query) else { return };
        entry.links.retain(|_, link| link.key != address.query);
        if let Reset::Retry { timer, .. } = resource.reset {
            self.timers.cancel(timer);
        }
        let event = Arc::new(Event::new(resource.version, EventKind::Delete));
        for who in resource.subscribers.iter() {
            self.outputs.push_back(Output::Notice(*who, Notice::Event(event.clone())));
        }
        self.unpin(now, &address.name, resource.subscribers.len());
    }

    fn notify(&mut self, address: &Address, event: &Arc<Event>) {
        let resource = self.entries.get(&address.name).and_then(|e| e.resources.get(&address.query));
        let most = if bug!("first-subscriber-only") { 1 } else { usize::MAX };
        for who in resource.iter().flat_map(|r| r.subscribers.iter()).take(most) {
            self.outputs.push_back(Output::Notice(*who, Notice::Event(event.clone())));
        }
    }

    fn resource(&mut self, address: &Address) -> Option<&mut Resource> {
        self.entries.get_mut(&address.name)?.resources.get_mut(&address.query)
    }
}

/// Whether clients can read it: valid, and with room for what is put around it.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() && json::depth(text) <= MAX_DEPTH
}

#[derive(Debug)]
enum Timer {
    Evict(Arc<str>),
    Leave(Arc<str>),
    Retry(Address),
}

const TIMERS_AT_A_TIME: usize = 256;
