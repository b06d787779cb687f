//! Any text, as a frame of a client that has just connected: what it is answered and what services are asked for it.

#![no_main]

#[path = "../../crates/gateway/tests/oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|frame: &str| oracle::frames::check(frame));
