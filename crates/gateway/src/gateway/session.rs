//! The client's end of a connection, and what it shares with the driver.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, Semaphore, mpsc};

use super::Input;
use super::pace::Pace;
use crate::core::border::ConnId;

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
    /// Hands in a text frame. Waits while too many requests of this session have no answer yet, and when they come too fast.
    pub async fn send(&self, frame: &str) {
        self.pace.wait().await;
        if let Ok(permit) = self.shared.permits.acquire().await {
            permit.forget();
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
                Some(frame) => {
                    self.inbox.shared.bytes.fetch_sub(frame.len(), Ordering::AcqRel);
                    self.inbox.shared.frames.fetch_sub(1, Ordering::AcqRel);
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
    frames: mpsc::UnboundedSender<String>,
    shared: Arc<Shared>,
}

/// The client's end.
pub(super) struct Inbox {
    frames: mpsc::UnboundedReceiver<String>,
    shared: Arc<Shared>,
}

/// Makes a queue to a client that may have so many requests in flight.
pub(super) fn queue(requests_in_flight: usize) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        permits: Semaphore::new(requests_in_flight),
        bytes: AtomicUsize::new(0),
        frames: AtomicUsize::new(0),
        closing: Notify::new(),
        close: Mutex::new(None),
        overrun: AtomicBool::new(false),
    });
    (Outbox { frames: sender, shared: shared.clone() }, Inbox { frames: receiver, shared })
}

impl Outbox {
    pub fn send(&self, frame: String) {
        self.shared.bytes.fetch_add(frame.len(), Ordering::AcqRel);
        self.shared.frames.fetch_add(1, Ordering::AcqRel);
        // A receiver that is gone has sent its disconnect.
        let _ = self.frames.send(frame);
    }

    /// Bytes and frames that wait to be sent.
    pub fn queued(&self) -> (usize, usize) {
        (self.shared.bytes.load(Ordering::Acquire), self.shared.frames.load(Ordering::Acquire))
    }

    /// One frame of the client is dealt with; another may come.
    pub fn frame_done(&self) {
        self.shared.permits.add_permits(1);
    }

    /// Ends the queue with a close, which comes after what is queued or `at_once`.
    pub fn close(self, code: u16, reason: &'static str, at_once: bool) {
        *self.shared.close.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some((code, reason));
        self.shared.overrun.store(at_once, Ordering::Release);
        self.shared.permits.close();
        if at_once {
            self.shared.closing.notify_one();
        }
    }
}

struct Shared {
    permits: Semaphore,
    /// What is queued for the client.
    bytes: AtomicUsize,
    frames: AtomicUsize,
    closing: Notify,
    close: Mutex<Option<(u16, &'static str)>>,
    overrun: AtomicBool,
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
