//! Static files.

use std::io::ErrorKind;
use std::path::Path;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use tokio::task::spawn_blocking;
use tower_http::services::ServeDir;
use tracing::warn;

use super::api;

/// Answers with a file of the directory.
pub async fn serve(www: &Path, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if !is_for_all(request.uri().path()) || !stays_inside(www, request.uri().path()).await {
        return api::not_found();
    }
    match ServeDir::new(www).try_call(request).await {
        Ok(response) => {
            let mut response = response.map(Body::new);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, UNFRAMED);
            response
        }
        // A name that no file can have is the client's fault.
        Err(error) if error.kind() == ErrorKind::InvalidFilename => api::not_found(),
        Err(error) => {
            warn!(%error, "cannot read a file");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page inside another one, which lies over it unseen, can be clicked on by who means something else. No page can say this of
/// itself, as it can the rest of a policy.
const UNFRAMED: HeaderValue = HeaderValue::from_static("frame-ancestors 'none'");

/// Names that begin with a dot are not for others to see, but for the one that is; a path that begins with two slashes
/// would be led to a host of that name.
fn is_for_all(path: &str) -> bool {
    let is_hidden =
        |part: &str| (part.starts_with('.') || part.to_ascii_lowercase().starts_with("%2e")) && part != ".well-known";
    !path.starts_with("//") && !path.split('/').any(is_hidden)
}

/// Whether what the path names is in the directory, once all links are followed. A file that is not there is not
/// outside.
async fn stays_inside(www: &Path, path: &str) -> bool {
    let Ok(path) = percent_decode_str(path).decode_utf8() else { return false };
    let (www, file) = (www.to_owned(), www.join(path.trim_start_matches('/')));
    let check = move || {
        let Ok(root) = www.canonicalize() else { return false };
        let is_inside = |file: &Path| file.canonicalize().map_or(true, |file| file.starts_with(&root));
        // The second is what is served for a directory.
        is_inside(&file) && is_inside(&file.join("index.html"))
    };
    spawn_blocking(check).await.unwrap_or(false)
}
