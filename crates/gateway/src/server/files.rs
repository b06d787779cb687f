//! Static files.

use std::io::ErrorKind;
use std::path::Path;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tower_http::services::ServeDir;
use tracing::warn;

use super::api;

/// Answers with a file of the directory.
pub async fn serve(www: &Path, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if !is_for_all(request.uri().path()) {
        return api::not_found();
    }
    match ServeDir::new(www).try_call(request).await {
        Ok(response) => response.map(Body::new),
        // A name that no file can have is the client's fault.
        Err(error) if error.kind() == ErrorKind::InvalidFilename => api::not_found(),
        Err(error) => {
            warn!(%error, "cannot read a file");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Names that begin with a dot are not for others to see, but for the one that is; a path that begins with two slashes
/// would be led to a host of that name.
fn is_for_all(path: &str) -> bool {
    let is_hidden =
        |part: &str| (part.starts_with('.') || part.to_ascii_lowercase().starts_with("%2e")) && part != ".well-known";
    !path.starts_with("//") && !path.split('/').any(is_hidden)
}
