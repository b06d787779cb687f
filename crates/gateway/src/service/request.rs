//! Requests as handlers see them, and what they answer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use resclient::protocol::ResError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ServiceHandle;
use super::error::invalid_params;

/// A request of a gateway.
#[derive(Clone)]
pub struct Request {
    pub(super) service: ServiceHandle,
    pub(super) reply: Arc<str>,
    pub(super) name: String,
    pub(super) method: String,
    pub(super) parts: Vec<(String, String)>,
    pub(super) payload: Payload,
}

/// The payload of a request; which members there are depends on its type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Payload {
    pub params: Value,
    pub token: Value,
    pub query: Option<String>,
    pub cid: String,
    pub is_http: bool,
    pub header: BTreeMap<String, Vec<String>>,
    pub host: String,
    pub remote_addr: String,
    pub uri: String,
}

impl Request {
    /// The running service, for sending events.
    pub fn service(&self) -> &ServiceHandle {
        &self.service
    }

    /// The resource name, without a query.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The method of a call or auth request, else empty.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The part of the name that matched `$key` in the pattern.
    pub fn part(&self, key: &str) -> Option<&str> {
        self.parts.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The query, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.payload.query.as_deref()
    }

    /// The parameters of a call or auth request.
    ///
    /// # Errors
    /// `system.invalidParams` with a sentence if they are not of the type.
    pub fn params<T: DeserializeOwned>(&self) -> Result<T, ResError> {
        T::deserialize(&self.payload.params).map_err(|error| invalid_params(format!("Invalid parameters: {error}")))
    }

    /// The client's token, `Null` if it has none.
    pub fn token(&self) -> &Value {
        &self.payload.token
    }

    /// The id of the client's connection; it must not be given to anybody. Empty for get requests.
    pub fn cid(&self) -> &str {
        &self.payload.cid
    }

    /// Whether the client used HTTP, not a WebSocket.
    pub fn is_http(&self) -> bool {
        self.payload.is_http
    }

    /// The header of the client's HTTP request; auth requests only.
    pub fn header(&self) -> &BTreeMap<String, Vec<String>> {
        &self.payload.header
    }

    /// The host the client asked for; auth requests only.
    pub fn host(&self) -> &str {
        &self.payload.host
    }

    /// Where the client connected from; auth requests only.
    pub fn remote_addr(&self) -> &str {
        &self.payload.remote_addr
    }

    /// The path and query the client connected to; auth requests only.
    pub fn uri(&self) -> &str {
        &self.payload.uri
    }

    /// Asks the gateway to wait this much longer, from now, for the answer.
    pub fn extend_timeout(&self, timeout: Duration) {
        self.service.publish(&self.reply, format!("timeout:\"{}\"", timeout.as_millis()));
    }
}

/// What a client may do with a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Read and subscribe.
    pub get: bool,
    /// Methods it may call, separated by commas; `*` for all, empty for none.
    pub call: Cow<'static, str>,
}

impl Access {
    /// Read, subscribe and call everything.
    pub const ALL: Access = Access { get: true, call: Cow::Borrowed("*") };
    /// Read and subscribe only.
    pub const READ: Access = Access { get: true, call: Cow::Borrowed("") };
    /// Nothing.
    pub const NONE: Access = Access { get: false, call: Cow::Borrowed("") };

    pub(super) fn into_reply(self) -> Reply {
        Reply(Inner::Result(serde_json::json!({ "get": self.get, "call": self.call })))
    }
}

/// The answer of a method.
#[derive(Debug, Clone)]
pub struct Reply(pub(super) Inner);

#[derive(Debug, Clone)]
pub(super) enum Inner {
    Result(Value),
    Resource(String),
    Raw(Vec<u8>),
}

impl Reply {
    /// Done, and nothing to say.
    pub fn null() -> Reply {
        Reply(Inner::Result(Value::Null))
    }

    /// Any JSON value.
    pub fn value(value: impl Into<Value>) -> Reply {
        Reply(Inner::Result(value.into()))
    }

    /// A resource, to which the client is subscribed by this.
    pub fn resource(rid: impl Into<String>) -> Reply {
        Reply(Inner::Resource(rid.into()))
    }

    /// A whole response as it stands, to pass on what another system made.
    pub fn raw(response: impl Into<Vec<u8>>) -> Reply {
        Reply(Inner::Raw(response.into()))
    }

    pub(super) fn into_payload(self) -> Vec<u8> {
        match self.0 {
            Inner::Result(value) => serde_json::json!({ "result": value }).to_string().into_bytes(),
            Inner::Resource(rid) => serde_json::json!({ "resource": { "rid": rid } }).to_string().into_bytes(),
            Inner::Raw(response) => response,
        }
    }
}

/// A resource as a service gives it out. Members and items are RES values: JSON strings, numbers, booleans and `null`,
/// references `{"rid":"…"}`, soft references `{"rid":"…","soft":true}`, and anything else as `{"data":…}`.
#[derive(Debug, Clone, PartialEq)]
pub enum Resource {
    /// An object.
    Model(Value),
    /// An array.
    Collection(Value),
    /// The answer to a query, with the query in its normal form.
    Query { resource: Box<Resource>, query: String },
}

impl Resource {
    pub(super) fn into_reply(self) -> Reply {
        Reply(Inner::Result(self.to_json()))
    }

    fn to_json(&self) -> Value {
        match self {
            Resource::Model(value) => serde_json::json!({ "model": value }),
            Resource::Collection(value) => serde_json::json!({ "collection": value }),
            Resource::Query { resource, query } => {
                let mut result = resource.to_json();
                result["query"] = Value::from(query.as_str());
                result
            }
        }
    }
}
