//! Any text, as JSON and as a frame: the scanner must find what `serde_json` finds.

#![no_main]

#[path = "../../tests/scan_oracle/mod.rs"]
mod scan_oracle;

libfuzzer_sys::fuzz_target!(|text: &str| scan_oracle::check(text));
