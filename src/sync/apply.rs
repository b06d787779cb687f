//! Applies resource sets and events to the graph, and says what changed.
//!
//! New references are counted before replaced ones are released, and nothing is dropped here: what lost a reference is
//! collected in [`Apply::released`], for one collection when everything of the frame is in place.

use std::collections::VecDeque;

use super::diff::{self, Edit};
use crate::bug;
use crate::cache::graph::last_first;
use crate::cache::shape::KeyId;
use crate::cache::texts::FrameId;
use crate::cache::{Content, Graph, ResourceId, Text};
use crate::growth;
use crate::protocol::frame::{EventKind, Frame, Member, ResourceKind, SetEntry};
use crate::protocol::hash::Digest;
use crate::protocol::scan::Span;
use crate::protocol::value::{Cell, Kind, Value};
use crate::session::output::{Change, Output, Reading};
use crate::sort::sort;

/// An event that does not fit the resource: the cache and the gateway disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misfit;

/// The application of one frame.
pub struct Apply<'a> {
    pub graph: &'a mut Graph,
    /// Where what has to come first goes: what is about to change, while it can still be read.
    pub out: &'a mut VecDeque<Output>,
    /// Everything else there is to be told, in order.
    pub later: Vec<Output>,
    pub frame_id: FrameId,
    /// Resources that lost a reference.
    pub released: Vec<ResourceId>,
    /// Resources the gateway sent, which are up to date now.
    pub received: Vec<ResourceId>,
    /// Resources that came into the cache and were not told yet.
    pub loaded: Vec<ResourceId>,
    /// Resources that became ones of another kind.
    pub replaced: Vec<u64>,
    /// Whether the reader was told to keep the text of this frame.
    pub retained: bool,
}

impl Apply<'_> {
    /// Applies the resource set of a frame, in which [`Graph::missing`] has looked: what is new is loaded, what is known is
    /// compared.
    pub fn set(&mut self, frame: &Frame) {
        for (at, entry) in frame.set.iter().enumerate() {
            let id = ResourceId(entry.resource);
            if !self.graph.is_last(id, at) {
                continue;
            }
            let keys = frame.keys_of(entry);
            let cells = frame.cells_of(entry);
            match (&self.graph.slot(id).content, entry.kind) {
                (Content::None, _) => self.load(id, entry, keys, cells),
                (Content::Model { .. }, _) if bug!("replaced-silently") => self.replace(id, entry, keys, cells),
                (Content::Model { .. }, ResourceKind::Model) => self.sync_model(id, entry, frame),
                (Content::Collection(_), ResourceKind::Collection) => self.sync_collection(id, entry, frame),
                (Content::Error(error), ResourceKind::Error) if *error == cells[0] => {}
                _ => self.replace(id, entry, keys, cells),
            }
            self.received.push(id);
        }
        if !self.loaded.is_empty() {
            // Before whatever refers to it.
            self.later.insert(0, Output::Loaded(std::mem::take(&mut self.loaded)));
        }
        self.retained = self.graph.texts.contains(self.frame_id);
        if self.retained {
            self.later.push(Output::Retain(self.frame_id));
        }
        if !self.replaced.is_empty() {
            self.tell_referrers();
        }
    }

    /// Applies an event that changes a resource.
    pub fn event(&mut self, id: ResourceId, kind: EventKind, frame: &Frame) -> Result<(), Misfit> {
        let body = &frame.body;
        match (kind, body.idx, body.value) {
            (EventKind::Change, ..) if body.values => self.change(id, &frame.values),
            (EventKind::Add, Some(idx), Some(value)) => self.insert(id, idx, value),
            (EventKind::Remove, Some(idx), _) => self.remove(id, idx),
            _ => Err(Misfit),
        }
    }

    /// Applies a change event. Members that are known to have the value already are left out.
    pub fn change(&mut self, id: ResourceId, members: &[Member]) -> Result<(), Misfit> {
        let Content::Model { shape, cells, .. } = &self.graph.slot(id).content else {
            return Err(Misfit);
        };
        let keys = self.graph.shapes.keys(*shape);
        let mut changes: Vec<Change> = Vec::with_capacity(members.len());
        let mut reshaped = false;
        let repeated;
        let members = match members {
            [_] => members,
            _ => {
                repeated = last_of_each(members);
                &repeated
            }
        };
        for &Member { key, value } in members {
            let delete = value.kind == Kind::Delete;
            let (known, reshapes) = match keys.binary_search(&key) {
                Ok(at) if !delete => match cells.get(at) {
                    // What is not remembered was no reference.
                    None | Some(&Cell::UNKNOWN) => (value.cell.as_reference().is_some(), false),
                    Some(&cell) if cell == value.cell => continue,
                    // Numbers that differ may be one to a reader who rounds them.
                    Some(old) => (value.kind != Kind::Number || old.as_reference().is_some(), false),
                },
                _ if delete && bug!("deletion-ignored") => continue,
                Err(_) if delete => continue,
                _ => (true, true),
            };
            reshaped |= reshapes;
            changes.push(Change { key, value, known });
        }
        self.change_members(id, changes, reshaped);
        Ok(())
    }

    pub fn insert(&mut self, id: ResourceId, idx: u64, value: Value) -> Result<(), Misfit> {
        if value.kind == Kind::Delete {
            return Err(Misfit);
        }
        let idx = if bug!("insert-one-off") { idx.saturating_sub(1) } else { idx };
        self.items(id, idx, 1)?.insert(idx as usize, value.cell);
        self.graph.refer(value.cell);
        self.later.push(Output::Insert { resource: id, idx: idx as u32, value });
        Ok(())
    }

    pub fn remove(&mut self, id: ResourceId, idx: u64) -> Result<(), Misfit> {
        let cell = self.items(id, idx, 0)?.remove(idx as usize);
        self.release(cell);
        self.later.push(Output::Remove { resource: id, idx: idx as u32 });
        Ok(())
    }

    /// The items of a collection that is about to change at a place, which may be this far behind the last item.
    fn items(&mut self, id: ResourceId, idx: u64, behind: u64) -> Result<&mut Vec<Cell>, Misfit> {
        match &self.graph.slot(id).content {
            Content::Collection(cells) if idx < cells.len() as u64 + behind => self.touch(id),
            _ => return Err(Misfit),
        }
        match &mut self.graph.slot_mut(id).content {
            Content::Collection(cells) => Ok(cells),
            _ => Err(Misfit),
        }
    }

    fn load(&mut self, id: ResourceId, entry: &SetEntry, keys: &[KeyId], cells: &[Cell]) {
        self.put(id, entry.kind, entry.digest, keys, cells);
        self.set_text(id, entry);
        growth::push(&mut self.loaded, id);
    }

    /// The resource has become one of another kind: its object cannot stay the same.
    fn replace(&mut self, id: ResourceId, entry: &SetEntry, keys: &[KeyId], cells: &[Cell]) {
        self.put(id, entry.kind, entry.digest, keys, cells);
        self.set_text(id, entry);
        self.out.push_back(Output::Replaced(id));
        self.replaced.push(u64::from(id.0));
    }

    /// Whoever refers to a replaced resource has another object in that place.
    fn tell_referrers(&mut self) {
        let mut replaced = std::mem::take(&mut self.replaced);
        sort(&mut replaced);
        for referrer in self.graph.ids().collect::<Vec<_>>() {
            let slot = self.graph.slot(referrer);
            // Who has not been read yet will find the new one.
            if slot.text.is_some() {
                continue;
            }
            let is_replaced = |cell: &Cell| {
                let target = cell.as_reference()?;
                replaced.binary_search(&u64::from(target)).ok()?;
                Some(Value { kind: Kind::Reference, span: Span::default(), cell: *cell })
            };
            let places =
                slot.content.cells().iter().enumerate().filter_map(|(at, cell)| Some((at, is_replaced(cell)?)));
            match &slot.content {
                Content::Model { shape, .. } => {
                    let keys = self.graph.shapes.keys(*shape);
                    let change = |(at, value): (usize, Value)| Change { key: keys[at], value, known: true };
                    let members: Vec<Change> = places.map(change).collect();
                    if !members.is_empty() {
                        self.later.push(Output::Change { resource: referrer, members });
                    }
                }
                _ => {
                    for (at, value) in places {
                        let idx = at as u32;
                        self.later.push(Output::Remove { resource: referrer, idx });
                        self.later.push(Output::Insert { resource: referrer, idx, value });
                    }
                }
            }
        }
    }

    fn sync_model(&mut self, id: ResourceId, entry: &SetEntry, frame: &Frame) {
        if matches!(self.graph.slot(id).content, Content::Model { digest, .. } if digest == entry.digest) {
            return;
        }
        let mut members = frame.members_of(entry).to_vec();
        if let Content::Model { shape, .. } = self.graph.slot(id).content {
            let mut keys: Vec<u64> = members.iter().map(|m| u64::from(m.key)).collect();
            sort(&mut keys);
            let old = self.graph.shapes.keys(shape).iter();
            let gone = old.filter(|&&key| keys.binary_search(&u64::from(key)).is_err());
            let delete = Value { kind: Kind::Delete, span: Span::default(), cell: Cell::UNKNOWN };
            members.extend(gone.map(|&key| Member { key, value: delete }));
        }
        // As if an event had said all that.
        let _ = self.change(id, &members);
        if let Content::Model { digest, .. } = &mut self.graph.slot_mut(id).content {
            *digest = entry.digest;
        }
    }

    fn sync_collection(&mut self, id: ResourceId, entry: &SetEntry, frame: &Frame) {
        let cells = frame.cells_of(entry);
        let items = frame.members_of(entry);
        let old = self.graph.slot(id).content.cells();
        if old == cells {
            return;
        }
        let bits = |cells: &[Cell]| cells.iter().map(|c| c.bits()).collect::<Vec<_>>();
        let mut edits = Vec::new();
        diff::diff(&bits(old), &bits(cells), &mut edits);
        self.touch(id);
        // All at once: one by one, each edit would move all that is behind it.
        let old = self.graph.put(id, Content::Collection(cells.to_vec()));
        for edit in edits {
            self.later.push(match edit {
                Edit::Remove { index } => {
                    self.released.extend(old.cells()[index as usize].as_reference().map(ResourceId));
                    Output::Remove { resource: id, idx: index }
                }
                Edit::Insert { index, from } => {
                    Output::Insert { resource: id, idx: index, value: items[from as usize].value }
                }
            });
        }
    }

    fn change_members(&mut self, id: ResourceId, changes: Vec<Change>, reshaped: bool) {
        if changes.is_empty() {
            return;
        }
        self.touch(id);
        if reshaped {
            self.reshape(id, &changes);
        } else {
            for change in &changes {
                self.set_cell(id, change);
            }
        }
        self.later.push(Output::Change { resource: id, members: changes });
    }

    /// Sets the cell of a member the model has.
    fn set_cell(&mut self, id: ResourceId, change: &Change) {
        self.graph.refer(change.value.cell);
        let Content::Model { shape, .. } = self.graph.slot(id).content else { return };
        let keys = self.graph.shapes.keys(shape);
        let Ok(at) = keys.binary_search(&change.key) else { return };
        let count = keys.len();
        if let Content::Model { digest, cells, .. } = &mut self.graph.slot_mut(id).content {
            *digest = Digest::NONE;
            if cells.is_empty() {
                *cells = vec![Cell::UNKNOWN; count].into();
            }
            let old = std::mem::replace(&mut cells[at], change.value.cell);
            self.release(old);
        }
    }

    /// Adds and removes members.
    fn reshape(&mut self, id: ResourceId, changed: &[Change]) {
        let Content::Model { shape, cells, .. } = &self.graph.slot(id).content else { return };
        let cells = cells.iter().copied().chain(std::iter::repeat(Cell::UNKNOWN));
        let old = self.graph.shapes.keys(*shape).iter().copied().zip(cells);
        let mut touched: Vec<u64> = changed.iter().map(|m| u64::from(m.key)).collect();
        sort(&mut touched);
        let (mut keys, mut cells): (Vec<KeyId>, Vec<Cell>) =
            old.filter(|&(key, _)| touched.binary_search(&u64::from(key)).is_err()).unzip();
        for member in changed.iter().filter(|m| m.value.kind != Kind::Delete) {
            keys.push(member.key);
            cells.push(member.value.cell);
        }
        self.put(id, ResourceKind::Model, Digest::NONE, &keys, &cells);
    }

    fn put(&mut self, id: ResourceId, kind: ResourceKind, digest: Digest, keys: &[KeyId], cells: &[Cell]) {
        let content = match kind {
            ResourceKind::Model => {
                let (shape, cells) = self.graph.sorted_model(keys, cells);
                Content::Model { shape, digest, cells }
            }
            ResourceKind::Collection => Content::Collection(cells.to_vec()),
            ResourceKind::Error => Content::Error(cells[0]),
        };
        let old = self.graph.put(id, content);
        self.released.extend(Graph::references(old.cells()));
    }

    fn release(&mut self, cell: Cell) {
        self.graph.unrefer(cell);
        self.released.extend(cell.as_reference().map(ResourceId));
    }

    fn set_text(&mut self, id: ResourceId, entry: &SetEntry) {
        let text = Text { frame: self.frame_id, rid: entry.rid, value: entry.value };
        let released = self.graph.set_text(id, text);
        self.release_text(released);
    }

    /// The text of a frame is needed no more. That of this one may not have been kept yet, so it cannot be given back ahead of
    /// all else.
    fn release_text(&mut self, released: Option<FrameId>) {
        match released {
            Some(frame) if frame != self.frame_id => self.out.push_back(Output::Release(frame)),
            Some(frame) if self.retained => self.later.push(Output::Release(frame)),
            _ => {}
        }
    }

    /// A resource that has not been read is about to change, and its text will no longer be its value. That is told
    /// before all else the frame does: who carries that out may read any resource for it, in the state before or after.
    fn touch(&mut self, id: ResourceId) {
        let Some(reading) = take(self.graph, id) else { return };
        if reading.frame == self.frame_id {
            // It came with this very frame.
            self.loaded.retain(|&loaded| loaded != id);
            self.out.push_back(Output::Loaded(vec![id]));
        }
        self.out.push_back(Output::Touch(reading));
        let released = self.graph.drop_text(id);
        self.release_text(released);
    }
}

/// Leaves out members that are given again later, as `JSON.parse` does.
fn last_of_each(members: &[Member]) -> Vec<Member> {
    let mut order: Vec<u64> = members.iter().zip(0..).map(|(m, at)| last_first(m.key, at)).collect();
    sort(&mut order);
    order.dedup_by_key(|&mut pair| pair >> 32);
    let mut last = vec![false; members.len()];
    for pair in order {
        last[!(pair as u32) as usize] = true;
    }
    members.iter().zip(last).filter_map(|(&member, last)| last.then_some(member)).collect()
}

/// What is needed to read a resource from its text, while it is unread.
pub fn take(graph: &Graph, id: ResourceId) -> Option<Reading> {
    let slot = graph.slot(id);
    let text = slot.text?;
    let (kind, keys) = match &slot.content {
        Content::None => return None,
        Content::Model { shape, .. } => (ResourceKind::Model, Some(graph.shapes.keys(*shape))),
        Content::Collection(_) => (ResourceKind::Collection, None),
        Content::Error(_) => (ResourceKind::Error, None),
    };
    let cells = slot.content.cells();
    let references = cells.iter().enumerate().filter_map(|(at, cell)| {
        let target = ResourceId(cell.as_reference()?);
        Some((keys.map_or(at as u32, |keys| keys[at]), target))
    });
    Some(Reading {
        resource: id,
        kind,
        frame: text.frame,
        rid: text.rid,
        value: text.value,
        references: references.collect(),
        len: keys.map_or(cells.len(), <[KeyId]>::len) as u32,
    })
}
