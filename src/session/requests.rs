//! Requests: those sent and unanswered, and those waiting for a connection.

use super::output::RequestId;
use crate::bug;
use crate::cache::ResourceId;
use crate::ledger::Ledger;
use crate::protocol::request;

/// What a request was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Version,
    /// A direct subscription; the application's request is in its [`Subscription`](super::subscription::Subscription).
    Subscribe(ResourceId),
    Unsubscribe {
        resource: ResourceId,
        count: u32,
    },
    /// Giving back what the gateway has taken away meanwhile: the answer means nothing. Or what nobody wants any more, and which
    /// is not sent then.
    Obsolete,
    /// One-shot `get`.
    Fetch(RequestId),
    /// `call`.
    Call(RequestId),
    /// `auth`, after which what was refused may be had.
    Auth(RequestId),
    /// `new`: answered with a resource by gateways of all versions.
    Create(RequestId),
}

impl Purpose {
    /// The application's number, of what it asked for itself.
    pub fn of_application(self) -> Option<RequestId> {
        match self {
            Purpose::Fetch(request) | Purpose::Call(request) | Purpose::Auth(request) | Purpose::Create(request) => {
                Some(request)
            }
            _ => None,
        }
    }
}

/// A request that waits for the connection to become usable.
#[derive(Debug)]
pub struct Queued {
    /// What the application has asked for last: numbers that increase from one to the next.
    since: RequestId,
    pub purpose: Purpose,
    pub method: String,
    pub params: Option<String>,
}

/// All requests of the session.
#[derive(Debug, Default)]
pub struct Requests {
    /// By the id on the wire, which is never used twice.
    pub(crate) sent: Ledger<u64, Purpose>,
    pub queued: Vec<Queued>,
    last_wire: u64,
    last_request: u32,
    /// By resource, the last request that was sent before the gateway ended its subscriptions. It stays when the number is another
    /// resource's, for whom all are later.
    ended: Vec<u64>,
}

impl Requests {
    /// A number for a request of the application.
    pub fn next_id(&mut self) -> RequestId {
        self.last_request += 1;
        RequestId(self.last_request)
    }

    /// The gateway has ended the subscriptions of a resource, so there is nothing left to give back.
    pub fn forget_unsubscribes(&mut self, id: ResourceId) {
        let at = id.0 as usize;
        self.ended.resize(self.ended.len().max(at + 1), 0);
        self.ended[at] = self.last_wire;
    }

    /// Registers a request as sent; the result is its frame.
    pub fn send(&mut self, purpose: Purpose, method: &str, params: Option<&str>) -> String {
        self.last_wire += 1;
        self.sent.insert(self.last_wire, purpose);
        request::frame(self.last_wire, method, params)
    }

    /// A request was answered: what it was made for.
    pub fn answered(&mut self, wire: u64) -> Option<Purpose> {
        self.sent.remove(wire).map(|purpose| match purpose {
            Purpose::Unsubscribe { resource, .. }
                if self.ended.get(resource.0 as usize).is_some_and(|&ended| wire <= ended) =>
            {
                Purpose::Obsolete
            }
            _ => purpose,
        })
    }

    /// Keeps a request until there is a usable connection.
    pub fn queue(&mut self, purpose: Purpose, method: String, params: Option<&str>) {
        let params = params.map(str::to_owned);
        self.queued.push(Queued { since: RequestId(self.last_request), purpose, method, params });
    }

    /// See [`Engine::give_up`](super::Engine::give_up).
    pub fn give_up(&mut self, request: RequestId) -> bool {
        let at = self.queued.partition_point(|queued| queued.since < request);
        match self.queued.get_mut(at) {
            Some(queued) if queued.purpose.of_application() == Some(request) => {
                if !bug!("give-up-ignored") {
                    queued.purpose = Purpose::Obsolete;
                }
                true
            }
            _ => false,
        }
    }
}
