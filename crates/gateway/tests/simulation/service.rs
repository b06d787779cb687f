//! A service with a handful of resources that refer to each other at random.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::Random;

/// Resources are `sim.0` to `sim.<NAMES - 1>`; models and collections take turns.
pub const NAMES: u64 = 7;

pub struct Service {
    resources: BTreeMap<String, Value>,
    denied: BTreeSet<String>,
    requests: VecDeque<(String, String, Value)>,
    watched: BTreeSet<String>,
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
        self.resources.get(rid).cloned()
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
        let (kind, rest) = subject.split_once('.').expect("a subject has a type");
        let name = if matches!(kind, "call" | "auth") { rest.rsplit_once('.').expect("a method").0 } else { rest };
        let answer = match kind {
            "get" => match self.resources.get(name) {
                None => json!({ "error": { "code": "system.notFound", "message": "Not found" } }),
                Some(model @ Value::Object(_)) => json!({ "result": { "model": model } }),
                Some(collection) => json!({ "result": { "collection": collection } }),
            },
            "access" => json!({ "result": { "get": !self.denied.contains(name), "call": "*" } }),
            "call" => json!({ "resource": { "rid": format!("sim.{}", random.below(NAMES)) } }),
            _ => {
                let cid = payload["cid"].as_str().expect("auth requests have a cid");
                let token = json!({ "token": { "n": random.below(10) } }).to_string();
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
    let rid = format!("sim.{}", random.below(NAMES));
    match random.below(8) {
        0..=3 => json!({ "rid": rid }),
        4 => json!({ "rid": rid, "soft": true }),
        5 => json!({ "data": [random.below(3)] }),
        _ => json!(random.below(3)),
    }
}
