//! What is known about one resource name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use tracing::warn;

use super::by_query::ByQuery;
use crate::core::border::{ConnId, Ticket};
use crate::core::response::{Fetched, NoCopy};
use crate::core::timers::TimerId;

/// Everything known about one resource name.
#[derive(Debug)]
pub struct Entry {
    pub name: Arc<str>,
    /// Subscribers of all queries together.
    pub pins: usize,
    /// By normalised query.
    pub resources: ByQuery,
    /// Queries as clients wrote them, where their normalised form differs, as long as somebody subscribes by them.
    pub links: BTreeMap<Arc<str>, Link>,
    pub queue: VecDeque<Queued>,
    /// Of the events in the queue.
    pub queued_bytes: usize,
    /// There were too many events for the queue: what they were about is to be fetched again.
    pub has_lost_events: bool,
    /// Requests of query events in flight.
    pub locks: BTreeSet<u64>,
    pub evict: Option<TimerId>,
}

/// What a query stands for.
#[derive(Debug)]
pub struct Link {
    pub key: Arc<str>,
    /// Subscribers who have written it so.
    pub users: usize,
}

impl Entry {
    pub fn new(name: Arc<str>) -> Entry {
        Entry {
            name,
            pins: 0,
            resources: ByQuery::default(),
            links: BTreeMap::new(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            has_lost_events: false,
            locks: BTreeSet::new(),
            evict: None,
        }
    }

    pub fn is_locked(&self) -> bool {
        !self.locks.is_empty()
    }

    /// Has an event wait until the query event is dealt with.
    pub fn defer(&mut self, event: &str, payload: &[u8]) {
        if self.has_lost_events {
            return;
        }
        let queued = Queued::Event(event.into(), payload.into());
        self.queued_bytes += queued.bytes();
        self.queue.push_back(queued);
        if self.queued_bytes > MOST_QUEUED {
            warn!(name = %self.name, bytes = self.queued_bytes, "too many events wait for the answers to a query event; fetching anew instead");
            self.has_lost_events = true;
            self.queue.retain(|queued| !matches!(queued, Queued::Event(..)));
            self.queued_bytes = 0;
        }
    }

    pub fn next_queued(&mut self) -> Option<Queued> {
        let next = self.queue.pop_front()?;
        self.queued_bytes -= next.bytes();
        Some(next)
    }

    pub fn key<'a>(&'a self, query: &'a Arc<str>) -> &'a Arc<str> {
        self.links.get(query).map_or(query, |link| &link.key)
    }
}

/// What waits until a query event is dealt with.
#[derive(Debug)]
pub enum Queued {
    Event(Box<str>, Box<[u8]>),
    Get(Arc<str>, u64, Result<Fetched, NoCopy>),
    Answer(ConnId, Ticket, Box<[u8]>),
}

impl Queued {
    /// What an event keeps in memory. Answers are not counted: there are no more than requests.
    pub fn bytes(&self) -> usize {
        match self {
            Queued::Event(_, payload) => size_of::<Queued>() + payload.len(),
            Queued::Get(..) | Queued::Answer(..) => 0,
        }
    }
}

/// Bytes of the events of one name that may wait.
const MOST_QUEUED: usize = 16 << 20;
