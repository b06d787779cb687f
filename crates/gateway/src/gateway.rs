//! The task that drives the core: real time, the bus, and the clients' queues.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use resclient::protocol::ResError;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tracing::{debug, error};

use crate::bus::{Bus, Connection};
use crate::core::border::ConnId;
use crate::core::conn::{ClientInfo, Limits, Tree};
use crate::core::timers::Time;
use crate::core::{Core, CoreConfig, Output};

/// How a gateway treats its clients and services.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Milliseconds a service has for an answer; default 3000.
    pub request_timeout: u64,
    /// What one connection may ask for.
    pub limits: Limits,
    /// Requests of one connection that may wait for their answers; more are not read. Default 64.
    pub requests_in_flight: usize,
    /// Bytes that may wait to be sent to a client before another frame; beyond, it is closed as a slow reader.
    /// Default 1 MiB.
    pub queue_bytes: usize,
    /// Frames that may wait to be sent to a client; default 4096.
    pub queue_frames: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        GatewayConfig {
            request_timeout: 3_000,
            limits: Limits::default(),
            requests_in_flight: 64,
            queue_bytes: 1 << 20,
            queue_frames: 4096,
        }
    }
}

/// A running gateway. Clones are the same gateway; it ends when the last of them and of its sessions is dropped.
#[derive(Clone)]
pub struct Gateway {
    inputs: mpsc::UnboundedSender<Input>,
    requests_in_flight: usize,
}

impl Gateway {
    /// Starts a gateway on a connection to a bus.
    ///
    /// # Panics
    /// Outside of a tokio runtime, or if the operating system has no random numbers.
    pub fn start(connection: Connection, config: GatewayConfig) -> Gateway {
        let (inputs, receiver) = mpsc::unbounded_channel();
        let core = Core::new(CoreConfig {
            request_timeout: config.request_timeout,
            limits: config.limits.clone(),
            inbox: random_id(),
            seed: random_u64(),
        });
        let requests_in_flight = config.requests_in_flight;
        let driver = Driver { core, bus: connection.bus, sessions: HashMap::new(), start: Instant::now(), config };
        tokio::spawn(driver.run(connection.deliveries, receiver));
        Gateway { inputs, requests_in_flight }
    }

    /// Opens a session for a client: the RES-Client protocol without a WebSocket around it.
    pub async fn connect(&self, client: ClientInfo) -> Session {
        let (frames, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            permits: Semaphore::new(self.requests_in_flight),
            bytes: AtomicUsize::new(0),
            frames: AtomicUsize::new(0),
            closing: Notify::new(),
            close: Mutex::new(None),
            overrun: AtomicBool::new(false),
        });
        let (answer, id) = oneshot::channel();
        let entry = Entry { frames, shared: shared.clone() };
        let sent = self.inputs.send(Input::Connect(client, entry, answer)).is_ok();
        let id = if sent { id.await.ok() } else { None };
        let guard = Arc::new(Guard { id, inputs: self.inputs.clone() });
        Session {
            sender: SessionSender { guard: guard.clone(), shared: shared.clone() },
            receiver: SessionReceiver { _guard: guard, frames: receiver, shared },
        }
    }

    /// Fetches a resource with all it refers to, as an HTTP request does.
    ///
    /// # Errors
    /// What the service or the gateway says: not found, access denied, timeout.
    pub async fn fetch(&self, client: ClientInfo, rid: &str) -> Result<Tree, ResError> {
        let (answer, result) = oneshot::channel();
        let gone = || ResError::new("system.serviceUnavailable", "Service unavailable");
        self.inputs.send(Input::Fetch(client, rid.to_owned(), answer)).map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }
}

/// A client's end of a connection.
pub struct Session {
    sender: SessionSender,
    receiver: SessionReceiver,
}

impl Session {
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
}

impl SessionSender {
    /// Hands in a text frame. Waits while too many requests of this session have no answer yet.
    pub async fn send(&self, frame: &str) {
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
    frames: mpsc::UnboundedReceiver<String>,
    shared: Arc<Shared>,
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
        if self.shared.overrun.load(Ordering::Acquire) {
            return self.close();
        }
        // A close comes after the frames that were sent before it, except for one that is because of them.
        tokio::select! {
            biased;
            frame = self.frames.recv() => match frame {
                Some(frame) => {
                    self.shared.bytes.fetch_sub(frame.len(), Ordering::AcqRel);
                    self.shared.frames.fetch_sub(1, Ordering::AcqRel);
                    Outgoing::Frame(frame)
                }
                None => self.close(),
            },
            () = self.shared.closing.notified() => self.close(),
        }
    }

    /// Waits until the session is to be closed without sending what is queued, because that is too much.
    pub async fn overrun(&self) {
        while !self.shared.overrun.load(Ordering::Acquire) {
            self.shared.closing.notified().await;
        }
    }

    fn close(&self) -> Outgoing {
        let close = *self.shared.close.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (code, reason) = close.unwrap_or((1012, "the gateway has lost its services"));
        Outgoing::Close(code, reason)
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

struct Entry {
    frames: mpsc::UnboundedSender<String>,
    shared: Arc<Shared>,
}

enum Input {
    Connect(ClientInfo, Entry, oneshot::Sender<ConnId>),
    Frame(ConnId, String),
    Disconnect(ConnId),
    Fetch(ClientInfo, String, oneshot::Sender<Result<Tree, ResError>>),
}

enum Client {
    Session(Entry),
    Fetch(oneshot::Sender<Result<Tree, ResError>>),
}

struct Driver {
    core: Core,
    bus: Arc<dyn Bus>,
    sessions: HashMap<ConnId, Client>,
    start: Instant,
    config: GatewayConfig,
}

impl Driver {
    async fn run(
        mut self,
        mut deliveries: mpsc::UnboundedReceiver<crate::bus::Delivery>,
        mut inputs: mpsc::UnboundedReceiver<Input>,
    ) {
        loop {
            self.drain();
            let due = self.core.poll_timeout().map(|at| self.start + std::time::Duration::from_millis(at.0));
            let timeout = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                delivery = deliveries.recv() => match delivery {
                    Some(d) => self.core.handle_message(self.now(), &d.subject, &d.payload, d.no_responders),
                    None => {
                        error!("the bus is lost");
                        return;
                    }
                },
                input = inputs.recv() => match input {
                    Some(input) => self.input(input),
                    None => return,
                },
                () = timeout => self.core.handle_timeout(self.now()),
            }
        }
    }

    fn now(&self) -> Time {
        Time(self.start.elapsed().as_millis() as u64)
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Connect(client, entry, answer) => {
                let id = self.core.handle_connect(&random_id(), client, false);
                self.sessions.insert(id, Client::Session(entry));
                if answer.send(id).is_err() {
                    self.disconnect(id);
                }
            }
            Input::Frame(id, frame) => self.core.handle_frame(self.now(), id, &frame),
            Input::Disconnect(id) => self.disconnect(id),
            Input::Fetch(client, rid, answer) => {
                let id = self.core.handle_connect(&random_id(), client, true);
                self.sessions.insert(id, Client::Fetch(answer));
                self.core.handle_fetch(self.now(), id, &rid);
            }
        }
    }

    fn disconnect(&mut self, id: ConnId) {
        self.sessions.remove(&id);
        self.core.handle_disconnect(self.now(), id);
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Publish { subject, reply, payload } => {
                    self.bus.publish(&subject, reply.as_deref(), payload.into());
                }
                Output::Subscribe(pattern) => self.bus.subscribe(&pattern),
                Output::Unsubscribe(pattern) => self.bus.unsubscribe(&pattern),
                Output::Frame(id, frame) => self.send(id, frame),
                Output::FrameDone(id) => {
                    if let Some(Client::Session(entry)) = self.sessions.get(&id) {
                        entry.shared.permits.add_permits(1);
                    }
                }
                Output::Close(id, code, reason) => {
                    debug!(conn = id.0, code, reason, "closing a connection");
                    self.close(id, code, reason, false);
                }
                Output::Fetched(id, result) => {
                    if let Some(Client::Fetch(answer)) = self.sessions.remove(&id) {
                        // The HTTP client may have gone meanwhile.
                        let _ = answer.send(result);
                    }
                    self.core.handle_disconnect(self.now(), id);
                }
            }
        }
    }

    fn send(&mut self, id: ConnId, frame: String) {
        let Some(Client::Session(entry)) = self.sessions.get(&id) else { return };
        let bytes = entry.shared.bytes.fetch_add(frame.len(), Ordering::AcqRel);
        let frames = entry.shared.frames.fetch_add(1, Ordering::AcqRel);
        // What is queued already counts, not the frame: one large resource set is no slow reader.
        if bytes > self.config.queue_bytes || frames >= self.config.queue_frames {
            debug!(conn = id.0, bytes, frames, "closing a slow reader");
            return self.close(id, 1013, "slow reader", true);
        }
        // A receiver that is gone sends its disconnect itself.
        let _ = entry.frames.send(frame);
    }

    fn close(&mut self, id: ConnId, code: u16, reason: &'static str, overrun: bool) {
        if let Some(Client::Session(entry)) = self.sessions.remove(&id) {
            *entry.shared.close.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some((code, reason));
            entry.shared.overrun.store(overrun, Ordering::Release);
            entry.shared.permits.close();
            if overrun {
                entry.shared.closing.notify_waiters();
                entry.shared.closing.notify_one();
            }
        }
        self.core.handle_disconnect(self.now(), id);
    }
}

/// 128 random bits in hexadecimal: nobody guesses a connection's id.
fn random_id() -> String {
    format!("{:016x}{:016x}", random_u64(), random_u64())
}

fn random_u64() -> u64 {
    getrandom::u64().expect("the operating system has random numbers")
}
