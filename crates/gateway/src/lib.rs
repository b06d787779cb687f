#![forbid(unsafe_code)]
#![cfg_attr(autobahn, allow(dead_code, unused_imports, unused_variables))]
#![doc = include_str!("lib.md")]

pub mod bus;
pub mod core;
pub mod demo;
mod gateway;
pub mod metrics;
pub mod resources;
pub mod server;
pub mod service;

pub use gateway::{
    Counters, Gateway, GatewayConfig, Outgoing, Session, SessionReceiver, SessionSender, Snapshot, Traffic,
};
