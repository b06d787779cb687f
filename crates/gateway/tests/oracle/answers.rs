//! What a service sends, read by every reader there is for it.

use res_gateway::core::meta::Meta;
use res_gateway::core::response::{
    self, Answer, Mutation, QueryAnswer, read_access, read_call, read_get, read_mutation, read_pre_response, read_query,
};
use res_gateway::core::value::{Body, Change, Snapshot, Value};
use resclient::protocol::Version;

use super::json::{depth, is_json, members, object, text_of};
use super::names::is_rid;
use super::{fields, string};

pub fn check(payload: &[u8]) {
    let result = envelope(payload);
    let get = read_get(payload).ok().map(|fetched| {
        is_written_as_it_is_read(&fetched.body);
        (seen(&fetched.body), fetched.query)
    });
    assert_eq!(get, result.as_ref().and_then(|result| expected_get(result.result?)), "get");

    let access = read_access(payload).ok().map(|access| (access.get, METHODS.map(|method| access.allows(method))));
    assert_eq!(access, result.as_ref().and_then(|result| expected_access(result.result?)), "access");

    for method in ["new", "set"] {
        let call = read_call(payload, method).ok().map(|answer| match answer {
            Answer::Payload(payload) => Called::Payload(payload.get().to_owned()),
            Answer::Resource(rid) => Called::Resource(rid.to_string()),
            Answer::LegacyResource(rid) => Called::Legacy(rid.to_string()),
        });
        assert_eq!(call, result.as_ref().and_then(|result| expected_call(result, method)), "{method}");
    }

    let query = read_query(payload).ok().map(|answer| match answer {
        QueryAnswer::Unchanged => Queried::Unchanged,
        QueryAnswer::Events(events) => {
            Queried::Events(events.into_iter().map(|(name, data)| (name, data.map(|data| data.get().into()))).collect())
        }
        QueryAnswer::Replaced(body) => Queried::Replaced(seen(&body)),
    });
    assert_eq!(query, result.as_ref().and_then(|result| expected_query(result.result?)), "query");

    if let Ok(text) = std::str::from_utf8(payload) {
        for event in ["change", "add", "remove", "other"] {
            let mutation = is_json(text).then(|| read_mutation(event, text).ok()).flatten();
            let mutation = mutation.map(|mutation| match mutation {
                Mutation::Change(changes) => Mutated::Change(sorted(changes.iter().map(|(key, change)| {
                    (
                        key.to_string(),
                        match change {
                            Change::Set(value) => Content::of(value),
                            Change::Delete => Content::Deleted,
                        },
                    )
                }))),
                Mutation::Add(idx, value) => Mutated::Add(idx, Content::of(&value)),
                Mutation::Remove(idx) => Mutated::Remove(idx),
            });
            assert_eq!(mutation, is_json(text).then(|| expected_mutation(event, text)).flatten(), "{event}");
        }
    }

    let is_word = matches!(payload.first(), Some(b'a'..=b'z' | b'A'..=b'Z'));
    assert_eq!(read_pre_response(payload).is_some(), is_word, "a pre-response begins with a letter");
    meta(payload);
}

/// The HTTP response is touched by an object alone, and only in what it may say.
fn meta(payload: &[u8]) {
    let (meta, rest) = Meta::read(payload);
    assert!(meta.status.is_none_or(|status| (300..600).contains(&status)));
    assert!(meta.header.keys().all(|name| !name.bytes().any(|b| b.is_ascii_uppercase())));
    let text = std::str::from_utf8(payload).ok().filter(|text| fields(text, []).is_some());
    let Some(text) = text else {
        return assert!(meta == Meta::default() && matches!(rest, Ok(None)), "of no object");
    };
    let Some([resource]) = fields(text, ["resource"]) else { return };
    if let Ok(Some(rid)) = rest {
        let named = resource.and_then(|resource| fields(resource, ["rid"])).and_then(|[rid]| string(rid)?);
        assert_eq!(named.as_deref(), Some(&*rid), "the resource to go on to");
        assert!(is_rid(&rid));
    }
}

struct Envelope<'a> {
    result: Option<&'a str>,
    resource: Option<&'a str>,
}

fn envelope(payload: &[u8]) -> Option<Envelope<'_>> {
    let text = std::str::from_utf8(payload).ok()?;
    let [result, resource, error] = fields(text, ["result", "resource", "error"])?;
    let given = |value: &&str| *value != "null";
    (depth(text) <= 60 && error.filter(given).is_none())
        .then_some(Envelope { result, resource: resource.filter(given) })
}

/// A body as a client would see it.
#[derive(Debug, PartialEq)]
enum Seen {
    Model(Vec<(String, Content)>),
    Collection(Vec<Content>),
}

#[derive(Debug, PartialEq, Clone)]
enum Content {
    Plain(String),
    Data(String),
    Reference(String),
    Soft(String),
    Deleted,
}

impl Content {
    fn of(value: &Value) -> Content {
        match (value.reference(), value.soft_reference()) {
            (Some(rid), _) => Content::Reference(rid.to_string()),
            (_, Some(rid)) => Content::Soft(rid.to_string()),
            _ if value.plain().starts_with(['{', '[']) => Content::Data(value.plain().to_owned()),
            _ => Content::Plain(value.plain().to_owned()),
        }
    }

    /// Of a text that is JSON.
    fn read(raw: &str) -> Option<Content> {
        if depth(raw) > 54 || raw.starts_with('[') {
            return None;
        }
        if !raw.starts_with('{') {
            return Some(Content::Plain(raw.to_owned()));
        }
        let [rid, soft, data, action] = fields(raw, ["rid", "soft", "data", "action"])?;
        let is_soft = match soft {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return None,
        };
        match (string(rid)?, data, string(action)?.as_deref()) {
            (Some(rid), None, None) if is_rid(&rid) => {
                Some(if is_soft { Content::Soft(rid) } else { Content::Reference(rid) })
            }
            (None, Some(data), None) if data.starts_with(['{', '[']) => Some(Content::Data(data.to_owned())),
            (None, Some(data), None) => Some(Content::Plain(data.to_owned())),
            (None, None, Some("delete")) => Some(Content::Deleted),
            _ => None,
        }
    }
}

fn seen(body: &Body) -> Seen {
    match body {
        Body::Model(members) => {
            Seen::Model(sorted(members.iter().map(|(key, value)| (key.to_string(), Content::of(value)))))
        }
        Body::Collection(items) => Seen::Collection(items.iter().map(Content::of).collect()),
    }
}

fn sorted(members: impl Iterator<Item = (String, Content)>) -> Vec<(String, Content)> {
    let mut members: Vec<_> = members.collect();
    members.sort_by(|a, b| a.0.cmp(&b.0));
    members
}

/// Members by name, the last of each.
fn last_members(raw: &str) -> Option<Vec<(String, &str)>> {
    let mut all = std::collections::BTreeMap::new();
    object(raw)?.into_iter().try_for_each(|(key, value)| text_of(key).map(|key| all.insert(key, value)).map(|_| ()))?;
    Some(all.into_iter().collect())
}

fn value(raw: &str) -> Option<Content> {
    Content::read(raw).filter(|content| *content != Content::Deleted)
}

fn model(raw: &str) -> Option<Seen> {
    let members = last_members(raw)?.into_iter().map(|(key, raw)| Some((key, value(raw)?)));
    Some(Seen::Model(members.collect::<Option<_>>()?))
}

fn collection(raw: &str) -> Option<Seen> {
    let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(raw).ok()?;
    Some(Seen::Collection(items.into_iter().map(|item| value(item.get())).collect::<Option<_>>()?))
}

fn body(raw_model: Option<&str>, raw_collection: Option<&str>) -> Option<Seen> {
    match (raw_model, raw_collection) {
        (Some(raw), None) => model(raw),
        (None, Some(raw)) => collection(raw),
        _ => None,
    }
}

fn given<const N: usize>(found: [Option<&str>; N]) -> [Option<&str>; N] {
    found.map(|value| value.filter(|value| *value != "null"))
}

fn expected_get(result: &str) -> Option<(Seen, String)> {
    let [model, collection, query] = given(fields(result, ["model", "collection", "query"])?);
    Some((body(model, collection)?, string(query)?.unwrap_or_default()))
}

fn expected_access(result: &str) -> Option<(bool, [bool; METHODS.len()])> {
    let [get, call] = given(fields(result, ["get", "call"])?);
    let get = match get {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return None,
    };
    let call = string(call)?.unwrap_or_default();
    Some((get, METHODS.map(|method| call == "*" || !call.is_empty() && call.split(',').any(|one| one == method))))
}

#[derive(Debug, PartialEq)]
enum Called {
    Payload(String),
    Resource(String),
    Legacy(String),
}

/// `{"rid":"…"}` and nothing else in it.
fn reference(raw: &str) -> Option<String> {
    let [rid] = fields(raw, ["rid"])?;
    (members(raw).len() == 1).then(|| string(rid)?)?
}

fn expected_call(envelope: &Envelope<'_>, method: &str) -> Option<Called> {
    if let Some(raw) = envelope.resource {
        return reference(raw).filter(|rid| is_rid(rid)).map(Called::Resource);
    }
    let result = envelope.result?;
    match reference(result).filter(|_| method == "new") {
        Some(rid) => is_rid(&rid).then_some(Called::Legacy(rid)),
        None => Some(Called::Payload(result.to_owned())),
    }
}

#[derive(Debug, PartialEq)]
enum Queried {
    Unchanged,
    Events(Vec<(String, Option<String>)>),
    Replaced(Seen),
}

fn expected_query(result: &str) -> Option<Queried> {
    let [events, model, collection] = given(fields(result, ["events", "model", "collection"])?);
    match (events, model, collection) {
        (None, None, None) => Some(Queried::Unchanged),
        (Some(events), None, None) => {
            let events: Vec<&serde_json::value::RawValue> = serde_json::from_str(events).ok()?;
            let event = |raw: &serde_json::value::RawValue| {
                let [event, data] = given(fields(raw.get(), ["event", "data"])?);
                Some((string(event)??, data.map(str::to_owned)))
            };
            Some(Queried::Events(events.into_iter().map(event).collect::<Option<_>>()?))
        }
        (None, ..) => body(model, collection).map(Queried::Replaced),
        _ => None,
    }
}

#[derive(Debug, PartialEq)]
enum Mutated {
    Change(Vec<(String, Content)>),
    Add(usize, Content),
    Remove(usize),
}

fn expected_mutation(event: &str, text: &str) -> Option<Mutated> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    if event == "change" {
        let members = last_members(text)?;
        let members = match members.as_slice() {
            [(key, values)] if key == "values" && values.starts_with('{') => last_members(values)?,
            _ => members,
        };
        let changes = members.into_iter().map(|(key, raw)| Some((key, Content::read(raw)?)));
        return Some(Mutated::Change(changes.collect::<Option<_>>()?));
    }
    let [idx, raw] = fields(text, ["idx", "value"])?;
    let idx = idx.filter(|idx| idx.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    match event {
        "add" => Some(Mutated::Add(idx, value(raw?)?)),
        "remove" => Some(Mutated::Remove(idx)),
        _ => None,
    }
}

/// What is written for clients is JSON, and read back it is the same; those of the first protocols see nothing nested.
fn is_written_as_it_is_read(body: &Body) {
    let kind = if body.is_model() { "model" } else { "collection" };
    let copy = match body {
        Body::Model(members) => Body::Model(members.clone()),
        Body::Collection(items) => Body::Collection(items.clone()),
    };
    let snapshot = Snapshot::new(copy);
    let (mut text, mut legacy) = (String::new(), String::new());
    snapshot.push(&mut text, Version::SUPPORTED);
    snapshot.push(&mut legacy, Version::LEGACY);
    let again = read_get(format!("{{\"result\":{{\"{kind}\":{text}}}}}").as_bytes()).expect("it was read before");
    assert_eq!(seen(&again.body), seen(body), "{text}");
    assert!(depth(&text) <= response::MAX_DEPTH as u32);
    assert!(is_json(&legacy) && depth(&legacy) <= 2, "{legacy}");
}

const METHODS: [&str; 4] = ["get", "set", "new", "*"];
