//! A client: the engine and its mirror as they are, and an application that follows resources.

mod proof;
mod witness;

use std::collections::{BTreeMap, VecDeque};
use std::mem::{Discriminant, discriminant};

use resclient::cache::ResourceId;
use resclient::mirror::{Content, Event, Mirror};
use resclient::session::{
    Config, ConnectionId, ConnectionState, Engine, Get, Options, Outcome, Output, RequestId, Time,
};
use serde_json::{Value, json};

use witness::Witness;

pub use proof::Proof;

use crate::fold::Fold;
use crate::gateways::MOST_BYTES;
use crate::names;
use crate::script::{Reaction, Use};
use crate::wire::Wire;

/// What the client wants of the network.
#[derive(Debug)]
pub enum Effect {
    Open(ConnectionId),
    Close(ConnectionId),
    Send(String),
}

/// Why something was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    Follow(String),
    Look(String),
    /// A resource without a subscription.
    Fetch(String),
    /// The answer has the number that the call had.
    Call(u64),
    /// More than the bus carries is never answered with a result.
    CallTooMuch,
    LogIn,
    LogOut,
    /// The hook waits for it.
    Hook,
    /// Now it has to be there, if it may be had.
    Proof(Proof),
}

pub struct Client {
    pub engine: Engine,
    pub mirror: Mirror,
    fold: Fold,
    /// What the application listens to, and how often.
    pub listened: BTreeMap<ResourceId, u32>,
    /// What it waits for. One answer may be for several.
    pending: BTreeMap<RequestId, Vec<Why>>,
    /// The number of the last call: no client has those of another.
    calls: u64,
    /// Whether the hook logs in.
    is_logged_in: bool,
    /// What the hook asks for is told from the rest.
    is_exact: bool,
    /// It logs in, and nothing else is to be asked for before that is done.
    hook_runs: bool,
    /// What the handlers of the next events do.
    pub reactions: VecDeque<Reaction>,
    /// The frame that the engine had last.
    text: String,
    pub effects: Vec<Effect>,
    witness: Witness,
    /// What was answered to what is asked for when all is quiet.
    pub proofs: BTreeMap<Proof, Result<Value, String>>,
    /// Where its frames go.
    pub link: Option<usize>,
    /// The application has disconnected, or the gateway has said not to come back, and there was no connection since.
    pub is_to_be_connected: bool,
    /// The page stands still.
    pub is_frozen: bool,
    /// Milliseconds that its clock is ahead, for it has slept.
    pub clock_ahead: u64,
    /// Until then no timer comes.
    pub throttled_until: u64,
    /// When the world looks at its timers next.
    pub wake: Option<u64>,
    pub events: u64,
    pub settled: u64,
}

impl Client {
    pub fn new(index: usize, seed: u64) -> Client {
        let options = Options {
            unsubscribe_delay: 2_000,
            subscribe_retry_delay: if seed.is_multiple_of(5) { 5_000 } else { 1_000 },
            reconnect_delay_max: 4_000,
            ..Options::default()
        };
        let mut engine = Engine::new(Config { seed, options, ..Config::default() });
        engine.persist(true);
        // As the Rust client has it, and as JavaScript has it, where nothing tells who asks.
        let is_exact = seed % 4 < 2;
        engine.admit_exactly(is_exact);
        Client {
            engine,
            mirror: Mirror::default(),
            fold: Fold::default(),
            listened: BTreeMap::new(),
            pending: BTreeMap::new(),
            calls: index as u64 * 1_000_000,
            is_logged_in: false,
            is_exact,
            hook_runs: false,
            reactions: VecDeque::new(),
            text: String::new(),
            effects: Vec::new(),
            witness: Witness::default(),
            proofs: BTreeMap::new(),
            link: None,
            is_to_be_connected: false,
            is_frozen: false,
            clock_ahead: 0,
            throttled_until: 0,
            wake: None,
            events: 0,
            settled: 0,
        }
    }

    /// When the engine wants to be called, on a page whose timers run.
    pub fn due(&self) -> Option<u64> {
        let timeout = self.engine.poll_timeout().map(|(at, _)| at);
        [timeout, self.engine.poll_heartbeat()]
            .into_iter()
            .flatten()
            .min()
            .map(|at| at.0.saturating_sub(self.clock_ahead))
    }

    pub fn time(&mut self, now: u64) {
        let now = self.clock(now);
        if self.engine.poll_timeout().is_some_and(|(at, _)| at <= now) {
            self.engine.handle_timeout(now);
        }
        if self.engine.poll_heartbeat().is_some_and(|at| at <= now) {
            self.engine.handle_heartbeat(now);
        }
        self.drain(now);
    }

    pub fn opened(&mut self, now: u64, connection: ConnectionId) {
        let now = self.clock(now);
        if self.hears(connection) {
            self.is_to_be_connected = false;
            self.witness.heard = Wire::default();
        }
        self.engine.handle_open(now, connection);
        self.drain(now);
    }

    pub fn closed(&mut self, now: u64, connection: ConnectionId) {
        let now = self.clock(now);
        self.engine.handle_close(now, connection);
        self.drain(now);
    }

    /// The connection was closed for good: nothing is tried until the application asks for something.
    pub fn dismissed(&mut self, now: u64, connection: ConnectionId) {
        let now = self.clock(now);
        let is_present = connection == self.engine.connection();
        self.engine.handle_final_close(now, connection);
        assert!(!is_present || self.engine.state() == ConnectionState::Closed, "it comes back though it must not");
        self.drain(now);
        self.is_to_be_connected |= self.engine.state() == ConnectionState::Closed;
    }

    pub fn receive(&mut self, now: u64, connection: ConnectionId, text: &str) {
        let now = self.clock(now);
        text.clone_into(&mut self.text);
        let is_present = self.hears(connection);
        let news = if is_present { self.news(text) } else { None };
        self.engine.handle_frame(now, connection, &self.text);
        self.drain(now);
        self.check_told(news, text);
        if is_present && self.hears(connection) {
            self.check_heard(text);
        }
    }

    /// The application does something.
    pub fn act(&mut self, now: u64, what: &Use) {
        let now = self.clock(now);
        match what {
            Use::Follow(rid) => self.get(now, rid, Why::Follow(rid.clone())),
            Use::Look(rid) => self.get(now, rid, Why::Look(rid.clone())),
            Use::Leave(which) => {
                let count = self.listened.len().max(1);
                if let Some(id) = self.listened.keys().nth(which % count).copied() {
                    self.unlisten(now, id);
                }
            }
            Use::Fetch(rid) => {
                let request = self.engine.fetch(now, rid);
                self.wait(request, Why::Fetch(rid.clone()));
            }
            Use::Call(rid) => {
                self.call(now, rid, Why::Call(self.calls + 1));
            }
            Use::CallTooMuch(rid) => {
                let params = json!({ "n": "much".repeat(MOST_BYTES) }).to_string();
                let request = self.engine.call(now, names::without_query(rid), "ring", Some(&params));
                self.wait(request, Why::CallTooMuch);
            }
            Use::CallBriefly(rid) => {
                let request = self.call(now, rid, Why::Call(self.calls + 1));
                if self.engine.give_up(request) {
                    self.pending.remove(&request);
                }
            }
            Use::CallFor(rid) => {
                let request =
                    self.engine.call(now, names::without_query(rid), "open", Some(&json!({ "rid": rid }).to_string()));
                self.wait(request, Why::Follow(rid.clone()));
            }
            Use::LogIn => self.auth(now, "login", Why::LogIn),
            Use::LogOut => self.auth(now, "logout", Why::LogOut),
            Use::Disconnect => {
                self.is_to_be_connected = true;
                self.engine.disconnect(now);
            }
            Use::Connect => {
                self.is_to_be_connected = false;
                self.engine.connect(now);
            }
            Use::React(reaction) => self.reactions.push_back(*reaction),
        }
        self.drain(now);
    }

    /// It listens to nothing any more.
    pub fn leave_all(&mut self, now: u64) {
        let now = self.clock(now);
        while let Some(id) = self.listened.keys().next().copied() {
            self.unlisten(now, id);
        }
        self.drain(now);
    }

    pub fn is_connected(&self) -> bool {
        self.engine.state() == ConnectionState::Connected
    }

    /// What its clock says.
    fn clock(&self, now: u64) -> Time {
        Time(now + self.clock_ahead)
    }

    fn get(&mut self, now: Time, rid: &str, why: Why) {
        match self.engine.get(now, rid) {
            Get::Cached(id) => {
                assert_eq!(self.engine.rid(id), rid, "what is cached for who asks for it");
                if matches!(why, Why::Follow(_)) {
                    self.listen(now, id);
                }
            }
            Get::Pending(request) => self.wait(request, why),
        }
    }

    /// Calls a method with a number that no call had.
    fn call(&mut self, now: Time, rid: &str, why: Why) -> RequestId {
        self.calls += 1;
        let params = json!({ "n": self.calls }).to_string();
        let request = self.engine.call(now, names::without_query(rid), "ring", Some(&params));
        self.wait(request, why);
        request
    }

    fn auth(&mut self, now: Time, method: &str, why: Why) {
        let request = self.engine.auth(now, names::SERVICES[0], method, None);
        self.wait(request, why);
    }

    fn wait(&mut self, request: RequestId, why: Why) {
        self.pending.entry(request).or_default().push(why);
    }

    fn listen(&mut self, now: Time, id: ResourceId) {
        if self.engine.find(self.engine.rid(id)) != Some(id) {
            // What a call was answered with could not be had, and has left the cache already.
            return;
        }
        self.engine.listen(now, id);
        *self.listened.entry(id).or_default() += 1;
    }

    fn unlisten(&mut self, now: Time, id: ResourceId) {
        if let Some(count) = self.listened.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                self.listened.remove(&id);
            }
            self.engine.unlisten(now, id);
        }
    }

    /// Does what the engine wants. Handlers are called in between, and what they do takes effect at once.
    fn drain(&mut self, now: Time) {
        let before = self.witness.state;
        while let Some(output) = self.engine.poll_output() {
            if let Output::Dropped(ids) = &output {
                for &id in ids {
                    assert!(!self.listened.contains_key(&id), "{} is dropped, and listened to", self.engine.rid(id));
                    self.fold.end(id);
                }
            }
            if let Output::Loaded(ids) = &output {
                let known = ids.iter().find(|id| self.mirror.get(**id).is_some());
                assert_eq!(known, None, "what is known is loaded as if it were not, and listeners are told nothing");
            }
            let replaced = if let Output::Replaced(id) = output { Some((id, self.kind(id))) } else { None };
            let event = self.mirror.apply(&mut self.engine, &output, &self.text);
            if let Some((id, before)) = replaced {
                // An error has no events that could make another of it.
                let is_error = self.mirror.get(id).is_some_and(|r| matches!(r.content, Content::Error(_)));
                assert!(is_error || before != self.kind(id), "{} is replaced by its kind", self.engine.rid(id));
            }
            match output {
                Output::Loaded(ids) => ids.iter().for_each(|id| self.fold.start(&self.mirror, *id)),
                Output::Replaced(id) => self.fold.start(&self.mirror, id),
                Output::Open(connection) => self.effects.push(Effect::Open(connection)),
                Output::Close(connection) => self.effects.push(Effect::Close(connection)),
                Output::Send(frame) => {
                    let is_of_hook =
                        [r#""auth."#, r#""unsubscribe."#, r#""version""#].iter().any(|it| frame.contains(it));
                    assert!(!self.hook_runs || is_of_hook || !self.is_exact, "it does not wait for the hook: {frame}");
                    self.witness.heard.sent(&frame);
                    self.effects.push(Effect::Send(frame));
                }
                Output::Disconnected | Output::ConnectFailed(_) => self.hook_runs = false,
                Output::State(state) => self.witness.state = state,
                Output::Hook => self.hook(now),
                Output::Settled { request, outcome } => self.settle(now, request, &outcome),
                _ => {}
            }
            if let Some((id, event)) = event {
                self.fold.apply(&self.mirror, id, &event);
                self.witness.tell(id, &event);
                self.events += 1;
                self.handle(now, id, &event);
            }
        }
        self.check_state(before);
    }

    fn kind(&self, id: ResourceId) -> Option<Discriminant<Content>> {
        self.mirror.get(id).map(|resource| discriminant(&resource.content))
    }

    fn hook(&mut self, now: Time) {
        if !self.is_logged_in {
            return self.engine.hook_done(now, true);
        }
        self.hook_runs = true;
        self.engine.admit(true);
        self.auth(now, "login", Why::Hook);
        self.engine.admit(false);
    }

    fn settle(&mut self, now: Time, request: RequestId, outcome: &Outcome) {
        let waiting = self.pending.remove(&request).expect("what is settled was asked for, and not settled before");
        self.settled += 1;
        let is_ok = !matches!(outcome, Outcome::Error(_) | Outcome::Failed(_));
        for why in waiting {
            match (why, outcome) {
                (Why::Fetch(rid), Outcome::Result(set)) => {
                    let set: Value = serde_json::from_str(set.of(&self.text)).expect("a resource set");
                    let is_there = ["models", "collections"].iter().any(|group| set[group].get(&rid).is_some());
                    assert!(is_there || self.engine.find(&rid).is_some(), "{rid} is missing in what it was fetched by");
                }
                (Why::Call(n), Outcome::Payload(payload)) => {
                    let payload: Value = serde_json::from_str(payload.of(&self.text)).expect("a payload");
                    assert_eq!(payload, json!({ "n": n }), "the answer to a call");
                }
                (Why::CallTooMuch, _) => assert!(!is_ok, "a call is answered that nobody can have carried"),
                (Why::Follow(rid), Outcome::Resource(id)) => {
                    assert_eq!(self.engine.rid(*id), rid, "what comes to who asked for it");
                    self.listen(now, *id);
                }
                (Why::Look(rid), Outcome::Resource(id)) => {
                    assert_eq!(self.engine.rid(*id), rid, "what comes to who asked for it");
                }
                (Why::Proof(what), outcome) => self.prove(now, what, outcome),
                (Why::LogIn, _) if is_ok => self.is_logged_in = true,
                (Why::LogOut, _) if is_ok => self.is_logged_in = false,
                (Why::Hook, _) => {
                    self.hook_runs = false;
                    self.engine.hook_done(now, is_ok);
                }
                _ => {}
            }
        }
    }

    /// The handler of an event. One that has been told to do something does it.
    fn handle(&mut self, now: Time, id: ResourceId, event: &Event) {
        if !self.listened.contains_key(&id) || matches!(event, Event::Unsubscribed(_)) {
            return;
        }
        match self.reactions.pop_front() {
            Some(Reaction::Leave) => self.unlisten(now, id),
            Some(Reaction::LeaveAll) => {
                while let Some(id) = self.listened.keys().next().copied() {
                    self.unlisten(now, id);
                }
            }
            Some(Reaction::Listen) => self.listen(now, id),
            Some(Reaction::Get) => {
                let rid = self.engine.rid(id).to_owned();
                self.get(now, &rid, Why::Follow(rid.clone()));
            }
            Some(Reaction::Other) => {
                let rid = names::list(0, 0);
                self.get(now, &rid, Why::Follow(rid.clone()));
            }
            Some(Reaction::Disconnect) => {
                self.engine.disconnect(now);
                self.engine.connect(now);
            }
            None => {}
        }
    }
}
