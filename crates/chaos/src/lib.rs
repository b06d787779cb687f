//! Real processes in real trouble: three gateways, a NATS server, services and clients, with a proxy on every connection
//! between them, and faults that a seed decides.
//!
//! - [`Script`](script::Script): which fault when. The same seed gives the same script; what else happens is up to the
//!   machine.
//! - [`World`](world::World): the processes, services, clients and proxies, and what a fault does to them.
//! - [`Load`](load::Load): what clients and services do meanwhile.
//! - [`check`]: what has to hold once everything works again, with the services' own state as the truth.
//! - [`soak`]: the same for long, with an eye on the memory.
//!
//! Everything but the programs runs in one thread, so that a look at a client, or at a service, is of one moment.

#![forbid(unsafe_code)]

pub mod check;
pub mod load;
pub mod log;
pub mod names;
pub mod owner;
pub mod program;
pub mod proxy;
pub mod script;
pub mod seeds;
pub mod slope;
pub mod soak;
pub mod viewer;
pub mod world;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a panic of another thread left is as good as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
