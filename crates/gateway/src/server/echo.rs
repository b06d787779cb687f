//! WebSockets that send back what they get, in place of those of the gateway, for a test suite that wants that.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use super::deflate::{Terms, compress};
use super::websocket::{WebSocket, fault, leave};

pub async fn serve(socket: WebSocket, terms: Option<Terms>) {
    let (mut sink, mut stream) = socket.split();
    let close = loop {
        match stream.next().await {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                if sink.send(compress(message, terms).await).await.is_err() {
                    break None;
                }
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_))) | None => break None,
            Some(Err(error)) => break fault(error),
        }
    };
    leave(sink, stream, close).await;
}
