//! From the messages of a bus to lines without secrets.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use resclient::protocol::ResError;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::labels::{Clients, Labels};
use super::line::{Kind, Line, Payload, Token};
use crate::bus::Delivery;
use crate::core::{json, response};

/// What is known of the messages so far.
pub struct Transcript {
    clients: Clients,
    tokens: Labels,
    tids: Labels,
    /// Requests without an answer, by where it will come, in their order, and the connections they are for.
    pending: IndexMap<String, (Option<String>, Line)>,
    /// The subjects of query events that came, by what they have clients ask on.
    queries: HashMap<String, String>,
}

impl Default for Transcript {
    fn default() -> Self {
        Transcript {
            clients: Clients::new(usize::MAX),
            tokens: Labels::new("t"),
            tids: Labels::new("i"),
            pending: IndexMap::new(),
            queries: HashMap::new(),
        }
    }
}

impl Transcript {
    /// The gateway sends a request.
    pub fn request(&mut self, subject: &str, reply: &str, payload: &Arc<[u8]>) {
        let payload = Payload::read(payload);
        let conn = payload.cid.as_ref().map(|cid| self.clients.meet(cid, payload.is_http).to_owned());
        // The subject of a query event may be that of get requests too, of which those without a query are no others.
        let event = self.queries.get(subject).filter(|_| payload.query.is_some());
        let (kind, subject) = match (subject.split('.').next(), event) {
            (_, Some(event)) => (Kind::Query, event.as_str()),
            (Some("get"), _) => (Kind::Get, subject),
            (Some("access"), _) => (Kind::Access, subject),
            (Some("call"), _) => (Kind::Call, subject),
            // Services may have tokens renewed on any subject.
            _ => (Kind::Auth, subject),
        };
        let mut line = Line::new(kind, self.clients.hide(subject));
        line.conn = conn;
        if kind != Kind::Auth {
            line.query = payload.query.map(|query| self.clients.hide(&query));
            line.token = payload.token.map(|token| self.tokens.label(&json::canonical(token.get())));
            line.params = payload.params.and_then(|params| self.json(params.get().as_bytes()));
        }
        self.pending.insert(reply.to_owned(), (payload.cid, line));
    }

    /// A message has come: the line that it leads to.
    pub fn delivery(&mut self, delivery: &Delivery) -> Option<Line> {
        let (subject, payload) = (&*delivery.subject, &*delivery.payload);
        let event = |kind| Line::new(kind, self.clients.hide(subject));
        match (subject.split('.').next()?, subject.rsplit('.').next()?) {
            ("event", "query") => {
                #[derive(Deserialize)]
                struct Query {
                    subject: String,
                }
                // The answers to what it has the gateway ask tell more.
                let query: Query = json::read_object(payload)?;
                self.queries.insert(query.subject, subject.to_owned());
                None
            }
            // What cannot be read has an effect only where it has resources fetched again.
            ("event", _) => match payload {
                [] => Some(event(Kind::Event)),
                _ => Some(Line { data: Some(self.json(payload)?), ..event(Kind::Event) }),
            },
            ("system", "tokenReset") => {
                let mut reset: IndexMap<String, serde_json::Value> = json::read_object(payload)?;
                for tid in reset.get_mut("tids").and_then(|tids| tids.as_array_mut()).into_iter().flatten() {
                    *tid = self.tids.label(tid.as_str().unwrap_or_default()).into();
                }
                Some(Line { data: self.json(&serde_json::to_vec(&reset).ok()?), ..event(Kind::System) })
            }
            ("system", _) => Some(Line { data: self.json(payload), ..event(Kind::System) }),
            ("conn", "token") => self.token(subject, payload),
            _ => self.answer(subject, payload, delivery.no_responders),
        }
    }

    fn answer(&mut self, subject: &str, payload: &[u8], no_responders: bool) -> Option<Line> {
        if !no_responders && response::read_pre_response(payload).is_some() {
            return None;
        }
        let (_, line) = self.pending.shift_remove(subject)?;
        let answer = if no_responders {
            // That nobody is there says nothing of a value.
            if matches!(line.kind, Kind::Get | Kind::Query) {
                return None;
            }
            self.json(json::error_answer(&ResError::NOT_FOUND).as_bytes())
        } else {
            let text = String::from_utf8_lossy(payload);
            self.json(without_header(&text).as_bytes()).or_else(|| to_raw_value(&self.clients.hide(&text)).ok())
        };
        Some(Line { answer, ..line })
    }

    fn token(&mut self, subject: &str, payload: &[u8]) -> Option<Line> {
        #[derive(Deserialize)]
        struct Wire {
            token: Option<Box<RawValue>>,
            tid: Option<String>,
        }
        let wire: Wire = json::read_object(payload)?;
        let token = Token {
            token: wire.token.map(|token| self.tokens.label(&json::canonical(token.get()))),
            tid: wire.tid.map(|tid| self.tids.label(&tid)),
        };
        // One of a client that has asked for nothing was guessed.
        let cid = self.clients.in_subject(subject)?;
        let waits = |(of, line): &&mut (Option<String>, Line)| line.kind == Kind::Auth && of.as_deref() == Some(cid);
        match self.pending.values_mut().find(waits) {
            Some((_, request)) => request.tokens.push(token),
            None => {
                let line = Line::new(Kind::Token, self.clients.hide(subject));
                return Some(Line { tokens: vec![token], ..line });
            }
        }
        None
    }

    /// The text in one line, if it is JSON.
    fn json(&self, text: &[u8]) -> Option<Box<RawValue>> {
        // Within texts of JSON there are no line breaks.
        let text = self.clients.hide(std::str::from_utf8(text).ok()?).replace(['\n', '\r'], " ");
        RawValue::from_string(text).ok()
    }
}

/// An answer without the fields that it sets in the response to an HTTP request, such as cookies.
fn without_header(answer: &str) -> String {
    let members = |text: &str| serde_json::from_str::<IndexMap<String, Box<RawValue>>>(text).ok();
    let shortened = || {
        let mut whole = members(answer)?;
        let mut meta = members(whole.get("meta")?.get())?;
        meta.shift_remove("header")?;
        whole.insert("meta".into(), to_raw_value(&meta).ok()?);
        serde_json::to_string(&whole).ok()
    };
    shortened().unwrap_or_else(|| answer.to_owned())
}
