//! Frames, scanned part by part: no more of the text is there than is needed for the next member, item or resource. What the end of a
//! part cuts in two is scanned once more when the rest is there.

mod set;

use set::Set;

use super::escape::unescape;
use super::frame::{EventKind, EventName, Frame, Member, ResourceKind, Source, WireError};
use super::hash::Hasher;
use super::rid;
use super::scan::{Malformed, Result, Scanner, Span, Str, Units};
use super::value::{Names, read_value};

/// Reads one frame.
pub(super) struct FrameScanner<'f, N> {
    hasher: Hasher,
    names: &'f mut N,
    frame: &'f mut Frame,
    place: Place,
    /// Whether nothing was read yet of what is open there.
    first: bool,
    set: Set,
    /// About how many bytes of the text are not there yet.
    ahead: usize,
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

impl<'f, N: Names> FrameScanner<'f, N> {
    /// What is read goes to `frame`, which is empty.
    pub fn new(hasher: Hasher, names: &'f mut N, frame: &'f mut Frame) -> Self {
        FrameScanner { hasher, names, frame, place: Place::Start, first: true, set: Set::new(), ahead: 0 }
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
                self.set.likely.truncate(0);
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
            Place::List => self.end_list(scanner),
        }
        Ok(false)
    }

    fn enter(&mut self, place: Place) {
        self.place = place;
        self.first = true;
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
