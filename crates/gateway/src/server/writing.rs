//! Whose turn it is to have a long answer written.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::network::Network;

/// One turn at a time, for which one of each address waits: the others of that address wait behind it, so that who
/// wants many turns does not keep others waiting for more than one of them. An address also has room for so many answers
/// that are not read yet, so that who lets them lie does not fill the memory.
#[derive(Debug)]
pub struct Writing {
    all: Arc<Semaphore>,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    /// Nobody holds that of an address which is gone.
    of: HashMap<Network, Weak<Line>>,
    /// With how many those are forgotten.
    sweep: usize,
}

/// Where those of an address wait for each other.
#[derive(Debug)]
struct Line {
    turn: Arc<Semaphore>,
    room: Arc<Semaphore>,
}

/// It lasts until it is dropped.
#[derive(Debug)]
pub struct Turn {
    _of_all: OwnedSemaphorePermit,
    _in_line: OwnedSemaphorePermit,
}

/// Taken until it is dropped.
#[derive(Debug)]
pub struct Room {
    _taken: OwnedSemaphorePermit,
    line: Arc<Line>,
}

impl Default for Writing {
    fn default() -> Writing {
        Writing { all: Arc::new(Semaphore::new(1)), lines: Mutex::default() }
    }
}

impl Writing {
    /// Waits for room for another answer to an address; `waits` is called if there is none at once.
    pub async fn room(&self, address: IpAddr, waits: impl FnOnce()) -> Room {
        let line = self.line(address.into());
        if line.room.available_permits() == 0 {
            waits();
        }
        Room { _taken: wait(line.room.clone()).await, line }
    }

    /// Waits for the next turn of the address that has the room.
    pub async fn next(&self, room: &Room) -> Turn {
        let in_line = wait(room.line.turn.clone()).await;
        Turn { _of_all: wait(self.all.clone()).await, _in_line: in_line }
    }

    fn line(&self, network: Network) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.forget_gone();
        let known = lines.of.get(&network).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let line = Arc::new(Line { turn: Arc::new(Semaphore::new(1)), room: Arc::new(Semaphore::new(UNREAD)) });
            lines.of.insert(network, Arc::downgrade(&line));
            line
        })
    }
}

impl Lines {
    /// Addresses that are gone must not take memory; to look at all of them for each request would take time.
    fn forget_gone(&mut self) {
        if self.of.len() >= self.sweep {
            self.of.retain(|_, line| line.strong_count() > 0);
            self.sweep = self.of.len() * 2 + 64;
        }
    }
}

async fn wait(semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
    semaphore.acquire_owned().await.expect("it is never closed")
}

/// Long answers that one address may leave unread.
const UNREAD: usize = 8;
