//! The way from an HTTP request to a WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;

use super::client::client_info;
use super::slots::Slot;
use super::{Server, api, meta, websocket};
use crate::core::conn::{HttpRequest, Target};

/// Whether it is this protocol that a client wants to go on with; others are passed over, as HTTP says.
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    let asked = headers.get_all(header::UPGRADE).iter().filter_map(|value| value.to_str().ok());
    asked.flat_map(|value| value.split(',')).any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

/// Makes a WebSocket of the connection, unless the origin or a service does not want it.
pub async fn upgrade(server: &Arc<Server>, remote: SocketAddr, request: Request, slot: Arc<Slot>) -> Response {
    if *server.stopping.borrow() || !server.gateway.is_available() {
        return api::answer::error(&api::answer::SERVICE_UNAVAILABLE);
    }
    let config = &server.config;
    if let Some(refusal) = server.refusal(remote, request.headers(), config.ws_header_auth.is_some()) {
        return refusal;
    }
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade
            .max_frame_size(config.frame_bytes)
            .max_message_size(config.message_bytes)
            .read_buffer_size(websocket::READ_BYTES),
        Err(WebSocketUpgradeRejection::InvalidWebSocketVersionHeader(_)) => {
            let fields = [
                (header::SEC_WEBSOCKET_VERSION, "13"),
                (header::UPGRADE, "websocket"),
                (header::CONNECTION, "upgrade"),
            ];
            return (StatusCode::UPGRADE_REQUIRED, fields).into_response();
        }
        Err(rejection) => return rejection.into_response(),
    };
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
    let server = server.clone();
    let mut response = upgrade.on_upgrade(move |socket| async move {
        #[cfg(not(autobahn))]
        websocket::serve(&server, socket, session).await;
        #[cfg(autobahn)]
        super::echo::serve(socket).await;
        drop((server, slot));
    });
    meta::apply(fields, response.headers_mut());
    response
}

const NO_HEADER_AUTH: &str =
    "wsHeaderAuth (--wsheadauth): no service answers this method as it should; WebSockets go on without";
