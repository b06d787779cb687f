//! The resource graph: what is held of each resource, who refers to it, and why it is kept.

use std::fmt;

use super::names::Rids;
use super::shape::{KeyId, Keys, ShapeId, Shapes};
use super::texts::{FrameId, Texts};
use crate::growth;
use crate::protocol::hash::{Digest, Hasher};
use crate::protocol::scan::Span;
use crate::protocol::value::{Cell, Held, Names};
use crate::sort::sort;

/// A cached resource. The number is reused after [`Graph::free`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u32);

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What is known of a resource's value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Content {
    /// Nothing: it is being subscribed to, or is referred to by a frame that is being applied.
    #[default]
    None,
    /// Whether a text says the same is told by its hash. So a model mostly has no cells: only when it has references or
    /// was changed, and then in the order of the shape's keys.
    Model {
        shape: ShapeId,
        /// Of the text; [`Digest::NONE`] when that is out of date.
        digest: Digest,
        cells: Box<[Cell]>,
    },
    Collection(Vec<Cell>),
    /// The gateway sent an error in its place.
    Error(Cell),
}

impl Content {
    pub fn cells(&self) -> &[Cell] {
        match self {
            Content::Model { cells, .. } => cells,
            Content::Collection(cells) => cells,
            Content::None | Content::Error(_) => &[],
        }
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Content::None)
    }
}

/// Where the text of an unread resource stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    pub frame: FrameId,
    /// The id as a JSON string, with its quotes.
    pub rid: Span,
    pub value: Span,
}

/// A slot of the graph.
#[derive(Debug, Default)]
pub struct Slot {
    pub content: Content,
    /// References from cached resources, counted by occurrence.
    pub indirect: u32,
    /// Whether the gateway holds a direct subscription of this connection: everything below is kept up to date.
    pub root: bool,
    /// Whether the application listens.
    pub held: bool,
    /// Held, but without a subscription it needs: it has to be subscribed to.
    pub stale: bool,
    /// It was stale, or what came did not fit, and it has not come anew since.
    pub behind: bool,
    /// Whether the last request to subscribe to it was refused.
    pub refused: bool,
    /// Deleted by its service: no event will come, and asking again may find a new one.
    pub deleted: bool,
    /// Whether the text has not been read.
    pub text: Option<Text>,
    /// Whether it is among [`Graph::fresh`].
    fresh: bool,
    pub(super) visit: super::collect::Visit,
}

/// All cached resources.
#[derive(Debug)]
pub struct Graph {
    slots: Vec<Slot>,
    rids: Rids,
    pub keys: Keys,
    pub shapes: Shapes,
    pub texts: Texts,
    /// Ids met in the frame being scanned of which nothing is held, and where they stand.
    fresh: Vec<(ResourceId, Span)>,
    /// Members' names met in the frame being scanned that had no number before.
    pub new_keys: Vec<(KeyId, Span)>,
    pairs: Vec<u64>,
    /// Those that are behind, as all are that are stale, and some that are not any more.
    pub(super) behind: Vec<ResourceId>,
    /// Whether anything was referred to since this was taken back.
    pub linked: bool,
    pub(super) epoch: u32,
    /// Slots that collections have looked at so far: a measure of their work that does not depend on the machine.
    pub visits: u64,
    live: usize,
}

impl Graph {
    pub fn new(hasher: Hasher) -> Self {
        Graph {
            slots: Vec::new(),
            rids: Rids::new(hasher),
            keys: Keys::new(hasher),
            shapes: Shapes::new(hasher),
            texts: Texts::default(),
            fresh: Vec::new(),
            new_keys: Vec::new(),
            pairs: Vec::new(),
            behind: Vec::new(),
            linked: false,
            epoch: 0,
            visits: 0,
            live: 0,
        }
    }

    #[inline]
    pub fn slot(&self, id: ResourceId) -> &Slot {
        &self.slots[id.0 as usize]
    }

    #[inline]
    pub fn slot_mut(&mut self, id: ResourceId) -> &mut Slot {
        &mut self.slots[id.0 as usize]
    }

    pub fn rid(&self, id: ResourceId) -> &str {
        self.rids.text(id.0)
    }

    pub fn find(&self, rid: &str) -> Option<ResourceId> {
        self.rids.find(rid).map(ResourceId)
    }

    /// The slot of `rid`, made if there is none. Give it back with [`Graph::discard_unused`] if it stays unused.
    pub fn intern(&mut self, rid: &str) -> ResourceId {
        let (id, new) = self.rids.intern(rid);
        if new {
            if id as usize == self.slots.len() {
                growth::push(&mut self.slots, Slot::default());
            }
            self.live += 1;
        }
        ResourceId(id)
    }

    /// Ids that have a slot.
    pub fn len(&self) -> usize {
        self.live
    }

    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Every slot in use, in no particular order.
    pub fn ids(&self) -> impl Iterator<Item = ResourceId> {
        (0..self.slots.len() as u32).map(ResourceId).filter(|&id| self.find(self.rid(id)) == Some(id))
    }

    /// Ids met in the frame being scanned of which nothing is held and that are not in its resource set either: what the gateway
    /// never sent. With where they stand. It is noted for [`Graph::is_last`] where the set has a resource last.
    pub fn missing(&mut self, set: impl Iterator<Item = ResourceId>) -> Vec<(ResourceId, Span)> {
        let epoch = self.next_epoch();
        for (at, id) in (0..).zip(set) {
            let visit = &mut self.slot_mut(id).visit;
            (visit.epoch, visit.outside) = (epoch, at);
        }
        self.fresh.iter().copied().filter(|&(id, _)| self.slot(id).visit.epoch != epoch).collect()
    }

    /// Whether a resource is not in the set of the last [`Graph::missing`] again behind this place: then it is that, of
    /// whatever kind it was before.
    pub fn is_last(&self, id: ResourceId, at: usize) -> bool {
        let visit = &self.slot(id).visit;
        visit.epoch != self.epoch || visit.outside as usize == at
    }

    /// A mark that no slot has.
    pub(super) fn next_epoch(&mut self) -> u32 {
        self.epoch = self.epoch.wrapping_add(1).max(1);
        self.epoch
    }

    /// Ends the use of a frame's names: gives back slots and names that nothing came to use.
    pub fn settle(&mut self) {
        self.keys.settle();
        for (id, _) in std::mem::take(&mut self.fresh) {
            if std::mem::take(&mut self.slot_mut(id).fresh) {
                self.discard_unused(id);
            }
        }
    }

    /// Frees the slot if it has no content and nothing refers to it.
    pub fn discard_unused(&mut self, id: ResourceId) -> bool {
        let slot = self.slot(id);
        let unused = slot.content.is_none() && slot.indirect == 0 && !slot.root && !slot.held;
        if unused {
            self.unlink(&[id]);
            self.free(id);
        }
        unused
    }

    /// The shape of keys in any order, and the cells, if there are any, in the order of the shape; a key given twice counts
    /// with its last cell. The caller owns the shape.
    pub fn sorted_model(&mut self, keys: &[KeyId], cells: &[Cell]) -> (ShapeId, Box<[Cell]>) {
        if keys.is_sorted_by(|a, b| a < b) {
            return (self.shapes.acquire(keys, &mut self.keys), cells.into());
        }
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.clear();
        pairs.extend(keys.iter().zip(0u32..).map(|(&key, at)| last_first(key, at)));
        sort(&mut pairs);
        pairs.dedup_by_key(|&mut pair| pair >> 32);
        let sorted: Vec<KeyId> = pairs.iter().map(|&pair| (pair >> 32) as KeyId).collect();
        let cells = pairs.iter().filter_map(|&pair| cells.get(!(pair as u32) as usize).copied()).collect();
        self.pairs = pairs;
        (self.shapes.acquire(&sorted, &mut self.keys), cells)
    }

    /// Sets the content of a slot and counts its references. What it held before is released, but nothing is dropped:
    /// that is for [`Graph::collect`] when everything is in place.
    pub fn put(&mut self, id: ResourceId, content: Content) -> Content {
        for cell in content.cells() {
            self.refer(*cell);
        }
        let old = std::mem::replace(&mut self.slot_mut(id).content, content);
        for cell in old.cells() {
            self.unrefer(*cell);
        }
        if let Content::Model { shape, .. } = old {
            self.shapes.release(shape, &mut self.keys);
        }
        old
    }

    #[inline]
    pub fn refer(&mut self, cell: Cell) {
        if let Some(target) = cell.as_reference() {
            self.slots[target as usize].indirect += 1;
            self.linked = true;
        }
    }

    #[inline]
    pub fn unrefer(&mut self, cell: Cell) {
        if let Some(target) = cell.as_reference() {
            self.slots[target as usize].indirect -= 1;
        }
    }

    /// The resources a content refers to, with repetitions.
    pub fn references(cells: &[Cell]) -> impl Iterator<Item = ResourceId> {
        cells.iter().filter_map(|c| c.as_reference().map(ResourceId))
    }

    /// Notes where the text of a resource is that has not been read.
    pub fn set_text(&mut self, id: ResourceId, text: Text) -> Option<FrameId> {
        let released = self.drop_text(id);
        self.texts.add(text.frame);
        self.slot_mut(id).text = Some(text);
        released
    }

    /// Forgets the text; the result is a frame that nothing needs any more.
    pub fn drop_text(&mut self, id: ResourceId) -> Option<FrameId> {
        let text = self.slot_mut(id).text.take()?;
        self.texts.remove(text.frame).then_some(text.frame)
    }

    /// Takes ids out of use; the slots stay readable until [`Graph::free`].
    pub fn unlink(&mut self, ids: &[ResourceId]) {
        self.rids.unlink(ids);
        for &id in ids {
            self.slot_mut(id).fresh = false;
        }
        self.live -= ids.len();
    }

    /// Frees an unlinked slot.
    pub fn free(&mut self, id: ResourceId) -> Option<FrameId> {
        let released = self.drop_text(id);
        if let Content::Model { shape, .. } = std::mem::take(&mut self.slot_mut(id).content) {
            self.shapes.release(shape, &mut self.keys);
        }
        *self.slot_mut(id) = Slot::default();
        self.rids.free(id.0);
        released
    }
}

/// A key and a position as one number: sorting these sorts by key, and where keys are equal the last position first. All
/// sorting of the engine is of such numbers, because every type that is sorted costs kilobytes of code.
pub fn last_first(key: KeyId, at: u32) -> u64 {
    u64::from(key) << 32 | u64::from(!at)
}

impl Names for Graph {
    fn expect(&mut self, rids: usize) {
        growth::reserve(&mut self.fresh, rids);
        self.rids.reserve(rids);
        // They go by the same numbers.
        let slots = self.rids.numbers() - self.slots.len();
        growth::reserve(&mut self.slots, slots);
    }

    fn numbered(&self) -> usize {
        self.len()
    }

    #[inline]
    fn rid(&mut self, rid: &str, span: Span) -> u32 {
        let id = self.intern(rid);
        let slot = self.slot_mut(id);
        if slot.content.is_none() && !std::mem::replace(&mut slot.fresh, true) {
            self.fresh.push((id, span));
        }
        id.0
    }

    fn find_rid(&self, rid: &str) -> Option<u32> {
        self.rids.find_likely(rid)
    }

    #[inline]
    fn held(&self, rid: u32) -> Held {
        match self.slot(ResourceId(rid)).content {
            Content::Model { digest, .. } => Held::Model(digest),
            Content::Collection(_) => Held::Collection,
            Content::None | Content::Error(_) => Held::Nothing,
        }
    }

    #[inline]
    fn key(&mut self, key: &[u8], span: Span) -> u32 {
        let (id, new) = self.keys.intern(key);
        if new {
            self.new_keys.push((id, span));
        }
        id
    }
}
