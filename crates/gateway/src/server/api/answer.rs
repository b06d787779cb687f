//! What services answered as an HTTP response.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use resclient::protocol::ResError;

use super::path;
use crate::core::conn::{HttpAnswer, Outcome};
use crate::core::json;
use crate::server::ServerConfig;
use crate::server::meta;

/// Writes an answer. With `mapped`, the method was not named by the client but stands for the one of HTTP.
pub fn respond(config: &ServerConfig, answer: HttpAnswer, mapped: bool) -> Response {
    let status = answer.meta.status.and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = match (status, answer.outcome) {
        (Some(status), outcome) => given(config, status, outcome),
        (None, Err(failure)) if mapped && failure.code == ResError::METHOD_NOT_FOUND.code => error(&METHOD_NOT_ALLOWED),
        (None, Err(failure)) => error(&failure),
        (None, Ok(Outcome::Tree(tree))) => {
            match config.encoding.encode(&tree, &config.api_path, config.response_bytes) {
                Some(text) => json_response(StatusCode::OK, text),
                None => error(&ResError::new("system.internalError", "The response is too big")),
            }
        }
        (None, Ok(Outcome::Payload(payload))) if payload.get() != "null" => {
            json_response(StatusCode::OK, payload.get().to_owned())
        }
        (None, Ok(Outcome::Payload(_) | Outcome::Done)) => empty(StatusCode::NO_CONTENT),
        (None, Ok(Outcome::Resource(rid))) => located(config, StatusCode::OK, &rid),
    };
    meta::apply(answer.meta.header, response.headers_mut());
    response
}

/// An error with the status that belongs to its code.
pub fn error(error: &ResError) -> Response {
    let status = match &*error.code {
        "system.notFound" | "system.methodNotFound" | "system.timeout" => StatusCode::NOT_FOUND,
        "system.accessDenied" => StatusCode::UNAUTHORIZED,
        "system.forbidden" => StatusCode::FORBIDDEN,
        "system.methodNotAllowed" => StatusCode::METHOD_NOT_ALLOWED,
        "system.subjectTooLong" => StatusCode::URI_TOO_LONG,
        "system.internalError" => StatusCode::INTERNAL_SERVER_ERROR,
        "system.serviceUnavailable" => StatusCode::SERVICE_UNAVAILABLE,
        "system.tooManyRequests" => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = error_with(status, error);
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    response
}

/// An error with any status.
pub fn error_with(status: StatusCode, error: &ResError) -> Response {
    let mut text = String::new();
    json::push_error(&mut text, error);
    json_response(status, text)
}

/// `429`, with the time after which to ask again.
pub fn too_many(pause: Duration) -> Response {
    let mut response =
        error_with(StatusCode::TOO_MANY_REQUESTS, &ResError::new("system.tooManyRequests", "Too many requests"));
    // In whole seconds, of which 0 would say nothing.
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(pause.as_secs() + 1));
    response
}

/// A response without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The response with the status that a service gave.
fn given(config: &ServerConfig, status: StatusCode, outcome: Result<Outcome, ResError>) -> Response {
    match outcome {
        Ok(Outcome::Resource(rid)) if status.is_redirection() => located(config, status, &rid),
        _ if status.is_redirection() => empty(status),
        Ok(_) => error_with(status, &error_of(status)),
        Err(error) => error_with(status, &error),
    }
}

fn located(config: &ServerConfig, status: StatusCode, rid: &str) -> Response {
    let mut response = empty(status);
    // What a path has escaped is always a header value.
    if let Ok(location) = HeaderValue::try_from(path::of(&config.api_path, rid)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The error that a status stands for where the service gave none.
fn error_of(status: StatusCode) -> ResError {
    match status.as_u16() {
        401 | 402 | 407 => ResError::ACCESS_DENIED,
        403 | 451 => ResError::new("system.forbidden", "Forbidden"),
        404 | 410 => ResError::NOT_FOUND,
        405 => METHOD_NOT_ALLOWED,
        408 | 504 => ResError::TIMEOUT,
        501 => ResError::new("system.notImplemented", "Not implemented"),
        503 => SERVICE_UNAVAILABLE,
        400..=499 => ResError::new("system.badRequest", "Bad request"),
        _ => ResError::INTERNAL_ERROR,
    }
}

fn json_response(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// For methods of HTTP that nothing stands for.
pub const METHOD_NOT_ALLOWED: ResError = ResError::new("system.methodNotAllowed", "Method not allowed");
/// While there is no bus, or no place.
pub const SERVICE_UNAVAILABLE: ResError = ResError::new("system.serviceUnavailable", "Service unavailable");
/// Seconds after which a client may ask again.
const RETRY_AFTER: &str = "2";
