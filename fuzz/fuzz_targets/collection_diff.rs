//! Any two lists: the script must lead from one to the other in the order clients expect, and be a shortest one.

#![no_main]

#[path = "../../tests/diff_oracle/mod.rs"]
mod diff_oracle;

libfuzzer_sys::fuzz_target!(|input: &[u8]| diff_oracle::check_bytes(input));
