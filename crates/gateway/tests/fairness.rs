//! One client that asks for thousands of resources at a time, and another that must hardly notice.

mod support;

use std::time::{Duration, Instant};

use res_gateway::bus::MemoryBus;
use res_gateway::service::{Access, Reply, Resource, Service};
use res_gateway::{Gateway, GatewayConfig};
use serde_json::{Value, json};
use support::hand::{frame, request, send, session};

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_client_that_asks_for_thousands_of_resources_hardly_delays_another() {
    let bus = MemoryBus::new();
    Service::new("wide")
        .get("wide.list.>", |request| {
            let list = request.name().rsplit('.').next().expect("a number");
            Ok(Resource::Collection((0..5_000).map(|n| json!({ "rid": format!("wide.leaf.{list}.{n}") })).collect()))
        })
        .get("wide.leaf.>", |_| Ok(Resource::Model(json!({ "leaf": true }))))
        .access("wide.>", |_| Ok(Access::ALL))
        .start(bus.connect());
    Service::new("other")
        .model("other.model", json!({}))
        .access("other.>", |_| Ok(Access::ALL))
        .call("other.model", "ping", |_| Ok(Reply::null()))
        .start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let (mut hog, mut neighbour) = (session(&gateway).await, session(&gateway).await);
    request(&mut neighbour, 1, "subscribe.other.model", Value::Null).await;
    let asking = tokio::spawn(async move {
        for id in 0..8 {
            send(&hog, id, &format!("get.wide.list.{id}"), Value::Null).await;
        }
        for _ in 0..8 {
            let answer = frame(&mut hog).await;
            assert!(answer.get("result").is_some(), "{answer}");
        }
    });
    let mut delays = Vec::new();
    while !asking.is_finished() {
        let start = Instant::now();
        request(&mut neighbour, 2, "call.other.model.ping", Value::Null).await;
        delays.push(start.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    asking.await.expect("all are answered");
    delays.sort();
    println!("{} calls; median {:?}, longest {:?}", delays.len(), delays[delays.len() / 2], delays[delays.len() - 1]);
}
