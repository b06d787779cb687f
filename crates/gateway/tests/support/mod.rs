//! What several test files share.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod bus;
pub mod client;
pub mod exposition;
pub mod fixture;
pub mod hand;
pub mod http;
pub mod items;
pub mod line;
pub mod log;
pub mod nats;
pub mod nats_keys;
pub mod program;
pub mod raw;
pub mod small_bus;
pub mod spy;
pub mod studio;
pub mod wire;
