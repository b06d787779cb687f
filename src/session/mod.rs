//! The session: connection, requests, subscriptions and timers, and the [`Engine`] that ties them to the cache.

mod connection;
mod engine;
mod heartbeat;
mod lifecycle;
pub mod output;
mod receive;
mod recover;
mod requests;
mod subscribe;
mod subscription;
mod subscriptions;
pub mod time;

pub use engine::{Config, Counters, Engine, Get, Options, ResourceInfo};
pub use output::{Change, ConnectionId, ConnectionState, Failure, Outcome, Output, Reading, RequestId};
pub use time::{Time, Timer};
