//! Bytes that decide what happens in a test.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone)]
pub struct Steps(pub Vec<u8>);

/// At most so many.
pub fn any_steps(most: usize) -> impl Strategy<Value = Steps> {
    vec(any::<u8>(), 0..most).prop_map(Steps)
}

impl fmt::Debug for Steps {
    /// On one line, for `printf` to write them into a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
    }
}
