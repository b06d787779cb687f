//! The recorded conversation.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

/// What was done and seen, in order.
#[derive(Default)]
pub struct Recording {
    pub sections: Vec<String>,
    pub steps: Vec<Step>,
    /// From the gateway to clients.
    pub frames: Vec<Frame>,
    /// On the bus, in both directions.
    pub messages: Vec<Message>,
}

/// What a client does.
pub struct Step {
    pub at: Duration,
    pub section: String,
    pub conn: String,
    pub act: Act,
}

#[derive(Debug)]
pub enum Act {
    Open,
    Send(String),
    Close,
}

/// What a client gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub section: String,
    pub conn: String,
    pub frame: Value,
}

/// A message on the bus. What differs from run to run is replaced: the ids of connections, and their addresses and keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub section: String,
    /// For an answer, that of the request with `answer to` before it.
    pub subject: String,
    pub payload: Value,
}

impl Recording {
    pub fn load() -> Recording {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/resgate-1.8.0.jsonl");
        let text = std::fs::read_to_string(path).expect("the recording is in the repository");
        let mut recording = Recording::default();
        let mut last_id: HashMap<String, u64> = HashMap::new();
        let mut bus = Bus::default();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("each line is JSON");
            let section = line["sec"].as_str().unwrap_or_default().to_owned();
            if recording.sections.last() != Some(&section) {
                recording.sections.push(section.clone());
            }
            if line["dir"] == "nats" {
                let payload = match &line["raw"] {
                    Value::String(raw) => raw.clone(),
                    _ => line["payload"].to_string(),
                };
                let subject = line["subj"].as_str().expect("a message has a subject");
                recording.messages.push(bus.message(section, subject, line["reply"].as_str(), &payload));
                continue;
            }
            let at = Duration::from_micros((line["t"].as_f64().expect("each line has a time") * 1000.0) as u64);
            let Some(conn) = line["conn"].as_str().map(str::to_owned) else { continue };
            let step = |act| Step { at, section: section.clone(), conn: conn.clone(), act };
            match line["dir"].as_str() {
                Some("open") => recording.steps.push(step(Act::Open)),
                Some("close") => recording.steps.push(step(Act::Close)),
                // A binary frame is the server's to refuse; here are sessions.
                Some("c>g") if line["bin"] == true => {}
                Some("c>g") => {
                    let frame = &line["frame"];
                    let last = last_id.entry(conn.clone()).or_default();
                    let id = frame["id"].as_u64().unwrap_or(*last);
                    // Of the 258 equal requests of one connection only the first and the last were recorded.
                    for missing in *last + 1..id {
                        if section == "unsubscribe-count" {
                            let frame = json!({ "id": missing, "method": frame["method"] }).to_string();
                            recording.steps.push(step(Act::Send(frame)));
                        }
                    }
                    *last = id;
                    let text = line["raw"].as_str().map_or_else(|| frame.to_string(), str::to_owned);
                    recording.steps.push(step(Act::Send(text)));
                }
                Some("g>c") => {
                    let mut frame = line["frame"].clone();
                    hide(&mut frame);
                    recording.frames.push(Frame { section, conn, frame });
                }
                _ => {}
            }
        }
        recording
    }

    /// Whether the answer to a request was recorded.
    pub fn has_answer(&self, conn: &str, id: &Value) -> bool {
        self.frames.iter().any(|f| f.conn == conn && f.frame["id"] == *id)
    }
}

/// Puts messages into a form in which those of two runs can be compared.
#[derive(Default)]
pub struct Bus {
    /// By inbox, what was asked.
    asked: HashMap<String, String>,
    cids: Vec<String>,
}

impl Bus {
    pub fn message(&mut self, section: String, subject: &str, reply: Option<&str>, payload: &str) -> Message {
        let mut payload: Value = serde_json::from_str(payload).unwrap_or_else(|_| payload.into());
        if let Some(cid) = payload["cid"].as_str()
            && !self.cids.iter().any(|known| known == cid)
        {
            self.cids.push(cid.to_owned());
        }
        hide(&mut payload);
        if let Some(Value::Object(access)) = payload.get_mut("result") {
            // Two ways to say the same.
            access.retain(|key, value| !(key == "call" && value == "" || key == "get" && value == false));
        }
        if subject.starts_with("conn.") || subject.contains(".private.") || payload["cid"].is_string() {
            payload = serde_json::from_str(&self.anonymous(&payload.to_string())).expect("still JSON");
        }
        let subject = match self.asked.get(subject) {
            Some(asked) => format!("answer to {asked}"),
            None => self.anonymous(subject),
        };
        let subject = if subject.starts_with("_FIXQ.") { "_FIXQ".to_owned() } else { subject };
        if let Some(reply) = reply {
            self.asked.insert(reply.to_owned(), subject.clone());
        }
        Message { section, subject, payload }
    }

    fn anonymous(&self, text: &str) -> String {
        self.cids.iter().fold(text.to_owned(), |text, cid| text.replace(cid.as_str(), "CID"))
    }
}

/// Hides what differs from run to run: where a client came from, and how long the id of its connection is; the subject of
/// a query event.
pub fn hide(payload: &mut Value) {
    let Value::Object(members) = payload else { return };
    for (key, value) in members.iter_mut() {
        match (key.as_str(), &mut *value) {
            ("remoteAddr", Value::String(address)) => *address = "ADDRESS".into(),
            ("subject", Value::String(subject)) if subject.starts_with("_FIXQ.") => *subject = "_FIXQ".into(),
            // Who recorded it had no bigger integers than a double has.
            ("id", id) if id.as_u64().is_some_and(|id| id > 1 << 53) => *id = id.as_f64().into(),
            ("Sec-Websocket-Key", key) => *key = "KEY".into(),
            ("cidLen", length) if *length != 5 => *length = "LENGTH".into(),
            (_, value) => hide(value),
        }
    }
}
