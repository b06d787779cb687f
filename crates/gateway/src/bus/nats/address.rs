//! Addresses of servers.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;

use super::error::NatsError;
use super::options::{Auth, Secret};

/// Where a server is, and what is special about it. Shown without what is secret.
#[derive(Debug, Clone)]
pub(super) struct ServerAddress {
    pub host: String,
    pub port: u16,
    /// Whether it must be talked to over TLS.
    pub tls: bool,
    /// The name that its certificate must have, where that is not the host.
    pub tls_name: Option<String>,
    /// Who to be there, if its address says so.
    pub auth: Option<Auth>,
}

impl ServerAddress {
    /// Reads `[nats://|tls://][user:password@|token@]host[:port]` with commas between.
    pub fn parse_list(list: &str) -> Result<Vec<ServerAddress>, NatsError> {
        let mut addresses: Vec<ServerAddress> = Vec::new();
        for (i, part) in list.split(',').enumerate() {
            let address =
                ServerAddress::parse(part.trim()).map_err(|reason| NatsError::Address { place: i + 1, reason })?;
            if !addresses.iter().any(|known| known.is_same(&address)) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }

    /// A server that this one told of, as `host:port`. It belongs to the same cluster, which shares users, and
    /// certificates that have names where only numbers are told.
    pub fn told_of(&self, address: &str) -> Option<ServerAddress> {
        let told = ServerAddress::parse(address).ok()?;
        let is_number = |host: &str| host.parse::<IpAddr>().is_ok();
        let own_name = self.tls_name.as_ref().unwrap_or(&self.host);
        let tls_name = (is_number(&told.host) && !is_number(own_name)).then(|| own_name.clone());
        Some(ServerAddress { tls: self.tls, tls_name, auth: self.auth.clone(), ..told })
    }

    pub fn is_same(&self, other: &ServerAddress) -> bool {
        self.port == other.port && self.host.eq_ignore_ascii_case(&other.host)
    }

    fn parse(text: &str) -> Result<ServerAddress, &'static str> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("nats", text));
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        let tls = match scheme {
            "nats" => false,
            "tls" => true,
            _ => return Err("only nats:// and tls:// are known"),
        };
        let place = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or("a [ without a ]")?,
            None => place.split_at(place.find(':').unwrap_or(place.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| "the port is no number up to 65535")?,
            None if port.is_empty() => DEFAULT_PORT,
            None => return Err("after the host comes : and a port, or nothing"),
        };
        let forbidden = |c: char| !c.is_ascii_graphic() || matches!(c, '/' | '?' | '#' | '@' | '%');
        if host.is_empty() || host.contains(forbidden) {
            return Err("it has no host, or something in it that a host cannot have");
        }
        let auth = match user.map(|user| user.split_once(':').ok_or(user)) {
            None => None,
            Some(Ok((user, password))) => Some(Auth::Password { user: decoded(user)?, password: secret(password)? }),
            Some(Err(token)) => Some(Auth::Token(secret(token)?)),
        };
        Ok(ServerAddress { host: host.to_owned(), port, tls, tls_name: None, auth })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "tls" } else { "nats" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

fn secret(text: &str) -> Result<Secret, &'static str> {
    decoded(text).map(Secret::from)
}

fn decoded(text: &str) -> Result<String, &'static str> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| "what stands before the @ is not UTF-8 after decoding")
}

const DEFAULT_PORT: u16 = 4222;
