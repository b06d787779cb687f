//! Numbers for resource ids: every id that is cached or referred to has a slot, found by a hash table.

use crate::index::Index;
use crate::protocol::hash::Hasher;

/// Resource ids by number. Numbers are reused.
#[derive(Debug)]
pub struct Rids {
    hasher: Hasher,
    entries: Vec<Rid>,
    free: Vec<u32>,
    index: Index,
    /// The number found last.
    last: u32,
}

#[derive(Debug)]
struct Rid {
    text: Box<str>,
    hash: u64,
    /// Whether the id is found under this number.
    linked: bool,
}

impl Rids {
    pub fn new(hasher: Hasher) -> Self {
        Rids { hasher, entries: Vec::new(), free: Vec::new(), index: Index::default(), last: 0 }
    }

    /// The number of `rid`, and whether it is a new one.
    #[inline]
    pub fn intern(&mut self, rid: &str) -> (u32, bool) {
        // Gateways send resources and references to them in much the same order.
        let likely = self.last.wrapping_add(1);
        if self.entries.get(likely as usize).is_some_and(|entry| entry.linked && *entry.text == *rid) {
            self.last = likely;
            return (likely, false);
        }
        let hash = self.hasher.bytes(0, rid.as_bytes());
        if let Some(found) = self.find_hashed(hash, rid) {
            self.last = found;
            return (found, false);
        }
        let entry = Rid { text: rid.into(), hash, linked: true };
        let id = match self.free.pop() {
            Some(id) => {
                self.entries[id as usize] = entry;
                id
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        };
        self.index.insert(hash, id);
        self.last = id;
        (id, true)
    }

    pub fn find(&self, rid: &str) -> Option<u32> {
        self.find_hashed(self.hasher.bytes(0, rid.as_bytes()), rid)
    }

    #[inline]
    fn find_hashed(&self, hash: u64, rid: &str) -> Option<u32> {
        self.index.find(hash, |id| *self.entries[id as usize].text == *rid)
    }

    pub fn text(&self, id: u32) -> &str {
        &self.entries[id as usize].text
    }

    /// Takes the id out of the table, so that the same id gets another number; its text stays until [`Rids::free`].
    pub fn unlink(&mut self, id: u32) {
        let entry = &mut self.entries[id as usize];
        entry.linked = false;
        self.index.remove(entry.hash, id);
    }

    /// Gives the number back. It must have been unlinked.
    pub fn free(&mut self, id: u32) {
        self.entries[id as usize].text = Box::default();
        self.free.push(id);
    }
}
