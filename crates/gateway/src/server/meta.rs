//! Header fields that services set.

use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use indexmap::IndexMap;
use tracing::warn;

/// Sets the fields, each in place of what there is, except for cookies, which add up. Fields that are the gateway's,
/// and those that could not be sent as they are, such as with a line break in them, are left out.
pub fn apply(fields: IndexMap<String, Vec<String>>, headers: &mut HeaderMap) {
    for (name, values) in fields {
        let field = HeaderName::try_from(&name).ok().filter(|name| !is_protected(name));
        let values: Result<Vec<HeaderValue>, _> = values.into_iter().map(HeaderValue::try_from).collect();
        let (Some(field), Ok(values)) = (field, values) else {
            warn!(name, "a service may not set this header field");
            continue;
        };
        if field != header::SET_COOKIE {
            headers.remove(&field);
        }
        for value in values {
            headers.append(&field, value);
        }
    }
}

/// What is about the connection, the body or who may read it, which services do not know.
fn is_protected(name: &HeaderName) -> bool {
    PROTECTED.contains(name) || name.as_str().starts_with("sec-websocket-")
}

const PROTECTED: [HeaderName; 13] = [
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::X_CONTENT_TYPE_OPTIONS,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];
