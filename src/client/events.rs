//! What happens to a resource, as a stream.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::error::Error;
use super::live::Handle;
use crate::cache::ResourceId;
use crate::protocol::ResError;

/// A member of a model or an item of a collection, at some moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A primitive, or the content of a data value.
    Data(Json),
    /// A reference to the resource with this id.
    Reference(String),
    /// A soft reference: the id of a resource that does not come with this one.
    Soft(String),
}

impl Item {
    /// The value as `T`; a reference is read as its resource id.
    ///
    /// # Errors
    /// [`Error::Decode`] if it is not a `T`.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let json = match self {
            Item::Data(json) => json.clone(),
            Item::Reference(rid) | Item::Soft(rid) => Json::String(rid.clone()),
        };
        serde_json::from_value(json).map_err(Error::decode)
    }
}

/// A member before and after a change; `None` where the model had no such member.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub old: Option<Item>,
    pub new: Option<Item>,
}

/// What happened to a resource.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Members of a model changed.
    Change(BTreeMap<String, Change>),
    /// An item was put into a collection.
    Add { idx: usize, item: Item },
    /// An item was taken out of a collection.
    Remove { idx: usize, item: Item },
    /// An event of the service's own, `create` or `delete`; `None` when it has no data.
    Custom { name: String, data: Option<Json> },
    /// The gateway ended the subscription. The value is out of date until it is subscribed to again, which happens
    /// after [`Options::subscribe_stale_delay`](crate::session::Options::subscribe_stale_delay).
    Unsubscribe { reason: Option<ResError> },
    /// The resource could not be subscribed to again, after a lost connection or an unsubscribe: the value is out of
    /// date.
    Stale { reason: ResError },
    /// The resource is now of another kind, such as a collection where there was a model.
    Replaced,
    /// So many events, of whatever kind, were lost, because they were not taken from the stream. The value is right all
    /// the same: read it anew.
    Lagged(u64),
}

/// The events of a resource, from when it was made. Ends when the client is closed.
///
/// A stream keeps its resource subscribed, as a [`Model`](super::Model) does. It never holds up the client: when
/// [`Builder::event_capacity`](super::Builder::event_capacity) events have not been taken, they are dropped, and
/// [`Event::Lagged`] says how many, followed by those that come later.
pub struct Events {
    handle: Arc<Handle>,
    key: u64,
}

impl Events {
    pub(super) fn new(handle: Arc<Handle>, key: u64) -> Events {
        Events { handle, key }
    }

    /// The id of the resource.
    pub fn rid(&self) -> &str {
        self.handle.rid()
    }

    /// Waits for the next event: what `StreamExt::next` does, without the crate it is from.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.handle.shared().step(|hub| {
            let is_closed = hub.is_closed();
            let Some(queue) = hub.audience.get_mut(&(self.handle.id(), self.key)) else { return Poll::Ready(None) };
            match queue.pop() {
                Some(event) => Poll::Ready(Some(event)),
                None if is_closed => Poll::Ready(None),
                None => {
                    let spent = queue.waker.replace(cx.waker().clone());
                    hub.spend(spent);
                    Poll::Pending
                }
            }
        })
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // Taken out of the lock before it is dropped.
        let _queue = self.handle.shared().step(|hub| hub.audience.remove(&(self.handle.id(), self.key)));
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("rid", &self.rid()).finish_non_exhaustive()
    }
}

/// The streams of all resources.
pub(super) type Audience = BTreeMap<(ResourceId, u64), Queue>;

/// Events that a stream has not given yet.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Event>,
    capacity: usize,
    lost: u64,
    pub waker: Option<Waker>,
}

impl Queue {
    pub fn new(capacity: usize) -> Queue {
        Queue { waiting: VecDeque::new(), capacity: capacity.max(1), lost: 0, waker: None }
    }

    pub fn push(&mut self, event: Event) {
        if self.waiting.len() == self.capacity {
            self.lost += self.waiting.len() as u64;
            self.waiting.clear();
        }
        self.waiting.push_back(event);
    }

    fn pop(&mut self) -> Option<Event> {
        match std::mem::take(&mut self.lost) {
            0 => self.waiting.pop_front(),
            lost => Some(Event::Lagged(lost)),
        }
    }
}
