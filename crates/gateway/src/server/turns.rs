//! Whose turn it is for what is done one at a time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::network::Network;

/// One turn at a time, for which one of each address waits: the others of that address wait behind it, so that who
/// wants many turns does not keep others waiting for more than one of them.
#[derive(Debug)]
pub struct Turns {
    all: Arc<Semaphore>,
    /// Where those of an address wait for each other; nobody holds that of an address which is gone.
    lines: Mutex<HashMap<Network, Weak<Semaphore>>>,
}

/// It lasts until it is dropped.
#[derive(Debug)]
pub struct Turn {
    _of_all: OwnedSemaphorePermit,
    _in_line: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns { all: Arc::new(Semaphore::new(1)), lines: Mutex::default() }
    }
}

impl Turns {
    /// Waits for the next turn of an address.
    pub async fn next(&self, address: IpAddr) -> Turn {
        let in_line = wait(self.line(address.into())).await;
        Turn { _of_all: wait(self.all.clone()).await, _in_line: in_line }
    }

    fn line(&self, network: Network) -> Arc<Semaphore> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // There are as many as wait, and those that have waited since this was done last.
        lines.retain(|_, line| line.strong_count() > 0);
        let known = lines.get(&network).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let line = Arc::new(Semaphore::new(1));
            lines.insert(network, Arc::downgrade(&line));
            line
        })
    }
}

async fn wait(semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
    semaphore.acquire_owned().await.expect("it is never closed")
}
