//! The body of a request: the parameters of a method.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt;
use resclient::protocol::ResError;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::answer::{error, error_with};
use crate::core::json;
use crate::server::header_text;

/// Reads the parameters, which a blank body has none of, or says what is wrong with it.
pub async fn read(body: Body, limit: u64, time: Duration) -> Result<Option<Box<RawValue>>, Response> {
    let deadline = Instant::now() + time;
    let mut body = body.into_data_stream();
    let mut bytes = Vec::new();
    loop {
        let piece = timeout_at(deadline, body.next()).await.map_err(|_| too_slow())?;
        let Some(piece) = piece else { break };
        let piece = piece.map_err(|_| bad_request("The request body ends early"))?;
        if (bytes.len() + piece.len()) as u64 > limit {
            drop(bytes);
            // A client that is not read to the end would see a broken connection, not the answer.
            let rest = async { while let Some(Ok(_)) = body.next().await {} };
            let _ = timeout_at(deadline.min(Instant::now() + LINGER), rest).await;
            return Err(too_big());
        }
        bytes.extend_from_slice(&piece);
    }
    let not_json = || bad_request("The request body is not JSON");
    let text = String::from_utf8(bytes).map_err(|_| not_json())?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let params: Box<RawValue> = serde_json::from_str(&text).map_err(|_| not_json())?;
    if json::depth(&text) > MAX_DEPTH {
        return Err(bad_request("The request body is nested too deep"));
    }
    Ok(Some(params))
}

/// Whether the head says that the body is longer than may be.
pub fn is_announced_too_big(headers: &HeaderMap, limit: u64) -> bool {
    let length = header_text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    length.is_some_and(|length| length > limit)
}

/// `413`; the connection is not used again.
pub fn too_big() -> Response {
    let too_big = ResError::new("system.badRequest", "The request body is too big");
    closing(error_with(StatusCode::PAYLOAD_TOO_LARGE, &too_big))
}

fn too_slow() -> Response {
    let too_slow = ResError::new("system.timeout", "The request body takes too long");
    closing(error_with(StatusCode::REQUEST_TIMEOUT, &too_slow))
}

fn bad_request(message: &'static str) -> Response {
    error(&ResError::new("system.badRequest", message))
}

fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    response
}

/// How long the rest of a body that is too big is read and thrown away.
const LINGER: Duration = Duration::from_secs(1);
/// Levels of arrays and objects, as in a frame.
const MAX_DEPTH: usize = 64;
