//! JSON texts as `serde_json` sees them: values without their spelling, and the pieces of a text as they stand.

use std::collections::BTreeMap;
use std::fmt;

use resclient::protocol::scan::{Span, Units};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON value without its spelling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Json {
    Literal(char),
    /// Sign, significant digits and the power of ten behind them.
    Number(bool, String, i64),
    String(Vec<u8>),
    Array(Vec<Json>),
    Object(BTreeMap<Vec<u8>, Json>),
}

pub fn json(raw: &str) -> Json {
    match raw.chars().next().unwrap() {
        literal @ ('n' | 't' | 'f') => Json::Literal(literal),
        '"' => Json::String(wtf8(raw)),
        '[' => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap();
            Json::Array(items.into_iter().map(|item| json(item.get())).collect())
        }
        '{' => Json::Object(members(raw).into_iter().map(|(key, value)| (wtf8(key), json(value))).collect()),
        _ => decimal(raw),
    }
}

fn decimal(raw: &str) -> Json {
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let significant = digits.trim_end_matches('0');
    let zeros = digits.len() - significant.len();
    // An exponent that does not fit is as good as any other that does not.
    let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
    let exponent = exponent.saturating_sub(fraction.len() as i64).saturating_add(zeros as i64);
    let significant = significant.trim_start_matches('0');
    Json::Number(raw.starts_with('-'), significant.to_owned(), if significant.is_empty() { 0 } else { exponent })
}

pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// How deep the brackets of a valid text are nested.
pub fn depth(text: &str) -> u32 {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0u32, 0, false, false);
    for b in text.bytes() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// A string as WTF-8, which is how `serde_json` gives bytes that may be lone surrogates.
pub fn wtf8(raw: &str) -> Vec<u8> {
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }
    serde_json::Deserializer::from_str(raw).deserialize_bytes(Bytes).unwrap()
}

/// A string, unless it has a lone surrogate.
pub fn text_of(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

pub fn object(raw: &str) -> Option<Vec<(&str, &str)>> {
    raw.starts_with('{').then(|| members(raw))
}

/// The members of an object as written.
pub fn members(raw: &str) -> Vec<(&str, &str)> {
    struct Members<'a>(Vec<(&'a str, &'a str)>);
    struct Collect;
    impl<'de> Visitor<'de> for Collect {
        type Value = Members<'de>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
            let mut members = Vec::new();
            while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                members.push((key.get(), value.get()));
            }
            Ok(Members(members))
        }
    }
    impl<'de> Deserialize<'de> for Members<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Collect)
        }
    }
    serde_json::from_str::<Members<'_>>(raw).unwrap().0
}

/// A string literal without its quotes.
pub fn inner(raw: &str) -> &str {
    &raw[1..raw.len() - 1]
}

/// Where a piece of a text is.
pub fn span(text: &str, piece: &str, units: Units) -> Span {
    let start = piece.as_ptr() as usize - text.as_ptr() as usize;
    let position = |at: usize| match units {
        Units::Bytes => at as u32,
        Units::Utf16 => text[..at].encode_utf16().count() as u32,
    };
    Span { start: position(start), end: position(start + piece.len()) }
}
