//! An application, a gateway, a network and a clock that do anything: every request is settled once, the values are those
//! of the frames, and nothing is left in the end.

#![no_main]

#[path = "../../tests/support/dice.rs"]
mod dice;
#[path = "../../tests/engine_oracle/mod.rs"]
mod engine_oracle;
#[path = "../../tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|steps: &[u8]| engine_oracle::play(steps));
