//! Who is sent what, and how soon.

mod support;

use std::time::{Duration, Instant};

use res_gateway::bus::MemoryBus;
use res_gateway::service::{Access, Service, ServiceHandle};
use serde_json::{Value, json};
use support::client::{Client, TestServer};

#[tokio::test]
async fn of_a_thousand_resources_a_client_is_sent_the_ten_it_holds() {
    let (service, _server, mut client) = start(1_000).await;
    for n in 0..10 {
        client.request(&format!("subscribe.shelf.{}", n * 100), Value::Null).await;
    }
    for n in 0..1_000 {
        service.change(&format!("shelf.{n}"), json!({ "n": n + 1 })).expect("a model");
    }
    // What was published before the request is sent before its answer.
    client.request("get.shelf.999", Value::Null).await;
    let sent: Vec<Value> = client.events.iter().map(|event| event["event"].clone()).collect();
    let held: Vec<Value> = (0..10).map(|n| json!(format!("shelf.{}.change", n * 100))).collect();
    assert_eq!(sent, held);
}

#[tokio::test]
async fn the_quickest_of_a_hundred_events_takes_less_than_a_millisecond() {
    let (service, _server, mut client) = start(1).await;
    client.request("subscribe.shelf.0", Value::Null).await;
    let mut quickest = Duration::MAX;
    for n in 1..=100 {
        let published = Instant::now();
        service.change("shelf.0", json!({ "n": n })).expect("a model");
        assert_eq!(client.event("shelf.0.change").await["values"]["n"], n);
        quickest = quickest.min(published.elapsed());
    }
    assert!(quickest < Duration::from_millis(1), "{quickest:?}");
}

/// A service with so many models, a gateway, and a client.
async fn start(count: u32) -> (ServiceHandle, TestServer, Client) {
    let bus = MemoryBus::new();
    let service = Service::new("shelf").access("shelf.>", |_| Ok(Access::ALL));
    let service = (0..count).fold(service, |service, n| service.model(&format!("shelf.{n}"), json!({ "n": n })));
    let service = service.start(bus.connect());
    let server = TestServer::start(bus).await;
    let client = server.connect().await;
    (service, server, client)
}
