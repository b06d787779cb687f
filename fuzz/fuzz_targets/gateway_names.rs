//! Any two texts, as resource ids, subjects and patterns; 0x1F is between them.

#![no_main]

#[path = "../../crates/gateway/tests/oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|texts: &str| {
    let (one, other) = texts.split_once('\u{1f}').unwrap_or((texts, ""));
    oracle::names::check(one, other);
    oracle::names::check(other, one);
});
