//! Frames, scanned part by part: no more of the text is there than is needed for the next member, item or resource. What the end of a
//! part cuts in two is scanned once more when the rest is there.

use std::ops::Range;

use super::escape::unescape;
use super::frame::{EventKind, EventName, Frame, Member, ResourceKind, SetEntry, Source, WireError};
use super::hash::{Digest, Hasher};
use super::rid;
use super::scan::{Malformed, Mark, Result, Scanner, Span, Str, Units};
use super::value::{Cell, Held, Kind, Names, read_value};

/// Reads one frame.
pub(super) struct FrameScanner<'f, N> {
    hasher: Hasher,
    names: &'f mut N,
    frame: &'f mut Frame,
    place: Place,
    /// Whether nothing was read yet of what is open there.
    first: bool,
    group: Group,
    /// The collection that is being read, without its items.
    list: Option<SetEntry>,
    /// Whether it is compared with what is held.
    compared: bool,
    /// What stands before the values of the last model: a comma but for the first, and the key, if that is ASCII.
    likely: Likely,
    /// The keys of the last model.
    keys: Range<usize>,
    /// About how many bytes of the text are not there yet.
    ahead: usize,
    /// Bytes that were hashed for texts that turned out to be others than what is held.
    vain: usize,
}

/// What is open: what comes next is a member, a resource or an item of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Outer,
    Body,
    Group,
    List,
}

/// A group of a resource set.
struct Group {
    kind: ResourceKind,
    /// Resources of the frame before it.
    before: usize,
    /// Whether something in it has not the form it should have: then nothing of it counts.
    spoilt: bool,
}

/// Short texts one after the other.
#[derive(Default)]
struct Likely {
    text: Vec<u8>,
    /// Where each of them ends, and whether it counts.
    ends: Vec<(usize, bool)>,
}

impl Likely {
    fn get(&self, at: usize) -> Option<&[u8]> {
        let &(end, counts) = self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before].0);
        self.text.get(start..end).filter(|_| counts)
    }

    fn push(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
        self.ends.push((self.text.len(), text.is_ascii()));
    }

    fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
        self.text.truncate(self.ends.last().map_or(0, |&(end, _)| end));
    }
}

impl<'f, N: Names> FrameScanner<'f, N> {
    /// What is read goes to `frame`, which is empty.
    pub fn new(hasher: Hasher, names: &'f mut N, frame: &'f mut Frame) -> Self {
        let group = Group { kind: ResourceKind::Error, before: 0, spoilt: false };
        FrameScanner {
            hasher,
            names,
            frame,
            place: Place::Start,
            first: true,
            group,
            list: None,
            compared: false,
            likely: Likely::default(),
            keys: 0..0,
            ahead: 0,
            vain: 0,
        }
    }

    /// Reads a text, of which `window`, empty at first, is to have what is needed at a time.
    pub fn scan(mut self, mut text: impl Source, window: &mut String, units: Units) -> Result<()> {
        let (mut before, mut depth) = (0, 0);
        let mut more = text.read(window);
        loop {
            self.ahead = text.left();
            let mut scanner = Scanner::resume(window, units, before, depth);
            if self.steps(&mut scanner, more)? {
                return Ok(());
            }
            let taken = scanner.pos();
            (before, depth) = (scanner.units_before(), scanner.depth());
            window.drain(..taken);
            // Each time what is there does not suffice it is at least doubled, or its beginning would be read too often.
            let enough = window.len() * 2;
            while more && window.len() <= enough {
                let len = window.len();
                more = text.read(window) && window.len() > len;
            }
        }
    }

    /// Goes on, to the end, or as far as the text is there. Whether that is the end.
    fn steps(&mut self, scanner: &mut Scanner<'_>, more: bool) -> Result<bool> {
        loop {
            let (mark, depth) = (scanner.mark(), scanner.depth());
            let (place, first) = (self.place, self.first);
            let (set, cells, members) = self.lengths();
            let step = self.step(scanner);
            // What ends where the text ends so far may not be all of it, and what is wrong there may be only a part.
            if more && (step.is_err() || scanner.left() == 0) {
                (self.place, self.first) = (place, first);
                self.frame.set.truncate(set);
                self.frame.cells.truncate(cells);
                self.frame.members.truncate(members);
                // It may be that of what was read last.
                self.likely.truncate(0);
                scanner.rewind(mark, depth);
                return Ok(false);
            }
            match step {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(Malformed) => {
                    scanner.rewind(mark, depth);
                    (self.place, self.first) = (place, first);
                    self.spoil(scanner)?;
                }
            }
            if more && scanner.left() < ENOUGH {
                return Ok(false);
            }
        }
    }

    /// Takes one thing. Whether that was the end of the text.
    fn step(&mut self, scanner: &mut Scanner<'_>) -> Result<bool> {
        let first = std::mem::replace(&mut self.first, false);
        match self.place {
            Place::Start => {
                scanner.open(b'{')?;
                self.enter(Place::Outer);
            }
            Place::Outer if scanner.more(first, b'}')? => self.outer(scanner)?,
            Place::Outer => {
                scanner.finish()?;
                return Ok(true);
            }
            Place::Body if scanner.more(first, b'}')? => self.inner(scanner)?,
            Place::Body => {
                self.frame.body.span.end = scanner.units_before();
                self.place = Place::Outer;
            }
            Place::Group if scanner.more(first, b'}')? => self.resource(scanner)?,
            Place::Group => self.place = Place::Body,
            Place::List if scanner.more(first, b']')? => self.item(scanner)?,
            Place::List => {
                self.place = Place::Group;
                // It stays there, for this may be taken back.
                self.frame.set.extend(self.list.clone().map(|list| SetEntry {
                    value: Span { end: scanner.units_before(), ..list.value },
                    cells: list.cells.start..self.frame.cells.len(),
                    members: list.members.start..self.frame.members.len(),
                    ..list
                }));
            }
        }
        Ok(false)
    }

    fn enter(&mut self, place: Place) {
        self.place = place;
        self.first = true;
    }

    /// Something in a group has not the form it should have. Passes over it: nothing of the group counts.
    #[cold]
    fn spoil(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        let first = std::mem::replace(&mut self.first, false);
        match self.place {
            Place::Group if scanner.more(first, b'}')? => {
                scanner.key()?;
                scanner.skip()?;
            }
            Place::List => {
                let mut first = first;
                while scanner.more(first, b']')? {
                    first = false;
                    scanner.skip()?;
                }
                self.list = None;
                self.place = Place::Group;
            }
            _ => return Err(Malformed),
        }
        self.group.spoilt = true;
        self.frame.set.truncate(self.group.before);
        self.frame.body.malformed.get_or_insert(match self.group.kind {
            ResourceKind::Model => "models",
            ResourceKind::Collection => "collections",
            ResourceKind::Error => "errors",
        });
        Ok(())
    }

    /// How many resources there are, cells, and members.
    fn lengths(&self) -> (usize, usize, usize) {
        (self.frame.set.len(), self.frame.cells.len(), self.frame.members.len())
    }

    /// Takes a member of the frame.
    fn outer(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        match scanner.name(&OUTER)? {
            Some(Outer::Id) => self.frame.id = Some(scanner.unsigned()?),
            Some(Outer::Event) => {
                let name = scanner.string()?;
                self.frame.event = Some(self.event_name(scanner, &name)?);
            }
            Some(Outer::Error) => self.frame.error = error(scanner)?,
            Some(Outer::Result) => {
                self.frame.result = true;
                self.body(scanner)?;
            }
            Some(Outer::Data) => self.body(scanner)?,
            None => {
                scanner.skip()?;
            }
        }
        Ok(())
    }

    fn event_name(&mut self, scanner: &Scanner<'_>, s: &Str) -> Result<EventName> {
        let text = scanner.text(s)?;
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
        let written = if s.escaped { written(scanner, s, name)? } else { name.as_bytes() };
        let end = s.span.end - 1;
        Ok(EventName { resource, kind, span: Span { start: end - scanner.units(written), end } })
    }

    /// Begins to take what the frame says; of several it is the last, as in `JSON.parse`.
    fn body(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        self.frame.clear_body();
        let first = scanner.peek();
        let from = scanner.mark();
        if first == b'{' {
            scanner.open(b'{')?;
            self.enter(Place::Body);
        } else {
            scanner.skip()?;
        }
        self.frame.body.span = scanner.span_from(from);
        Ok(())
    }

    /// Takes a member of what the frame says.
    fn inner(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        match scanner.name(&INNER)? {
            Some(Inner::Values) => self.attempt(scanner, "values", Self::values)?,
            Some(Inner::Models) => {
                self.attempt(scanner, "models", |s, scanner| s.begin(scanner, ResourceKind::Model))?
            }
            Some(Inner::Collections) => {
                self.attempt(scanner, "collections", |s, scanner| s.begin(scanner, ResourceKind::Collection))?;
            }
            Some(Inner::Errors) => {
                self.attempt(scanner, "errors", |s, scanner| s.begin(scanner, ResourceKind::Error))?
            }
            Some(Inner::Payload) => self.frame.body.payload = Some(scanner.skip()?),
            Some(Inner::Reason) => self.frame.body.reason = Some(scanner.skip()?),
            Some(Inner::Idx) => self.attempt(scanner, "idx", |s, scanner| {
                let idx = scanner.unsigned()?;
                // At the end of a part it may be the beginning of a number that is none.
                if scanner.left() > 0 {
                    s.frame.body.idx = Some(idx);
                }
                Ok(())
            })?,
            Some(Inner::Value) => self.attempt(scanner, "value", |s, scanner| {
                s.frame.body.value = Some(read_value(scanner, s.hasher, s.names)?);
                Ok(())
            })?,
            Some(Inner::Rid) => self.attempt(scanner, "rid", |s, scanner| {
                let rid = scanner.string()?;
                let text = scanner.text(&rid)?;
                if text.is_empty() {
                    return Err(Malformed);
                }
                s.frame.body.rid = Some(s.names.rid(&text, rid.span));
                Ok(())
            })?,
            Some(Inner::Protocol) => self.attempt(scanner, "protocol", |s, scanner| {
                let protocol = scanner.string()?;
                s.frame.body.protocol = Some(scanner.text(&protocol)?.into_owned());
                Ok(())
            })?,
            None => {
                scanner.skip()?;
            }
        }
        Ok(())
    }

    /// Reads a member of the protocol; when it has not the form it should have, passes over it and notes its name.
    fn attempt(
        &mut self,
        scanner: &mut Scanner<'_>,
        name: &'static str,
        read: fn(&mut Self, &mut Scanner<'_>) -> Result<()>,
    ) -> Result<()> {
        scanner.peek();
        let (mark, depth) = (scanner.mark(), scanner.depth());
        if read(self, scanner).is_err() {
            scanner.rewind(mark, depth);
            scanner.skip()?;
            if scanner.left() > 0 {
                self.frame.body.malformed.get_or_insert(name);
            }
        }
        Ok(())
    }

    /// Begins a group of a resource set.
    fn begin(&mut self, scanner: &mut Scanner<'_>, kind: ResourceKind) -> Result<()> {
        scanner.open(b'{')?;
        self.frame.set.retain(|entry| entry.kind != kind);
        self.group = Group { kind, before: self.frame.set.len(), spoilt: false };
        // Growing step by step, lists would be written several times, and to memory that was never used.
        let resources = ((scanner.left() + self.ahead) / USUAL_RESOURCE).min(MOST_EXPECTED);
        self.frame.set.reserve(resources);
        self.names.expect(resources);
        self.likely.truncate(0);
        self.keys = 0..0;
        self.enter(Place::Group);
        Ok(())
    }

    /// Takes a resource, or begins a collection.
    fn resource(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        let kind = self.group.kind;
        let rid = scanner.key()?;
        if self.group.spoilt {
            return scanner.skip().map(drop);
        }
        let resource = self.names.rid(&scanner.text(&rid)?, rid.span);
        scanner.peek();
        let mark = scanner.mark();
        let (_, cells, members) = self.lengths();
        let (mut digest, mut keys) = (Digest::NONE, 0..0);
        match kind {
            ResourceKind::Model => (digest, keys) = self.model(scanner, resource, mark)?,
            ResourceKind::Collection => scanner.open(b'[')?,
            ResourceKind::Error => self.error_entry(scanner)?,
        }
        let entry = SetEntry {
            kind,
            resource,
            rid: rid.span,
            value: scanner.span_from(mark),
            cells: cells..self.frame.cells.len(),
            members: members..self.frame.members.len(),
            keys,
            digest,
        };
        if kind == ResourceKind::Collection {
            self.list = Some(entry);
            self.compared = self.names.held(resource) == Held::Collection;
            self.enter(Place::List);
        } else {
            self.frame.set.push(entry);
        }
        Ok(())
    }

    /// Takes a model, or passes over one that is what is held: by what its text is known again, and where its keys stand.
    fn model(&mut self, scanner: &mut Scanner<'_>, resource: u32, mark: Mark) -> Result<(Digest, Range<usize>)> {
        let held = self.names.held(resource);
        // No more is hashed in vain than was read, or one long text could be compared with any number of short ones.
        if let Held::Model(digest) = held
            && self.vain <= scanner.units_before() as usize
        {
            if scanner.take_again(digest, self.hasher) {
                return Ok((digest, 0..0));
            }
            // What is longer than what is there was not hashed.
            if digest.bytes() <= scanner.left() {
                self.vain += digest.bytes();
            }
        }
        self.keys = self.members(scanner, matches!(held, Held::Model(_)))?;
        Ok((Digest::of(scanner.taken(mark), self.hasher), self.keys.clone()))
    }

    /// Takes the members of a model. Mostly it has the keys of the one before it, spelled the same, and they are neither scanned nor
    /// looked up. The result is where its keys stand.
    fn members(&mut self, scanner: &mut Scanner<'_>, compared: bool) -> Result<Range<usize>> {
        scanner.open(b'{')?;
        let before = self.keys.start;
        let first = self.frame.cells.len();
        let mut count = 0;
        while let Some(text) = self.likely.get(count)
            && scanner.take_same(text)
        {
            self.member(scanner, compared.then(|| self.frame.keys[before + count]), first, count)?;
            count += 1;
        }
        let mut from = scanner.mark();
        if !scanner.more(count == 0, b'}')? {
            return Ok(before..before + count);
        }
        let keys = self.frame.keys.len();
        self.frame.keys.extend_from_within(before..before + count);
        self.likely.truncate(count);
        loop {
            let key = self.member_key(scanner)?;
            self.frame.keys.push(key);
            self.likely.push(scanner.taken(from));
            self.member(scanner, compared.then_some(key), first, count)?;
            count += 1;
            from = scanner.mark();
            if !scanner.more(false, b'}')? {
                return Ok(keys..keys + count);
            }
        }
    }

    /// Takes the value of a model's member number `at`, whose cells begin at `first`. Before there is a reference, nothing has
    /// to be remembered; but for one that is compared, by its key.
    #[inline]
    fn member(&mut self, scanner: &mut Scanner<'_>, key: Option<u32>, first: usize, at: usize) -> Result<()> {
        let mut cell = Cell::UNKNOWN;
        match scanner.peek() {
            b'{' | b'[' => cell = self.value(scanner, key)?,
            _ if key.is_some() => drop(self.value(scanner, key)?),
            _ => scanner.scalar()?,
        }
        if cell.as_reference().is_none() {
            cell = Cell::UNKNOWN;
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

    /// Takes an item of a collection.
    fn item(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        let cell = self.value(scanner, self.compared.then_some(0))?;
        self.frame.cells.push(cell);
        Ok(())
    }

    /// Takes a value, and notes it under the key, if there is one.
    fn value(&mut self, scanner: &mut Scanner<'_>, key: Option<u32>) -> Result<Cell> {
        let value = read_value(scanner, self.hasher, self.names)?;
        // Only in a change is there anything to delete.
        if value.kind == Kind::Delete {
            return Err(Malformed);
        }
        self.frame.members.extend(key.map(|key| Member { key, value }));
        Ok(value.cell)
    }

    fn error_entry(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        if scanner.peek() != b'{' {
            return Err(Malformed);
        }
        let hash = scanner.hash_value(self.hasher)?;
        self.frame.cells.push(Cell::hash(hash));
        Ok(())
    }

    fn values(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        self.frame.values.clear();
        scanner.open(b'{')?;
        let mut first = true;
        while scanner.more(first, b'}')? {
            first = false;
            let key = self.member_key(scanner)?;
            let value = read_value(scanner, self.hasher, self.names)?;
            self.frame.values.push(Member { key, value });
        }
        self.frame.body.values = true;
        Ok(())
    }

    #[inline]
    fn member_key(&mut self, scanner: &mut Scanner<'_>) -> Result<u32> {
        let key = scanner.key()?;
        Ok(self.names.key(&scanner.unescape(&key), key.span))
    }
}

/// Takes an error. One that is null is none.
fn error(scanner: &mut Scanner<'_>) -> Result<Option<WireError>> {
    let mut code = String::new();
    let first = scanner.peek();
    let object = first == b'{';
    let mark = scanner.mark();
    if object {
        scanner.open(b'{')?;
        let mut first = true;
        while scanner.more(first, b'}')? {
            first = false;
            let key = scanner.key()?;
            if scanner.raw(&key) == b"code" && scanner.peek() == b'"' {
                let text = scanner.string()?;
                // Half a character makes it no code that is known, but an error all the same.
                code = scanner.text(&text).unwrap_or_default().into_owned();
            } else {
                scanner.skip()?;
            }
        }
    } else {
        scanner.skip()?;
    }
    let error = WireError { span: scanner.span_from(mark), code };
    Ok(Some(error).filter(|_| first != b'n'))
}

/// An event's name as it is written at the end of a string with escapes.
#[cold]
fn written<'a>(scanner: &Scanner<'a>, s: &Str, name: &str) -> Result<&'a [u8]> {
    let raw = scanner.raw(s);
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

/// Bytes that are mostly enough for what comes next. With fewer there, more are got first, for it would mostly be read twice.
const ENOUGH: usize = 2048;

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
