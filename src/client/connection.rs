//! The client: who asks by it, and its connection.

use std::sync::Arc;

use super::error::Error;
use super::hub::Hub;
use super::shared::{Owner, Shared};
use super::state::{State, States};
use super::wait::{Asked, Wait};
use super::waits::{Answer, Wanted};
use crate::session::{ConnectionId, ConnectionState, Counters};

/// A client of a gateway. Clones are the same client.
///
/// The connection is kept, and made again when it is lost, until [`Client::close`] is called or the last clone and all
/// that came from it are dropped. What is asked for between two attempts to connect waits for the next one.
///
/// A future that is dropped gives its request up: a call that was not sent yet never is, and a resource that comes is
/// unsubscribed from after [`Options::unsubscribe_delay`](crate::session::Options::unsubscribe_delay).
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) owner: Arc<Owner>,
    /// The connection whose hook this was handed to, and all that came from it.
    hook: Option<ConnectionId>,
}

impl Client {
    pub(super) fn new(owner: Arc<Owner>) -> Client {
        Client { owner, hook: None }
    }

    /// For the hook of a connection: what is asked for by it does not wait for that hook's end.
    pub(super) fn of_hook(owner: Arc<Owner>, connection: ConnectionId) -> Client {
        Client { owner, hook: Some(connection) }
    }

    /// Connects, and waits until that has succeeded or failed once. There is no need to: whatever is asked for
    /// connects.
    ///
    /// It takes as long as the hook of [`Builder::on_connect`](super::Builder::on_connect) does, and a hook that never ends
    /// is waited for without end: the timeouts of its requests, which the service and the gateway set, are what bounds it.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::UnsupportedProtocol`], or what the hook of
    /// [`Builder::on_connect`](super::Builder::on_connect) returned.
    pub async fn open(&self) -> Result<(), Error> {
        let wait = Wait::ask(self, |hub| {
            hub.engine.connect(hub.now());
            match hub.engine.state() {
                ConnectionState::Connected | ConnectionState::Stale => Asked::Answered(Ok(Answer::Done)),
                _ => Asked::Wait(Wanted::Connection),
            }
        });
        wait.await.map(|_| ())
    }

    /// The state of the connection.
    pub fn state(&self) -> State {
        self.shared().step(|hub| hub.state())
    }

    /// The states of the connection, beginning with the present one.
    pub fn states(&self) -> States {
        States::new(self.owner.shared.clone())
    }

    /// Things that should not happen, by how often they did.
    pub fn counters(&self) -> Counters {
        self.shared().step(|hub| hub.engine.counters())
    }

    /// Closes the client for good, and waits until the connection is closed: requests fail with [`Error::Closed`],
    /// streams end, and values stay as they are.
    pub async fn close(&self) {
        self.shared().step(Hub::close);
        // The only answer there is.
        let _ = Wait::for_the_end(&self.owner).await;
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.owner.shared
    }

    /// Does something with the hub, as the hook if that is who asks.
    pub(super) fn step<T>(&self, f: impl FnOnce(&mut Hub) -> T) -> T {
        self.owner.shared.step(|hub| {
            hub.engine.admit(self.hook == Some(hub.engine.connection()));
            let result = f(hub);
            hub.engine.admit(false);
            result
        })
    }
}
