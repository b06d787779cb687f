//! The page for developers: all resources there are, live, to look at, to change and to call.

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::ServerConfig;

/// Answers with the page or a file of it, if the path is of one.
pub fn serve(config: &ServerConfig, request: &Request) -> Option<Response> {
    let (kind, body) = match request.uri().path() {
        "/" => (HTML, index(config)),
        path => {
            let name = path.strip_prefix(FOLDER)?;
            let &(_, kind, text) = FILES.iter().find(|file| file.0 == name)?;
            (kind, text.to_owned())
        }
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Some((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response());
    }
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // The program may be another one the next time.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(response)
}

/// The page, told where everything is and how much it may send at once.
fn index(config: &ServerConfig) -> String {
    let frame_bytes = config.frame_bytes.min(config.message_bytes).to_string();
    let facts = [("{ws_path}", &config.ws_path), ("{api_path}", &config.api_path), ("{frame_bytes}", &frame_bytes)];
    let page = include_str!("index.html").to_owned();
    facts.iter().fold(page, |page, (name, fact)| page.replacen(name, &escaped(fact), 1))
}

/// A text in the quotes of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

/// Below a name that no other resource has, since the API path may be `/`.
const FOLDER: &str = "/_inspector/";

const FILES: [(&str, &str, &str); 13] = [
    ("base.css", CSS, include_str!("base.css")),
    ("page.css", CSS, include_str!("page.css")),
    ("icon.svg", SVG, include_str!("icon.svg")),
    ("call.js", JS, include_str!("call.js")),
    ("connection.js", JS, include_str!("connection.js")),
    ("dom.js", JS, include_str!("dom.js")),
    ("events.js", JS, include_str!("events.js")),
    ("followed.js", JS, include_str!("followed.js")),
    ("list.js", JS, include_str!("list.js")),
    ("page.js", JS, include_str!("page.js")),
    ("resource.js", JS, include_str!("resource.js")),
    ("row.js", JS, include_str!("row.js")),
    ("value.js", JS, include_str!("value.js")),
];

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const JS: &str = "text/javascript; charset=utf-8";

/// What services send is shown as text: nothing that it could be made of runs here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
