//! Requests: those sent and unanswered, and those waiting for a connection.

use super::output::RequestId;
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
    /// `call` or `auth`.
    Call(RequestId),
    /// `new`: answered with a resource by gateways of all versions.
    Create(RequestId),
}

impl Purpose {
    /// The application's number, of what it asked for itself.
    pub fn of_application(self) -> Option<RequestId> {
        match self {
            Purpose::Fetch(request) | Purpose::Call(request) | Purpose::Create(request) => Some(request),
            _ => None,
        }
    }
}

/// A request that waits for the connection to become usable.
#[derive(Debug)]
pub struct Queued {
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
}

impl Requests {
    /// A number for a request of the application.
    pub fn next_id(&mut self) -> RequestId {
        self.last_request += 1;
        RequestId(self.last_request)
    }

    /// The gateway has ended the subscriptions of a resource, so there is nothing left to give back.
    pub fn forget_unsubscribes(&mut self, id: ResourceId) {
        for purpose in self.sent.values_mut() {
            if matches!(purpose, Purpose::Unsubscribe { resource, .. } if *resource == id) {
                *purpose = Purpose::Obsolete;
            }
        }
    }

    /// Registers a request as sent; the result is its frame.
    pub fn send(&mut self, purpose: Purpose, method: &str, params: Option<&str>) -> String {
        self.last_wire += 1;
        self.sent.insert(self.last_wire, purpose);
        request::frame(self.last_wire, method, params)
    }
}
