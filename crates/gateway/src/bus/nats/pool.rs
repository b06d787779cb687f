//! The servers there are.

use std::sync::{Mutex, MutexGuard};

use super::address::ServerAddress;
use super::info::ServerInfo;

/// The servers that were configured, and those that they told of.
pub(super) struct Pool {
    in_order: bool,
    servers: Mutex<Servers>,
}

struct Servers {
    configured: Vec<ServerAddress>,
    learnt: Vec<ServerAddress>,
}

impl Pool {
    pub fn new(configured: Vec<ServerAddress>, in_order: bool) -> Pool {
        Pool { in_order, servers: Mutex::new(Servers { configured, learnt: Vec::new() }) }
    }

    /// All servers in the order in which to try them: first those that are configured, for what servers tell of
    /// themselves is often not how they are reached from here.
    pub fn to_try(&self) -> Vec<ServerAddress> {
        let servers = self.lock();
        let mut configured = servers.configured.clone();
        let mut learnt = servers.learnt.clone();
        if !self.in_order {
            shuffle(&mut configured);
        }
        shuffle(&mut learnt);
        configured.append(&mut learnt);
        configured
    }

    /// Whether there is another server than this one.
    pub fn has_other(&self, than: &ServerAddress) -> bool {
        let servers = self.lock();
        servers.configured.iter().chain(&servers.learnt).any(|server| !server.is_same(than))
    }

    /// Takes note of the cluster that a server says it is part of.
    pub fn learn(&self, from: &ServerAddress, info: &ServerInfo) {
        if info.connect_urls.is_empty() {
            return;
        }
        let mut servers = self.lock();
        let told = info.connect_urls.iter().take(MAX_LEARNT).filter_map(|address| from.told_of(address));
        let learnt = told.filter(|told| !servers.configured.iter().any(|known| known.is_same(told))).collect();
        servers.learnt = learnt;
    }

    /// Has a server that ended a connection tried last.
    pub fn leave(&self, server: &ServerAddress) {
        let mut servers = self.lock();
        let Servers { configured, learnt } = &mut *servers;
        for list in [configured, learnt] {
            if let Some(at) = list.iter().position(|known| known.is_same(server)) {
                let server = list.remove(at);
                list.push(server);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Servers> {
        self.servers.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn shuffle(servers: &mut [ServerAddress]) {
    for i in (1..servers.len()).rev() {
        // Without random numbers the order stays, which is one of those that may come out.
        let Ok(random) = getrandom::u64() else { return };
        servers.swap(i, (random % (i as u64 + 1)) as usize);
    }
}

/// More servers than any cluster has; what a server sends does not fill the memory.
const MAX_LEARNT: usize = 1_000;
