//! What a client's engine asked for and told.

use resclient::cache::ResourceId;
use resclient::protocol::ResError;
use resclient::session::ConnectionState;
use serde_json::Value as Json;

/// A request frame the engine sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub id: u64,
    pub method: String,
    pub params: Option<Json>,
}

/// How a request of the application ended, with its spans read.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    Resource(ResourceId),
    Payload(Option<Json>),
    Result(Json),
    Error(ResError),
    Failed(ResError),
}

/// What happened to the connection, as the application is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    State(ConnectionState),
    Connected,
    Disconnected,
    ConnectFailed(ResError),
}

/// A request that nobody waits for was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub rid: String,
    pub unsubscribe: bool,
    pub error: ResError,
}
