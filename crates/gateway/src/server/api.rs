//! Resources by HTTP GET.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use resclient::protocol::{ResError, rid};

use super::{Server, client_info};
use crate::core::conn::Tree;
use crate::core::json;
use crate::core::value::{Body as ResourceBody, Snapshot, Value, separate};

/// Answers a request below the API path.
pub async fn serve(server: &Server, remote: SocketAddr, request: &Parts) -> Response {
    let origin = &server.config.allow_origin;
    let mut response = if !origin.admits(&request.headers) {
        forbidden()
    } else if request.method == Method::OPTIONS {
        preflight(request)
    } else if !matches!(request.method, Method::GET | Method::HEAD) {
        error(&ResError::new("system.methodNotAllowed", "Method not allowed"))
    } else {
        get(server, remote, request).await
    };
    if let Some((allowed, varies)) = origin.answer(&request.headers)
        && let Ok(allowed) = HeaderValue::from_str(&allowed)
    {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if varies {
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
        }
    }
    response
}

/// `404` with a RES error.
pub fn not_found() -> Response {
    error(&ResError::NOT_FOUND)
}

/// `403` for pages of other origins.
pub fn forbidden() -> Response {
    error(&ResError::new("system.forbidden", "Forbidden origin"))
}

async fn get(server: &Server, remote: SocketAddr, request: &Parts) -> Response {
    let path = &request.uri.path()[server.config.api_path.len()..];
    let Some(rid) = resource_id(path, request.uri.query()) else { return not_found() };
    match server.gateway.fetch(client_info(request, remote), &rid).await {
        Err(failure) => error(&failure),
        Ok(tree) => match encode(&tree, &server.config.api_path, server.config.response_bytes) {
            Some(text) => json_response(StatusCode::OK, text),
            None => error(&ResError::new("system.internalError", "The response is too big")),
        },
    }
}

fn preflight(request: &Parts) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    if let Some(asked) = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}

/// `library/book/1` is the resource `library.book.1`. A part must not hold what would make it two.
fn resource_id(path: &str, query: Option<&str>) -> Option<String> {
    let part = |part: &str| {
        let part = percent_decode_str(part).decode_utf8().ok()?.into_owned();
        (rid::is_valid_part(&part) && !part.contains('/')).then_some(part)
    };
    let name = path.split('/').map(part).collect::<Option<Vec<_>>>()?.join(".");
    Some(match query {
        Some(query) => format!("{name}?{query}"),
        None => name,
    })
}

/// Writes a resource with all it refers to in place; `None` when that is longer than `limit`. References that would be
/// inside themselves, soft ones, and those nested deeper than [`MAX_DEPTH`] are links only.
fn encode(tree: &Tree, api_path: &str, limit: usize) -> Option<String> {
    let mut encoder = Encoder { tree, api_path, limit, out: String::new(), path: vec![&tree.root] };
    let root = tree.resources.get(&tree.root)?.as_ref().ok()?;
    encoder.resource(root)?;
    Some(encoder.out)
}

struct Encoder<'a> {
    tree: &'a Tree,
    api_path: &'a str,
    limit: usize,
    out: String,
    /// The resources that the one being written is inside of.
    path: Vec<&'a str>,
}

impl<'a> Encoder<'a> {
    fn resource(&mut self, snapshot: &'a Snapshot) -> Option<()> {
        match snapshot.body() {
            ResourceBody::Model(members) => {
                self.out.push('{');
                for (key, value) in members {
                    separate(&mut self.out, '{');
                    json::push_string(&mut self.out, key);
                    self.out.push(':');
                    self.value(value)?;
                }
                self.out.push('}');
            }
            ResourceBody::Collection(items) => {
                self.out.push('[');
                for item in items {
                    separate(&mut self.out, '[');
                    self.value(item)?;
                }
                self.out.push(']');
            }
        }
        Some(())
    }

    fn value(&mut self, value: &'a Value) -> Option<()> {
        if self.out.len() > self.limit {
            return None;
        }
        let Some(rid) = value.reference().or(value.soft_reference()) else {
            self.out.push_str(value.plain());
            return Some(());
        };
        self.out.push_str("{\"href\":");
        json::push_string(&mut self.out, &href(self.api_path, rid));
        let nested = value.reference().is_some() && !self.path.contains(&&**rid) && self.path.len() < MAX_DEPTH;
        if let Some(found) = self.tree.resources.get(rid).filter(|_| nested) {
            match found {
                Err(error) => {
                    self.out.push_str(",\"error\":");
                    json::push_error(&mut self.out, error);
                }
                Ok(snapshot) => {
                    let kind = if snapshot.body().is_model() { "model" } else { "collection" };
                    self.out.push_str(&format!(",\"{kind}\":"));
                    self.path.push(rid);
                    self.resource(snapshot)?;
                    self.path.pop();
                }
            }
        }
        self.out.push('}');
        Some(())
    }
}

fn href(api_path: &str, rid: &str) -> String {
    let (name, query) = rid::split_query(rid);
    let parts: Vec<String> = name.split('.').map(|part| utf8_percent_encode(part, PATH).to_string()).collect();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{api_path}{}{query}", parts.join("/"))
}

fn error(error: &ResError) -> Response {
    let status = match &*error.code {
        "system.notFound" | "system.methodNotFound" | "system.timeout" => StatusCode::NOT_FOUND,
        "system.accessDenied" => StatusCode::UNAUTHORIZED,
        "system.forbidden" => StatusCode::FORBIDDEN,
        "system.methodNotAllowed" => StatusCode::METHOD_NOT_ALLOWED,
        "system.subjectTooLong" => StatusCode::URI_TOO_LONG,
        "system.internalError" => StatusCode::INTERNAL_SERVER_ERROR,
        "system.serviceUnavailable" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut text = String::new();
    json::push_error(&mut text, error);
    json_response(status, text)
}

fn json_response(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// What may stand in a part of a path as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~').remove(b'{').remove(b'}');

/// Levels of resources inside each other.
const MAX_DEPTH: usize = 64;
