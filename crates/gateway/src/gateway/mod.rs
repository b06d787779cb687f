//! The task that drives the core: real time, the bus, and the clients' queues.

mod pace;
mod session;

use std::collections::HashMap;
use std::sync::Arc;

use resclient::protocol::ResError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::{debug, error};

use crate::bus::{Bus, Connection};
use crate::core::border::ConnId;
use crate::core::conn::{ClientInfo, Limits, Tree};
use crate::core::timers::Time;
use crate::core::{Core, CoreConfig, Output};
use pace::Pace;
use session::Outbox;
pub use session::{Outgoing, Session, SessionReceiver, SessionSender};

/// How a gateway treats its clients and services.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Milliseconds a service has for an answer; default 3000.
    pub request_timeout: u64,
    /// What one connection may ask for.
    pub limits: Limits,
    /// Requests of one connection that may wait for their answers; more are not read. Default 64.
    pub requests_in_flight: usize,
    /// Requests of one connection in a second; more are not read until then. 0 is no limit; default 200.
    pub request_rate: u32,
    /// Requests of one connection that may come at once after it sent none; default 400.
    pub request_burst: u32,
    /// Bytes of events that may wait to be sent to a client before another event; beyond, it is closed as a slow reader.
    /// With as many bytes of answers no more of its requests are read. Default 1 MiB.
    pub queue_bytes: usize,
    /// Events that may wait to be sent to a client; default 4096.
    pub queue_frames: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        GatewayConfig {
            request_timeout: 3_000,
            limits: Limits::default(),
            requests_in_flight: 64,
            request_rate: 200,
            request_burst: 400,
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
    queue_bytes: usize,
    request_rate: u32,
    request_burst: u32,
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
        let GatewayConfig { requests_in_flight, queue_bytes, request_rate, request_burst, .. } = config;
        let driver = Driver { core, bus: connection.bus, sessions: HashMap::new(), start: Instant::now(), config };
        tokio::spawn(driver.run(connection.deliveries, receiver));
        Gateway { inputs, requests_in_flight, queue_bytes, request_rate, request_burst }
    }

    /// Opens a session for a client: the RES-Client protocol without a WebSocket around it.
    pub async fn connect(&self, client: ClientInfo) -> Session {
        let (outbox, inbox) = session::queue(self.requests_in_flight, self.queue_bytes);
        let (answer, id) = oneshot::channel();
        let sent = self.inputs.send(Input::Connect(client, outbox, answer)).is_ok();
        let id = if sent { id.await.ok() } else { None };
        Session::new(id, self.inputs.clone(), inbox, Pace::new(self.request_rate, self.request_burst))
    }

    /// Ready when the gateway has ended because its bus is lost.
    pub async fn ended(&self) {
        self.inputs.closed().await;
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

enum Input {
    Connect(ClientInfo, Outbox, oneshot::Sender<ConnId>),
    Frame(ConnId, String),
    Disconnect(ConnId),
    Fetch(ClientInfo, String, oneshot::Sender<Result<Tree, ResError>>),
}

enum Client {
    Session(Outbox),
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
            Input::Connect(client, outbox, answer) => {
                let id = self.core.handle_connect(&random_id(), client, false);
                self.sessions.insert(id, Client::Session(outbox));
                if answer.send(id).is_err() {
                    self.disconnect(id);
                }
            }
            Input::Frame(id, frame) => {
                self.core.handle_frame(self.now(), id, &frame);
                self.drain();
                if let Some(Client::Session(outbox)) = self.sessions.get(&id) {
                    outbox.taken_in();
                }
            }
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
                Output::Event(id, frame) => self.send_event(id, frame),
                Output::Answer(id, frame) => {
                    if let Some(Client::Session(outbox)) = self.sessions.get(&id) {
                        outbox.answer(frame);
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

    fn send_event(&mut self, id: ConnId, frame: String) {
        let Some(Client::Session(outbox)) = self.sessions.get(&id) else { return };
        // What is queued already counts, not the frame. Answers do not count: a client that reads slowly asks slowly.
        let (bytes, frames) = outbox.queued();
        if bytes > self.config.queue_bytes || frames >= self.config.queue_frames {
            debug!(conn = id.0, bytes, frames, "closing a slow reader");
            return self.close(id, 1013, "slow reader", true);
        }
        outbox.event(frame);
    }

    fn close(&mut self, id: ConnId, code: u16, reason: &'static str, at_once: bool) {
        if let Some(Client::Session(outbox)) = self.sessions.remove(&id) {
            outbox.close(code, reason, at_once);
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
