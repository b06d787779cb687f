//! What services answer (RES-Service protocol, "Requests").

use std::sync::Arc;

use resclient::protocol::{ResError, rid};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json;
use super::model::Model;
use super::value::{Body, Change, Invalid, Value};

/// The answer to a get request.
#[derive(Debug)]
pub struct Fetched {
    pub body: Body,
    /// The normalised query; empty for a resource that is not a query resource.
    pub query: String,
}

/// The answer to an access request.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    pub get: bool,
    call: Option<Box<str>>,
}

impl Access {
    /// Whether a method may be called: listed exactly, or all are allowed.
    pub fn allows(&self, method: &str) -> bool {
        self.call.as_deref().is_some_and(|list| list == "*" || list.split(',').any(|m| m == method))
    }
}

/// The answer to a call or auth request.
#[derive(Debug)]
pub enum Answer {
    Payload(Box<RawValue>),
    Resource(Arc<str>),
    /// As services of the first protocol answered `new`: with a bare reference.
    LegacyResource(Arc<str>),
}

/// The answer to a request that a query event asked for.
#[derive(Debug)]
pub enum QueryAnswer {
    Unchanged,
    Events(Vec<(String, Option<Box<RawValue>>)>),
    Replaced(Body),
}

/// A mutation that an event describes.
#[derive(Debug)]
pub enum Mutation {
    Change(Vec<(Arc<str>, Change)>),
    Add(usize, Value),
    Remove(usize),
}

/// Why there is nothing in an answer.
#[derive(Debug)]
pub enum Failure {
    /// The service says so.
    Refused(ResError),
    /// It makes no sense.
    Unusable(Invalid),
}

impl From<Invalid> for Failure {
    fn from(reason: Invalid) -> Failure {
        Failure::Unusable(reason)
    }
}

impl From<Failure> for ResError {
    fn from(failure: Failure) -> ResError {
        match failure {
            Failure::Refused(error) => error,
            Failure::Unusable(reason) => reason.into(),
        }
    }
}

/// Why there is no (new) copy of a resource.
#[derive(Debug)]
pub enum NoCopy {
    /// Its service says that there is no such resource.
    Gone(ResError),
    /// Nobody who knows has said anything: the service is not there, takes too long, or makes no sense.
    Unknown(ResError),
}

impl From<Failure> for NoCopy {
    fn from(failure: Failure) -> NoCopy {
        match ResError::from(failure) {
            error if error.code == ResError::NOT_FOUND.code => NoCopy::Gone(error),
            error => NoCopy::Unknown(error),
        }
    }
}

impl From<NoCopy> for ResError {
    fn from((NoCopy::Gone(error) | NoCopy::Unknown(error)): NoCopy) -> ResError {
        error
    }
}

pub fn read_get(payload: &[u8]) -> Result<Fetched, Failure> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        model: Option<&'a RawValue>,
        #[serde(borrow)]
        collection: Option<&'a RawValue>,
        query: Option<String>,
    }
    let result = read(payload)?.result()?;
    let wire: Wire<'_> = object(result.get())?;
    let body = match (wire.model, wire.collection) {
        (Some(model), None) => Body::parse_model(model)?,
        (None, Some(collection)) => Body::parse_collection(collection)?,
        _ => return Err(INVALID.into()),
    };
    Ok(Fetched { body, query: wire.query.unwrap_or_default() })
}

pub fn read_access(payload: &[u8]) -> Result<Access, Failure> {
    #[derive(Deserialize)]
    struct Wire {
        get: Option<bool>,
        call: Option<String>,
    }
    let result = read(payload)?.result()?;
    let wire: Wire = object(result.get())?;
    Ok(Access { get: wire.get.unwrap_or(false), call: wire.call.map(String::into_boxed_str) })
}

/// Reads the answer to `method`.
pub fn read_call(payload: &[u8], method: &str) -> Result<Answer, Failure> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Reference {
        rid: String,
    }
    let response = read(payload)?;
    let resource = |text: &str| {
        let reference: Reference = object(text)?;
        rid::is_valid(&reference.rid).then(|| Arc::<str>::from(reference.rid)).ok_or(INVALID.into())
    };
    if let Some(reference) = &response.resource {
        return resource(reference.get()).map(Answer::Resource);
    }
    let result = response.result()?;
    if method == "new" && object::<Reference>(result.get()).is_ok() {
        return resource(result.get()).map(Answer::LegacyResource);
    }
    Ok(Answer::Payload(result))
}

pub fn read_query(payload: &[u8]) -> Result<QueryAnswer, Failure> {
    #[derive(Deserialize)]
    struct Event {
        event: String,
        data: Option<Box<RawValue>>,
    }
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        events: Option<Vec<&'a RawValue>>,
        #[serde(borrow)]
        model: Option<&'a RawValue>,
        #[serde(borrow)]
        collection: Option<&'a RawValue>,
    }
    let result = read(payload)?.result()?;
    let wire: Wire<'_> = object(result.get())?;
    match (wire.events, wire.model, wire.collection) {
        (None, None, None) => Ok(QueryAnswer::Unchanged),
        (Some(events), None, None) => {
            let event = |raw: &RawValue| object::<Event>(raw.get()).map(|event| (event.event, event.data));
            Ok(QueryAnswer::Events(events.into_iter().map(event).collect::<Result<_, _>>()?))
        }
        (None, Some(model), None) => Ok(QueryAnswer::Replaced(Body::parse_model(model)?)),
        (None, None, Some(collection)) => Ok(QueryAnswer::Replaced(Body::parse_collection(collection)?)),
        _ => Err(INVALID.into()),
    }
}

/// Reads a change, add or remove event. In the first protocol the payload of a change event was the values themselves,
/// which is told by there being anything but one member `values` that holds an object.
pub fn read_mutation(event: &str, text: &str) -> Result<Mutation, Invalid> {
    #[derive(Deserialize)]
    struct Item<'a> {
        idx: usize,
        #[serde(borrow, default, deserialize_with = "some_raw")]
        value: Option<&'a RawValue>,
    }
    const BAD: Invalid = Invalid("invalid event payload");
    if !json::is_object(text) {
        return Err(BAD);
    }
    if event == "change" {
        let members: indexmap::IndexMap<Arc<str>, &RawValue> = serde_json::from_str(text).map_err(|_| BAD)?;
        let values = match members.get("values") {
            Some(values) if members.len() == 1 && json::is_object(values.get()) => {
                serde_json::from_str(values.get()).map_err(|_| BAD)?
            }
            _ => members,
        };
        let changes = values.into_iter().map(|(key, raw)| Ok((key, Change::parse(raw)?)));
        return Ok(Mutation::Change(changes.collect::<Result<_, Invalid>>()?));
    }
    let item: Item<'_> = serde_json::from_str(text).map_err(|_| BAD)?;
    match (event, item.value) {
        ("add", Some(value)) => Ok(Mutation::Add(item.idx, Value::parse(value)?)),
        ("remove", _) => Ok(Mutation::Remove(item.idx)),
        _ => Err(BAD),
    }
}

/// The milliseconds of a pre-response, `timeout:"1000"`: the service asks for more time. A response is JSON and never
/// starts with a letter.
pub fn read_pre_response(payload: &[u8]) -> Option<Option<u64>> {
    if !payload.first()?.is_ascii_alphabetic() {
        return None;
    }
    let text = std::str::from_utf8(payload).unwrap_or_default();
    let value = text.split_once("timeout:\"").and_then(|(_, rest)| rest.split_once('"'));
    Some(value.and_then(|(ms, _)| ms.parse().ok()))
}

/// The members that turn `old` into `new`.
pub fn model_changes(old: &Model, new: &Model) -> Vec<(Arc<str>, Change)> {
    let set = new.iter().filter(|(key, value)| old.get(key) != Some(*value));
    let set = set.map(|(key, value)| (key.clone(), Change::Set(value.clone())));
    let gone = old.iter().filter(|(key, _)| !new.contains_key(key)).map(|(key, _)| (key.clone(), Change::Delete));
    set.chain(gone).collect()
}

struct Response {
    result: Option<Box<RawValue>>,
    resource: Option<Box<RawValue>>,
}

impl Response {
    fn result(self) -> Result<Box<RawValue>, Failure> {
        self.result.ok_or(Invalid("response missing result").into())
    }
}

/// Reads the envelope; an error comes first whatever else there is.
fn read(payload: &[u8]) -> Result<Response, Failure> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(default, deserialize_with = "present")]
        result: Option<Box<RawValue>>,
        resource: Option<Box<RawValue>>,
        error: Option<Box<RawValue>>,
    }
    const NOT_JSON: Invalid = Invalid("the response is not a JSON object");
    let text = std::str::from_utf8(payload).map_err(|_| NOT_JSON)?;
    if !json::is_object(text) {
        return Err(NOT_JSON.into());
    }
    let wire: Wire = serde_json::from_str(text).map_err(|_| NOT_JSON)?;
    if json::depth(text) > MAX_DEPTH {
        return Err(Invalid("the response is nested too deep").into());
    }
    match wire.error {
        Some(error) => Err(json::read_error(error.get()).map_or(INVALID.into(), Failure::Refused)),
        None => Ok(Response { result: wire.result, resource: wire.resource }),
    }
}

/// Keeps `"result":null`, which is a result, apart from none.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Keeps `"value":null`, which is a value, apart from none.
fn some_raw<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Failure> {
    if !json::is_object(text) {
        return Err(INVALID.into());
    }
    serde_json::from_str(text).map_err(|_| INVALID.into())
}

const INVALID: Invalid = Invalid("invalid service response");

/// Levels of a payload; clients accept four more, for what is put around it.
pub const MAX_DEPTH: usize = 60;
