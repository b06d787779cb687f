//! The client's end of a connection, and what it shares with the driver.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use resclient::protocol::ResError;
use tokio::sync::{Notify, mpsc, oneshot};

use super::driver::Input;
use super::pace::Pace;
use crate::core::Frame;
use crate::core::border::ConnId;
use crate::core::conn::{HttpAnswer, HttpRequest};
use crate::core::meta::Meta;

/// A client's end of a connection.
pub struct Session {
    sender: SessionSender,
    receiver: SessionReceiver,
}

impl Session {
    pub(super) fn new(guard: Guard, shared: Arc<Shared>, pace: Pace) -> Session {
        let guard = Arc::new(guard);
        Session {
            sender: SessionSender { guard: guard.clone(), shared: shared.clone(), pace },
            receiver: SessionReceiver { guard, shared },
        }
    }

    /// The two directions, for use in different tasks. The session ends when both are dropped.
    pub fn split(self) -> (SessionSender, SessionReceiver) {
        (self.sender, self.receiver)
    }

    /// Has services answer the HTTP request that the client began with. Frames may be sent once that is answered, if it
    /// was for a WebSocket; a session for anything else is to be dropped then.
    pub async fn http(&self, request: HttpRequest) -> HttpAnswer {
        let (answer, answered) = oneshot::channel();
        let guard = &self.sender.guard;
        let sent = guard.id.is_some_and(|id| guard.inputs.send(Input::Http(id, request, answer)).is_ok());
        let answer = if sent { answered.await.ok() } else { None };
        answer.unwrap_or_else(|| HttpAnswer {
            meta: Meta::default(),
            outcome: Err(ResError::new("system.serviceUnavailable", "Service unavailable")),
            header_failure: None,
        })
    }

    /// See [`SessionSender::send`].
    pub async fn send(&self, frame: &str) {
        self.sender.send(frame).await;
    }

    /// See [`SessionReceiver::recv`].
    pub async fn recv(&mut self) -> Outgoing {
        self.receiver.recv().await
    }
}

/// The direction from the client to the gateway.
pub struct SessionSender {
    guard: Arc<Guard>,
    shared: Arc<Shared>,
    pace: Pace,
}

impl SessionSender {
    /// Hands in a text frame. Waits while too many requests of this session have answers the client has not taken yet,
    /// or answers of too many bytes, and when they come too fast: so what one client asks for and does not read stays
    /// bounded. One that sends too fast for too long is closed with code 1008.
    pub async fn send(&self, frame: &str) {
        if self.pace.wait().await.is_err() {
            self.guard.tell(Input::TooMany);
        } else if self.shared.hand_in(frame).await {
            self.guard.tell(Input::Frames);
        }
    }

    /// Waits for the turn of what a client sends that is no request, such as a ping: it counts like one.
    pub async fn pass(&self) {
        if self.pace.wait().await.is_err() {
            self.guard.tell(Input::TooMany);
        }
    }
}

/// The direction from the gateway to the client.
pub struct SessionReceiver {
    guard: Arc<Guard>,
    shared: Arc<Shared>,
}

/// What a client is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    Frame(Frame),
    /// Close with this WebSocket code and reason; nothing follows.
    Close(u16, &'static str),
}

impl SessionReceiver {
    /// The next frame.
    pub async fn recv(&mut self) -> Outgoing {
        loop {
            match self.try_recv() {
                Some(outgoing) => return outgoing,
                None => self.shared.queued.notified().await,
            }
        }
    }

    /// The next frame, if it is there already.
    pub fn try_recv(&mut self) -> Option<Outgoing> {
        let (outgoing, goes_on) = self.shared.take();
        if goes_on {
            self.guard.tell(Input::Frames);
        }
        outgoing
    }

    /// Waits until the session is to be closed without sending what is queued, because that is too much.
    pub async fn overrun(&self) {
        while !self.shared.lock().is_overrun {
            self.shared.queued.notified().await;
        }
    }
}

/// The driver's end of the queue to a client.
pub(super) struct Outbox {
    shared: Arc<Shared>,
}

/// More waits for the client than may.
pub(super) struct Backlog {
    pub bytes: usize,
    pub frames: usize,
}

/// Makes a queue to a client within the limits. Its other end is what the session is made of.
pub(super) fn queue(limits: QueueLimits) -> (Outbox, Arc<Shared>) {
    let shared = Arc::new(Shared { limits, state: Mutex::default(), queued: Notify::new(), moved: Notify::new() });
    (Outbox { shared: shared.clone() }, shared)
}

impl Outbox {
    /// Queues what the client did not ask for, unless too much of that waits already. What is queued counts, not the
    /// frame; answers do not count: a client that reads slowly asks slowly.
    ///
    /// Nor is a client slow because one message led to more than may wait, such as the reset of a long list: a burst
    /// that begins within the limits may be [`BURST_TIMES`] as much, and what waits then is left out of the count until
    /// it is taken. While some of it waits, no other burst may do so. A burst is what has the same number, and what
    /// comes after it if the connection then still `goes_on` with what it has to do.
    pub fn event(&self, frame: Frame, burst: u64, goes_on: bool) -> Result<(), Backlog> {
        let mut state = self.shared.lock();
        let (limits, (bytes, frames), excess) = (&self.shared.limits, state.events, state.excess);
        let is_over = |excess: (usize, usize)| bytes > limits.bytes + excess.0 || frames >= limits.frames + excess.1;
        let is_other = std::mem::replace(&mut state.burst, burst) != burst;
        if is_other && !std::mem::replace(&mut state.goes_on, goes_on) {
            state.may_exceed = excess == (0, 0) && !is_over(excess);
        }
        state.may_exceed &= bytes <= limits.bytes * BURST_TIMES && frames < limits.frames * BURST_TIMES;
        if !state.may_exceed && is_over(excess) {
            return Err(Backlog { bytes, frames });
        }
        state.events = (bytes + frame.len(), frames + 1);
        if state.may_exceed && is_over((0, 0)) {
            state.excess = state.events;
        }
        self.shared.push(state, Queued::Event(frame));
        Ok(())
    }

    /// Queues the answer to one frame of the client; when it is taken, another may come. What was asked for before the
    /// first answers waited can be a lot, and yet not any amount.
    pub fn answer(&self, frame: Frame) -> Result<(), Backlog> {
        let mut state = self.shared.lock();
        if state.answers > self.shared.limits.bytes.saturating_mul(ANSWERS) {
            return Err(Backlog { bytes: state.answers, frames: state.queue.len() });
        }
        state.answers += frame.len();
        self.shared.push(state, Queued::Answer(frame));
        Ok(())
    }

    /// The client's next frame. `None` when there is none, or too much of what was answered waits: then
    /// [`Input::Frames`] tells when there are others.
    pub fn next_frame(&self) -> Option<String> {
        let mut state = self.shared.lock();
        let next = if state.answers > self.shared.limits.bytes { None } else { state.incoming.pop_front() };
        match &next {
            Some(frame) => {
                let was_full = state.incoming_bytes >= INCOMING_BYTES;
                state.incoming_bytes -= frame.len();
                if was_full {
                    self.shared.moved.notify_one();
                }
            }
            None => {
                state.is_told = false;
                state.incoming.shrink_to(KEPT);
            }
        }
        next
    }

    /// Bytes and frames of events that wait to be sent.
    pub fn queued(&self) -> (usize, usize) {
        self.shared.lock().events
    }

    /// Ends the queue with a close, which comes after what is queued or `at_once`.
    pub fn close(self, code: u16, reason: &'static str, at_once: bool) {
        // The drop tells the other end.
        let mut state = self.shared.lock();
        state.end = Some((code, reason));
        state.is_overrun = at_once;
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.shared.lock().end.get_or_insert((1012, "the gateway has lost its services"));
        self.shared.moved.notify_waiters();
        self.shared.moved.notify_one();
        self.shared.queued.notify_one();
    }
}

/// How much may wait for one client.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    /// Requests whose answers the client has not taken.
    pub requests: usize,
    /// Of events, and of answers before another request is read.
    pub bytes: usize,
    /// Of events.
    pub frames: usize,
}

/// What the two ends of a queue share. Most connections are idle: there is one lock and one list, and no channel.
pub(super) struct Shared {
    limits: QueueLimits,
    state: Mutex<State>,
    /// There is something in the queue where there was nothing, or the end has come.
    queued: Notify,
    /// Another request may be read, or none any more.
    moved: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Queued>,
    /// Bytes and frames of events in the queue.
    events: (usize, usize),
    /// Of these, what does not count because a burst was beyond the limits.
    excess: (usize, usize),
    /// What the last event belonged to, and whether that may be more than may wait.
    burst: u64,
    may_exceed: bool,
    goes_on: bool,
    /// Bytes of answers in the queue.
    answers: usize,
    /// Requests whose answers the client has not taken.
    requests: usize,
    /// Frames of the client that the driver has not taken, and their bytes.
    incoming: VecDeque<String>,
    incoming_bytes: usize,
    /// The driver knows of them.
    is_told: bool,
    /// How to close when the queue is empty, or at once when it is overrun.
    end: Option<(u16, &'static str)>,
    is_overrun: bool,
}

enum Queued {
    Event(Frame),
    Answer(Frame),
}

impl Shared {
    /// Waits until another request may be read. `true` when the driver has to be told.
    async fn hand_in(&self, frame: &str) -> bool {
        loop {
            {
                let mut state = self.lock();
                if state.end.is_some() {
                    return false;
                }
                if state.requests < self.limits.requests
                    && state.answers <= self.limits.bytes
                    && state.incoming_bytes < INCOMING_BYTES
                {
                    state.requests += 1;
                    state.incoming_bytes += frame.len();
                    state.incoming.push_back(frame.to_owned());
                    return !std::mem::replace(&mut state.is_told, true);
                }
            }
            self.moved.notified().await;
        }
    }

    fn push(&self, mut state: MutexGuard<'_, State>, frame: Queued) {
        state.queue.push_back(frame);
        // Whoever takes from the queue takes all there is before it waits.
        if state.queue.len() == 1 {
            drop(state);
            self.queued.notify_one();
        }
    }

    /// What comes next for the client, and whether the driver has to be told that it may go on with what came from it.
    fn take(&self) -> (Option<Outgoing>, bool) {
        let mut state = self.lock();
        let close = |(code, reason)| Outgoing::Close(code, reason);
        if state.is_overrun {
            return (state.end.map(close), false);
        }
        match state.queue.pop_front() {
            Some(Queued::Event(frame)) => {
                state.events = (state.events.0 - frame.len(), state.events.1 - 1);
                let (bytes, frames) = state.excess;
                state.excess = (bytes.saturating_sub(frame.len()), frames.saturating_sub(1));
                (Some(Outgoing::Frame(frame)), false)
            }
            Some(Queued::Answer(frame)) => {
                state.answers -= frame.len();
                state.requests -= 1;
                let goes_on = !state.incoming.is_empty() && state.answers <= self.limits.bytes;
                let tell = goes_on && !std::mem::replace(&mut state.is_told, true);
                drop(state);
                self.moved.notify_one();
                (Some(Outgoing::Frame(frame)), tell)
            }
            None => {
                // A burst of long ago must not hold its memory for ever.
                state.queue.shrink_to(KEPT);
                state.excess = (0, 0);
                (state.end.map(close), false)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many times what may wait a burst may be.
const BURST_TIMES: usize = 16;

/// Frames for which an empty queue keeps room.
const KEPT: usize = 4;

/// With so many bytes that the driver has not taken, no more are read from a client.
const INCOMING_BYTES: usize = 16 << 10;

/// Who waits for a session to be opened. If they have gone, it ends at once: wherever its guard is dropped.
pub(super) struct Opening {
    pub opened: oneshot::Sender<Guard>,
    pub inputs: mpsc::UnboundedSender<Input>,
}

impl Opening {
    pub fn done(self, id: ConnId) {
        drop(self.opened.send(Guard { id: Some(id), inputs: self.inputs }));
    }
}

/// Tells the driver that the client is gone.
pub(super) struct Guard {
    id: Option<ConnId>,
    inputs: mpsc::UnboundedSender<Input>,
}

impl Guard {
    /// Of a client for which there is no gateway any more.
    pub fn of_none(inputs: mpsc::UnboundedSender<Input>) -> Guard {
        Guard { id: None, inputs }
    }

    fn tell(&self, input: impl FnOnce(ConnId) -> Input) {
        if let Some(id) = self.id {
            // A gateway that is gone is told to the client by the end of its queue.
            let _ = self.inputs.send(input(id));
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.tell(Input::Disconnect);
    }
}
/// How many times the bytes of events that may wait those of answers may be.
const ANSWERS: usize = 16;
