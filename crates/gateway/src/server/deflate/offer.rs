//! What a client offers, and what is agreed on.

use axum::http::{HeaderMap, HeaderValue, header};

/// What was agreed on with a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Bits of the window the client asks messages to be compressed with, from 9 to 15; `None` is as good as 15.
    window_bits: Option<u8>,
}

impl Terms {
    /// Takes the first offer of permessage-deflate that can be, as clients put the one they like best first. One with
    /// what is unknown, wrong or there twice is passed over (RFC 7692, section 7).
    pub fn agree(headers: &HeaderMap) -> Option<Terms> {
        let fields = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter().filter_map(|value| value.to_str().ok());
        fields.flat_map(|field| field.split(',')).find_map(Terms::accept)
    }

    /// What the client is told.
    pub fn header(self) -> HeaderValue {
        let window = self.window_bits.map(|bits| format!("; server_max_window_bits={bits}")).unwrap_or_default();
        HeaderValue::try_from(format!("{AGREED}{window}")).expect("ASCII")
    }

    /// Bits of the window that messages are compressed with.
    pub(super) fn window_bits(self) -> u8 {
        self.window_bits.unwrap_or(15)
    }

    fn accept(offer: &str) -> Option<Terms> {
        let mut parts = offer.split(';').map(str::trim);
        if parts.next() != Some("permessage-deflate") {
            return None;
        }
        let (mut seen, mut terms) = (Vec::new(), Terms { window_bits: None });
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start()))),
                None => (part, None),
            };
            match (name, value) {
                ("server_no_context_takeover" | "client_no_context_takeover" | "client_max_window_bits", None) => {}
                // A hint about windows that are no larger than those there is room for.
                ("client_max_window_bits", Some(value)) => drop(bits(value)?),
                // A window of 8 bits is one that zlib does not write.
                ("server_max_window_bits", Some(value)) => terms.window_bits = Some(bits(value).filter(|&n| n > 8)?),
                _ => return None,
            }
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
        }
        Some(terms)
    }
}

/// A value may be written as a text in quotes.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// From 8 to 15, without zeros in front.
fn bits(value: &str) -> Option<u8> {
    (8..=15).find(|bits: &u8| bits.to_string() == value)
}

/// Both are allowed without having been offered.
const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
