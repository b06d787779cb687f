//! The driver for tokio.

use std::collections::VecDeque;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::builder::Builder;
use super::connection::Client;
use super::driver::{Hook, SocketEvent, Transport};
use super::error::Error;
use super::hub::Clock;
use super::tls::Tls;
use crate::session::Time;

impl Client {
    /// Connects to a gateway at an address such as `ws://localhost:8080`. With the feature `tls`, `wss://` too.
    ///
    /// Waits as [`Client::open`] does, for the hook too.
    ///
    /// # Errors
    /// As [`Client::open`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn connect(url: &str) -> Result<Client, Error> {
        Client::builder().connect(url).await
    }
}

impl<H> Builder<H>
where
    H: Hook + Send + 'static,
    H::Future: Send,
{
    /// As [`Client::connect`].
    ///
    /// # Errors
    /// As [`Client::open`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn connect(self, url: &str) -> Result<Client, Error> {
        let client = self.start(url);
        client.open().await?;
        Ok(client)
    }

    /// A client that connects when something is asked for.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(self, url: &str) -> Client {
        let (client, driver) = self.build(Tokio::new(url));
        tokio::spawn(driver);
        client
    }
}

/// A WebSocket and a clock of tokio.
pub struct Tokio {
    url: String,
    tls: Tls,
    start: Instant,
    socket: Socket,
    /// How the gateway is closing the socket.
    farewell: Option<CloseFrame>,
    /// Frames that the socket has not taken yet.
    outbox: VecDeque<String>,
    closing: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    sleep: Option<Pin<Box<Sleep>>>,
}

pub(super) type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;
pub(super) type Connected = Result<WebSocket, tungstenite::Error>;

enum Socket {
    None,
    Opening(Pin<Box<dyn Future<Output = Connected> + Send>>),
    Open(Box<WebSocket>),
}

impl Tokio {
    /// Opens sockets to this address.
    pub fn new(url: &str) -> Tokio {
        Tokio {
            url: url.to_owned(),
            tls: Tls::default(),
            start: Instant::now(),
            socket: Socket::None,
            farewell: None,
            outbox: VecDeque::new(),
            closing: None,
            sleep: None,
        }
    }

    /// Opens sockets with these roots, certificates and ciphers instead of the operating system's roots and none. For
    /// [`Builder::build`].
    #[cfg(feature = "tls")]
    pub fn tls(self, config: std::sync::Arc<rustls::ClientConfig>) -> Tokio {
        Tokio { tls: Tls::from(config), ..self }
    }

    fn poll_socket(&mut self, cx: &mut Context<'_>) -> Poll<Result<SocketEvent<Utf8Bytes>, tungstenite::Error>> {
        match &mut self.socket {
            Socket::None => Poll::Pending,
            Socket::Opening(opening) => {
                let socket = ready!(opening.as_mut().poll(cx))?;
                self.socket = Socket::Open(Box::new(socket));
                Poll::Ready(Ok(SocketEvent::Opened))
            }
            Socket::Open(socket) => {
                if let Poll::Ready(sent) = poll_send(socket, &mut self.outbox, cx) {
                    sent?;
                }
                loop {
                    return Poll::Ready(Ok(match ready!(socket.poll_next_unpin(cx)).transpose()? {
                        Some(Message::Text(text)) => SocketEvent::Frame(text),
                        // No frame of the protocol, which the engine is to deal with as it does with any other.
                        Some(Message::Binary(_)) => SocketEvent::Frame(Utf8Bytes::default()),
                        Some(Message::Close(farewell)) => {
                            self.farewell = farewell;
                            continue;
                        }
                        // They are answered by the library, as a close is, which the end follows.
                        Some(_) => continue,
                        None => self.closed("the gateway closed the connection".to_owned()),
                    }));
                }
            }
        }
    }
}

impl Tokio {
    /// The end of a socket: as the gateway said, if it did.
    fn closed(&mut self, otherwise: String) -> SocketEvent<Utf8Bytes> {
        let (code, said) = match self.farewell.take() {
            Some(CloseFrame { code, reason }) => (Some(code.into()), reason.to_string()),
            None => (None, String::new()),
        };
        SocketEvent::Closed { code, reason: if said.is_empty() { otherwise } else { said } }
    }
}

impl Transport for Tokio {
    type Text = Utf8Bytes;

    fn clock(&self) -> Clock {
        let start = self.start;
        Box::new(move || Time(start.elapsed().as_millis() as u64))
    }

    fn random(&self) -> u64 {
        // Its keys are what the standard library has of randomness.
        RandomState::new().hash_one(0)
    }

    fn open(&mut self) {
        self.outbox.clear();
        self.farewell = None;
        let url = self.url.clone();
        let config = WebSocketConfig::default().max_frame_size(Some(LARGEST)).max_message_size(Some(LARGEST));
        self.socket = Socket::Opening(Box::pin(self.tls.connect(url, config)));
    }

    fn send(&mut self, frame: String) {
        self.outbox.push_back(frame);
    }

    fn close(&mut self) {
        let outbox = std::mem::take(&mut self.outbox);
        if let Socket::Open(socket) = std::mem::replace(&mut self.socket, Socket::None) {
            let closing = goodbye(*socket, outbox);
            self.closing = Some(Box::pin(async move {
                // Whoever does not answer in time is left.
                let _ = timeout(PATIENCE, closing).await;
            }));
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent<Utf8Bytes>> {
        // The next socket does not wait for the last one.
        let _ = self.poll_closed(cx);
        let event = match ready!(self.poll_socket(cx)) {
            Ok(event) => event,
            Err(error) => self.closed(error.to_string()),
        };
        if matches!(event, SocketEvent::Closed { .. }) {
            self.socket = Socket::None;
        }
        Poll::Ready(event)
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()> {
        let Some(at) = self.start.checked_add(Duration::from_millis(deadline.0)) else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(closing) = &mut self.closing {
            ready!(closing.as_mut().poll(cx));
            self.closing = None;
        }
        Poll::Ready(())
    }
}

/// Hands over what waits, as far as the socket takes it.
fn poll_send(
    socket: &mut WebSocket,
    outbox: &mut VecDeque<String>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), tungstenite::Error>> {
    let mut socket = Pin::new(socket);
    while !outbox.is_empty() {
        ready!(socket.as_mut().poll_ready(cx))?;
        if let Some(frame) = outbox.pop_front() {
            socket.as_mut().start_send(Message::text(frame))?;
        }
    }
    socket.poll_flush(cx)
}

/// Sends what waits, and waits for the gateway's answer to a close.
async fn goodbye(mut socket: WebSocket, outbox: VecDeque<String>) -> Result<(), tungstenite::Error> {
    for frame in outbox {
        socket.feed(Message::text(frame)).await?;
    }
    socket.close(None).await?;
    while socket.next().await.transpose()?.is_some() {}
    Ok(())
}

/// Bytes of a frame from the gateway; a longer one closes the connection.
const LARGEST: usize = 64 << 20;
/// For closing a connection.
const PATIENCE: Duration = Duration::from_secs(2);
