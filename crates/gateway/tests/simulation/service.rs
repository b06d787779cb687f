//! A service with a handful of resources that refer to each other at random.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::Random;

/// Resources are `sim.0` to `sim.<NAMES - 1>`; models and collections take turns.
pub const NAMES: u64 = 7;

/// The query resource, whose queries are `p=0` to `p=2`, in two spellings: the items that have this remainder.
const QUERIES: &str = "sim.q";

pub fn random_name(random: &mut Random) -> String {
    format!("sim.{}", random.below(NAMES))
}

/// A resource by its name, or a page of the query resource.
pub fn random_rid(random: &mut Random) -> String {
    match random.below(NAMES + 3) {
        n if n < NAMES => format!("sim.{n}"),
        _ => format!("{QUERIES}?{}p={}", if random.below(2) == 0 { "" } else { "x&" }, random.below(3)),
    }
}

pub struct Service {
    resources: BTreeMap<String, Value>,
    denied: BTreeSet<String>,
    requests: VecDeque<(String, String, Value)>,
    watched: BTreeSet<String>,
    /// What the query resource shows pages of.
    items: Vec<u64>,
    /// No answers are lost.
    pub is_reliable: bool,
}

impl Service {
    pub fn new(random: &mut Random) -> Service {
        let mut service = Service {
            resources: BTreeMap::new(),
            denied: BTreeSet::new(),
            requests: VecDeque::new(),
            watched: BTreeSet::new(),
            items: Vec::new(),
            is_reliable: false,
        };
        // The last one is not there at first.
        for n in 0..NAMES - 1 {
            let fresh = fresh(n, random);
            service.resources.insert(format!("sim.{n}"), fresh);
        }
        service
    }

    pub fn value(&self, rid: &str) -> Option<Value> {
        match rid.strip_prefix(QUERIES) {
            Some(query) => Some(self.page(query)),
            None => self.resources.get(rid).cloned(),
        }
    }

    fn page(&self, query: &str) -> Value {
        let remainder: u64 = query.rsplit('=').next().and_then(|n| n.parse().ok()).expect("a query has a number");
        self.items.iter().filter(|item| *item % 3 == remainder).copied().collect()
    }

    pub fn is_asked(&self) -> bool {
        !self.requests.is_empty()
    }

    pub fn ask(&mut self, subject: String, reply: String, payload: &[u8]) {
        self.requests.push_back((subject, reply, serde_json::from_slice(payload).expect("requests are JSON")));
    }

    pub fn watch(&mut self, pattern: String) {
        assert!(self.watched.insert(pattern), "subscribed twice");
    }

    pub fn unwatch(&mut self, pattern: &str) {
        assert!(self.watched.remove(pattern), "unsubscribed without a subscription");
    }

    /// Changes something and says so, or not until a reset.
    pub fn act(&mut self, random: &mut Random, bus: &mut VecDeque<(String, Vec<u8>)>) {
        if random.below(5) == 0 {
            return self.act_on_items(random, bus);
        }
        let n = random.below(NAMES);
        let rid = format!("sim.{n}");
        let action = random.below(20);
        let Some(resource) = self.resources.get_mut(&rid) else {
            if action < 5 {
                self.resources.insert(rid, fresh(n, random));
            }
            return;
        };
        let mut say = |event: &str, data: Value| {
            if self.watched.contains(&format!("event.{rid}.*")) {
                bus.push_back((format!("event.{rid}.{event}"), data.to_string().into_bytes()));
            }
        };
        match (action, resource) {
            (0, _) => {
                self.resources.remove(&rid);
                say("delete", Value::Null);
            }
            (1, resource) => {
                *resource = fresh(n, random);
                bus.push_back(("system.reset".into(), json!({ "resources": [rid] }).to_string().into_bytes()));
            }
            (2, _) => {
                if !self.denied.remove(&rid) {
                    self.denied.insert(rid.clone());
                }
                say("reaccess", Value::Null);
            }
            (3, _) => say("custom", json!(1)),
            // A mistake of the service: nothing has changed, and the event cannot be applied.
            (4, _) => say("remove", json!({ "idx": 1000 })),
            (_, Value::Object(members)) => {
                let key = format!("m{}", random.below(3));
                let value = if random.below(4) == 0 { json!({ "action": "delete" }) } else { value(random) };
                if value["action"] == "delete" {
                    members.remove(&key);
                } else {
                    members.insert(key.clone(), value.clone());
                }
                say("change", json!({ "values": { key: value } }));
            }
            (_, Value::Array(items)) => {
                if !items.is_empty() && random.below(2) == 0 {
                    let idx = random.below(items.len() as u64) as usize;
                    items.remove(idx);
                    say("remove", json!({ "idx": idx }));
                } else {
                    let idx = random.below(items.len() as u64 + 1) as usize;
                    let value = value(random);
                    items.insert(idx, value.clone());
                    say("add", json!({ "idx": idx, "value": value }));
                }
            }
            _ => unreachable!("models and collections"),
        }
    }

    /// Changes the items, or something about tokens.
    fn act_on_items(&mut self, random: &mut Random, bus: &mut VecDeque<(String, Vec<u8>)>) {
        match random.below(8) {
            0 => {
                let subject = format!("auth.{}.renew", random_name(random));
                let event = json!({ "tids": [format!("t{}", random.below(2))], "subject": subject });
                return bus.push_back(("system.tokenReset".into(), event.to_string().into_bytes()));
            }
            1 => {
                let event = json!({ "resources": ["sim.>"], "access": ["sim.*"] });
                return bus.push_back(("system.reset".into(), event.to_string().into_bytes()));
            }
            2..=4 if !self.items.is_empty() => {
                let at = random.below(self.items.len() as u64) as usize;
                self.items.remove(at);
            }
            _ => {
                let at = random.below(self.items.len() as u64 + 1) as usize;
                self.items.insert(at, random.below(30));
            }
        }
        if self.watched.contains(&format!("event.{QUERIES}.*")) {
            // Now and then with a mistake, which must not lose the change.
            let event = if random.below(10) == 0 { json!({}) } else { json!({ "subject": "_Q.items" }) };
            bus.push_back((format!("event.{QUERIES}.query"), event.to_string().into_bytes()));
        }
    }

    /// Whether clients may not have the resource.
    pub fn denies(&self, rid: &str) -> bool {
        self.denied.contains(rid.split('?').next().unwrap_or(rid))
    }

    /// Answers one request, any of those that wait, unless it is lost. Of one resource the order is kept, as the events and
    /// answers of a service are.
    pub fn answer(&mut self, random: &mut Random, bus: &mut VecDeque<(String, Vec<u8>)>) {
        if self.requests.is_empty() {
            return;
        }
        let at = random.below(self.requests.len() as u64) as usize;
        let (subject, reply, payload) = self.requests.remove(at).expect("in range");
        if !self.is_reliable && random.below(25) == 0 {
            return;
        }
        if !self.is_reliable && random.below(15) == 0 {
            let error = json!({ "error": { "code": "system.internalError", "message": "Not now" } });
            return bus.push_back((reply, error.to_string().into_bytes()));
        }
        let (kind, rest) = subject.split_once('.').expect("a subject has a type");
        let name = if matches!(kind, "call" | "auth") { rest.rsplit_once('.').expect("a method").0 } else { rest };
        let answer = match kind {
            "get" if name == QUERIES => {
                let query = payload["query"].as_str().expect("a query");
                let normal = &query[query.find('p').expect("a number")..];
                json!({ "result": { "collection": self.page(query), "query": normal } })
            }
            "_Q" => match random.below(3) {
                // What the event was about may be older than what is true now.
                0 => json!({ "error": { "code": "system.timeout", "message": "Do it again" } }),
                _ => json!({ "result": { "collection": self.page(payload["query"].as_str().expect("a query")) } }),
            },
            "get" => match self.resources.get(name) {
                None => json!({ "error": { "code": "system.notFound", "message": "Not found" } }),
                Some(model @ Value::Object(_)) => json!({ "result": { "model": model } }),
                Some(collection) => json!({ "result": { "collection": collection } }),
            },
            "access" => json!({ "result": { "get": !self.denied.contains(name), "call": "*" } }),
            "call" => json!({ "resource": { "rid": format!("sim.{}", random.below(NAMES)) } }),
            _ => {
                let cid = payload["cid"].as_str().expect("auth requests have a cid");
                let token =
                    json!({ "token": { "n": random.below(10) }, "tid": format!("t{}", random.below(2)) }).to_string();
                bus.push_back((format!("conn.{cid}.token"), token.into_bytes()));
                json!({ "result": null })
            }
        };
        bus.push_back((reply, answer.to_string().into_bytes()));
    }
}

fn fresh(n: u64, random: &mut Random) -> Value {
    let count = random.below(4);
    if n.is_multiple_of(2) {
        let members = (0..count).map(|i| (format!("m{i}"), value(random)));
        Value::Object(members.collect())
    } else {
        Value::Array((0..count).map(|_| value(random)).collect())
    }
}

fn value(random: &mut Random) -> Value {
    let rid = random_rid(random);
    match random.below(8) {
        0..=3 => json!({ "rid": rid }),
        4 => json!({ "rid": rid, "soft": true }),
        5 => json!({ "data": [random.below(3)] }),
        _ => json!(random.below(3)),
    }
}
