//! What the engine wants done, in the order it wants it done.

use crate::cache::ResourceId;
use crate::cache::shape::KeyId;
use crate::cache::texts::FrameId;
use crate::protocol::ResError;
use crate::protocol::frame::ResourceKind;
use crate::protocol::scan::Span;
use crate::protocol::value::Value;

use super::time::Time;

/// One connection attempt. Events of a socket carry the number it was opened under, so that those of an older socket
/// are told apart and ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ConnectionId(pub u32);

/// A request of the application, answered by [`Output::Settled`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// An instruction to the driver. Spans refer to the frame that was handed in last.
#[derive(Debug)]
pub enum Output {
    /// Open a socket.
    Open(ConnectionId),
    /// Close the socket and forget it.
    Close(ConnectionId),
    /// Send a text frame.
    Send(String),
    /// The gateway refused the version request, and with it the connection.
    HandshakeRefused(Span),
    /// The connection is in another state.
    State(ConnectionState),
    /// The handshake is done: authenticate or whatever has to come first, then call
    /// [`Engine::hook_done`](super::Engine::hook_done). What is asked for meanwhile waits, unless it authenticates or
    /// [`Engine::admit`](super::Engine::admit) says that it is the hook that asks.
    Hook,
    /// The connection is usable.
    Connected,
    /// The connection was usable and is not any more.
    Disconnected,
    /// No usable connection came about.
    ConnectFailed(Failure),

    /// Keep the text of this frame until it is released: resources stand in it that have not been read.
    Retain(FrameId),
    /// The text is not needed any more. It may be that it never was, when all that stood in a frame changed with that frame.
    Release(FrameId),
    /// A member's name got a number; the span is a JSON string with its quotes.
    Key { key: KeyId, name: Span },
    /// Resources came into the cache.
    Loaded(Vec<ResourceId>),
    /// A resource that was not read is about to change: this is the last chance to read its present value. Of what a frame
    /// leads to, these come first.
    Touch(Reading),
    /// Members of a model were given values. Never empty.
    Change { resource: ResourceId, members: Vec<Change> },
    /// An item was put into a collection.
    Insert { resource: ResourceId, idx: u32, value: Value },
    /// An item was taken out of a collection.
    Remove { resource: ResourceId, idx: u32 },
    /// Any other event. The name is written as in a JSON string, without quotes; an empty data span means that there was no data.
    Event { resource: ResourceId, name: Span, data: Span },
    /// The gateway ended the subscription; the reason is a JSON error object, or empty.
    Unsubscribed { resource: ResourceId, reason: Span },
    /// A resource is now of another kind, and its old value means nothing any more. These come first, too.
    Replaced(ResourceId),
    /// Resources left the cache, each told once. Their numbers stay valid until [`Engine::forget`](super::Engine::forget).
    Dropped(Vec<ResourceId>),
    /// A subscribe or unsubscribe request that no caller waits for was refused.
    Refused { resource: ResourceId, unsubscribe: bool, error: Span },
    /// Other resources than before are stale though the connection is usable, or none any more; [`Engine::is_stale`](super::Engine::is_stale)
    /// tells which.
    Stale,
    /// A request is done.
    Settled { request: RequestId, outcome: Outcome },
}

/// A member of a model was given a value, or deleted.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    pub key: KeyId,
    pub value: Value,
    /// Whether it is another value than before. The engine remembers references and what events brought, but not what came
    /// with the model's text, and numbers exactly, so where this is false, whoever has read the value has to compare. It is never
    /// false for a reference, nor where there was one.
    pub known: bool,
}

/// Why something came to nothing on this side. The numbers are those of the operations handed to JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Failure {
    /// The client was told to disconnect, or the connection was lost.
    Disconnected = 1,
    /// No connection could be made.
    NoConnection = 2,
    /// An answer makes no sense.
    Senseless = 3,
    /// The gateway does not speak this version of the protocol.
    UnsupportedProtocol = 4,
    /// As many resources are cached as may be.
    CacheFull = 5,
}

impl Failure {
    /// As an error of the protocol.
    pub const fn error(self) -> ResError {
        match self {
            Failure::Disconnected => ResError::DISCONNECT,
            Failure::NoConnection => ResError::CONNECTION_ERROR,
            Failure::Senseless => ResError::UNKNOWN_ERROR,
            Failure::UnsupportedProtocol => ResError::UNSUPPORTED_PROTOCOL,
            Failure::CacheFull => ResError::CACHE_FULL,
        }
    }
}

/// How a request ended.
#[derive(Debug)]
pub enum Outcome {
    /// With a cached resource, live from now on.
    Resource(ResourceId),
    /// With the payload of the result, as JSON text; an empty span means none.
    Payload(Span),
    /// With the result itself, of a `fetch` or by a gateway of the legacy protocol.
    Result(Span),
    /// With an error object from the other side.
    Error(Span),
    /// On this side.
    Failed(Failure),
}

/// The state of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// Nothing has been asked for yet.
    Idle,
    Connecting,
    /// Connected again, while what is listened to is being compared.
    Stale,
    Connected,
    /// The next attempt is made at this time.
    Waiting {
        until: Time,
    },
    /// Not connected, and not about to be until something is asked for.
    Closed,
}

/// Everything needed to read the value of a resource from its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub resource: ResourceId,
    pub kind: ResourceKind,
    pub frame: FrameId,
    pub rid: Span,
    pub value: Span,
    /// The members (by key) or items (by index) that are references, and what they refer to.
    pub references: Vec<(u32, ResourceId)>,
    /// Members or items in all.
    pub len: u32,
}
