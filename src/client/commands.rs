//! What an application asks of a client.

use std::sync::Arc;

use serde::Serialize;

use super::error::Error;
use super::live::{FromResource, Resource};
use super::reply::{FromReply, Reply};
use super::shared::Owner;
use super::state::{State, States};
use super::wait::{Asked, Wait};
use super::waits::{Answer, Wanted};
use crate::protocol::request::Action;
use crate::session::{ConnectionState, Counters, Get};

/// A client of a gateway. Clones are the same client.
///
/// The connection is kept, and made again when it is lost, until [`Client::close`] is called or the last clone and all
/// that came from it are dropped. What is asked for between two attempts to connect waits for the next one.
///
/// A future that is dropped gives its request up: a call that was not sent yet never is, and a resource that comes is
/// unsubscribed from after [`Options::unsubscribe_delay`](crate::session::Options::unsubscribe_delay).
#[derive(Debug, Clone)]
pub struct Client {
    owner: Arc<Owner>,
}

impl Client {
    pub(super) fn new(owner: Arc<Owner>) -> Client {
        Client { owner }
    }

    /// Connects, and waits until that has succeeded or failed once. There is no need to: whatever is asked for
    /// connects.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::UnsupportedProtocol`], or what the hook of
    /// [`Builder::on_connect`](super::Builder::on_connect) returned.
    pub async fn open(&self) -> Result<(), Error> {
        let wait = Wait::ask(&self.owner, |hub| {
            hub.engine.connect(hub.now());
            match hub.engine.state() {
                ConnectionState::Connected | ConnectionState::Stale => Asked::Answered(Ok(Answer::Done)),
                _ => Asked::Wait(Wanted::Connection),
            }
        });
        wait.await.map(|_| ())
    }

    /// Gets a resource and subscribes to it: a [`Model`](super::Model), a [`Collection`](super::Collection), or a
    /// [`Resource`] which may be either. What is cached is there at once.
    ///
    /// # Errors
    /// [`Error::Res`] if the gateway refuses, [`Error::Mismatch`] if the resource is not an `R`, and those of the
    /// connection.
    pub async fn get<R: FromResource>(&self, rid: &str) -> Result<R, Error> {
        let wait = Wait::ask(&self.owner, |hub| match hub.engine.get(hub.now(), rid) {
            Get::Cached(id) => Asked::Answered(hub.hold(id)),
            Get::Pending(request) => Asked::Wait(Wanted::Request(request)),
        });
        match self.reply(wait.await?) {
            Reply::Resource(resource) => R::from_resource(resource),
            Reply::Payload(_) => Err(Error::Senseless),
        }
    }

    /// Calls a method of a resource. `params` are whatever serde writes, `&()` for none; the answer is whatever serde
    /// reads, or a resource: see [`FromReply`].
    ///
    /// # Errors
    /// [`Error::Res`] if the gateway or the service refuses, [`Error::Encode`] and [`Error::Decode`] if parameters or
    /// answer do not fit, and those of the connection: a call that was sent when the connection was lost may have been
    /// carried out.
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

    /// The state of the connection.
    pub fn state(&self) -> State {
        self.owner.shared.step(|hub| hub.state())
    }

    /// The states of the connection, beginning with the present one.
    pub fn states(&self) -> States {
        States::new(self.owner.shared.clone())
    }

    /// Things that should not happen, by how often they did.
    pub fn counters(&self) -> Counters {
        self.owner.shared.step(|hub| hub.engine.counters())
    }

    /// Closes the client for good, and waits until the connection is closed: requests fail with [`Error::Closed`],
    /// streams end, and values stay as they are.
    pub async fn close(&self) {
        self.owner.shared.step(super::hub::Hub::close);
        // The only answer there is.
        let _ = Wait::for_the_end(&self.owner).await;
    }

    async fn request<R: FromReply>(
        &self,
        action: Action,
        rid: &str,
        method: &str,
        params: &(impl Serialize + ?Sized),
    ) -> Result<R, Error> {
        let params = serde_json::to_string(params).map_err(Error::encode)?;
        let params = Some(&*params).filter(|&params| params != "null");
        let wait = Wait::ask(&self.owner, |hub| {
            let request = hub.engine.invoke(hub.now(), action, rid, method, params);
            Asked::Wait(Wanted::Request(request))
        });
        R::from_reply(self.reply(wait.await?))
    }

    fn reply(&self, answer: Answer) -> Reply {
        match answer {
            Answer::Resource(id) => Reply::Resource(Resource::hold(&self.owner, id)),
            Answer::Payload(text) if !text.is_empty() => Reply::Payload(text),
            Answer::Payload(_) | Answer::Done => Reply::Payload("null".to_owned()),
        }
    }
}
