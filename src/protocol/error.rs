//! RES errors: `{code, message, data}` as they travel on the wire.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

/// An error of the RES protocol, from the gateway, a service or this client.
#[derive(Debug, Clone)]
pub struct ResError {
    /// Machine-readable code, such as `system.notFound`.
    pub code: Cow<'static, str>,
    /// One human-readable sentence.
    pub message: Cow<'static, str>,
    /// Whatever the sender added, as JSON text.
    pub data: Option<Box<RawValue>>,
}

impl ResError {
    /// An error without data.
    pub const fn new(code: &'static str, message: &'static str) -> Self {
        ResError { code: Cow::Borrowed(code), message: Cow::Borrowed(message), data: None }
    }

    pub const NOT_FOUND: ResError = ResError::new("system.notFound", "Not found");
    pub const INVALID_PARAMS: ResError = ResError::new("system.invalidParams", "Invalid parameters");
    pub const INVALID_QUERY: ResError = ResError::new("system.invalidQuery", "Invalid query");
    pub const INTERNAL_ERROR: ResError = ResError::new("system.internalError", "Internal error");
    pub const METHOD_NOT_FOUND: ResError = ResError::new("system.methodNotFound", "Method not found");
    pub const ACCESS_DENIED: ResError = ResError::new("system.accessDenied", "Access denied");
    pub const TIMEOUT: ResError = ResError::new("system.timeout", "Request timeout");
    pub const NO_SUBSCRIPTION: ResError = ResError::new("system.noSubscription", "No subscription");
    pub const INVALID_REQUEST: ResError = ResError::new("system.invalidRequest", "Invalid request");
    pub const UNSUPPORTED_PROTOCOL: ResError = ResError::new("system.unsupportedProtocol", "Unsupported protocol");
    pub const SUBJECT_TOO_LONG: ResError = ResError::new("system.subjectTooLong", "Subject too long");
    pub const DELETED: ResError = ResError::new("system.deleted", "Deleted");
    pub const SUBSCRIPTION_LIMIT: ResError =
        ResError::new("system.subscriptionLimitExceeded", "Subscription limit exceeded");
    /// The client was told to disconnect, or the connection was lost, while a request was in flight.
    pub const DISCONNECT: ResError = ResError::new("system.disconnect", "Disconnected");
    /// No connection could be made.
    pub const CONNECTION_ERROR: ResError = ResError::new("system.connectionError", "Connection error");
    /// The client caches as many resources as it may.
    pub const CACHE_FULL: ResError = ResError::new("resclient.cacheFull", "Cache full");
    /// The peer sent an error without a code, or an answer that makes no sense.
    pub const UNKNOWN_ERROR: ResError = ResError::new("system.unknownError", "Unknown error");
}

impl ResError {
    /// After how long a service that refuses as too active says that it may be asked again, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        #[derive(Deserialize)]
        struct Data {
            seconds: f64,
        }
        if self.code != "system.tooActive" {
            return None;
        }
        let data: Data = serde_json::from_str(self.data.as_ref()?.get()).ok()?;
        Duration::try_from_secs_f64(data.seconds).ok()
    }
}

impl PartialEq for ResError {
    fn eq(&self, other: &Self) -> bool {
        let data = |e: &Self| e.data.as_ref().map(|d| d.get().to_owned());
        self.code == other.code && self.message == other.message && data(self) == data(other)
    }
}

impl fmt::Display for ResError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for ResError {}
