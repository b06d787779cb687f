//! One resource of one connection.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use resclient::protocol::ResError;

use super::Limits;
use crate::core::border::{Address, Event, SubId};
use crate::core::few::Few;
use crate::core::response;
use crate::core::throttle::{Slot, Throttle};
use crate::core::value::Snapshot;

/// Identifies a request of the connection that is not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Identifies a wait for a part of the graph to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaitId(pub u64);

/// How far below the resource that was asked for another is, and what was loaded because of that one.
#[derive(Debug, Clone)]
pub struct Level {
    depth: usize,
    following: Arc<Mutex<Following>>,
}

/// The references that are followed for one request or one event.
#[derive(Debug)]
pub struct Following {
    loaded: usize,
    pub throttle: Throttle<SubId>,
    /// Whether the connection knows that some wait.
    pub is_known: bool,
}

impl Level {
    /// Of a resource that is asked for itself, or that an event is about.
    pub fn top(limits: &Limits) -> Level {
        let following = Following { loaded: 0, throttle: Throttle::new(limits.reference_throttle), is_known: false };
        Level { depth: 1, following: Arc::new(Mutex::new(following)) }
    }

    /// Of a resource that is loaded because it is referred to from here; `None` when that is too deep or one too many.
    pub fn below(&self, limits: &Limits) -> Option<Level> {
        let mut following = self.following();
        if self.depth >= limits.reference_depth || following.loaded >= limits.reference_count {
            return None;
        }
        following.loaded += 1;
        Some(Level { depth: self.depth + 1, following: self.following.clone() })
    }

    /// Whether it is of a resource that is referred to.
    pub fn is_below(&self) -> bool {
        self.depth > 1
    }

    /// Only one connection uses it, so that nobody ever waits.
    pub fn following(&self) -> MutexGuard<'_, Following> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A resource that the connection uses, directly or through references.
#[derive(Debug)]
pub struct Sub {
    /// As the client writes it.
    pub rid: Arc<str>,
    pub address: Address,
    pub body: Body,
    /// Until it is loaded.
    pub level: Option<Level>,
    /// Waits for its turn to be loaded.
    pub queued: bool,
    /// Held while it is loaded because something refers to it.
    pub loading: Vec<Slot>,
    pub version: u64,
    /// Which of its subscriptions in the cache it has, or had last.
    pub nth: u32,
    /// The client holds the resource.
    pub sent: bool,
    /// Direct subscriptions whose answer the client has: what it may unsubscribe.
    pub direct: u32,
    /// Requests for this resource, each of which keeps it until its answer.
    pub requests: Vec<RequestId>,
    /// Calls that wait for the same access answer.
    pub calls: Vec<RequestId>,
    /// Subs that refer to this one.
    pub parents: Few<SubId>,
    /// References that events under way add, and that are sent with what is loaded now.
    pub awaited: u32,
    pub refs: BTreeMap<SubId, Edge>,
    pub access: Access,
    /// Access is asked again: events wait for the answer.
    pub held: bool,
    /// Given back with the answer about access.
    pub slots: Vec<Slot>,
    pub waits: Vec<WaitId>,
    pub queue: Queue,
    /// The event whose new references are loading; those after it are in the queue.
    pub current: Option<(Arc<Event>, Option<WaitId>)>,
    /// What the client holds of a deleted resource, while it is fetched anew.
    pub replaced: Option<Arc<Snapshot>>,
}

/// References from one Sub to another.
#[derive(Debug, Default, Clone, Copy)]
pub struct Edge {
    pub count: u32,
    /// The client has seen the reference.
    pub sent: bool,
}

#[derive(Debug)]
pub enum Body {
    /// With the error of the last attempt, if this is not the first one.
    Loading(Option<Box<ResError>>),
    Loaded(Arc<Snapshot>),
    Failed(Box<ResError>),
    /// Gone, but the client holds what it was.
    Deleted(Arc<Snapshot>),
}

#[derive(Debug)]
pub enum Access {
    Unknown,
    /// With `again`, the answer may be older than a reaccess and is asked for once more.
    InFlight {
        again: bool,
    },
    /// What the service answered; the only error kept is a denial.
    Known(Result<response::Access, Box<ResError>>),
}

/// Events that wait.
#[derive(Debug, Default)]
pub struct Queue {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Queue {
    pub fn push(&mut self, event: Arc<Event>) {
        self.bytes += event.bytes;
        self.events.push_back(event);
    }

    pub fn pop(&mut self) -> Option<Arc<Event>> {
        let event = self.events.pop_front()?;
        self.bytes -= event.bytes;
        Some(event)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().map(Arc::as_ref)
    }

    /// What the events keep in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Sub {
    pub fn new(rid: Arc<str>, address: Address, body: Body, level: Level) -> Sub {
        Sub {
            rid,
            address,
            body,
            level: Some(level),
            queued: false,
            loading: Vec::new(),
            version: 0,
            nth: 0,
            sent: false,
            direct: 0,
            requests: Vec::new(),
            calls: Vec::new(),
            parents: Few::None,
            awaited: 0,
            refs: BTreeMap::new(),
            access: Access::Unknown,
            held: false,
            slots: Vec::new(),
            waits: Vec::new(),
            queue: Queue::default(),
            current: None,
            replaced: None,
        }
    }

    /// Whether it lives without being referred to.
    pub fn is_root(&self) -> bool {
        self.direct > 0 || !self.requests.is_empty() || !self.calls.is_empty()
    }

    /// Whether the client holds exactly the snapshot, so that the next event may be sent.
    pub fn is_current(&self) -> bool {
        self.sent && self.replaced.is_none() && !self.held
    }

    /// Whether the body has to be in a resource set that refers to it.
    pub fn is_unsent(&self) -> bool {
        !self.sent || self.replaced.is_some()
    }

    /// Whether it is to be sent in place of what was: then a reference that the client has seen may be one that it is to see.
    pub fn is_replacement(&self) -> bool {
        self.replaced.is_some() && matches!(self.body, Body::Loaded(_))
    }

    /// Whether it is loaded, or about to be.
    pub fn is_wanted(&self) -> bool {
        matches!(self.body, Body::Loading(_) | Body::Loaded(_))
    }

    /// Whether the cache has it as a subscriber.
    pub fn is_subscribed(&self) -> bool {
        self.is_wanted() && !self.queued
    }
}
