//! One recorded connection, replayed: what the recorded client asked for is asked of an engine, and what the gateway
//! answered then is answered now.

use std::collections::BTreeMap;

use resclient::cache::ResourceId;
use resclient::session::Options;
use serde_json::{Value as Json, json};

use super::support::{Client, Settled};

/// What the recorded client did that an engine does otherwise, by what became of it in the replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deviation {
    /// It subscribed to what was cached or being subscribed to. A call that answers with the resource is the same to both
    /// sides: one more direct subscription.
    SubscribedAsCall,
    /// It gave back some of several direct subscriptions. An engine gives back all at once; the last one stands for them.
    UnsubscribedPartly,
    /// It gave back what it did not have, or what was not answered yet. An engine does not; the answer is left out.
    UnsubscribedTooMuch,
    /// It sent something that is no request. An engine has no such command; there was no answer to replay.
    SentNoRequest,
    /// It sent a binary frame, which was not recorded. The answer is left out.
    RequestNotRecorded,
    /// It asked for the version once more, or for what is no method. A call stands for it, so that its answer is read.
    OddRequestAsCall,
    /// It never asked for the version. An engine does, and is told that the gateway does not know that request.
    NoHandshake,
    /// It asked for an older version. Resgate then speaks that one, but answers with its own; an engine, which asks for its
    /// own, is told the older one, as by a gateway that has no other.
    AskedForOlder,
    /// It kept the direct subscription of a resource that could not be had. An engine gives it back.
    EngineGaveBack,
    /// A service sent `unsubscribe` as an event of its own, which Resgate 1.8.0 passes on although nothing was
    /// unsubscribed. A client cannot tell it from a real one, so it is left out.
    SpoofedUnsubscribe,
}

pub struct Replay {
    pub client: Client,
    /// Recorded request ids, by what became of them.
    requests: BTreeMap<u64, Request>,
    /// Direct subscriptions, by rid.
    direct: BTreeMap<String, Direct>,
    pub deviations: BTreeMap<Deviation, usize>,
}

struct Direct {
    resource: ResourceId,
    /// Those of the recorded client.
    count: u32,
    /// Those that it has given back and the engine has not.
    kept: u32,
}

enum Request {
    /// The engine sent it under this id; whoever answers with a resource that is missing there has it added.
    Sent {
        id: u64,
        resource: Option<String>,
    },
    /// The handshake, and the version that was asked for.
    Version {
        id: u64,
        asked: Json,
    },
    /// The engine sent it under this id to subscribe to a resource.
    Subscribe(u64, String),
    /// The last of the direct subscriptions of this resource goes.
    Unsubscribe(String),
    LeftOut,
}

impl Replay {
    pub fn new() -> Self {
        // The recorded client asked for nothing by itself, and so never again.
        let mut client = Client::with(1, Options { subscribe_retry_delay: 0, ..Options::default() });
        client.connect();
        client.open();
        Replay { client, requests: BTreeMap::new(), direct: BTreeMap::new(), deviations: BTreeMap::new() }
    }

    /// The recorded client sent something.
    pub fn sent(&mut self, frame: Option<&Json>) {
        let request = frame
            .and_then(|f| Some((number(&f["id"])?, f.get("method").map_or(Some(""), Json::as_str)?, f.get("params"))));
        let Some((id, method, params)) = request else { return self.deviate(Deviation::SentNoRequest) };
        let handshake = self.client.sent.iter().find(|s| s.method == "version").map(|s| s.id);
        let request = match handshake {
            Some(sent) if method == "version" => {
                self.client.sent.clear();
                Request::Version { id: sent, asked: params.map_or(Json::Null, |p| p["protocol"].clone()) }
            }
            Some(_) => {
                self.deviate(Deviation::NoHandshake);
                self.client.refuse("version", "system.invalidRequest");
                self.ask(method, params)
            }
            None => self.ask(method, params),
        };
        self.requests.insert(id, request);
    }

    /// The gateway sent something.
    pub fn received(&mut self, frame: &Json) {
        let mut frame = frame.clone();
        if frame.get("event").is_some() {
            if frame["data"]["reason"]["message"] == "spoof" {
                return self.deviate(Deviation::SpoofedUnsubscribe);
            }
            self.client.receive(frame.clone());
            let unsubscribed = frame["event"].as_str().and_then(|event| event.strip_suffix(".unsubscribe"));
            if let Some(direct) = unsubscribed.and_then(|rid| self.direct.remove(rid)) {
                self.client.unlisten(direct.resource);
            }
            return;
        }
        let id = number(&frame["id"]).expect("a frame that is no event has an id");
        match self.requests.remove(&id) {
            Some(Request::Sent { id, resource }) => {
                frame["id"] = json!(id);
                if let (Some(rid), Some(result)) = (resource, frame.get_mut("result")) {
                    result["rid"] = json!(rid);
                }
                self.answer(frame);
            }
            Some(Request::Subscribe(id, _)) => {
                frame["id"] = json!(id);
                self.answer(frame);
            }
            Some(Request::Version { id, asked }) => {
                frame["id"] = json!(id);
                if asked.as_str() < frame["result"]["protocol"].as_str() && asked.is_string() {
                    self.deviate(Deviation::AskedForOlder);
                    frame["result"]["protocol"] = asked;
                }
                self.answer(frame);
            }
            Some(Request::Unsubscribe(rid)) => {
                frame["id"] = json!(self.client.take(&format!("unsubscribe.{rid}")).id);
                self.answer(frame);
            }
            Some(Request::LeftOut) => {}
            None => self.deviate(Deviation::RequestNotRecorded),
        }
    }

    /// Fails unless the engine took everything in and nothing is left over.
    pub fn check(&mut self) {
        self.client.assert_untroubled();
        self.client.assert_events_explain_values();
        assert_eq!(self.client.methods(), <[&str; 0]>::default());
        assert_eq!(self.client.closed, []);
        let mut subscribed: Vec<(String, u32)> = Vec::new();
        for resource in self.client.engine.resources().iter().filter(|r| r.kind.is_some()) {
            assert!(!resource.stale, "{} is stale", resource.rid);
            if resource.subscribed > 0 {
                subscribed.push((resource.rid.to_owned(), resource.subscribed));
            }
        }
        subscribed.sort();
        // The engine counts a subscription from when it asks for it; Resgate never answers one that is given back before.
        let asked =
            |rid: &str| self.requests.values().filter(|r| matches!(r, Request::Subscribe(_, r) if r == rid)).count();
        let recorded = self.direct.iter().map(|(rid, d)| (rid.clone(), d.count + d.kept + asked(rid) as u32));
        let recorded: Vec<_> = recorded.collect();
        assert_eq!(subscribed, recorded, "direct subscriptions");
    }

    /// Makes the engine ask what the recorded client asked.
    fn ask(&mut self, method: &str, params: Option<&Json>) -> Request {
        let (action, rest) = method.split_once('.').unwrap_or((method, ""));
        let call = |rest: &str| {
            let (rid, method) = rest.rsplit_once('.').filter(|(_, method)| !method.is_empty())?;
            Some((rid.to_owned(), method.to_owned()))
        };
        match (action, call(rest)) {
            ("subscribe", _) if !rest.is_empty() => return self.subscribe(rest),
            ("unsubscribe", _) if !rest.is_empty() => return self.unsubscribe(rest, params),
            ("get", _) if !rest.is_empty() => {
                self.client.fetch(rest);
            }
            ("call", Some((rid, method))) => {
                self.client.call(&rid, &method, params.cloned());
            }
            ("auth", Some((rid, method))) => {
                self.client.auth(&rid, &method, params.cloned());
            }
            ("new", _) if !rest.is_empty() => {
                let params = params.map(Json::to_string);
                self.client.engine.create(self.client.now, rest, params.as_deref());
                self.client.drain();
            }
            _ => {
                self.deviate(Deviation::OddRequestAsCall);
                self.client.call("stands", "in", None);
                return self.last_sent(None);
            }
        }
        assert_eq!(self.client.sent.last().map(|s| s.method.as_str()), Some(method));
        self.last_sent(None)
    }

    fn subscribe(&mut self, rid: &str) -> Request {
        let in_flight = self.client.engine.resources().iter().any(|r| r.rid == rid);
        if in_flight {
            self.deviate(Deviation::SubscribedAsCall);
            self.client.call("stands", "in", None);
            return self.last_sent(Some(rid.to_owned()));
        }
        self.client.get_pending(rid);
        let sent = self.client.sent.pop().expect("it was just sent");
        Request::Subscribe(sent.id, rid.to_owned())
    }

    fn unsubscribe(&mut self, rid: &str, params: Option<&Json>) -> Request {
        let count = params.and_then(|p| p.get("count")).unwrap_or(&Json::Null);
        let count = if count.is_null() { Some(1) } else { count.as_u64().filter(|&n| n > 0) };
        let direct = self.direct.get_mut(rid).filter(|d| count.is_some_and(|n| n <= u64::from(d.count)));
        let (Some(direct), Some(count)) = (direct, count) else {
            self.deviate(Deviation::UnsubscribedTooMuch);
            return Request::LeftOut;
        };
        direct.count -= count as u32;
        direct.kept += count as u32;
        if direct.count > 0 {
            self.deviate(Deviation::UnsubscribedPartly);
            return Request::LeftOut;
        }
        let resource = direct.resource;
        self.direct.remove(rid);
        self.client.unlisten(resource);
        self.client.advance(5_000);
        Request::Unsubscribe(rid.to_owned())
    }

    /// Hands an answer to the engine. Whoever got a resource by it listens to it, so that it stays.
    fn answer(&mut self, frame: Json) {
        let before: Vec<_> = self.client.settled.keys().copied().collect();
        self.client.receive(frame.clone());
        let settled = self.client.settled.iter().filter(|(request, _)| !before.contains(request));
        let mut resource = settled.filter_map(|(_, s)| match s {
            Settled::Resource(id) => Some(*id),
            _ => None,
        });
        let Some(id) = resource.next_back() else { return };
        // An error has left the cache already.
        let rid = match frame["result"]["rid"].as_str() {
            Some(rid) => rid.to_owned(),
            None => self.client.engine.rid(id).to_owned(),
        };
        if frame["result"]["errors"].get(&rid).is_some() {
            self.deviate(Deviation::EngineGaveBack);
            let id = self.client.take(&format!("unsubscribe.{rid}")).id;
            return self.client.receive(json!({ "id": id }));
        }
        let direct = self.direct.entry(rid).or_insert(Direct { resource: id, count: 0, kept: 0 });
        direct.count += 1;
        if direct.count + direct.kept == 1 {
            self.client.listen(id);
        }
    }

    fn last_sent(&mut self, resource: Option<String>) -> Request {
        let sent = self.client.sent.pop().expect("it was just sent");
        Request::Sent { id: sent.id, resource }
    }

    fn deviate(&mut self, deviation: Deviation) {
        *self.deviations.entry(deviation).or_default() += 1;
    }
}

/// A request id as the recorder had it, for which all numbers were floating-point.
fn number(id: &Json) -> Option<u64> {
    id.as_f64().map(f64::to_bits)
}
