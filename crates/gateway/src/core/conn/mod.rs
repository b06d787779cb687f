//! The connection layer: what one client asked for, holds and may do.
//!
//! A connection is a state machine: frames, notices of the cache and answers of services go in, and outputs are popped.
//! Each resource the client uses is a `Sub`; Subs refer to each other as the resources do.

mod calls;
mod check;
mod collect;
mod direct;
mod events;
mod graph;
mod http;
mod limits;
mod reach;
mod request;
mod set;
mod sub;
mod work;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use indexmap::IndexMap;
use resclient::bug;
use resclient::protocol::{ResError, Version, rid};
use serde_json::value::RawValue;
use tracing::warn;

use super::Frame;
use super::border::{Address, Command, ConnId, SubId, Subscriber, Ticket};
use super::json;
use super::response::{self, Failure};
use super::stats::ConnStats;
use super::throttle::{Slot, Throttle};
use super::value::Invalid;
use graph::{Goal, Wait};
use http::Http;
pub use http::{AuthMethod, HttpAnswer, HttpRequest, Outcome, Target, Tree};
pub use limits::Limits;
use request::{Action, ClientRequest, Fault, Verb};
use sub::{Access, Body, Level, RequestId, Sub, WaitId};
use work::Work;

/// What a connection wants done.
#[derive(Debug)]
pub enum Output {
    Cache(Command),
    /// Send a request to a service; answered with [`Conn::handle_answer`].
    Request {
        subject: String,
        payload: String,
        ticket: Ticket,
    },
    /// Send a frame to the client that it did not ask for.
    Event(Frame),
    /// Send the answer to a frame of the client, which is dealt with.
    Answer(Frame),
    /// A service has answered a request with something else than an answer.
    Unusable {
        subject: String,
        reason: Invalid,
    },
    /// A service still answers as in the first version of the protocol.
    Deprecated(Arc<str>),
    /// Close the connection with a WebSocket close code.
    Close(u16, &'static str),
    /// The answer to [`Conn::handle_http`].
    Http(HttpAnswer),
}

/// Who is at the other end.
#[derive(Debug, Clone, Default)]
pub struct ClientInfo {
    /// The header of the HTTP request, for auth requests.
    pub header: IndexMap<String, Vec<String>>,
    pub host: String,
    pub remote_addr: String,
    pub uri: String,
}

impl ClientInfo {
    /// JSON members, with a comma before each.
    fn members(&self) -> String {
        let header = serde_json::to_string(&self.header).expect("a map of strings is JSON");
        let mut out = format!(",\"header\":{header}");
        for (key, value) in [("host", &self.host), ("remoteAddr", &self.remote_addr), ("uri", &self.uri)] {
            out.push_str(&format!(",\"{key}\":"));
            json::push_string(&mut out, value);
        }
        out
    }
}

/// One client's connection.
pub struct Conn {
    id: ConnId,
    cid: Arc<str>,
    /// Who the client is, as members of a JSON object for auth requests: written once, it takes a fifth of the room.
    client: Box<str>,
    /// The HTTP request that is to be answered; services are told that it is one.
    http: Option<Http>,
    limits: Limits,
    version: Version,
    /// JSON text; `null` when there is none.
    token: Box<RawValue>,
    token_id: Option<String>,
    by_rid: HashMap<Arc<str>, SubId>,
    /// In boxes, for a tree makes room for eleven at once.
    subs: BTreeMap<SubId, Box<Sub>>,
    /// Subs with direct subscriptions.
    direct_rids: usize,
    requests: BTreeMap<RequestId, Request>,
    waits: BTreeMap<WaitId, Wait>,
    tickets: BTreeMap<Ticket, Purpose>,
    next: u64,
    ready: VecDeque<Goal>,
    flushable: VecDeque<SubId>,
    /// Levels with references that wait for their turn.
    throttled: Vec<Level>,
    /// References whose turn it is in their request, with its slot.
    references: Throttle<(SubId, Slot)>,
    /// Subs that may have lost their last reason to live.
    garbage: Vec<SubId>,
    /// Bytes of all events that wait.
    waiting: usize,
    /// What was begun and is not finished, in order.
    work: VecDeque<Work>,
    outputs: VecDeque<Output>,
    /// How much may still be done in this turn: a reference counted, a resource written, an output handed on, and the
    /// like, each of which takes about a microsecond. Below 0 it was more.
    pub(super) credit: isize,
    is_closed: bool,
    pub(super) stats: ConnStats,
}

impl Conn {
    /// A connection with an unguessable `cid`.
    pub fn new(id: ConnId, cid: Arc<str>, client: ClientInfo, limits: Limits) -> Conn {
        let references = Throttle::new(limits.references_in_flight);
        Conn {
            id,
            cid,
            client: client.members().into(),
            http: None,
            limits,
            version: Version::LEGACY,
            token: RawValue::NULL.to_owned(),
            token_id: None,
            by_rid: HashMap::new(),
            subs: BTreeMap::new(),
            direct_rids: 0,
            requests: BTreeMap::new(),
            waits: BTreeMap::new(),
            tickets: BTreeMap::new(),
            next: 0,
            ready: VecDeque::new(),
            flushable: VecDeque::new(),
            throttled: Vec::new(),
            references,
            garbage: Vec::new(),
            waiting: 0,
            work: VecDeque::new(),
            outputs: VecDeque::new(),
            credit: 0,
            is_closed: false,
            stats: ConnStats::default(),
        }
    }

    pub fn cid(&self) -> &Arc<str> {
        &self.cid
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front().or_else(|| if self.is_closed { self.let_go() } else { None })
    }

    /// Whether there is something left to do.
    pub fn is_busy(&self) -> bool {
        !self.outputs.is_empty() || !self.is_settled() || self.is_closed && !self.subs.is_empty()
    }

    /// A text frame of the client. Each frame leads to one [`Output::Answer`] or to [`Output::Close`].
    pub fn handle_frame(&mut self, text: &str) {
        match ClientRequest::parse(text) {
            Ok(request) => {
                if let Some(kind) = request.action.kind() {
                    self.stats.count(kind);
                }
                self.request(request);
            }
            Err(fault) => self.output(Output::Close(fault.code, fault.reason)),
        }
        self.settle();
    }

    /// The payload that a service sent for a ticket, or why there is none.
    pub fn handle_answer(&mut self, ticket: Ticket, answer: Result<&[u8], ResError>) {
        let purpose = self.tickets.remove(&ticket);
        match purpose {
            Some(purpose) if answer.as_ref().is_ok_and(|payload| self.heed_meta(purpose, payload)) => {}
            Some(Purpose::HeaderAuth) => self.header_heeded(answer),
            Some(Purpose::Access(id)) => {
                let address = self.subs.get(&id).map(|sub| sub.address.clone());
                let access = self.read_access(address, answer);
                self.access_answered(id, access);
            }
            Some(Purpose::CallAccess(id)) => {
                let address = match self.requests.get(&id) {
                    Some(Request::Call { address, .. }) => Some(address.clone()),
                    _ => None,
                };
                let access = self.read_access(address, answer);
                self.call_granted(id, &access);
            }
            Some(Purpose::Call(id)) => self.call_answered(id, answer),
            Some(Purpose::TokenReset) => {
                if let Err(error) = answer {
                    warn!(%error, "a token was not renewed");
                }
            }
            None => {}
        }
        self.settle();
    }

    /// `conn.<cid>.token`: what the service knows of the client has changed, and with it what the client may do.
    pub fn handle_token(&mut self, payload: &[u8]) {
        #[derive(serde::Deserialize)]
        struct Wire {
            token: Option<Box<RawValue>>,
            tid: Option<String>,
        }
        let Some(wire) = json::read_object::<Wire>(payload) else {
            return warn!("dropped a token event that cannot be read");
        };
        self.token = wire.token.unwrap_or_else(|| RawValue::NULL.to_owned());
        self.token_id = wire.tid;
        let known: Vec<SubId> =
            self.subs.iter().filter(|(_, s)| !matches!(s.access, Access::Unknown)).map(|(&id, _)| id).collect();
        for id in known {
            if !bug!("token-kept") {
                self.reaccess(id, None);
            }
        }
        // Nor do calls rely on an answer that is about the old token.
        let asked: Vec<(Ticket, RequestId)> = self
            .tickets
            .iter()
            .filter_map(|(&ticket, purpose)| match purpose {
                Purpose::CallAccess(request) => Some((ticket, *request)),
                _ => None,
            })
            .collect();
        for (ticket, request) in asked {
            self.tickets.remove(&ticket);
            if let Some(Request::Call { address, .. }) = self.requests.get(&request) {
                let address = address.clone();
                self.request_access(&address, Purpose::CallAccess(request));
            }
        }
        self.settle();
    }

    /// `system.tokenReset`: a service wants the tokens with these ids renewed.
    pub fn handle_token_reset(&mut self, tids: &[String], subject: &str) {
        if self.token_id.as_ref().is_some_and(|tid| tids.contains(tid)) {
            let payload = self.payload("", None, true);
            self.bus_request(subject.to_owned(), payload, Purpose::TokenReset);
        }
    }

    /// Ends all subscriptions; nothing but outputs may be asked of the connection after this.
    pub fn close(&mut self) {
        self.is_closed = true;
        self.requests.clear();
        self.waits.clear();
        self.tickets.clear();
        self.work.clear();
        self.garbage.clear();
        self.flushable.clear();
        self.ready.clear();
    }

    /// Ends the next subscription of a closed connection, one at a time, for there may be thousands.
    fn let_go(&mut self) -> Option<Output> {
        while let Some((id, sub)) = self.subs.pop_first() {
            self.by_rid.remove(&sub.rid);
            if sub.is_subscribed() {
                return Some(Output::Cache(Command::Unsubscribe(self.subscriber(id, sub.nth), sub.address)));
            }
        }
        None
    }

    /// Resources the client holds, with the JSON text of each, for assertions in tests.
    pub fn held(&self) -> BTreeMap<&str, String> {
        let held = self.subs.values().filter(|sub| sub.sent).filter_map(|sub| match &sub.body {
            Body::Loaded(snapshot) | Body::Deleted(snapshot) => {
                let mut text = String::new();
                snapshot.push(&mut text, self.version);
                Some((&*sub.rid, text))
            }
            _ => None,
        });
        held.collect()
    }

    /// How many Subs there are, sent or not, for assertions in tests.
    pub fn sub_count(&self) -> usize {
        self.subs.len()
    }

    fn request(&mut self, request: ClientRequest) {
        let ClientRequest { id, action } = request;
        match action {
            Action::Invalid(Fault::Request) => self.reply_error(id, &ResError::INVALID_REQUEST),
            Action::Invalid(Fault::Params) => self.reply_error(id, &ResError::INVALID_PARAMS),
            Action::Version(version) => self.version(id, version),
            Action::Subscribe(rid) => self.direct(id, Kind::Subscribe, &rid),
            Action::Get(rid) => self.direct(id, Kind::Get, &rid),
            Action::Unsubscribe(rid, count) => self.unsubscribe(id, &rid, count),
            Action::Call { verb, rid, method, params } => self.call(id, verb, &rid, method, params),
        }
    }

    fn version(&mut self, id: u64, version: Option<Version>) {
        if let Some(version) = version {
            if !Version::SUPPORTED.is_compatible(version) {
                return self.reply_error(id, &ResError::UNSUPPORTED_PROTOCOL);
            }
            self.version = version;
        }
        self.reply(id, &format!("{{\"protocol\":\"{}\"}}", Version::SUPPORTED));
    }

    /// Reads the answer to a request with this subject. One that cannot be used is something that an operator has to
    /// know of.
    fn read<'a, T>(
        &mut self,
        answer: Result<&'a [u8], ResError>,
        read: impl FnOnce(&'a [u8]) -> Result<T, Failure>,
        subject: impl FnOnce() -> String,
    ) -> Result<T, ResError> {
        let read = read(answer?);
        if let Err(Failure::Unusable(reason)) = &read {
            // Who knows the id can be taken for the client.
            let subject = subject().replace(&*self.cid, "{cid}");
            self.output(Output::Unusable { subject, reason: *reason });
        }
        Ok(read?)
    }

    fn read_access(
        &mut self,
        of: Option<Address>,
        answer: Result<&[u8], ResError>,
    ) -> Result<response::Access, ResError> {
        self.read(answer, response::read_access, || of.map_or_else(String::new, |of| format!("access.{}", of.name)))
    }

    /// What services call the resource; `None` when that is too long or, with the `cid` in it, no valid id.
    fn address(&self, rid: &str) -> Option<Address> {
        let expanded = rid.replace("{cid}", &self.cid);
        if expanded.len() > self.limits.rid_bytes || !rid::is_valid(&expanded) {
            return None;
        }
        let (name, query) = rid::split_query(&expanded);
        Some(match query.unwrap_or_default() {
            "" => Address::plain(name.into()),
            query => Address { name: name.into(), query: query.into() },
        })
    }

    fn reply(&mut self, id: u64, result: &str) {
        self.output(Output::Answer(format!("{{\"result\":{result},\"id\":{id}}}").into()));
    }

    fn reply_error(&mut self, id: u64, error: &ResError) {
        if self.http.is_some() {
            return self.http_done(Err(error.clone()));
        }
        let mut frame = String::from("{\"error\":");
        json::push_error(&mut frame, error);
        frame.push_str(&format!(",\"id\":{id}}}"));
        self.output(Output::Answer(frame.into()));
    }

    fn output(&mut self, output: Output) {
        // A long frame is an effort by itself. What comes out goes on its way before the next is written.
        if let Output::Event(frame) | Output::Answer(frame) = &output {
            self.credit -= (frame.len() / BYTES_OF_EFFORT) as isize;
        }
        self.outputs.push_back(output);
    }

    fn sub(&mut self, id: SubId) -> &mut Sub {
        self.subs.get_mut(&id).expect("Subs that are referred to exist")
    }

    fn subscriber(&self, sub: SubId, nth: u32) -> Subscriber {
        Subscriber { conn: self.id, sub, nth }
    }

    fn next_id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// A request that is not answered yet.
#[derive(Debug)]
enum Request {
    /// For a resource itself.
    Direct { id: u64, kind: Kind, sub: SubId, wait: Option<WaitId>, failure: Option<ResError> },
    /// For a method.
    Call { id: u64, verb: Verb, address: Address, method: Arc<str>, params: Option<Box<RawValue>> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Subscribe,
    Get,
    /// The resource that a method answered with.
    Resource,
    /// An HTTP request.
    Fetch,
}

/// What a request to a service is for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Access(SubId),
    HeaderAuth,
    CallAccess(RequestId),
    Call(RequestId),
    TokenReset,
}

/// Bytes of a frame that take about as long as counting a reference.
const BYTES_OF_EFFORT: usize = 8 << 10;
