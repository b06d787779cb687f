//! The client's end of a connection, and what it shares with the driver.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use resclient::protocol::ResError;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use super::driver::Input;
use super::pace::Pace;
use crate::core::border::ConnId;
use crate::core::conn::{HttpAnswer, HttpRequest};
use crate::core::meta::Meta;

/// A client's end of a connection.
pub struct Session {
    sender: SessionSender,
    receiver: SessionReceiver,
}

impl Session {
    pub(super) fn new(id: Option<ConnId>, inputs: mpsc::UnboundedSender<Input>, inbox: Inbox, pace: Pace) -> Session {
        let guard = Arc::new(Guard { id, inputs });
        Session {
            sender: SessionSender { guard: guard.clone(), shared: inbox.shared.clone(), pace },
            receiver: SessionReceiver { _guard: guard, inbox },
        }
    }

    /// The two directions, for use in different tasks. The session ends when both are dropped.
    pub fn split(self) -> (SessionSender, SessionReceiver) {
        (self.sender, self.receiver)
    }

    /// Has services answer the HTTP request that the client began with. Frames may be sent once that is answered, if it was
    /// for a WebSocket; a session for anything else is to be dropped then.
    pub async fn http(&self, request: HttpRequest) -> HttpAnswer {
        let (answer, answered) = oneshot::channel();
        let guard = &self.sender.guard;
        let sent = guard.id.is_some_and(|id| guard.inputs.send(Input::Http(id, request, answer)).is_ok());
        let answer = if sent { answered.await.ok() } else { None };
        answer.unwrap_or_else(|| HttpAnswer {
            meta: Meta::default(),
            outcome: Err(ResError::new("system.serviceUnavailable", "Service unavailable")),
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
    /// Hands in a text frame. Waits while too many requests of this session have answers the client has not taken yet, or
    /// answers of too many bytes, and when they come too fast: so what one client asks for and does not read stays bounded. One that sends too fast for too
    /// long is closed with code 1008.
    pub async fn send(&self, frame: &str) {
        if self.pace.wait().await.is_err() {
            if let Some(id) = self.guard.id {
                let _ = self.guard.inputs.send(Input::TooMany(id));
            }
            return;
        }
        if let Ok(permit) = self.shared.permits.acquire().await {
            self.shared.room().await;
            permit.forget();
            self.shared.waiting.store(true, Ordering::Release);
            if let Some(id) = self.guard.id {
                // A gateway that is gone is told to the client by the other direction.
                let _ = self.guard.inputs.send(Input::Frame(id, frame.to_owned()));
            }
        }
    }
}

/// The direction from the gateway to the client.
pub struct SessionReceiver {
    _guard: Arc<Guard>,
    inbox: Inbox,
}

/// What a client is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    Frame(String),
    /// Close with this WebSocket code and reason; nothing follows.
    Close(u16, &'static str),
}

impl SessionReceiver {
    /// The next frame.
    pub async fn recv(&mut self) -> Outgoing {
        if self.inbox.shared.overrun.load(Ordering::Acquire) {
            return self.close();
        }
        // A close comes after the frames that were sent before it, except for one that is because of them.
        tokio::select! {
            biased;
            frame = self.inbox.frames.recv() => match frame {
                Some(Queued::Event(frame)) => {
                    self.inbox.shared.bytes.fetch_sub(frame.len(), Ordering::AcqRel);
                    self.inbox.shared.frames.fetch_sub(1, Ordering::AcqRel);
                    Outgoing::Frame(frame)
                }
                Some(Queued::Answer(frame)) => {
                    self.inbox.shared.answers.fetch_sub(frame.len(), Ordering::AcqRel);
                    self.inbox.shared.permits.add_permits(1);
                    self.inbox.shared.moved.notify_one();
                    Outgoing::Frame(frame)
                }
                None => self.close(),
            },
            () = self.inbox.shared.closing.notified() => self.close(),
        }
    }

    /// Waits until the session is to be closed without sending what is queued, because that is too much.
    pub async fn overrun(&self) {
        while !self.inbox.shared.overrun.load(Ordering::Acquire) {
            self.inbox.shared.closing.notified().await;
        }
    }

    fn close(&self) -> Outgoing {
        let close = *self.inbox.shared.close.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (code, reason) = close.unwrap_or((1012, "the gateway has lost its services"));
        Outgoing::Close(code, reason)
    }
}

/// The driver's end of the queue to a client.
pub(super) struct Outbox {
    frames: mpsc::UnboundedSender<Queued>,
    shared: Arc<Shared>,
}

/// The client's end.
pub(super) struct Inbox {
    frames: mpsc::UnboundedReceiver<Queued>,
    shared: Arc<Shared>,
}

enum Queued {
    Event(String),
    Answer(String),
}

/// Makes a queue to a client that may have so many requests in flight, and not another while that many bytes of answers
/// wait.
pub(super) fn queue(requests_in_flight: usize, most_answers: usize) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        permits: Semaphore::new(requests_in_flight),
        bytes: AtomicUsize::new(0),
        frames: AtomicUsize::new(0),
        answers: AtomicUsize::new(0),
        most_answers,
        waiting: AtomicBool::new(false),
        moved: Notify::new(),
        closing: Notify::new(),
        close: Mutex::new(None),
        overrun: AtomicBool::new(false),
    });
    (Outbox { frames: sender, shared: shared.clone() }, Inbox { frames: receiver, shared })
}

impl Outbox {
    /// Queues what the client did not ask for.
    pub fn event(&self, frame: String) {
        self.shared.bytes.fetch_add(frame.len(), Ordering::AcqRel);
        self.shared.frames.fetch_add(1, Ordering::AcqRel);
        // A receiver that is gone has sent its disconnect.
        let _ = self.frames.send(Queued::Event(frame));
    }

    /// Queues the answer to one frame of the client; when it is taken, another may come.
    pub fn answer(&self, frame: String) {
        self.shared.answers.fetch_add(frame.len(), Ordering::AcqRel);
        let _ = self.frames.send(Queued::Answer(frame));
    }

    /// The last frame was taken in; what could be answered at once has been.
    pub fn taken_in(&self) {
        self.shared.waiting.store(false, Ordering::Release);
        self.shared.moved.notify_one();
    }

    /// Bytes and frames of events that wait to be sent.
    pub fn queued(&self) -> (usize, usize) {
        (self.shared.bytes.load(Ordering::Acquire), self.shared.frames.load(Ordering::Acquire))
    }

    /// Ends the queue with a close, which comes after what is queued or `at_once`.
    pub fn close(self, code: u16, reason: &'static str, at_once: bool) {
        *self.shared.close.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some((code, reason));
        self.shared.overrun.store(at_once, Ordering::Release);
        self.shared.permits.close();
        self.shared.moved.notify_one();
        if at_once {
            self.shared.closing.notify_one();
        }
    }
}

struct Shared {
    permits: Semaphore,
    /// Events queued for the client.
    bytes: AtomicUsize,
    frames: AtomicUsize,
    /// Bytes of answers queued for it, and with how many no more requests are read.
    answers: AtomicUsize,
    most_answers: usize,
    /// Whether the last frame has not been taken in yet.
    waiting: AtomicBool,
    /// One of the two above, or the end.
    moved: Notify,
    closing: Notify,
    close: Mutex<Option<(u16, &'static str)>>,
    overrun: AtomicBool,
}

impl Shared {
    /// Waits until another request may be read.
    async fn room(&self) {
        let full = || self.waiting.load(Ordering::Acquire) || self.answers.load(Ordering::Acquire) > self.most_answers;
        while full() && !self.permits.is_closed() {
            self.moved.notified().await;
        }
    }
}

/// Tells the driver that the client is gone.
struct Guard {
    id: Option<ConnId>,
    inputs: mpsc::UnboundedSender<Input>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let _ = self.inputs.send(Input::Disconnect(id));
        }
    }
}
