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
}

#[derive(Debug)]
struct Rid {
    text: Box<str>,
    hash: u64,
}

impl Rids {
    pub fn new(hasher: Hasher) -> Self {
        Rids { hasher, entries: Vec::new(), free: Vec::new(), index: Index::default() }
    }

    /// The number of `rid`, and whether it is a new one.
    #[inline]
    pub fn intern(&mut self, rid: &str) -> (u32, bool) {
        let hash = self.hasher.bytes(0, rid.as_bytes());
        if let Some(found) = self.find_hashed(hash, rid) {
            return (found, false);
        }
        let entry = Rid { text: rid.into(), hash };
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
        self.index.remove(self.entries[id as usize].hash, id);
    }

    /// Gives the number back. It must have been unlinked.
    pub fn free(&mut self, id: u32) {
        self.entries[id as usize].text = Box::default();
        self.free.push(id);
    }
}
