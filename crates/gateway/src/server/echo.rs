//! WebSockets that send back what they get, in place of those of the gateway, for a test suite that wants that.

use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt, StreamExt};

use super::websocket::{fault, leave};

pub async fn serve(socket: WebSocket) {
    let (mut sink, mut stream) = socket.split();
    let close = loop {
        match stream.next().await {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                if sink.send(message).await.is_err() {
                    break None;
                }
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_))) | None => break None,
            Some(Err(error)) => break fault(error),
        }
    };
    leave(sink, stream, close).await;
}
