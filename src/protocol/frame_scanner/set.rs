//! Resource sets: groups of models, collections and errors.

use std::ops::Range;

use super::{FrameScanner, Place};
use crate::growth;
use crate::protocol::frame::{Member, ResourceKind, SetEntry};
use crate::protocol::hash::Digest;
use crate::protocol::scan::{Malformed, Mark, Result, Scanner, Span};
use crate::protocol::value::{Cell, Held, Kind, Names, read_value};

/// What is known while a set is read, besides what was found in it.
pub(super) struct Set {
    group: Group,
    /// The collection that is being read.
    list: Option<List>,
    /// Whether it is compared with what is held.
    compared: bool,
    /// What stands before the values of the last model: a comma but for the first, and the key, if that is ASCII.
    pub(super) likely: Likely,
    /// The keys of the last model.
    keys: Range<usize>,
    /// Bytes that were hashed for texts that turned out to be others than what is held.
    vain: usize,
}

impl Set {
    pub(super) fn new() -> Self {
        let group = Group { kind: ResourceKind::Error, before: 0, from: 0, numbered: 0, spoilt: false };
        Set { group, list: None, compared: false, likely: Likely::default(), keys: 0..0, vain: 0 }
    }
}

/// A group of a resource set.
struct Group {
    kind: ResourceKind,
    /// Resources of the frame before it.
    before: usize,
    /// Units of the text before it.
    from: u32,
    /// Resource ids that had a number before it.
    numbered: usize,
    /// Whether something in it has not the form it should have: then nothing of it counts.
    spoilt: bool,
}

/// A collection without its items.
#[derive(Clone)]
struct List {
    resource: u32,
    rid: Span,
    /// Units of the text before it.
    from: u32,
    /// Where its items begin in the frame's lists.
    cells: usize,
    members: usize,
}

/// Short texts one after the other.
#[derive(Default)]
pub(super) struct Likely {
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

    pub(super) fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
        self.text.truncate(self.ends.last().map_or(0, |&(end, _)| end));
    }
}

impl<N: Names> FrameScanner<'_, N> {
    /// Begins a group of a resource set.
    pub(super) fn begin(&mut self, scanner: &mut Scanner<'_>, kind: ResourceKind) -> Result<()> {
        scanner.open(b'{')?;
        self.frame.set.retain(|entry| entry.kind != kind);
        let (before, from) = (self.frame.set.len(), scanner.units_before());
        self.set.group = Group { kind, before, from, numbered: self.names.numbered(), spoilt: false };
        self.set.likely.truncate(0);
        self.set.keys = 0..0;
        self.enter(Place::Group);
        Ok(())
    }

    /// Takes a resource, or begins a collection.
    pub(super) fn resource(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        let kind = self.set.group.kind;
        let rid = scanner.key()?;
        if self.set.group.spoilt {
            return scanner.skip().map(drop);
        }
        let resource = self.names.rid(&scanner.text(&rid)?, rid.span);
        self.expect_more(scanner, rid.span.len());
        scanner.peek();
        let mark = scanner.mark();
        let (_, cells, members) = self.lengths();
        let (mut digest, mut keys) = (Digest::NONE, 0..0);
        match kind {
            ResourceKind::Model => (digest, keys) = self.model(scanner, resource, mark)?,
            ResourceKind::Error => self.error_entry(scanner)?,
            ResourceKind::Collection => {
                let from = scanner.units_before();
                scanner.open(b'[')?;
                self.set.list = Some(List { resource, rid: rid.span, from, cells, members });
                self.set.compared = self.names.held(resource) == Held::Collection;
                self.enter(Place::List);
                return Ok(());
            }
        }
        let lists = self.frame.number(cells..self.frame.cells.len(), members..self.frame.members.len(), keys);
        let entry = SetEntry { kind, resource, rid: rid.span, value: scanner.span_from(mark), digest, lists };
        growth::push(&mut self.frame.set, entry);
        Ok(())
    }

    /// Makes room for what is to come, when so many have come that it can be told from those. Growing step by step, lists would be
    /// written several times, and to memory that was never used.
    fn expect_more(&mut self, scanner: &Scanner<'_>, rid: usize) {
        let group = &self.set.group;
        if self.frame.set.len() - group.before != SAMPLE {
            return;
        }
        // Somewhere in the text, each is referred to as well.
        let each = (scanner.units_before() - group.from) as usize / SAMPLE + rid + REFERENCE;
        let more = ((scanner.left() + self.ahead) / each).min(MOST_EXPECTED);
        growth::reserve(&mut self.frame.set, more);
        let new = self.names.numbered() - group.numbered;
        self.names.expect((more * new / (SAMPLE + 1)).min(more));
    }

    /// Takes a model, or passes over one that is what is held: by what its text is known again, and where its keys stand.
    fn model(&mut self, scanner: &mut Scanner<'_>, resource: u32, mark: Mark) -> Result<(Digest, Range<usize>)> {
        let held = self.names.held(resource);
        // No more is hashed in vain than was read, or one long text could be compared with any number of short ones.
        if let Held::Model(digest) = held
            && self.set.vain <= scanner.units_before() as usize
        {
            if scanner.take_again(digest, self.hasher) {
                return Ok((digest, 0..0));
            }
            // What is longer than what is there was not hashed.
            if digest.bytes() <= scanner.left() {
                self.set.vain += digest.bytes();
            }
        }
        self.set.keys = self.members(scanner, matches!(held, Held::Model(_)))?;
        Ok((Digest::of(scanner.taken(mark), self.hasher), self.set.keys.clone()))
    }

    /// Takes the members of a model. Mostly it has the keys of the one before it, spelled the same, and they are neither scanned nor
    /// looked up. The result is where its keys stand.
    fn members(&mut self, scanner: &mut Scanner<'_>, compared: bool) -> Result<Range<usize>> {
        scanner.open(b'{')?;
        let before = self.set.keys.start;
        let first = self.frame.cells.len();
        let mut count = 0;
        while let Some(text) = self.set.likely.get(count)
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
        self.set.likely.truncate(count);
        loop {
            let key = self.member_key(scanner)?;
            self.frame.keys.push(key);
            self.set.likely.push(scanner.taken(from));
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
    pub(super) fn item(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
        let cell = self.value(scanner, self.set.compared.then_some(0))?;
        growth::push(&mut self.frame.cells, cell);
        Ok(())
    }

    /// Takes the end of a collection.
    pub(super) fn end_list(&mut self, scanner: &Scanner<'_>) {
        self.place = Place::Group;
        // It stays there, for this may be taken back.
        let Some(List { resource, rid, from, cells, members }) = self.set.list.clone() else { return };
        let value = Span { start: from, end: scanner.units_before() };
        let lists = self.frame.number(cells..self.frame.cells.len(), members..self.frame.members.len(), 0..0);
        let (kind, digest) = (ResourceKind::Collection, Digest::NONE);
        growth::push(&mut self.frame.set, SetEntry { kind, resource, rid, value, digest, lists });
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

    /// Something in a group has not the form it should have. Passes over it: nothing of the group counts.
    #[cold]
    pub(super) fn spoil(&mut self, scanner: &mut Scanner<'_>) -> Result<()> {
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
                self.set.list = None;
                self.place = Place::Group;
            }
            _ => return Err(Malformed),
        }
        self.set.group.spoilt = true;
        self.frame.set.truncate(self.set.group.before);
        self.frame.body.malformed.get_or_insert(match self.set.group.kind {
            ResourceKind::Model => "models",
            ResourceKind::Collection => "collections",
            ResourceKind::Error => "errors",
        });
        Ok(())
    }
}

/// Resources that others are reckoned with by.
const SAMPLE: usize = 32;
/// Bytes of `{"rid":},`, which refers to one.
const REFERENCE: usize = 9;
/// How many resources are reckoned with for the length of a text, which may as well hold one that is large.
const MOST_EXPECTED: usize = 1 << 14;
