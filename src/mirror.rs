//! Values for Rust users: applies the engine's operations to [`serde_json`] values.
//!
//! The engine must be configured with [`Units::Bytes`](crate::protocol::Units::Bytes). Hand every output to
//! [`Mirror::apply`] together with the text of the frame that was handed to the engine last.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::value::RawValue;
use serde_json::{Map, Number, Value as Json};

use crate::cache::ResourceId;
use crate::protocol::ResError;
use crate::protocol::escape::mend;
use crate::protocol::frame::{ResourceKind, read_error};
use crate::protocol::scan::Span;
use crate::protocol::value::{Kind, Value};
use crate::session::{Engine, Output, Reading};

/// A member of a model or an item of a collection.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A primitive, or the content of a data value.
    Value(Json),
    /// A reference to a resource in the mirror.
    Reference(ResourceId),
    /// A soft reference: an id that is not followed.
    Soft(String),
}

/// The value of a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Model(BTreeMap<String, Item>),
    Collection(Vec<Item>),
    Error(ResError),
}

/// A mirrored resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub rid: String,
    pub content: Content,
}

/// What happened to a mirrored resource, with the values it replaced.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Members changed; with their old values, `None` for members that were not there.
    Change(BTreeMap<String, Option<Item>>),
    Add {
        idx: usize,
    },
    Remove {
        idx: usize,
        item: Item,
    },
    /// Any other event with its data; `None` when it had none.
    Custom {
        name: String,
        data: Option<Json>,
    },
    Unsubscribed(Option<ResError>),
}

/// The values of all cached resources.
#[derive(Debug, Default)]
pub struct Mirror {
    resources: BTreeMap<ResourceId, Resource>,
}

impl Mirror {
    /// Applies one output. `text` is the frame handed to the engine last. The result is what listeners of a resource
    /// are to be told.
    pub fn apply(&mut self, engine: &mut Engine, output: &Output, text: &str) -> Option<(ResourceId, Event)> {
        match output {
            Output::Loaded(ids) => {
                ids.iter().for_each(|&id| self.load(engine, id, text));
                None
            }
            Output::Replaced(id) => {
                self.load(engine, *id, text);
                None
            }
            Output::Touch(reading) => {
                self.read(engine, reading, text);
                None
            }
            Output::Dropped(ids) => {
                ids.iter().for_each(|id| drop(self.resources.remove(id)));
                engine.forget(ids);
                None
            }
            Output::Change { resource, members } => {
                let Content::Model(model) = &mut self.resources.get_mut(resource)?.content else { return None };
                let mut old = BTreeMap::new();
                for member in members {
                    let key = name(engine, member.key);
                    let new = item(&member.value, text);
                    // Values also where the engine knows it to be another: of texts that cannot be held, such as `1e999`, and
                    // of `null` the same is made here. A reference may lead to what has become another resource.
                    let is_compared = !member.known || matches!(new, Some(Item::Value(_)));
                    if is_compared && same(new.as_ref(), model.get(&key)) {
                        continue;
                    }
                    let before = match new {
                        Some(item) => model.insert(key.clone(), item),
                        None => model.remove(&key),
                    };
                    old.insert(key, before);
                }
                (!old.is_empty()).then_some((*resource, Event::Change(old)))
            }
            Output::Insert { resource, idx, value } => {
                let Content::Collection(list) = &mut self.resources.get_mut(resource)?.content else { return None };
                list.insert(*idx as usize, item(value, text)?);
                Some((*resource, Event::Add { idx: *idx as usize }))
            }
            Output::Remove { resource, idx } => {
                let Content::Collection(list) = &mut self.resources.get_mut(resource)?.content else { return None };
                let item = list.remove(*idx as usize);
                Some((*resource, Event::Remove { idx: *idx as usize, item }))
            }
            Output::Event { resource, name, data } => {
                let data = (!data.is_empty()).then(|| parse(text, *data));
                let written = name.of(text);
                let name = serde_json::from_str(&format!("\"{written}\"")).unwrap_or_else(|_| written.to_owned());
                Some((*resource, Event::Custom { name, data }))
            }
            Output::Unsubscribed { resource, reason } => {
                let reason = (!reason.is_empty()).then(|| read_error(reason.of(text)));
                Some((*resource, Event::Unsubscribed(reason)))
            }
            _ => None,
        }
    }

    pub fn get(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.get(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (ResourceId, &Resource)> {
        self.resources.iter().map(|(&id, resource)| (id, resource))
    }

    pub fn len(&self) -> usize {
        self.resources.len()
    }

    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// The value of a resource as JSON with its references followed. One that is being followed already is given as
    /// `{"rid":…}`, as are soft ones, and what is more than 64 levels down or beyond 100,000 resources in all: a graph can
    /// be deep, and as a tree it can be of any size. `None` when the resource is not in the mirror.
    pub fn to_json(&self, id: ResourceId) -> Option<Json> {
        let mut budget = MAX_EXPANDED;
        self.resolve(id, &mut BTreeSet::new(), &mut budget)
    }

    /// As [`Mirror::to_json`], on `path`, and with no more resources than `budget`, which is taken from.
    pub(crate) fn resolve(&self, id: ResourceId, path: &mut BTreeSet<ResourceId>, budget: &mut usize) -> Option<Json> {
        let resource = self.resources.get(&id)?;
        if path.len() == MAX_LEVELS || *budget == 0 || !path.insert(id) {
            return Some(serde_json::json!({ "rid": resource.rid }));
        }
        *budget -= 1;
        let mut item = |item: &Item| match item {
            Item::Value(value) => value.clone(),
            Item::Soft(rid) => serde_json::json!({ "rid": rid }),
            Item::Reference(id) => self.resolve(*id, path, budget).unwrap_or(Json::Null),
        };
        let json = match &resource.content {
            Content::Model(model) => Json::Object(model.iter().map(|(k, v)| (k.clone(), item(v))).collect()),
            Content::Collection(list) => Json::Array(list.iter().map(item).collect()),
            Content::Error(error) => serde_json::json!({ "code": error.code, "message": error.message }),
        };
        path.remove(&id);
        Some(json)
    }

    fn load(&mut self, engine: &mut Engine, id: ResourceId, text: &str) {
        if let Some(reading) = engine.take(id) {
            self.read(engine, &reading, text);
        }
    }

    fn read(&mut self, engine: &Engine, reading: &Reading, text: &str) {
        let references: BTreeMap<u32, ResourceId> = reading.references.iter().copied().collect();
        let content = match (reading.kind, parse(text, reading.value)) {
            (ResourceKind::Model, Json::Object(members)) => {
                let mut references: BTreeMap<String, ResourceId> =
                    references.into_iter().map(|(key, id)| (name(engine, key), id)).collect();
                let member = |(key, json)| {
                    let item = references.remove(&key).map_or_else(|| wire_item(json), Item::Reference);
                    (key, item)
                };
                Content::Model(members.into_iter().map(member).collect())
            }
            (ResourceKind::Collection, Json::Array(items)) => {
                let item = |(at, json)| references.get(&at).map_or_else(|| wire_item(json), |&id| Item::Reference(id));
                Content::Collection((0..).zip(items).map(item).collect())
            }
            _ => Content::Error(read_error(reading.value.of(text))),
        };
        let rid = engine.rid(reading.resource).to_owned();
        self.resources.insert(reading.resource, Resource { rid, content });
    }
}

/// The value of an operation; `None` when the member goes away.
fn item(value: &Value, text: &str) -> Option<Item> {
    Some(match value.kind {
        Kind::Delete => return None,
        Kind::Reference => Item::Reference(ResourceId(value.cell.as_reference()?)),
        Kind::Soft => wire_item(parse(text, value.span)),
        Kind::String => Item::Value(Json::String(value.span.of(text).to_owned())),
        _ => Item::Value(parse(text, value.span)),
    })
}

/// Whether two values are the same, however they were written.
fn same(a: Option<&Item>, b: Option<&Item>) -> bool {
    match (a, b) {
        (Some(Item::Value(a)), Some(Item::Value(b))) => same_json(a, b),
        _ => a == b,
    }
}

fn same_json(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => same_number(a, b),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_json(a, b)))
        }
        _ => a == b,
    }
}

/// Compares decimal values, and zero and minus zero are two: as the engine does, and `serde_json` does not.
fn same_number(a: &Number, b: &Number) -> bool {
    if !a.is_f64() && !b.is_f64() {
        return a == b;
    }
    let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else { return false };
    // An integer beyond 2^53 and a float are not the same for certain.
    x.to_bits() == y.to_bits() && (a.is_f64() == b.is_f64() || x.abs() < (1u64 << 53) as f64)
}

/// A value as it stands in a resource's text.
fn wire_item(json: Json) -> Item {
    let Json::Object(mut wrapper) = json else { return Item::Value(json) };
    match (wrapper.remove("rid"), wrapper.remove("data")) {
        (Some(Json::String(rid)), _) => Item::Soft(rid),
        (_, Some(data)) => Item::Value(data),
        _ => Item::Value(Json::Object(Map::new())),
    }
}

/// Reads JSON text; what cannot be held is replaced.
pub(crate) fn read(text: &str) -> Json {
    read_json(text, DEEPEST)
}

/// Levels that are read one by one where `serde_json`, which takes 127 at once, does not take the whole.
const DEEPEST: u32 = 127;
/// Levels of references that are followed.
pub(crate) const MAX_LEVELS: usize = 64;
/// Resources that are written out.
pub(crate) const MAX_EXPANDED: usize = 100_000;

fn parse(text: &str, span: Span) -> Json {
    read(span.of(text))
}

/// The scanner accepts three things that cannot be held here: lone surrogates, numbers beyond the reach of a float, which
/// become null, and what is nested deeper than `levels` in what is read, which does too. None of them costs more than itself.
fn read_json(text: &str, levels: u32) -> Json {
    if let Ok(json) = serde_json::from_str(text) {
        return json;
    }
    let Some(levels) = levels.checked_sub(1) else { return Json::Null };
    let text = mend(text);
    if let Ok(json) = serde_json::from_str(&text) {
        json
    } else if let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(&text) {
        members.into_iter().map(|(name, member)| (name, read_json(member.get(), levels))).collect()
    } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(&text) {
        items.into_iter().map(|item| read_json(item.get(), levels)).collect()
    } else {
        Json::Null
    }
}

fn name(engine: &Engine, key: u32) -> String {
    let name = engine.key(key);
    match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        // Each lone surrogate has three bytes, and is one character where the model's text is read.
        Err(_) => String::from_utf8_lossy(name).replace("\u{fffd}\u{fffd}\u{fffd}", "\u{fffd}"),
    }
}
