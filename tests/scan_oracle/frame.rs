//! Frames: what each should be read as, and whether it was.

use std::collections::BTreeMap;

use resclient::protocol::frame::{EventKind, Frame, Parts, ResourceKind, SetEntry};
use resclient::protocol::hash::Digest;
use resclient::protocol::rid;
use resclient::protocol::scan::{MAX_DEPTH, Span, Units};
use resclient::protocol::value::{Cell, Held, Kind, Names, Value};
use serde_json::value::RawValue;

use super::json::{Json, depth, inner, is_json, json, members, object, span, text_of, wtf8};
use super::{BOTH, HASHER, Pairs};

/// Accepted or not, and everything found in it. It is read part by part, down to single characters, and whatever is held of the
/// resources already.
pub fn check_frame(text: &str) -> bool {
    let (nothing, model, list) = (Held::Nothing, Held::Model(Digest::NONE), Held::Collection);
    let (half, all) = (text.len() / 2, text.len());
    let ways =
        [(all, nothing), (1, list), (2, nothing), (3, model), (4, list), (half, model), (all - all.min(1), list)];
    // And when its first model is held as it comes.
    let again = first_model(text).map(|model| Held::Model(Digest::of(model.as_bytes(), HASHER)));
    let ways = ways.into_iter().chain([1, 5, half, all].into_iter().filter_map(|most| Some((most, again?))));
    check_parted(text, &ways.collect::<Vec<_>>())
}

/// The text of the model that comes first.
fn first_model(text: &str) -> Option<&str> {
    let mut frame = Frame::default();
    let mut names = Interner { rids: Vec::new(), keys: Vec::new(), held: Held::Nothing };
    frame.scan(Parts { rest: text, most: text.len() }, Units::Bytes, HASHER, &mut names).ok()?;
    let model = frame.set.iter().find(|entry| entry.kind == ResourceKind::Model)?;
    Some(model.value.of(text))
}

/// The same in parts of these lengths, with this held.
pub fn check_parted(text: &str, ways: &[(usize, Held)]) -> bool {
    let expected = expected_frame(text);
    let mut names = Interner { rids: Vec::new(), keys: Vec::new(), held: Held::Nothing };
    let (mut cells, mut models) = (Pairs::default(), Pairs::default());
    // The resource of an event is only looked up, so it has to be known.
    let event = expected.as_ref().and_then(|expected| expected.event.as_ref());
    event.map(|event| names.rid(&event.rid, Span::default()));
    for (units, &(most, held)) in BOTH.into_iter().flat_map(|units| ways.iter().map(move |way| (units, way))) {
        let mut frame = Frame::default();
        names.held = held;
        let scanned =
            frame.scan(Parts { rest: text, most: most.clamp(1, text.len().max(1)) }, units, HASHER, &mut names);
        assert_eq!(scanned.is_ok(), expected.is_some(), "frame, {units:?}, {most}: {scanned:?} for {text:?}");
        if let Some(expected) = &expected {
            Comparison { text, units, names: &mut names, cells: &mut cells, models: &mut models }
                .frame(&frame, expected);
        }
    }
    expected.is_some()
}

/// A value with its meaning: two are equal exactly when their cells should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Reference(String),
    Soft(String),
    Delete,
    Plain(Json),
}

struct ExpectedValue<'a> {
    kind: Kind,
    raw: &'a str,
    meaning: Meaning,
}

struct ExpectedEntry<'a> {
    kind: ResourceKind,
    rid: &'a str,
    value: &'a str,
    /// The members' names as written; items have none.
    cells: Vec<(Option<&'a str>, ExpectedValue<'a>)>,
}

impl ExpectedEntry<'_> {
    /// Meanings of what has a cell, `None` where nothing is remembered: of a model only references are, if it has any.
    fn remembered(&self) -> Vec<Option<&Meaning>> {
        let model = self.kind == ResourceKind::Model;
        let meanings = self.cells.iter().map(|(_, value)| &value.meaning);
        let remembered = |meaning: &&Meaning| !model || matches!(meaning, Meaning::Reference(_));
        let cells: Vec<_> = meanings.map(|meaning| Some(meaning).filter(remembered)).collect();
        if model && cells.iter().all(Option::is_none) { Vec::new() } else { cells }
    }
}

struct ExpectedEvent<'a> {
    raw: &'a str,
    rid: String,
    name: String,
}

#[derive(Default)]
struct ExpectedFrame<'a> {
    id: Option<u64>,
    event: Option<ExpectedEvent<'a>>,
    error: Option<(&'a str, String)>,
    result: bool,
    /// The last one. Absent when a member is in it twice: then only acceptance is compared.
    body: Option<&'a str>,
}

/// A frame read by `serde_json`, or `None` when it is to be rejected.
fn expected_frame(text: &str) -> Option<ExpectedFrame<'_>> {
    if !is_json(text) || depth(text) > MAX_DEPTH || !text.trim_start().starts_with('{') {
        return None;
    }
    let mut frame = ExpectedFrame::default();
    let mut bodies = Vec::new();
    for (key, raw) in members(text) {
        match &*wtf8(key) {
            b"id" => frame.id = Some(serde_json::from_str(raw).ok()?),
            b"event" => {
                let event = if raw.starts_with('"') { text_of(raw)? } else { return None };
                let (rid, name) = rid::split_last(&event)?;
                frame.event = Some(ExpectedEvent { raw, rid: rid.to_owned(), name: name.to_owned() });
            }
            b"error" => {
                let mut code = String::new();
                for (key, raw) in if raw.starts_with('{') { members(raw) } else { vec![] } {
                    if inner(key) == "code" && raw.starts_with('"') {
                        code = text_of(raw).unwrap_or_default();
                    }
                }
                frame.error = (raw != "null").then_some((raw, code));
            }
            key @ (b"result" | b"data") => {
                frame.result |= key == b"result";
                bodies.push(raw);
            }
            _ => {}
        }
    }
    let whole = |raw: &&str| {
        let keys: Vec<_> = if raw.starts_with('{') { members(raw) } else { vec![] }.iter().map(|m| wtf8(m.0)).collect();
        (1..keys.len()).all(|i| !keys[..i].contains(&keys[i]))
    };
    frame.body = bodies.last().copied().filter(whole);
    Some(frame)
}

fn expected_value(raw: &str) -> Option<ExpectedValue<'_>> {
    let plain = |kind, raw| Some(ExpectedValue { kind, raw, meaning: Meaning::Plain(json(raw)) });
    match raw.as_bytes()[0] {
        b'n' => plain(Kind::Null, raw),
        b't' => plain(Kind::True, raw),
        b'f' => plain(Kind::False, raw),
        b'"' if raw.contains('\\') => plain(Kind::Json, raw),
        b'"' => Some(ExpectedValue { kind: Kind::String, raw: inner(raw), meaning: Meaning::Plain(json(raw)) }),
        b'[' => None,
        b'{' => expected_object(raw),
        _ => plain(Kind::Number, raw),
    }
}

fn expected_object(raw: &str) -> Option<ExpectedValue<'_>> {
    let (mut rid, mut soft, mut data, mut delete) = (None, false, None, false);
    for (key, value) in members(raw) {
        match &*wtf8(key) {
            b"rid" => rid = value.starts_with('"').then_some(value),
            b"soft" => soft = value == "true",
            b"data" => data = Some(value),
            b"action" => delete = value == "\"delete\"",
            _ => {}
        }
    }
    match (rid.map(text_of), data) {
        (Some(rid), _) => {
            let rid = rid.filter(|rid| !rid.is_empty())?;
            let (kind, meaning) =
                if soft { (Kind::Soft, Meaning::Soft(rid)) } else { (Kind::Reference, Meaning::Reference(rid)) };
            Some(ExpectedValue { kind, raw, meaning })
        }
        (None, Some(data)) => Some(ExpectedValue { kind: Kind::Data, raw: data, meaning: Meaning::Plain(json(data)) }),
        (None, None) => delete.then_some(ExpectedValue { kind: Kind::Delete, raw, meaning: Meaning::Delete }),
    }
}

/// The members of a change event, or `None` when one is no value.
fn expected_values<'a>(members: Vec<(&'a str, &'a str)>) -> Option<Vec<(&'a str, ExpectedValue<'a>)>> {
    members.into_iter().map(|(key, raw)| Some((key, expected_value(raw)?))).collect()
}

/// One group of a resource set, or `None` when it has not the form of one.
fn expected_group(kind: ResourceKind, raw: &str) -> Option<Vec<ExpectedEntry<'_>>> {
    let value = |raw| expected_value(raw).filter(|value| value.kind != Kind::Delete);
    object(raw)?
        .into_iter()
        .map(|(rid, raw)| {
            text_of(rid)?;
            let cells = match kind {
                ResourceKind::Model => object(raw)?.into_iter().map(|(k, v)| Some((Some(k), value(v)?))).collect(),
                ResourceKind::Collection if raw.starts_with('[') => {
                    let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap();
                    items.into_iter().map(|item| Some((None, value(item.get())?))).collect()
                }
                ResourceKind::Error if raw.starts_with('{') => {
                    Some(vec![(None, ExpectedValue { kind: Kind::Json, raw, meaning: Meaning::Plain(json(raw)) })])
                }
                _ => None,
            };
            Some(ExpectedEntry { kind, rid, value: raw, cells: cells? })
        })
        .collect()
}

/// A comparison of one scan with what was expected of it.
struct Comparison<'a, 'n> {
    text: &'a str,
    units: Units,
    names: &'n mut Interner,
    cells: &'n mut Pairs<Meaning>,
    /// Texts of models, and by what they are known again.
    models: &'n mut Pairs<String, Digest>,
}

impl Comparison<'_, '_> {
    fn frame(&mut self, frame: &Frame, expected: &ExpectedFrame<'_>) {
        let text = self.text;
        assert_eq!(frame.id, expected.id, "{text:?}");
        assert_eq!(frame.result, expected.result, "{text:?}");
        let error = frame.error.as_ref().map(|error| (error.span, error.code.as_str()));
        assert_eq!(error, expected.error.as_ref().map(|(raw, code)| (self.span(raw), code.as_str())), "{text:?}");
        assert_eq!(frame.event.is_some(), expected.event.is_some(), "{text:?}");
        if let (Some(event), Some(expected)) = (&frame.event, &expected.event) {
            assert_eq!(event.resource, self.names.find_rid(&expected.rid), "{text:?}");
            assert!(event.resource.is_some());
            let kind = match expected.name.as_str() {
                "change" => EventKind::Change,
                "add" => EventKind::Add,
                "remove" => EventKind::Remove,
                "unsubscribe" => EventKind::Unsubscribe,
                "delete" => EventKind::Delete,
                _ => EventKind::Other,
            };
            assert_eq!(event.kind, kind, "{text:?}");
            // The name may be written with escapes, and so may the dot before it.
            let raw = inner(expected.raw);
            let dot = raw.rfind('.').map_or(0, |at| at + 1);
            let escaped = raw.to_ascii_lowercase().rfind("\\u002e").map_or(0, |at| at + 6);
            assert_eq!(event.span, self.span(&raw[dot.max(escaped)..]), "{text:?}");
        }
        if let Some(body) = expected.body {
            assert_eq!(frame.body.span, self.span(body), "{text:?}");
            self.body(frame, object(body).unwrap_or_default());
        }
    }

    fn body(&mut self, frame: &Frame, members: Vec<(&str, &str)>) {
        let text = self.text;
        let mut malformed = None;
        let mut set = Vec::new();
        let mut values = None;
        let mut plain = BTreeMap::new();
        for (key, raw) in members {
            let name = wtf8(key);
            let name = std::str::from_utf8(&name).unwrap_or_default();
            let group = |kind| expected_group(kind, raw);
            let well_formed = match name {
                "models" => group(ResourceKind::Model).map(|group| set.extend(group)).is_some(),
                "collections" => group(ResourceKind::Collection).map(|group| set.extend(group)).is_some(),
                "errors" => group(ResourceKind::Error).map(|group| set.extend(group)).is_some(),
                "values" => {
                    values = object(raw).and_then(expected_values);
                    values.is_some()
                }
                "idx" => serde_json::from_str::<u64>(raw).is_ok(),
                "value" => expected_value(raw).is_some(),
                "rid" => raw.starts_with('"') && text_of(raw).is_some_and(|rid| !rid.is_empty()),
                "protocol" => raw.starts_with('"') && text_of(raw).is_some(),
                _ => true,
            };
            if !well_formed {
                malformed = malformed.or(Some(name.to_owned()));
            } else {
                plain.insert(name.to_owned(), raw);
            }
        }
        let body = &frame.body;
        assert_eq!(body.malformed.map(str::to_owned), malformed, "{text:?}");
        assert_eq!(body.payload, plain.get("payload").map(|raw| self.span(raw)), "{text:?}");
        assert_eq!(body.reason, plain.get("reason").map(|raw| self.span(raw)), "{text:?}");
        assert_eq!(body.idx, plain.get("idx").map(|raw| serde_json::from_str(raw).unwrap()), "{text:?}");
        assert_eq!(
            body.rid.map(|rid| self.names.rids[rid as usize].clone()),
            plain.get("rid").and_then(|raw| text_of(raw))
        );
        assert_eq!(body.protocol, plain.get("protocol").and_then(|raw| text_of(raw)), "{text:?}");
        assert_eq!(body.value.is_some(), plain.contains_key("value"), "{text:?}");
        if let Some(value) = &body.value {
            self.value(value, &expected_value(plain["value"]).unwrap());
        }

        assert_eq!(body.values, values.is_some(), "{text:?}");
        // Where there are none, what is there means nothing.
        let values = values.unwrap_or_default();
        let found = if body.values { &frame.values[..] } else { &[] };
        assert_eq!(found.len(), values.len(), "{text:?}");
        for (member, (key, expected)) in found.iter().zip(&values) {
            assert_eq!(self.names.keys[member.key as usize], wtf8(key), "{text:?}");
            self.value(&member.value, expected);
        }

        assert_eq!(frame.set.len(), set.len(), "{text:?}");
        for (entry, expected) in frame.set.iter().zip(&set) {
            assert_eq!(entry.kind, expected.kind, "{text:?}");
            assert_eq!(Some(self.names.rids[entry.resource as usize].clone()), text_of(expected.rid), "{text:?}");
            assert_eq!(entry.rid, self.span(expected.rid), "{text:?}");
            assert_eq!(entry.value, self.span(expected.value), "{text:?}");
            if self.is_taken_again(frame, entry) {
                assert_eq!((frame.cells_of(entry).len(), frame.members_of(entry).len()), (0, 0), "{text:?}");
                continue;
            }
            let remembered = expected.remembered();
            assert_eq!(frame.cells_of(entry).len(), remembered.len(), "{text:?}");
            for (&cell, meaning) in frame.cells_of(entry).iter().zip(remembered) {
                match meaning {
                    Some(meaning) => self.cell(cell, meaning),
                    None => assert_eq!(cell, Cell::UNKNOWN, "{text:?}"),
                }
            }
            if entry.kind == ResourceKind::Model {
                self.models.insert(expected.value.to_owned(), entry.digest, text);
            }
            let keys = frame.keys_of(entry).iter().map(|&key| self.names.keys[key as usize].clone());
            assert!(keys.eq(expected.cells.iter().filter_map(|(key, _)| key.map(wtf8))), "{text:?}");
            let members = frame.members_of(entry);
            match (entry.kind, self.names.held) {
                (ResourceKind::Model, Held::Model(_)) | (ResourceKind::Collection, Held::Collection) => {
                    assert_eq!(members.len(), expected.cells.len(), "{text:?}");
                }
                _ => assert_eq!(members.len(), 0, "{text:?}"),
            }
            for (member, (key, expected)) in members.iter().zip(&expected.cells) {
                assert!(key.is_none_or(|key| self.names.keys[member.key as usize] == wtf8(key)), "{text:?}");
                self.value(&member.value, expected);
            }
        }
    }

    /// Whether a model is what is held, and so was not read. The first one that is compared has to be.
    fn is_taken_again(&self, frame: &Frame, entry: &SetEntry) -> bool {
        let is_held = entry.kind == ResourceKind::Model && self.names.held == Held::Model(entry.digest);
        let is_taken = is_held && frame.keys_of(entry).is_empty();
        let is_first =
            frame.set.iter().find(|entry| entry.kind == ResourceKind::Model).is_some_and(|e| e.rid == entry.rid);
        let is_alone = self.text.matches("models").count() == 1 && frame.body.malformed.is_none();
        assert!(is_taken || !(is_held && is_first && is_alone), "read again: {:?}", self.text);
        is_taken
    }

    fn value(&mut self, value: &Value, expected: &ExpectedValue<'_>) {
        assert_eq!(value.kind, expected.kind, "{:?} in {:?}", expected.raw, self.text);
        assert_eq!(value.span, self.span(expected.raw), "{:?} in {:?}", expected.raw, self.text);
        self.cell(value.cell, &expected.meaning);
    }

    fn cell(&mut self, cell: Cell, meaning: &Meaning) {
        self.cells.insert(meaning.clone(), cell.bits(), self.text);
        if let Meaning::Reference(rid) = meaning {
            assert_eq!(cell.as_reference().map(|rid| &self.names.rids[rid as usize]), Some(rid), "{:?}", self.text);
        } else {
            assert_eq!(cell.as_reference(), None, "{:?}", self.text);
        }
    }

    fn span(&self, raw: &str) -> Span {
        span(self.text, raw, self.units)
    }
}

struct Interner {
    rids: Vec<String>,
    keys: Vec<Vec<u8>>,
    held: Held,
}

impl Names for Interner {
    fn expect(&mut self, rids: usize) {
        assert!(rids <= 1 << 14, "room for {rids}");
    }

    fn numbered(&self) -> usize {
        self.rids.len()
    }

    fn rid(&mut self, rid: &str, _: Span) -> u32 {
        number(&mut self.rids, rid, str::to_owned)
    }

    fn find_rid(&self, rid: &str) -> Option<u32> {
        self.rids.iter().position(|known| known == rid).map(|at| at as u32)
    }

    fn held(&self, _: u32) -> Held {
        self.held
    }

    fn key(&mut self, key: &[u8], _: Span) -> u32 {
        number(&mut self.keys, key, <[u8]>::to_vec)
    }
}

fn number<T: PartialEq<Q>, Q: ?Sized>(list: &mut Vec<T>, wanted: &Q, own: impl Fn(&Q) -> T) -> u32 {
    let found = list.iter().position(|item| item == wanted).unwrap_or_else(|| {
        list.push(own(wanted));
        list.len() - 1
    });
    found as u32
}
