//! Bytes that decide what happens in a test.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[derive(Clone)]
pub struct Steps(pub Vec<u8>);

/// At most so many, of which the first may be those of a seed.
pub fn any_steps(seeds: &'static [&'static [u8]], most: usize) -> impl Strategy<Value = Steps> {
    let begun = (select(seeds), any::<Index>()).prop_map(|(seed, end)| seed[..end.index(seed.len() + 1)].to_vec());
    (prop_oneof![Just(Vec::new()), begun], vec(any::<u8>(), 0..most))
        .prop_map(|(begun, rest)| Steps([begun, rest].concat()))
}

impl fmt::Debug for Steps {
    /// On one line, for `printf` to write them into a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
    }
}
