//! Numbers for resource ids: every id that is cached or referred to has a slot, found by a hash table.

use super::graph::ResourceId;
use crate::growth;
use crate::index::Index;
use crate::protocol::hash::Hasher;

/// Resource ids by number. Numbers are reused.
#[derive(Debug)]
pub struct Rids {
    hasher: Hasher,
    /// All ids one after the other, and what is left of those that were given up: thousands of small allocations cost
    /// more than anything else about an id.
    text: String,
    /// Bytes of `text` that nothing uses.
    waste: usize,
    entries: Vec<Rid>,
    free: Vec<u32>,
    index: Index,
    /// The number found last.
    last: u32,
}

#[derive(Debug)]
struct Rid {
    /// Where the id begins in [`Rids::text`], and its bytes.
    start: usize,
    len: usize,
    hash: u64,
    /// Whether the id is found under this number.
    linked: bool,
}

impl Rids {
    pub fn new(hasher: Hasher) -> Self {
        Rids {
            hasher,
            text: String::new(),
            waste: 0,
            entries: Vec::new(),
            free: Vec::new(),
            index: Index::default(),
            last: 0,
        }
    }

    /// The number of `rid`, and whether it is a new one.
    #[inline]
    pub fn intern(&mut self, rid: &str) -> (u32, bool) {
        // Gateways send resources and references to them in much the same order.
        let likely = self.last.wrapping_add(1);
        if self.entries.get(likely as usize).is_some_and(|entry| entry.linked) && self.text(likely) == rid {
            self.last = likely;
            return (likely, false);
        }
        let hash = self.hasher.bytes(0, rid.as_bytes());
        if let Some(found) = self.find_hashed(hash, rid) {
            self.last = found;
            return (found, false);
        }
        let entry = Rid { start: self.text.len(), len: rid.len(), hash, linked: true };
        growth::push_str(&mut self.text, rid);
        let id = match self.free.pop() {
            Some(id) => {
                self.entries[id as usize] = entry;
                id
            }
            None => {
                growth::push(&mut self.entries, entry);
                self.entries.len() as u32 - 1
            }
        };
        self.index.insert(hash, id);
        self.last = id;
        (id, true)
    }

    /// Makes room for so many more ids.
    pub fn reserve(&mut self, ids: usize) {
        growth::reserve(&mut self.entries, ids.saturating_sub(self.free.len()));
    }

    /// How many numbers there is room for.
    pub fn numbers(&self) -> usize {
        self.entries.capacity()
    }

    pub fn find(&self, rid: &str) -> Option<u32> {
        self.find_hashed(self.hasher.bytes(0, rid.as_bytes()), rid)
    }

    /// The number of an id that stands in an event. By its hash alone: to look at the text as well would take as long as the rest.
    pub fn find_likely(&self, rid: &str) -> Option<u32> {
        self.index.find(self.hasher.bytes(0, rid.as_bytes()), |_| true)
    }

    #[inline]
    fn find_hashed(&self, hash: u64, rid: &str) -> Option<u32> {
        self.index.find(hash, |id| self.text(id) == rid)
    }

    #[inline]
    pub fn text(&self, id: u32) -> &str {
        let Rid { start, len, .. } = self.entries[id as usize];
        // Not by an index: what it would say if it did not fit is a kilobyte of code.
        self.text.get(start..start + len).unwrap_or_default()
    }

    /// Takes ids out of the table, so that the same ids get other numbers; their texts stay until [`Rids::free`].
    pub fn unlink(&mut self, ids: &[ResourceId]) {
        let is_most = ids.len() > self.entries.len() / 2;
        for &ResourceId(id) in ids {
            let entry = &mut self.entries[id as usize];
            entry.linked = false;
            if !is_most {
                self.index.remove(entry.hash, id);
            }
        }
        if is_most {
            // What stays is found a place more quickly than each of the others is taken out.
            self.index.clear();
            for (id, entry) in (0..).zip(&self.entries) {
                if entry.linked {
                    self.index.insert(entry.hash, id);
                }
            }
        }
    }

    /// Gives the number back. It must have been unlinked.
    pub fn free(&mut self, id: u32) {
        self.waste += std::mem::take(&mut self.entries[id as usize].len);
        self.free.push(id);
        if self.waste > self.text.len() / 2 + SPARE {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let rest = String::with_capacity(self.text.len() - self.waste);
        let old = std::mem::replace(&mut self.text, rest);
        for entry in &mut self.entries {
            let start = std::mem::replace(&mut entry.start, self.text.len());
            self.text.push_str(old.get(start..start + entry.len).unwrap_or_default());
        }
        self.waste = 0;
    }
}

/// Bytes of waste that are not worth a compaction.
const SPARE: usize = 4096;
