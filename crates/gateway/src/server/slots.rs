//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::response::Response;
use resclient::protocol::ResError;

use super::api::answer::{self, SERVICE_UNAVAILABLE};
use super::network::Network;

/// Counts the connections that are open.
#[derive(Debug)]
pub struct Slots {
    in_all: usize,
    per_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    by_network: HashMap<Network, usize>,
}

/// Why a client has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    InAll,
    Address,
}

impl Full {
    /// What such a client is answered.
    pub fn response(self) -> Response {
        match self {
            Full::InAll => answer::error(&SERVICE_UNAVAILABLE),
            Full::Address => answer::error(&TOO_MANY),
        }
    }

    /// What the operator is told.
    pub fn advice(self) -> &'static str {
        match self {
            Full::InAll => "refused a client: there are as many connections as limits.connections allows",
            Full::Address => {
                "refused a client: its address has as many connections as limits.connectionsPerAddress allows; \
                 behind a proxy, all clients have the same"
            }
        }
    }
}

impl Slots {
    pub fn new(in_all: usize, per_address: usize) -> Arc<Slots> {
        Arc::new(Slots { in_all, per_address, taken: Mutex::default() })
    }

    /// Takes a place, which is free again when the slot is dropped.
    ///
    /// # Errors
    /// If there is none.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Result<Slot, Full> {
        let network = Network::from(address);
        let mut taken = self.taken();
        if taken.in_all >= self.in_all {
            return Err(Full::InAll);
        }
        if taken.by_network.get(&network).is_some_and(|&count| count >= self.per_address) || self.per_address == 0 {
            return Err(Full::Address);
        }
        taken.in_all += 1;
        *taken.by_network.entry(network).or_default() += 1;
        Ok(Slot { slots: self.clone(), network })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The place of one connection.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    network: Network,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        taken.in_all -= 1;
        if let Some(count) = taken.by_network.get_mut(&self.network) {
            *count -= 1;
            // One that is gone must not take memory.
            if *count == 0 {
                taken.by_network.remove(&self.network);
            }
        }
    }
}

const TOO_MANY: ResError = ResError::new("system.tooManyRequests", "Too many connections");
