#![forbid(unsafe_code)]
#![cfg_attr(autobahn, allow(dead_code, unused_imports, unused_variables))]
#![doc = include_str!("lib.md")]

#[cfg(feature = "server")]
pub mod bus;
pub mod core;
#[cfg(feature = "server")]
pub mod demo;
#[cfg(feature = "server")]
mod gateway;
#[cfg(feature = "server")]
pub mod inspector;
#[cfg(feature = "server")]
pub mod metrics;
#[cfg(feature = "server")]
pub mod recording;
#[cfg(feature = "server")]
pub mod resources;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod service;

#[cfg(feature = "server")]
pub use gateway::{
    Counters, Gateway, GatewayConfig, Outgoing, Session, SessionReceiver, SessionSender, Snapshot, Traffic,
};
