//! Which frames' texts the reader has to keep, because resources in them have not been read yet.

use crate::ledger::Ledger;

/// The number of a frame.
pub type FrameId = u32;

/// Counts of unread resources by frame.
#[derive(Debug, Default)]
pub struct Texts {
    unread: Ledger<FrameId, u32>,
}

impl Texts {
    pub fn add(&mut self, frame: FrameId) {
        match self.unread.get_mut(frame) {
            Some(count) => *count += 1,
            None => self.unread.insert(frame, 1),
        }
    }

    /// One resource less is unread in `frame`; true when it was the last.
    pub fn remove(&mut self, frame: FrameId) -> bool {
        let Some(count) = self.unread.get_mut(frame) else {
            return false;
        };
        *count -= 1;
        if *count > 0 {
            return false;
        }
        self.unread.remove(frame);
        true
    }

    pub fn contains(&mut self, frame: FrameId) -> bool {
        self.unread.get_mut(frame).is_some()
    }

    pub fn len(&self) -> usize {
        self.unread.len()
    }

    pub fn is_empty(&self) -> bool {
        self.unread.is_empty()
    }
}
