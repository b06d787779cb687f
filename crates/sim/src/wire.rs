//! What a gateway says on one connection, checked as it says it: by a client that knows nothing but the protocol.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// What a client of the protocol holds, in the simplest way there is.
#[derive(Default)]
pub struct Wire {
    /// Requests without an answer, by id: what they are, and how many subscriptions it is about.
    pub requests: BTreeMap<u64, Request>,
    pub held: BTreeMap<String, Held>,
    pub direct: BTreeMap<String, u64>,
    /// What came as an error, with its code.
    pub errors: BTreeMap<String, String>,
    /// What may not be had, as the last answer said: clients do not ask again on this connection.
    pub refused: BTreeSet<String>,
    /// The number in the last event that is of nobody's concern but the application's.
    rung: BTreeMap<String, u64>,
    /// What nobody but a direct subscription brings, and the gateway knows that it may not be had.
    pub denied: BTreeSet<String>,
}

#[derive(Debug)]
pub struct Request {
    action: String,
    rid: String,
    count: u64,
}

#[derive(Debug)]
pub struct Held {
    pub value: Value,
    pub is_deleted: bool,
}

impl Wire {
    /// A frame of the client.
    pub fn sent(&mut self, frame: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(frame) else { return };
        let (Some(id), Some(method)) = (frame["id"].as_u64(), frame["method"].as_str()) else { return };
        let (action, rid) = method.split_once('.').unwrap_or((method, ""));
        let count = frame["params"]["count"].as_u64().unwrap_or(1);
        let request = Request { action: action.into(), rid: rid.into(), count };
        assert!(self.requests.insert(id, request).is_none(), "two requests with one id");
    }

    /// A frame of the gateway.
    pub fn said(&mut self, frame: &str) {
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
        let Some(id) = frame["id"].as_u64() else { return };
        let Some(Request { action, rid, count }) = self.requests.remove(&id) else {
            panic!("an answer to what was not asked, or a second one: {frame}");
        };
        let error = frame.get("error").filter(|error| !error.is_null());
        match (&*action, error) {
            ("unsubscribe", None) => {
                let direct = self.direct.get_mut(&rid).expect("what is unsubscribed was subscribed");
                *direct = direct.checked_sub(count).expect("not more than there were");
            }
            ("subscribe", None) => {
                self.refused.remove(&rid);
                self.apply(&frame["result"]);
                *self.direct.entry(rid).or_default() += 1;
            }
            ("subscribe", Some(error))
                if matches!(error["code"].as_str(), Some("system.accessDenied" | "system.deleted")) =>
            {
                self.refused.insert(rid);
            }
            ("get", None) => self.check_allowed(&frame["result"]),
            ("call" | "auth", None) => {
                if let Some(rid) = frame["result"]["rid"].as_str()
                    && frame["result"]["errors"].get(rid).is_none()
                {
                    self.apply(&frame["result"]);
                    *self.direct.entry(rid.to_owned()).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    fn event(&mut self, rid: &str, name: &str, data: &Value) {
        assert!(self.held.contains_key(rid), "{name} of {rid}, which the client does not hold");
        self.apply(data);
        assert!(name == "unsubscribe" || !self.denied.contains(rid), "{name} of {rid}, which may not be had");
        let resource = self.held.get_mut(rid).expect("it was held");
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
            "rung" => {
                let n = data["n"].as_u64().expect("a number");
                let before = self.rung.insert(rid.to_owned(), n);
                assert!(before < Some(n), "an event of {rid} comes twice, or after a later one");
            }
            "delete" => resource.is_deleted = true,
            "unsubscribe" => {
                let direct = self.direct.insert(rid.to_owned(), 0);
                assert!(direct.is_some_and(|count| count > 0), "an unsubscribe of what is not subscribed");
            }
            _ => {}
        }
    }

    fn check_allowed(&self, set: &Value) {
        for (rid, _) in members(set, "models").chain(members(set, "collections")) {
            assert!(!self.denied.contains(rid), "{rid} is sent, which may not be had");
        }
    }

    fn apply(&mut self, set: &Value) {
        self.check_allowed(set);
        for (rid, value) in members(set, "models").chain(members(set, "collections")) {
            let old = self.held.insert(rid.clone(), Held { value: value.clone(), is_deleted: false });
            assert!(old.is_none_or(|old| old.is_deleted), "{rid} is sent although the client holds it");
            self.errors.remove(rid);
        }
        for (rid, error) in members(set, "errors") {
            self.errors.insert(rid.clone(), error["code"].as_str().unwrap_or_default().to_owned());
        }
    }

    /// Drops what is not reached from a direct subscription.
    fn collect(&mut self) {
        let mut reached = BTreeSet::new();
        let direct = self.direct.iter().filter(|(_, count)| **count > 0);
        let mut stack: Vec<String> = direct.map(|(rid, _)| rid.clone()).collect();
        while let Some(rid) = stack.pop() {
            let resource = self.held.get(&rid);
            if reached.insert(rid)
                && let Some(resource) = resource
            {
                stack.extend(references(&resource.value).map(str::to_owned));
            }
        }
        self.held.retain(|rid, _| reached.contains(rid));
        self.errors.retain(|rid, _| reached.contains(rid));
    }

    fn check(&self, frame: &Value) {
        for (rid, count) in &self.direct {
            assert!(*count == 0 || self.held.contains_key(rid), "{rid} is subscribed but not held, after {frame}");
        }
        for (holder, resource) in &self.held {
            for rid in references(&resource.value) {
                let known = self.held.contains_key(rid) || self.errors.contains_key(rid);
                assert!(known, "{holder} refers to {rid}, which never came, after {frame}");
            }
        }
    }
}

fn members<'a>(set: &'a Value, group: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    set.get(group).and_then(Value::as_object).map(Map::iter).into_iter().flatten()
}

/// What a value refers to, but softly.
pub fn references(value: &Value) -> impl Iterator<Item = &str> {
    let values: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    values.into_iter().filter(|value| value["soft"] != true).filter_map(|value| value["rid"].as_str())
}
