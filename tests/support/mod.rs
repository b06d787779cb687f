//! A client for tests: an engine and its mirror on virtual time, with everything the engine asked for kept in order.

// Every test program uses another part of this.
#![allow(dead_code)]

#[path = "../../crates/sim/src/fold.rs"]
mod fold;
mod log;
mod outputs;

use std::collections::BTreeMap;

use resclient::cache::ResourceId;
use resclient::cache::texts::FrameId;
use resclient::mirror::{Event, Mirror};
use resclient::protocol::frame::ResourceKind;
use resclient::session::{Config, ConnectionId, Counters, Engine, Get, Options, RequestId, Time};
use serde_json::{Value as Json, json};

pub use log::{Notice, Refusal, Sent, Settled};

pub struct Client {
    pub engine: Engine,
    pub mirror: Mirror,
    pub now: Time,
    /// Requests of this connection that are not answered and no test has looked at.
    pub sent: Vec<Sent>,
    /// Every frame sent, as text.
    pub frames: Vec<String>,
    /// Events for listeners, with the rid they are for.
    pub events: Vec<(String, Event)>,
    pub settled: BTreeMap<RequestId, Settled>,
    pub notices: Vec<Notice>,
    pub refusals: Vec<Refusal>,
    pub dropped: Vec<String>,
    pub opened: Vec<ConnectionId>,
    pub closed: Vec<ConnectionId>,
    /// Whether the connect hook is answered at once.
    pub auto_hook: bool,
    pub hooks: usize,
    /// Whether resources are read only when they change or on [`Client::read_all`].
    pub lazy: bool,
    text: String,
    /// Frames kept because unread resources stand in them.
    pub kept: BTreeMap<FrameId, String>,
    /// Resources that are not read, with the frame they stand in unless it is the last one.
    pub unread: BTreeMap<ResourceId, Option<FrameId>>,
    fold: fold::Fold,
}

impl Client {
    pub fn new() -> Self {
        Client::with(1, Options::default())
    }

    pub fn with(seed: u64, options: Options) -> Self {
        Client {
            engine: Engine::new(Config { seed, options, ..Config::default() }),
            mirror: Mirror::default(),
            now: Time(0),
            sent: Vec::new(),
            frames: Vec::new(),
            events: Vec::new(),
            settled: BTreeMap::new(),
            notices: Vec::new(),
            refusals: Vec::new(),
            dropped: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            auto_hook: true,
            hooks: 0,
            lazy: false,
            text: String::new(),
            kept: BTreeMap::new(),
            unread: BTreeMap::new(),
            fold: fold::Fold::default(),
        }
    }

    /// A client connected to a gateway of the present protocol.
    pub fn connected() -> Self {
        let mut client = Client::new();
        client.connect();
        client.shake_hands("1.2.3");
        client
    }

    pub fn connect(&mut self) {
        self.engine.connect(self.now);
        self.drain();
    }

    pub fn disconnect(&mut self) {
        self.engine.disconnect(self.now);
        self.drain();
    }

    /// The socket opens.
    pub fn open(&mut self) {
        self.engine.handle_open(self.now, self.engine.connection());
        self.drain();
    }

    /// The socket closes.
    pub fn close(&mut self) {
        self.sent.clear();
        self.engine.handle_close(self.now, self.engine.connection());
        self.drain();
    }

    /// The socket opens and the gateway answers that it speaks `protocol`.
    pub fn shake_hands(&mut self, protocol: &str) {
        self.open();
        self.respond("version", json!({ "protocol": protocol }));
    }

    /// Waits for the next attempt to connect, which succeeds.
    pub fn reconnect(&mut self) {
        self.advance(self.engine.poll_timeout().expect("the engine waits to reconnect").0.0 - self.now.0);
        self.shake_hands("1.2.3");
    }

    pub fn hook_done(&mut self, ok: bool) {
        self.engine.hook_done(self.now, ok);
        self.drain();
    }

    pub fn get(&mut self, rid: &str) -> Get {
        let get = self.engine.get(self.now, rid);
        self.drain();
        get
    }

    /// A `get` that has to ask the gateway.
    pub fn get_pending(&mut self, rid: &str) -> RequestId {
        match self.get(rid) {
            Get::Pending(request) => request,
            Get::Cached(_) => panic!("{rid} is cached"),
        }
    }

    /// Gets a resource that the gateway answers with this resource set.
    pub fn load(&mut self, rid: &str, set: Json) -> ResourceId {
        let request = self.get_pending(rid);
        self.respond(&format!("subscribe.{rid}"), set);
        match self.settled[&request] {
            Settled::Resource(id) => id,
            ref other => panic!("{rid}: {other:?}"),
        }
    }

    /// Gets a resource and listens to it.
    pub fn load_listened(&mut self, rid: &str, set: Json) -> ResourceId {
        let id = self.load(rid, set);
        self.listen(id);
        id
    }

    pub fn postpone(&mut self, id: ResourceId, delay: u64) {
        self.engine.postpone(self.now, id, delay);
    }

    pub fn listen(&mut self, id: ResourceId) {
        self.engine.listen(self.now, id);
        self.drain();
    }

    pub fn unlisten(&mut self, id: ResourceId) {
        self.engine.unlisten(self.now, id);
        self.drain();
    }

    pub fn fetch(&mut self, rid: &str) -> RequestId {
        let request = self.engine.fetch(self.now, rid);
        self.drain();
        request
    }

    pub fn call(&mut self, rid: &str, method: &str, params: Option<Json>) -> RequestId {
        let params = params.map(|p| p.to_string());
        let request = self.engine.call(self.now, rid, method, params.as_deref());
        self.drain();
        request
    }

    pub fn auth(&mut self, rid: &str, method: &str, params: Option<Json>) -> RequestId {
        let params = params.map(|p| p.to_string());
        let request = self.engine.auth(self.now, rid, method, params.as_deref());
        self.drain();
        request
    }

    /// A frame arrives.
    pub fn receive_text(&mut self, text: &str) {
        self.hand_over(text);
        self.drain();
    }

    /// A frame arrives, and nothing is done about it yet.
    pub fn hand_over(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.engine.handle_frame(self.now, self.engine.connection(), &self.text);
    }

    pub fn receive(&mut self, frame: Json) {
        self.receive_text(&frame.to_string());
    }

    /// An event arrives: `event` is `rid.name`.
    pub fn event(&mut self, event: &str, data: Json) {
        self.receive(json!({ "event": event, "data": data }));
    }

    /// The gateway answers the oldest request of that method.
    pub fn respond(&mut self, method: &str, result: Json) {
        let id = self.take(method).id;
        self.receive(json!({ "id": id, "result": result }));
    }

    /// The gateway refuses the oldest request of that method.
    pub fn refuse(&mut self, method: &str, code: &str) {
        let id = self.take(method).id;
        self.receive(json!({ "id": id, "error": { "code": code, "message": "No" } }));
    }

    /// The oldest request of that method that was not looked at.
    pub fn take(&mut self, method: &str) -> Sent {
        let at = self.sent.iter().position(|s| s.method == method);
        let at = at.unwrap_or_else(|| panic!("no {method} among {:?}", self.methods()));
        self.sent.remove(at)
    }

    /// The methods of the requests that were not looked at.
    pub fn methods(&self) -> Vec<&str> {
        self.sent.iter().map(|s| s.method.as_str()).collect()
    }

    /// Answers requests from `gateway` until nothing is left that it knows an answer to.
    pub fn serve(&mut self, gateway: &Script) {
        while let Some(at) = self.sent.iter().position(|s| gateway.answers.contains_key(&s.method)) {
            let Sent { id, method, .. } = self.sent.remove(at);
            let mut frame = gateway.answers[&method].clone();
            frame["id"] = json!(id);
            self.receive(frame);
        }
    }

    /// Lets time pass; timers fire when they are due.
    pub fn advance(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some((at, _)) = self.engine.poll_timeout().filter(|&(at, _)| at <= until) {
            self.now = self.now.max(at);
            self.engine.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// When the next timer is due, from now.
    pub fn due_in(&self) -> Option<u64> {
        self.engine.poll_timeout().map(|(at, _)| at.0 - self.now.0)
    }

    pub fn id(&self, rid: &str) -> ResourceId {
        self.engine.find(rid).unwrap_or_else(|| panic!("{rid} is not cached"))
    }

    /// The value of a cached resource, with its references followed.
    pub fn value(&self, rid: &str) -> Json {
        self.mirror.to_json(self.id(rid)).expect("what is cached is mirrored")
    }

    /// The rids in the cache that the gateway keeps up to date, sorted.
    pub fn live(&mut self) -> Vec<&str> {
        self.cached(false)
    }

    /// The rids in the cache that it does not, sorted.
    pub fn stale(&mut self) -> Vec<&str> {
        self.cached(true)
    }

    /// The models and collections of which the engine says so when it is asked one by one.
    pub fn stale_ids(&mut self) -> Vec<ResourceId> {
        let resources = self.engine.resources();
        let is_kept = |kind| matches!(kind, Some(ResourceKind::Model | ResourceKind::Collection));
        let ids: Vec<ResourceId> = resources.into_iter().filter(|r| is_kept(r.kind)).map(|r| r.id).collect();
        ids.into_iter().filter(|&id| self.engine.is_stale(id)).collect()
    }

    fn cached(&mut self, stale: bool) -> Vec<&str> {
        let resources = self.engine.resources().into_iter().filter(|r| r.kind.is_some() && r.stale == stale);
        let mut rids: Vec<&str> = resources.map(|r| r.rid).collect();
        rids.sort_unstable();
        rids
    }

    /// Takes the events logged so far.
    pub fn take_events(&mut self) -> Vec<(String, Event)> {
        std::mem::take(&mut self.events)
    }

    /// The names of the logged events in short: `rid change key…`, `rid add idx`, `rid remove idx`.
    pub fn take_brief(&mut self) -> Vec<String> {
        let brief = |(rid, event): (String, Event)| match event {
            Event::Change(old) => {
                format!("{rid} change {}", old.into_keys().collect::<Vec<_>>().join(" "))
            }
            Event::Add { idx } => format!("{rid} add {idx}"),
            Event::Remove { idx, .. } => format!("{rid} remove {idx}"),
            Event::Custom { name, .. } => format!("{rid} {name}"),
            Event::Unsubscribed(_) => format!("{rid} unsubscribe"),
        };
        self.take_events().into_iter().map(brief).collect()
    }

    /// Fails unless the engine found nothing to complain about.
    pub fn assert_untroubled(&self) {
        let counters = self.engine.counters();
        assert_eq!(counters, Counters { frames: counters.frames, ..Counters::default() });
    }
}

/// A gateway that gives the same answer whenever a method is asked for.
#[derive(Default)]
pub struct Script {
    answers: BTreeMap<String, Json>,
}

impl Script {
    pub fn result(mut self, method: &str, result: Json) -> Self {
        self.answers.insert(method.to_owned(), json!({ "result": result }));
        self
    }

    pub fn error(mut self, method: &str, code: &str) -> Self {
        self.answers.insert(method.to_owned(), json!({ "error": { "code": code, "message": "No" } }));
        self
    }
}

/// A resource set of models.
pub fn models(models: Json) -> Json {
    json!({ "models": models })
}

pub fn reference(rid: &str) -> Json {
    json!({ "rid": rid })
}
