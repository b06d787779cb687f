//! What resources are, by the frames of a gateway, as anybody would read them.

use std::collections::BTreeMap;

use resclient::cache::ResourceId;
use resclient::mirror::{Content as Mirrored, Item};
use resclient::protocol::ResError;
use resclient::protocol::frame::read_error;
use serde_json::{Value as Json, json};

use crate::support::Sent;

/// Members and items are as they travel.
#[derive(Clone, Debug)]
pub enum Content {
    Model(BTreeMap<String, Json>),
    Collection(Vec<Json>),
    Error(ResError),
}

#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<String, Content>);

impl Content {
    pub fn error(error: &Json) -> Self {
        Content::Error(read_error(&error.to_string()))
    }

    /// The group of a resource set that it belongs to, and what is written there.
    pub fn wire(self) -> (&'static str, Json) {
        match self {
            Content::Model(members) => ("models", json!(members)),
            Content::Collection(items) => ("collections", json!(items)),
            Content::Error(error) => ("errors", json!({ "code": error.code, "message": error.message })),
        }
    }

    fn read(group: &str, wire: &Json) -> Self {
        match (group, wire) {
            ("models", Json::Object(members)) => Content::Model(members.clone().into_iter().collect()),
            ("collections", Json::Array(items)) => Content::Collection(items.clone()),
            _ => Content::error(wire),
        }
    }

    /// What is mirrored, as it would travel.
    pub fn mirrored(content: &Mirrored, rids: &BTreeMap<ResourceId, &str>) -> Self {
        let wire = |item: &Item| match item {
            Item::Value(value) => json!({ "data": value }),
            Item::Soft(rid) => json!({ "rid": rid, "soft": true }),
            Item::Reference(id) => json!({ "rid": rids[id] }),
        };
        match content {
            Mirrored::Model(members) => {
                Content::Model(members.iter().map(|(key, item)| (key.clone(), wire(item))).collect())
            }
            Mirrored::Collection(items) => Content::Collection(items.iter().map(wire).collect()),
            Mirrored::Error(error) => Content::Error(error.clone()),
        }
    }

    /// The resources it refers to, with repetitions.
    pub fn references(&self) -> Vec<&str> {
        match self {
            Content::Model(members) => references(members.values()).collect(),
            Content::Collection(items) => references(items).collect(),
            Content::Error(_) => vec![],
        }
    }

    pub fn is_same(&self, other: &Content) -> bool {
        match (self, other) {
            (Content::Model(one), Content::Model(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_same(value, other)))
            }
            (Content::Collection(one), Content::Collection(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
            }
            (Content::Error(one), Content::Error(other)) => one == other,
            _ => false,
        }
    }

    fn size(&self) -> usize {
        match self {
            Content::Model(members) => members.len(),
            Content::Collection(items) => items.len(),
            Content::Error(_) => 0,
        }
    }
}

impl Values {
    /// What they are after this frame, if it can be applied.
    pub fn after(&self, frame: &Json, answers: Option<&Sent>, is_legacy: bool) -> Values {
        let mut values = self.clone();
        match answers.map(|request| request.method.split('.').next().unwrap_or_default()) {
            Some("subscribe") => values.apply_set(&frame["result"]),
            Some(kind @ ("call" | "auth" | "new")) if frame["result"]["rid"].is_string() => {
                let result = &frame["result"];
                let rid = result["rid"].as_str().unwrap_or_default();
                // What could not be had for the call is left as it is known.
                let is_known = self.0.contains_key(rid) && result["errors"].get(rid).is_some();
                if !is_known && (!is_legacy || kind == "new") {
                    values.apply_set(result);
                }
            }
            Some(_) => {}
            None => values.apply_event(frame),
        }
        values
    }

    pub fn get(&self, rid: &str) -> Option<&Content> {
        self.0.get(rid)
    }

    pub fn insert(&mut self, rid: &str, content: Content) {
        self.0.insert(rid.to_owned(), content);
    }

    pub fn retain(&mut self, is_here: impl Fn(&str) -> bool) {
        self.0.retain(|rid, _| is_here(rid));
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn size(&self) -> usize {
        self.0.values().map(|content| 1 + content.size()).sum()
    }

    fn apply_set(&mut self, set: &Json) {
        // As they are written, so that of a resource that is there twice it is the last that counts.
        for group in ["collections", "errors", "models"] {
            for (rid, wire) in set[group].as_object().into_iter().flatten() {
                self.insert(rid, Content::read(group, wire));
            }
        }
    }

    fn apply_event(&mut self, frame: &Json) {
        let data = &frame["data"];
        let Some((rid, name)) = frame["event"].as_str().and_then(|event| event.rsplit_once('.')) else { return };
        if !["change", "add", "remove"].contains(&name) {
            return;
        }
        self.apply_set(data);
        let idx = data["idx"].as_u64().unwrap_or_default() as usize;
        match (name, self.0.get_mut(rid)) {
            ("change", Some(Content::Model(members))) => {
                for (key, value) in data["values"].as_object().into_iter().flatten() {
                    match value["action"] == "delete" {
                        true => drop(members.remove(key)),
                        false => drop(members.insert(key.clone(), value.clone())),
                    }
                }
            }
            ("add", Some(Content::Collection(items))) if idx <= items.len() => items.insert(idx, data["value"].clone()),
            ("remove", Some(Content::Collection(items))) if idx < items.len() => drop(items.remove(idx)),
            _ => {}
        }
    }
}

/// The resources that values refer to, with repetitions.
pub fn references<'a>(values: impl IntoIterator<Item = &'a Json>) -> impl Iterator<Item = &'a str> {
    values.into_iter().filter(|value| value["soft"] != true).filter_map(|value| value["rid"].as_str())
}

/// Whether two values are the same however they are written. Zero and minus zero are two.
fn is_same(one: &Json, other: &Json) -> bool {
    let plain = |value: &Json| value.get("data").unwrap_or(value).clone();
    match (plain(one), plain(other)) {
        (Json::Number(one), Json::Number(other)) => one.as_f64().map(f64::to_bits) == other.as_f64().map(f64::to_bits),
        (one, other) => one == other,
    }
}
