//! The session: connection, requests, subscriptions and timers, and the [`Engine`] that ties them to the cache.

pub mod connection;
mod engine;
mod lifecycle;
pub mod output;
mod receive;
pub mod requests;
mod subscribe;
pub mod subscription;
pub mod time;

pub use engine::{Config, Counters, Engine, Get, Options, ResourceInfo};
pub use output::{ConnectionId, ConnectionState, Outcome, Output, Reading, RequestId};
pub use time::{Time, Timer};
