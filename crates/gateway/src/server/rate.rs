//! How many HTTP requests may come from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::network::Network;

/// Lets so many requests of each address pass in a second, and some more at once after a silence.
#[derive(Debug)]
pub struct Rate {
    /// Between requests; `None` when there is no limit.
    every: Option<Duration>,
    /// How far the requests may be ahead of that.
    ahead: Duration,
    addresses: Mutex<Addresses>,
}

#[derive(Debug, Default)]
struct Addresses {
    /// When the next request of each would come if all came evenly; one that is past says nothing.
    next: HashMap<Network, Instant>,
    /// With how many the past ones are forgotten.
    sweep: usize,
}

impl Rate {
    /// A rate of 0 is no limit.
    pub fn new(per_second: u32, burst: u32) -> Rate {
        let every = Duration::from_secs(1).checked_div(per_second);
        let ahead = every.unwrap_or_default().saturating_mul(burst.saturating_sub(1));
        Rate { every, ahead, addresses: Mutex::default() }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// After what time the address may ask again; what is refused does not count.
    pub fn pass(&self, address: IpAddr) -> Result<(), Duration> {
        let Some(every) = self.every else { return Ok(()) };
        let now = Instant::now();
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.forget_past(now);
        let next = addresses.next.entry(address.into()).or_insert(now);
        let due = (*next).max(now);
        if due > now + self.ahead {
            return Err(due - self.ahead - now);
        }
        *next = due + every;
        Ok(())
    }
}

impl Addresses {
    /// Addresses that are gone must not take memory; to look at all of them each time would take time.
    fn forget_past(&mut self, now: Instant) {
        if self.next.len() >= self.sweep {
            self.next.retain(|_, next| *next > now);
            self.sweep = self.next.len() * 2 + 64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn addresses_are_forgotten_once_they_may_send_a_burst_again() {
        let rate = Rate::new(10, 5);
        for n in 0..10_000u32 {
            assert_eq!(rate.pass(IpAddr::V4(n.into())), Ok(()));
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert!(rate.addresses.lock().unwrap().next.len() < 200);
    }
}
