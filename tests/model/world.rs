//! A client, a gateway and the network between them, moved one step at a time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use resclient::cache::ResourceId;
use resclient::mirror::{Content as Mirrored, Item};
use resclient::session::{ConnectionState, Counters, Get, Options, RequestId};
use serde_json::json;

use super::damage::{Damage, Meaning, any_damage};
use super::gateway::Gateway;
use super::service::{Content, Mutation, NAMES, Rid, Value, any_content, any_mutation, any_rid};
use super::support::Client;

#[derive(Clone, Debug)]
pub enum Action {
    Get(Rid),
    Listen(Rid),
    /// Listens once less to one of the resources that are listened to.
    Unlisten(usize),
    Fetch(Rid),
    /// Calls a method that answers with this resource.
    CallForResource(Rid),
    Call,
    Mutate(Rid, Mutation),
    Create(Rid, Content),
    Revoke(Rid),
    Grant(Rid),
    /// The gateway sends something about this resource that makes no sense.
    Misbehave(Rid, usize),
    /// A frame reaches the client other than it was sent.
    Damage(Damage),
    /// Frames reach the gateway.
    ToGateway(usize),
    /// The gateway answers one request that waits.
    Complete(usize),
    /// Frames reach the client.
    ToClient(usize),
    /// The socket opens, if one is being opened.
    Accept,
    Cut,
    Disconnect,
    /// Milliseconds pass.
    Advance(u64),
    /// Everything under way arrives and is answered.
    Deliver,
}

/// What a gateway does that has gone wrong, now and then.
pub fn any_misbehaviour() -> impl Strategy<Value = Action> {
    (any_rid(), 0..5usize).prop_map(|(rid, how)| Action::Misbehave(rid, how))
}

/// Something is done while there is a connection, and the next frame because of it is damaged.
pub fn any_interference() -> impl Strategy<Value = Vec<Action>> {
    let connected = [Action::Advance(2_000), Action::Accept, Action::Deliver];
    (any_action(), any_damage())
        .prop_map(move |(action, damage)| connected.iter().cloned().chain([action, Action::Damage(damage)]).collect())
}

pub fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => any_rid().prop_map(Action::Get),
        8 => any_rid().prop_map(Action::Listen),
        6 => (0..8usize).prop_map(Action::Unlisten),
        1 => any_rid().prop_map(Action::Fetch),
        2 => any_rid().prop_map(Action::CallForResource),
        1 => Just(Action::Call),
        14 => (any_rid(), any_mutation()).prop_map(|(rid, mutation)| Action::Mutate(rid, mutation)),
        2 => (any_rid(), any_content()).prop_map(|(rid, content)| Action::Create(rid, content)),
        1 => any_rid().prop_map(Action::Revoke),
        1 => any_rid().prop_map(Action::Grant),
        4 => (1..4usize).prop_map(Action::ToGateway),
        4 => (0..4usize).prop_map(Action::Complete),
        4 => (1..4usize).prop_map(Action::ToClient),
        3 => Just(Action::Accept),
        1 => Just(Action::Cut),
        1 => prop_oneof![4 => Just(Action::Cut), 1 => Just(Action::Disconnect)],
        3 => prop_oneof![Just(100), Just(2_000), Just(5_000), Just(12_000)].prop_map(Action::Advance),
        10 => Just(Action::Deliver),
    ]
}

pub struct World {
    pub client: Client,
    pub gateway: Gateway,
    /// What the application listens to, and how often.
    listened: BTreeMap<ResourceId, (Rid, u32)>,
    pub asked: BTreeSet<RequestId>,
    closed: usize,
    /// Whether the engine has something to complain about.
    pub misbehaved: bool,
}

impl World {
    pub fn new(service: Vec<Content>, protocol: &'static str, lazy: bool, seed: u64) -> Self {
        let mut client = Client::with(seed, Options::default());
        client.lazy = lazy;
        let gateway = Gateway::new(service, protocol);
        let (listened, asked) = (BTreeMap::new(), BTreeSet::new());
        let mut world = World { client, gateway, listened, asked, closed: 0, misbehaved: false };
        world.client.connect();
        world.accept();
        world.deliver();
        world
    }

    pub fn act(&mut self, action: Action) {
        match action {
            Action::Get(rid) => {
                if let Get::Pending(request) = self.client.get(NAMES[rid]) {
                    self.asked.insert(request);
                }
            }
            Action::Listen(rid) => {
                if let Some(id) = self.client.engine.find(NAMES[rid]) {
                    self.listened.entry(id).or_insert((rid, 0)).1 += 1;
                    self.client.listen(id);
                }
            }
            Action::Unlisten(which) => {
                if !self.listened.is_empty() {
                    let id = *self.listened.keys().nth(which % self.listened.len()).expect("it is within the length");
                    self.unlisten(id);
                }
            }
            Action::Fetch(rid) => {
                let request = self.client.fetch(NAMES[rid]);
                self.asked.insert(request);
            }
            Action::CallForResource(rid) => {
                let request = self.client.call("some", "method", Some(json!({ "rid": NAMES[rid] })));
                self.asked.insert(request);
            }
            Action::Call => {
                let request = self.client.auth("some", "method", Some(json!({ "values": 1 })));
                self.asked.insert(request);
            }
            Action::Mutate(rid, mutation) => self.gateway.mutate(rid, mutation),
            Action::Create(rid, content) => self.gateway.create(rid, content),
            Action::Revoke(rid) => self.gateway.revoke(rid),
            Action::Grant(rid) => {
                self.gateway.denied.remove(&rid);
            }
            Action::Misbehave(rid, how) => {
                self.misbehaved = true;
                self.gateway.misbehave(rid, how);
            }
            Action::Damage(damage) => self.damage(&damage),
            Action::ToGateway(frames) => (0..frames).for_each(|_| {
                self.gateway.accept();
            }),
            Action::Complete(which) => {
                self.gateway.complete(which);
            }
            Action::ToClient(frames) => (0..frames).for_each(|_| {
                self.hand_over();
            }),
            Action::Accept => self.accept(),
            Action::Cut => {
                if !matches!(self.client.engine.state(), ConnectionState::Idle | ConnectionState::Closed) {
                    self.client.close();
                    self.gateway.cut();
                }
            }
            Action::Disconnect => self.client.disconnect(),
            Action::Advance(ms) => self.client.advance(ms),
            Action::Deliver => self.deliver(),
        }
        self.carry();
    }

    /// Lets everything happen that happens by itself within a minute.
    pub fn quiesce(&mut self) {
        self.client.connect();
        let end = self.client.now + 60_000;
        loop {
            self.carry();
            self.accept();
            self.deliver();
            match self.client.due_in() {
                Some(ms) if self.client.now + ms <= end => self.client.advance(ms),
                _ => break,
            }
        }
    }

    pub fn check(&mut self) {
        assert_eq!(self.client.engine.state(), ConnectionState::Connected);
        self.client.read_all();
        self.client.assert_events_explain_values();
        let counters = self.client.engine.counters();
        assert!(self.misbehaved || counters == Counters { frames: counters.frames, ..Counters::default() });
        assert_eq!(self.client.engine.pending(), 0);
        for request in &self.asked {
            assert!(self.client.settled.contains_key(request), "{request:?} was never settled");
        }
        let held: BTreeSet<&str> = self.gateway.held.keys().map(|&rid| NAMES[rid]).collect();
        assert_eq!(self.client.live().into_iter().collect::<BTreeSet<_>>(), held, "what the client holds");
        self.check_subscriptions();
        for (&rid, held) in &self.gateway.held {
            let resource = self.client.mirror.get(self.client.id(NAMES[rid])).expect("it is held");
            assert_eq!(resource.rid, NAMES[rid]);
            self.check_value(rid, &held.content, &resource.content);
            if !held.deleted && held.content != Content::Missing {
                assert_eq!(self.gateway.service[rid], held.content, "the gateway of this test is wrong");
            }
        }
    }

    /// Nobody listens any more: the cache becomes empty, at both ends.
    pub fn leave(&mut self) {
        while let Some(&id) = self.listened.keys().next() {
            self.unlisten(id);
        }
        self.quiesce();
        self.check();
        assert_eq!(self.client.engine.resources(), []);
        assert!(self.client.mirror.is_empty());
        assert!(self.client.kept.is_empty(), "frames are kept for nothing");
        assert!(self.gateway.direct.is_empty() && self.gateway.held.is_empty());
    }

    fn check_subscriptions(&mut self) {
        for resource in self.client.engine.resources() {
            let rid = super::gateway::number(resource.rid);
            let direct = self.gateway.direct.get(&rid).copied().unwrap_or(0);
            let possible = resource.subscribed..=resource.subscribed + resource.doubtful;
            assert!(possible.contains(&direct), "{direct} direct subscriptions of {resource:?}");
            let listeners = self.listened.get(&resource.id).map_or(0, |&(_, count)| count);
            assert_eq!(resource.direct, listeners, "listeners of {}", resource.rid);
            if listeners > 0 && resource.stale {
                let lost = self.gateway.service[rid] == Content::Missing || self.gateway.refused.contains(&rid);
                assert!(lost, "{} is stale although it could be had", resource.rid);
            }
        }
    }

    fn check_value(&self, rid: Rid, content: &Content, mirrored: &Mirrored) {
        let same = match (content, mirrored) {
            (Content::Model(model), Mirrored::Model(items)) => {
                let name = |key: usize| super::service::KEYS[key];
                model.len() == items.len()
                    && model.iter().all(|(&k, v)| items.get(name(k)).is_some_and(|item| self.is_same(v, item)))
            }
            (Content::Collection(list), Mirrored::Collection(items)) => {
                list.len() == items.len() && list.iter().zip(items).all(|(v, item)| self.is_same(v, item))
            }
            (Content::Missing, Mirrored::Error(error)) => error.code == "system.notFound",
            _ => false,
        };
        assert!(same, "{} is {content:?}, mirrored as {mirrored:?}", NAMES[rid]);
    }

    fn is_same(&self, value: &Value, item: &Item) -> bool {
        let wire = value.wire(self.gateway.legacy());
        match item {
            Item::Reference(id) => matches!(value, Value::Reference(rid) if self.client.engine.rid(*id) == NAMES[*rid]),
            Item::Soft(rid) => wire == json!({ "rid": rid, "soft": true }),
            Item::Value(json) => !matches!(value, Value::Reference(_)) && wire.get("data").unwrap_or(&wire) == json,
        }
    }

    fn unlisten(&mut self, id: ResourceId) {
        let (_, count) = self.listened.get_mut(&id).expect("it is listened to");
        *count -= 1;
        if *count == 0 {
            self.listened.remove(&id);
        }
        self.client.unlisten(id);
    }

    fn accept(&mut self) {
        if self.client.engine.state() == ConnectionState::Connecting {
            self.client.open();
            self.carry();
        }
    }

    /// Hands over what the client has sent, and ends a connection it has closed.
    fn carry(&mut self) {
        if self.client.closed.len() > self.closed {
            self.closed = self.client.closed.len();
            self.gateway.cut();
            self.client.sent.clear();
        }
        let open = matches!(
            self.client.engine.state(),
            ConnectionState::Connecting | ConnectionState::Stale | ConnectionState::Connected
        );
        let sent = std::mem::take(&mut self.client.sent);
        if open {
            self.gateway.inbox.extend(sent);
        }
        for rid in std::mem::take(&mut self.client.dropped) {
            assert!(self.listened.values().all(|&(listened, _)| NAMES[listened] != rid), "{rid} was listened to");
        }
    }

    /// The client gets a frame, from wherever.
    pub fn receive(&mut self, frame: &str) {
        self.client.receive_text(frame);
        self.carry();
    }

    /// Hands a damaged frame over. What nobody could know to be untrue is believed, until the connection is made anew: that is
    /// done at once.
    fn damage(&mut self, damage: &Damage) {
        while self.gateway.outbox.is_empty() && (self.gateway.accept() || self.gateway.complete(0)) {}
        let Some(frame) = self.gateway.outbox.pop_front() else { return };
        let damaged = damage.apply(&frame);
        let before = self.client.engine.counters();
        self.misbehaved = true;
        self.client.receive_text(&damaged);
        let after = self.client.engine.counters();
        let (heard, reset) = (after.frames > before.frames, after.resets > before.resets);
        let misfit = after.misfits > before.misfits;
        let noticed = match Meaning::of(&frame, &damaged) {
            Meaning::None => {
                assert!(!heard || after.malformed > before.malformed && reset, "{damaged} was taken for a frame");
                true
            }
            Meaning::Same => true,
            Meaning::Event => reset || misfit,
            Meaning::Other => reset,
        };
        if !noticed {
            self.act(Action::Cut);
        }
    }

    fn hand_over(&mut self) -> bool {
        let Some(frame) = self.gateway.outbox.pop_front() else { return false };
        self.receive(&frame);
        true
    }

    fn deliver(&mut self) {
        while self.gateway.accept() || self.gateway.complete(0) || self.hand_over() {}
    }
}
