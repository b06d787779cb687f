//! Any two paths of HTTP requests; 0x1F is between them. What differs is two resources, or none.

#![no_main]

#[path = "../../crates/gateway/tests/oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|texts: &str| {
    let (one, other) = texts.split_once('\u{1f}').unwrap_or((texts, ""));
    oracle::paths::check(one, other);
});
