//! What is to be sent to the server, and the side of a connection that is shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;
use tracing::error;

use super::error::NatsError;
use super::protocol::{self, MAX_ARGUMENTS};
use crate::bus::{Bus, Refusal};
use crate::core::subject::is_valid_pattern;

/// What waits to be sent, between those who publish and the task that writes.
pub(super) struct Outbound {
    state: Mutex<State>,
    /// Most bytes that may wait.
    limit: usize,
    /// There is something to write, or the end has come.
    wake: Notify,
    /// The end has come.
    ending: Notify,
}

struct State {
    waiting: Vec<u8>,
    /// Bytes that were taken to be written and are not yet.
    writing: usize,
    max_payload: usize,
    next_sid: u64,
    /// The subscriptions, by their pattern.
    sids: HashMap<Box<str>, Vec<u64>>,
    pings: u64,
    pongs: u64,
    end: Option<NatsError>,
}

/// What the task that writes has to do.
pub(super) enum Work {
    Write,
    Wait,
    /// Everything is written: the connection ends, for this reason.
    End(NatsError),
}

impl Outbound {
    pub fn new(limit: usize, max_payload: usize) -> Outbound {
        let state = State {
            waiting: Vec::new(),
            writing: 0,
            max_payload,
            next_sid: 0,
            sids: HashMap::new(),
            pings: 0,
            pongs: 0,
            end: None,
        };
        Outbound { state: Mutex::new(state), limit, wake: Notify::new(), ending: Notify::new() }
    }

    pub fn set_max_payload(&self, bytes: usize) {
        self.lock().max_payload = bytes;
    }

    pub fn ping(&self) {
        self.send(|state| state.ping());
    }

    pub fn pong(&self) {
        self.send(|state| protocol::push_line(&mut state.waiting, &["PONG"]));
    }

    /// The server has answered a ping.
    pub fn ponged(&self) {
        self.lock().pongs += 1;
        self.wake.notify_one();
    }

    /// Sends what waits and then ends. What is published from now on is not sent.
    pub fn close(&self, reason: NatsError) {
        let mut state = self.lock();
        if state.end.is_none() {
            // With the answer to this ping the server has taken everything before it. Were the connection closed while
            // something of the server's is unread, the system would tell it to forget what it has not read either.
            state.ping();
            state.end = Some(reason);
            drop(state);
            self.wake.notify_one();
            self.ending.notify_one();
        }
    }

    /// The connection is gone: what waits will not be sent.
    pub fn discard(&self, reason: NatsError) {
        let mut state = self.lock();
        state.waiting = Vec::new();
        state.end.get_or_insert(reason);
    }

    /// What comes next for who writes; what is to be written is exchanged for `written`, which was before.
    pub fn next(&self, written: &mut Vec<u8>) -> Work {
        let mut state = self.lock();
        written.clear();
        state.writing = 0;
        if !state.waiting.is_empty() {
            // A burst of long ago must not hold its memory for ever.
            written.shrink_to(KEPT_BYTES);
            std::mem::swap(&mut state.waiting, written);
            state.writing = written.len();
            return Work::Write;
        }
        match &state.end {
            Some(reason) if state.pongs >= state.pings => Work::End(reason.clone()),
            _ => Work::Wait,
        }
    }

    /// Ready when there may be something new for [`Outbound::next`].
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Ready, for one who waits, when the end has come; gives its reason.
    pub async fn ending(&self) -> NatsError {
        self.ending.notified().await;
        self.lock().end.clone().unwrap_or(NatsError::Closed)
    }

    fn max_payload(&self) -> usize {
        self.lock().max_payload
    }

    fn is_half_full(&self) -> bool {
        let state = self.lock();
        state.waiting.len() + state.writing > self.limit / 2
    }

    fn send(&self, push: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        if state.end.is_some() {
            return;
        }
        push(&mut state);
        if state.waiting.len() + state.writing > self.limit {
            state.end = Some(NatsError::Backlog(self.limit));
            state.waiting = Vec::new();
            self.ending.notify_one();
        }
        drop(state);
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn ping(&mut self) {
        self.pings += 1;
        protocol::push_line(&mut self.waiting, &["PING"]);
    }
}

/// The sending side that others hold. When it is dropped, the connection is flushed and ends.
pub(super) struct Sender(pub Arc<Outbound>);

impl Bus for Sender {
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) -> Result<(), Refusal> {
        let arguments = subject.len() + reply.map_or(0, str::len) + MAX_SIZE_AND_SPACES;
        if arguments > MAX_ARGUMENTS || !protocol::is_literal(subject) || !reply.is_none_or(protocol::is_literal) {
            return Err(Refusal::Subject);
        }
        if payload.len() > self.0.max_payload() {
            return Err(Refusal::Payload);
        }
        self.0.send(|state| protocol::push_publish(&mut state.waiting, subject, reply, &payload));
        Ok(())
    }

    fn is_congested(&self) -> bool {
        self.0.is_half_full()
    }

    fn subscribe(&self, pattern: &str) {
        if !is_valid_pattern(pattern) || pattern.len() + MAX_SIZE_AND_SPACES > MAX_ARGUMENTS {
            error!(length = pattern.len(), "a pattern that NATS cannot carry is not listened to");
            return;
        }
        self.0.send(|state| {
            state.next_sid += 1;
            state.sids.entry(pattern.into()).or_default().push(state.next_sid);
            protocol::push_subscribe(&mut state.waiting, pattern, state.next_sid);
        });
    }

    fn unsubscribe(&self, pattern: &str) {
        self.0.send(|state| {
            let Some(sids) = state.sids.get_mut(pattern) else { return };
            if let Some(sid) = sids.pop() {
                protocol::push_unsubscribe(&mut state.waiting, sid);
            }
            if sids.is_empty() {
                state.sids.remove(pattern);
            }
        });
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.close(NatsError::Closed);
    }
}

/// Two spaces and a number of 20 digits, the longest there is.
const MAX_SIZE_AND_SPACES: usize = 22;

/// Bytes of memory that are kept for what is written next.
const KEPT_BYTES: usize = 64 << 10;
