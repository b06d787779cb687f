//! Entries in the order of their keys, for keys that mostly arrive in that order and leave in it: timers, requests,
//! frames. Much smaller as code than a tree, and as fast where that holds.

/// An ordered map. Taking an entry out leaves a gap; gaps are closed when they prevail.
#[derive(Debug)]
pub struct Ledger<K, V> {
    entries: Vec<(K, Option<V>)>,
    /// Where the first entry is that is no gap.
    first: usize,
    len: usize,
}

impl<K, V> Default for Ledger<K, V> {
    fn default() -> Self {
        Ledger { entries: Vec::new(), first: 0, len: 0 }
    }
}

impl<K: Ord + Copy, V> Ledger<K, V> {
    /// Puts a value in; what was there under the same key is replaced.
    pub fn insert(&mut self, key: K, value: V) {
        let at = match self.entries.last() {
            Some(&(last, _)) if last >= key => self.entries.partition_point(|&(k, _)| k < key),
            _ => self.entries.len(),
        };
        self.first = self.first.min(at);
        match self.entries.get_mut(at) {
            Some((k, slot)) if *k == key => {
                self.len += usize::from(slot.is_none());
                *slot = Some(value);
            }
            _ => {
                self.entries.insert(at, (key, Some(value)));
                self.len += 1;
            }
        }
    }

    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.entries.binary_search_by_key(&key, |&(k, _)| k).ok()?;
        self.entries[at].1.as_mut()
    }

    pub fn remove(&mut self, key: K) -> Option<V> {
        let at = self.entries.binary_search_by_key(&key, |&(k, _)| k).ok()?;
        let value = self.entries[at].1.take()?;
        self.len -= 1;
        while matches!(self.entries.get(self.first), Some((_, None))) {
            self.first += 1;
        }
        if self.entries.len() > 2 * self.len + SPARE {
            self.entries.retain(|(_, value)| value.is_some());
            self.first = 0;
        }
        Some(value)
    }

    /// The entry with the lowest key.
    pub fn first(&self) -> Option<(K, &V)> {
        self.entries.get(self.first).and_then(|(key, value)| Some((*key, value.as_ref()?)))
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().filter_map(|(_, value)| value.as_ref())
    }

    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.entries.into_iter().filter_map(|(_, value)| value)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Gaps that are not worth closing.
const SPARE: usize = 32;
