//! What the gateway must make of its input, written down a second time and in another way. Each check panics on a
//! difference. The fuzz targets and `fuzz.rs` share them.

#![allow(dead_code, reason = "each user takes a part of it")]

pub mod answers;
pub mod conversation;
#[path = "../../../../tests/support/dice.rs"]
mod dice;
pub mod frames;
#[path = "../../../../tests/scan_oracle/json.rs"]
mod json;
pub mod names;
pub mod nats;
pub mod paths;

/// The members with these names as written, if the text is an object that has none of them twice and no name that
/// cannot be read.
fn fields<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Option<[Option<&'a str>; N]> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let mut found = [None; N];
    for (key, value) in json::is_json(text).then(|| json::object(text))?? {
        let key = json::text_of(key)?;
        if let Some(at) = names.iter().position(|name| *name == key) {
            if found[at].is_some() {
                return None;
            }
            found[at] = Some(value);
        }
    }
    Some(found)
}

/// An optional member that must be a string: `Some(None)` if it is absent or `null`, `None` if it is anything else.
fn string(value: Option<&str>) -> Option<Option<String>> {
    match value {
        None | Some("null") => Some(None),
        Some(text) if text.starts_with('"') => json::text_of(text).map(Some),
        Some(_) => None,
    }
}
