//! What services are told about a client in auth requests.

use std::net::SocketAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::core::conn::ClientInfo;

/// Which header fields of a client's request services are told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AuthHeaders {
    /// All that are the client's to say: not those about the connection, and not those by which a proxy says who the
    /// client is (`Forwarded`, `X-Forwarded-…`, `X-Real-IP`), which anybody can send where there is none.
    #[default]
    Usual,
    /// Exactly those with these names, in lower case.
    Only(Vec<String>),
}

impl AuthHeaders {
    /// Reads a list of names with `,` between them.
    ///
    /// # Errors
    /// A sentence, if one is not the name of a header field.
    pub fn parse(text: &str) -> Result<AuthHeaders, String> {
        let names = text.split(',').map(|name| {
            let valid = HeaderName::try_from(name.trim());
            valid
                .map(|name| name.as_str().to_owned())
                .map_err(|_| format!("{name:?} is not the name of a header field"))
        });
        names.collect::<Result<_, _>>().map(AuthHeaders::Only)
    }

    fn allow(&self, name: &str, headers: &HeaderMap) -> bool {
        match self {
            AuthHeaders::Only(names) => names.iter().any(|allowed| allowed == name),
            AuthHeaders::Usual => {
                let is_hop = HOP_BY_HOP.contains(&name) || {
                    let named = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
                    named.flat_map(|value| value.split(',')).any(|other| other.trim().eq_ignore_ascii_case(name))
                };
                !is_hop && !matches!(name, "forwarded" | "x-real-ip") && !name.starts_with("x-forwarded-")
            }
        }
    }
}

/// Reads the head of a client's request.
pub fn client_info(request: &Parts, remote: SocketAddr, allowed: &AuthHeaders) -> ClientInfo {
    let mut info = ClientInfo {
        host: text(request.headers.get(header::HOST)).unwrap_or_default(),
        remote_addr: remote.to_string(),
        uri: request.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        ..ClientInfo::default()
    };
    for (name, value) in &request.headers {
        if name != header::HOST
            && allowed.allow(name.as_str(), &request.headers)
            && let Some(value) = text(Some(value))
        {
            info.header.entry(canonical(name.as_str())).or_default().push(value);
        }
    }
    info
}

fn text(value: Option<&HeaderValue>) -> Option<String> {
    value.and_then(|v| v.to_str().ok()).map(str::to_owned)
}

/// The spelling of header names that services know: `x-auth` is `X-Auth`.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|c| c.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

/// Fields about one connection (RFC 9110, "Connection"), and what is for proxies.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
