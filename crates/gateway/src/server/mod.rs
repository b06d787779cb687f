//! The HTTP server around a gateway: WebSockets, resources and methods, static files.

mod api;
mod borrowed;
mod client;
mod deflate;
#[cfg(autobahn)]
mod echo;
mod files;
mod http;
mod meta;
mod network;
mod origin;
mod page;
mod rate;
mod slots;
mod tls;
mod upgrade;
mod warnings;
mod websocket;
mod writing;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use resclient::protocol::rid;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tracing::warn;

use crate::core::conn::{AuthMethod, HttpAnswer};
use crate::gateway::Gateway;
pub use api::Encoding;
pub use client::AuthHeaders;
pub use origin::{AllowOrigin, Place, Refused};
use rate::Rate;
use slots::{Slot, Slots};
pub use tls::{Tls, TlsError};
use warnings::Warnings;
use writing::Writing;

/// What the server serves, and where.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Path of the WebSocket; default `/`.
    pub ws_path: String,
    /// Prefix of resources and methods over HTTP, with a slash at both ends; default `/api/`.
    pub api_path: String,
    /// How resources are written there; default [`Encoding::Json`].
    pub encoding: Encoding,
    /// The method of a resource that PUT stands for; default none, which is answered with 405.
    pub put_method: Option<String>,
    /// The method of a resource that DELETE stands for; default none.
    pub delete_method: Option<String>,
    /// The method of a resource that PATCH stands for; default none.
    pub patch_method: Option<String>,
    /// The auth method that is called before each request below the API path; default none.
    pub header_auth: Option<AuthMethod>,
    /// The auth method that is called before a WebSocket is opened; default none.
    pub ws_header_auth: Option<AuthMethod>,
    /// Which header fields auth methods are told; default [`AuthHeaders::Usual`].
    pub auth_headers: AuthHeaders,
    /// Directory of static files; default none.
    pub www: Option<PathBuf>,
    /// The page for developers at `/`, which shows the list of an [`Inspector`](crate::inspector::Inspector) on the same bus;
    /// default not. Not beside `www`.
    pub inspector: bool,
    /// Compress messages to WebSocket clients that offer it (permessage-deflate), and take compressed ones; default not.
    pub ws_compression: bool,
    /// Serve https and wss; default http and ws.
    pub tls: Option<Tls>,
    /// Pages of which origins may use the gateway; default the gateway's own.
    pub allow_origin: AllowOrigin,
    /// Connections that may be open at a time; more are answered with 503. Default 50 000.
    pub connections: usize,
    /// Connections that may be open from one address, or one network of 64 bits of version 6; more are answered with
    /// 429. Default 200.
    pub connections_per_address: usize,
    /// Bytes of one WebSocket frame from a client; default 64 KiB.
    pub frame_bytes: usize,
    /// Bytes of one WebSocket message from a client; default 256 KiB.
    pub message_bytes: usize,
    /// Time between pings, and how long a client may leave one without a pong; default 20 s.
    pub ping_interval: Duration,
    /// Bytes of the head of one HTTP request; a longer one is answered with 431. Default 16 KiB.
    pub header_bytes: usize,
    /// Time for the first byte on a connection, after which it is closed; default 5 s.
    pub first_byte_time: Duration,
    /// Time for the head of a request, after which it is answered with 408, and for the next one on the same
    /// connection, after which that is closed; default 10 s.
    pub header_time: Duration,
    /// Time in which a client has to read some of what it is sent, after which the connection is closed; default 60 s.
    pub write_time: Duration,
    /// Bytes of the body of one HTTP request; a longer one is answered with 413. Default 1 MiB.
    pub body_bytes: u64,
    /// Time for the body of a request, after which it is answered with 408; default 15 s.
    pub body_time: Duration,
    /// Bytes of one HTTP response; default 8 MiB.
    pub response_bytes: usize,
    /// Requests below the API path in a second from one address, as for connections; more are answered with 429. 0 is no
    /// limit; default 100.
    pub http_request_rate: u32,
    /// Such requests that may come at once after there were none; default 200.
    pub http_request_burst: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            ws_path: "/".into(),
            api_path: "/api/".into(),
            encoding: Encoding::Json,
            put_method: None,
            delete_method: None,
            patch_method: None,
            header_auth: None,
            ws_header_auth: None,
            auth_headers: AuthHeaders::Usual,
            www: None,
            inspector: false,
            ws_compression: false,
            tls: None,
            allow_origin: AllowOrigin::SameOrigin,
            connections: 50_000,
            connections_per_address: 200,
            frame_bytes: 64 << 10,
            message_bytes: 256 << 10,
            ping_interval: Duration::from_secs(20),
            header_bytes: 16 << 10,
            first_byte_time: Duration::from_secs(5),
            header_time: Duration::from_secs(10),
            write_time: Duration::from_secs(60),
            body_bytes: 1 << 20,
            body_time: Duration::from_secs(15),
            response_bytes: 8 << 20,
            http_request_rate: 100,
            http_request_burst: 200,
        }
    }
}

impl ServerConfig {
    /// Whether a server can do what is asked for.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        if !self.ws_path.starts_with('/') {
            return Err(format!("the path of the WebSocket must start with a slash: {:?}", self.ws_path));
        }
        if !self.api_path.starts_with('/') || !self.api_path.ends_with('/') {
            return Err(format!("the API path must start and end with a slash: {:?}", self.api_path));
        }
        let mapped = [&self.put_method, &self.delete_method, &self.patch_method];
        if let Some(method) = mapped.into_iter().flatten().find(|method| !rid::is_valid_part(method)) {
            return Err(format!("{method:?} is not the name of a method"));
        }
        if self.inspector && self.www.is_some() {
            return Err("the page for developers and static files cannot both be at /".into());
        }
        if self.ws_header_auth.is_some() && self.allow_origin == AllowOrigin::Any {
            return Err("pages of all origins may not open WebSockets in the name of the visitor: \
                name the origins, or leave out header authentication for WebSockets"
                .into());
        }
        Ok(())
    }

    /// The method of a resource that a method of HTTP stands for.
    fn mapped(&self, method: &Method) -> Option<&str> {
        match *method {
            Method::PUT => self.put_method.as_deref(),
            Method::DELETE => self.delete_method.as_deref(),
            Method::PATCH => self.patch_method.as_deref(),
            _ => None,
        }
    }
}

/// Serves clients on `listener` until `shutdown` is ready. Then no more are accepted, WebSockets are closed with code
/// 1001, and what does not end by itself is left after 6 seconds.
///
/// # Errors
/// If [`ServerConfig::check`] finds something, the listener fails, or the gateway has ended.
pub async fn run(
    listener: TcpListener,
    gateway: Gateway,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    config.check().map_err(|what| std::io::Error::new(std::io::ErrorKind::InvalidInput, what))?;
    let (stop, stopping) = watch::channel(false);
    let (alive, mut ended) = mpsc::channel::<()>(1);
    let watched = gateway.clone();
    let slots = Slots::new(config.connections, config.connections_per_address);
    let rate = Rate::new(config.http_request_rate, config.http_request_burst);
    let is_loopback = listener.local_addr()?.ip().to_canonical().is_loopback();
    let warnings = Warnings::default();
    let server = Arc::new(Server {
        gateway,
        config,
        is_loopback,
        slots,
        rate,
        warnings,
        writing: Writing::default(),
        stopping: stopping.clone(),
        alive,
    });
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
    is_loopback: bool,
    slots: Arc<Slots>,
    rate: Rate,
    warnings: Warnings,
    /// Whose answers over HTTP there is room for, and who writes a long one, which takes a while: one at a time, beside
    /// those who serve.
    writing: Writing,
    stopping: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
}

impl Server {
    /// Tells the operator of what a client was refused, unless that was said just now.
    fn warn(&self, remote: SocketAddr, what: &'static str) {
        if self.warnings.is_due(what) {
            warn!(%remote, "{what}");
        }
    }

    /// The same of a header that nobody looked at.
    fn warn_of_header(&self, answer: &HttpAnswer, what: &'static str) {
        if let Some(error) = &answer.header_failure
            && self.warnings.is_due(what)
        {
            warn!(error = &*error.code, "{what}");
        }
    }

    /// What a page that may not use the gateway is answered. With `heeds_cookies`, a service looks at those of the
    /// request, which may change something.
    fn refusal(&self, remote: SocketAddr, headers: &HeaderMap, heeds_cookies: bool) -> Option<Response> {
        let place = Place { heeds_cookies, is_loopback: self.is_loopback };
        let refused = self.config.allow_origin.check(headers, place).err()?;
        if self.warnings.is_due(refused.advice()) {
            let (origin, host) = (header_text(headers, header::ORIGIN), header_text(headers, header::HOST));
            warn!(%remote, origin, host, "{}", refused.advice());
        }
        Some(api::forbidden(refused.message()))
    }
}

async fn answer(server: &Arc<Server>, remote: SocketAddr, request: Request, slot: Arc<Slot>) -> Response {
    let config = &server.config;
    let path = request.uri().path();
    let mut response = if path == "*" {
        // `OPTIONS *`, which is about no path at all.
        (StatusCode::BAD_REQUEST, [(header::CONNECTION, "close")]).into_response()
    } else if path == config.ws_path && upgrade::is_asked_for(request.headers()) {
        upgrade::upgrade(server, remote, request, slot).await
    } else if config.inspector
        // Who wants a WebSocket at another path is told that there is none.
        && !upgrade::is_asked_for(request.headers())
        && let Some(response) = page::serve(config, &request)
    {
        response
    } else if path == config.ws_path && config.www.is_none() {
        (StatusCode::BAD_REQUEST, [(header::SEC_WEBSOCKET_VERSION, "13")], WEBSOCKET_ONLY).into_response()
    } else if path.starts_with(&config.api_path) {
        server.gateway.counters().http_request(request.method().as_str());
        api::serve(server, remote, request).await
    } else if let Some(www) = &config.www {
        files::serve(www, request).await
    } else {
        api::not_found()
    };
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The value of a header, if it is there once and readable.
fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

const WEBSOCKET_ONLY: &str = "This is the address of a RES gateway: connect with a WebSocket.\n";
const GRACE: Duration = Duration::from_secs(6);
