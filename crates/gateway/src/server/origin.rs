//! Which web pages may use the gateway.

use std::net::Ipv6Addr;

use axum::http::{HeaderMap, HeaderValue, header};

use super::header_text;

/// Pages of which origins may use the gateway. Programs that are not browsers send no origin and are always admitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AllowOrigin {
    /// Pages served from the host and port that the gateway is reached by.
    #[default]
    SameOrigin,
    /// Every page.
    Any,
    /// Pages of these origins, such as `https://example.com`, in lower case.
    List(Vec<String>),
}

impl AllowOrigin {
    /// Reads `same-origin`, `*` or a list of origins with `;` between them.
    ///
    /// # Errors
    /// A sentence, if an entry is no origin.
    pub fn parse(text: &str) -> Result<AllowOrigin, String> {
        match text {
            "*" => Ok(AllowOrigin::Any),
            "same-origin" => Ok(AllowOrigin::SameOrigin),
            list => list.split(';').map(normal).collect::<Result<_, _>>().map(AllowOrigin::List),
        }
    }

    /// Whether a request comes from a page that is allowed, or from no page. With `guarded`, one that has cookies must say
    /// which page it is from: browsers always do where it could be a page that abuses them.
    pub fn admits(&self, headers: &HeaderMap, guarded: bool) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return !guarded || !headers.contains_key(header::COOKIE);
        };
        let Some(origin) = origin.to_str().ok().map(str::to_ascii_lowercase) else { return false };
        match self {
            AllowOrigin::Any => true,
            // `null`, which sandboxed frames send, is in no list and nobody's own origin.
            AllowOrigin::List(list) => list.contains(&origin),
            AllowOrigin::SameOrigin => header_text(headers, header::HOST).is_some_and(|host| {
                let host = host.to_ascii_lowercase();
                origin.split_once("://").is_some_and(|(_, authority)| authority == host)
            }),
        }
    }

    /// Says in a response which pages may read it.
    pub fn mark(&self, asked: &HeaderMap, response: &mut HeaderMap) {
        let allowed = match self {
            AllowOrigin::Any => HeaderValue::from_static("*"),
            AllowOrigin::SameOrigin => return,
            AllowOrigin::List(list) => {
                // With or without one: what is kept of one answer must not be taken for the other.
                response.append(header::VARY, HeaderValue::from_static("Origin"));
                let Some(origin) = asked.get(header::ORIGIN) else { return };
                let first = list.first().and_then(|first| HeaderValue::from_str(first).ok());
                match (self.admits(asked, false), first) {
                    (true, _) => origin.clone(),
                    (false, Some(first)) => first,
                    (false, None) => return,
                }
            }
        };
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    }
}

/// An origin as browsers write it, but in lower case: without the port that goes without saying.
fn normal(origin: &str) -> Result<String, String> {
    let lower = origin.to_ascii_lowercase();
    let refused = || format!("{origin:?} is not an origin such as https://example.com");
    let (scheme, authority) = lower.split_once("://").ok_or_else(refused)?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)),
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !is_host || !is_scheme || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(refused());
    }
    Ok(match (scheme, port) {
        ("https", Some("443")) | ("http", Some("80")) | (_, None) => format!("{scheme}://{host}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}"),
    })
}
