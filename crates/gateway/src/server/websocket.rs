//! One client's WebSocket.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tracing::debug;

use super::Server;
use super::deflate::{Corrupt, Inflated, Terms, compress};
use crate::gateway::{Outgoing, Session, SessionReceiver, SessionSender};

/// The WebSocket of a client.
pub type WebSocket = WebSocketStream<Inflated<TokioIo<Upgraded>>>;

/// Carries frames between a client and the gateway until either has enough.
pub async fn serve(server: &Server, socket: WebSocket, terms: Option<Terms>, session: Session) {
    let _alive = server.alive.clone();
    let _open = server.gateway.counters().websocket();
    let (mut sink, mut stream) = socket.split();
    let (sender, mut receiver) = session.split();
    let heard = AtomicBool::new(true);
    let mut stopping = server.stopping.clone();
    let close = tokio::select! {
        close = read(&mut stream, &sender, &heard) => close,
        close = write(&mut sink, terms, &mut receiver, &heard, server.config.ping_interval) => close,
        _ = stopping.wait_for(|stop| *stop) => Some((1001, "the gateway is going away")),
    };
    // The subscriptions end now, whatever the client still does.
    drop((sender, receiver));
    leave(sink, stream, close).await;
}

/// How a connection is to be closed; `None` when the client began to, or is gone.
pub type Close = Option<(u16, &'static str)>;

/// Ends a connection as the WebSocket protocol wants it: both sides say so.
pub async fn leave(mut sink: SplitSink<WebSocket, Message>, mut stream: SplitStream<WebSocket>, close: Close) {
    if let Some((code, reason)) = close {
        let frame = Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }));
        let goodbye = async {
            if sink.send(frame).await.is_ok() {
                // Until the client has answered, or what it sends instead has ended.
                while let Some(Ok(_)) = stream.next().await {}
                finish(sink.reunite(stream).expect("they are of one socket").into_inner().into_inner()).await;
            }
        };
        // A slow reader has to read what is on its way before it can see why it is closed.
        let patience = if code == 1013 { GOODBYE_SLOW } else { GOODBYE };
        if timeout(patience, goodbye).await.is_err() {
            debug!(code, "a client did not answer the close");
        }
    } else {
        // The client began to close: what is left is the answer to that.
        let _ = timeout(GOODBYE, sink.close()).await;
    }
}

/// Says that no more will come, and takes what the client was still sending, such as the rest of a message that is too big: a socket
/// that is closed with bytes unread is reset, and its client may lose what it was sent last, which is why it is closed.
async fn finish(mut socket: TokioIo<Upgraded>) {
    if socket.shutdown().await.is_ok() {
        let mut bytes = [0; READ_BYTES];
        while let Ok(1..) = socket.read(&mut bytes).await {}
    }
}

/// Hands the client's frames to the gateway. Returns how to close, or `None` when the client did.
async fn read(stream: &mut SplitStream<WebSocket>, sender: &SessionSender, heard: &AtomicBool) -> Close {
    loop {
        let message = stream.next().await;
        heard.store(true, Ordering::Relaxed);
        match message {
            Some(Ok(Message::Text(text))) => {
                let send = sender.send(&text);
                tokio::pin!(send);
                // While the client has to wait for answers, its pongs are not read either.
                while timeout(STILL_WAITING, &mut send).await.is_err() {
                    heard.store(true, Ordering::Relaxed);
                }
                heard.store(true, Ordering::Relaxed);
            }
            Some(Ok(Message::Binary(_))) => return Some((1003, "frames must be text")),
            // Each is answered, into a buffer that is written when the client reads. Single frames are not read.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => sender.pass().await,
            Some(Ok(Message::Close(_))) | None => return None,
            Some(Err(error)) => return fault(error),
        }
    }
}

/// Sends the gateway's frames to the client, and pings when it is silent.
async fn write(
    sink: &mut SplitSink<WebSocket, Message>,
    terms: Option<Terms>,
    receiver: &mut SessionReceiver,
    heard: &AtomicBool,
    every: Duration,
) -> Close {
    let mut pings = interval_at(Instant::now() + every, every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let outgoing = tokio::select! {
            biased;
            outgoing = receiver.recv() => Some(outgoing),
            _ = pings.tick() => None,
        };
        let mut next = match outgoing {
            Some(Outgoing::Frame(frame)) => Some(Message::Text(frame)),
            Some(Outgoing::Close(code, reason)) => return Some((code, reason)),
            None if heard.swap(false, Ordering::Relaxed) => Some(Message::Ping(Default::default())),
            None => {
                debug!("a client did not answer a ping");
                return None;
            }
        };
        let (mut bytes, mut end) = (0, None);
        while let Some(message) = next.take() {
            bytes += frame_bytes(&message);
            if sink.feed(compress(message, terms).await).await.is_err() {
                return None;
            }
            // What is there goes out together, but not all of a long queue: what is taken does not count as queued any
            // more.
            if bytes < BATCH_BYTES {
                match receiver.try_recv() {
                    Some(Outgoing::Frame(frame)) => next = Some(Message::Text(frame)),
                    Some(Outgoing::Close(code, reason)) => end = Some((code, reason)),
                    None => {}
                }
            }
        }
        tokio::select! {
            biased;
            flushed = sink.flush() => {
                if flushed.is_err() {
                    return None;
                }
            }
            // A client that does not read at all must not keep what is queued for it.
            () = receiver.overrun() => return Some((1013, "slow reader")),
            () = tokio::time::sleep(every * 2) => return None,
        }
        if end.is_some() {
            return end;
        }
    }
}

fn frame_bytes(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        _ => 0,
    }
}

/// The close code for what the client did to the WebSocket protocol.
pub fn fault(error: Error) -> Close {
    match error {
        Error::Capacity(_) => Some((1009, "the message is too big")),
        Error::Io(error) if error.get_ref().is_some_and(|error| error.is::<Corrupt>()) => {
            Some((1007, "the message is not compressed as it should be"))
        }
        Error::Utf8(_) => Some((1007, "text must be UTF-8")),
        Error::Protocol(_) => Some((1002, "not the WebSocket protocol")),
        _ => None,
    }
}

/// Bytes read at once, for which each connection keeps room: requests are short.
pub const READ_BYTES: usize = 2 << 10;
/// Bytes of frames after which no more are put into one write; below what the WebSocket holds back by itself.
const BATCH_BYTES: usize = 32 << 10;
const STILL_WAITING: Duration = Duration::from_secs(1);
const GOODBYE: Duration = Duration::from_secs(3);
const GOODBYE_SLOW: Duration = Duration::from_secs(20);
