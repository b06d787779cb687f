//! Which frames' texts the reader has to keep, because resources in them have not been read yet.

use std::collections::BTreeMap;

/// The number of a frame.
pub type FrameId = u32;

/// Counts of unread resources by frame.
#[derive(Debug, Default)]
pub struct Texts {
    unread: BTreeMap<FrameId, u32>,
}

impl Texts {
    pub fn add(&mut self, frame: FrameId) {
        *self.unread.entry(frame).or_default() += 1;
    }

    /// One resource less is unread in `frame`; true when it was the last.
    pub fn remove(&mut self, frame: FrameId) -> bool {
        let Some(count) = self.unread.get_mut(&frame) else {
            return false;
        };
        *count -= 1;
        if *count > 0 {
            return false;
        }
        self.unread.remove(&frame);
        true
    }

    pub fn contains(&self, frame: FrameId) -> bool {
        self.unread.contains_key(&frame)
    }

    pub fn len(&self) -> usize {
        self.unread.len()
    }

    pub fn is_empty(&self) -> bool {
        self.unread.is_empty()
    }
}
