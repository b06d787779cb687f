//! Names of model members, and the sets of them that models share.

use crate::index::Index;
use crate::protocol::hash::Hasher;

/// The number of a member's name.
pub type KeyId = u32;

/// Members' names, each with a small number. A name lives as long as a shape has it, and until the frame after that
/// one has been applied, because outputs speak of members that are gone.
#[derive(Debug)]
pub struct Keys {
    hasher: Hasher,
    entries: Vec<Key>,
    free: Vec<KeyId>,
    index: Index,
    /// Names made or given up since the last [`Keys::settle`]; a frame may be dropped before a shape has them.
    fresh: Vec<KeyId>,
    /// Those of the time before.
    doomed: Vec<KeyId>,
}

#[derive(Debug)]
struct Key {
    name: Box<[u8]>,
    hash: u64,
    shapes: u32,
    /// Whether it is among [`Keys::fresh`].
    fresh: bool,
}

impl Keys {
    pub fn new(hasher: Hasher) -> Self {
        Keys {
            hasher,
            entries: Vec::new(),
            free: Vec::new(),
            index: Index::default(),
            fresh: Vec::new(),
            doomed: Vec::new(),
        }
    }

    /// The number of `name`, and whether it is a new one.
    #[inline]
    pub fn intern(&mut self, name: &[u8]) -> (KeyId, bool) {
        let hash = self.hasher.bytes(0, name);
        let entries = &self.entries;
        if let Some(key) = self.index.find(hash, |key| *entries[key as usize].name == *name) {
            return (key, false);
        }
        let entry = Key { name: name.into(), hash, shapes: 0, fresh: true };
        let key = match self.free.pop() {
            Some(key) => {
                self.entries[key as usize] = entry;
                key
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as KeyId - 1
            }
        };
        self.index.insert(hash, key);
        self.fresh.push(key);
        (key, true)
    }

    /// The name, as UTF-8 in which a lone surrogate is three bytes of its own.
    pub fn name(&self, key: KeyId) -> &[u8] {
        &self.entries[key as usize].name
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn is_empty(&self) -> bool {
        self.index.len() == 0
    }

    /// Forgets the names that no shape has had since the call before the last.
    pub fn settle(&mut self) {
        if self.doomed.is_empty() && self.fresh.is_empty() {
            return;
        }
        for key in std::mem::take(&mut self.doomed) {
            let entry = &self.entries[key as usize];
            if entry.shapes == 0 && !entry.fresh {
                self.remove(key);
            }
        }
        for &key in &self.fresh {
            self.entries[key as usize].fresh = false;
        }
        std::mem::swap(&mut self.doomed, &mut self.fresh);
    }

    fn retain(&mut self, key: KeyId) {
        self.entries[key as usize].shapes += 1;
    }

    fn release(&mut self, key: KeyId) {
        let entry = &mut self.entries[key as usize];
        entry.shapes -= 1;
        if entry.shapes == 0 && !entry.fresh {
            entry.fresh = true;
            self.fresh.push(key);
        }
    }

    fn remove(&mut self, key: KeyId) {
        self.index.remove(self.entries[key as usize].hash, key);
        self.entries[key as usize].name = Box::default();
        self.free.push(key);
    }
}

/// The number of a shape.
pub type ShapeId = u32;

/// Shapes: the sorted keys of a model, stored once for all models that have the same.
#[derive(Debug)]
pub struct Shapes {
    hasher: Hasher,
    entries: Vec<Shape>,
    free: Vec<ShapeId>,
    index: Index,
    /// The one acquired last.
    last: ShapeId,
}

#[derive(Debug)]
struct Shape {
    keys: Box<[KeyId]>,
    hash: u64,
    models: u32,
}

impl Shapes {
    pub fn new(hasher: Hasher) -> Self {
        Shapes { hasher, entries: Vec::new(), free: Vec::new(), index: Index::default(), last: 0 }
    }

    /// The shape with these sorted keys, counting one more model that has it.
    pub fn acquire(&mut self, sorted: &[KeyId], keys: &mut Keys) -> ShapeId {
        // Mostly it is that of the model before.
        if let Some(last) = self.entries.get_mut(self.last as usize)
            && last.models > 0
            && *last.keys == *sorted
        {
            last.models += 1;
            return self.last;
        }
        self.last = self.find_or_make(sorted, keys);
        self.last
    }

    fn find_or_make(&mut self, sorted: &[KeyId], keys: &mut Keys) -> ShapeId {
        let hash = self.hasher.words(0, sorted.iter().map(|&k| u64::from(k)));
        let entries = &self.entries;
        if let Some(shape) = self.index.find(hash, |shape| *entries[shape as usize].keys == *sorted) {
            self.entries[shape as usize].models += 1;
            return shape;
        }
        for &key in sorted {
            keys.retain(key);
        }
        let entry = Shape { keys: sorted.into(), hash, models: 1 };
        let shape = match self.free.pop() {
            Some(shape) => {
                self.entries[shape as usize] = entry;
                shape
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as ShapeId - 1
            }
        };
        self.index.insert(hash, shape);
        shape
    }

    /// One model less has this shape.
    pub fn release(&mut self, shape: ShapeId, keys: &mut Keys) {
        let entry = &mut self.entries[shape as usize];
        entry.models -= 1;
        if entry.models > 0 {
            return;
        }
        for key in std::mem::take(&mut entry.keys) {
            keys.release(key);
        }
        self.index.remove(entry.hash, shape);
        self.free.push(shape);
    }

    #[inline]
    pub fn keys(&self, shape: ShapeId) -> &[KeyId] {
        &self.entries[shape as usize].keys
    }
}
