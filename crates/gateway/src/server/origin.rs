//! Which web pages may use the gateway.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderValue, header};

use super::header_text;

/// Pages of which origins may use the gateway. Programs that are not browsers send no origin and are always admitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AllowOrigin {
    /// Pages served from the host and port that the gateway is reached by. Where it listens on a loopback address, that
    /// host must be an address, `localhost` or below it.
    #[default]
    SameOrigin,
    /// Every page, but none of another origin where a service looks at cookies and something may be changed.
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

    /// Whether a request comes from a page that is allowed, or from no page.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check(&self, headers: &HeaderMap, place: Place) -> Result<(), Refused> {
        let guarded = place.heeds_cookies && headers.contains_key(header::COOKIE);
        let Some(origin) = headers.get(header::ORIGIN) else {
            // Browsers say the origin wherever it could be a page that abuses the cookies of its visitor. They do not where a
            // page reads from its own origin, which whoever owns a name can have lead to this machine.
            let host = header_text(headers, header::HOST).unwrap_or("localhost");
            return match self {
                _ if guarded => Err(Refused::Unsaid),
                _ if place.is_loopback && self.is_of_this_machine() && !is_local(host) => Err(Refused::Named),
                _ => Ok(()),
            };
        };
        let origin = origin.to_str().map_err(|_| Refused::Foreign)?.to_ascii_lowercase();
        match self {
            // Who allows every page does not give all of them the cookies of their visitors.
            AllowOrigin::Any if !guarded => Ok(()),
            AllowOrigin::List(list) => list.contains(&origin).then_some(()).ok_or(Refused::Foreign),
            // `null`, which sandboxed frames send, is in no list and nobody's own origin.
            AllowOrigin::Any | AllowOrigin::SameOrigin => {
                let host = header_text(headers, header::HOST).unwrap_or_default().to_ascii_lowercase();
                match origin.split_once("://") {
                    Some((_, authority)) if authority != host => Err(Refused::Foreign),
                    None => Err(Refused::Foreign),
                    // Whoever owns a name can have it lead to this machine, and their page be of the same origin.
                    Some(_) if place.is_loopback && !is_local(&host) => Err(Refused::Named),
                    Some(_) => Ok(()),
                }
            }
        }
    }

    /// Whether pages of this machine alone may use the gateway: others come through a proxy, under names that only that knows.
    fn is_of_this_machine(&self) -> bool {
        match self {
            AllowOrigin::SameOrigin => true,
            AllowOrigin::Any => false,
            AllowOrigin::List(list) => {
                list.iter().all(|origin| origin.split_once("://").is_some_and(|(_, host)| is_local(host)))
            }
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
                match (self.check(asked, Place::default()), first) {
                    (Ok(()), _) => origin.clone(),
                    (Err(_), Some(first)) => first,
                    (Err(_), None) => return,
                }
            }
        };
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    }
}

/// Where a request arrives.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// A service looks at its cookies, and it may change something.
    pub heeds_cookies: bool,
    /// Only programs of this machine can send it.
    pub is_loopback: bool,
}

/// Why a page may not use the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is of another origin.
    Foreign,
    /// It reached this machine by a name that may be anybody's.
    Named,
    /// It has cookies and does not say where it is from.
    Unsaid,
}

impl Refused {
    /// What the client is told.
    pub fn message(self) -> &'static str {
        match self {
            Refused::Foreign => "Forbidden origin",
            Refused::Named => "Forbidden host",
            Refused::Unsaid => "A request with cookies must say its origin",
        }
    }

    /// What the operator is told.
    pub fn advice(self) -> &'static str {
        match self {
            Refused::Foreign => "refused a page: its origin is not one of allowOrigin (--alloworigin)",
            Refused::Named => {
                "refused a page: it is not on localhost, and the gateway is; behind a proxy, name its origin \
                 in allowOrigin (--alloworigin)"
            }
            Refused::Unsaid => {
                "refused a request: it has cookies and no origin, and headerAuth (--headauth) or wsHeaderAuth \
                 (--wsheadauth) looks at them"
            }
        }
    }
}

/// Whether a host, with or without a port, is an address or a name that is this machine for every browser.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, _)) if !host.ends_with(']') => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    let name = name.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || address.parse::<IpAddr>().is_ok()
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
