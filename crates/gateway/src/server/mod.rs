//! The HTTP server around a gateway: WebSockets, resources by GET, static files.

mod api;
mod http;
mod origin;
mod slots;
mod tls;
mod websocket;

use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tower_http::services::ServeDir;
use tracing::warn;

use crate::core::conn::ClientInfo;
use crate::gateway::Gateway;
pub use origin::AllowOrigin;
use slots::{Slot, Slots};
pub use tls::{Tls, TlsError};

/// What the server serves, and where.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Path of the WebSocket; default `/`.
    pub ws_path: String,
    /// Prefix of resources by HTTP GET; default `/api/`.
    pub api_path: String,
    /// Directory of static files; default none.
    pub www: Option<PathBuf>,
    /// Serve https and wss; default http and ws.
    pub tls: Option<Tls>,
    /// Pages of which origins may use the gateway; default the gateway's own.
    pub allow_origin: AllowOrigin,
    /// Connections that may be open at a time; more are answered with 503. Default 50 000.
    pub connections: usize,
    /// Connections that may be open from one address; more are answered with 429. Default 200.
    pub connections_per_address: usize,
    /// Bytes of one WebSocket frame from a client; default 64 KiB.
    pub frame_bytes: usize,
    /// Bytes of one WebSocket message from a client; default 256 KiB.
    pub message_bytes: usize,
    /// Time between pings, and how long a client may leave one without a pong; default 20 s.
    pub ping_interval: Duration,
    /// Bytes of the head of one HTTP request; a longer one is answered with 431. Default 16 KiB.
    pub header_bytes: usize,
    /// Time for the head of a request, and for the next one on the same connection, after which the connection is closed;
    /// default 10 s.
    pub header_time: Duration,
    /// Time in which a client has to read some of what it is sent, after which the connection is closed; default 60 s.
    pub write_time: Duration,
    /// Bytes of the body of one HTTP request; a longer one is answered with 413. Default 1 MiB.
    pub body_bytes: u64,
    /// Bytes of one HTTP response; default 8 MiB.
    pub response_bytes: usize,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            ws_path: "/".into(),
            api_path: "/api/".into(),
            www: None,
            tls: None,
            allow_origin: AllowOrigin::SameOrigin,
            connections: 50_000,
            connections_per_address: 200,
            frame_bytes: 64 << 10,
            message_bytes: 256 << 10,
            ping_interval: Duration::from_secs(20),
            header_bytes: 16 << 10,
            header_time: Duration::from_secs(10),
            write_time: Duration::from_secs(60),
            body_bytes: 1 << 20,
            response_bytes: 8 << 20,
        }
    }
}

/// Serves clients on `listener` until `shutdown` is ready. Then no more are accepted, WebSockets are closed with code 1001,
/// and what does not end by itself is left after 6 seconds.
///
/// # Errors
/// If the listener fails, or the gateway has ended.
pub async fn run(
    listener: TcpListener,
    gateway: Gateway,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let (alive, mut ended) = mpsc::channel::<()>(1);
    let watched = gateway.clone();
    let slots = Slots::new(config.connections, config.connections_per_address);
    let server = Arc::new(Server { gateway, config, slots, stopping: stopping.clone(), alive });
    let mut serving = tokio::spawn(http::accept(listener, server));
    tokio::select! {
        result = &mut serving => return result.map_err(std::io::Error::other),
        () = watched.ended() => {
            serving.abort();
            return Err(std::io::Error::other("the gateway has ended"));
        }
        () = shutdown => {}
    }
    drop(watched);
    stop.send_replace(true);
    // The server holds a sender as long as it serves, each WebSocket as long as it lives.
    if tokio::time::timeout(GRACE, ended.recv()).await.is_err() {
        warn!("left connections that did not close");
    }
    serving.abort();
    Ok(())
}

struct Server {
    gateway: Gateway,
    config: ServerConfig,
    slots: Arc<Slots>,
    stopping: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
}

async fn answer(server: &Arc<Server>, remote: SocketAddr, request: Request, slot: Arc<Slot>) -> Response {
    // Nothing reads a body; one that does not say how long it is, is not taken in either.
    if announced_length(request.headers()).is_some_and(|length| length > server.config.body_bytes) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let path = request.uri().path();
    let is_upgrade = asks_for_websocket(request.headers());
    let mut response = if path == server.config.ws_path && is_upgrade {
        upgrade(server, remote, request, slot).await
    } else if path.starts_with(&server.config.api_path) {
        server.gateway.counters().http_request(request.method().as_str());
        let (parts, _) = request.into_parts();
        api::serve(server, remote, &parts).await
    } else if let Some(www) = server.config.www.clone() {
        static_file(www, request).await
    } else if path == server.config.ws_path {
        (StatusCode::BAD_REQUEST, "This is the address of a RES gateway: connect with a WebSocket.\n").into_response()
    } else {
        api::not_found()
    };
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn upgrade(server: &Arc<Server>, remote: SocketAddr, request: Request, slot: Arc<Slot>) -> Response {
    if *server.stopping.borrow() || !server.gateway.is_available() {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)]).into_response();
    }
    if !server.config.allow_origin.admits(request.headers()) {
        return api::forbidden();
    }
    let (mut parts, _) = request.into_parts();
    let client = client_info(&parts, remote);
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => {
            let server = server.clone();
            let config = &server.config;
            let upgrade = upgrade.max_frame_size(config.frame_bytes).max_message_size(config.message_bytes);
            upgrade.on_upgrade(move |socket| async move {
                websocket::serve(&server, socket, client).await;
                drop(slot);
            })
        }
        Err(rejection) => rejection.into_response(),
    }
}

async fn static_file(www: PathBuf, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
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

/// What auth handlers of services are told about a client.
fn client_info(request: &Parts, remote: SocketAddr) -> ClientInfo {
    let mut info = ClientInfo {
        host: text(request.headers.get(header::HOST)).unwrap_or_default(),
        remote_addr: remote.to_string(),
        uri: request.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        ..ClientInfo::default()
    };
    for (name, value) in &request.headers {
        if name != header::HOST
            && let Some(value) = text(Some(value))
        {
            info.header.entry(canonical(name.as_str())).or_default().push(value);
        }
    }
    info
}

fn text(value: Option<&HeaderValue>) -> Option<String> {
    value.and_then(|v| v.to_str().ok()).map(str::to_owned)
}

/// The spelling of header names that services know: `x-auth` is `X-Auth`.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|c| c.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

/// Whether it is this protocol that a client wants to go on with; others are passed over, as HTTP says.
fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let asked = headers.get_all(header::UPGRADE).iter().filter_map(|value| value.to_str().ok());
    asked.flat_map(|value| value.split(',')).any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    header_text(headers, header::CONTENT_LENGTH)?.parse().ok()
}

/// The value of a header, if it is there once and readable.
fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

const GRACE: Duration = Duration::from_secs(6);
/// Seconds after which a client may ask again when there is no bus.
const RETRY_AFTER: &str = "2";
