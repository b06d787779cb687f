//! How fast a client may send.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Lets so many frames pass in a second, and some more at once after a silence.
#[derive(Debug)]
pub struct Pace {
    /// Between frames; `None` when there is no limit.
    every: Option<Duration>,
    /// How far the frames may be ahead of that.
    ahead: Duration,
    /// When the next frame would come if all came evenly.
    next: Mutex<Instant>,
}

impl Pace {
    /// A rate of 0 is no limit.
    pub fn new(per_second: u32, burst: u32) -> Pace {
        let every = Duration::from_secs(1).checked_div(per_second);
        let ahead = every.unwrap_or_default().saturating_mul(burst.saturating_sub(1));
        Pace { every, ahead, next: Mutex::new(Instant::now()) }
    }

    /// Waits until another frame may pass.
    pub async fn wait(&self) {
        let Some(every) = self.every else { return };
        let now = Instant::now();
        let due = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let due = (*next).max(now);
            *next = due + every;
            due
        };
        if due > now + self.ahead {
            sleep_until(due - self.ahead).await;
        }
    }
}
