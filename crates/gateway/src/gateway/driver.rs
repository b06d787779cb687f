//! The task that drives the core: real time, the bus, and the clients' queues.

use std::collections::HashMap;
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use resclient::protocol::ResError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::field::display;
use tracing::{debug, error, info, trace, warn};

use super::GatewayConfig;
use super::counters::{Snapshot, Traffic};
use super::session::{Backlog, Opening, Outbox};
use super::shown::{self, Subject};
use crate::bus::{Bus, Connection, Deliveries, Delivery, Dial, Refusal};
use crate::core::border::ConnId;
use crate::core::conn::{ClientInfo, HttpAnswer, HttpRequest};
use crate::core::timers::Time;
use crate::core::{Core, CoreConfig, Frame, Output};

/// What the handles of a gateway and of its sessions have the driver do.
pub enum Input {
    Connect(ClientInfo, Outbox, Opening),
    /// A session has frames of its client.
    Frames(ConnId),
    Disconnect(ConnId),
    Http(ConnId, HttpRequest, oneshot::Sender<HttpAnswer>),
    /// The client has sent too much for too long.
    TooMany(ConnId),
    Snapshot(oneshot::Sender<Snapshot>),
}

struct Client {
    outbox: Outbox,
    /// For the log.
    remote: Box<str>,
    /// Who waits for the answer to its HTTP request.
    http: Option<oneshot::Sender<HttpAnswer>>,
}

/// Carries what happens to the core and what the core wants done, one thing at a time.
pub struct Driver {
    core: Core,
    bus: Arc<dyn Bus>,
    dial: Option<Box<dyn Dial>>,
    has_bus: watch::Sender<bool>,
    clients: HashMap<ConnId, Client>,
    /// Clients with so much to do that no more of their frames are taken before it is done.
    busy: Vec<ConnId>,
    start: Instant,
    traffic: Traffic,
    /// Frames since others had their turn.
    sent: usize,
    /// Counts what is carried out together.
    burst: u64,
    slow_readers: u64,
    reconnects: u64,
}

/// Why the driver stops to serve.
enum End {
    BusLost,
    /// Nobody has a handle any more.
    Unused,
}

impl Driver {
    pub fn new(
        bus: Arc<dyn Bus>,
        dial: Option<Box<dyn Dial>>,
        has_bus: watch::Sender<bool>,
        config: GatewayConfig,
    ) -> Driver {
        let core = Core::new(CoreConfig {
            request_timeout: config.request_timeout,
            limits: config.limits,
            reset_throttle: config.reset_throttle,
            inbox: random_id(),
            seed: random_u64(),
            ..CoreConfig::default()
        });
        let (clients, start) = (HashMap::new(), Instant::now());
        let traffic = Traffic::default();
        Driver {
            core,
            bus,
            dial,
            has_bus,
            clients,
            busy: Vec::new(),
            start,
            traffic,
            sent: 0,
            burst: 1,
            slow_readers: 0,
            reconnects: 0,
        }
    }

    pub async fn run(mut self, mut deliveries: Deliveries, mut inputs: mpsc::UnboundedReceiver<Input>) {
        while let End::BusLost = self.serve(&mut deliveries, &mut inputs).await {
            error!("the bus is lost");
            // What was missed cannot be known: everybody starts again, with nothing.
            self.core = self.core.successor(random_id());
            self.has_bus.send_replace(false);
            for (_, client) in self.clients.drain() {
                client.outbox.close(1012, "the gateway has lost its services", false);
            }
            let Some(connection) = self.redial(&mut inputs).await else { return };
            (self.bus, deliveries) = (connection.bus, connection.deliveries);
            self.reconnects += 1;
            info!("there is a bus again");
            self.has_bus.send_replace(true);
        }
    }

    async fn serve(&mut self, deliveries: &mut Deliveries, inputs: &mut mpsc::UnboundedReceiver<Input>) -> End {
        loop {
            self.drain_slowly().await;
            for id in std::mem::take(&mut self.busy) {
                self.frames(id);
            }
            let due = self.core.poll_timeout().map(|at| self.start + Duration::from_millis(at.0));
            let timeout = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let is_congested = self.bus.is_congested();
            tokio::select! {
                delivery = deliveries.recv() => match delivery {
                    Some(delivery) => self.deliver(&delivery),
                    None => return End::BusLost,
                },
                // Clients wait before what they ask for becomes more than the bus can carry.
                () = sleep(CONGESTED), if is_congested => {}
                input = inputs.recv(), if !is_congested => match input {
                    Some(input) => self.input(input),
                    None => return End::Unused,
                },
                () = timeout => self.core.handle_timeout(self.now()),
                () = ready(()), if self.core.is_busy() || !self.busy.is_empty() => {}
            }
            // What else is there goes along: a client is then sent several events at once. But it may not take long
            // until those who have something to send get their turn.
            for _ in 0..TURN {
                self.drain_slowly().await;
                if self.sent > TURN_FRAMES {
                    break;
                }
                let input = if self.bus.is_congested() { None } else { inputs.try_recv().ok() };
                match (deliveries.try_recv(), input) {
                    (None, None) => break,
                    (delivery, input) => {
                        delivery.iter().for_each(|delivery| self.deliver(delivery));
                        input.into_iter().for_each(|input| self.input(input));
                    }
                }
            }
            let is_busy = self.core.is_busy();
            self.core.go_on(self.now());
            // What others want comes between the turns of those that have a lot to do, and what is said to clients is
            // written.
            if is_busy
                || !self.busy.is_empty()
                || self.sent > TURN_FRAMES
                || due.is_some_and(|due| due <= Instant::now())
            {
                yield_now().await;
            }
            self.sent = 0;
        }
    }

    /// As [`Driver::drain`], but when that takes long, those who write to clients get their turn.
    async fn drain_slowly(&mut self) {
        let mut carried = 0;
        while let Some(output) = self.core.ready_output() {
            self.sent += 1;
            self.carry_out(output);
            carried += 1;
            if carried % TURN_FRAMES == 0 {
                yield_now().await;
            }
        }
        self.burst += 1;
    }

    fn deliver(&mut self, delivery: &Delivery) {
        trace!(subject = %Subject(&delivery.subject), bytes = delivery.payload.len(), "from the bus");
        self.core.handle_message(self.now(), &delivery.subject, &delivery.payload, delivery.no_responders);
    }

    /// Waits for a connection to the bus; `None` when there is no way to one, or nobody left to need it.
    async fn redial(&self, inputs: &mut mpsc::UnboundedReceiver<Input>) -> Option<Connection> {
        let dial = self.dial.as_ref()?;
        let mut dialing = pin!(async {
            let mut delay = FIRST_REDIAL;
            loop {
                // Gateways that lost the same bus must not come back to it all at once.
                sleep(delay / 2 + delay.mul_f64(random_u64() as f64 / u64::MAX as f64 / 2.0)).await;
                match dial.dial().await {
                    Ok(connection) => return connection,
                    Err(error) => warn!(%error, "cannot reach the bus"),
                }
                delay = (delay * 2).min(LAST_REDIAL);
            }
        });
        loop {
            tokio::select! {
                connection = &mut dialing => return Some(connection),
                // What else comes is dropped, and so ends as it does when the bus is lost.
                input = inputs.recv() => if let Input::Snapshot(answer) = input? {
                    drop(answer.send(self.snapshot()));
                },
            }
        }
    }

    fn now(&self) -> Time {
        Time(self.start.elapsed().as_millis() as u64)
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Connect(client, outbox, opening) => {
                let remote: Box<str> = client.remote_addr.as_str().into();
                let id = self.core.handle_connect(&random_id(), client);
                debug!(conn = id.0, remote, "a client");
                self.clients.insert(id, Client { outbox, remote, http: None });
                opening.done(id);
            }
            Input::Frames(id) => self.frames(id),
            Input::Disconnect(id) => self.disconnect(id),
            Input::Http(id, request, answer) => {
                if let Some(client) = self.clients.get_mut(&id) {
                    debug!(conn = id.0, name = request.name(), "an HTTP request");
                    client.http = Some(answer);
                    self.core.handle_http(self.now(), id, request);
                }
            }
            Input::TooMany(id) => {
                if let Some(Client { remote, .. }) = self.clients.get(&id) {
                    info!(
                        conn = id.0,
                        remote, "closing a client with 1008: more requests than limits.requestRate for too long"
                    );
                }
                self.close(id, 1008, "too many requests", false);
            }
            // Who asked may have gone meanwhile.
            Input::Snapshot(answer) => drop(answer.send(self.snapshot())),
        }
    }

    /// Takes the frames of a client.
    fn frames(&mut self, id: ConnId) {
        while !self.core.is_conn_busy(id)
            && let Some(client) = self.clients.get(&id)
            && let Some(frame) = client.outbox.next_frame()
        {
            trace!(conn = id.0, frame = %shown::Frame(&frame), "from a client");
            self.traffic.frames_in += 1;
            self.traffic.bytes_in += frame.len() as u64;
            self.core.handle_frame(self.now(), id, &frame);
            // What is answered at once counts before the next is taken.
            self.drain();
        }
        if self.core.is_conn_busy(id) {
            self.busy.push(id);
        }
    }

    fn snapshot(&self) -> Snapshot {
        let queued = self.clients.values().map(|client| client.outbox.queued());
        Snapshot {
            core: self.core.stats(),
            cached: self.core.cache().counts(),
            waiting: self.core.waiting(),
            traffic: self.traffic,
            queued: queued.fold((0, 0), |sum, (bytes, frames)| (sum.0 + bytes, sum.1 + frames)),
            slow_readers: self.slow_readers,
            reconnects: self.reconnects,
        }
    }

    fn disconnect(&mut self, id: ConnId) {
        debug!(conn = id.0, "a client has gone");
        self.clients.remove(&id);
        self.core.handle_disconnect(self.now(), id);
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.ready_output() {
            self.sent += 1;
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Publish { subject, reply, payload } => {
                // By it the answer is known.
                let shown = reply.as_deref().map(|reply| display(Subject(reply)));
                trace!(subject = %Subject(&subject), reply = shown, bytes = payload.len(), "to the bus");
                let published = self.bus.publish(&subject, reply.as_deref(), payload.into());
                if let (Err(refusal), Some(reply)) = (published, reply) {
                    debug!(subject = %Subject(&subject), ?refusal, "the bus does not carry a request");
                    self.core.handle_refused(self.now(), &reply, error_of(refusal));
                }
            }
            Output::Subscribe(pattern) => self.bus.subscribe(&pattern),
            Output::Unsubscribe(pattern) => self.bus.unsubscribe(&pattern),
            Output::Event(id, frame) => self.send_event(id, frame),
            Output::Answer(id, frame) => {
                let Some(Client { outbox, .. }) = self.clients.get(&id) else { return };
                trace!(conn = id.0, frame = %shown::Frame(&frame), "to a client");
                let length = frame.len();
                match outbox.answer(frame) {
                    Ok(()) => self.traffic.count_out(length),
                    Err(backlog) => self.leave_slow_reader(id, backlog),
                }
            }
            Output::Close(id, code, reason) => {
                debug!(conn = id.0, code, reason, "closing a connection");
                self.close(id, code, reason, false);
            }
            Output::Http(id, answer) => {
                if let Some(waiting) = self.clients.get_mut(&id).and_then(|client| client.http.take()) {
                    // The HTTP client may have gone meanwhile.
                    let _ = waiting.send(answer);
                }
            }
        }
    }

    fn send_event(&mut self, id: ConnId, frame: Frame) {
        let Some(Client { outbox, .. }) = self.clients.get(&id) else { return };
        trace!(conn = id.0, frame = %shown::Frame(&frame), "to a client");
        let length = frame.len();
        match outbox.event(frame, self.burst, self.core.is_conn_busy(id)) {
            Ok(()) => self.traffic.count_out(length),
            Err(backlog) => self.leave_slow_reader(id, backlog),
        }
    }

    fn leave_slow_reader(&mut self, id: ConnId, Backlog { bytes, frames }: Backlog) {
        let remote = self.clients.get(&id).map(|client| &*client.remote);
        info!(conn = id.0, remote, bytes, frames, "closing a client with 1013: it reads too slowly");
        self.slow_readers += 1;
        self.close(id, 1013, "slow reader", true);
    }

    fn close(&mut self, id: ConnId, code: u16, reason: &'static str, at_once: bool) {
        if let Some(client) = self.clients.remove(&id) {
            client.outbox.close(code, reason, at_once);
        }
        self.core.handle_disconnect(self.now(), id);
    }
}

fn error_of(refusal: Refusal) -> ResError {
    match refusal {
        Refusal::Subject => ResError::SUBJECT_TOO_LONG,
        Refusal::Payload => ResError::INVALID_PARAMS,
    }
}

/// 128 random bits in hexadecimal: nobody guesses a connection's id.
fn random_id() -> String {
    format!("{:016x}{:016x}", random_u64(), random_u64())
}

fn random_u64() -> u64 {
    getrandom::u64().expect("the operating system has random numbers")
}

/// Messages and frames of clients that are dealt with in one turn, and frames to clients, of which one takes about half
/// a microsecond.
const TURN: usize = 256;
const TURN_FRAMES: usize = 4096;
/// How long until it is looked again whether the bus has caught up.
const CONGESTED: Duration = Duration::from_millis(5);
const FIRST_REDIAL: Duration = Duration::from_millis(100);
const LAST_REDIAL: Duration = Duration::from_secs(5);
