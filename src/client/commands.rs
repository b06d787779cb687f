//! What an application asks of a client.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::connection::Client;
use super::error::Error;
use super::live::{FromResource, Resource};
use super::reply::{FromReply, Reply};
use super::wait::{Asked, Wait};
use super::waits::{Answer, Wanted};
use crate::protocol::request::Action;
use crate::protocol::rid::is_valid_part;
use crate::session::Get;

impl Client {
    /// Gets a resource and subscribes to it: a [`Model`](super::Model), a [`Collection`](super::Collection), or a
    /// [`Resource`] which may be either. What is cached is there at once.
    ///
    /// # Errors
    /// [`Error::Res`] if the gateway refuses, [`Error::Mismatch`] if the resource is not an `R`,
    /// [`Error::NoResourceId`], and those of the connection.
    pub async fn get<R: FromResource>(&self, rid: &str) -> Result<R, Error> {
        require_rid(rid)?;
        let wait = Wait::ask(self, |hub| match hub.engine.get(hub.now(), rid) {
            Get::Cached(id) => Asked::Answered(hub.hold(id)),
            Get::Pending(request) => Asked::Wait(Wanted::Request(request)),
        });
        match self.reply(wait.await?) {
            Reply::Resource(resource) => R::from_resource(resource),
            Reply::Payload(_) => Err(Error::Senseless),
        }
    }

    /// The resource, if it is cached: nothing is asked for, and it may be out of date. Held from now on, as what
    /// [`Client::get`] gives. `None` if it is not cached.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the resource is not an `R`, [`Error::Res`] if it came as an error,
    /// [`Error::NoResourceId`] and [`Error::Closed`].
    pub fn cached<R: FromResource>(&self, rid: &str) -> Result<Option<R>, Error> {
        require_rid(rid)?;
        let held = self.step(|hub| match hub.is_closed() {
            true => Some(Err(Error::Closed)),
            false => hub.engine.find(rid).map(|id| hub.hold(id)),
        });
        match held.transpose()? {
            Some(Answer::Resource(id)) => R::from_resource(Resource::hold(self, id)).map(Some),
            _ => Ok(None),
        }
    }

    /// Gets the value of a resource, with what it refers to, as [`Live::value`](super::Live::value) would give it. It is not
    /// subscribed to, not cached, and does not change any more.
    ///
    /// # Errors
    /// [`Error::Res`] if the gateway refuses, [`Error::Decode`] if the value is not a `T`, [`Error::NoResourceId`], and
    /// those of the connection.
    pub async fn fetch<T: DeserializeOwned>(&self, rid: &str) -> Result<T, Error> {
        require_rid(rid)?;
        let wait = Wait::ask(self, |hub| {
            let request = hub.engine.fetch(hub.now(), rid);
            hub.fetches.insert(request, rid.to_owned());
            Asked::Wait(Wanted::Request(request))
        });
        match wait.await? {
            Answer::Value(json) => serde_json::from_value(json).map_err(Error::decode),
            _ => Err(Error::Senseless),
        }
    }

    /// Calls a method of a resource. `params` are whatever serde writes, `&()` for none; the answer is whatever serde
    /// reads, or a resource: see [`FromReply`].
    ///
    /// # Errors
    /// [`Error::Res`] if the gateway or the service refuses, [`Error::Encode`] and [`Error::Decode`] if parameters or
    /// answer do not fit, [`Error::NoResourceId`] and [`Error::NoMethod`], and those of the connection: a call that was
    /// sent when the connection was lost may have been carried out.
    pub async fn call<R: FromReply>(
        &self,
        rid: &str,
        method: &str,
        params: &(impl Serialize + ?Sized),
    ) -> Result<R, Error> {
        self.request(Action::Call, rid, method, params).await
    }

    /// Calls an authentication method. As [`Client::call`].
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn auth<R: FromReply>(
        &self,
        rid: &str,
        method: &str,
        params: &(impl Serialize + ?Sized),
    ) -> Result<R, Error> {
        self.request(Action::Auth, rid, method, params).await
    }

    async fn request<R: FromReply>(
        &self,
        action: Action,
        rid: &str,
        method: &str,
        params: &(impl Serialize + ?Sized),
    ) -> Result<R, Error> {
        require_rid(rid)?;
        if !is_valid_part(method) {
            return Err(Error::NoMethod(method.to_owned()));
        }
        let params = serde_json::to_string(params).map_err(Error::encode)?;
        let params = Some(&*params).filter(|&params| params != "null");
        let wait = Wait::ask(self, |hub| {
            let request = hub.engine.invoke(hub.now(), action, rid, method, params);
            Asked::Wait(Wanted::Request(request))
        });
        R::from_reply(self.reply(wait.await?))
    }

    fn reply(&self, answer: Answer) -> Reply {
        match answer {
            Answer::Resource(id) => Reply::Resource(Resource::hold(self, id)),
            Answer::Payload(text) if !text.is_empty() => Reply::Payload(text),
            Answer::Value(json) => Reply::Payload(json.to_string()),
            Answer::Payload(_) | Answer::Done => Reply::Payload("null".to_owned()),
        }
    }
}

/// Without one, what follows it would be taken for it.
fn require_rid(rid: &str) -> Result<(), Error> {
    if rid.is_empty() { Err(Error::NoResourceId) } else { Ok(()) }
}
