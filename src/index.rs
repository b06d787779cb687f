//! A hash table from hashes to small numbers, shared by everything that is found by its content.

use hashbrown::HashTable;

/// Numbers by the hash of what they stand for.
#[derive(Debug, Default)]
pub struct Index {
    table: HashTable<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    id: u32,
}

impl Index {
    /// The number under `hash` that `is` accepts.
    #[inline]
    pub fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = hash as u32;
        self.table.find(spread(hash), |entry| entry.hash == hash && is(entry.id)).map(|entry| entry.id)
    }

    pub fn with_capacity(capacity: usize) -> Self {
        Index { table: HashTable::with_capacity(capacity) }
    }

    /// Adds a number that is not in it.
    pub fn insert(&mut self, hash: u64, id: u32) {
        let entry = Entry { hash: hash as u32, id };
        self.table.insert_unique(spread(entry.hash), entry, |entry| spread(entry.hash));
    }

    pub fn remove(&mut self, hash: u64, id: u32) {
        if let Ok(found) = self.table.find_entry(spread(hash as u32), |entry| entry.id == id) {
            found.remove();
        }
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }
}

/// The table looks at the upper and lower bits of 64; half of a hash is enough to tell entries apart.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
