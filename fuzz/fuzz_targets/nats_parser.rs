//! Any bytes from a NATS server, in pieces of any length: the parser must make the same of them as of the whole.

#![no_main]

#[path = "../../crates/gateway/tests/oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|input: &[u8]| oracle::nats::check(input));
