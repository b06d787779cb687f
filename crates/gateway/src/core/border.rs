//! What passes between the cache layer and the connection layer: nothing else does.

use std::sync::{Arc, LazyLock, OnceLock};

use resclient::protocol::{ResError, Version};

use super::Frame;
use super::throttle::Slot;
use super::value::{Body, Change, Snapshot, Value};

/// A client connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// One resource of one connection; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubId(pub u64);

/// A subscriber as the cache knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subscriber {
    pub conn: ConnId,
    pub sub: SubId,
    /// Which subscription of the Sub it is, for one that ended may be followed by another: what is still on its way of
    /// the first is nothing to the second.
    pub nth: u32,
}

/// A resource as services know it: the placeholder `{cid}` is replaced. The query is empty if there is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    pub name: Arc<str>,
    pub query: Arc<str>,
}

impl Address {
    /// Of a resource without a query; nearly all are, and share the one empty text.
    pub fn plain(name: Arc<str>) -> Address {
        static NO_QUERY: LazyLock<Arc<str>> = LazyLock::new(|| "".into());
        Address { name, query: NO_QUERY.clone() }
    }
}

/// Names a request that a connection has sent to a service, until its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// From the connection layer to the cache.
#[derive(Debug)]
pub enum Command {
    /// Answered by exactly one [`Notice::Loaded`] or [`Notice::Failed`], unless unsubscribed before.
    Subscribe(Subscriber, Address),
    Unsubscribe(Subscriber, Address),
}

/// From the cache to one subscriber, in the order things happened to the resource.
#[derive(Debug)]
pub enum Notice {
    Loaded {
        snapshot: Arc<Snapshot>,
        version: u64,
    },
    /// The resource cannot be had; the subscription is over.
    Failed(ResError),
    Event(Arc<Event>),
    /// Access has to be asked for again. The slot is held until the answer.
    Reaccess(Option<Slot>),
}

/// Something that happened to a loaded resource.
#[derive(Debug)]
pub struct Event {
    /// Version of the resource before the event.
    pub version: u64,
    pub kind: EventKind,
    /// The hard references the event adds and those it takes away, with repetitions.
    pub added: Vec<Arc<str>>,
    pub removed: Vec<Arc<str>>,
    /// What it keeps in memory, about, without what others keep too.
    pub bytes: usize,
    /// For clients of the first protocol and for those of today's.
    frames: [OnceLock<Encoded>; 2],
}

/// An event as it was written for a client, and the resource id it was written with.
#[derive(Debug)]
struct Encoded {
    rid: Arc<str>,
    frame: Frame,
}

impl Event {
    pub fn new(version: u64, kind: EventKind) -> Event {
        let (added, removed) = kind.references();
        let bytes = size_of::<Event>() + kind.bytes();
        Event { version, kind, added, removed, bytes, frames: Default::default() }
    }

    /// The frame for clients that speak `version` and call the resource `rid`. It must depend on nothing else, for it
    /// is written once for all of them; only who writes the id in another way than the first has one of their own.
    pub fn frame(&self, rid: &Arc<str>, version: Version, write: impl Fn() -> Frame) -> Frame {
        let slot = &self.frames[usize::from(version >= Version::UNSUBSCRIBE_COUNT)];
        let encoded = slot.get_or_init(|| Encoded { rid: rid.clone(), frame: write() });
        if encoded.rid == *rid { encoded.frame.clone() } else { write() }
    }
}

#[derive(Debug)]
pub enum EventKind {
    /// Members that did change, and the model after it.
    Change {
        changes: Vec<(Arc<str>, Change)>,
        before: Arc<Snapshot>,
        after: Arc<Snapshot>,
    },
    Add {
        idx: usize,
        value: Value,
        after: Arc<Snapshot>,
    },
    /// The value that was removed, and the payload as the service sent it.
    Remove {
        value: Value,
        data: Arc<str>,
        after: Arc<Snapshot>,
    },
    /// The resource is gone; the subscription is over.
    Delete,
    /// Passed on as it came.
    Custom {
        name: Arc<str>,
        data: Arc<str>,
    },
}

impl EventKind {
    /// The resource after the event, if that is another than before.
    pub fn after(&self) -> Option<&Arc<Snapshot>> {
        match self {
            EventKind::Change { after, .. } | EventKind::Add { after, .. } | EventKind::Remove { after, .. } => {
                Some(after)
            }
            EventKind::Delete | EventKind::Custom { .. } => None,
        }
    }

    fn bytes(&self) -> usize {
        let own = match self {
            EventKind::Change { changes, .. } => changes.iter().map(|(key, change)| key.len() + change.bytes()).sum(),
            EventKind::Add { value, .. } => value.bytes(),
            EventKind::Remove { value, data, .. } => value.bytes() + data.len(),
            EventKind::Delete => 0,
            EventKind::Custom { name, data } => name.len() + data.len(),
        };
        own + self.after().map_or(0, |after| after.bytes())
    }

    fn references(&self) -> (Vec<Arc<str>>, Vec<Arc<str>>) {
        let of = |value: &Value| value.reference().cloned();
        match self {
            EventKind::Change { changes, before, .. } => {
                let added = changes.iter().filter_map(|(_, change)| match change {
                    Change::Set(value) => of(value),
                    Change::Delete => None,
                });
                let old = match before.body() {
                    Body::Model(members) => members,
                    Body::Collection(_) => return (Vec::new(), Vec::new()),
                };
                let removed = changes.iter().filter_map(|(key, _)| old.get(key).and_then(of));
                (added.collect(), removed.collect())
            }
            EventKind::Add { value, .. } => (of(value).into_iter().collect(), Vec::new()),
            EventKind::Remove { value, .. } => (Vec::new(), of(value).into_iter().collect()),
            EventKind::Delete | EventKind::Custom { .. } => (Vec::new(), Vec::new()),
        }
    }
}
