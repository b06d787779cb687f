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
//! Changes are seen by all clients at once and are gone when the gateway ends: the file is never written. With [`watch`], what is in the
//! file is served whenever it is saved, whatever was changed before.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use resclient::protocol::ResError;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;
use tracing::{info, warn};

use crate::bus::MemoryBus;
use crate::core::json;
use crate::inspector::Inspector;
use crate::service::{Access, Reply, Request, Resource, Service, ServiceError, ServiceHandle, invalid_params};

/// Reads a file and makes a service of it. Also returns the first parts of the names in it, which the service owns.
///
/// # Errors
/// A sentence that says what is wrong with the file, and where.
pub fn load(path: &Path) -> Result<(Service, BTreeSet<String>), String> {
    let resources = read(path)?;
    Ok((service(&resources)?, owners(&resources)))
}

/// As [`load`], from the text of a file.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn parse(text: &str) -> Result<(Service, BTreeSet<String>), String> {
    let resources = resources(text)?;
    Ok((service(&resources)?, owners(&resources)))
}

/// Takes over what a file says each time it is saved, and goes on until it is dropped. `service` is what was made of it, `check` is
/// given the first parts of the names in it and says which of them others serve, `inspector` lists what is new. What cannot be
/// served is logged, and what was served before stays.
pub async fn watch(
    path: &Path,
    bus: &MemoryBus,
    service: ServiceHandle,
    owned: BTreeSet<String>,
    check: impl Fn(&BTreeSet<String>) -> Result<(), String>,
    inspector: Option<&Inspector>,
) {
    let mut served = Served { resources: read(path).unwrap_or_default(), services: vec![(owned, service)] };
    let mut seen = stamp(path).await;
    loop {
        tokio::time::sleep(LOOK).await;
        let now = stamp(path).await;
        // While it is replaced it may not be there for a moment.
        if now.is_none() || now == seen {
            continue;
        }
        seen = now;
        let checked = read(path).and_then(|resources| {
            check(&owners(&resources)).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(resources)
        });
        match checked.and_then(|resources| served.take_over(resources, bus, inspector)) {
            Ok(()) => info!("{} was saved: it is served as it is now", path.display()),
            Err(error) => warn!("{error}; what was served before stays"),
        }
    }
}

/// What tells that a file is another.
async fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = tokio::fs::metadata(path).await.ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// What is served of a file that may be saved again.
struct Served {
    resources: Resources,
    /// Services, with the first parts of the names that they own.
    services: Vec<(BTreeSet<String>, ServiceHandle)>,
}

impl Served {
    /// Serves these resources, and no others.
    fn take_over(
        &mut self,
        resources: Resources,
        bus: &MemoryBus,
        inspector: Option<&Inspector>,
    ) -> Result<(), String> {
        let is_new = |rid: &str| !self.services.iter().any(|(names, _)| names.contains(owner(rid)));
        let new: Resources =
            resources.iter().filter(|(rid, _)| is_new(rid)).map(|(rid, v)| (rid.clone(), v.clone())).collect();
        // Nothing is changed before all of it is known to be right.
        let added = service(&new)?;
        service(&resources)?;
        for (names, handle) in &self.services {
            let is_own = |rid: &&String| names.contains(owner(rid));
            for rid in self.resources.keys().filter(is_own).filter(|rid| !resources.contains_key(*rid)) {
                handle.delete(rid).map_err(|error| error.to_string())?;
            }
            let mut changed = Vec::new();
            for (rid, value) in resources.iter().filter(|(rid, _)| is_own(rid)) {
                if handle.value(rid).as_ref() != Some(value) {
                    handle.put(rid, resource(rid, value.clone())?).map_err(|error| error.to_string())?;
                    changed.push(rid);
                }
            }
            if !changed.is_empty() {
                handle.reset(&changed, &[""; 0]);
            }
        }
        if !new.is_empty() {
            let handle = added.start(bus.connect());
            if let Some(inspector) = inspector {
                inspector.list(&handle);
            }
            self.services.push((owners(&new), handle));
        }
        self.resources = resources;
        Ok(())
    }
}

/// Values by resource name.
type Resources = BTreeMap<String, Value>;

fn read(path: &Path) -> Result<Resources, String> {
    let file = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {file}: {error}"))?;
    resources(&text)
        .and_then(|resources| service(&resources).map(|_| resources))
        .map_err(|error| format!("{file}: {error}"))
}

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

/// How often a file that may be saved is looked at. Editors replace files, and containers and network drives tell of nothing.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of JSON.
const LONGEST: usize = 1 << 20;
