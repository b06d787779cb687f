//! A hash table from hashes to small numbers, shared by everything that is found by its content.
//!
//! Open addressing with linear probing, and the hash beside the number: looking something up mostly touches one cache line
//! before the thing itself. Deleting moves what follows, so there are no tombstones and no rebuilding for
//! their sake. It is also much less code than a general hash table, which counts in a module that is downloaded.

/// Numbers by the hash of what they stand for. It grows and never shrinks.
#[derive(Debug, Default)]
pub struct Index {
    /// A power of two of them, or none.
    slots: Vec<Slot>,
    len: usize,
}

/// The hash is in halves, or there would be padding.
#[derive(Debug, Clone, Copy)]
struct Slot {
    high: u32,
    low: u32,
    id: u32,
}

impl Slot {
    const NONE: Slot = Slot { high: 0, low: 0, id: VACANT };

    fn new(hash: u64, id: u32) -> Self {
        Slot { high: (hash >> 32) as u32, low: hash as u32, id }
    }

    fn hash(self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }
}

impl Index {
    /// An index that does not grow before it holds more than `capacity` numbers.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut index = Index::default();
        index.grow(capacity);
        index
    }

    /// The number under `hash` that `is` accepts.
    #[inline]
    pub fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        loop {
            let slot = self.slots.get(at)?;
            if slot.id == VACANT {
                return None;
            }
            if slot.hash() == hash && is(slot.id) {
                return Some(slot.id);
            }
            at = self.after(at);
        }
    }

    /// Adds a number that is not in it. `u32::MAX` is none.
    pub fn insert(&mut self, hash: u64, id: u32) {
        debug_assert_ne!(id, VACANT);
        self.len += 1;
        self.grow(self.len);
        self.put(Slot::new(hash, id));
    }

    /// Takes a number out that was added under this hash.
    pub fn remove(&mut self, hash: u64, id: u32) {
        let mut hole = self.home(hash);
        loop {
            match self.slots.get(hole) {
                Some(slot) if slot.id == id => break,
                Some(slot) if slot.id != VACANT => hole = self.after(hole),
                _ => return,
            }
        }
        self.len -= 1;
        let mut at = self.after(hole);
        while self.slots[at].id != VACANT {
            let home = self.home(self.slots[at].hash());
            // Whoever may stand in the hole moves there: it is not before its home, counted around the end.
            if self.distance(home, at) >= self.distance(hole, at) {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
            at = self.after(at);
        }
        self.slots[hole].id = VACANT;
    }

    /// Takes all numbers out.
    pub fn clear(&mut self) {
        self.slots.fill(Slot::NONE);
        self.len = 0;
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Makes room for `len` numbers, at most three quarters full.
    fn grow(&mut self, len: usize) {
        if len * 4 <= self.slots.len() * 3 {
            return;
        }
        let slots = vec![Slot::NONE; (len * 4 / 3 + 1).next_power_of_two().max(LEAST)];
        for slot in std::mem::replace(&mut self.slots, slots) {
            if slot.id != VACANT {
                self.put(slot);
            }
        }
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.home(slot.hash());
        while self.slots[at].id != VACANT {
            at = self.after(at);
        }
        self.slots[at] = slot;
    }

    /// Where a hash belongs.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }

    /// Steps from one place to another.
    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & (self.slots.len() - 1)
    }
}

/// The number of a slot that holds none.
const VACANT: u32 = u32::MAX;
/// Slots of the smallest table.
const LEAST: usize = 16;
