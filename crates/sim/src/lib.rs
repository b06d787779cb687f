#![forbid(unsafe_code)]
//! The whole system in one thread, on virtual time, from one seed: clients, gateways, a bus and services, and everything
//! that can happen to them.
//!
//! Engine and gateway are the ones that are shipped, which have neither a clock nor I/O. What is around them (drivers,
//! sockets, NATS, services) is here as its protocol has it, and goes wrong as a [`script::Script`] says.

mod access;
mod agenda;
pub mod bugs;
mod bus;
pub mod campaign;
mod check;
mod choice;
mod client;
mod faults;
#[allow(dead_code, reason = "the engine's tests use the rest")]
mod fold;
mod gateways;
mod hosts;
mod links;
pub mod names;
#[cfg(feature = "page")]
pub mod page;
mod pipe;
pub mod run;
pub mod script;
mod service;
pub mod tally;
mod traffic;
mod visitors;
mod wire;
pub mod world;
mod writer;
