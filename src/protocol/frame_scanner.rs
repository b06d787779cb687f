//! Frames, scanned once.

use std::ops::Range;

use super::escape::unescape;
use super::frame::{EventKind, EventName, Frame, Member, ResourceKind, SetEntry, WireError};
use super::hash::{Digest, Hasher};
use super::rid;
use super::scan::{Literal, Malformed, Result, Scanner, Span, Str, Units};
use super::value::{Cell, Kind, Names, read_value};

/// Reads one frame.
pub(super) struct FrameScanner<'a, 'f, N> {
    scanner: Scanner<'a>,
    /// What stands before the values of the last model: a comma but for the first, and the key, if that is ASCII.
    likely: Vec<Option<Literal>>,
    hasher: Hasher,
    names: &'f mut N,
    frame: &'f mut Frame,
}

impl<'a, 'f, N: Names> FrameScanner<'a, 'f, N> {
    /// What is read goes to `frame`, which is empty.
    pub fn new(text: &'a str, units: Units, hasher: Hasher, names: &'f mut N, frame: &'f mut Frame) -> Self {
        FrameScanner { scanner: Scanner::new(text, units), likely: Vec::new(), hasher, names, frame }
    }

    pub fn frame(mut self) -> Result<()> {
        self.scanner.open(b'{')?;
        let mut first = true;
        while self.scanner.more(first, b'}')? {
            first = false;
            match self.scanner.name(&OUTER)? {
                Some(Outer::Id) => self.frame.id = Some(self.scanner.unsigned()?),
                Some(Outer::Event) => {
                    let name = self.scanner.string()?;
                    self.frame.event = Some(self.event_name(&name)?);
                }
                Some(Outer::Error) => self.frame.error = self.error()?,
                Some(Outer::Result) => {
                    self.frame.result = true;
                    self.body()?;
                }
                Some(Outer::Data) => self.body()?,
                None => {
                    self.scanner.skip()?;
                }
            }
        }
        self.scanner.finish()
    }

    /// Takes an error. One that is null is none.
    fn error(&mut self) -> Result<Option<WireError>> {
        let mut code = String::new();
        let first = self.scanner.peek();
        let object = first == b'{';
        let mark = self.scanner.mark();
        if object {
            self.scanner.open(b'{')?;
            let mut first = true;
            while self.scanner.more(first, b'}')? {
                first = false;
                let key = self.scanner.key()?;
                if self.scanner.raw(&key) == b"code" && self.scanner.peek() == b'"' {
                    let text = self.scanner.string()?;
                    // Half a character makes it no code that is known, but an error all the same.
                    code = self.scanner.text(&text).unwrap_or_default().into_owned();
                } else {
                    self.scanner.skip()?;
                }
            }
        } else {
            self.scanner.skip()?;
        }
        let error = WireError { span: self.scanner.span_from(mark), code };
        Ok(Some(error).filter(|_| first != b'n'))
    }

    fn event_name(&mut self, s: &Str) -> Result<EventName> {
        let text = self.scanner.text(s)?;
        let Some((rid, name)) = rid::split_last(&text) else {
            return Err(Malformed);
        };
        let kind = match name {
            "change" => EventKind::Change,
            "add" => EventKind::Add,
            "remove" => EventKind::Remove,
            "unsubscribe" => EventKind::Unsubscribe,
            "delete" => EventKind::Delete,
            // Also what a service should not have called an event: nothing depends on it.
            _ => EventKind::Other,
        };
        let resource = self.names.find_rid(rid);
        let written = if s.escaped { self.written(s, name)? } else { name.as_bytes() };
        let end = s.span.end - 1;
        Ok(EventName { resource, kind, span: Span { start: end - self.scanner.units(written), end } })
    }

    /// An event's name as it is written at the end of a string with escapes.
    #[cold]
    fn written(&mut self, s: &Str, name: &str) -> Result<&'a [u8]> {
        let raw = self.scanner.raw(s);
        let dot = raw.iter().rposition(|&b| b == b'.').map_or(0, |at| at + 1);
        let written = match raw.windows(6).rposition(|w| w.eq_ignore_ascii_case(b"\\u002e")) {
            Some(at) if at + 6 > dot => &raw[at + 6..],
            _ => &raw[dot..],
        };
        match unescape(written) == name.as_bytes() {
            true => Ok(written),
            false => Err(Malformed),
        }
    }

    /// Takes what the frame says; of several it is the last, as in `JSON.parse`.
    fn body(&mut self) -> Result<()> {
        self.frame.clear_body();
        let first = self.scanner.peek();
        let from = self.scanner.mark();
        if first == b'{' {
            self.members()?;
        } else {
            self.scanner.skip()?;
        }
        self.frame.body.span = self.scanner.span_from(from);
        Ok(())
    }

    fn members(&mut self) -> Result<()> {
        self.scanner.open(b'{')?;
        let mut first = true;
        while self.scanner.more(first, b'}')? {
            first = false;
            match self.scanner.name(&INNER)? {
                Some(Inner::Values) => self.attempt("values", Self::values)?,
                Some(Inner::Models) => self.attempt("models", |s| s.group(ResourceKind::Model))?,
                Some(Inner::Collections) => self.attempt("collections", |s| s.group(ResourceKind::Collection))?,
                Some(Inner::Errors) => self.attempt("errors", |s| s.group(ResourceKind::Error))?,
                Some(Inner::Payload) => self.frame.body.payload = Some(self.scanner.skip()?),
                Some(Inner::Reason) => self.frame.body.reason = Some(self.scanner.skip()?),
                Some(Inner::Idx) => self.attempt("idx", |s| {
                    s.frame.body.idx = Some(s.scanner.unsigned()?);
                    Ok(())
                })?,
                Some(Inner::Value) => self.attempt("value", |s| {
                    s.frame.body.value = Some(read_value(&mut s.scanner, s.hasher, s.names)?);
                    Ok(())
                })?,
                Some(Inner::Rid) => self.attempt("rid", |s| {
                    let rid = s.scanner.string()?;
                    let text = s.scanner.text(&rid)?;
                    if text.is_empty() {
                        return Err(Malformed);
                    }
                    s.frame.body.rid = Some(s.names.rid(&text, rid.span));
                    Ok(())
                })?,
                Some(Inner::Protocol) => self.attempt("protocol", |s| {
                    let protocol = s.scanner.string()?;
                    s.frame.body.protocol = Some(s.scanner.text(&protocol)?.into_owned());
                    Ok(())
                })?,
                None => {
                    self.scanner.skip()?;
                }
            }
        }
        Ok(())
    }

    /// Reads a member of the protocol; when it has not the form it should have, passes over it and notes its name.
    fn attempt(&mut self, name: &'static str, read: fn(&mut Self) -> Result<()>) -> Result<()> {
        self.scanner.peek();
        let (mark, depth) = (self.scanner.mark(), self.scanner.depth());
        let (set, values, cells) = (self.frame.set.len(), self.frame.values.len(), self.frame.cells.len());
        let keys = self.frame.keys.len();
        if read(self).is_err() {
            self.frame.set.truncate(set);
            self.frame.values.truncate(values);
            self.frame.cells.truncate(cells);
            self.frame.keys.truncate(keys);
            self.frame.body.malformed.get_or_insert(name);
            self.scanner.rewind(mark, depth);
            self.scanner.skip()?;
        }
        Ok(())
    }

    /// Takes a group of a resource set.
    fn group(&mut self, kind: ResourceKind) -> Result<()> {
        self.frame.set.retain(|entry| entry.kind != kind);
        self.scanner.open(b'{')?;
        // Growing step by step, lists would be written several times, and to memory that was never used.
        let resources = (self.scanner.left() / USUAL_RESOURCE).min(MOST_EXPECTED);
        self.frame.set.reserve(resources);
        self.names.expect(resources);
        self.likely.clear();
        let mut keys = 0..0;
        let mut first = true;
        while self.scanner.more(first, b'}')? {
            first = false;
            let rid = self.scanner.key()?;
            let resource = {
                let text = self.scanner.text(&rid)?;
                self.names.rid(&text, rid.span)
            };
            self.scanner.peek();
            let mark = self.scanner.mark();
            let from = self.frame.cells.len();
            let mut digest = Digest::NONE;
            match kind {
                ResourceKind::Model => {
                    digest = self.names.digest(resource);
                    if !self.scanner.take_again(digest, self.hasher) {
                        keys = self.model(keys.start)?;
                        digest = Digest::of(self.scanner.taken(mark), self.hasher);
                    }
                }
                ResourceKind::Collection => self.collection()?,
                ResourceKind::Error => self.error_entry()?,
            }
            let value = self.scanner.span_from(mark);
            let cells = from..self.frame.cells.len();
            let keys = keys.clone();
            self.frame.set.push(SetEntry { kind, resource, rid: rid.span, value, mark, cells, keys, digest });
        }
        Ok(())
    }

    /// Takes the members of a model. `before` is where the keys of the model before it begin, the result where its own stand:
    /// mostly it has the same, spelled the same, and they are neither scanned nor looked up.
    fn model(&mut self, before: usize) -> Result<Range<usize>> {
        self.scanner.open(b'{')?;
        let first = self.frame.cells.len();
        let mut count = 0;
        while let Some(&Some(literal)) = self.likely.get(count)
            && self.scanner.take_same(literal)
        {
            self.member(first, count)?;
            count += 1;
        }
        let mut from = self.scanner.mark();
        if !self.scanner.more(count == 0, b'}')? {
            return Ok(before..before + count);
        }
        let keys = self.frame.keys.len();
        self.frame.keys.extend_from_within(before..before + count);
        self.likely.truncate(count);
        loop {
            let key = self.member_key()?;
            self.frame.keys.push(key);
            self.likely.push(self.scanner.literal_from(from));
            self.member(first, count)?;
            count += 1;
            from = self.scanner.mark();
            if !self.scanner.more(false, b'}')? {
                return Ok(keys..keys + count);
            }
        }
    }

    /// Takes the value of a model's member number `at`, whose cells begin at `first`. Before there is a reference, nothing has
    /// to be remembered.
    #[inline]
    fn member(&mut self, first: usize, at: usize) -> Result<()> {
        let mut cell = Cell::UNKNOWN;
        match self.scanner.peek() {
            b'{' | b'[' => {
                let value = self.value()?;
                if value.as_reference().is_some() {
                    cell = value;
                }
            }
            _ => self.scanner.scalar()?,
        }
        let cells = &mut self.frame.cells;
        if cells.len() == first {
            if cell == Cell::UNKNOWN {
                return Ok(());
            }
            cells.resize(first + at, Cell::UNKNOWN);
        }
        cells.push(cell);
        Ok(())
    }

    fn collection(&mut self) -> Result<()> {
        self.scanner.open(b'[')?;
        let mut first = true;
        while self.scanner.more(first, b']')? {
            first = false;
            let cell = self.value()?;
            self.frame.cells.push(cell);
        }
        Ok(())
    }

    /// Takes an object as a value, or an item.
    fn value(&mut self) -> Result<Cell> {
        let value = read_value(&mut self.scanner, self.hasher, self.names)?;
        match value.kind {
            // Only in a change is there anything to delete.
            Kind::Delete => Err(Malformed),
            _ => Ok(value.cell),
        }
    }

    fn error_entry(&mut self) -> Result<()> {
        if self.scanner.peek() != b'{' {
            return Err(Malformed);
        }
        let hash = self.scanner.hash_value(self.hasher)?;
        self.frame.cells.push(Cell::hash(hash));
        Ok(())
    }

    fn values(&mut self) -> Result<()> {
        self.frame.values.clear();
        self.scanner.open(b'{')?;
        let mut first = true;
        while self.scanner.more(first, b'}')? {
            first = false;
            let key = self.member_key()?;
            let value = read_value(&mut self.scanner, self.hasher, self.names)?;
            self.frame.values.push(Member { key, value });
        }
        self.frame.body.values = true;
        Ok(())
    }

    #[inline]
    fn member_key(&mut self) -> Result<u32> {
        let key = self.scanner.key()?;
        Ok(self.names.key(&self.scanner.unescape(&key), key.span))
    }
}

impl SetEntry {
    /// Scans the value once more, for the spans of its members or items: they are only needed for what changed, so the
    /// first scan does not keep them. The result is in the order of the text.
    pub fn rescan(&self, text: &str, units: Units, hasher: Hasher, names: &mut impl Names) -> Result<Vec<Member>> {
        let mut scanner = Scanner::new(text, units);
        scanner.rewind(self.mark, 0);
        let (open, close) = self.kind.brackets();
        let mut members = Vec::with_capacity(self.keys.len().max(self.cells.len()));
        scanner.open(open)?;
        while scanner.more(members.is_empty(), close)? {
            let key = match self.kind {
                ResourceKind::Model => {
                    let key = scanner.key()?;
                    names.key(&scanner.unescape(&key), key.span)
                }
                _ => 0,
            };
            members.push(Member { key, value: read_value(&mut scanner, hasher, names)? });
        }
        Ok(members)
    }
}

/// Members of a frame.
#[derive(Clone, Copy)]
enum Outer {
    Event,
    Data,
    Result,
    Id,
    Error,
}

const OUTER: [(&str, Outer); 5] = [
    ("event", Outer::Event),
    ("data", Outer::Data),
    ("result", Outer::Result),
    ("id", Outer::Id),
    ("error", Outer::Error),
];

/// Members of `result` and `data`.
#[derive(Clone, Copy)]
enum Inner {
    Values,
    Idx,
    Value,
    Models,
    Collections,
    Errors,
    Rid,
    Payload,
    Reason,
    Protocol,
}

const INNER: [(&str, Inner); 10] = [
    ("values", Inner::Values),
    ("idx", Inner::Idx),
    ("value", Inner::Value),
    ("models", Inner::Models),
    ("collections", Inner::Collections),
    ("errors", Inner::Errors),
    ("rid", Inner::Rid),
    ("payload", Inner::Payload),
    ("reason", Inner::Reason),
    ("protocol", Inner::Protocol),
];

/// Bytes of text that a resource mostly has.
const USUAL_RESOURCE: usize = 200;
/// How many resources are reckoned with for the length of a text, which may as well hold one that is large.
const MOST_EXPECTED: usize = 1 << 14;
