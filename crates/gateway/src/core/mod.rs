//! The gateway without I/O: messages of the bus and frames of clients go in, and outputs are popped.
//!
//! Time is an argument and randomness a seed, so a run can be repeated exactly. The cache and the connections are
//! separate machines that share nothing but the messages of [`border`]; the core carries those messages, and the bus's.
//! Connections take turns: what one has to take in, however much that is, is not taken in at once.

pub mod border;
pub mod cache;
mod check;
pub mod chunks;
pub mod conn;
pub mod diff;
mod few;
pub mod json;
pub mod meta;
pub mod model;
mod requests;
pub mod response;
pub mod stats;
pub mod subject;
pub mod throttle;
pub mod timers;
mod turns;
pub mod value;
pub(crate) mod warnings;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use resclient::protocol::ResError;
#[cfg(feature = "server")]
pub use tokio_tungstenite::tungstenite::Utf8Bytes as Frame;
use tracing::{debug, warn};

use border::{Address, ConnId};
use cache::Cache;
use conn::{ClientInfo, Conn, HttpAnswer, HttpRequest, Limits};
use requests::{Asker, InFlight};
use stats::Stats;
use timers::{Time, Timers};
use turns::{Task, TokenReset, Turns};
use warnings::Warnings;

/// The text of a frame, which is written once for all its receivers: what a WebSocket takes, where there is one.
#[cfg(not(feature = "server"))]
pub type Frame = Arc<str>;

/// What is fixed when the gateway starts.
#[derive(Debug, Clone)]
pub struct CoreConfig {
    /// Milliseconds a service has for an answer; default 3000.
    pub request_timeout: u64,
    pub limits: Limits,
    /// Get and access requests in flight that one `system.reset` leads to; 0 is no limit, which is the default.
    pub reset_throttle: usize,
    /// Part of the subjects that answers are sent to; must be unguessable where others share the bus.
    pub inbox: String,
    /// How much a connection may do before the others have their turn, in microseconds, more or less: it is counted, not
    /// measured. Default 128.
    pub effort_of_a_turn: usize,
    /// The same of all connections with a lot to do, before what else has come is looked at; default 1 024.
    pub effort_of_a_round: usize,
    /// For spreading retries.
    pub seed: u64,
}

impl Default for CoreConfig {
    fn default() -> Self {
        CoreConfig {
            request_timeout: 3_000,
            limits: Limits::default(),
            reset_throttle: 0,
            inbox: "gateway".into(),
            effort_of_a_turn: 128,
            effort_of_a_round: 1_024,
            seed: 1,
        }
    }
}

/// What the core wants done.
#[derive(Debug)]
pub enum Output {
    Publish {
        subject: String,
        reply: Option<String>,
        payload: Vec<u8>,
    },
    Subscribe(String),
    Unsubscribe(String),
    /// Send a text frame to a client that it did not ask for.
    Event(ConnId, Frame),
    /// Send the answer to one frame of the client, which is dealt with: the driver may hand in another.
    Answer(ConnId, Frame),
    /// Close a connection with a WebSocket close code. The driver answers with [`Core::handle_disconnect`].
    Close(ConnId, u16, &'static str),
    /// The answer to [`Core::handle_http`].
    Http(ConnId, HttpAnswer),
}

/// The gateway as a state machine.
pub struct Core {
    config: CoreConfig,
    cache: Cache,
    /// But for those of the connections that are there, and of this cache.
    stats: Stats,
    conns: Turns,
    by_cid: HashMap<Arc<str>, ConnId>,
    requests: HashMap<u64, InFlight>,
    timers: Timers<u64>,
    /// Services that were logged for what they answer.
    deprecated: HashSet<Box<str>>,
    warnings: Warnings,
    next: u64,
    outputs: VecDeque<Output>,
    /// What a connection puts out in its turn.
    conn_outputs: Vec<conn::Output>,
    /// Of the last input.
    now: Time,
}

impl Core {
    pub fn new(config: CoreConfig) -> Core {
        Core::numbered(config, 0, Stats::default())
    }

    /// Another core in place of one whose bus is lost: nothing of that one is known any more, and none of its numbers
    /// are used again.
    pub fn successor(&self, inbox: String) -> Core {
        Core::numbered(CoreConfig { inbox, ..self.config.clone() }, self.next, self.stats())
    }

    fn numbered(config: CoreConfig, next: u64, stats: Stats) -> Core {
        let inbox = format!("_INBOX.{}.*", config.inbox);
        Core {
            cache: Cache::new(config.seed, config.reset_throttle),
            stats,
            conns: Turns::new(config.effort_of_a_turn),
            by_cid: HashMap::new(),
            requests: HashMap::new(),
            timers: Timers::default(),
            deprecated: HashSet::new(),
            warnings: Warnings::default(),
            next,
            outputs: [Output::Subscribe("system.*".into()), Output::Subscribe(inbox)].into(),
            conn_outputs: Vec::new(),
            now: Time(0),
            config,
        }
    }

    /// The next output, after whatever is to be done for it; with `None` nothing is left.
    pub fn poll_output(&mut self) -> Option<Output> {
        while self.outputs.is_empty() && self.is_busy() {
            self.go_on(self.now);
        }
        self.outputs.pop_front()
    }

    /// The next output that is there already, for drivers that let other inputs come between.
    pub fn ready_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether something is left to be done with [`Core::go_on`].
    pub fn is_busy(&self) -> bool {
        self.conns.is_busy()
    }

    /// Whether something is left to be done for this connection.
    pub fn is_conn_busy(&self, id: ConnId) -> bool {
        self.conns.is_waiting(id)
    }

    /// Goes on for a while with what connections with a lot to do have left, in turns.
    pub fn go_on(&mut self, now: Time) {
        self.conns.begin_round();
        self.serve(now);
        let mut effort = 0;
        while effort < self.config.effort_of_a_round
            && let Some((id, spent)) = self.conns.next_in_line(&mut self.conn_outputs)
        {
            effort += spent;
            self.carry(id);
            self.serve(now);
        }
    }

    /// Has the connections take in what has come for them, as far as they have credit. Every input ends with this.
    fn serve(&mut self, now: Time) {
        self.now = now;
        self.distribute();
        while let Some(id) = self.conns.prompt(&mut self.conn_outputs) {
            self.carry(id);
            self.distribute();
        }
    }

    /// When [`Core::handle_timeout`] is to be called, unless something else comes first.
    pub fn poll_timeout(&self) -> Option<Time> {
        [self.timers.next(), self.cache.poll_timeout()].into_iter().flatten().min()
    }

    pub fn handle_timeout(&mut self, now: Time) {
        while let Some(number) = self.timers.pop(now) {
            if let Some(request) = self.requests.remove(&number) {
                debug!(subject = request.subject, "request timeout");
                self.answer(now, request, Err(ResError::TIMEOUT));
            }
        }
        self.cache.handle_timeout(now);
        self.serve(now);
    }

    /// A client is there. `cid` must be unguessable: who knows it can be taken for the client.
    pub fn handle_connect(&mut self, cid: &str, client: ClientInfo) -> ConnId {
        self.next += 1;
        let id = ConnId(self.next);
        let cid: Arc<str> = cid.into();
        self.outputs.push_back(Output::Subscribe(format!("conn.{cid}.*")));
        self.by_cid.insert(cid.clone(), id);
        let conn = Conn::new(id, cid, client, self.config.limits.clone());
        self.conns.insert(id, conn);
        id
    }

    /// A client is gone, or its HTTP request is answered.
    pub fn handle_disconnect(&mut self, now: Time, id: ConnId) {
        let Some(conn) = self.conns.leave(id) else { return };
        self.by_cid.remove(conn.cid());
        self.outputs.push_back(Output::Unsubscribe(format!("conn.{}.*", conn.cid())));
        self.stats.clients.add(&conn.stats);
        self.serve(now);
    }

    /// A text frame of a client.
    pub fn handle_frame(&mut self, now: Time, id: ConnId, text: &str) {
        self.conns.push(id, Task::Frame(text.into()));
        self.serve(now);
    }

    /// An HTTP request of a client; answered with [`Output::Http`]. See [`Conn::handle_http`].
    pub fn handle_http(&mut self, now: Time, id: ConnId, request: HttpRequest) {
        self.conns.push(id, Task::Http(request));
        self.serve(now);
    }

    /// A message of the bus. `no_responders` says that nobody listens where the request with this reply subject was
    /// sent.
    pub fn handle_message(&mut self, now: Time, subject: &str, payload: &[u8], no_responders: bool) {
        let (kind, rest) = subject.split_once('.').unwrap_or((subject, ""));
        match kind {
            "_INBOX" => self.reply(now, rest, payload, no_responders),
            "event" => {
                if let Some((name, event)) = rest.rsplit_once('.') {
                    self.cache.handle_event(now, name, event, payload);
                }
            }
            "conn" => match rest.rsplit_once('.') {
                // Of a connection that is gone it may still be on its way.
                Some((cid, "token")) => {
                    if let Some(&id) = self.by_cid.get(cid) {
                        self.conns.push(id, Task::Token(payload.into()));
                    }
                }
                _ => warn!("dropped an event of a connection that is not of its token"),
            },
            "system" => self.system(rest, payload),
            _ => warn!(subject, "a message on a subject nobody asked for"),
        }
        self.serve(now);
    }

    /// The bus did not take the request with this reply subject.
    pub fn handle_refused(&mut self, now: Time, reply: &str, error: ResError) {
        let number = reply.rsplit_once('.').and_then(|(_, number)| number.parse::<u64>().ok());
        if let Some(request) = number.and_then(|number| self.requests.remove(&number)) {
            self.timers.cancel(request.timer);
            self.answer(now, request, Err(error));
            self.serve(now);
        }
    }

    pub fn stats(&self) -> Stats {
        let mut stats = self.stats.clone();
        self.conns.iter().for_each(|(_, conn)| stats.clients.add(&conn.stats));
        stats.resets.add(&self.cache.stats);
        stats
    }

    /// Requests that services have not answered.
    pub fn waiting(&self) -> usize {
        self.requests.len()
    }

    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    pub fn conn(&self, id: ConnId) -> Option<&Conn> {
        self.conns.get(id)
    }

    fn system(&mut self, event: &str, payload: &[u8]) {
        #[derive(serde::Deserialize)]
        struct Reset {
            resources: Option<Vec<String>>,
            access: Option<Vec<String>>,
        }
        match event {
            "reset" => match json::read_object::<Reset>(payload) {
                Some(reset) => {
                    let (resources, access) = (reset.resources.unwrap_or_default(), reset.access.unwrap_or_default());
                    self.cache.handle_reset(&resources, &access);
                }
                None => warn!("dropped a system.reset that cannot be read"),
            },
            "tokenReset" => {
                let reset = json::read_object::<TokenReset>(payload)
                    .filter(|reset| subject::is_for_services(&reset.subject, true));
                let Some(reset) = reset else {
                    return warn!("dropped a system.tokenReset that cannot be read, or whose subject is none");
                };
                let ids: Vec<ConnId> = self.conns.iter().map(|(id, _)| id).collect();
                let reset = Arc::new(reset);
                for id in ids {
                    self.conns.push(id, Task::TokenReset(reset.clone()));
                }
            }
            _ => warn!(event, "dropped an unknown event of the system"),
        }
    }

    /// Hands on what the cache has for connections and the bus.
    fn distribute(&mut self) {
        while let Some(output) = self.cache.poll_output() {
            match output {
                cache::Output::Notice(who, notice) => self.conns.push(who.conn, Task::Notice(who, notice)),
                cache::Output::Answer(id, ticket, payload) => self.conns.push(id, Task::Answer(ticket, Ok(payload))),
                cache::Output::Watch(name) => self.outputs.push_back(Output::Subscribe(format!("event.{name}.*"))),
                cache::Output::Unwatch(name) => {
                    self.outputs.push_back(Output::Unsubscribe(format!("event.{name}.*")));
                }
                cache::Output::Get { address, serial } => {
                    let payload = query_payload(&address);
                    self.request(format!("get.{}", address.name), payload, Asker::Get(address, serial));
                }
                cache::Output::Query { subject, address, serial } => {
                    let payload = query_payload(&address);
                    self.request(subject, payload, Asker::Query(address, serial));
                }
            }
        }
    }

    /// Hands on what a connection has put out; the effects of commands to the cache come with `distribute`.
    fn carry(&mut self, id: ConnId) {
        let mut outputs = std::mem::take(&mut self.conn_outputs);
        outputs.drain(..).for_each(|output| self.carry_one(id, output));
        // The room for them is used again.
        self.conn_outputs = outputs;
    }

    fn carry_one(&mut self, id: ConnId, output: conn::Output) {
        match output {
            conn::Output::Cache(command) => self.cache.handle_command(self.now, command),
            conn::Output::Request { subject, payload, ticket } => {
                self.request(subject, payload, Asker::Conn(id, ticket));
            }
            conn::Output::Event(frame) => self.outputs.push_back(Output::Event(id, frame)),
            conn::Output::Answer(frame) => self.outputs.push_back(Output::Answer(id, frame)),
            conn::Output::Deprecated(name) => {
                let service = name.split('.').next().unwrap_or_default();
                // A service that takes names of clients could be called by any first part of one.
                if self.deprecated.len() < SERVICES_SAID && !self.deprecated.contains(service) {
                    warn!(service, "answers new requests as in the first version of the protocol; give it a resource");
                    self.deprecated.insert(service.into());
                }
            }
            conn::Output::Unusable { subject, reason } => self.unusable(&subject, reason),
            conn::Output::Close(code, reason) => self.outputs.push_back(Output::Close(id, code, reason)),
            conn::Output::Http(answer) => self.outputs.push_back(Output::Http(id, answer)),
        }
    }
}

/// Services that are said to be of the first version of the protocol; there are hardly as many.
const SERVICES_SAID: usize = 100;

fn query_payload(address: &Address) -> String {
    match &*address.query {
        "" => "{}".into(),
        query => format!("{{\"query\":{}}}", json::string(query)),
    }
}
