//! What is known about one resource name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use resclient::protocol::ResError;

use super::by_query::ByQuery;
use crate::core::border::{ConnId, Ticket};
use crate::core::response::Fetched;
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
            locks: BTreeSet::new(),
            evict: None,
        }
    }

    pub fn is_locked(&self) -> bool {
        !self.locks.is_empty()
    }

    pub fn key<'a>(&'a self, query: &'a Arc<str>) -> &'a Arc<str> {
        self.links.get(query).map_or(query, |link| &link.key)
    }
}

/// What waits until a query event is dealt with.
#[derive(Debug)]
pub enum Queued {
    Event(Box<str>, Box<[u8]>),
    Get(Arc<str>, u64, Result<Fetched, ResError>),
    Answer(ConnId, Ticket, Box<[u8]>),
}
