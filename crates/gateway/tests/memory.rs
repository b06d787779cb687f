//! What is in use after clients have come and gone is what was in use before.

mod support;

use std::alloc::System;
use std::time::Duration;

use res_gateway::bus::MemoryBus;
use res_gateway::service::{Access, Reply, Service, ServiceHandle};
use resclient::client::{Client, Collection, Event, Model};
use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use support::client::TestServer;
use tokio::time::{sleep, timeout};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MODELS: usize = 20;
const CLIENTS: usize = 8;
/// Rounds in which tables and buffers grow to the size that is needed.
const WARM: usize = 10;
/// Rounds of which nothing may be left.
const ROUNDS: usize = 60;
/// Bytes that pools, such as those of tokio, may have more after them: 17 for each client that came.
const MOST: isize = 8 * 1_024;

#[tokio::test]
async fn nothing_is_left_of_clients_that_came_and_went() {
    let bus = MemoryBus::new();
    let service = notes(&bus);
    let server = TestServer::start(bus).await;
    for round in 0..WARM {
        visit(&server, &service, round).await;
    }
    let before = in_use_at_rest(&server).await;
    for round in WARM..WARM + ROUNDS {
        visit(&server, &service, round).await;
    }
    let after = in_use_at_rest(&server).await;
    assert!(
        after - before < MOST,
        "{before} bytes were in use, and {after} are after {ROUNDS} rounds of {CLIENTS} clients"
    );
}

/// Clients come, do what clients do, and go: some say so, some do not.
async fn visit(server: &TestServer, service: &ServiceHandle, round: usize) {
    let url = format!("ws://{}/", server.address);
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let client = Client::connect(&url).await.expect("the gateway is there");
        let all: Collection = client.get("notes.all").await.expect("it may be had");
        let model: Model = client.get(&rid(round % MODELS)).await.expect("it may be had");
        client.call::<Value>(model.rid(), "echo", &json!({ "round": round })).await.expect("it may be called");
        client.fetch::<Value>("notes.none").await.expect_err("it is not there");
        let events = model.changes();
        clients.push((client, all, model, events));
    }
    let text = format!("round {round} of {}", "much to be said about this ".repeat(round % 7));
    service.change(&rid(round % MODELS), json!({ "text": text })).expect("it is a model");
    service.add("notes.all", 0, json!("loose")).expect("it is a collection");
    service.remove("notes.all", 0).expect("it is a collection");
    for (_, _, _, events) in &mut clients {
        let event = timeout(PATIENCE, events.next()).await.expect("an event comes");
        assert!(matches!(event, Some(Event::Change(_))), "{event:?}");
    }
    for (number, (client, ..)) in clients.into_iter().enumerate() {
        if number % 2 == 0 {
            client.close().await;
        }
    }
}

/// Bytes in use once nobody is connected and nothing is cached.
async fn in_use_at_rest(server: &TestServer) -> isize {
    let is_at_rest = async {
        while server.gateway.snapshot().await.expect("it runs").cached != (0, 0)
            || server.gateway.counters().websockets().1 > 0
        {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, is_at_rest).await.expect("everything is let go of");
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as isize - stats.bytes_deallocated as isize
}

fn rid(n: usize) -> String {
    format!("notes.{n}")
}

fn notes(bus: &MemoryBus) -> ServiceHandle {
    let mut service = Service::new("notes")
        .access("notes.>", |_| Ok(Access::ALL))
        .collection("notes.all", (0..MODELS).map(|n| json!({ "rid": rid(n) })).collect::<Value>());
    for n in 0..MODELS {
        service = service.model(&rid(n), json!({ "text": "one", "next": { "rid": rid((n + 1) % MODELS) } })).call(
            &rid(n),
            "echo",
            |request| Ok(Reply::value(request.params::<Value>()?)),
        );
    }
    service.start(bus.connect())
}

const PATIENCE: Duration = Duration::from_secs(30);
