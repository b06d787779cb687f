//! Any bytes of a service, read by every reader there is for them.

#![no_main]

#[path = "../../crates/gateway/tests/oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| oracle::answers::check(payload));
