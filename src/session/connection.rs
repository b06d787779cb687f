//! The connection: phases of the handshake, and when to try again.

use super::output::ConnectionId;
use super::time::{Time, TimerKey};
use crate::bug;
use crate::protocol::Version;

/// How far the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Idle,
    /// Between attempts.
    Waiting,
    /// The socket is being opened.
    Opening,
    /// The version request is out.
    Handshake,
    /// The application's hook runs.
    Hook,
    Ready,
}

/// The state of the connection and of the attempts at it.
#[derive(Debug)]
pub struct Connection {
    pub phase: Phase,
    pub id: ConnectionId,
    /// Whether the application wants to be connected.
    pub wanted: bool,
    /// Whether there was a usable connection since the application asked for one.
    pub established: bool,
    /// Whether a first attempt that fails is not the last.
    pub persistent: bool,
    pub protocol: Version,
    /// The deadline of the handshake, the end of waiting for the hook, or the next attempt.
    pub timer: Option<TimerKey>,
    /// Whether it is the hook that asks.
    pub admitted: bool,
    /// Whether that is known of every request.
    pub exact: bool,
    /// How many of the requests that wait were made before the hook began, and so are not the hook's.
    pub waiting_before: usize,
    /// Subscriptions being renewed: until they are answered, what is cached may be out of date.
    pub comparing: u32,
    /// Attempts since the last connection that held.
    attempts: u32,
    ready_since: Time,
    random: u64,
}

impl Connection {
    pub fn new(seed: u64) -> Self {
        Connection {
            phase: Phase::Idle,
            id: ConnectionId(0),
            wanted: false,
            established: false,
            persistent: false,
            protocol: Version::LEGACY,
            timer: None,
            admitted: false,
            exact: false,
            waiting_before: 0,
            comparing: 0,
            attempts: 0,
            ready_since: Time(0),
            random: seed,
        }
    }

    /// Whether there is a socket, open or about to be.
    pub fn has_socket(&self) -> bool {
        !matches!(self.phase, Phase::Idle | Phase::Waiting)
    }

    pub fn ready(&mut self, now: Time) {
        self.phase = Phase::Ready;
        self.established = true;
        self.ready_since = now;
    }

    /// Milliseconds until the next attempt: exponential backoff with full jitter. A connection that ended at once does
    /// not count as a success, or a gateway that accepts and drops would be hammered.
    pub fn backoff(&mut self, now: Time, base: u64, max: u64) -> u64 {
        if self.phase == Phase::Ready && now >= self.ready_since + STABLE {
            self.attempts = 0;
        }
        let ceiling = base.saturating_mul(1 << self.attempts.min(16)).min(max);
        self.attempts += 1;
        if bug!("gives-up") && self.attempts > 3 {
            return u64::MAX / 4;
        }
        if bug!("a-minute-away") {
            return 60_000;
        }
        self.random() % ceiling.saturating_add(1)
    }

    /// The next attempt starts from the beginning of the backoff.
    pub fn calm(&mut self) {
        self.attempts = 0;
    }

    /// SplitMix64.
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

/// How many milliseconds a connection has to last to count as a success.
const STABLE: u64 = 10_000;
