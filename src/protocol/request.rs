//! Requests to the gateway (RES-Client protocol, "Requests").

/// The types of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Version,
    Subscribe,
    Unsubscribe,
    Get,
    Call,
    Auth,
    New,
}

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Version => "version",
            Action::Subscribe => "subscribe",
            Action::Unsubscribe => "unsubscribe",
            Action::Get => "get",
            Action::Call => "call",
            Action::Auth => "auth",
            Action::New => "new",
        }
    }
}

/// Joins the parts of a request's method: `type.rid.method`, the latter two as far as they are there.
pub fn method(action: Action, rid: &str, method: &str) -> String {
    let mut out = String::with_capacity(16 + rid.len() + method.len());
    out.push_str(action.as_str());
    for part in [rid, method] {
        if !part.is_empty() {
            out.push('.');
            out.push_str(part);
        }
    }
    out
}

/// Text as a JSON string, with its quotes. It is all that is ever written as JSON here, which is not worth a serialiser
/// in the browser.
pub fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(written..at).unwrap_or_default());
        written = at;
        out.push('\\');
        if byte < b' ' {
            out.push_str("u00");
            out.push(if byte < 0x10 { '0' } else { '1' });
            out.push(char::from(b"0123456789abcdef"[usize::from(byte & 0xf)]));
            written += 1;
        }
    }
    out.push_str(text.get(written..).unwrap_or_default());
    out.push('"');
    out
}

/// Appends a number in decimal, without the formatting machinery, which is kilobytes in the browser.
pub fn push_number(out: &mut String, n: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = n;
    loop {
        at -= 1;
        digits[at] = (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    for &digit in &digits[at..] {
        out.push(char::from(b'0' + digit));
    }
}

/// Writes a request frame. `params` is JSON text.
pub fn frame(id: u64, method: &str, params: Option<&str>) -> String {
    let mut out = String::with_capacity(32 + method.len() + params.map_or(0, str::len));
    out.push_str(r#"{"id":"#);
    push_number(&mut out, id);
    out.push_str(r#","method":"#);
    out.push_str(&json_string(method));
    if let Some(params) = params {
        out.push_str(r#","params":"#);
        out.push_str(params);
    }
    out.push('}');
    out
}
