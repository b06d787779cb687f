//! Frames from the gateway (RES-Client protocol, "Responses" and "Events").
//!
//! Nothing is applied while scanning: a [`Frame`] is complete before the first resource changes, so a frame that turns
//! out malformed at its end has done nothing. The buffers are reused from frame to frame.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::value::RawValue;

use super::error::ResError;
use super::escape::mend;
use super::frame_scanner::FrameScanner;
use super::hash::{Digest, Hasher};
use super::scan::{Result, Span, Units};
use super::value::{Cell, Names, Value};
use crate::growth;

/// The kinds of resource a set can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    Model,
    Collection,
    Error,
}

/// A resource in a set.
#[derive(Debug, Clone)]
pub struct SetEntry {
    pub kind: ResourceKind,
    /// Number of the resource id.
    pub resource: u32,
    /// The id as a JSON string, with its quotes.
    pub rid: Span,
    /// The JSON text of the value.
    pub value: Span,
    /// The text of a model is known again by this. If it is the one that the cached model has, nothing but this is known.
    pub digest: Digest,
    /// Number of its [`Lists`].
    pub(super) lists: u32,
}

/// Where what a resource consists of stands in the lists of its frame. Models that follow one another mostly have it in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Lists {
    pub cells: Range<usize>,
    pub members: Range<usize>,
    pub keys: Range<usize>,
}

/// A member in a change event.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub key: u32,
    pub value: Value,
}

/// The events that mean something to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    Change,
    Add,
    Remove,
    Unsubscribe,
    /// Passed on to listeners; the value is the last one there will be.
    Delete,
    /// Passed on to listeners.
    Other,
}

/// An event's resource and name.
#[derive(Debug, Clone, Copy)]
pub struct EventName {
    /// `None` when no resource of that id is known.
    pub resource: Option<u32>,
    pub kind: EventKind,
    /// The name as it is written at the end of a JSON string, so escapes are possible.
    pub span: Span,
}

/// An error in an answer.
#[derive(Debug)]
pub struct WireError {
    /// The JSON text of the error object.
    pub span: Span,
    /// Its code; empty when it has none, or one of half a character.
    pub code: String,
}

/// What an object in `result` or `data` holds besides resources.
#[derive(Debug, Default)]
pub struct Body {
    /// The whole of `result` or `data`.
    pub span: Span,
    pub payload: Option<Span>,
    pub rid: Option<u32>,
    pub protocol: Option<String>,
    pub reason: Option<Span>,
    pub idx: Option<u64>,
    pub value: Option<Value>,
    /// Whether `values` was there and was an object of values.
    pub values: bool,
    /// The first member that has a name of the protocol but not its form. A custom event may well have one.
    pub malformed: Option<&'static str>,
}

/// A scanned frame.
#[derive(Debug, Default)]
pub struct Frame {
    pub id: Option<u64>,
    pub event: Option<EventName>,
    pub error: Option<WireError>,
    pub result: bool,
    pub body: Body,
    pub set: Vec<SetEntry>,
    pub values: Vec<Member>,
    /// The members and items of those that are compared with what is held.
    pub(super) members: Vec<Member>,
    /// Cells of all resources in the set, one after the other.
    pub(super) cells: Vec<Cell>,
    /// What the entries of the set refer to.
    pub(super) lists: Vec<Lists>,
    /// The keys of models' members. Models that follow one another and have the same ones share them.
    pub(super) keys: Vec<u32>,
    /// The part of the text that is being scanned.
    pub(super) window: String,
}

/// A text that comes part by part.
pub trait Source {
    /// Appends the next part. Whether there is more after it.
    fn read(&mut self, window: &mut String) -> bool;
    /// About how many bytes that will be.
    fn left(&self) -> usize;
}

/// A text that is there, in parts of so many bytes.
pub struct Parts<'a> {
    pub rest: &'a str,
    pub most: usize,
}

impl Source for Parts<'_> {
    fn read(&mut self, window: &mut String) -> bool {
        let (part, rest) = self.rest.split_at(self.rest.ceil_char_boundary(self.most));
        window.push_str(part);
        self.rest = rest;
        !rest.is_empty()
    }

    fn left(&self) -> usize {
        self.rest.len()
    }
}

impl Frame {
    /// Scans a text, replacing what was here.
    pub fn scan(&mut self, text: impl Source, units: Units, hasher: Hasher, names: &mut impl Names) -> Result<()> {
        self.clear();
        let mut window = std::mem::take(&mut self.window);
        let result = FrameScanner::new(hasher, names, self).scan(text, &mut window, units);
        window.clear();
        window.shrink_to(KEPT_TEXT);
        self.window = window;
        result
    }

    /// The keys of the members of a model in the set; none for other resources.
    pub fn keys_of(&self, entry: &SetEntry) -> &[u32] {
        &self.keys[self.lists_of(entry).keys.clone()]
    }

    /// The cells of its members or items. Of a model without references there are none.
    pub fn cells_of(&self, entry: &SetEntry) -> &[Cell] {
        &self.cells[self.lists_of(entry).cells.clone()]
    }

    /// Its members or items, in the order of the text, if the resource is held with another text.
    pub fn members_of(&self, entry: &SetEntry) -> &[Member] {
        &self.members[self.lists_of(entry).members.clone()]
    }

    fn lists_of(&self, entry: &SetEntry) -> &Lists {
        &self.lists[entry.lists as usize]
    }

    /// The number of these lists. Where one is empty does not matter.
    pub(super) fn number(&mut self, cells: Range<usize>, members: Range<usize>, keys: Range<usize>) -> u32 {
        let somewhere = |range: Range<usize>| if range.is_empty() { 0..0 } else { range };
        let lists = Lists { cells: somewhere(cells), members: somewhere(members), keys: somewhere(keys) };
        if self.lists.last() != Some(&lists) {
            growth::push(&mut self.lists, lists);
        }
        self.lists.len() as u32 - 1
    }

    /// A resource that is referred to did not come. Where it is referred to stands in for it, as an error that says nothing.
    pub fn stand_in(&mut self, resource: u32, rid: Span) {
        let at = self.cells.len();
        self.cells.push(Cell::UNKNOWN);
        let lists = self.number(at..at + 1, 0..0, 0..0);
        let (kind, digest) = (ResourceKind::Error, Digest::NONE);
        self.set.push(SetEntry { kind, resource, rid, value: rid, digest, lists });
    }

    fn clear(&mut self) {
        (self.id, self.event, self.error, self.result) = (None, None, None, false);
        self.clear_body();
    }

    /// Forgets what an object in `result` or `data` held.
    pub(super) fn clear_body(&mut self) {
        self.body = Body::default();
        self.set.clear();
        self.values.clear();
        self.members.clear();
        self.cells.clear();
        self.lists.clear();
        self.keys.clear();
    }

    /// Empties it, and gives back the memory of what was unusually large.
    pub fn reset(&mut self) {
        self.clear();
        self.set.shrink_to(KEPT);
        self.values.shrink_to(KEPT);
        self.members.shrink_to(KEPT);
        self.cells.shrink_to(KEPT);
        self.lists.shrink_to(KEPT);
        self.keys.shrink_to(KEPT);
    }
}

/// Reads an error object; a code or message that is missing, or no text, is filled in.
pub fn read_error(text: &str) -> ResError {
    let text = mend(text);
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap_or_default();
    let member = |name: &str, missing: Cow<'static, str>| {
        let text = members.get(name).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        text.filter(|text| !text.is_empty()).map_or(missing, Into::into)
    };
    let data = members.get("data").filter(|raw| raw.get() != "null");
    ResError {
        code: member("code", ResError::UNKNOWN_ERROR.code),
        message: member("message", ResError::UNKNOWN_ERROR.message),
        data: data.map(|&raw| raw.to_owned()),
    }
}

/// Entries a buffer keeps between frames.
const KEPT: usize = 256;
/// Bytes that the buffer of the text keeps.
const KEPT_TEXT: usize = 1 << 17;
