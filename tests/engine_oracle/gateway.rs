//! What a gateway may send: mostly what it should, and then whatever comes to its mind.

use std::collections::BTreeMap;

use resclient::session::Engine;
use serde_json::{Map, Value as Json, json};

use super::Dice;
use super::values::{Content, references};
use crate::support::Sent;

/// A frame.
pub struct Frame {
    pub text: String,
    /// What it says, unless it was damaged.
    pub json: Option<Json>,
    /// The request that it answers.
    pub answers: Option<Sent>,
}

impl Frame {
    /// The resource that it says the client may not have, so that asking again on this connection is of no use.
    pub fn denies(&self) -> Option<&str> {
        let is_final = FINAL.iter().any(|code| self.json.as_ref().is_some_and(|json| json["error"]["code"] == *code));
        self.answers.as_ref()?.method.strip_prefix("subscribe.").filter(|_| is_final)
    }

    fn new(json: Json, answers: Option<Sent>) -> Self {
        Frame { text: json.to_string(), json: Some(json), answers }
    }
}

/// A frame to a client that has sent these requests.
pub fn any_frame(dice: &mut Dice<'_>, engine: &Engine, sent: &[Sent]) -> Frame {
    let request = dice.place(sent.len()).map(|at| &sent[at]);
    let mut frame = match (dice.below(16), request) {
        (0..=8, Some(request)) => {
            let (what, how) = any_answer(dice, engine, request);
            Frame::new(json!({ "id": request.id, what: how }), Some(request.clone()))
        }
        (15, _) => Frame { text: dice.pick(&ODD).to_owned(), json: None, answers: None },
        _ => Frame::new(any_event(dice, engine), None),
    };
    if dice.below(32) == 31 {
        (frame.text, frame.json) = (dice.damaged(&frame.text), None);
    }
    frame
}

/// What a gateway says that has everything, or nothing.
pub fn answer(request: Sent, has_all: bool) -> Frame {
    let (what, how) = match request.method.split_once('.') {
        None => ("result", json!({ "protocol": "1.2.3" })),
        Some(("unsubscribe", _)) => ("result", Json::Null),
        Some(("subscribe", rid)) if has_all => ("result", json!({ "models": { rid: {} } })),
        _ => ("error", json!({ "code": CODES[0], "message": "No" })),
    };
    Frame::new(json!({ "id": request.id, what: how }), Some(request))
}

fn any_answer(dice: &mut Dice<'_>, engine: &Engine, request: &Sent) -> (&'static str, Json) {
    let (kind, rest) = request.method.split_once('.').unwrap_or((&request.method, ""));
    let how = dice.below(12);
    let result = match (kind, how) {
        (_, 11) => serde_json::from_str(dice.pick(&RESULTS)).expect("it is JSON"),
        ("version", 0..=8) => json!({ "protocol": dice.pick(&["1.2.3", "1.2.3", "1.2.0", "1.1.1", "2", ""]) }),
        (_, 10) => return ("error", any_error(dice)),
        ("unsubscribe", _) => Json::Null,
        ("subscribe" | "get", _) => Json::Object(any_set(dice, engine, &[rest])),
        (_, 0..=5) => {
            let rid = dice.pick(&RIDS);
            let mut set = any_set(dice, engine, &[rid]);
            set.insert("rid".to_owned(), json!(rid));
            Json::Object(set)
        }
        _ => json!({ "payload": any_value(dice) }),
    };
    ("result", result)
}

fn any_event(dice: &mut Dice<'_>, engine: &Engine) -> Json {
    let rid = dice.pick(&RIDS);
    let (name, mut data, values) = match dice.below(16) {
        0..=5 => {
            let member = |dice: &mut Dice<'_>| match dice.below(6) {
                5 => json!({ "action": "delete" }),
                _ => any_value(dice),
            };
            let values: Map<_, _> =
                (0..1 + dice.below(3)).map(|_| (dice.pick(&KEYS).to_owned(), member(dice))).collect();
            ("change", json!({ "values": values }), values.into_values().collect())
        }
        6..=8 => {
            let value = any_value(dice);
            ("add", json!({ "idx": dice.below(5), "value": value }), vec![value])
        }
        9 | 10 => ("remove", json!({ "idx": dice.below(4) }), vec![]),
        11 | 12 => ("unsubscribe", json!({ "reason": any_error(dice) }), vec![]),
        13 => ("delete", Json::Null, vec![]),
        _ => (dice.pick(&["custom", "change", "add"]), any_value(dice), vec![]),
    };
    let wanted: Vec<&str> = references(&values).filter(|rid| engine.find(rid).is_none()).collect();
    if let Json::Object(data) = &mut data
        && !wanted.is_empty()
    {
        data.extend(any_set(dice, engine, &wanted));
    }
    json!({ "event": format!("{rid}.{name}"), "data": data })
}

/// A resource set with these resources, and mostly all they refer to that the client does not have. Now and then one is there
/// twice, as different kinds.
fn any_set(dice: &mut Dice<'_>, engine: &Engine, wanted: &[&str]) -> Map<String, Json> {
    let mut groups: BTreeMap<&str, Map<String, Json>> = BTreeMap::new();
    let mut todo: Vec<String> = wanted.iter().map(|&rid| rid.to_owned()).collect();
    while let Some(rid) = todo.pop() {
        if groups.values().any(|group| group.contains_key(&rid)) {
            continue;
        }
        let is_here = engine.find(&rid).is_some() && !wanted.contains(&&*rid);
        if is_here && dice.below(4) != 3 {
            continue;
        }
        match dice.below(64) {
            63 => continue,
            62 => {
                let (group, value) = any_content(dice).wire();
                groups.entry(group).or_default().insert(rid.clone(), value);
            }
            _ => {}
        }
        let (group, value) = any_content(dice).wire();
        todo.extend(references(value.as_array().unwrap_or(&vec![])).map(str::to_owned));
        todo.extend(references(value.as_object().into_iter().flat_map(Map::values)).map(str::to_owned));
        groups.entry(group).or_default().insert(rid, value);
    }
    groups.into_iter().map(|(group, resources)| (group.to_owned(), Json::Object(resources))).collect()
}

fn any_content(dice: &mut Dice<'_>) -> Content {
    match dice.below(8) {
        0..=3 => Content::Model((0..dice.below(4)).map(|_| (dice.pick(&KEYS).to_owned(), any_value(dice))).collect()),
        4..=6 => Content::Collection((0..dice.below(7)).map(|_| any_value(dice)).collect()),
        _ => Content::error(&any_error(dice)),
    }
}

fn any_value(dice: &mut Dice<'_>) -> Json {
    match dice.below(10) {
        0..=4 => json!({ "rid": dice.pick(&RIDS) }),
        5 => json!({ "rid": dice.pick(&RIDS), "soft": true }),
        6 => json!({ "data": [{ "x": dice.below(3) }] }),
        _ => serde_json::from_str(dice.pick(&PRIMITIVES)).expect("it is JSON"),
    }
}

fn any_error(dice: &mut Dice<'_>) -> Json {
    json!({ "code": dice.pick(&CODES), "message": "No" })
}

pub const RIDS: [&str; 7] = ["a", "a.b", "b", "c", "c?q=1.2", "d", "é"];
const KEYS: [&str; 4] = ["x", "y", "z", "é"];
const PRIMITIVES: [&str; 10] = ["null", "true", "1", "1.0", "2", "-0.0", "0", "\"1\"", "\"\\n\u{e9}\"", "{\"data\":1}"];
const CODES: [&str; 6] = [
    "system.notFound",
    "system.accessDenied",
    "system.deleted",
    "system.timeout",
    "system.invalidRequest",
    "system.unsupportedProtocol",
];

const FINAL: [&str; 2] = ["system.accessDenied", "system.deleted"];

/// Results that do not fit, or say nothing.
const RESULTS: [&str; 10] = [
    "null",
    "[]",
    "1",
    "{}",
    r#"{"models":{"a":{}}}"#,
    r#"{"models":[]}"#,
    r#"{"collections":{"b":{}}}"#,
    r#"{"rid":1}"#,
    r#"{"rid":"d"}"#,
    r#"{"rid":"b","errors":{"b":{"code":"system.notFound","message":"No"}}}"#,
];

/// Frames that say nothing, or nothing that can be understood.
const ODD: [&str; 14] = [
    "",
    "{}",
    "[]",
    "null",
    r#"{"id":1}"#,
    r#"{"id":18446744073709551615,"result":null}"#,
    r#"{"id":-1}"#,
    r#"{"event":"a"}"#,
    r#"{"event":".change"}"#,
    r#"{"event":"a.change"}"#,
    r#"{"event":"a.change","data":{"values":[]}}"#,
    r#"{"event":"b.add","data":{"idx":4294967295,"value":1}}"#,
    r#"{"event":"b.remove","data":{"idx":18446744073709551615}}"#,
    r#"{"event":"a.change","data":{"values":{"\ud800":1e999}}}"#,
];
