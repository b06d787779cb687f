//! Clients, services and time in any order, and what must be true of the gateway whatever they do.

use std::collections::{BTreeMap, BTreeSet};

use res_gateway::core::border::ConnId;
use res_gateway::core::conn::{AuthMethod, HttpRequest, Limits, Outcome, Target};
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use resclient::protocol::ResError;

use super::dice::Dice;
use super::json::{depth, is_json};
use super::names::is_subject;
use super::{fields, string};

/// Plays a conversation that the bytes stand for.
pub fn play(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let limits = Limits {
        direct_count: 3,
        direct_resources: 4,
        held_resources: 8,
        reference_depth: 3,
        reference_count: 5,
        reference_throttle: usize::from(dice.below(3)),
        references_in_flight: usize::from(dice.below(3)),
        ..Limits::default()
    };
    let config = CoreConfig { limits, reset_throttle: usize::from(dice.below(3)), ..CoreConfig::default() };
    let mut play = Play {
        core: Core::new(config),
        now: Time(0),
        connected: 0,
        clients: BTreeMap::new(),
        asked: Vec::new(),
        replies: BTreeSet::new(),
        watched: BTreeSet::new(),
    };
    play.drain();
    let at_rest = play.watched.clone();
    for step in 0.. {
        if dice.is_empty() {
            break;
        }
        play.step(&mut dice);
        play.drain();
        // To count all from scratch takes much longer than a step.
        if step % CHECKED == 0 {
            play.core.check();
        }
    }
    play.wait_for_answers();
    play.end();
    assert_eq!(play.watched, at_rest, "what is listened to when nobody is there");
}

struct Play {
    core: Core,
    now: Time,
    connected: u64,
    clients: BTreeMap<ConnId, Client>,
    /// Requests to services that are not answered, as far as anybody knows: the subject and where the answer goes.
    asked: Vec<(String, String)>,
    /// All there ever were.
    replies: BTreeSet<String>,
    watched: BTreeSet<String>,
}

enum Client {
    /// The ids of requests that are not answered.
    Socket(Vec<u64>),
    /// What is over HTTP, until it is answered; for an upgrade it is a WebSocket then.
    Http { is_upgrade: bool },
}

impl Play {
    fn step(&mut self, dice: &mut Dice<'_>) {
        match dice.below(16) {
            0 => self.connect(dice),
            1..=4 => self.frame(dice),
            5..=8 => self.answer(dice),
            9 | 10 => self.say(dice),
            11 => self.time(dice),
            12 => {
                if let Some(id) = self.client(dice) {
                    self.disconnect(id);
                }
            }
            13 => {
                if let Some((_, reply)) = self.take_asked(dice) {
                    self.core.handle_refused(self.now, &reply, ResError::SUBJECT_TOO_LONG);
                }
            }
            14 => self.odd_message(dice),
            _ => self.answer_all(dice),
        }
    }

    fn connect(&mut self, dice: &mut Dice<'_>) {
        self.connected += 1;
        let id = self.core.handle_connect(&format!("c{}", self.connected), Default::default());
        let rid = || RIDS[self.connected as usize % RIDS.len()].into();
        let target = match dice.below(6) {
            0 => Target::Resource(rid()),
            1 => Target::Method { rid: rid(), method: "new".into(), params: None },
            2 => Target::Upgrade,
            _ => return drop(self.clients.insert(id, Client::Socket(Vec::new()))),
        };
        let header_auth = (dice.below(2) == 0).then(|| AuthMethod::parse("a.login").expect("a method"));
        self.clients.insert(id, Client::Http { is_upgrade: matches!(target, Target::Upgrade) });
        self.core.handle_http(self.now, id, HttpRequest { header_auth, target });
    }

    fn frame(&mut self, dice: &mut Dice<'_>) {
        if self.clients.is_empty() {
            self.connect(dice);
            self.drain();
        }
        let Some(id) = self.client(dice) else { return };
        let text = any_frame(dice);
        let Some(Client::Socket(requests)) = self.clients.get_mut(&id) else { return };
        let number: Option<u64> = fields(&text, ["id", "method", "params"]).and_then(|[id, ..]| id?.parse().ok());
        requests.extend(number);
        self.core.handle_frame(self.now, id, &text);
        self.drain();
        assert!(number.is_some() || !self.clients.contains_key(&id), "nobody can be answered: {text:?}");
    }

    fn answer(&mut self, dice: &mut Dice<'_>) {
        if let Some((subject, reply)) = self.take_asked(dice) {
            let payload = any_payload(dice, answers_to(&subject));
            // More time is no answer yet.
            if payload.first().is_some_and(u8::is_ascii_alphabetic) {
                self.asked.push((subject, reply.clone()));
            }
            self.core.handle_message(self.now, &reply, &payload, dice.below(16) == 0);
        }
    }

    /// Lets services do what they are for.
    fn answer_all(&mut self, dice: &mut Dice<'_>) {
        for (subject, reply) in std::mem::take(&mut self.asked) {
            let all = answers_to(&subject);
            let payload = all[usize::from(dice.below(3)) % all.len()];
            self.core.handle_message(self.now, &reply, payload.as_bytes(), false);
        }
    }

    fn say(&mut self, dice: &mut Dice<'_>) {
        let (name, cid) = (dice.pick(&NAMES), u64::from(dice.below(3)) + 1);
        let (subject, payload) = match dice.below(10) {
            0 => ("system.reset".to_owned(), any_payload(dice, &RESETS)),
            1 => ("system.tokenReset".to_owned(), any_payload(dice, &TOKEN_RESETS)),
            2 => (format!("conn.c{cid}.token"), any_payload(dice, &TOKENS)),
            _ => {
                let (event, payload) = dice.pick(&EVENTS);
                (format!("event.{name}.{event}"), any_payload(dice, &[payload]))
            }
        };
        self.core.handle_message(self.now, &subject, &payload, false);
    }

    fn odd_message(&mut self, dice: &mut Dice<'_>) {
        let subject = dice.pick(&ODD_SUBJECTS);
        let subject = dice.damaged(subject);
        let payload = any_payload(dice, &EVERYTHING);
        self.core.handle_message(self.now, &subject, &payload, dice.below(8) == 0);
    }

    fn time(&mut self, dice: &mut Dice<'_>) {
        match dice.below(3) {
            0 => self.now = self.now.after(u64::from(dice.below(255)) * 40),
            _ => self.now = self.core.poll_timeout().map_or(self.now, |at| at.max(self.now)),
        }
        self.core.handle_timeout(self.now);
    }

    /// Nobody says anything any more: time alone must answer all that was asked.
    fn wait_for_answers(&mut self) {
        for _ in 0..ROUNDS {
            let waits = |client: &Client| match client {
                Client::Socket(requests) => !requests.is_empty(),
                Client::Http { .. } => true,
            };
            if !self.clients.values().any(waits) {
                return;
            }
            let at = self.core.poll_timeout().expect("somebody waits for an answer that nothing will bring");
            self.now = self.now.max(at);
            self.core.handle_timeout(self.now);
            self.drain();
        }
        panic!("requests are never answered");
    }

    /// All leave, and what they asked for leaves the cache.
    fn end(&mut self) {
        for id in self.clients.keys().copied().collect::<Vec<_>>() {
            self.disconnect(id);
        }
        self.drain();
        for _ in 0..ROUNDS {
            let Some(at) = self.core.poll_timeout() else { break };
            self.now = self.now.max(at);
            self.core.handle_timeout(self.now);
            self.drain();
        }
        self.core.check();
        assert_eq!(self.core.poll_timeout(), None, "it does not come to rest");
        assert_eq!(self.core.cache().counts(), (0, 0), "names cached, and subscribers");
        assert_eq!(self.core.waiting(), 0, "requests that nobody waits for");
    }

    fn disconnect(&mut self, id: ConnId) {
        self.clients.remove(&id);
        self.core.handle_disconnect(self.now, id);
    }

    fn client(&self, dice: &mut Dice<'_>) -> Option<ConnId> {
        self.clients.keys().copied().nth(dice.place(self.clients.len())?)
    }

    fn take_asked(&mut self, dice: &mut Dice<'_>) -> Option<(String, String)> {
        Some(self.asked.swap_remove(dice.place(self.asked.len())?))
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Publish { subject, reply, payload } => {
                    assert!(is_subject(&subject), "{subject:?} is not one subject");
                    let payload = String::from_utf8(payload).expect("requests are text");
                    assert!(fields(&payload, ["query", "token", "cid", "params"]).is_some(), "{payload:?}");
                    let reply = reply.expect("the gateway only asks");
                    assert!(is_subject(&reply) && self.replies.insert(reply.clone()), "{reply:?} is not one inbox");
                    self.asked.push((subject, reply));
                }
                Output::Subscribe(pattern) => {
                    assert!(pattern.strip_suffix(".*").is_some_and(is_subject), "{pattern:?}");
                    assert!(self.watched.insert(pattern.clone()), "{pattern} is listened to twice");
                }
                Output::Unsubscribe(pattern) => assert!(self.watched.remove(&pattern), "{pattern} is not listened to"),
                Output::Answer(id, text) => self.answered(id, &text),
                Output::Event(id, text) => {
                    assert!(matches!(self.clients.get(&id), Some(Client::Socket(_))), "{text} for nobody");
                    let [event, _] = fields(&text, ["event", "data"]).expect("events are objects");
                    assert!(string(event).flatten().is_some() && depth(&text) <= 64, "{text}");
                }
                Output::Close(id, code, _) => {
                    assert!(matches!(code, 1002 | 1007), "{code}");
                    let client = self.clients.remove(&id);
                    assert!(matches!(client, Some(Client::Socket(_))), "closed, and not there");
                    self.core.handle_disconnect(self.now, id);
                }
                Output::Http(id, answer) => {
                    let Some(Client::Http { is_upgrade }) = self.clients.remove(&id) else { panic!("answered twice") };
                    if is_upgrade && matches!(answer.outcome, Ok(Outcome::Done)) && answer.meta.status.is_none() {
                        self.clients.insert(id, Client::Socket(Vec::new()));
                    } else {
                        self.core.handle_disconnect(self.now, id);
                    }
                }
            }
        }
    }

    fn answered(&mut self, id: ConnId, text: &str) {
        let Some(Client::Socket(requests)) = self.clients.get_mut(&id) else { panic!("{text} for nobody") };
        let [number] = fields(text, ["id"]).expect("answers are objects");
        let number = number.and_then(|id| id.parse::<u64>().ok()).expect("answers have an id");
        let at = requests.iter().position(|id| *id == number);
        requests.swap_remove(at.unwrap_or_else(|| panic!("{text} answers nothing")));
        assert!(is_json(text) && depth(text) <= 64, "{text}");
    }
}

fn any_payload(dice: &mut Dice<'_>, from: &[&str]) -> Vec<u8> {
    let text = dice.pick(from);
    match dice.below(8) {
        0 => dice.damaged(text).into_bytes(),
        _ => text.into(),
    }
}

fn any_frame(dice: &mut Dice<'_>) -> String {
    let (id, rid, method) = (dice.below(4), dice.pick(&RIDS), dice.pick(&METHODS));
    let frame = match dice.below(8) {
        0 | 1 => format!(r#"{{"id":{id},"method":"subscribe.{rid}"}}"#),
        2 => format!(r#"{{"id":{id},"method":"get.{rid}"}}"#),
        3 => format!(r#"{{"id":{id},"method":"unsubscribe.{rid}","params":{{"count":{}}}}}"#, dice.below(3)),
        4 => format!(r#"{{"id":{id},"method":"call.{rid}.{method}","params":[1]}}"#),
        5 => format!(r#"{{"id":{id},"method":"auth.{rid}.{method}"}}"#),
        6 => format!(r#"{{"id":{id},"method":"new.{rid}","params":{{}}}}"#),
        _ => format!(r#"{{"id":{id},"method":"version","params":{{"protocol":"1.2.{}"}}}}"#, dice.below(4)),
    };
    if dice.below(16) == 0 { dice.damaged(&frame) } else { frame }
}

/// What a service may say to a request with this subject; the first is what it should.
fn answers_to(subject: &str) -> &'static [&'static str] {
    match subject.split('.').next() {
        Some("access") => &ACCESS,
        Some("get") if subject.contains("list") => &LISTS,
        Some("get") => &MODELS,
        Some("call" | "auth") => &CALLED,
        _ => &QUERIED,
    }
}

const NAMES: [&str; 5] = ["a", "a.b", "a.list", "b.list", "a.c1"];
const RIDS: [&str; 8] = ["a", "a.b", "a.list", "b.list", "a?q=1", "a?q=2", "a.list?q=1", "a.{cid}"];
const METHODS: [&str; 3] = ["set", "new", "login"];
const ACCESS: [&str; 7] = [
    r#"{"result":{"get":true,"call":"*"}}"#,
    r#"{"result":{"get":true,"call":"set"}}"#,
    r#"{"result":{"get":true}}"#,
    r#"{"result":{}}"#,
    r#"{"error":{"code":"system.accessDenied","message":"Access denied"}}"#,
    r#"{"result":{"get":true},"meta":{"status":404}}"#,
    r#"timeout:"900""#,
];
const MODELS: [&str; 8] = [
    r#"{"result":{"model":{"x":1,"r":{"rid":"a.b"},"l":{"rid":"a.list"}}}}"#,
    r#"{"result":{"model":{"x":2,"r":{"rid":"a"},"s":{"rid":"b.list","soft":true}}}}"#,
    r#"{"result":{"model":{"d":{"data":[{"x":[]}]}},"query":"q=1"}}"#,
    r#"{"result":{"model":{"x":null,"r":{"rid":"b.list"}},"query":"q=2"}}"#,
    r#"{"result":{"model":{},"query":""}}"#,
    r#"{"result":{"collection":[]}}"#,
    r#"{"error":{"code":"system.notFound","message":"Not found"}}"#,
    r#"timeout:"5000""#,
];
const LISTS: [&str; 6] = [
    r#"{"result":{"collection":[{"rid":"a"},{"rid":"a.b"},1]}}"#,
    r#"{"result":{"collection":[1,2,{"rid":"b.list"},{"rid":"a.list"},{"rid":"a?q=1"}]}}"#,
    r#"{"result":{"collection":[{"rid":"a.c1"},{"rid":"a?q=2"},2,1],"query":"q=1"}}"#,
    r#"{"result":{"collection":[],"query":"n"}}"#,
    r#"{"result":{"model":{"x":1}}}"#,
    r#"{"error":{"code":"system.internalError","message":"x"}}"#,
];
const CALLED: [&str; 7] = [
    r#"{"result":null}"#,
    r#"{"result":{"rid":"a.b"}}"#,
    r#"{"resource":{"rid":"a.list"}}"#,
    r#"{"resource":{"rid":"a?q=1"},"meta":{"status":303,"header":{"Set-Cookie":["a"]}}}"#,
    r#"{"error":{"code":"a.b","message":"x","data":{"y":[1]}}}"#,
    r#"{"result":"x"}"#,
    r#"timeout:"299000""#,
];
const QUERIED: [&str; 7] = [
    r#"{"result":{"events":[]}}"#,
    r#"{"result":{"events":[{"event":"change","data":{"values":{"x":5}}},{"event":"add","data":{"idx":0,"value":9}}]}}"#,
    r#"{"result":{"model":{"x":7,"r":{"rid":"a.list"}}}}"#,
    r#"{"result":{"collection":[{"rid":"a.b"},3]}}"#,
    r#"{"error":{"code":"system.notFound","message":"Not found"}}"#,
    r#"{"error":{"code":"system.internalError","message":"x"}}"#,
    r#"{"result":{"events":[{"event":"remove","data":{"idx":0}},{"event":"delete"}]}}"#,
];
const EVENTS: [(&str, &str); 14] = [
    ("change", r#"{"values":{"x":3,"r":{"rid":"a.list"}}}"#),
    ("change", r#"{"values":{"r":{"rid":"a.b"},"l":{"action":"delete"}}}"#),
    ("change", r#"{"x":4}"#),
    ("add", r#"{"idx":0,"value":{"rid":"a.b"}}"#),
    ("add", r#"{"idx":1,"value":{"rid":"b.list"}}"#),
    ("add", r#"{"idx":2,"value":7}"#),
    ("remove", r#"{"idx":0}"#),
    ("remove", r#"{"idx":1}"#),
    ("delete", ""),
    ("custom", r#"{"x":[1]}"#),
    ("reaccess", ""),
    ("query", r#"{"subject":"q.a"}"#),
    ("query", r#"{"subject":"q b"}"#),
    ("unsubscribe", "null"),
];
const RESETS: [&str; 4] = [
    r#"{"resources":["a.>"]}"#,
    r#"{"resources":[">"],"access":[">"]}"#,
    r#"{"access":["a.*"]}"#,
    r#"{"resources":["a","a..b","*>"]}"#,
];
const TOKENS: [&str; 3] = [r#"{"token":{"u":1},"tid":"t1"}"#, r#"{"token":null}"#, r#"{"token":1,"tid":"t2"}"#];
const TOKEN_RESETS: [&str; 2] =
    [r#"{"tids":["t1","t2"],"subject":"auth.a.renew"}"#, r#"{"tids":["t1"],"subject":"a b\r\nPUB x 0"}"#];
const ODD_SUBJECTS: [&str; 7] =
    ["event.a.change", "event.a.b.", "conn.c1.token", "conn.c1.x", "_INBOX.gateway.7", "system.x", "x"];
const EVERYTHING: [&str; 6] = [ACCESS[0], MODELS[0], LISTS[0], CALLED[2], TOKENS[0], RESETS[1]];

/// What is wrong mostly stays so for this many steps.
const CHECKED: u32 = 8;
/// More than any conversation of a few hundred steps leads to.
const ROUNDS: usize = 100_000;
