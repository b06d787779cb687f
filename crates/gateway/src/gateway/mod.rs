//! A running gateway: the handle to the task that drives the core.

mod counters;
mod driver;
mod pace;
mod session;
mod shown;

use std::sync::Arc;
use std::time::Duration;

use resclient::protocol::ResError;
use tokio::sync::{mpsc, oneshot, watch};

use crate::bus::{Connection, Dial};
use crate::core::conn::{ClientInfo, HttpAnswer, HttpRequest, Limits, Outcome, Target, Tree};
pub use counters::{Counters, Snapshot, Traffic};
use driver::{Driver, Input};
use pace::Pace;
use session::{Guard, Opening, QueueLimits};
pub use session::{Outgoing, Session, SessionReceiver, SessionSender};

/// How a gateway treats its clients and services.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Milliseconds a service has for an answer; default 3000.
    pub request_timeout: u64,
    /// What one connection may ask for.
    pub limits: Limits,
    /// Get and access requests in flight that one `system.reset` leads to; 0 is no limit, which is the default.
    pub reset_throttle: usize,
    /// Requests of one connection that may wait for their answers; more are not read. Default 64.
    pub requests_in_flight: usize,
    /// Requests of one connection in a second; more are not read until then. 0 is no limit; default 200.
    pub request_rate: u32,
    /// Requests of one connection that may come at once after it sent none; default 400.
    pub request_burst: u32,
    /// How long a connection may send more than that without a pause, after which it is closed with code 1008; default
    /// 60 s.
    pub request_patience: Duration,
    /// Bytes of events that may wait to be sent to a client before another event; beyond, it is closed as a slow
    /// reader. What one message of a service leads to, such as the reset of a long list, may be more. With as many
    /// bytes of answers no more of the client's requests are read. Default 1 MiB.
    pub queue_bytes: usize,
    /// Events that may wait to be sent to a client, in the same way; default 4096.
    pub queue_frames: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        GatewayConfig {
            request_timeout: 3_000,
            limits: Limits::default(),
            reset_throttle: 0,
            requests_in_flight: 64,
            request_rate: 200,
            request_burst: 400,
            request_patience: Duration::from_secs(60),
            queue_bytes: 1 << 20,
            queue_frames: 4096,
        }
    }
}

/// A running gateway. Clones are the same gateway; it ends when the last of them and of its sessions is dropped.
#[derive(Clone)]
pub struct Gateway {
    inputs: mpsc::UnboundedSender<Input>,
    has_bus: watch::Receiver<bool>,
    counters: Arc<Counters>,
    queue: QueueLimits,
    request_rate: u32,
    request_burst: u32,
    request_patience: Duration,
}

impl Gateway {
    /// Starts a gateway on a connection to a bus. It ends when that is lost.
    ///
    /// # Panics
    /// Outside of a tokio runtime, or if the operating system has no random numbers.
    pub fn start(connection: Connection, config: GatewayConfig) -> Gateway {
        Gateway::drive(connection, None, config)
    }

    /// Starts a gateway on a connection to a bus that outlives it: when the connection is lost, all clients are closed
    /// with code 1012 and everything is forgotten, since nobody knows what was missed; then `dial` is asked for another
    /// until there is one, after 0.1 s and then less and less often up to every 5 s.
    ///
    /// # Panics
    /// As [`Gateway::start`].
    pub fn start_over(connection: Connection, dial: impl Dial, config: GatewayConfig) -> Gateway {
        Gateway::drive(connection, Some(Box::new(dial)), config)
    }

    fn drive(connection: Connection, dial: Option<Box<dyn Dial>>, config: GatewayConfig) -> Gateway {
        let (inputs, receiver) = mpsc::unbounded_channel();
        let (available, has_bus) = watch::channel(true);
        let GatewayConfig { request_rate, request_burst, request_patience, .. } = config;
        let queue =
            QueueLimits { requests: config.requests_in_flight, bytes: config.queue_bytes, frames: config.queue_frames };
        let driver = Driver::new(connection.bus, dial, available, config);
        tokio::spawn(driver.run(connection.deliveries, receiver));
        let counters = Arc::default();
        Gateway { inputs, has_bus, counters, queue, request_rate, request_burst, request_patience }
    }

    /// Whether there is a bus. Without one, sessions are closed at once and requests fail.
    pub fn is_available(&self) -> bool {
        *self.has_bus.borrow()
    }

    /// What is counted in servers around this gateway.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// What the gateway has done and holds; `None` if it has ended.
    pub async fn snapshot(&self) -> Option<Snapshot> {
        let (answer, snapshot) = oneshot::channel();
        self.inputs.send(Input::Snapshot(answer)).ok()?;
        snapshot.await.ok()
    }

    /// Opens a session for a client: the RES-Client protocol without a WebSocket around it.
    pub async fn connect(&self, client: ClientInfo) -> Session {
        let (outbox, shared) = session::queue(self.queue);
        let (opened, guard) = oneshot::channel();
        let opening = Opening { opened, inputs: self.inputs.clone() };
        let sent = self.inputs.send(Input::Connect(client, outbox, opening)).is_ok();
        let guard = if sent { guard.await.ok() } else { None };
        let pace = Pace::new(self.request_rate, self.request_burst, self.request_patience);
        Session::new(guard.unwrap_or_else(|| Guard::of_none(self.inputs.clone())), shared, pace)
    }

    /// Ready when the gateway has ended because its bus is lost.
    pub async fn ended(&self) {
        self.inputs.closed().await;
    }

    /// Has services answer an HTTP request, on a connection of its own.
    pub async fn http(&self, client: ClientInfo, request: HttpRequest) -> HttpAnswer {
        self.connect(client).await.http(request).await
    }

    /// Fetches a resource with all it refers to, as an HTTP request does.
    ///
    /// # Errors
    /// What the service or the gateway says: not found, access denied, timeout.
    pub async fn fetch(&self, client: ClientInfo, rid: &str) -> Result<Tree, ResError> {
        let request = HttpRequest { header_auth: None, target: Target::Resource(rid.into()) };
        match self.http(client, request).await.outcome? {
            Outcome::Tree(tree) => Ok(tree),
            // A service that answers with a status and no error still gives nothing.
            _ => Err(ResError::ACCESS_DENIED),
        }
    }
}
