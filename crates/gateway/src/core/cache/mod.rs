//! The cache layer: one copy of each resource for all clients, kept up to date by events and resets.
//!
//! Each resource name has one entry. Everything that concerns it happens in the order it arrived; while the requests of
//! a query event are answered, what arrives for the name waits in the entry's queue.

mod by_query;
mod reset;
mod resource;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use resclient::protocol::ResError;
use tracing::{debug, warn};

use super::border::{Address, Command, ConnId, Event, EventKind, Notice, Subscriber, Ticket};
use super::json;
use super::response::{Fetched, MAX_DEPTH, Mutation, QueryAnswer, read_mutation};
use super::stats::ResetStats;
use super::subject;
use super::throttle::Throttle;
use super::timers::{Time, TimerId, Timers};
use super::value::Invalid;
use by_query::ByQuery;
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
    /// What resets still have to do.
    resets: Vec<Throttle<Renewal>>,
    reset_throttle: usize,
    random: u64,
    outputs: VecDeque<Output>,
    pub(super) stats: ResetStats,
}

impl Cache {
    /// `seed` spreads the retries of failed resets; `reset_throttle` is how many requests of one reset may be in flight,
    /// 0 for any number.
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
                Timer::Evict(name) => self.evict(&name),
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
            entry.queue.push_back(Queued::Event(event.into(), payload.into()));
            return;
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
                self.inapplicable(&base, Invalid("the payload is not JSON"));
            }
            _ => warn!(%name, event, "dropped an event that is not JSON"),
        }
    }

    /// The answer to [`Output::Get`].
    pub fn handle_get(&mut self, now: Time, address: &Address, serial: u64, result: Result<Fetched, ResError>) {
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

    /// Takes in the answer to a request about a resource whose events wait for those of query requests; `false` if they do
    /// not. It comes back as [`Output::Answer`], after them.
    pub fn defer(&mut self, name: &str, conn: ConnId, ticket: Ticket, payload: &[u8]) -> bool {
        let Some(entry) = self.entries.get_mut(name).filter(|entry| entry.is_locked()) else { return false };
        entry.queue.push_back(Queued::Answer(conn, ticket, payload.into()));
        true
    }

    /// The answer to [`Output::Query`].
    pub fn handle_query(&mut self, now: Time, address: &Address, serial: u64, result: Result<QueryAnswer, ResError>) {
        if !self.entries.get(&address.name).is_some_and(|entry| entry.locks.contains(&serial)) {
            return;
        }
        let is_resetting = self.resource(address).is_some_and(|r| matches!(r.reset, Reset::InFlight { .. }));
        match result {
            Ok(QueryAnswer::Unchanged) => {}
            // The copy that is on its way was made after the query event and includes it.
            Ok(_) if is_resetting => {}
            Ok(QueryAnswer::Events(events)) => {
                for (event, data) in events {
                    let text = data.as_ref().map_or("null", |d| d.get());
                    match read_mutation(&event, text) {
                        Ok(mutation) => self.mutate(address, mutation, text),
                        Err(error) => self.inapplicable(address, error),
                    }
                }
            }
            Ok(QueryAnswer::Replaced(body)) => {
                if let Err(error) = self.replace(address, body) {
                    self.inapplicable(address, error);
                }
            }
            Err(error) if error.code == ResError::NOT_FOUND.code => self.delete(now, address),
            // Without the answer the value may be old: fetch it.
            Err(_) => self.start_reset(address),
        }
        self.unlock(now, &address.name, serial);
    }

    fn subscribe(&mut self, who: Subscriber, address: &Address) {
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

    fn unsubscribe(&mut self, now: Time, who: Subscriber, address: &Address) {
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

    fn unpin(&mut self, now: Time, name: &Arc<str>, count: usize) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.pins -= count;
        if entry.pins == 0 && entry.evict.is_none() {
            entry.evict = Some(self.timers.set(now.after(EVICT_AFTER), Timer::Evict(name.clone())));
        }
    }

    fn evict(&mut self, name: &Arc<str>) {
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
        self.outputs.push_back(Output::Unwatch(name.clone()));
    }

    fn first_get(&mut self, now: Time, address: &Address, reset_after: bool, result: Result<Fetched, ResError>) {
        let entry = self.entries.get_mut(&address.name).expect("checked by the caller");
        let resource = entry.resources.remove(&address.query).expect("checked by the caller");
        let (waiting, slots) = (resource.subscribers, resource.slots);
        let fetched = match result {
            Ok(fetched) => fetched,
            Err(error) => {
                for who in &waiting {
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
                for who in &waiting {
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
                for who in target.subscribers.iter().chain(&waiting) {
                    let snapshot = target.snapshot().expect("just loaded").clone();
                    self.outputs.push_back(Output::Notice(*who, Notice::Loaded { snapshot, version: 0 }));
                }
                target
            }
        };
        let target = entry.resources.get_or_insert_with(&key, || target);
        let users = waiting.len();
        target.subscribers.extend(waiting);
        if key != address.query && users > 0 {
            entry.links.insert(address.query.clone(), Link { key: key.clone(), users });
        }
        if reset_after {
            target.slots.extend(slots);
            self.start_reset(&Address { name: address.name.clone(), query: key });
        }
    }

    fn event(&mut self, now: Time, name: &Arc<str>, event: &str, text: &str) {
        if event == "query" {
            return self.query_event(name, text);
        }
        let address = Address::plain(name.clone());
        let entry = self.entries.get(name).expect("checked by the caller");
        let Some(base) = entry.resources.get(&address.query) else { return };
        if event == "reaccess" {
            for who in &base.subscribers {
                self.outputs.push_back(Output::Notice(*who, Notice::Reaccess(None)));
            }
            return;
        }
        if base.snapshot().is_none() {
            return;
        }
        match event {
            // The answer that is on its way was made after this event and includes it.
            "change" | "add" | "remove" | "delete" if matches!(base.reset, Reset::InFlight { .. }) => {}
            "change" | "add" | "remove" => match read_mutation(event, text) {
                Ok(mutation) => self.mutate(&address, mutation, text),
                Err(error) => self.inapplicable(&address, error),
            },
            "delete" => self.delete(now, &address),
            // Words of the gateway's own: a service that used them would make clients forget what they still receive.
            "patch" | "reset" | "unsubscribe" => debug!(%name, event, "dropped an event with a reserved name"),
            _ => {
                let kind = EventKind::Custom { name: event.into(), data: text.into() };
                let event = Arc::new(Event::new(base.version, kind));
                self.notify(&address, &event);
            }
        }
    }

    fn query_event(&mut self, name: &Arc<str>, text: &str) {
        #[derive(serde::Deserialize)]
        struct Wire {
            subject: String,
        }
        let wire = json::read_object::<Wire>(text.as_bytes()).filter(|wire| subject::is_valid(&wire.subject));
        let Some(wire) = wire else { return self.unreadable_query_event(name) };
        let entry = self.entries.get_mut(name).expect("checked by the caller");
        for (query, resource) in entry.resources.queries() {
            if resource.snapshot().is_some() {
                self.serial += 1;
                entry.locks.insert(self.serial);
                let address = Address { name: name.clone(), query: query.clone() };
                self.outputs.push_back(Output::Query { subject: wire.subject.clone(), address, serial: self.serial });
            }
        }
    }

    /// Something has changed, and there is no way to learn what.
    fn unreadable_query_event(&mut self, name: &Arc<str>) {
        let Some(entry) = self.entries.get(name) else { return };
        let queries: Vec<Arc<str>> = entry.resources.queries().map(|(query, _)| query.clone()).collect();
        for query in queries {
            self.inapplicable(&Address { name: name.clone(), query }, Invalid("a query event without a subject"));
        }
    }

    /// One request of a query event is answered; after the last one what waited goes on.
    fn unlock(&mut self, now: Time, name: &Arc<str>, serial: u64) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.locks.remove(&serial);
        while let Some(entry) = self.entries.get_mut(name)
            && !entry.is_locked()
            && let Some(queued) = entry.queue.pop_front()
        {
            match queued {
                Queued::Event(event, payload) => self.handle_event(now, name, &event, &payload),
                Queued::Answer(conn, ticket, payload) => self.outputs.push_back(Output::Answer(conn, ticket, payload)),
                Queued::Get(query, serial, result) => {
                    self.handle_get(now, &Address { name: name.clone(), query }, serial, result);
                }
            }
        }
    }

    fn mutate(&mut self, address: &Address, mutation: Mutation, data: &str) {
        let Some(resource) = self.resource(address) else { return };
        match resource.apply(mutation, data) {
            Ok(Some(event)) => self.notify(address, &event),
            Ok(None) => {}
            Err(error) => self.inapplicable(address, error),
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
        for who in &resource.subscribers {
            self.outputs.push_back(Output::Notice(*who, Notice::Event(event.clone())));
        }
        self.unpin(now, &address.name, resource.subscribers.len());
    }

    fn notify(&mut self, address: &Address, event: &Arc<Event>) {
        let resource = self.entries.get(&address.name).and_then(|e| e.resources.get(&address.query));
        for who in resource.iter().flat_map(|r| &r.subscribers) {
            self.outputs.push_back(Output::Notice(*who, Notice::Event(event.clone())));
        }
    }

    fn resource(&mut self, address: &Address) -> Option<&mut Resource> {
        self.entries.get_mut(&address.name)?.resources.get_mut(&address.query)
    }
}

/// Everything known about one resource name.
#[derive(Debug)]
struct Entry {
    name: Arc<str>,
    /// Subscribers of all queries together.
    pins: usize,
    /// By normalised query.
    resources: ByQuery,
    /// Queries as clients wrote them, where their normalised form differs, as long as somebody subscribes by them.
    links: HashMap<Arc<str>, Link>,
    queue: VecDeque<Queued>,
    /// Requests of query events in flight.
    locks: BTreeSet<u64>,
    evict: Option<TimerId>,
}

/// What a query stands for.
#[derive(Debug)]
struct Link {
    key: Arc<str>,
    /// Subscribers who have written it so.
    users: usize,
}

impl Entry {
    fn new(name: Arc<str>) -> Entry {
        Entry {
            name,
            pins: 0,
            resources: ByQuery::default(),
            links: HashMap::new(),
            queue: VecDeque::new(),
            locks: BTreeSet::new(),
            evict: None,
        }
    }

    fn is_locked(&self) -> bool {
        !self.locks.is_empty()
    }

    fn key<'a>(&'a self, query: &'a Arc<str>) -> &'a Arc<str> {
        self.links.get(query).map_or(query, |link| &link.key)
    }
}

/// Whether clients can read it: valid, and with room for what is put around it.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok() && json::depth(text) <= MAX_DEPTH
}

#[derive(Debug)]
enum Queued {
    Event(Box<str>, Box<[u8]>),
    Get(Arc<str>, u64, Result<Fetched, ResError>),
    Answer(ConnId, Ticket, Box<[u8]>),
}

#[derive(Debug)]
enum Timer {
    Evict(Arc<str>),
    Retry(Address),
}

/// How long a resource stays cached without subscribers, in milliseconds.
const EVICT_AFTER: u64 = 5_000;

const TIMERS_AT_A_TIME: usize = 256;
