//! A gateway on a free port, and clients with real WebSockets.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use res_gateway::server::{self, ServerConfig};
use res_gateway::{Gateway, GatewayConfig};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::bus::TestBus;

/// A running server.
pub struct TestServer {
    pub bus: TestBus,
    pub gateway: Gateway,
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

impl TestServer {
    pub async fn start(bus: impl Into<TestBus>) -> TestServer {
        Self::with(bus, GatewayConfig::default(), ServerConfig::default()).await
    }

    pub async fn with(bus: impl Into<TestBus>, gateway: GatewayConfig, config: ServerConfig) -> TestServer {
        Self::at("127.0.0.1:0".parse().expect("an address"), bus, gateway, config).await
    }

    /// Starts at an address, such as that of a server that was stopped.
    pub async fn at(
        address: SocketAddr,
        bus: impl Into<TestBus>,
        gateway: GatewayConfig,
        config: ServerConfig,
    ) -> TestServer {
        let bus = bus.into();
        let gateway = Gateway::start(bus.connect(), gateway);
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            // An error means that the test is over.
            let _ = stopped.await;
        };
        let running = tokio::spawn(server::run(listener, gateway.clone(), config, shutdown));
        TestServer { bus, gateway, address, stop, running }
    }

    pub async fn connect(&self) -> Client {
        let mut client = self.connect_with(&[]).await.expect("the gateway accepts clients");
        let answer = client.request("version", json!({ "protocol": "1.2.3" })).await;
        assert_eq!(answer["result"]["protocol"], "1.2.3");
        client
    }

    /// Connects with headers; the error is the HTTP status.
    pub async fn connect_with(&self, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
        let mut request = format!("ws://{}/", self.address).into_client_request().expect("a valid address");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a valid header"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Client::new(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("cannot connect: {error}"),
        }
    }

    /// Begins to stop; await the result for the end.
    pub fn stop(self) -> JoinHandle<std::io::Result<()>> {
        self.stop.send(()).expect("the server runs");
        self.running
    }
}

/// One client.
pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
    /// Events that came while an answer was waited for.
    pub events: Vec<Value>,
}

impl Client {
    pub fn new(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Client {
        Client { socket, next: 0, events: Vec::new() }
    }

    /// Sends a request and waits for its answer.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        self.answer(id).await
    }

    /// Sends a request and returns its id.
    pub async fn send(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        let frame = match params {
            Value::Null => json!({ "id": self.next, "method": method }),
            params => json!({ "id": self.next, "method": method, "params": params }),
        };
        self.raw(&frame.to_string()).await;
        self.next
    }

    pub async fn raw(&mut self, frame: &str) {
        self.socket.send(Message::text(frame)).await.expect("the connection is open");
    }

    /// Waits for the answer to a request.
    pub async fn answer(&mut self, id: u64) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["id"] == id {
                return frame;
            }
            assert!(frame.get("event").is_some(), "an answer nobody asked for: {frame}");
            self.events.push(frame);
        }
    }

    /// Waits for an event, such as `library.books.add`, and returns its data.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            if let Some(at) = self.events.iter().position(|event| event["event"] == name) {
                return self.events.remove(at)["data"].take();
            }
            let frame = self.frame().await;
            assert!(frame.get("event").is_some(), "an answer nobody asked for: {frame}");
            self.events.push(frame);
        }
    }

    /// The next text frame.
    pub async fn frame(&mut self) -> Value {
        match self.message().await {
            Message::Text(text) => serde_json::from_str(&text).expect("frames are JSON"),
            other => panic!("expected a text frame: {other:?}"),
        }
    }

    /// Waits until the gateway closes the connection, and returns the code.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.message().await {
                return frame.map_or(1005, |frame| frame.code.into());
            }
        }
    }

    async fn message(&mut self) -> Message {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame in time");
            match message.expect("the connection is open").expect("the connection works") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }
}

/// After this a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(20);
