//! A naive gateway with one connection. What the client holds is found from scratch after every step: everything that
//! can be reached from its direct subscriptions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value as Json, json};

use super::service::{Content, KEYS, Mutation, NAMES, Rid};
use super::support::Sent;

/// A resource as the client was told it is.
#[derive(Clone, Debug)]
pub struct Held {
    pub content: Content,
    /// Deleted resources stay as they were for those who refer to them.
    pub deleted: bool,
}

pub struct Gateway {
    pub service: Vec<Content>,
    pub denied: BTreeSet<Rid>,
    protocol: &'static str,
    /// Direct subscriptions of the connection.
    pub direct: BTreeMap<Rid, u32>,
    pub held: BTreeMap<Rid, Held>,
    /// Rids refused for want of access, which the client need not ask for again.
    pub refused: BTreeSet<Rid>,
    /// Frames under way to the gateway.
    pub inbox: VecDeque<Sent>,
    /// Requests that wait for a service. They may be answered in any order.
    loading: Vec<Sent>,
    /// Frames under way to the client.
    pub outbox: VecDeque<String>,
    /// Direct subscriptions the gateway ended without being asked, or never took though the client may think so.
    pub revoked: BTreeSet<Rid>,
}

impl Gateway {
    pub fn new(service: Vec<Content>, protocol: &'static str) -> Self {
        Gateway {
            service,
            denied: BTreeSet::new(),
            protocol,
            direct: BTreeMap::new(),
            held: BTreeMap::new(),
            refused: BTreeSet::new(),
            inbox: VecDeque::new(),
            loading: Vec::new(),
            outbox: VecDeque::new(),
            revoked: BTreeSet::new(),
        }
    }

    /// The connection is gone, and everything that belongs to it.
    pub fn cut(&mut self) {
        let (service, denied) = (std::mem::take(&mut self.service), std::mem::take(&mut self.denied));
        *self = Gateway { denied, ..Gateway::new(service, self.protocol) };
    }

    /// Takes one frame in.
    pub fn accept(&mut self) -> bool {
        let Some(request) = self.inbox.pop_front() else { return false };
        match request.method.split_once('.') {
            None => self.answer(request.id, json!({ "protocol": self.protocol })),
            Some(("unsubscribe", rid)) => self.unsubscribe(request.id, number(rid), request.params),
            _ => self.loading.push(request),
        }
        true
    }

    /// Answers one of the requests that wait.
    pub fn complete(&mut self, which: usize) -> bool {
        if self.loading.is_empty() {
            return false;
        }
        let request = self.loading.remove(which % self.loading.len());
        match request.method.split_once('.') {
            Some(("subscribe", rid)) => self.subscribe(request.id, number(rid)),
            Some(("get", rid)) => self.get(request.id, number(rid)),
            // The method is not of interest: the parameter says what to answer with.
            _ => self.call(request.id, request.params.expect("calls have parameters")),
        }
        true
    }

    pub fn revoke(&mut self, rid: Rid) {
        self.denied.insert(rid);
        self.end_direct(rid, "system.accessDenied");
    }

    /// A resource is made anew, of another kind perhaps, unless the client would have to be told.
    pub fn create(&mut self, rid: Rid, content: Content) {
        let held = self.held.get(&rid).is_some_and(|h| !h.deleted && h.content != Content::Missing);
        if !held && content != Content::Missing {
            self.service[rid] = content;
        }
    }

    /// Something goes wrong in the gateway: the client gets an event that does not fit, or no frame at all.
    pub fn misbehave(&mut self, rid: Rid, how: usize) {
        if !self.held.contains_key(&rid) {
            return;
        }
        match how {
            0 => self.send_event(rid, "remove", json!({ "idx": 99 })),
            1 => self.send_event(rid, "add", json!({ "idx": 0, "value": { "rid": "never.sent" } })),
            2 => self.send_event(rid, "change", json!({ "values": { KEYS[0]: { "rid": "never.sent" } } })),
            3 => self.send_event(rid, "change", json!({ "values": [] })),
            _ => self.outbox.push_back("{\"event\":".to_owned()),
        }
    }

    pub fn mutate(&mut self, rid: Rid, mutation: Mutation) {
        let legacy = self.legacy();
        let Some((event, mut data)) = mutate(&mut self.service[rid], &mutation, legacy) else { return };
        let Some(held) = self.held.get_mut(&rid).filter(|h| !h.deleted && h.content != Content::Missing) else {
            return;
        };
        match mutation {
            Mutation::Custom => {}
            Mutation::Delete => held.deleted = true,
            _ => held.content = self.service[rid].clone(),
        }
        let added = match &mutation {
            Mutation::Change(members) => Content::Collection(members.values().flatten().cloned().collect()),
            Mutation::Add(_, value) => Content::Collection(vec![value.clone()]),
            _ => Content::Missing,
        };
        let set = self.settle(&added.references());
        merge(&mut data, set);
        self.send_event(rid, event, data);
        if let Mutation::Delete = mutation {
            self.end_direct(rid, "system.deleted");
        }
    }

    fn subscribe(&mut self, id: u64, rid: Rid) {
        if let Some(error) = self.refusal(rid) {
            return self.send(json!({ "id": id, "error": error }));
        }
        let set = self.take_direct(rid);
        self.answer(id, set);
    }

    fn get(&mut self, id: u64, rid: Rid) {
        let set = match self.refusal(rid) {
            Some(error) => return self.send(json!({ "id": id, "error": error })),
            // Just anything: the client must not care.
            None => json!({ "models": { "only.this.once": { "ref": { "rid": NAMES[rid] } } } }),
        };
        self.answer(id, set);
    }

    /// A method that answers with a resource, or with a payload.
    fn call(&mut self, id: u64, params: Json) {
        let Some(name) = params["rid"].as_str() else {
            let result = if self.protocol < "1.2.0" { params } else { json!({ "payload": params }) };
            return self.answer(id, result);
        };
        let mut result = json!({ "rid": name });
        if self.protocol >= "1.2.0" {
            let rid = number(name);
            // The call succeeded, even if the caller may not see what came of it. Where access is denied there is no
            // subscription, where loading failed there is one, as with Resgate.
            let set = if self.denied.contains(&rid) {
                self.revoked.insert(rid);
                json!({ "errors": { name: self.refusal(rid) } })
            } else {
                self.take_direct(rid)
            };
            merge(&mut result, set);
        }
        self.answer(id, result);
    }

    fn unsubscribe(&mut self, id: u64, rid: Rid, params: Option<Json>) {
        let count = params.map_or(1, |p| p["count"].as_u64().expect("a count is a number") as u32);
        let waiting =
            self.refusal(rid).is_none() && self.loading.iter().any(|r| r.method == format!("subscribe.{}", NAMES[rid]));
        assert!(!waiting, "{} was unsubscribed before its subscribe request was answered", NAMES[rid]);
        if self.direct.get(&rid).is_none_or(|&direct| direct < count) {
            assert!(self.revoked.contains(&rid), "{} was unsubscribed too often", NAMES[rid]);
            let error = json!({ "code": "system.noSubscription", "message": "No subscription" });
            return self.send(json!({ "id": id, "error": error }));
        }
        self.uncount(rid, count);
        self.send(json!({ "id": id }));
    }

    fn refusal(&mut self, rid: Rid) -> Option<Json> {
        if self.denied.contains(&rid) {
            self.refused.insert(rid);
            return Some(json!({ "code": "system.accessDenied", "message": "Access denied" }));
        }
        let missing = self.service[rid] == Content::Missing;
        missing.then(|| self.service[rid].wire(false))
    }

    fn take_direct(&mut self, rid: Rid) -> Json {
        *self.direct.entry(rid).or_default() += 1;
        self.refused.remove(&rid);
        // A deleted resource stays what it was, unless there is something new to send.
        let missing = self.service[rid] == Content::Missing;
        if self.held.get(&rid).is_some_and(|h| h.content == Content::Missing || h.deleted && !missing) {
            self.held.remove(&rid);
        }
        self.settle(&[])
    }

    fn end_direct(&mut self, rid: Rid, code: &str) {
        if self.direct.remove(&rid).is_some() {
            self.revoked.insert(rid);
            self.settle(&[]);
            self.send_event(rid, "unsubscribe", json!({ "reason": { "code": code, "message": "Gone" } }));
        }
    }

    fn uncount(&mut self, rid: Rid, count: u32) {
        let direct = self.direct.get_mut(&rid).expect("it was checked");
        *direct -= count;
        if *direct == 0 {
            self.direct.remove(&rid);
        }
        self.settle(&[]);
    }

    /// Finds what the client holds from now on. The result is the set of what it does not hold yet; errors are sent
    /// again whenever they are referred to anew, also by `added`.
    fn settle(&mut self, added: &[Rid]) -> Json {
        let mut reached = BTreeSet::new();
        let mut errors: BTreeSet<Rid> = added.iter().copied().collect();
        let mut set = json!({});
        let mut todo: Vec<Rid> = self.direct.keys().copied().collect();
        while let Some(rid) = todo.pop() {
            if !reached.insert(rid) {
                continue;
            }
            if !self.held.contains_key(&rid) {
                let content = self.service[rid].clone();
                let group = match content {
                    Content::Model(_) => "models",
                    Content::Collection(_) => "collections",
                    Content::Missing => "errors",
                };
                set[group][NAMES[rid]] = content.wire(self.legacy());
                errors.extend(content.references());
                self.held.insert(rid, Held { content, deleted: false });
            }
            todo.extend(self.held[&rid].content.references());
        }
        self.held.retain(|rid, _| reached.contains(rid));
        for rid in errors.into_iter().filter(|rid| self.held.get(rid).is_some_and(|h| h.content == Content::Missing)) {
            set["errors"][NAMES[rid]] = Content::Missing.wire(false);
        }
        set
    }

    fn send_event(&mut self, rid: Rid, event: &str, data: Json) {
        self.send(json!({ "event": format!("{}.{event}", NAMES[rid]), "data": data }));
    }

    fn answer(&mut self, id: u64, result: Json) {
        self.send(json!({ "id": id, "result": result }));
    }

    fn send(&mut self, frame: Json) {
        self.outbox.push_back(frame.to_string());
    }

    /// Whether the client knows neither soft references nor data values.
    pub fn legacy(&self) -> bool {
        self.protocol < "1.2.1"
    }
}

pub fn number(name: &str) -> Rid {
    NAMES.iter().position(|&n| n == name).unwrap_or_else(|| panic!("{name} was never heard of"))
}

/// Changes a resource and gives the event; none when there is nothing to tell.
fn mutate(content: &mut Content, mutation: &Mutation, legacy: bool) -> Option<(&'static str, Json)> {
    match (content, mutation) {
        (Content::Model(model), Mutation::Change(members)) => {
            let mut values = json!({});
            for (&key, value) in members {
                if model.get(&key) == value.as_ref() {
                    continue;
                }
                values[KEYS[key]] = value.as_ref().map_or(json!({ "action": "delete" }), |v| v.wire(legacy));
                match value {
                    Some(value) => model.insert(key, value.clone()),
                    None => model.remove(&key),
                };
            }
            (values != json!({})).then(|| ("change", json!({ "values": values })))
        }
        (Content::Collection(list), Mutation::Add(idx, value)) => {
            let idx = (*idx).min(list.len());
            list.insert(idx, value.clone());
            Some(("add", json!({ "idx": idx, "value": value.wire(legacy) })))
        }
        (Content::Collection(list), Mutation::Remove(idx)) if !list.is_empty() => {
            let idx = idx % list.len();
            list.remove(idx);
            Some(("remove", json!({ "idx": idx })))
        }
        (Content::Missing, _) => None,
        (_, Mutation::Custom) => Some(("custom", json!({ "values": [1] }))),
        (content, Mutation::Delete) => {
            *content = Content::Missing;
            Some(("delete", Json::Null))
        }
        _ => None,
    }
}

fn merge(data: &mut Json, set: Json) {
    let Json::Object(set) = set else { return };
    for (group, resources) in set {
        data[group] = resources;
    }
}
