//! A JSON file of resources, served live.
//!
//! The file is one object. Its keys are resource names; a model is an object, a collection an array:
//!
//! ```json
//! {
//!   "example.model": { "message": "Hello, World!", "author": { "rid": "example.author" } },
//!   "example.author": { "name": "Ada", "links": { "data": ["https://example.com"] } },
//!   "example.list": ["one", 2, true, null, { "rid": "example.model", "soft": true }]
//! }
//! ```
//!
//! Values are those of the RES protocol: strings, numbers, booleans and `null`; references `{"rid":"…"}`; soft
//! references
//! `{"rid":"…","soft":true}`; and everything else wrapped as `{"data":…}`.
//!
//! Everybody may read and call:
//! - `call.<model>.set {member: value, …}` sets members; `{"action":"delete"}` removes one;
//! - `call.<collection>.add {"idx": n, "value": v}` inserts before position `n`, without `idx` at the end;
//! - `call.<collection>.remove {"idx": n}` removes.
//!
//! A number that could not be kept as it is written is refused, as is a member that is there twice.
//!
//! No resource becomes longer than 1 MiB of JSON by that.
//!
//! Changes are seen by all clients at once and are gone when the gateway ends: the file is never written. With [`File::watch`],
//! what is in the file is served whenever it is saved, whatever was changed before.

mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use resclient::protocol::ResError;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

pub use self::file::File;
use crate::core::json;
use crate::service::{Access, Reply, Request, Resource, Service, ServiceError, invalid_params};

/// Makes a service of the text of a file. Also returns the first parts of the names in it, which the service owns.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn parse(text: &str) -> Result<(Service, BTreeSet<String>), String> {
    let resources = resources(text)?;
    Ok((service(&resources)?, owners(&resources)))
}

/// Values by resource name.
type Resources = BTreeMap<String, Value>;

fn resources(text: &str) -> Result<Resources, String> {
    serde_json::from_str::<Unambiguous>(text).map_err(|error| match error.classify() {
        Category::Data => error.to_string(),
        _ if error.to_string().starts_with("number out of range") => format!("{error}; write it as a string"),
        _ => format!("not valid JSON: {error}"),
    })?;
    let resources: Resources =
        serde_json::from_str(text).map_err(|_| "the file must be one JSON object of resources")?;
    let texts: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect("it was read above");
    // A value that would be another one is refused: integers of 64 bits are kept, and 17 digits of others.
    match resources.iter().find(|(rid, value)| !json::same(&value.to_string(), texts[*rid].get())) {
        Some((rid, _)) => Err(format!("{rid} has a number with more digits than can be kept; write it as a string")),
        None => Ok(resources),
    }
}

/// A service of resources that everybody may read and call.
fn service(resources: &Resources) -> Result<Service, String> {
    let names = owners(resources);
    let mut service = Service::owning(names.iter().map(String::as_str));
    for (rid, value) in resources {
        service.put(rid, resource(rid, value.clone())?).map_err(|error| error.to_string())?;
    }
    for name in &names {
        for pattern in [name.clone(), format!("{name}.>")] {
            service = service
                .access(&pattern, |_| Ok(Access::ALL))
                .call(&pattern, "set", set)
                .call(&pattern, "add", add)
                .call(&pattern, "remove", remove);
        }
    }
    Ok(service)
}

fn resource(rid: &str, value: Value) -> Result<Resource, String> {
    match value {
        Value::Object(_) => Ok(Resource::Model(value)),
        Value::Array(_) => Ok(Resource::Collection(value)),
        _ => Err(format!("{rid} must be an object (a model) or an array (a collection)")),
    }
}

/// The first part of a name.
fn owner(rid: &str) -> &str {
    rid.split('.').next().unwrap_or_default()
}

fn owners(resources: &Resources) -> BTreeSet<String> {
    resources.keys().map(|rid| owner(rid).to_owned()).collect()
}

fn set(request: &Request) -> Result<Reply, ResError> {
    let members: Value = request.params()?;
    fits(request, &members)?;
    request.service().change(request.name(), members).map_err(of_method)?;
    Ok(Reply::null())
}

fn add(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        idx: Option<usize>,
        #[serde(default, deserialize_with = "present")]
        value: Option<Value>,
    }
    let Params { idx, value } = request.params()?;
    let value = value.ok_or_else(|| invalid_params("Give a value to add."))?;
    fits(request, &value)?;
    let len = request.service().value(request.name()).and_then(|v| v.as_array().map(Vec::len)).unwrap_or(0);
    request.service().add(request.name(), idx.unwrap_or(len), value).map_err(of_method)?;
    Ok(Reply::null())
}

fn remove(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        idx: usize,
    }
    let Params { idx } = request.params()?;
    request.service().remove(request.name(), idx).map_err(of_method)?;
    Ok(Reply::null())
}

/// Nobody takes anything out of a resource that only grows.
fn fits(request: &Request, more: &Value) -> Result<(), ResError> {
    let length = request.service().value(request.name()).map_or(0, |value| value.to_string().len());
    match length + more.to_string().len() {
        0..=LONGEST => Ok(()),
        _ => Err(invalid_params("The resource would be longer than a mebibyte of JSON.")),
    }
}

/// Models have no `add`, collections no `set`.
fn of_method(error: ServiceError) -> ResError {
    match error {
        ServiceError::WrongType(_) => ResError::METHOD_NOT_FOUND,
        other => other.into(),
    }
}

/// JSON in which no object has two members of the same name, of which one would be lost.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unambiguous, D::Error> {
        deserializer.deserialize_any(Unambiguous)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unambiguous, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if names.contains(&name) {
                return Err(A::Error::custom(format_args!("{name:?} is there twice")));
            }
            names.insert(name);
            members.next_value::<Unambiguous>()?;
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unambiguous, A::Error> {
        while items.next_element::<Unambiguous>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(self)
    }
}

/// Keeps `"value":null` apart from no value.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Bytes of JSON.
const LONGEST: usize = 1 << 20;
