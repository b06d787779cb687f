//! The state of a service: models and collections of every kind of value, referring to each other at random.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Resource ids, some of which are awkward as members of JavaScript objects, as JSON strings or because of their query.
pub const NAMES: [&str; 7] = ["a", "b.c", "constructor", "__proto__", "q?x=1.2&y=ö", "e\"\\f", "g.h.i"];

/// Names of members.
pub const KEYS: [&str; 4] = ["x", "on", "__proto__", "k\"ey ö"];

/// A resource, by its place in [`NAMES`].
pub type Rid = usize;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(i8),
    Text(i8),
    Null,
    Reference(Rid),
    Soft(Rid),
    Data(i8),
    WrappedPrimitive(i8),
}

impl Value {
    /// As it travels to a client that knows soft references and data values, or to one that does not.
    pub fn wire(&self, legacy: bool) -> Json {
        match self {
            Value::Number(n) => json!(n),
            Value::Text(n) => json!(format!("text \" {n}")),
            Value::Null => Json::Null,
            Value::Reference(rid) => json!({ "rid": NAMES[*rid] }),
            Value::Soft(rid) if legacy => json!(NAMES[*rid]),
            Value::Soft(rid) => json!({ "rid": NAMES[*rid], "soft": true }),
            Value::Data(_) | Value::WrappedPrimitive(_) if legacy => json!("[Data]"),
            Value::Data(n) => json!({ "data": { "n": [n, { "rid": "a" }] } }),
            Value::WrappedPrimitive(n) => json!({ "data": n }),
        }
    }

    /// What [`Value::wire`] has written.
    pub fn read(wire: &Json) -> Self {
        let number = |json: &Json| json.as_i64().and_then(|n| n.try_into().ok()).expect("it is a small number");
        let rid = wire["rid"].as_str().map(super::gateway::number);
        match (rid, &wire["data"], wire) {
            (Some(rid), ..) if wire["soft"] == true => Value::Soft(rid),
            (Some(rid), ..) => Value::Reference(rid),
            (_, Json::Object(data), _) => Value::Data(number(&data["n"][0])),
            (_, data @ Json::Number(_), _) => Value::WrappedPrimitive(number(data)),
            (.., Json::String(text)) => Value::Text(text["text \" ".len()..].parse().expect("it ends in a number")),
            (.., Json::Null) => Value::Null,
            _ => Value::Number(number(wire)),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Model(BTreeMap<usize, Value>),
    Collection(Vec<Value>),
    /// Whoever asks for it gets an error.
    Missing,
}

impl Content {
    pub fn references(&self) -> Vec<Rid> {
        let values: Vec<&Value> = match self {
            Content::Model(model) => model.values().collect(),
            Content::Collection(list) => list.iter().collect(),
            Content::Missing => Vec::new(),
        };
        let reference = |value: &Value| match value {
            Value::Reference(rid) => Some(*rid),
            _ => None,
        };
        values.into_iter().filter_map(reference).collect()
    }

    pub fn wire(&self, legacy: bool) -> Json {
        match self {
            Content::Model(model) => model.iter().map(|(&k, v)| (KEYS[k].to_owned(), v.wire(legacy))).collect(),
            Content::Collection(list) => list.iter().map(|v| v.wire(legacy)).collect(),
            Content::Missing => json!({ "code": "system.notFound", "message": "Not found" }),
        }
    }

    /// What [`Content::wire`] has written.
    pub fn read(kind: &str, wire: &Json) -> Self {
        let key = |name: &str| KEYS.iter().position(|&key| key == name).expect("it is a key of these services");
        match (kind, wire) {
            ("model", Json::Object(members)) => {
                Content::Model(members.iter().map(|(name, value)| (key(name), Value::read(value))).collect())
            }
            ("collection", Json::Array(items)) => Content::Collection(items.iter().map(Value::read).collect()),
            _ => Content::Missing,
        }
    }
}

/// What a service does to one of its resources. One that does not fit the resource is not done.
#[derive(Clone, Debug)]
pub enum Mutation {
    /// Members to set, or to delete.
    Change(BTreeMap<usize, Option<Value>>),
    Add(usize, Value),
    Remove(usize),
    Custom,
    Delete,
}

pub fn any_rid() -> impl Strategy<Value = Rid> {
    0..NAMES.len()
}

pub fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => any_rid().prop_map(Value::Reference),
        2 => (0..3i8).prop_map(Value::Number),
        1 => (0..3i8).prop_map(Value::Text),
        1 => Just(Value::Null),
        1 => any_rid().prop_map(Value::Soft),
        1 => (0..3i8).prop_map(Value::Data),
        1 => (0..3i8).prop_map(Value::WrappedPrimitive),
    ]
}

pub fn any_content() -> impl Strategy<Value = Content> {
    prop_oneof![
        5 => prop::collection::btree_map(0..KEYS.len(), any_value(), 0..4).prop_map(Content::Model),
        5 => prop::collection::vec(any_value(), 0..5).prop_map(Content::Collection),
        1 => Just(Content::Missing),
    ]
}

pub fn any_mutation() -> impl Strategy<Value = Mutation> {
    let members = prop::collection::btree_map(0..KEYS.len(), prop::option::weighted(0.8, any_value()), 1..4);
    prop_oneof![
        8 => members.prop_map(Mutation::Change),
        5 => (0..6usize, any_value()).prop_map(|(idx, value)| Mutation::Add(idx, value)),
        4 => (0..6usize).prop_map(Mutation::Remove),
        1 => Just(Mutation::Custom),
        1 => Just(Mutation::Delete),
    ]
}
