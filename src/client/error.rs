//! What can go wrong for a user of the client.

use std::fmt;
use std::sync::Arc;

use crate::protocol::ResError;
use crate::session::Failure;

/// Why a request, a connection or the reading of a value failed. Cheap to clone, since several may wait for one answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// The gateway or a service refused; code, message and data are as they were sent.
    Res(ResError),
    /// No connection could be made; the text says why, as far as it is known.
    Unreachable(String),
    /// The connection was lost before the answer came. What was asked for may have been done.
    Disconnected,
    /// The gateway does not speak this version of the protocol.
    UnsupportedProtocol,
    /// The gateway's answer makes no sense.
    Senseless,
    /// As many resources are cached as [`Options::max_resources`](crate::session::Options::max_resources) allows.
    CacheFull,
    /// The resource ID is empty. Nothing was asked for.
    NoResourceId,
    /// This is no method, such as an empty one, or one with a dot, which would be the method of another resource. Nothing
    /// was asked for.
    NoMethod(String),
    /// The client was closed, or what drives it has ended.
    Closed,
    /// Parameters could not be written as JSON.
    Encode(Arc<serde_json::Error>),
    /// A value does not have the type asked for.
    Decode(Arc<serde_json::Error>),
    /// It is something else than what was asked for.
    Mismatch {
        /// What was asked for, such as `a model`.
        expected: &'static str,
        /// The id of the resource there is instead, or the name or index where there is none.
        found: String,
    },
}

impl Error {
    /// The code that the gateway or a service refused with, such as `system.notFound`; `None` for all other errors.
    pub fn code(&self) -> Option<&str> {
        match self {
            Error::Res(error) => Some(&error.code),
            _ => None,
        }
    }

    /// `why` is the reason for there being no connection.
    pub(super) fn of(failure: Failure, why: &str) -> Error {
        match failure {
            Failure::Disconnected => Error::Disconnected,
            Failure::NoConnection => Error::Unreachable(why.to_owned()),
            Failure::Senseless => Error::Senseless,
            Failure::UnsupportedProtocol => Error::UnsupportedProtocol,
            Failure::CacheFull => Error::CacheFull,
        }
    }

    pub(super) fn encode(error: serde_json::Error) -> Error {
        Error::Encode(Arc::new(error))
    }

    pub(super) fn decode(error: serde_json::Error) -> Error {
        Error::Decode(Arc::new(error))
    }
}

impl From<ResError> for Error {
    fn from(error: ResError) -> Error {
        Error::Res(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Res(error) => error.fmt(f),
            Error::Unreachable(why) if why.is_empty() => f.write_str("no connection could be made"),
            Error::Unreachable(why) => write!(f, "no connection could be made: {why}"),
            Error::Disconnected => f.write_str("the connection was lost"),
            Error::UnsupportedProtocol => f.write_str("the gateway does not speak this version of the protocol"),
            Error::Senseless => f.write_str("the gateway's answer makes no sense"),
            Error::CacheFull => f.write_str("as many resources are cached as `Options::max_resources` allows"),
            Error::NoResourceId => f.write_str("the resource ID is empty: name the resource, as in `library.book.1`"),
            Error::NoMethod(method) => write!(f, "`{method}` is no method: name one by a single part, as in `set`"),
            Error::Closed => f.write_str("the client is closed"),
            Error::Encode(error) => write!(f, "the parameters cannot be written as JSON: {error}"),
            Error::Decode(error) => write!(f, "the value is of another type: {error}"),
            Error::Mismatch { expected, found } => write!(f, "{found} is not {expected}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Res(error) => Some(error),
            Error::Encode(error) | Error::Decode(error) => Some(&**error),
            _ => None,
        }
    }
}
