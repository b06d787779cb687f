//! A client that applies frames as the protocol says, in the simplest way there is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::Random;
use crate::service;

pub struct Client {
    cid: String,
    next: u64,
    /// By id: the type and the resource.
    pub requests: BTreeMap<u64, (&'static str, String)>,
    pub held: BTreeMap<String, Resource>,
    direct: BTreeMap<String, u32>,
    /// Resources that some set had an error for.
    errors: BTreeSet<String>,
}

#[derive(Debug)]
pub struct Resource {
    pub value: Value,
    pub is_deleted: bool,
}

impl Client {
    pub fn new(cid: &str) -> Client {
        Client {
            cid: cid.to_owned(),
            next: 0,
            requests: BTreeMap::from([(0, ("version", String::new()))]),
            held: BTreeMap::new(),
            direct: BTreeMap::new(),
            errors: BTreeSet::new(),
        }
    }

    /// Makes a request.
    pub fn act(&mut self, random: &mut Random) -> String {
        self.next += 1;
        let rid = service::random_rid(random);
        let (kind, method) = match random.below(10) {
            0..=3 => ("subscribe", format!("subscribe.{rid}")),
            4..=6 => ("unsubscribe", format!("unsubscribe.{rid}")),
            7 => ("get", format!("get.{rid}")),
            8 => ("call", format!("call.{}.open", service::random_name(random))),
            _ => ("auth", format!("auth.{}.token", service::random_name(random))),
        };
        self.requests.insert(self.next, (kind, rid));
        json!({ "id": self.next, "method": method, "params": null }).to_string()
    }

    pub fn receive(&mut self, frame: &str) {
        let frame: Value = serde_json::from_str(frame).expect("frames are JSON");
        match frame["event"].as_str() {
            Some(event) => {
                let (rid, name) = event.rsplit_once('.').expect("a resource and a name");
                self.event(rid, name, &frame["data"]);
            }
            None => self.answer(&frame),
        }
        self.collect();
        self.check(&frame);
    }

    fn answer(&mut self, frame: &Value) {
        let id = frame["id"].as_u64().expect("an answer has an id");
        let (kind, rid) = self.requests.remove(&id).unwrap_or_else(|| panic!("a second answer: {frame}"));
        let Some(result) = frame.get("result").filter(|_| frame.get("error").is_none()) else {
            if kind == "unsubscribe" && frame.get("error").is_none() {
                let direct = self.direct.get_mut(&rid).expect("what is unsubscribed was subscribed");
                *direct -= 1;
            }
            return;
        };
        match kind {
            "subscribe" => {
                self.apply(result);
                *self.direct.entry(rid).or_default() += 1;
            }
            "call" => {
                if let Some(rid) = result["rid"].as_str().filter(|rid| result["errors"].get(*rid).is_none()) {
                    self.apply(result);
                    *self.direct.entry(rid.to_owned()).or_default() += 1;
                }
            }
            "get" => self.check_set(result),
            _ => {}
        }
    }

    fn event(&mut self, rid: &str, name: &str, data: &Value) {
        assert!(self.held.contains_key(rid), "{name} of {rid}, which {} does not hold", self.cid);
        self.apply(data);
        let resource = self.held.get_mut(rid).expect("checked above");
        assert!(!resource.is_deleted || name == "unsubscribe", "{name} of {rid} after its end");
        match name {
            "change" => {
                let members = resource.value.as_object_mut().expect("a change is of a model");
                for (key, value) in data["values"].as_object().expect("values") {
                    if value["action"] == "delete" {
                        members.remove(key).expect("what is deleted was there");
                    } else {
                        let old = members.insert(key.clone(), value.clone());
                        assert_ne!(old.as_ref(), Some(value), "a change that is none");
                    }
                }
            }
            "add" => {
                let items = resource.value.as_array_mut().expect("an add is to a collection");
                items.insert(data["idx"].as_u64().expect("idx") as usize, data["value"].clone());
            }
            "remove" => {
                let items = resource.value.as_array_mut().expect("a remove is from a collection");
                items.remove(data["idx"].as_u64().expect("idx") as usize);
            }
            "delete" => resource.is_deleted = true,
            "unsubscribe" => {
                let direct = self.direct.insert(rid.to_owned(), 0);
                assert!(direct.is_some_and(|count| count > 0), "an unsubscribe of what is not subscribed");
            }
            "custom" => {}
            other => panic!("an event {other}"),
        }
    }

    fn apply(&mut self, set: &Value) {
        for (rid, value) in members(set, "models").chain(members(set, "collections")) {
            let old = self.held.insert(rid.clone(), Resource { value: value.clone(), is_deleted: false });
            assert!(old.is_none_or(|old| old.is_deleted), "{rid} is sent although {} holds it", self.cid);
            self.errors.remove(rid);
        }
        self.errors.extend(members(set, "errors").map(|(rid, _)| rid.clone()));
    }

    /// What a get answers with is not held, but complete together with what is.
    fn check_set(&self, set: &Value) {
        let own: BTreeSet<&str> =
            ["models", "collections", "errors"].into_iter().flat_map(|g| members(set, g)).map(|(k, _)| &**k).collect();
        for (_, value) in members(set, "models").chain(members(set, "collections")) {
            for rid in references(value) {
                assert!(own.contains(rid) || self.held.contains_key(rid), "{rid} is missing in {set}");
            }
        }
    }

    /// Drops what is not reached from a direct subscription.
    fn collect(&mut self) {
        let mut reached = BTreeSet::new();
        let mut stack: Vec<String> =
            self.direct.iter().filter(|(_, count)| **count > 0).map(|(rid, _)| rid.clone()).collect();
        while let Some(rid) = stack.pop() {
            if let Some(resource) = self.held.get(&rid)
                && reached.insert(rid)
            {
                stack.extend(references(&resource.value).map(str::to_owned));
            }
        }
        self.held.retain(|rid, _| reached.contains(rid));
    }

    /// What it has direct subscriptions of.
    pub fn subscribed(&self) -> impl Iterator<Item = &str> {
        self.direct.iter().filter(|(_, count)| **count > 0).map(|(rid, _)| &**rid)
    }

    /// How many resources are held or referred to.
    pub fn reached(&self) -> usize {
        let referred = self.held.values().flat_map(|resource| references(&resource.value));
        self.held.keys().map(String::as_str).chain(referred).collect::<BTreeSet<_>>().len()
    }

    fn check(&self, frame: &Value) {
        for (rid, count) in &self.direct {
            assert!(*count == 0 || self.held.contains_key(rid), "{rid} is subscribed but not held, after {frame}");
        }
        for (holder, resource) in &self.held {
            for rid in references(&resource.value) {
                let known = self.held.contains_key(rid) || self.errors.contains(rid);
                assert!(known, "{holder} refers to {rid}, which never came, after {frame}");
            }
        }
    }
}

fn members<'a>(set: &'a Value, group: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    set.get(group).and_then(Value::as_object).map(Map::iter).into_iter().flatten()
}

fn references(value: &Value) -> impl Iterator<Item = &str> {
    let values: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    values.into_iter().filter(|value| value["soft"] != true).filter_map(|value| value["rid"].as_str())
}
