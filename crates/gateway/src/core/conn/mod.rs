//! The connection layer: what one client asked for, holds and may do.
//!
//! A connection is a state machine: frames, notices of the cache and answers of services go in, and outputs are popped.
//! Each resource the client uses is a `Sub`; Subs refer to each other as the resources do.

mod events;
mod graph;
mod request;
mod set;
mod sub;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use indexmap::IndexMap;
use resclient::protocol::{ResError, Version, rid};
use serde_json::value::RawValue;

use super::border::{Address, Command, ConnId, SubId, Subscriber};
use super::json;
use super::response::{self, Answer};
use super::value::Snapshot;
use graph::{Goal, Wait};
use request::{Action, ClientRequest, Fault, Verb};
use set::ResourceSet;
use sub::{Access, Body, RequestId, Sub, WaitId};

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
    /// Send a frame to the client.
    Frame(String),
    /// One frame of the client is dealt with.
    FrameDone,
    /// Close the connection with a WebSocket close code.
    Close(u16, &'static str),
    /// The answer to [`Conn::fetch`].
    Fetched(Result<Tree, ResError>),
}

/// A resource with all that it refers to.
#[derive(Debug)]
pub struct Tree {
    pub root: Arc<str>,
    pub resources: HashMap<Arc<str>, Result<Arc<Snapshot>, ResError>>,
}

/// Names a request to a service until its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// Who is at the other end.
#[derive(Debug, Clone, Default)]
pub struct ClientInfo {
    /// The header of the HTTP request, for auth requests.
    pub header: IndexMap<String, Vec<String>>,
    pub host: String,
    pub remote_addr: String,
    pub uri: String,
}

/// How much one connection may ask for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a resource id with `{cid}` replaced; default 1024.
    pub rid_bytes: usize,
    /// Direct subscriptions of one resource; default 256.
    pub direct_count: usize,
    /// Resources subscribed directly; default 1 000.
    pub direct_resources: usize,
    /// Resources held in all; default 20 000.
    pub held_resources: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { rid_bytes: 1024, direct_count: 256, direct_resources: 1_000, held_resources: 20_000 }
    }
}

/// One client's connection.
pub struct Conn {
    id: ConnId,
    cid: Arc<str>,
    client: ClientInfo,
    is_http: bool,
    limits: Limits,
    version: Version,
    /// JSON text; `null` when there is none.
    token: Box<RawValue>,
    token_id: Option<String>,
    by_rid: HashMap<Arc<str>, SubId>,
    subs: BTreeMap<SubId, Sub>,
    /// Subs with direct subscriptions.
    direct_rids: usize,
    requests: BTreeMap<RequestId, Request>,
    waits: BTreeMap<WaitId, Wait>,
    tickets: BTreeMap<Ticket, Purpose>,
    next: u64,
    ready: VecDeque<Goal>,
    flushable: VecDeque<SubId>,
    /// Subs that may have lost their last reason to live.
    garbage: Vec<SubId>,
    outputs: VecDeque<Output>,
}

impl Conn {
    /// A connection with an unguessable `cid`; `is_http` for one that serves a single HTTP request.
    pub fn new(id: ConnId, cid: Arc<str>, client: ClientInfo, is_http: bool, limits: Limits) -> Conn {
        Conn {
            id,
            cid,
            client,
            is_http,
            limits,
            version: if is_http { Version::SUPPORTED } else { Version::LEGACY },
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
            garbage: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    pub fn cid(&self) -> &Arc<str> {
        &self.cid
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// A text frame of the client. Each frame leads to one [`Output::FrameDone`] or to [`Output::Close`].
    pub fn handle_frame(&mut self, text: &str) {
        match ClientRequest::parse(text) {
            Ok(request) => self.request(request),
            Err(fault) => self.output(Output::Close(fault.code, fault.reason)),
        }
        self.settle();
    }

    /// Asks for a resource on behalf of an HTTP request.
    pub fn fetch(&mut self, rid: &str) {
        let rid: Arc<str> = rid.into();
        if rid::is_valid(&rid) && self.address(&rid).is_some() {
            self.direct(0, Kind::Fetch, &rid);
        } else {
            self.output(Output::Fetched(Err(ResError::NOT_FOUND)));
        }
        self.settle();
    }

    /// The payload that a service sent for a ticket, or why there is none.
    pub fn handle_answer(&mut self, ticket: Ticket, answer: Result<&[u8], ResError>) {
        match self.tickets.remove(&ticket) {
            Some(Purpose::Access(id)) => self.access_answered(id, answer.and_then(response::read_access)),
            Some(Purpose::CallAccess(id)) => self.call_granted(id, &answer.and_then(response::read_access)),
            Some(Purpose::Call(id)) => self.call_answered(id, answer),
            Some(Purpose::TokenReset) | None => {}
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
        let Ok(wire) = serde_json::from_slice::<Wire>(payload) else { return };
        self.token = wire.token.unwrap_or_else(|| RawValue::NULL.to_owned());
        self.token_id = wire.tid;
        let known: Vec<SubId> =
            self.subs.iter().filter(|(_, s)| !matches!(s.access, Access::Unknown)).map(|(&id, _)| id).collect();
        for id in known {
            self.reaccess(id);
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
        for (&id, sub) in &self.subs {
            if sub.is_subscribed() {
                let subscriber = Subscriber { conn: self.id, sub: id };
                self.outputs.push_back(Output::Cache(Command::Unsubscribe(subscriber, sub.address.clone())));
            }
        }
        self.subs.clear();
        self.by_rid.clear();
        self.requests.clear();
        self.waits.clear();
        self.tickets.clear();
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

    /// Begins a request for a resource itself.
    fn direct(&mut self, id: u64, kind: Kind, rid: &Arc<str>) {
        if self.address(rid).is_none() {
            return self.direct_refused(id, kind, rid, &ResError::INVALID_REQUEST);
        }
        let known = self.by_rid.get(rid).and_then(|id| self.subs.get(id));
        let over = match known {
            Some(sub) if sub.direct > 0 => sub.direct as usize + sub.requests.len() >= self.limits.direct_count,
            Some(sub) if sub.requests.len() >= self.limits.direct_count => true,
            _ => self.direct_rids >= self.limits.direct_resources || self.subs.len() >= self.limits.held_resources,
        };
        if over {
            return self.direct_refused(id, kind, rid, &ResError::SUBSCRIPTION_LIMIT);
        }
        let sub_id = self.acquire(rid);
        let request = RequestId(self.next_id());
        self.requests.insert(request, Request::Direct { id, kind, sub: sub_id, wait: None, failure: None });
        let sub = self.sub(sub_id);
        sub.requests.push(request);
        match sub.access {
            Access::Unknown => self.ask_access(sub_id),
            Access::InFlight { .. } => {}
            Access::Known(_) => self.try_request(request),
        }
    }

    /// Answers a request for a resource if all is there that the answer needs.
    fn try_request(&mut self, request: RequestId) {
        let Some(Request::Direct { sub: sub_id, wait, failure, .. }) = self.requests.get(&request) else { return };
        let (sub_id, waiting, failure) = (*sub_id, wait.is_some(), failure.clone());
        let sub = &self.subs[&sub_id];
        match &sub.access {
            Access::Known(Ok(access)) if access.get => {}
            Access::Known(Err(error)) => return self.fail_request(request, &error.clone()),
            Access::Known(Ok(_)) => return self.fail_request(request, &ResError::ACCESS_DENIED),
            Access::Unknown | Access::InFlight { .. } => return,
        }
        let failure = failure.or_else(|| match &sub.body {
            Body::Failed(error) => Some(error.clone()),
            _ => None,
        });
        if let Some(error) = failure {
            return self.fail_request(request, &error);
        }
        if waiting {
            return;
        }
        let waiting = self.start_wait(vec![sub_id], Goal::Request(request));
        match waiting {
            None => self.finish_request(request),
            waiting => {
                if let Some(Request::Direct { wait, .. }) = self.requests.get_mut(&request) {
                    *wait = waiting;
                }
            }
        }
    }

    fn request_ready(&mut self, request: RequestId) {
        if let Some(Request::Direct { wait, .. }) = self.requests.get_mut(&request) {
            *wait = None;
        }
        self.try_request(request);
    }

    fn load_failed(&mut self, request: RequestId, error: &ResError) {
        if let Some(Request::Direct { failure, .. }) = self.requests.get_mut(&request) {
            *failure = Some(error.clone());
        }
        self.try_request(request);
    }

    fn finish_request(&mut self, request: RequestId) {
        let Some((id, kind, sub_id)) = self.take_direct(request) else { return };
        let rid = self.sub(sub_id).rid.clone();
        let mut set = ResourceSet::default();
        match kind {
            Kind::Subscribe | Kind::Resource => {
                let sub = self.sub(sub_id);
                sub.direct += 1;
                if sub.direct == 1 {
                    self.direct_rids += 1;
                }
                self.send(sub_id, &mut set);
                let mut result = String::from("{");
                if let Kind::Resource = kind {
                    result.push_str("\"rid\":");
                    json::push_string(&mut result, &rid);
                }
                set.push_members(&mut result);
                result.push('}');
                self.reply(id, &result);
            }
            Kind::Get => {
                let version = self.version;
                self.peek(sub_id, |rid, found| match found {
                    Ok(snapshot) => set.add(rid, snapshot, version),
                    Err(error) => set.add_error(rid, error),
                });
                let mut result = String::from("{");
                set.push_members(&mut result);
                result.push('}');
                self.reply(id, &result);
            }
            Kind::Fetch => {
                let mut resources = HashMap::new();
                self.peek(sub_id, |rid, found| {
                    resources.insert(rid.clone(), found.map(Arc::clone).map_err(Clone::clone));
                });
                self.output(Output::Fetched(Ok(Tree { root: rid, resources })));
            }
        }
        self.garbage.push(sub_id);
    }

    fn fail_request(&mut self, request: RequestId, error: &ResError) {
        let Some((id, kind, sub_id)) = self.take_direct(request) else { return };
        let rid = self.sub(sub_id).rid.clone();
        self.direct_refused(id, kind, &rid, error);
        self.garbage.push(sub_id);
    }

    fn direct_refused(&mut self, id: u64, kind: Kind, rid: &str, error: &ResError) {
        match kind {
            Kind::Subscribe | Kind::Get => self.reply_error(id, error),
            // The method was called, which is what the client asked for; only the resource cannot be had.
            Kind::Resource => {
                let mut result = String::from("{\"rid\":");
                json::push_string(&mut result, rid);
                let mut set = ResourceSet::default();
                set.add_error(rid, error);
                set.push_members(&mut result);
                result.push('}');
                self.reply(id, &result);
            }
            Kind::Fetch => self.output(Output::Fetched(Err(error.clone()))),
        }
    }

    fn take_direct(&mut self, request: RequestId) -> Option<(u64, Kind, SubId)> {
        let Request::Direct { id, kind, sub, wait, .. } = self.requests.remove(&request)? else { return None };
        if let Some(wait) = wait {
            self.waits.remove(&wait);
        }
        self.sub(sub).requests.retain(|&other| other != request);
        Some((id, kind, sub))
    }

    fn unsubscribe(&mut self, id: u64, rid: &str, count: u32) {
        let found = self.by_rid.get(rid).copied().filter(|sub| self.subs[sub].direct >= count);
        let Some(sub_id) = found else { return self.reply_error(id, &ResError::NO_SUBSCRIPTION) };
        let sub = self.sub(sub_id);
        sub.direct -= count;
        if sub.direct == 0 {
            // Without a direct subscription there is nothing whose access could be lost.
            sub.held = false;
            self.direct_rids -= 1;
            self.flushable.push_back(sub_id);
        }
        self.collect(&[sub_id]);
        self.output(Output::Frame(format!("{{\"id\":{id}}}")));
        self.output(Output::FrameDone);
    }

    fn call(&mut self, id: u64, verb: Verb, rid: &Arc<str>, method: Arc<str>, params: Option<Box<RawValue>>) {
        let Some(address) = self.address(rid) else {
            return self.reply_error(id, &ResError::INVALID_REQUEST);
        };
        let request = RequestId(self.next_id());
        self.requests.insert(request, Request::Call { id, verb, address: address.clone(), method, params });
        if verb == Verb::Auth {
            return self.invoke(request);
        }
        let Some(&sub_id) = self.by_rid.get(rid) else {
            return self.request_access(&address, Purpose::CallAccess(request));
        };
        let sub = self.sub(sub_id);
        match &sub.access {
            Access::Known(answer) => {
                let answer = answer.clone();
                self.call_granted(request, &answer);
            }
            Access::InFlight { .. } => sub.calls.push(request),
            Access::Unknown => {
                sub.calls.push(request);
                self.ask_access(sub_id);
            }
        }
    }

    fn call_granted(&mut self, request: RequestId, access: &Result<response::Access, ResError>) {
        let Some(Request::Call { id, method, .. }) = self.requests.get(&request) else { return };
        let refusal = match access {
            Ok(access) if access.allows(method) => return self.invoke(request),
            Ok(_) => ResError::ACCESS_DENIED,
            Err(error) => error.clone(),
        };
        let id = *id;
        self.requests.remove(&request);
        self.reply_error(id, &refusal);
    }

    fn invoke(&mut self, request: RequestId) {
        let Some(Request::Call { verb, address, method, params, .. }) = self.requests.get(&request) else { return };
        let is_auth = *verb == Verb::Auth;
        let subject = format!("{}.{}.{method}", if is_auth { "auth" } else { "call" }, address.name);
        let params = params.as_ref().map_or("null", |p| p.get());
        let payload = self.payload(&address.query, Some(params), is_auth);
        self.bus_request(subject, payload, Purpose::Call(request));
    }

    fn call_answered(&mut self, request: RequestId, answer: Result<&[u8], ResError>) {
        let Some(Request::Call { id, verb, method, .. }) = self.requests.remove(&request) else { return };
        let answer = answer.and_then(|payload| response::read_call(payload, &method));
        let is_legacy = self.version < Version::CALL_RESOURCE;
        match answer {
            Err(error) => self.reply_error(id, &error),
            Ok(Answer::Payload(_)) if verb == Verb::New => {
                let message = "Internal error: the answer to a new request is not a resource".into();
                self.reply_error(id, &ResError { message, ..ResError::INTERNAL_ERROR });
            }
            Ok(Answer::Payload(payload)) if is_legacy => self.reply(id, payload.get()),
            Ok(Answer::Payload(payload)) => self.reply(id, &format!("{{\"payload\":{}}}", payload.get())),
            Ok(Answer::Resource(rid)) if is_legacy && verb != Verb::New => {
                self.reply(id, &format!("{{\"rid\":{}}}", json::string(&rid)));
            }
            Ok(Answer::Resource(rid)) => self.direct(id, Kind::Resource, &rid),
        }
    }

    fn request_access(&mut self, address: &Address, purpose: Purpose) {
        let payload = self.payload(&address.query, None, false);
        self.bus_request(format!("access.{}", address.name), payload, purpose);
    }

    fn bus_request(&mut self, subject: String, payload: String, purpose: Purpose) {
        let ticket = Ticket(self.next_id());
        self.tickets.insert(ticket, purpose);
        self.output(Output::Request { subject, payload, ticket });
    }

    /// The payload of a request that speaks for the client.
    fn payload(&self, query: &str, params: Option<&str>, is_auth: bool) -> String {
        let mut out = String::from("{");
        if let Some(params) = params {
            out.push_str("\"params\":");
            out.push_str(params);
            out.push(',');
        }
        out.push_str("\"token\":");
        out.push_str(self.token.get());
        if !query.is_empty() {
            out.push_str(",\"query\":");
            json::push_string(&mut out, query);
        }
        out.push_str(",\"cid\":");
        json::push_string(&mut out, &self.cid);
        if is_auth {
            let header = serde_json::to_string(&self.client.header).expect("a map of strings is JSON");
            out.push_str(",\"header\":");
            out.push_str(&header);
            for (key, value) in
                [("host", &self.client.host), ("remoteAddr", &self.client.remote_addr), ("uri", &self.client.uri)]
            {
                out.push_str(&format!(",\"{key}\":"));
                json::push_string(&mut out, value);
            }
        }
        if self.is_http {
            out.push_str(",\"isHttp\":true");
        }
        out.push('}');
        out
    }

    /// What services call the resource; `None` when that is too long or, with the `cid` in it, no valid id.
    fn address(&self, rid: &str) -> Option<Address> {
        let expanded = rid.replace("{cid}", &self.cid);
        if expanded.len() > self.limits.rid_bytes || !rid::is_valid(&expanded) {
            return None;
        }
        let (name, query) = rid::split_query(&expanded);
        Some(Address { name: name.into(), query: query.unwrap_or_default().into() })
    }

    fn reply(&mut self, id: u64, result: &str) {
        self.output(Output::Frame(format!("{{\"result\":{result},\"id\":{id}}}")));
        self.output(Output::FrameDone);
    }

    fn reply_error(&mut self, id: u64, error: &ResError) {
        let mut frame = String::from("{\"error\":");
        json::push_error(&mut frame, error);
        frame.push_str(&format!(",\"id\":{id}}}"));
        self.output(Output::Frame(frame));
        self.output(Output::FrameDone);
    }

    fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn sub(&mut self, id: SubId) -> &mut Sub {
        self.subs.get_mut(&id).expect("Subs that are referred to exist")
    }

    fn subscriber(&self, sub: SubId) -> Subscriber {
        Subscriber { conn: self.id, sub }
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
    CallAccess(RequestId),
    Call(RequestId),
    TokenReset,
}
