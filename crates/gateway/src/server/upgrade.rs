//! The way from an HTTP request to a WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use indexmap::IndexMap;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::client::client_info;
use super::deflate::{Inflated, Terms};
use super::slots::Slot;
use super::{Server, api, meta, websocket};
use crate::core::conn::{HttpRequest, Target};

/// Whether it is this protocol that a client wants to go on with; others are passed over, as HTTP says.
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    let asked = headers.get_all(header::UPGRADE).iter().filter_map(|value| value.to_str().ok());
    asked.flat_map(|value| value.split(',')).any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

/// Makes a WebSocket of the connection, unless the origin or a service does not want it.
pub async fn upgrade(server: &Arc<Server>, remote: SocketAddr, mut request: Request, slot: Arc<Slot>) -> Response {
    if *server.stopping.borrow() || !server.gateway.is_available() {
        return api::answer::error(&api::answer::SERVICE_UNAVAILABLE);
    }
    let config = &server.config;
    if let Some(refusal) = server.refusal(remote, request.headers(), config.ws_header_auth.is_some()) {
        return refusal;
    }
    let mut response = match create_response_with_body(&request, Body::empty) {
        Ok(response) => response,
        Err(error) => return no_websocket(&error),
    };
    let upgraded = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    // Before the upgrade, so that a token set for this request is that of the client's frames.
    let session = server.gateway.connect(client_info(&parts, remote, &config.auth_headers)).await;
    let mut fields = IndexMap::new();
    if let Some(auth) = &config.ws_header_auth {
        let request = HttpRequest { header_auth: Some(auth.clone()), target: Target::Upgrade };
        let answer = session.http(request).await;
        server.warn_of_header(&answer, NO_HEADER_AUTH);
        if answer.meta.status.is_some() {
            return api::answer::respond(config, answer, false);
        }
        fields = answer.meta.header;
    }
    let terms = if config.ws_compression { Terms::agree(&parts.headers) } else { None };
    let limits = WebSocketConfig::default()
        .max_frame_size(Some(config.frame_bytes))
        .max_message_size(Some(config.message_bytes))
        .read_buffer_size(websocket::READ_BYTES);
    let server = server.clone();
    tokio::spawn(async move {
        // An error means that the client left before it could read the answer.
        if let Ok(upgraded) = upgraded.await {
            let socket = Inflated::new(TokioIo::new(upgraded), terms.is_some(), server.config.frame_bytes);
            let socket = WebSocketStream::from_raw_socket(socket, Role::Server, Some(limits)).await;
            #[cfg(not(autobahn))]
            websocket::serve(&server, socket, terms, session).await;
            #[cfg(autobahn)]
            super::echo::serve(socket, terms).await;
        }
        drop((server, slot));
    });
    if let Some(terms) = terms {
        response.headers_mut().insert(header::SEC_WEBSOCKET_EXTENSIONS, terms.header());
    }
    meta::apply(fields, response.headers_mut());
    response
}

/// The answer to a request for a WebSocket that is not as it has to be.
fn no_websocket(error: &Error) -> Response {
    match error {
        Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader) => {
            let fields = [
                (header::SEC_WEBSOCKET_VERSION, "13"),
                (header::UPGRADE, "websocket"),
                (header::CONNECTION, "upgrade"),
            ];
            (StatusCode::UPGRADE_REQUIRED, fields).into_response()
        }
        Error::Protocol(ProtocolError::WrongHttpMethod) => {
            (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response()
        }
        error => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

const NO_HEADER_AUTH: &str =
    "wsHeaderAuth (--wsheadauth): no service answers this method as it should; WebSockets go on without";
