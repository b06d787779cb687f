//! Clients, services and time in any order: no panic, one answer to each request, nothing left in the end.

#![no_main]

#[path = "../../crates/gateway/tests/oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|steps: &[u8]| oracle::conversation::play(steps));
