//! Time and timers. The engine has no clock: the caller says what time it is.

use std::ops::Add;

use crate::cache::ResourceId;
use crate::ledger::Ledger;

/// Milliseconds since some fixed moment. It never goes back: an earlier time than the last one counts as the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time(pub u64);

impl Add<u64> for Time {
    type Output = Time;

    fn add(self, ms: u64) -> Time {
        Time(self.0.saturating_add(ms))
    }
}

/// How often something has happened in a minute.
#[derive(Debug, Default)]
pub struct Minute {
    began: Time,
    count: u32,
}

impl Minute {
    /// It has happened now: how often since the minute began.
    pub fn count(&mut self, now: Time) -> u32 {
        if now >= self.began + 60_000 {
            *self = Minute { began: now, count: 0 };
        }
        self.count += 1;
        self.count
    }
}

/// What the engine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The socket has to open and the gateway to answer the version request.
    Handshake,
    /// Requests have waited long enough for the hook.
    Hook,
    /// The next attempt to connect.
    Reconnect,
    /// Nobody listens to the resource any more: unsubscribe.
    Linger(ResourceId),
    /// A resource that came as an error is to be asked for.
    Recover(ResourceId),
    /// A stale resource is to be subscribed to again.
    Resubscribe(ResourceId),
}

/// A timer that was set, for taking it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerKey(Time, u64);

/// Timers by deadline; those of one deadline fire in the order they were set.
#[derive(Debug, Default)]
pub struct Timers {
    queue: Ledger<TimerKey, Timer>,
    sequence: u64,
}

impl Timers {
    pub fn set(&mut self, at: Time, timer: Timer) -> TimerKey {
        self.sequence += 1;
        let key = TimerKey(at, self.sequence);
        self.queue.insert(key, timer);
        key
    }

    pub fn cancel(&mut self, key: &mut Option<TimerKey>) {
        if let Some(key) = key.take() {
            self.queue.remove(key);
        }
    }

    /// A timer that is set fires at that time if it would fire before.
    pub fn postpone(&mut self, key: &mut Option<TimerKey>, at: Time) {
        if let Some(set) = key
            && set.0 < at
            && let Some(timer) = self.queue.remove(*set)
        {
            *key = Some(self.set(at, timer));
        }
    }

    /// The next deadline and what it is for.
    pub fn next(&self) -> Option<(Time, Timer)> {
        self.queue.first().map(|(key, &timer)| (key.0, timer))
    }

    pub fn pop_due(&mut self, now: Time) -> Option<Timer> {
        let (key, _) = self.queue.first()?;
        if key.0 <= now { self.queue.remove(key) } else { None }
    }
}
