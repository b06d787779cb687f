//! What a server and a client tell of themselves.

use serde::{Deserialize, Serialize};

/// What a server says of itself, at first and whenever something of it changes.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(super) struct ServerInfo {
    /// Bytes a payload may have.
    pub max_payload: usize,
    /// Addresses of all servers of the cluster.
    pub connect_urls: Vec<String>,
    /// It is going to end, and asks its clients to go to others.
    #[serde(rename = "ldm")]
    pub lame_duck: bool,
    pub tls_required: bool,
    pub tls_available: bool,
    /// What is to be signed with an nkey.
    pub nonce: Option<String>,
    /// Whether it knows headers, without which it cannot say that nobody listens.
    pub headers: bool,
}

impl Default for ServerInfo {
    fn default() -> ServerInfo {
        ServerInfo {
            max_payload: 1 << 20,
            connect_urls: Vec::new(),
            lame_duck: false,
            tls_required: false,
            tls_available: false,
            nonce: None,
            headers: false,
        }
    }
}

/// What is said to a server before anything else.
#[derive(Serialize)]
pub(super) struct Connect<'a> {
    pub verbose: bool,
    pub pedantic: bool,
    pub tls_required: bool,
    pub name: &'a str,
    pub lang: &'static str,
    pub version: &'static str,
    /// 1: it may send INFO later too.
    pub protocol: u8,
    pub echo: bool,
    pub headers: bool,
    pub no_responders: bool,
    #[serde(flatten)]
    pub identity: Identity,
}

/// Who the client is.
#[derive(Default, Serialize)]
pub(super) struct Identity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(rename = "pass", skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(rename = "auth_token", skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nkey: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<String>,
    /// The signature of the server's nonce.
    #[serde(rename = "sig", skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}
