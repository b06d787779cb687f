//! What can go wrong with NATS.

use std::fmt;

/// Why there is no connection to NATS, or no longer one. Texts hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NatsError {
    /// The address of a server, by its place in the list from 1, is none. It is not repeated, for there may be a
    /// password in it.
    Address { place: usize, reason: &'static str },
    /// A nkey, a credentials file or the like cannot be used.
    Credentials(String),
    /// A certificate or key cannot be used, or the server has no TLS where it must.
    Tls(String),
    /// The server cannot be reached, or ended the connection before it was one.
    Unreachable { server: String, reason: String },
    /// The server did not answer in time.
    TimedOut { server: String },
    /// The server does not let this client in.
    Refused { server: String, reason: String },
    /// None of several servers can be used; why, for each.
    NoServer(Vec<NatsError>),
    /// What the server sends is not NATS.
    Protocol(&'static str),
    /// The server ended the connection and said why.
    Server(String),
    /// The connection broke.
    Broken(String),
    /// The server answered no pings.
    Silent,
    /// The server reads too slowly: more bytes than this wait for it.
    Backlog(usize),
    /// The server is about to end, and there are others.
    LameDuck,
    /// The connection was closed from this side.
    Closed,
}

impl fmt::Display for NatsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NatsError::Address { place, reason } => {
                write!(f, "the address of NATS server {place} in the list cannot be used: {reason}")
            }
            NatsError::Credentials(reason) | NatsError::Tls(reason) => f.write_str(reason),
            NatsError::Unreachable { server, reason } => write!(f, "cannot connect to {server}: {reason}"),
            NatsError::TimedOut { server } => {
                write!(f, "{server} does not answer: check the address, and whether NATS runs there")
            }
            NatsError::Refused { server, reason } => {
                write!(f, "{server} refuses the connection ({reason}): check the user, token, nkey or credentials file")
            }
            NatsError::NoServer(reasons) => {
                f.write_str("no NATS server can be used: ")?;
                for (i, reason) in reasons.iter().enumerate() {
                    write!(f, "{}{reason}", if i > 0 { "; " } else { "" })?;
                }
                Ok(())
            }
            NatsError::Protocol(reason) => write!(f, "what the server sends is not NATS: {reason}"),
            NatsError::Server(reason) => write!(f, "the server ended the connection: {reason}"),
            NatsError::Broken(reason) => write!(f, "the connection broke: {reason}"),
            NatsError::Silent => f.write_str("the server answers no pings"),
            NatsError::Backlog(bytes) => write!(f, "the server reads too slowly: more than {bytes} bytes wait for it"),
            NatsError::LameDuck => f.write_str("the server is about to end, and there are others"),
            NatsError::Closed => f.write_str("the connection was closed from this side"),
        }
    }
}

impl std::error::Error for NatsError {}

/// What a server says may hold anything; a log is one line of text.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(MAX_TEXT).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Characters of a server's text that are shown.
const MAX_TEXT: usize = 300;
