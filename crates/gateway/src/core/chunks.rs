//! A list whose copies share what they have in common.

use std::sync::Arc;

/// Items in chunks. A copy costs a pointer for each chunk, and a change one chunk more: that is how each event of a long
/// list can have the list it leads to.
#[derive(Debug, Clone)]
pub struct Chunks<T> {
    /// None is empty.
    chunks: Vec<Arc<[T]>>,
    len: usize,
}

/// Items of a chunk that was just made; one that has come to twice as many is made two.
const CHUNK: usize = 64;

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Chunks { chunks: Vec::new(), len: 0 }
    }
}

impl<T> FromIterator<T> for Chunks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut items = items.into_iter();
        let chunk = || Some(items.by_ref().take(CHUNK).collect()).filter(|chunk: &Arc<[T]>| !chunk.is_empty());
        let mut chunks: Vec<Arc<[T]>> = std::iter::from_fn(chunk).collect();
        chunks.shrink_to_fit();
        let len = chunks.iter().map(|chunk| chunk.len()).sum();
        Chunks { chunks, len }
    }
}

impl<T: Clone> Chunks<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What a copy keeps in memory that was changed in one place, about.
    pub fn bytes_apart(&self) -> usize {
        size_of_val(&*self.chunks) + self.len.min(CHUNK) * size_of::<T>()
    }

    /// For assertions in tests.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    pub fn get(&self, idx: usize) -> Option<&T> {
        let (chunk, at) = self.place(idx);
        self.chunks.get(chunk)?.get(at)
    }

    /// The first item for which `is_before` is false, and its position; it must be true for all items before it, and
    /// for none after it.
    pub fn find(&self, is_before: impl Fn(&T) -> bool) -> (usize, Option<&T>) {
        let chunk = self.chunks.partition_point(|chunk| chunk.last().is_some_and(&is_before));
        let before: usize = self.chunks[..chunk].iter().map(|chunk| chunk.len()).sum();
        let Some(chunk) = self.chunks.get(chunk) else { return (before, None) };
        let at = chunk.partition_point(is_before);
        (before + at, chunk.get(at))
    }

    /// Puts an item before the one at `idx`, or at the end.
    ///
    /// # Panics
    /// If `idx` is beyond the end.
    pub fn insert(&mut self, idx: usize, item: T) {
        assert!(idx <= self.len, "inserted at {idx} of {}", self.len);
        self.splice(idx, 0, Some(item));
    }

    /// Puts an item in the place of that at `idx`.
    ///
    /// # Panics
    /// If there is none.
    pub fn replace(&mut self, idx: usize, item: T) {
        assert!(idx < self.len, "replaced {idx} of {}", self.len);
        self.splice(idx, 1, Some(item));
    }

    /// # Panics
    /// If there is none at `idx`.
    pub fn remove(&mut self, idx: usize) {
        assert!(idx < self.len, "removed {idx} of {}", self.len);
        self.splice(idx, 1, None);
    }

    /// The chunk that has the item, and where in it. The end is in the last chunk.
    fn place(&self, idx: usize) -> (usize, usize) {
        let mut at = idx;
        for (chunk, items) in self.chunks.iter().enumerate() {
            if at < items.len() || chunk + 1 == self.chunks.len() {
                return (chunk, at);
            }
            at -= items.len();
        }
        (0, at)
    }

    /// Makes the chunk of `idx` anew, with so many items less and this one instead.
    fn splice(&mut self, idx: usize, removed: usize, item: Option<T>) {
        let (place, mut at) = self.place(idx);
        let mut range = place..(place + 1).min(self.chunks.len());
        let size = |chunk: Option<&Arc<[T]>>| chunk.map_or(0, |chunk| chunk.len());
        // What has become short is put together with a neighbour, so that there are never many short ones.
        let rest = size(self.chunks.get(place)) - removed + item.iter().len();
        if place > 0 && rest + size(self.chunks.get(place - 1)) <= CHUNK {
            at += size(self.chunks.get(place - 1));
            range.start -= 1;
        } else if rest + size(self.chunks.get(range.end)) <= CHUNK {
            range.end = (range.end + 1).min(self.chunks.len());
        }
        let mut items: Vec<T> = self.chunks[range.clone()].iter().flat_map(|chunk| chunk.iter().cloned()).collect();
        self.len = self.len - removed + item.iter().len();
        items.splice(at..at + removed, item);
        let second = items.split_off(if items.len() < 2 * CHUNK { items.len() } else { CHUNK });
        self.chunks.splice(range, [items, second].into_iter().filter(|items| !items.is_empty()).map(Arc::from));
    }
}
