//! A gateway whose bus is lost and comes back, on virtual time and a bus that is neither of the gateway's own.

mod support;

use std::sync::Arc;
use std::time::Duration;

use res_gateway::service::{Access, Reply, Service, ServiceHandle};
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use serde_json::{Value, json};
use support::hand::{frame, request};
use support::small_bus::SmallBus;
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn a_bus_of_ones_own_carries_services_and_gateways() {
    let (_bus, gateway, service) = start().await;
    let mut session = gateway.connect(Default::default()).await;
    let model = request(&mut session, 1, "subscribe.notes.first", Value::Null).await;
    assert_eq!(model["result"]["models"]["notes.first"], json!({ "text": "one" }));
    service.change("notes.first", json!({ "text": "two" })).expect("a model");
    assert_eq!(frame(&mut session).await["data"]["values"], json!({ "text": "two" }));
    let echo = request(&mut session, 2, "call.notes.first.echo", json!([1])).await;
    assert_eq!(echo["result"], json!([1]));
    let missing = request(&mut session, 3, "subscribe.nobody.here", Value::Null).await;
    assert_eq!(missing["error"]["code"], "system.notFound");
    let too_big = request(&mut session, 4, "call.notes.first.echo", json!("x".repeat(100_000))).await;
    assert_eq!(too_big["error"]["code"], "system.invalidParams");
}

#[tokio::test(start_paused = true)]
async fn when_the_bus_is_lost_clients_are_closed_and_requests_fail() {
    let (bus, gateway, _service) = start().await;
    let mut session = gateway.connect(Default::default()).await;
    request(&mut session, 1, "subscribe.notes.first", Value::Null).await;
    session.send(&json!({ "id": 2, "method": "call.notes.first.never" }).to_string()).await;
    *bus.0.lock().unwrap() = None;
    let close = session.recv().await;
    assert_eq!(close, Outgoing::Close(1012, "the gateway has lost its services"));
    assert!(!gateway.is_available());

    let mut refused = gateway.connect(Default::default()).await;
    assert!(matches!(refused.recv().await, Outgoing::Close(1012, _)));
    let fetched = gateway.fetch(Default::default(), "notes.first").await;
    assert_eq!(fetched.expect_err("there is no bus").code, "system.serviceUnavailable");
}

#[tokio::test(start_paused = true)]
async fn when_the_bus_is_back_everything_is_asked_for_anew() {
    let (bus, gateway, service) = start().await;
    let mut before = gateway.connect(Default::default()).await;
    request(&mut before, 1, "subscribe.notes.first", Value::Null).await;
    *bus.0.lock().unwrap() = None;
    // The service changes its model while nobody can be told.
    let service = service.stop().await;
    service.put("notes.first", res_gateway::service::Resource::Model(json!({ "text": "unseen" }))).expect("a model");
    while gateway.is_available() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    *bus.0.lock().unwrap() = Some(Vec::new());
    let service = service.start(bus.connect().expect("mended"));
    // Not longer than the longest pause between two attempts.
    let back = timeout(Duration::from_secs(5), async {
        while !gateway.is_available() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    back.await.expect("the gateway is back");

    let mut after = gateway.connect(Default::default()).await;
    let model = request(&mut after, 1, "subscribe.notes.first", Value::Null).await;
    assert_eq!(model["result"]["models"]["notes.first"], json!({ "text": "unseen" }));
    // What is left of the session before does not touch the one that came after it.
    drop(before);
    service.change("notes.first", json!({ "text": "seen" })).expect("a model");
    assert_eq!(frame(&mut after).await["data"]["values"], json!({ "text": "seen" }));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_nobody_uses_does_not_wait_for_its_bus() {
    let (bus, gateway, service) = start().await;
    *bus.0.lock().unwrap() = None;
    service.stop().await;
    drop(service);
    while gateway.is_available() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(gateway);
    let ended = timeout(Duration::from_secs(1), async {
        while Arc::strong_count(&bus.0) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    ended.await.expect("nobody holds the bus any more");
}

async fn start() -> (SmallBus, Gateway, ServiceHandle) {
    let bus = SmallBus::up();
    let service = Service::new("notes")
        .model("notes.first", json!({ "text": "one" }))
        .access("notes.>", |_| Ok(Access::ALL))
        .call("notes.first", "echo", |request| Ok(Reply::value(request.params::<Value>()?)))
        .call_async("notes.first", "never", |_| std::future::pending())
        .start(bus.connect().expect("it is up"));
    let gateway = Gateway::start_over(bus.connect().expect("it is up"), bus.clone(), GatewayConfig::default());
    (bus, gateway, service)
}
