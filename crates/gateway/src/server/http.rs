//! HTTP/1.1 on the connections of a listener.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tracing::{debug, error};

use super::borrowed::{Borrowed, Returned};
use super::slots::{Full, Slot};
use super::{Server, answer};

/// Accepts connections until the server stops; they go on for themselves.
pub async fn accept(listener: TcpListener, server: Arc<Server>) {
    let mut stopping = server.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // An error means that the sender is gone, which is the end as well.
            _ = stopping.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, remote)) => drop(tokio::spawn(connection(stream, remote, server.clone()))),
            Err(error) if is_of_the_client(error.kind()) => debug!(%error, "a client went before it was accepted"),
            Err(error) => {
                error!(%error, "cannot accept a connection");
                // Such as too many open files: some may be closed soon.
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Serves one connection, with TLS around it if the server has that.
async fn connection(stream: TcpStream, remote: SocketAddr, server: Arc<Server>) {
    // Frames are small and are not to wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "cannot set TCP_NODELAY");
    }
    // A WebSocket that the connection becomes holds the place as well.
    let slot = server.slots.take(remote.ip()).map(Arc::new);
    if let Err(full) = slot {
        server.gateway.counters().refused(full == Full::InAll);
        server.warn(remote, full.advice());
    }
    // What sends nothing has asked nothing, so that there is nothing to answer: browsers connect before they need it.
    let (mut stopping, mut byte) = (server.stopping.clone(), [0]);
    let patience = if slot.is_ok() { server.config.first_byte_time } else { REFUSED };
    tokio::select! {
        first = timeout(patience, stream.peek(&mut byte)) => if !matches!(first, Ok(Ok(1))) {
            return debug!(%remote, "a client sent nothing");
        },
        _ = stopping.wait_for(|stop| *stop) => return,
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(server.config.write_time));
    let stream = Box::pin(stream);
    let Some(tls) = &server.config.tls else { return serve(stream, remote, slot, server).await };
    // Whoever is slow to shake hands has the time of a head for it.
    match timeout(server.config.header_time, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, remote, slot, server).await,
        Ok(Err(error)) => debug!(%remote, %error, "no TLS with a client"),
        Err(_) => debug!(%remote, "a client took too long for TLS"),
    }
}

/// Serves one connection until it ends; once the server stops, until the request that is being answered.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    remote: SocketAddr,
    slot: Result<Arc<Slot>, Full>,
    server: Arc<Server>,
) {
    let mut stopping = server.stopping.clone();
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new());
    builder.header_read_timeout(if slot.is_ok() { server.config.header_time } else { REFUSED });
    builder.max_header_size(server.config.header_bytes);
    builder.keep_alive(slot.is_ok());
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (server, slot) = (server.clone(), slot.clone());
        async move {
            Ok::<_, Infallible>(match slot {
                Ok(slot) => answer(&server, remote, request.map(Body::new), slot).await,
                Err(full) => full.response(),
            })
        }
    });
    let (stream, returned) = Borrowed::lend(stream);
    let ended = {
        // With the end of this block it lets go of the stream.
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            _ = stopping.wait_for(|stop| *stop) => None,
        };
        match ended {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    let Err(error) = ended else { return };
    debug!(%remote, %error, "a connection ended");
    // The only time that the connection itself keeps is that of a head. One that was not begun is not answered.
    if error.is_timeout()
        && let Ok(Returned { mut stream, is_unanswered: true }) = returned.await
        && stream.write_all(HEAD_TIMEOUT).await.is_ok()
    {
        let _ = stream.shutdown().await;
    }
}

fn is_of_the_client(error: ErrorKind) -> bool {
    matches!(error, ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

const HEAD_TIMEOUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
/// Time for a client that is to be told that there is no place for it.
const REFUSED: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_secs(1);
