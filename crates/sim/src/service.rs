//! A service: resources that it keeps, answers about them, and events when they change, as the protocol has them.
//!
//! What it keeps is the truth that everything else is compared with. A service that dies keeps what it had persisted, and
//! says when it is back that everything may be another.

mod faults;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::names;
use crate::script::{Deed, Json, Spoiled};
use crate::writer;

/// Something to be published.
#[derive(Debug, Clone)]
pub struct Message {
    pub subject: String,
    /// Where answers are to be sent.
    pub reply: Option<String>,
    pub payload: Vec<u8>,
}

impl Message {
    pub fn new(subject: impl Into<String>, payload: &Value) -> Message {
        Message { subject: subject.into(), reply: None, payload: payload.to_string().into_bytes() }
    }
}

pub struct Service {
    index: usize,
    store: BTreeMap<String, Value>,
    /// What the pages show.
    items: Vec<u64>,
    /// What nobody may see.
    denied: BTreeSet<String>,
    /// Connections of clients that were given a token; it is always the first service that does so.
    tokens: BTreeSet<String>,
    /// Which connections it has ever told that they may not have what.
    denied_to: BTreeSet<(String, String)>,
    /// Whom it has ever allowed to call what.
    allowed_to: BTreeSet<(String, String)>,
    /// The numbers of calls that it has carried out.
    called: BTreeSet<u64>,
    /// The numbers of the last custom events.
    rung: BTreeMap<String, u64>,
    /// Requests that are being worked on.
    requests: BTreeMap<u64, Job>,
    /// When something was deleted, or seemed to be for its type was another: who held it is not told that it is there again.
    gone: BTreeMap<String, u64>,
    /// How many events there were of each resource.
    touched: BTreeMap<String, u64>,
    next: u64,
    /// How the next answers are spoilt.
    spoilt: VecDeque<Spoiled>,
    /// Milliseconds that answers take longer, and until when.
    pub slow: (u64, u64),
    pub lies: bool,
    rng: Rng,
}

/// A request that is being worked on.
struct Job {
    request: Message,
    /// What was found out when it came.
    found: Option<Found>,
    spoilt: Option<Spoiled>,
}

/// An answer that is ready before it is given. It is not given after an event of its resource; but what is said to be
/// another by a reset may be in an older answer.
struct Found {
    answer: Value,
    touched: u64,
}

/// When an answer is given.
pub struct Served {
    pub number: u64,
    pub after: u64,
    /// What is said before.
    pub announcement: Option<Message>,
}

/// An answer, and how it is sent.
#[derive(Default)]
pub struct Answer {
    /// In this order.
    pub messages: Vec<Message>,
    /// The last one comes again after a while.
    pub is_repeated: bool,
    /// It was false, so that a reset has to follow.
    pub is_false: bool,
}

impl Service {
    pub fn new(index: usize, services: usize, seed: u64) -> Service {
        let mut rng = Rng::with_seed(seed);
        let mut store = BTreeMap::from([(names::secret(index), json!({ "title": 7 }))]);
        for name in (0..names::EACH).flat_map(|n| [names::model(index, n), names::list(index, n)]) {
            if rng.u8(..10) > 0 {
                let content = writer::content(&mut rng, services, names::is_model(&name));
                store.insert(name, content);
            }
        }
        let items = (0..rng.u64(..8)).collect();
        Service {
            index,
            store,
            items,
            denied: BTreeSet::new(),
            tokens: BTreeSet::new(),
            denied_to: BTreeSet::new(),
            allowed_to: BTreeSet::new(),
            called: BTreeSet::new(),
            rung: BTreeMap::new(),
            requests: BTreeMap::new(),
            gone: BTreeMap::new(),
            touched: BTreeMap::new(),
            next: 0,
            spoilt: VecDeque::new(),
            slow: (0, 0),
            lies: false,
            rng,
        }
    }

    /// What the service listens to.
    pub fn patterns(&self) -> Vec<String> {
        let name = names::SERVICES[self.index];
        ["get", "access", "call", "auth", "_Q"].iter().map(|kind| format!("{kind}.{name}.>")).collect()
    }

    /// The truth about a resource.
    pub fn value(&self, rid: &str) -> Option<Value> {
        let name = names::without_query(rid);
        match rid.split('.').nth(1).map(names::without_query) {
            Some("pages") => Some(self.page(page_number(rid)?)),
            Some("endless") => {
                let n: usize = rid.rsplit('.').next()?.parse().ok()?;
                Some(json!({ "n": n, "next": { "rid": names::endless(self.index, n + 1) } }))
            }
            _ => self.store.get(name).cloned(),
        }
    }

    /// When a resource was there no longer, or seemed not to be.
    pub fn was_gone(&self, rid: &str) -> Option<u64> {
        self.gone.get(names::without_query(rid)).copied()
    }

    /// Whether a client may see a resource.
    pub fn allows(&self, rid: &str, has_token: bool) -> bool {
        let name = names::without_query(rid);
        !self.denied.contains(name) && (has_token || !name.ends_with(".secret"))
    }

    /// Whether it has ever told a connection that it may not have something.
    pub fn has_denied(&self, cid: &str, rid: &str) -> bool {
        self.denied_to.contains(&(cid.to_owned(), names::without_query(rid).to_owned()))
    }

    /// The number of the last custom event of a resource.
    pub fn last_rung(&self, rid: &str) -> Option<u64> {
        self.rung.get(rid).copied()
    }

    /// The names of what is kept: pages and chains without an end are made when they are asked for.
    pub fn names(&self) -> Vec<String> {
        let is_kept = |(name, value): &(&String, &Value)| self.value(name).as_ref() == Some(value);
        self.store.iter().filter(is_kept).map(|(name, _)| name.clone()).collect()
    }

    /// Takes a request in.
    pub fn ask(&mut self, now: u64, request: Message) -> Served {
        self.next += 1;
        let number = self.next;
        let spoilt = self.spoilt.pop_front();
        let slow = if now < self.slow.1 { self.slow.0 } else { 0 };
        let late = match spoilt {
            Some(Spoiled::Announced) => 2_000,
            Some(Spoiled::Late) => 4_000,
            _ => 0,
        };
        let announcement = (spoilt == Some(Spoiled::Announced)).then(|| Message {
            subject: request.reply.clone().unwrap_or_default(),
            reply: None,
            payload: b"timeout:\"5000\"".to_vec(),
        });
        let is_found_early = request.subject.starts_with("get.") && self.rng.bool();
        let found = is_found_early.then(|| {
            let payload: Value = serde_json::from_slice(&request.payload).unwrap_or_default();
            let touched = self.touched.get(resource_in(&request.subject)).copied().unwrap_or_default();
            Found { answer: self.answer(&request.subject, &payload, &mut Vec::new()), touched }
        });
        self.requests.insert(number, Job { request, found, spoilt });
        let usual = if self.rng.u8(..6) == 0 { 300 } else { 20 };
        Served { number, after: self.rng.u64(..usual) + slow + late, announcement }
    }

    /// Answers a request with what is true now.
    pub fn serve(&mut self, now: u64, number: u64) -> Answer {
        // It may have died meanwhile.
        let Some(Job { request, found, spoilt }) = self.requests.remove(&number) else { return Answer::default() };
        let Message { subject, reply: Some(reply), payload } = request else { return Answer::default() };
        let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let mut messages = Vec::new();
        let touched = self.touched.get(resource_in(&subject)).copied().unwrap_or_default();
        let mut answer = match found.filter(|found| found.touched == touched) {
            Some(found) => found.answer,
            None => self.answer(&subject, &payload, &mut messages),
        };
        let (mut is_repeated, mut is_false) = (false, false);
        match spoilt {
            Some(Spoiled::Lost) => return Answer::default(),
            Some(Spoiled::Junk) => {
                messages.push(Message { subject: reply, reply: None, payload: b"{\"result\":".to_vec() });
                return Answer { messages, ..Answer::default() };
            }
            Some(Spoiled::Empty) => {
                messages.push(Message { subject: reply, reply: None, payload: Vec::new() });
                return Answer { messages, ..Answer::default() };
            }
            Some(Spoiled::Error) => answer = error("system.internalError", "Not now"),
            Some(Spoiled::OtherKind) if subject.starts_with("get.") => {
                let is_model = answer["result"].get("model").is_some();
                answer = json!({ "result": if is_model { json!({ "collection": [1] }) } else { json!({ "model": { "a": 1 } }) } });
                is_false = true;
                self.gone.insert(resource_in(&subject).to_owned(), now);
            }
            Some(Spoiled::Twice) => is_repeated = true,
            _ => {}
        }
        messages.push(Message::new(reply, &answer));
        Answer { messages, is_repeated, is_false }
    }

    /// Does something, with the events that tell of it.
    pub fn act(&mut self, now: u64, deed: &Deed) -> Vec<Message> {
        let messages = self.change(now, deed);
        for message in &messages {
            if let Some(event) = message.subject.strip_prefix("event.") {
                self.touch(event.rsplit_once('.').map_or(event, |(name, _)| name));
            }
        }
        messages
    }

    fn touch(&mut self, name: &str) {
        *self.touched.entry(name.to_owned()).or_default() += 1;
    }

    fn change(&mut self, now: u64, deed: &Deed) -> Vec<Message> {
        let event = |name: &str, kind: &str, data: Value| vec![Message::new(format!("event.{name}.{kind}"), &data)];
        match deed {
            Deed::Set(name, member, value) => {
                let Some(Value::Object(model)) = self.store.get_mut(name) else { return Vec::new() };
                let old = match value {
                    Some(Json(value)) => model.insert((*member).to_owned(), value.clone()),
                    None => model.remove(*member),
                };
                // A service may also tell of a change that is none.
                if old.is_none() && value.is_none() && self.rng.bool() {
                    return Vec::new();
                }
                let value = value.as_ref().map_or_else(|| json!({ "action": "delete" }), |value| value.0.clone());
                event(name, "change", json!({ "values": { *member: value } }))
            }
            Deed::Insert(name, at, Json(value)) => {
                let Some(Value::Array(list)) = self.store.get_mut(name) else { return Vec::new() };
                let idx = (*at).min(list.len());
                list.insert(idx, value.clone());
                event(name, "add", json!({ "idx": idx, "value": value }))
            }
            Deed::Remove(name, at) => {
                let Some(Value::Array(list)) = self.store.get_mut(name) else { return Vec::new() };
                if list.is_empty() {
                    return Vec::new();
                }
                let idx = at % list.len();
                list.remove(idx);
                event(name, "remove", json!({ "idx": idx }))
            }
            Deed::Custom(name) => {
                self.next += 1;
                self.rung.insert(name.clone(), self.next);
                event(name, "custom", json!({ "n": self.next }))
            }
            Deed::Delete(name) => match self.store.remove(name) {
                Some(_) => {
                    self.gone.insert(name.clone(), now);
                    event(name, "delete", Value::Null)
                }
                None => Vec::new(),
            },
            Deed::Create(name, Json(content)) => {
                self.store.entry(name.clone()).or_insert_with(|| content.clone());
                Vec::new()
            }
            Deed::Replace(name, Json(content)) => match self.store.get_mut(name) {
                Some(old) => {
                    // What is of another kind now is another resource, and the one that was is gone.
                    if old.is_object() != content.is_object() {
                        self.gone.insert(name.clone(), now);
                    }
                    *old = content.clone();
                    vec![Message::new("system.reset", &json!({ "resources": [name] }))]
                }
                None => Vec::new(),
            },
            Deed::PutItem(at, item) => {
                self.items.insert((*at).min(self.items.len()), *item);
                self.pages_changed()
            }
            Deed::TakeItem(at) if !self.items.is_empty() => {
                self.items.remove(at % self.items.len());
                self.pages_changed()
            }
            Deed::TakeItem(_) => Vec::new(),
            Deed::Deny(name) => {
                self.denied.insert(name.clone());
                event(name, "reaccess", Value::Null)
            }
            Deed::Grant(name) => {
                self.denied.remove(name);
                event(name, "reaccess", Value::Null)
            }
            Deed::Reset => vec![self.reset()],
            Deed::TokenReset => {
                let subject = format!("auth.{}.renew", names::SERVICES[0]);
                vec![Message::new("system.tokenReset", &json!({ "tids": ["user"], "subject": subject }))]
            }
        }
    }

    pub fn is_asked(&self) -> bool {
        !self.requests.is_empty()
    }

    fn page(&self, number: u64) -> Value {
        self.items.iter().filter(|item| *item % names::PAGES as u64 == number).copied().collect()
    }

    fn pages_changed(&mut self) -> Vec<Message> {
        let name = names::SERVICES[self.index];
        self.next += 1;
        let data = json!({ "subject": format!("_Q.{name}.{}", self.next) });
        vec![Message::new(format!("event.{name}.pages.query"), &data)]
    }

    fn answer(&mut self, subject: &str, payload: &Value, before: &mut Vec<Message>) -> Value {
        let (kind, rest) = subject.split_once('.').unwrap_or((subject, ""));
        let query = payload["query"].as_str().unwrap_or_default();
        match kind {
            "get" => {
                let rid = if query.is_empty() { rest.to_owned() } else { format!("{rest}?{query}") };
                let mut result = Map::new();
                if let Some(number) = page_number(&rid) {
                    result.insert("query".into(), json!(format!("page={number}")));
                }
                match self.value(&rid).map(|value| self.told(value)) {
                    None => return error("system.notFound", "Not found"),
                    Some(model @ Value::Object(_)) => result.insert("model".into(), model),
                    Some(list) => result.insert("collection".into(), list),
                };
                json!({ "result": result })
            }
            "_Q" => match (page_number(&format!("?{query}")), self.rng.u8(..8)) {
                (_, 0) => error("system.timeout", "Do it again"),
                (Some(number), _) => json!({ "result": { "collection": self.told(self.page(number)) } }),
                (None, _) => error("system.invalidQuery", "No such page"),
            },
            "access" => {
                let allowed = self.allows(rest, !payload["token"].is_null());
                let cid_and_name = (payload["cid"].as_str().unwrap_or_default().to_owned(), rest.to_owned());
                if allowed {
                    self.allowed_to.insert(cid_and_name);
                } else {
                    let cid = payload["cid"].as_str().unwrap_or_default();
                    self.denied_to.insert((cid.to_owned(), rest.to_owned()));
                }
                json!({ "result": { "get": allowed, "call": if allowed { "*" } else { "" } } })
            }
            "call" => {
                let cid = payload["cid"].as_str().unwrap_or_default();
                let name = rest.rsplit_once('.').map_or(rest, |(name, _)| name);
                let is_allowed = self.allowed_to.contains(&(cid.to_owned(), name.to_owned()));
                assert!(is_allowed, "nobody has allowed {cid} to call {rest}");
                if let Some(rid) = payload["params"]["rid"].as_str() {
                    json!({ "resource": { "rid": rid } })
                } else {
                    let n = payload["params"]["n"].as_u64().expect("calls have numbers");
                    assert!(self.called.insert(n), "a call is carried out twice");
                    json!({ "result": { "n": n } })
                }
            }
            _ => {
                let cid = payload["cid"].as_str().unwrap_or_default().to_owned();
                let has_token = if rest.ends_with(".logout") {
                    false
                } else {
                    rest.ends_with(".login") || self.tokens.contains(&cid)
                };
                let token = if has_token { json!({ "role": "user" }) } else { Value::Null };
                before.push(Message::new(format!("conn.{cid}.token"), &json!({ "token": token, "tid": "user" })));
                if has_token {
                    self.tokens.insert(cid)
                } else {
                    self.tokens.remove(&cid)
                };
                json!({ "result": null })
            }
        }
    }

    /// What is said of a value.
    fn told(&self, mut value: Value) -> Value {
        match &mut value {
            _ if !self.lies => {}
            Value::Object(model) => drop(model.insert("lie".into(), json!(true))),
            Value::Array(list) => list.insert(0, json!("lie")),
            _ => {}
        }
        value
    }
}

/// The resource in the subject of a get request.
fn resource_in(subject: &str) -> &str {
    subject.split_once('.').map_or(subject, |(_, name)| name)
}

fn page_number(rid: &str) -> Option<u64> {
    rid.split_once('?')?.1.rsplit('=').next()?.parse().ok()
}

fn error(code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}
