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
    /// How long every frame may have to wait for its turn.
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the next frame would come if all came evenly.
    next: Instant,
    /// Since when each had to wait.
    behind: Option<Instant>,
}

/// More came, for longer than is put up with, than may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

impl Pace {
    /// A rate of 0 is no limit.
    pub fn new(per_second: u32, burst: u32, patience: Duration) -> Pace {
        let every = Duration::from_secs(1).checked_div(per_second);
        let ahead = every.unwrap_or_default().saturating_mul(burst.saturating_sub(1));
        Pace { every, ahead, patience, state: Mutex::new(State { next: Instant::now(), behind: None }) }
    }

    /// Waits until another frame may pass.
    pub async fn wait(&self) -> Result<(), TooMany> {
        let Some(every) = self.every else { return Ok(()) };
        let now = Instant::now();
        let due = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let due = state.next.max(now);
            state.next = due + every;
            if due <= now + self.ahead {
                state.behind = None;
                return Ok(());
            }
            let behind = *state.behind.get_or_insert(now);
            if now.duration_since(behind) > self.patience {
                return Err(TooMany);
            }
            due
        };
        sleep_until(due - self.ahead).await;
        Ok(())
    }
}
