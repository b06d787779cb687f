//! Values and snapshots of resources (RES-Service protocol, "Values").

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use resclient::bug;
use resclient::protocol::{ResError, Version, rid};
use serde_json::value::RawValue;

use super::chunks::Chunks;
use super::diff::Edit;
use super::json;
use super::model::Model;

/// One value of a model or collection.
#[derive(Debug, Clone)]
pub struct Value {
    text: Arc<str>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Primitive,
    Reference(Arc<str>),
    Soft(Arc<str>),
    Data,
}

/// A member of a change event.
#[derive(Debug, Clone)]
pub enum Change {
    Set(Value),
    Delete,
}

/// Why a service's payload cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid(pub &'static str);

impl From<Invalid> for ResError {
    fn from(invalid: Invalid) -> ResError {
        ResError { message: format!("Internal error: {}", invalid.0).into(), ..ResError::INTERNAL_ERROR }
    }
}

impl Value {
    /// Reads a value; a delete action is not one.
    pub fn parse(raw: &RawValue) -> Result<Value, Invalid> {
        match Change::parse(raw)? {
            Change::Set(value) => Ok(value),
            Change::Delete => Err(Invalid("delete action outside of a change event")),
        }
    }

    /// The JSON text for clients that speak `version`.
    pub fn text(&self, version: Version) -> &str {
        match &self.kind {
            Kind::Data if version < Version::UNSUBSCRIBE_COUNT => "\"[Data]\"",
            _ => &self.text,
        }
    }

    /// Appends the JSON text for clients that speak `version`.
    pub fn push(&self, out: &mut String, version: Version) {
        match &self.kind {
            Kind::Soft(rid) if version < Version::UNSUBSCRIBE_COUNT => json::push_string(out, rid),
            _ => out.push_str(self.text(version)),
        }
    }

    /// The resource a hard reference points to.
    pub fn reference(&self) -> Option<&Arc<str>> {
        match &self.kind {
            Kind::Reference(rid) => Some(rid),
            _ => None,
        }
    }

    /// The resource a soft reference points to.
    pub fn soft_reference(&self) -> Option<&Arc<str>> {
        match &self.kind {
            Kind::Soft(rid) => Some(rid),
            _ => None,
        }
    }

    /// The JSON text inside a data value, or of a primitive.
    pub fn plain(&self) -> &str {
        match self.kind {
            // The text was written by `Change::parse`: `{"data":…}`.
            Kind::Data => &self.text["{\"data\":".len()..self.text.len() - 1],
            _ => &self.text,
        }
    }

    /// What it keeps in memory, about.
    pub fn bytes(&self) -> usize {
        size_of::<Value>() + self.text.len()
    }

    /// A text that is the same for equal values and no others.
    pub fn canonical(&self) -> std::borrow::Cow<'_, str> {
        json::canonical(&self.text)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        json::same(&self.text, &other.text)
    }
}

impl Change {
    /// Reads a value or a delete action.
    pub fn parse(raw: &RawValue) -> Result<Change, Invalid> {
        let text = raw.get();
        if json::depth(text) > MAX_DEPTH {
            return Err(Invalid("a value may be nested 54 levels deep at most"));
        }
        let value = |text: String, kind| Ok(Change::Set(Value { text: text.into(), kind }));
        match text.as_bytes().first() {
            Some(b'[') => Err(Invalid("a nested array must be wrapped as a data value")),
            Some(b'{') => {
                let wire: Wrapped = serde_json::from_str(text).map_err(|_| Invalid("invalid value"))?;
                match (wire.rid, wire.data, wire.action) {
                    (Some(rid), None, None) => {
                        if !rid::is_valid(&rid) {
                            return Err(Invalid("invalid resource id in a reference"));
                        }
                        let quoted = json::string(&rid);
                        if wire.soft && !bug!("soft-reference-followed") {
                            value(format!("{{\"rid\":{quoted},\"soft\":true}}"), Kind::Soft(rid.into()))
                        } else {
                            value(format!("{{\"rid\":{quoted}}}"), Kind::Reference(rid.into()))
                        }
                    }
                    (None, Some(data), None) if matches!(data.get().as_bytes().first(), Some(b'{' | b'[')) => {
                        value(format!("{{\"data\":{}}}", data.get()), Kind::Data)
                    }
                    (None, Some(data), None) => value(data.get().to_owned(), Kind::Primitive),
                    (None, None, Some(action)) if action == "delete" => Ok(Change::Delete),
                    (None, None, None) => Err(Invalid("a nested object must be wrapped as a data value")),
                    _ => Err(Invalid("invalid value")),
                }
            }
            _ => value(text.to_owned(), Kind::Primitive),
        }
    }

    /// What it keeps in memory, about.
    pub fn bytes(&self) -> usize {
        match self {
            Change::Set(value) => value.bytes(),
            Change::Delete => 0,
        }
    }

    /// Appends the JSON text for clients that speak `version`.
    pub fn push(&self, out: &mut String, version: Version) {
        match self {
            Change::Set(value) => value.push(out, version),
            Change::Delete => out.push_str("{\"action\":\"delete\"}"),
        }
    }
}

#[derive(serde::Deserialize)]
struct Wrapped<'a> {
    rid: Option<String>,
    #[serde(default)]
    soft: bool,
    #[serde(borrow, default, deserialize_with = "some_raw")]
    data: Option<&'a RawValue>,
    action: Option<String>,
}

/// Keeps `null` apart from an absent member: `{"data":null}` is a data value.
fn some_raw<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// The content of a resource.
#[derive(Debug, Clone)]
pub enum Body {
    Model(Model),
    Collection(Chunks<Value>),
}

impl Body {
    pub fn parse_model(raw: &RawValue) -> Result<Body, Invalid> {
        let members: IndexMap<Arc<str>, &RawValue> =
            serde_json::from_str(raw.get()).map_err(|_| Invalid("a model is not an object"))?;
        let members = members.into_iter().map(|(key, raw)| Ok((key, Value::parse(raw)?)));
        Ok(Body::Model(members.collect::<Result<_, _>>()?))
    }

    pub fn parse_collection(raw: &RawValue) -> Result<Body, Invalid> {
        let items: Vec<&RawValue> =
            serde_json::from_str(raw.get()).map_err(|_| Invalid("a collection is not an array"))?;
        Ok(Body::Collection(items.into_iter().map(Value::parse).collect::<Result<_, _>>()?))
    }

    /// All values, in order.
    pub fn values(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        match self {
            Body::Model(members) => Box::new(members.values()),
            Body::Collection(items) => Box::new(items.iter()),
        }
    }

    /// The hard references, in order, with repetitions.
    pub fn references(&self) -> impl Iterator<Item = &Arc<str>> {
        self.values().filter_map(Value::reference)
    }

    pub fn is_model(&self) -> bool {
        matches!(self, Body::Model(_))
    }

    fn write(&self, version: Version) -> String {
        let mut out = String::new();
        match self {
            Body::Model(members) => {
                out.push('{');
                for (key, value) in members.iter() {
                    separate(&mut out, '{');
                    json::push_string(&mut out, key);
                    out.push(':');
                    value.push(&mut out, version);
                }
                out.push('}');
            }
            Body::Collection(items) => {
                out.push('[');
                for item in items.iter() {
                    separate(&mut out, '[');
                    item.push(&mut out, version);
                }
                out.push(']');
            }
        }
        out
    }
}

/// Appends a comma unless the last character is the opening bracket.
pub fn separate(out: &mut String, open: char) {
    if !out.ends_with(open) {
        out.push(',');
    }
}

/// A resource at one version, shared by the cache and by every connection that holds it.
#[derive(Debug)]
pub struct Snapshot {
    body: OnceLock<Body>,
    /// How the body is made when somebody looks at it.
    steps: Option<Steps>,
    text: OnceLock<Box<str>>,
}

/// The first so many edits of a collection.
#[derive(Debug)]
struct Steps {
    base: Arc<Snapshot>,
    edits: Arc<[Edit]>,
    count: usize,
}

impl Snapshot {
    pub fn new(body: Body) -> Arc<Snapshot> {
        Arc::new(Snapshot { body: body.into(), steps: None, text: OnceLock::new() })
    }

    /// A collection on its way through an edit script. When a long collection is replaced, nobody looks at most of what
    /// it passes through, so it is not made until then.
    pub fn on_the_way(base: &Arc<Snapshot>, edits: &Arc<[Edit]>, count: usize) -> Arc<Snapshot> {
        let steps = Steps { base: base.clone(), edits: edits.clone(), count };
        Arc::new(Snapshot { body: OnceLock::new(), steps: Some(steps), text: OnceLock::new() })
    }

    pub fn body(&self) -> &Body {
        self.body.get_or_init(|| match &self.steps {
            Some(Steps { base, edits, count }) => {
                let Body::Collection(mut items) = base.body().clone() else { unreachable!("models are not edited") };
                for edit in &edits[..*count] {
                    match edit {
                        Edit::Remove(idx) => items.remove(*idx),
                        Edit::Add(idx, value) => items.insert(*idx, value.clone()),
                    }
                }
                Body::Collection(items)
            }
            None => unreachable!("there is a body or a way to make it"),
        })
    }

    /// What it keeps in memory, about, without what it has in common with those before and after it.
    pub fn bytes(&self) -> usize {
        let own = match self.body.get() {
            Some(Body::Model(members)) => members.bytes_apart(),
            Some(Body::Collection(items)) => items.bytes_apart(),
            None => 0,
        };
        size_of::<Snapshot>() + own
    }

    /// Appends the JSON text for clients that speak `version`; it is written once for all clients of today's protocol.
    pub fn push(&self, out: &mut String, version: Version) {
        if version >= Version::UNSUBSCRIBE_COUNT {
            out.push_str(self.text.get_or_init(|| self.body().write(Version::SUPPORTED).into()));
        } else {
            out.push_str(&self.body().write(version));
        }
    }
}

/// Levels of a value. What services and clients are sent has a few more around it, and is limited to 60 and 64: a value
/// that one side accepts must fit wherever it goes.
pub const MAX_DEPTH: usize = 54;
