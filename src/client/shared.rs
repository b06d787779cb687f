//! The lock around the [`Hub`], and who ends it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::hub::Hub;

/// What a client, its handles and its driver share.
pub(super) struct Shared {
    hub: Mutex<Hub>,
}

impl Shared {
    pub fn new(hub: Hub) -> Shared {
        Shared { hub: Mutex::new(hub) }
    }

    /// Does something with the hub and what follows from it, and then wakes whom that concerns: a waker may run code of
    /// the application, which may come back here.
    pub fn step<T>(&self, f: impl FnOnce(&mut Hub) -> T) -> T {
        let (result, (woken, _spent)) = {
            // Nothing of the application runs inside, so a panic there is this crate's fault, and the state is as good
            // as it was.
            let mut hub = self.hub.lock().unwrap_or_else(PoisonError::into_inner);
            let before = hub.next_timeout();
            let result = f(&mut hub);
            hub.settle();
            (result, hub.take_wakers(before))
        };
        woken.into_iter().for_each(std::task::Waker::wake);
        result
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// What clients and handles hold of a [`Shared`]: when the last one goes, the connection is closed.
#[derive(Debug)]
pub(super) struct Owner {
    pub shared: Arc<Shared>,
    /// Whether what is refused as too active is asked for again.
    pub retries: bool,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.step(Hub::close);
    }
}
