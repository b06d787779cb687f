//! Models and collections that are kept up to date while they are held.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::connection::Client;
use super::error::Error;
use super::events::{Events, Item};
use super::hub::Hub;
use super::reply::FromReply;
use super::shared::Shared;
use super::waits::Answer;
use crate::cache::ResourceId;
use crate::mirror::{self, Content};

/// What models and collections have in common. Clones hold the same resource.
///
/// The resource is subscribed to while a clone, or a stream of its events, is there, and for
/// [`Options::unsubscribe_delay`](crate::session::Options::unsubscribe_delay) after that.
#[derive(Clone)]
pub struct Live {
    handle: Arc<Handle>,
}

impl Live {
    /// The id of the resource.
    pub fn rid(&self) -> &str {
        self.handle.rid()
    }

    /// The present value as `T`, with its references followed. A resource that contains itself is written as
    /// `{"rid":…}` where it comes again, as a soft reference is; see
    /// [`Mirror::to_json`](crate::mirror::Mirror::to_json). The cost grows with the value.
    ///
    /// # Errors
    /// [`Error::Decode`] if it is not a `T`, [`Error::Res`] if there is an error in the place of the resource by now.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let json = self.read(|hub, id| hub.json(id))?;
        serde_json::from_value(json).map_err(Error::decode)
    }

    /// The events from now on.
    pub fn changes(&self) -> Events {
        let key = self.read(Hub::attend);
        Events::new(self.handle.clone(), key)
    }

    /// The present value and the events from exactly then on, so that following them gives the present value at any
    /// time. After [`Event::Lagged`](super::Event::Lagged) take another.
    ///
    /// # Errors
    /// As [`Live::value`].
    pub fn watch<T: DeserializeOwned>(&self) -> Result<(T, Events), Error> {
        let (json, key) = self.read(|hub, id| (hub.json(id), hub.attend(id)));
        let events = Events::new(self.handle.clone(), key);
        Ok((serde_json::from_value(json?).map_err(Error::decode)?, events))
    }

    /// Calls a method of the resource. See [`Client::call`].
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call<R: FromReply>(&self, method: &str, params: &(impl Serialize + ?Sized)) -> Result<R, Error> {
        self.client().call(self.rid(), method, params).await
    }

    /// The client the resource came from.
    pub fn client(&self) -> Client {
        self.handle.client.clone()
    }

    fn read<T>(&self, f: impl FnOnce(&mut Hub, ResourceId) -> T) -> T {
        self.handle.client.step(|hub| f(hub, self.handle.id))
    }

    /// What an item of this resource refers to.
    fn follow<R: FromResource>(
        &self,
        at: impl fmt::Display,
        find: impl FnOnce(&Content) -> Option<&mirror::Item>,
    ) -> Result<R, Error> {
        let held = self.read(|hub, id| {
            let item = find(&hub.mirror.get(id)?.content)?.clone();
            hub.hold_item(&item)
        });
        self.followed(at, held)
    }

    fn followed<R: FromResource>(&self, at: impl fmt::Display, held: Held) -> Result<R, Error> {
        match held.transpose()? {
            Some(Answer::Resource(id)) => R::from_resource(Resource::hold(&self.handle.client, id)),
            _ => Err(Error::Mismatch { expected: "a reference", found: format!("{at} of {}", self.rid()) }),
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Live").field(&self.rid()).finish()
    }
}

/// A model that is kept up to date while it is held; see [`Live`].
#[derive(Debug, Clone)]
pub struct Model(Live);

impl Model {
    /// A member, `None` when there is no such member.
    pub fn get(&self, key: &str) -> Option<Item> {
        self.read(|hub, id| match &hub.mirror.get(id)?.content {
            Content::Model(model) => model.get(key).map(|item| hub.item(item)),
            _ => None,
        })
    }

    /// The resource that a member refers to, held from now on.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the member is no reference or refers to something else than an `R`; [`Error::Res`] if the
    /// gateway sent an error in its place.
    pub fn follow<R: FromResource>(&self, key: &str) -> Result<R, Error> {
        self.0.follow(key, |content| match content {
            Content::Model(model) => model.get(key),
            _ => None,
        })
    }
}

impl Deref for Model {
    type Target = Live;

    fn deref(&self) -> &Live {
        &self.0
    }
}

/// A collection that is kept up to date while it is held; see [`Live`].
#[derive(Debug, Clone)]
pub struct Collection(Live);

impl Collection {
    pub fn len(&self) -> usize {
        self.read(|hub, id| hub.list(id).len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An item, `None` beyond the end.
    pub fn get(&self, idx: usize) -> Option<Item> {
        self.read(|hub, id| hub.list(id).get(idx).map(|item| hub.item(item)))
    }

    /// All items.
    pub fn items(&self) -> Vec<Item> {
        self.read(|hub, id| hub.list(id).iter().map(|item| hub.item(item)).collect())
    }

    /// The resource that an item refers to, held from now on.
    ///
    /// # Errors
    /// As [`Model::follow`].
    pub fn follow<R: FromResource>(&self, idx: usize) -> Result<R, Error> {
        self.0.follow(idx, |content| match content {
            Content::Collection(list) => list.get(idx),
            _ => None,
        })
    }

    /// The resources that all items refer to, held from now on, with an error for each that [`Collection::follow`]
    /// would give one for.
    pub fn follow_all<R: FromResource>(&self) -> Vec<Result<R, Error>> {
        let held: Vec<Held> = self.read(|hub, id| {
            let items = hub.list(id).to_vec();
            items.iter().map(|item| hub.hold_item(item)).collect()
        });
        held.into_iter().enumerate().map(|(idx, held)| self.followed(idx, held)).collect()
    }
}

impl Deref for Collection {
    type Target = Live;

    fn deref(&self) -> &Live {
        &self.0
    }
}

/// A model or a collection.
#[derive(Debug, Clone)]
pub enum Resource {
    Model(Model),
    Collection(Collection),
}

impl Resource {
    /// Takes over a resource that was listened to once for this.
    pub(super) fn hold(client: &Client, id: ResourceId) -> Resource {
        let (rid, is_collection) = client.shared().step(|hub| {
            let is_collection = matches!(hub.mirror.get(id).map(|r| &r.content), Some(Content::Collection(_)));
            (hub.engine.rid(id).into(), is_collection)
        });
        let live = Live { handle: Arc::new(Handle { client: client.clone(), id, rid }) };
        match is_collection {
            true => Resource::Collection(Collection(live)),
            false => Resource::Model(Model(live)),
        }
    }
}

impl Deref for Resource {
    type Target = Live;

    fn deref(&self) -> &Live {
        match self {
            Resource::Model(Model(live)) | Resource::Collection(Collection(live)) => live,
        }
    }
}

/// What can be asked for by its type: a [`Model`], a [`Collection`], or either as a [`Resource`].
pub trait FromResource: Sized + sealed::Sealed {
    #[doc(hidden)]
    fn from_resource(resource: Resource) -> Result<Self, Error>;
}

impl FromResource for Resource {
    fn from_resource(resource: Resource) -> Result<Self, Error> {
        Ok(resource)
    }
}

impl FromResource for Model {
    fn from_resource(resource: Resource) -> Result<Self, Error> {
        match resource {
            Resource::Model(model) => Ok(model),
            other => Err(Error::Mismatch { expected: "a model", found: other.rid().to_owned() }),
        }
    }
}

impl FromResource for Collection {
    fn from_resource(resource: Resource) -> Result<Self, Error> {
        match resource {
            Resource::Collection(collection) => Ok(collection),
            other => Err(Error::Mismatch { expected: "a collection", found: other.rid().to_owned() }),
        }
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::Resource {}
    impl Sealed for super::Model {}
    impl Sealed for super::Collection {}
}

/// One listener of the engine.
pub(super) struct Handle {
    client: Client,
    id: ResourceId,
    rid: Box<str>,
}

impl Handle {
    pub fn id(&self) -> ResourceId {
        self.id
    }

    pub fn rid(&self) -> &str {
        &self.rid
    }

    pub fn shared(&self) -> &Shared {
        self.client.shared()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared().step(|hub| hub.engine.unlisten(hub.now(), self.id));
    }
}

/// What an item refers to, listened to; `None` when it refers to nothing.
type Held = Option<Result<Answer, Error>>;

impl Hub {
    fn hold_item(&mut self, item: &mirror::Item) -> Held {
        match item {
            mirror::Item::Reference(to) => Some(self.hold(*to)),
            _ => None,
        }
    }

    pub(super) fn json(&self, id: ResourceId) -> Result<Json, Error> {
        match self.mirror.get(id).map(|resource| &resource.content) {
            Some(Content::Error(error)) => Err(Error::Res(error.clone())),
            _ => Ok(self.mirror.to_json(id).unwrap_or_default()),
        }
    }

    /// The items of a collection; none for another resource.
    fn list(&self, id: ResourceId) -> &[mirror::Item] {
        match self.mirror.get(id).map(|resource| &resource.content) {
            Some(Content::Collection(list)) => list,
            _ => &[],
        }
    }
}
