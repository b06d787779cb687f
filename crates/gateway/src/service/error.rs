//! Why a service's own change cannot be made.

use std::fmt;

use resclient::protocol::ResError;

/// A change of a resource that does not fit it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceError {
    /// The service keeps no such resource.
    NotFound(String),
    /// Not a resource name.
    InvalidName(String),
    /// A value that RES does not have, such as an object that is not wrapped as `{"data":…}`.
    InvalidValue(String),
    /// A change of a collection, or an add or remove of a model.
    WrongType(String),
    /// A position outside of the collection.
    OutOfRange(String),
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceError::NotFound(rid) => write!(f, "there is no resource {rid}"),
            ServiceError::InvalidName(rid) => write!(f, "{rid:?} is not a resource name"),
            ServiceError::InvalidValue(what) => f.write_str(what),
            ServiceError::WrongType(rid) => write!(f, "{rid} is not of the type that this changes"),
            ServiceError::OutOfRange(rid) => write!(f, "the position is outside of {rid}"),
        }
    }
}

impl std::error::Error for ServiceError {}

/// For handlers that pass on what clients asked for: a client's mistake, except for a resource that is not there.
impl From<ServiceError> for ResError {
    fn from(error: ServiceError) -> ResError {
        match error {
            ServiceError::NotFound(_) => ResError::NOT_FOUND,
            other => invalid_params(other.to_string()),
        }
    }
}

/// `system.invalidParams` with a sentence that says what is wrong.
pub fn invalid_params(message: impl Into<String>) -> ResError {
    ResError { message: message.into().into(), ..ResError::INVALID_PARAMS }
}
