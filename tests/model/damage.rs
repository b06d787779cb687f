//! Frames of the gateway that arrive other than they were sent: damaged as texts, or as what they say.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};

#[path = "../support/damage.rs"]
mod text;

#[derive(Clone, Debug)]
pub enum Damage {
    Text(Vec<text::Damage>),
    Member(Index, Member),
}

/// What happens to one member or item, however deep.
#[derive(Clone, Debug)]
pub enum Member {
    Delete,
    Repeat,
    /// It has another value.
    Replace(&'static str),
    /// It is given with another value first.
    Precede(&'static str),
    /// It is given with another value again.
    Follow(&'static str),
    Rename(&'static str),
}

/// What a reader makes of a frame that was damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// There is nothing to be read.
    None,
    /// It says the same.
    Same,
    /// It says something else about the same resource, which brings the same resources.
    Event,
    /// It says something else.
    Other,
}

impl Damage {
    pub fn apply(&self, frame: &str) -> String {
        match self {
            Damage::Text(damage) => text::damaged(frame, damage),
            Damage::Member(at, how) => {
                let frame = serde_json::from_str(frame).expect("the gateway sends JSON");
                let mut left = at.index(count(&frame)) + 1;
                how.write(&frame, &mut left)
            }
        }
    }
}

impl Member {
    /// Writes a value; the member to be damaged is number `left`, counted from 1.
    fn write(&self, value: &Json, left: &mut usize) -> String {
        let mut part = |name: &str, value: &Json| {
            *left = left.wrapping_sub(1);
            let hit = *left == 0;
            let whole = |value: &str| format!("{name}{value}");
            let text = self.write(value, left);
            match self {
                Member::Delete if hit => vec![],
                Member::Repeat if hit => vec![whole(&text), whole(&text)],
                Member::Replace(piece) if hit => vec![whole(piece)],
                Member::Precede(piece) if hit => vec![whole(piece), whole(&text)],
                Member::Follow(piece) if hit => vec![whole(&text), whole(piece)],
                Member::Rename(piece) if hit && !name.is_empty() => vec![format!("\"{piece}\":{text}")],
                _ => vec![whole(&text)],
            }
        };
        match value {
            Json::Object(members) => {
                let parts: Vec<_> = members.iter().flat_map(|(k, v)| part(&format!("{}:", json!(k)), v)).collect();
                format!("{{{}}}", parts.join(","))
            }
            Json::Array(items) => {
                let parts: Vec<_> = items.iter().flat_map(|item| part("", item)).collect();
                format!("[{}]", parts.join(","))
            }
            scalar => scalar.to_string(),
        }
    }
}

impl Meaning {
    pub fn of(frame: &str, damaged: &str) -> Meaning {
        if serde_json::from_str::<IgnoredAny>(damaged).is_err() {
            return Meaning::None;
        }
        let frame: Json = serde_json::from_str(frame).expect("the gateway sends JSON");
        let Ok(damaged) = serde_json::from_str::<Json>(damaged) else { return Meaning::Other };
        let same = |pointer: &str| frame.pointer(pointer) == damaged.pointer(pointer);
        let parts = ["/event", "/id", "/data/models", "/data/collections", "/data/errors"];
        match frame == damaged {
            true => Meaning::Same,
            false if frame.get("event").is_some() && parts.into_iter().all(same) => Meaning::Event,
            false => Meaning::Other,
        }
    }
}

pub fn any_damage() -> impl Strategy<Value = Damage> {
    let value = || select(VALUES.to_vec());
    let member = prop_oneof![
        2 => Just(Member::Delete),
        2 => Just(Member::Repeat),
        3 => value().prop_map(Member::Replace),
        2 => value().prop_map(Member::Precede),
        1 => value().prop_map(Member::Follow),
        2 => select(NAMES.to_vec()).prop_map(Member::Rename),
    ];
    prop_oneof![
        1 => text::damage().prop_map(Damage::Text),
        2 => (any::<Index>(), member).prop_map(|(at, how)| Damage::Member(at, how)),
    ]
}

fn count(value: &Json) -> usize {
    match value {
        Json::Object(members) => members.values().map(|value| 1 + count(value)).sum(),
        Json::Array(items) => items.iter().map(|value| 1 + count(value)).sum(),
        _ => 0,
    }
}

const VALUES: [&str; 22] = [
    "null",
    "true",
    "0",
    "-1",
    "0.5",
    "99",
    "9007199254740993",
    "18446744073709551616",
    "1e999",
    "\"\"",
    "\"a\"",
    "\"a.change\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "{\"rid\":\"a\"}",
    "{\"rid\":\"new\"}",
    "{\"rid\":\"a\",\"soft\":true}",
    "{\"data\":[1]}",
    "{\"action\":\"delete\"}",
    "{\"a\":{},\"new\":{}}",
    "{\"code\":\"system.accessDenied\"}",
];

const NAMES: [&str; 12] =
    ["a", "new", "\\ud800", "", "id", "event", "error", "result", "data", "models", "collections", "values"];
