//! What a gateway says on one connection, checked as it says it: by a client that knows nothing but the protocol.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// What a client of the protocol holds, in the simplest way there is.
#[derive(Default)]
pub struct Wire {
    /// Requests without an answer, by id.
    pub requests: BTreeMap<u64, Request>,
    pub held: BTreeMap<String, Held>,
    /// Direct subscriptions.
    pub direct: BTreeMap<String, u64>,
    /// What came as an error, with its code.
    pub errors: BTreeMap<String, String>,
    /// What may not be had, as the last answer said: clients do not ask again on this connection.
    pub refused: BTreeSet<String>,
    /// What the gateway said may not be had, since somebody has looked.
    pub denials: Vec<String>,
    /// Subscriptions that the client may take for there although they are not: they were ended by the gateway, or a call
    /// was answered with an error in place of the resource.
    doubtful: BTreeMap<String, u64>,
    /// What the client unsubscribed from without any reason to think that it was subscribed.
    pub unfounded: Vec<String>,
    /// The number in the last custom event of a resource.
    pub rung: BTreeMap<String, u64>,
    /// What the gateway knows may not be had, and nothing refers to.
    pub forbidden: BTreeSet<String>,
}

#[derive(Debug)]
pub struct Request {
    action: String,
    rid: String,
    /// Subscriptions that it is about.
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

    /// A frame of the gateway, which leaves nothing incomplete.
    pub fn said(&mut self, frame: &str) {
        self.take_in(frame);
        self.check(frame);
    }

    /// A frame of the gateway.
    pub fn take_in(&mut self, frame: &str) {
        let frame: Value = serde_json::from_str(frame).expect("frames are JSON");
        match frame["event"].as_str() {
            Some(event) => {
                let (rid, name) = event.rsplit_once('.').expect("a resource and a name");
                self.event(rid, name, &frame["data"]);
            }
            None => self.answer(&frame),
        }
        self.collect();
    }

    /// What there are direct subscriptions of.
    pub fn subscribed(&self) -> impl Iterator<Item = &str> {
        self.direct.iter().filter(|(_, count)| **count > 0).map(|(rid, _)| &**rid)
    }

    /// What is held or referred to.
    pub fn reached(&self) -> BTreeSet<&str> {
        let referred = self.held.values().flat_map(|held| references(&held.value));
        self.held.keys().map(String::as_str).chain(referred).collect()
    }

    fn answer(&mut self, frame: &Value) {
        let id = frame["id"].as_u64().expect("an answer has an id");
        let request = self.requests.remove(&id);
        let Request { action, rid, count } = request.unwrap_or_else(|| panic!("a second answer: {frame}"));
        match frame.get("error").filter(|error| !error.is_null()) {
            Some(error) => self.failed(&action, &rid, count, error),
            None => self.succeeded(&action, rid, count, &frame["result"]),
        }
    }

    fn succeeded(&mut self, action: &str, rid: String, count: u64, result: &Value) {
        match action {
            "unsubscribe" => {
                let direct = self.direct.get_mut(&rid).expect("what is unsubscribed was subscribed");
                *direct = direct.checked_sub(count).expect("not more than there were");
            }
            "subscribe" => self.subscribe(rid, result),
            "call" | "auth" => {
                let Some(rid) = result["rid"].as_str() else { return };
                if let Some(error) = result["errors"].get(rid) {
                    *self.doubtful.entry(rid.to_owned()).or_default() += 1;
                    self.deny(rid, error);
                } else {
                    self.subscribe(rid.to_owned(), result);
                }
            }
            "get" => self.check_whole(result),
            _ => {}
        }
    }

    fn failed(&mut self, action: &str, rid: &str, count: u64, error: &Value) {
        match action {
            "unsubscribe" => {
                let doubtful = self.doubtful.entry(rid.to_owned()).or_default();
                match doubtful.checked_sub(count) {
                    Some(left) => *doubtful = left,
                    None => self.unfounded.push(rid.to_owned()),
                }
            }
            "subscribe" => {
                self.deny(rid, error);
                assert_ne!(error["code"], "system.deleted", "who asks for {rid} is told not to ask again");
                if error["code"] == "system.accessDenied" {
                    self.refused.insert(rid.to_owned());
                }
            }
            "get" => self.deny(rid, error),
            "call" => self.deny(rid.rsplit_once('.').map_or(rid, |(name, _)| name), error),
            _ => assert_ne!(error["code"], "system.accessDenied", "all may {action} {rid}"),
        }
    }

    fn deny(&mut self, rid: &str, error: &Value) {
        if error["code"] == "system.accessDenied" {
            self.denials.push(rid.to_owned());
        }
    }

    fn subscribe(&mut self, rid: String, result: &Value) {
        self.refused.remove(&rid);
        self.apply(result);
        *self.direct.entry(rid).or_default() += 1;
    }

    fn event(&mut self, rid: &str, name: &str, data: &Value) {
        assert!(self.held.contains_key(rid), "{name} of {rid}, which the client does not hold");
        assert!(name == "unsubscribe" || !self.forbidden.contains(rid), "{name} of {rid}, which may not be had");
        self.apply(data);
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
            "delete" => resource.is_deleted = true,
            "unsubscribe" => {
                let direct = self.direct.insert(rid.to_owned(), 0).filter(|count| *count > 0);
                let ended = direct.expect("what is unsubscribed by the gateway was subscribed");
                *self.doubtful.entry(rid.to_owned()).or_default() += ended;
                self.deny(rid, &data["reason"]);
            }
            "custom" => {
                let n = data["n"].as_u64().unwrap_or_default();
                let before = self.rung.insert(rid.to_owned(), n);
                assert!(n == 0 || before < Some(n), "an event of {rid} comes twice, or after a later one");
            }
            other => panic!("an event {other} of {rid}"),
        }
    }

    fn apply(&mut self, set: &Value) {
        for (rid, value) in members(set, "models").chain(members(set, "collections")) {
            assert!(!self.forbidden.contains(rid), "{rid} is sent, which may not be had");
            let old = self.held.insert(rid.clone(), Held { value: value.clone(), is_deleted: false });
            assert!(old.is_none_or(|old| old.is_deleted), "{rid} is sent although the client holds it");
            self.errors.remove(rid);
        }
        for (rid, error) in members(set, "errors") {
            self.errors.insert(rid.clone(), error["code"].as_str().unwrap_or_default().to_owned());
        }
    }

    /// What a get answers with is not held, but complete together with what is.
    fn check_whole(&self, set: &Value) {
        let groups = ["models", "collections", "errors"];
        let own: BTreeSet<&str> = groups.iter().flat_map(|group| members(set, group)).map(|(rid, _)| &**rid).collect();
        for (rid, value) in members(set, "models").chain(members(set, "collections")) {
            assert!(!self.forbidden.contains(rid), "{rid} is sent, which may not be had");
            for rid in references(value) {
                assert!(own.contains(rid) || self.held.contains_key(rid), "{rid} is missing in {set}");
            }
        }
    }

    /// Drops what is not reached from a direct subscription.
    fn collect(&mut self) {
        let mut reached = BTreeSet::new();
        let mut stack: Vec<String> = self.subscribed().map(str::to_owned).collect();
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

    fn check(&self, frame: &str) {
        for rid in self.subscribed() {
            assert!(self.held.contains_key(rid), "{rid} is subscribed but not held, after {frame}");
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
fn references(value: &Value) -> impl Iterator<Item = &str> {
    let values: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    values.into_iter().filter(|value| value["soft"] != true).filter_map(|value| value["rid"].as_str())
}
