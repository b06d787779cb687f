//! JSON text: depth, canonical form, and writing without building values.

use std::borrow::Cow;
use std::fmt::Write;

use resclient::protocol::ResError;
use serde_json::value::RawValue;

/// Whether two JSON texts have the same value: numbers by exact decimal value, members in any order, strings by
/// content. Texts too deep to look into are only equal when they are the same text, so a real change is never taken for
/// none.
pub fn same(a: &str, b: &str) -> bool {
    a == b || (!is_plain(a) || !is_plain(b)) && canonical(a) == canonical(b)
}

/// A text that is equal for equal values and different for different ones.
pub fn canonical(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    match write_canonical(text, 0, &mut out) {
        Some(()) => Cow::Owned(out),
        None => Cow::Borrowed(text),
    }
}

/// The deepest nesting of arrays and objects in a valid JSON text.
pub fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for b in text.bytes() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Appends a JSON string literal.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Text as a JSON string literal.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_string(&mut out, text);
    out
}

/// Appends `{"code":…,"message":…,"data":…}`.
pub fn push_error(out: &mut String, error: &ResError) {
    out.push_str("{\"code\":");
    push_string(out, &error.code);
    out.push_str(",\"message\":");
    push_string(out, &error.message);
    if let Some(data) = &error.data {
        out.push_str(",\"data\":");
        out.push_str(data.get());
    }
    out.push('}');
}

/// The payload of a service's answer `{"error":…}`.
pub fn error_answer(error: &ResError) -> String {
    let mut out = String::from("{\"error\":");
    push_error(&mut out, error);
    out.push('}');
    out
}

/// The error a service sent, or `None` when it is not an object with a code.
pub fn read_error(text: &str) -> Option<ResError> {
    #[derive(serde::Deserialize)]
    struct Wire {
        code: String,
        #[serde(default)]
        message: String,
        data: Option<Box<RawValue>>,
    }
    if !is_object(text) {
        return None;
    }
    let wire: Wire = serde_json::from_str(text).ok()?;
    Some(ResError { code: wire.code.into(), message: wire.message.into(), data: wire.data })
}

/// Whether the text starts like an object. serde reads structs from arrays too, which the protocol does not.
pub fn is_object(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{')
}

/// Reads a struct from an object; `None` where the text is anything else.
pub fn read_object<'a, T: serde::Deserialize<'a>>(text: &'a [u8]) -> Option<T> {
    let text = std::str::from_utf8(text).ok()?;
    is_object(text).then(|| serde_json::from_str(text).ok())?
}

/// Texts that are their own canonical form: short integers, literals, and strings without escapes.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'"') => !bytes.contains(&b'\\'),
        Some(b't' | b'f' | b'n') => true,
        Some(b'1'..=b'9') => bytes.iter().all(u8::is_ascii_digit) && bytes.last() != Some(&b'0'),
        _ => false,
    }
}

fn write_canonical(text: &str, level: usize, out: &mut String) -> Option<()> {
    if level > MAX_LEVEL {
        return None;
    }
    match text.as_bytes().first()? {
        b'{' => {
            let members: std::collections::BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).ok()?;
            out.push('{');
            for (key, value) in members {
                push_string(out, &key);
                out.push(':');
                write_canonical(value.get(), level + 1, out)?;
                out.push(',');
            }
            out.push('}');
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            out.push('[');
            for item in items {
                write_canonical(item.get(), level + 1, out)?;
                out.push(',');
            }
            out.push(']');
        }
        b'"' => match serde_json::from_str::<String>(text) {
            Ok(content) => push_string(out, &content),
            // A lone surrogate: valid JSON that no Rust string can hold. Its text stands for itself.
            Err(_) => out.push_str(text),
        },
        b't' | b'f' | b'n' => out.push_str(text),
        _ => write_number(text, out),
    }
    Some(())
}

/// Writes sign, digits without zeros at either end, and the power of ten: exact for any length.
fn write_number(text: &str, out: &mut String) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    // JavaScript tells 0 and -0 apart, so the sign of zero stays.
    let moved = (digits.len() - significant.len()) as i128 - fraction.len() as i128;
    let power = exponent.parse::<i128>().ok().and_then(|exponent| exponent.checked_add(moved));
    match power {
        _ if significant.is_empty() => {
            let _ = write!(out, "{sign}0");
        }
        Some(0) => {
            let _ = write!(out, "{sign}{significant}");
        }
        Some(power) => {
            let _ = write!(out, "{sign}{significant}e{power}");
        }
        // An exponent longer than that is the same only as it is written.
        None => out.push_str(text),
    }
}

const MAX_LEVEL: usize = 100;
