//! How a gateway closes a socket, and whether the client comes back.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use resclient::client::{Builder, Client, Error, Model, State, States};
use resclient::session::Options;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

#[tokio::test]
async fn a_gateway_that_closes_with_a_fatal_code_is_left_until_something_is_asked_for() {
    let client = builder().connect(&url(gateway().await)).await.unwrap();
    let first: Model = client.get("notes.first").await.unwrap();
    let mut states = client.states();
    assert_eq!(states.next().await, Some(State::Connected));
    for ordinary in [1012, 4400] {
        assert!(matches!(first.call::<()>("close", &ordinary).await, Err(Error::Disconnected)));
        wait_for(&mut states, State::Connected).await;
    }
    for fatal in [4001, 4003, 4401, 4403] {
        assert!(matches!(first.call::<()>("close", &fatal).await, Err(Error::Disconnected)));
        assert_eq!(client.state(), State::Closed);
        first.call::<()>("ping", &()).await.expect("what is asked for connects");
        wait_for(&mut states, State::Connected).await;
    }
}

#[tokio::test]
async fn without_fatal_codes_a_client_always_comes_back() {
    let client = builder().fatal_close_codes([]).connect(&url(gateway().await)).await.unwrap();
    let first: Model = client.get("notes.first").await.unwrap();
    let mut states = client.states();
    assert!(matches!(first.call::<()>("close", &4401).await, Err(Error::Disconnected)));
    wait_for(&mut states, State::Connected).await;
}

#[tokio::test]
async fn why_a_gateway_closed_is_what_the_error_says() {
    let hook = |client: Client| async move { client.call("notes.first", "close", &4403).await };
    let failed = builder().on_connect(hook).fatal_close_codes([4403]).connect(&url(gateway().await)).await;
    let Err(Error::Unreachable(why)) = failed else { panic!("it has closed the connection") };
    assert_eq!(why, "closed as you wished");
}

fn builder() -> Builder {
    Client::builder().options(Options { reconnect_delay: 1, reconnect_delay_max: 1, ..Options::default() })
}

fn url(address: SocketAddr) -> String {
    format!("ws://{address}/")
}

/// Waits for a state, for so long that only a test that has failed gets there.
async fn wait_for(states: &mut States, wanted: State) {
    let state = async { while states.next().await.expect("the client is not closed") != wanted {} };
    tokio::time::timeout(Duration::from_secs(20), state).await.unwrap_or_else(|_| panic!("{wanted:?} does not come"));
}

/// Has one model, whose method `close` closes the connection with the code it is given.
async fn gateway() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
            while let Some(Ok(Message::Text(text))) = socket.next().await {
                let request: Value = serde_json::from_str(&text).unwrap();
                let result = match request["method"].as_str().unwrap() {
                    "version" => json!({ "protocol": "1.2.3" }),
                    "subscribe.notes.first" => json!({ "models": { "notes.first": { "text": "one" } } }),
                    "call.notes.first.close" => {
                        let code = (request["params"].as_u64().unwrap() as u16).into();
                        let farewell = CloseFrame { code, reason: "closed as you wished".into() };
                        let _ = socket.close(Some(farewell)).await;
                        continue;
                    }
                    _ => json!({ "payload": null }),
                };
                let answer = json!({ "id": request["id"], "result": result }).to_string();
                let _ = socket.send(Message::text(answer)).await;
            }
        }
    });
    address
}
