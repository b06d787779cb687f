//! How to connect to NATS.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How to connect to NATS. Files are read each time a connection is opened, so that they can be replaced.
#[derive(Clone)]
pub struct NatsOptions {
    /// Addresses of servers with commas between, each `[nats://|tls://][user:password@|token@]host[:port]`; default
    /// `nats://127.0.0.1:4222`. Servers that these tell of are used too, when none of these can be reached.
    pub servers: String,
    /// Who to be, for servers whose address does not say it; default [`Auth::None`].
    pub auth: Auth,
    pub tls: TlsOptions,
    /// What the server calls this client in its logs; default `res-gateway`.
    pub name: String,
    /// Whether servers are tried in the order of their list, after a loss with the lost one last; default false, at
    /// random, which spreads clients over them.
    pub in_order: bool,
    /// Messages that may wait to be dealt with; when there are as many, no more are read until there is room, and none
    /// is dropped. A server ends connections that do not read for long (10 s by default). Default 8192, at least 1.
    pub buffer_size: usize,
    /// Bytes of messages that may wait to be dealt with, in the same way; one that is bigger waits alone. Default 64
    /// MiB.
    pub buffer_bytes: usize,
    /// Bytes that may wait to be sent; with more, the connection counts as lost. Default 64 MiB.
    pub outbound_bytes: usize,
    /// How often the server is pinged. When nothing at all came since the last ping but one, the connection counts as
    /// lost. Default 20 s, from 1 ms to a day.
    pub ping_interval: Duration,
    /// How long it may take to connect, for each address of each server; default 3 s.
    pub connect_timeout: Duration,
}

impl Default for NatsOptions {
    fn default() -> NatsOptions {
        NatsOptions {
            servers: "nats://127.0.0.1:4222".to_owned(),
            auth: Auth::None,
            tls: TlsOptions::default(),
            name: "res-gateway".to_owned(),
            in_order: false,
            buffer_size: 8_192,
            buffer_bytes: 64 << 20,
            outbound_bytes: 64 << 20,
            ping_interval: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(3),
        }
    }
}

impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What stands before an @ may be a password.
        let without_user = |server| str::rsplit_once(server, '@').map_or(server, |(_, place)| place);
        let servers: Vec<&str> = self.servers.split(',').map(without_user).collect();
        f.debug_struct("NatsOptions")
            .field("servers", &servers)
            .field("auth", &self.auth)
            .field("tls", &self.tls)
            .field("name", &self.name)
            .field("in_order", &self.in_order)
            .field("buffer_size", &self.buffer_size)
            .field("buffer_bytes", &self.buffer_bytes)
            .field("outbound_bytes", &self.outbound_bytes)
            .field("ping_interval", &self.ping_interval)
            .field("connect_timeout", &self.connect_timeout)
            .finish()
    }
}

/// Who to be for a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// Nobody in particular.
    #[default]
    None,
    Password {
        user: String,
        password: Secret,
    },
    Token(Secret),
    /// The seed of a user's nkey, which begins with `SU`.
    Nkey(Secret),
    /// A file with such a seed.
    NkeyFile(PathBuf),
    /// A credentials file: a user's JWT and the seed of its nkey, as `nsc` writes it.
    CredentialsFile(PathBuf),
}

/// How TLS is used. Servers that require it are always talked to over TLS.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// Whether a server without TLS is refused; implied by `tls://` and by certificates. Default false.
    pub required: bool,
    /// Whether TLS begins at once, for servers with `handshake_first`; default false, after the server's first line.
    pub first: bool,
    /// PEM files with the certificates that vouch for servers; default those the operating system trusts.
    pub root_certificates: Vec<PathBuf>,
    /// The client's own certificate, with what leads from it to its root, as a PEM file; needs `key`.
    pub certificate: Option<PathBuf>,
    /// The key of the client's own certificate as a PEM file; needs `certificate`.
    pub key: Option<PathBuf>,
}

impl TlsOptions {
    /// Whether it would be wrong to talk without TLS.
    pub(super) fn is_required(&self) -> bool {
        self.required || self.first || !self.root_certificates.is_empty() || self.certificate.is_some()
    }
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        Secret(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
