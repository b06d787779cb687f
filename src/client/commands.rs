//! What an application asks of a client.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::connection::Client;
use super::error::Error;
use super::hub::Hub;
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
        let answer = self.ask(|hub| match hub.engine.get(hub.now(), rid) {
            Get::Cached(id) => Asked::Answered(hub.hold(id)),
            Get::Pending(request) => Asked::Wait(Wanted::Request(request)),
        });
        match self.reply(answer.await?) {
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
        let answer = self.ask(|hub| {
            let request = hub.engine.fetch(hub.now(), rid);
            hub.fetches.insert(request, rid.to_owned());
            Asked::Wait(Wanted::Request(request))
        });
        match answer.await? {
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
        let answer = self.ask(|hub| {
            let request = hub.engine.invoke(hub.now(), action, rid, method, params);
            Asked::Wait(Wanted::Request(request))
        });
        R::from_reply(self.reply(answer.await?))
    }

    /// Asks, and again where the service says when and the option that it should be.
    async fn ask(&self, ask: impl Fn(&mut Hub) -> Asked) -> Result<Answer, Error> {
        let mut least = LEAST;
        loop {
            let answer = Wait::ask(self, &ask).await;
            let delay = match &answer {
                Err(Error::Res(error)) if self.owner.retries => error.retry_after(),
                _ => None,
            };
            let Some(delay) = delay else { return answer };
            let delay = delay.max(least).as_millis().try_into().unwrap_or(u64::MAX);
            Wait::ask(self, |hub| Asked::Wait(Wanted::Moment(hub.now() + delay))).await?;
            least = MOST.min(least * 2);
        }
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

/// The first wait for a service that is too active takes at least so long, whatever it says; it doubles with every one.
const LEAST: Duration = Duration::from_millis(50);
const MOST: Duration = Duration::from_millis(6_400);
