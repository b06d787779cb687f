//! Bytes as decisions: for tests whose course a fuzzer finds, or proptest.

#![allow(dead_code, reason = "each user takes a part of it")]

/// Once all bytes are used up, each decision is the first one there is.
pub struct Dice<'a>(&'a [u8]);

impl<'a> Dice<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Dice(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn below(&mut self, limit: u8) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first % limit
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.below(u8::MAX)) % from.len()]
    }

    /// Which one of so many, if there are any.
    pub fn place(&mut self, count: usize) -> Option<usize> {
        usize::from(self.below(u8::MAX)).checked_rem(count)
    }

    /// The text with a few bytes in place of others.
    pub fn damaged(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let at = usize::from(self.below(u8::MAX)) % (bytes.len() + 1);
        let to = (at + usize::from(self.below(4))).min(bytes.len());
        let (new, rest) = self.0.split_at(usize::from(self.below(6)).min(self.0.len()));
        self.0 = rest;
        bytes.splice(at..to, new.iter().copied());
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
