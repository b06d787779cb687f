//! The Rust client against this gateway without a socket between, on virtual time: what waits, and for how long.

mod support;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Waker};
use std::time::Duration;

use res_gateway::service::{Access, Reply, Service, ServiceHandle};
use resclient::client::{Client, Error, Event, Item, Model, State};
use resclient::protocol::ResError;
use resclient::session::Options;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use support::line::{Net, Wire, begun_and_dropped};
use tokio::time::{Instant, sleep, timeout};

#[tokio::test(start_paused = true)]
async fn a_resource_is_unsubscribed_some_time_after_its_last_handle_is_dropped() {
    let net = Net::new();
    let client = net.client();
    let first: Model = client.get("notes.first").await.unwrap();
    let (clone, events) = (first.clone(), first.changes());
    for handle in [Box::new(first) as Box<dyn Send>, Box::new(clone)] {
        drop(handle);
        sleep(Duration::from_secs(60)).await;
        assert_eq!(net.asked("unsubscribe.notes.first"), 0, "it is held");
    }
    drop(events);
    sleep(Duration::from_millis(4_990)).await;
    assert_eq!(net.asked("unsubscribe.notes.first"), 0, "someone may come back for it");
    sleep(Duration::from_millis(20)).await;
    assert_eq!(net.asked("unsubscribe.notes.first"), 1);
    let _again: Model = client.get("notes.first").await.unwrap();
    assert_eq!(net.asked("subscribe.notes.first"), 2);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_in_time_finds_the_resource_as_it_is() {
    let net = Net::new();
    let client = net.client();
    drop(client.get::<Model>("notes.first").await.unwrap());
    sleep(Duration::from_secs(4)).await;
    net.service.change("notes.first", json!({ "text": "two" })).unwrap();
    sleep(Duration::from_millis(500)).await;
    let first: Model = client.get("notes.first").await.unwrap();
    assert_eq!(first.get("text"), Some(Item::Data("two".into())));
    sleep(Duration::from_secs(60)).await;
    assert_eq!((net.asked("subscribe.notes.first"), net.asked("unsubscribe.notes.first")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_takes_is_given_back() {
    let net = Net::new();
    let client = net.client();
    client.open().await.unwrap();
    {
        let mut get = pin!(client.get::<Model>("notes.first"));
        assert!(get.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        sleep(Duration::from_secs(60)).await;
        assert_eq!((net.asked("subscribe.notes.first"), net.asked("unsubscribe.notes.first")), (1, 0), "it is there");
    }
    sleep(Duration::from_millis(5_010)).await;
    assert_eq!(net.asked("unsubscribe.notes.first"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_future_is_dropped_before_it_is_sent_never_is() {
    let net = Net::new();
    let client = net.client();
    assert!(begun_and_dropped(client.call::<u8>("notes.first", "echo", &1)));
    assert_eq!(client.call::<u8>("notes.first", "echo", &2).await.unwrap(), 2);
    assert_eq!(net.asked("call.notes.first.echo"), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_it_is_tried_again_and_what_is_asked_for_waits() {
    let net = Net::new();
    let client = net.client();
    let first: Model = client.get("notes.first").await.unwrap();
    let mut events = first.changes();
    let mut states = client.states();
    assert_eq!(states.next().await, Some(State::Connected));
    net.state.send_replace(Wire::Down);
    let Some(State::Waiting(delay)) = states.next().await else { panic!("no other attempt") };
    assert!(delay <= Duration::from_millis(500), "{delay:?}");
    // A minute of attempts that fail, none of them more than the ceiling apart.
    sleep(Duration::from_secs(60)).await;
    net.service.change("notes.first", json!({ "text": "two" })).unwrap();
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.call::<u8>("notes.first", "echo", &1).await }
    });
    tokio::task::yield_now().await;
    net.state.send_replace(Wire::Up);
    let before = Instant::now();
    assert!(matches!(events.next().await, Some(Event::Change(_))));
    assert!(before.elapsed() <= Duration::from_secs(30), "{:?}", before.elapsed());
    assert_eq!(waiting.await.unwrap().unwrap(), 1);
    assert_eq!(client.state(), State::Connected);
    net.state.send_replace(Wire::Down);
    let lost = client.call::<u8>("notes.first", "echo", &1).await;
    assert!(matches!(lost, Err(Error::Disconnected)), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_does_not_answer_is_given_up_on_in_time() {
    let net = Net::new();
    net.state.send_replace(Wire::Mute);
    let client = net.client_with(Options { handshake_timeout: 3_000, ..Options::default() });
    let before = Instant::now();
    assert!(matches!(client.open().await, Err(Error::Unreachable(_))));
    assert_eq!(before.elapsed().as_millis(), 3_000);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dead_though_open_is_found_out_and_made_anew() {
    let net = Net::new();
    let client = net.client();
    let first: Model = client.get("notes.first").await.unwrap();
    let mut events = first.changes();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(net.asked("version"), 3, "after every 25 s of silence");
    net.state.send_replace(Wire::Dead);
    net.service.change("notes.first", json!({ "text": "two" })).unwrap();
    sleep(Duration::from_secs(20)).await;
    assert_eq!(client.state(), State::Connected);
    net.state.send_replace(Wire::Up);
    let before = Instant::now();
    assert!(matches!(events.next().await, Some(Event::Change(_))));
    assert!(before.elapsed() <= Duration::from_secs(16), "{:?}", before.elapsed());
    assert_eq!(first.get("text"), Some(Item::Data("two".into())));
}

/// A service that refuses what is asked for as often as is left, each time for 100 seconds.
fn busy(net: &Net, left: Arc<AtomicU32>) -> ServiceHandle {
    let refuse = move || match left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
        Ok(_) => Err(too_active()),
        Err(_) => Ok(()),
    };
    let refuse = Arc::new(refuse);
    let (refuses_call, refuses_auth) = (refuse.clone(), refuse.clone());
    Service::new("busy")
        .model("busy.one", json!({ "text": "one" }))
        .model("busy.two", json!({ "text": "two" }))
        .access("busy.ctl", |_| Ok(Access::ALL))
        .access("busy.>", move |_| refuse().map(|()| Access::ALL))
        .call("busy.ctl", "do", move |_| refuses_call().map(|()| Reply::value(1)))
        .auth("busy.ctl", "login", move |_| refuses_auth().map(|()| Reply::value(2)))
        .start(net.bus.connect())
}

fn too_active() -> ResError {
    ResError {
        data: Some(to_raw_value(&json!({ "seconds": 100 })).unwrap()),
        ..ResError::new("system.tooActive", "Too active")
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_as_too_active_is_asked_again_when_the_service_says_if_that_is_wanted() {
    let net = Net::new();
    let (client, driver) = Client::builder().retry_on_too_active(true).build(net.line());
    tokio::spawn(driver);
    let left = Arc::new(AtomicU32::new(0));
    let _busy = busy(&net, left.clone());
    let before = Instant::now();
    left.store(2, Relaxed);
    assert_eq!(client.call::<u8>("busy.ctl", "do", &()).await.unwrap(), 1);
    assert_eq!((before.elapsed().as_secs(), net.asked("call.busy.ctl.do")), (200, 3));
    left.store(1, Relaxed);
    assert_eq!(client.auth::<u8>("busy.ctl", "login", &()).await.unwrap(), 2);
    assert_eq!(before.elapsed().as_secs(), 300);
    left.store(1, Relaxed);
    let one: Model = client.get("busy.one").await.unwrap();
    assert_eq!(one.get("text"), Some(Item::Data("one".into())));
    assert_eq!((before.elapsed().as_secs(), net.asked("subscribe.busy.one")), (400, 2));
    left.store(1, Relaxed);
    let again = timeout(Duration::from_secs(101), client.fetch::<Value>("busy.two")).await.unwrap();
    assert_eq!(again.unwrap(), json!({ "text": "two" }));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_want_it_gives_up_or_closes_does_not_ask_again() {
    let net = Net::new();
    let _busy = busy(&net, Arc::new(AtomicU32::new(u32::MAX)));
    let refused = net.client().call::<u8>("busy.ctl", "do", &()).await.unwrap_err();
    assert_eq!(refused.code(), Some("system.tooActive"));
    let (client, driver) = Client::builder().retry_on_too_active(true).build(net.line());
    tokio::spawn(driver);
    let given_up = timeout(Duration::from_secs(50), client.call::<u8>("busy.ctl", "do", &())).await;
    assert!(given_up.is_err(), "it waits");
    sleep(Duration::from_secs(1_000)).await;
    assert_eq!(net.asked("call.busy.ctl.do"), 2);
    let asking = client.clone();
    let waiting = tokio::spawn(async move { asking.call::<u8>("busy.ctl", "do", &()).await });
    sleep(Duration::from_secs(50)).await;
    client.close().await;
    assert!(matches!(waiting.await.unwrap(), Err(Error::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_too_busy_for_what_is_held_is_asked_again_when_it_says() {
    let net = Net::new();
    let busy = Arc::new(AtomicBool::new(false));
    let refuses = busy.clone();
    let _queue = Service::new("queue")
        .model("queue.first", json!({ "text": "one" }))
        .access("queue.>", move |_| match refuses.load(Relaxed) {
            true => Err(too_active()),
            false => Ok(Access::ALL),
        })
        .start(net.bus.connect());
    let client = net.client();
    let first: Model = client.get("queue.first").await.unwrap();
    let mut events = first.changes();
    busy.store(true, Relaxed);
    net.state.send_replace(Wire::Down);
    sleep(Duration::from_secs(1)).await;
    net.state.send_replace(Wire::Up);
    assert!(matches!(events.next().await, Some(Event::Stale { .. })));
    sleep(Duration::from_secs(99)).await;
    assert_eq!(net.asked("subscribe.queue.first"), 2);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(net.asked("subscribe.queue.first"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_there_again_is_not_waited_for_any_longer() {
    let net = Net::new();
    let client =
        net.client_with(Options { reconnect_delay: 3_600_000, reconnect_delay_max: 3_600_000, ..Options::default() });
    let first: Model = client.get("notes.first").await.unwrap();
    let mut states = client.states();
    assert_eq!(states.next().await, Some(State::Connected));
    net.state.send_replace(Wire::Down);
    let Some(State::Waiting(delay)) = states.next().await else { panic!("no other attempt") };
    assert!(delay > Duration::from_secs(60), "{delay:?}");
    let before = Instant::now();
    net.back.notify_waiters();
    while !matches!(states.next().await, Some(State::Waiting(_))) {}
    net.state.send_replace(Wire::Up);
    net.back.notify_waiters();
    while states.next().await != Some(State::Connected) {}
    assert_eq!(before.elapsed(), Duration::ZERO);
    // There is nothing to be hurried while there is a connection.
    net.back.notify_waiters();
    drop(first);
    assert_eq!(client.call::<u8>("notes.first", "echo", &1).await.unwrap(), 1);
    assert_eq!(net.asked("version"), 2);
}
