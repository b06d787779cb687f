//! Answers in place of the services that were recorded, and says what they said by themselves.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use resclient::protocol::ResError;
use serde_json::json;
use tokio::time::{Instant, sleep_until};
use tracing::{error, info};

use super::held::Held;
use super::labels::{self, Clients};
use super::line::{Kind, Line, Payload, Token};
use crate::bus::{Bus, Deliveries, Delivery};
use crate::core::json;

/// A service of all that was recorded. What comes later is told of as a service tells of it: values by events or, where
/// it is not known how they came about, by a reset.
pub struct Replay {
    bus: Arc<dyn Bus>,
    lines: Vec<Line>,
    /// The line that is said next.
    next: usize,
    start: Option<Instant>,
    /// What the gateway asks for because of what was said last: it has its answers before more is said, as it had them.
    led_to: Option<LedTo>,
    clients: Clients,
    resources: Held,
    /// Answers by subject and query, and then by the label of the token.
    access: HashMap<(String, String), BTreeMap<Option<String>, String>>,
    answers: HashMap<Asked, Answers>,
}

/// Subject, query and parameters, in a form that is the same for equal ones; of auth requests, the subject.
type Asked = (String, String, String);

/// The lines with answers to equal requests, and how many were given.
#[derive(Default)]
struct Answers {
    lines: Vec<usize>,
    given: usize,
}

struct LedTo {
    subjects: HashSet<String>,
    /// How long the next is waited for.
    until: Instant,
}

impl Replay {
    pub fn new(lines: Vec<Line>, bus: Arc<dyn Bus>) -> Replay {
        let number = |line: &Line| line.conn.as_ref()?.strip_prefix('c')?.parse().ok();
        let clients = Clients::new(lines.iter().filter_map(number).max().unwrap_or(0).max(1));
        let (mut resources, mut access) = (Held::default(), HashMap::<_, BTreeMap<_, _>>::new());
        // A query event may have the gateway ask as it asks for a resource at first: both are `Kind::Query` then.
        for line in lines.iter().filter(|line| matches!(line.kind, Kind::Get | Kind::Query)) {
            resources.link(line);
        }
        let (mut kept, mut answers) = (Vec::new(), HashMap::<_, Answers>::new());
        for line in lines {
            match line.kind {
                Kind::Get | Kind::Query => {
                    let key = resources.key(line.name(), query(&line));
                    // Who asks before it was asked for has it as it was then.
                    if !resources.contains(&key) {
                        resources.get(key, line.answer());
                    }
                }
                Kind::Access => {
                    let by_token = access.entry((line.subject.clone(), query(&line).to_owned())).or_default();
                    by_token.entry(line.token.clone()).or_insert_with(|| line.answer().to_owned());
                }
                Kind::Call | Kind::Auth => {
                    let params = line.params.as_ref().map_or("null", |params| params.get());
                    let key = asked(line.kind, &line.subject, query(&line), params);
                    answers.entry(key).or_default().lines.push(kept.len());
                }
                // What came before the first answer is in it.
                Kind::Event if !resources.contains(&resources.key(line.name(), "")) => continue,
                Kind::Event | Kind::Token | Kind::System => {}
            }
            kept.push(line);
        }
        Replay { bus, lines: kept, next: 0, start: None, led_to: None, clients, resources, access, answers }
    }

    pub async fn run(mut self, mut deliveries: Deliveries) {
        for pattern in ["get.>", "access.>", "call.>", "auth.>", "replay.*"] {
            self.bus.subscribe(pattern);
        }
        // Tokens may be renewed on any subject.
        let own = |subject: &&String| !subject.starts_with("auth.");
        for subject in self.lines.iter().filter(|line| line.kind == Kind::Auth).map(|line| &line.subject).filter(own) {
            self.bus.subscribe(subject);
        }
        loop {
            let due = self.due();
            tokio::select! {
                delivery = deliveries.recv() => match delivery {
                    Some(delivery) => self.handle(&delivery),
                    None => return,
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.go_on(),
            }
        }
    }

    /// When the next line is to be said.
    fn due(&self) -> Option<Instant> {
        let line = self.lines.get(self.next)?;
        let due = self.start? + Duration::from_millis(line.at);
        match &self.led_to {
            Some(led_to) if line.kind == Kind::Get && !led_to.subjects.contains(&line.subject) => {
                Some(due.max(led_to.until))
            }
            _ => Some(due),
        }
    }

    fn handle(&mut self, delivery: &Delivery) {
        if delivery.no_responders {
            // Nobody listens to what was said.
            self.led_to = None;
        }
        let Some(reply) = delivery.reply.as_deref() else { return };
        if self.start.is_none() {
            self.start = Some(Instant::now());
            info!("the recording starts");
        }
        let payload = Payload::read(&delivery.payload);
        if let Some(cid) = &payload.cid {
            self.clients.meet(cid, payload.is_http);
        }
        let cid = payload.cid.as_deref().or(self.clients.in_subject(&delivery.subject)).unwrap_or_default();
        let subject = self.clients.hide(&delivery.subject);
        if let Some(led_to) = &mut self.led_to {
            led_to.subjects.insert(subject.clone());
            led_to.until = Instant::now() + MOMENT;
        }
        let query = self.clients.hide(payload.query.as_deref().unwrap_or_default());
        let answer = match subject.split_once('.').unwrap_or_default() {
            ("get", name) => self.resources.answer(&self.resources.key(name, &query)),
            ("access", _) => {
                let token = payload.token.and_then(|token| serde_json::from_str(token.get()).ok());
                self.access.get(&(subject.clone(), query)).map(|by_token| access(by_token, &token))
            }
            ("replay", number) => number.parse().ok().map(|number| self.query_answer(number, &query)),
            ("call", _) => {
                let params = self.clients.hide(payload.params.as_ref().map_or("null", |params| params.get()));
                self.answer(&asked(Kind::Call, &subject, &query, &params)).map(|line| line.answer().to_owned())
            }
            _ => self.answer(&asked(Kind::Auth, &subject, "", "")).cloned().map(|line| {
                line.tokens.iter().for_each(|token| self.give(cid, token));
                line.answer().to_owned()
            }),
        };
        let answer = answer.unwrap_or_else(|| not_recorded(&subject));
        self.publish(reply, self.clients.show(&answer, cid));
    }

    /// The next answer to such a request that was not given, or else the last.
    fn answer(&mut self, asked: &Asked) -> Option<&Line> {
        let answers = self.answers.get_mut(asked)?;
        answers.given += 1;
        let number = answers.lines.get(answers.given - 1).or(answers.lines.last())?;
        self.lines.get(*number)
    }

    /// The answer to the question whether a resource has changed, which is about the line with this number.
    fn query_answer(&self, number: usize, query: &str) -> String {
        let answer = self.lines.get(number).filter(|line| {
            let name = line.name();
            self.resources.key(name, self::query(line)) == self.resources.key(name, query)
        });
        answer.map_or("{\"result\":{\"events\":[]}}", Line::answer).to_owned()
    }

    /// Says what comes next.
    fn go_on(&mut self) {
        let number = self.next;
        let Some(line) = self.lines.get(number).cloned() else { return };
        self.next += 1;
        let name = line.name();
        let key = self.resources.key(name, query(&line));
        match line.kind {
            Kind::Get => {
                // It is not asked for, nor will what comes next be.
                self.led_to.take_if(|led_to| !led_to.subjects.contains(&line.subject));
                if self.resources.get(key, line.answer()) {
                    let pattern = labels::in_text(name).map(|label| name.replace(&format!("{{{label}}}"), "*"));
                    let names = [self.clients.show(pattern.as_deref().unwrap_or(name), "")];
                    self.publish("system.reset", json!({ "resources": names }).to_string());
                }
            }
            Kind::Query => {
                if self.resources.query(key, line.answer()) {
                    self.say(&line.subject, &json!({ "subject": format!("replay.{number}") }).to_string());
                }
            }
            Kind::Access => {
                let by_token = self.access.entry((line.subject.clone(), query(&line).to_owned())).or_default();
                let before = by_token.insert(line.token.clone(), line.answer().to_owned());
                if before.as_deref() != Some(line.answer()) {
                    self.say(&format!("event.{name}.reaccess"), "");
                }
            }
            Kind::Event => {
                let event = line.subject.rsplit('.').next().unwrap_or_default();
                let data = line.data.as_ref().map_or("", |data| data.get());
                self.resources.event(&key, event, data);
                self.led_to = Some(LedTo { subjects: HashSet::new(), until: Instant::now() + MOMENT });
                self.say(&line.subject, data);
            }
            Kind::Token => {
                let label = labels::in_text(&line.subject).unwrap_or_default();
                for cid in self.clients.of(label) {
                    line.tokens.iter().for_each(|token| self.give(cid, token));
                }
            }
            Kind::System => self.say(&line.subject, line.data.as_ref().map_or("", |data| data.get())),
            Kind::Call | Kind::Auth => {}
        }
        if self.next == self.lines.len() {
            info!("the recording is at its end: all stays as it is");
        }
    }

    fn give(&self, cid: &str, token: &Token) {
        self.publish(&format!("conn.{cid}.token"), serde_json::to_string(token).expect("two texts"));
    }

    /// Publishes what was recorded; where the subject has a client in it, to all who are in that one's place.
    fn say(&self, subject: &str, payload: &str) {
        match labels::in_text(subject) {
            None => self.publish(&self.clients.show(subject, ""), self.clients.show(payload, "")),
            Some(label) => {
                for cid in self.clients.of(label) {
                    self.publish(&self.clients.show(subject, cid), self.clients.show(payload, cid));
                }
            }
        }
    }

    fn publish(&self, subject: &str, payload: String) {
        // Where nobody listens to an event, that is said to the one who wants an answer.
        let reply = subject.starts_with("event.").then_some("replay.nobody");
        if let Err(refusal) = self.bus.publish(subject, reply, payload.into_bytes().into()) {
            error!(subject, ?refusal, "the bus does not carry a message of the recording");
        }
    }
}

/// By the token, or whatever all others had.
fn access(by_token: &BTreeMap<Option<String>, String>, token: &Option<String>) -> String {
    let others = || {
        let mut others = by_token.values();
        others.next().filter(|first| others.all(|other| other == *first))
    };
    by_token.get(token).or_else(others).cloned().unwrap_or_else(|| json::error_answer(&ResError::ACCESS_DENIED))
}

fn not_recorded(subject: &str) -> String {
    let code = match subject.split('.').next() {
        Some("get" | "access") => ResError::NOT_FOUND.code,
        _ => "replay.notRecorded".into(),
    };
    json::error_answer(&ResError {
        code,
        message: format!("The recording has no such request: {subject}").into(),
        data: None,
    })
}

fn asked(kind: Kind, subject: &str, query: &str, params: &str) -> Asked {
    match kind {
        Kind::Auth => (subject.to_owned(), String::new(), String::new()),
        _ => (subject.to_owned(), query.to_owned(), json::canonical(params).into_owned()),
    }
}

fn query(line: &Line) -> &str {
    line.query.as_deref().unwrap_or_default()
}

/// How long the gateway may take to ask.
const MOMENT: Duration = Duration::from_millis(100);
