//! Escapes of JSON strings.

use std::borrow::Cow;

/// Unescapes the inside of a valid JSON string literal.
pub fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        let used = match rest[at + 1] {
            b'u' => {
                let (unit, used) = code_point(&rest[at..]);
                push_code_point(&mut out, unit);
                used
            }
            b => {
                out.push(match b {
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => other,
                });
                2
            }
        };
        rest = &rest[at + used..];
    }
    out.extend_from_slice(rest);
    out
}

/// JSON text whose strings Rust can hold: an escape of a lone surrogate, which JSON allows and JavaScript keeps, is made
/// one of U+FFFD.
pub fn mend(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let unit = |at: usize| {
        let hex = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(hex, 16).ok()
    };
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| b == b'\\')) {
        at += next;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                out.push_str(&json[copied..at]);
                out.push_str("\\ufffd");
                copied = at + 6;
                6
            }
            _ => 2,
        };
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    out.push_str(&json[copied..]);
    Cow::Owned(out)
}

/// The code point of `\uXXXX`, or of two of them that are a surrogate pair, and how many bytes it took.
fn code_point(escape: &[u8]) -> (u32, usize) {
    let hex = |at: usize| {
        escape
            .get(at..at + 6)
            .filter(|e| e.starts_with(b"\\u"))
            .map(|e| e[2..].iter().fold(0, |n, &b| n << 4 | (b as char).to_digit(16).expect("scanned as hexadecimal")))
    };
    let high = hex(0).expect("called at an escape");
    match hex(6) {
        Some(low @ 0xdc00..=0xdfff) if (0xd800..0xdc00).contains(&high) => {
            (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12)
        }
        _ => (high, 6),
    }
}

fn push_code_point(out: &mut Vec<u8>, code: u32) {
    match char::from_u32(code) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&[
            0xe0 | (code >> 12) as u8,
            0x80 | (code >> 6 & 0x3f) as u8,
            0x80 | (code & 0x3f) as u8,
        ]),
    }
}
