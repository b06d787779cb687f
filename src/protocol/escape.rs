//! Escapes of JSON strings.

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
