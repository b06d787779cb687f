//! Resources and methods over HTTP.

pub mod answer;
mod body;
mod encode;
mod path;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use resclient::protocol::ResError;
use tokio::task::spawn_blocking;

use super::client::client_info;
use super::writing::Room;
use super::{Server, ServerConfig};
use crate::core::conn::{HttpAnswer, HttpRequest, Outcome, Target, Tree};
use answer::METHOD_NOT_ALLOWED;
pub use encode::Encoding;

/// Answers a request below the API path.
pub async fn serve(server: &Arc<Server>, remote: SocketAddr, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let config = &server.config;
    // A page of another origin is told which is allowed; its browser then sends no more.
    let mut response = if parts.method == Method::OPTIONS {
        preflight(config, &parts.headers)
    } else if let Some(refusal) =
        server.refusal(remote, &parts.headers, config.header_auth.is_some() && !parts.method.is_safe())
    {
        refusal
    } else if let Err(pause) = server.rate.pass(remote.ip()) {
        server.warn(remote, TOO_FAST);
        answer::too_many(pause)
    } else {
        match target(config, &parts, body).await {
            Ok((target, mapped)) => {
                let request = HttpRequest { header_auth: config.header_auth.clone(), target };
                let client = client_info(&parts, remote, &config.auth_headers);
                let answer = server.gateway.http(client, request).await;
                server.warn_of_header(&answer, NO_HEADER_AUTH);
                write(server, remote, answer, mapped).await
            }
            Err(response) => response,
        }
    };
    if config.header_auth.is_some() {
        let credentials = header::ACCESS_CONTROL_ALLOW_CREDENTIALS;
        response.headers_mut().insert(credentials, HeaderValue::from_static("true"));
    }
    config.allow_origin.mark(&parts.headers, response.headers_mut());
    response
}

/// Writes an answer; a long one where it keeps nobody waiting, once there is room for it.
async fn write(server: &Arc<Server>, remote: SocketAddr, answer: HttpAnswer, mapped: bool) -> Response {
    if !matches!(&answer.outcome, Ok(Outcome::Tree(tree)) if is_long(tree)) {
        return answer::respond(&server.config, answer, mapped);
    }
    let room = server.writing.room(remote.ip(), || server.warn(remote, MANY_UNREAD)).await;
    let turn = server.writing.next(&room).await;
    let writer = server.clone();
    let written = spawn_blocking(move || {
        // Until it is written, even if nobody waits for it any more.
        let _turn = turn;
        answer::respond(&writer.config, answer, mapped)
    });
    let response = written.await.unwrap_or_else(|_| answer::error(&ResError::INTERNAL_ERROR));
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("it is there already");
    Response::from_parts(parts, Body::from(Bytes::from_owner(Unread { bytes, _room: room })))
}

/// What is referred to twice is written twice, so that a few resources more can be many times the bytes.
fn is_long(tree: &Tree) -> bool {
    let values = tree.resources.values().flatten().flat_map(|snapshot| snapshot.body().values());
    tree.resources.len() > FEW_RESOURCES || values.map(|value| value.plain().len()).sum::<usize>() > FEW_BYTES
}

/// An answer that takes room until the client has read it.
struct Unread {
    bytes: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Unread {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// `404` with a RES error.
pub fn not_found() -> Response {
    answer::error(&ResError::NOT_FOUND)
}

/// `403` for pages that may not use the gateway.
pub fn forbidden(why: &'static str) -> Response {
    answer::error(&ResError::new("system.forbidden", why))
}

/// What a request is for, and whether its method stands for one of the resource's.
async fn target(config: &ServerConfig, parts: &Parts, body: Body) -> Result<(Target, bool), Response> {
    if body::is_announced_too_big(&parts.headers, config.body_bytes) {
        return Err(body::too_big());
    }
    let (path, query) = (&parts.uri.path()[config.api_path.len()..], parts.uri.query());
    let mapped = config.mapped(&parts.method);
    let found = match (&parts.method, mapped) {
        (&Method::GET | &Method::HEAD, _) => {
            let rid = path::resource(path, query).ok_or_else(not_found)?;
            return Ok((Target::Resource(rid), false));
        }
        (&Method::POST, _) => path::method(path, query),
        (_, Some(method)) => path::resource(path, query).map(|rid| (rid, method.into())),
        (_, None) => {
            let mut response = answer::error(&METHOD_NOT_ALLOWED);
            response.headers_mut().insert(header::ALLOW, allowed_methods(config));
            return Err(response);
        }
    };
    let (rid, method) = found.ok_or_else(not_found)?;
    let params = body::read(body, config.body_bytes, config.body_time).await?;
    Ok((Target::Method { rid, method, params }, mapped.is_some()))
}

fn preflight(config: &ServerConfig, asked: &HeaderMap) -> Response {
    let mut response = answer::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allowed_methods(config));
    for names in asked.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.append(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    response
}

fn allowed_methods(config: &ServerConfig) -> HeaderValue {
    let mut methods = vec!["GET", "HEAD", "OPTIONS", "POST"];
    let mappable = [Method::PUT, Method::DELETE, Method::PATCH];
    methods.extend(mappable.iter().filter(|method| config.mapped(method).is_some()).map(Method::as_str));
    HeaderValue::try_from(methods.join(", ")).expect("names of methods are ASCII")
}

/// How many are written at once wherever it is.
const FEW_RESOURCES: usize = 8;
const FEW_BYTES: usize = 64 << 10;
const MANY_UNREAD: &str = "a long answer waits until its address has read others; behind a proxy, all clients have one \
                           address unless it reads answers as they come";
const TOO_FAST: &str = "refused a request: its address makes more than limits.httpRequestRate allows; behind a proxy, all \
    clients have the same";
const NO_HEADER_AUTH: &str =
    "headerAuth (--headauth): no service answers this method as it should; requests go on without";
