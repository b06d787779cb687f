//! What is done on each new connection before all else: which requests are the hook's, and which wait for it.

mod support;

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Waker};
use std::time::Duration;

use resclient::client::{Client, Model};
use resclient::session::Options;
use serde_json::Value;
use support::line::{Net, Wire};
use tokio::time::{sleep, timeout};

#[tokio::test(start_paused = true)]
async fn what_others_ask_for_waits_for_the_hook() {
    let net = Net::new();
    let builder = Client::builder().on_connect(|client| async move {
        sleep(Duration::from_secs(2)).await;
        client.call::<u8>("notes.first", "echo", &1).await.map(|_| ())
    });
    let (client, driver) = builder.build(net.line());
    tokio::spawn(driver);
    let _first: Model = client.get("notes.first").await.unwrap();
    assert_eq!(*net.requests.lock().unwrap(), ["version", "call.notes.first.echo", "subscribe.notes.first"]);
}

#[tokio::test(start_paused = true)]
async fn what_another_thread_asks_for_while_the_hook_is_polled_waits_for_it() {
    let net = Net::new();
    let other = Arc::new(OnceLock::<Client>::new());
    let of_hook = other.clone();
    let builder = Client::builder().on_connect(move |client| {
        let other = of_hook.get().expect("the test has set it").clone();
        async move {
            // Both are asked for while this is polled, and would be sent in this order.
            std::thread::spawn(move || {
                for method in ["echo", "other"] {
                    begin(other.call::<Value>("notes.first", method, &1));
                    begin(other.auth::<Value>("notes.first", method, &1));
                }
                begin(other.get::<Model>("notes.first"));
            })
            .join()
            .expect("the other thread only asks");
            client.call::<u8>("notes.first", "echo", &1).await.map(|_| ())
        }
    });
    let (client, driver) = builder.build(net.line());
    other.set(client.clone()).unwrap();
    tokio::spawn(driver);
    client.open().await.unwrap();
    let asked = net.requests.lock().unwrap().clone();
    assert_eq!(
        asked,
        ["version", "call.notes.first.echo", "subscribe.notes.first"],
        "calls nobody waits for are not sent"
    );
}

#[tokio::test(start_paused = true)]
async fn what_others_ask_for_waits_however_long_the_hook_takes() {
    let net = Net::new();
    let builder = Client::builder().on_connect(|client| async move {
        sleep(Duration::from_secs(3_600)).await;
        client.call::<u8>("notes.first", "echo", &1).await.map(|_| ())
    });
    let options = Options { heartbeat_interval: 0, ..Options::default() };
    let (client, driver) = builder.options(options).build(net.line());
    tokio::spawn(driver);
    let login = client.auth::<Value>("notes.first", "login", &1);
    let (_, first) = tokio::join!(login, client.get::<Model>("notes.first"));
    first.unwrap();
    let expected = ["version", "call.notes.first.echo", "auth.notes.first.login", "subscribe.notes.first"];
    assert_eq!(*net.requests.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn the_hook_may_ask_by_all_that_it_was_handed_also_on_other_tasks() {
    let net = Net::new();
    let builder = Client::builder().on_connect(|client| async move {
        let asking = client.clone();
        let first: Model = tokio::spawn(async move { asking.get("notes.first").await }).await.unwrap()?;
        let model = first.clone();
        tokio::spawn(async move { model.call::<u8>("echo", &1).await }).await.unwrap()?;
        first.client().call::<u8>("notes.first", "echo", &1).await.map(|_| ())
    });
    let (client, driver) = builder.build(net.line());
    tokio::spawn(driver);
    timeout(Duration::from_secs(1), client.open()).await.expect("it waits for nobody").unwrap();
    assert_eq!(net.asked("call.notes.first.echo"), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_hook_left_behind_is_not_of_the_hook_of_the_next_connection() {
    let net = Net::new();
    let left = Arc::new(OnceLock::<Client>::new());
    let leaves = left.clone();
    let builder = Client::builder().on_connect(move |client| {
        let is_first = leaves.set(client.clone()).is_ok();
        async move {
            if !is_first {
                sleep(Duration::from_secs(2)).await;
                client.call::<u8>("notes.first", "echo", &1).await?;
            }
            Ok(())
        }
    });
    let options = Options { reconnect_delay: 1, reconnect_delay_max: 1, ..Options::default() };
    let (client, driver) = builder.options(options).build(net.line());
    tokio::spawn(driver);
    client.open().await.unwrap();
    let left = left.get().expect("the hook has run").clone();
    left.call::<u8>("notes.first", "echo", &1).await.expect("it is a client as any other");
    net.state.send_replace(Wire::Down);
    sleep(Duration::from_millis(100)).await;
    net.state.send_replace(Wire::Up);
    sleep(Duration::from_secs(1)).await;
    net.requests.lock().unwrap().clear();
    let _first: Model = left.get("notes.first").await.unwrap();
    assert_eq!(*net.requests.lock().unwrap(), ["call.notes.first.echo", "subscribe.notes.first"]);
}

/// Asks for something and does not wait for it.
fn begin(future: impl Future) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}
