//! The lines of a recording.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::core::json;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    pub version: u32,
}

impl Header {
    pub fn new() -> Header {
        Header { format: FORMAT.into(), version: VERSION }
    }
}

/// Any other: a request with its answer, or a message that came by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Milliseconds from the first request to this answer or message.
    pub at: u64,
    pub kind: Kind,
    /// Of the request or the message. For the request of a query event, that of the event.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The label of the client that a request is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conn: Option<String>,
    /// The label of its token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Box<RawValue>>,
    /// What the client was given: with an auth request, before its answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Token>,
    /// The payload of the answer; of one that is not JSON, the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Box<RawValue>>,
    /// The payload of an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

impl Line {
    pub fn new(kind: Kind, subject: String) -> Line {
        let (query, conn, token, params, answer, data) = Default::default();
        Line { at: 0, kind, subject, query, conn, token, params, tokens: Vec::new(), answer, data }
    }

    pub fn answer(&self) -> &str {
        self.answer.as_ref().map_or("null", |answer| answer.get())
    }

    /// The name of the resource that it is about, in one of the kinds that are about one.
    pub fn name(&self) -> &str {
        let rest = self.subject.split_once('.').map_or("", |(_, rest)| rest);
        match self.kind {
            Kind::Get | Kind::Access => rest,
            _ => rest.rsplit_once('.').map_or("", |(name, _)| name),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Get,
    Access,
    Call,
    Auth,
    /// A request on a subject that a query event named.
    Query,
    Event,
    /// A token that no auth request waited for.
    Token,
    System,
}

/// The labels of a token and of its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    pub token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<String>,
}

/// The payload of a request of the gateway.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Payload {
    pub params: Option<Box<RawValue>>,
    pub token: Option<Box<RawValue>>,
    pub query: Option<String>,
    pub cid: Option<String>,
    pub is_http: bool,
}

impl Payload {
    pub fn read(payload: &Arc<[u8]>) -> Payload {
        json::read_object(payload).unwrap_or_default()
    }
}

pub const FORMAT: &str = "res-gateway-recording";
pub const VERSION: u32 = 1;
