//! The resource graph, whatever is put, referred to, subscribed to and listened to: what leaves it is what cannot be reached.

#![no_main]

#[path = "../../tests/support/dice.rs"]
mod dice;
#[path = "../../tests/graph_oracle/mod.rs"]
mod graph_oracle;

libfuzzer_sys::fuzz_target!(|steps: &[u8]| graph_oracle::play(steps));
