//! Resource IDs that stand for something else at the service: with the tag of the connection ID, and with queries.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use res_gateway::bus::MemoryBus;
use res_gateway::service::{Access, Reply, Resource, Service};
use resclient::client::{Client, Collection, Event, Events, Item, Model};
use serde_json::{Value, json};
use support::client::TestServer;
use tokio::sync::Barrier;

async fn connect(server: &TestServer) -> Client {
    Client::connect(&format!("ws://{}/", server.address)).await.expect("the gateway is there")
}

/// Waits, for so long that only a test that has failed gets there.
async fn next(events: &mut Events) -> Event {
    let event = tokio::time::timeout(Duration::from_secs(20), events.next()).await;
    event.expect("an event comes").expect("the client is not closed")
}

#[tokio::test]
async fn the_tag_of_the_connection_id_gives_every_client_a_resource_of_its_own() {
    let bus = MemoryBus::new();
    Service::new("user")
        .get("user.$cid", |_| Ok(Resource::Model(json!({ "greeted": 0 }))))
        .access("user.$cid", |request| {
            Ok(if request.part("cid") == Some(request.cid()) { Access::ALL } else { Access::NONE })
        })
        .call("user.$cid", "greet", |request| {
            request.service().event(request.name(), "change", &json!({ "values": { "greeted": 1 } }));
            Ok(Reply::null())
        })
        .start(bus.connect());
    let server = TestServer::start(bus).await;
    let (greeted, other) = (connect(&server).await, connect(&server).await);
    let user: Model = greeted.get("user.{cid}").await.unwrap();
    let bystander: Model = other.get("user.{cid}").await.unwrap();
    assert_eq!(user.rid(), "user.{cid}");
    let mut events = user.changes();
    user.call::<()>("greet", &Value::Null).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::Change(_)));
    assert_eq!(user.get("greeted"), Some(Item::Data(json!(1))));
    // An answer comes after all events before it.
    assert!(other.get::<Model>("user.none").await.is_err());
    assert_eq!(bystander.get("greeted"), Some(Item::Data(json!(0))), "it has another connection ID");
}

#[tokio::test]
async fn two_spellings_of_one_query_stay_live_even_if_they_are_asked_for_at_once() {
    let bus = MemoryBus::new();
    let asked = Arc::new(AtomicU32::new(0));
    let both = Arc::new(Barrier::new(2));
    let service = Service::new("list")
        .access("list.>", |_| Ok(Access::ALL))
        .get_async("list.numbers", move |_| {
            let (count, both) = (asked.fetch_add(1, Ordering::Relaxed) + 1, both.clone());
            async move {
                if count <= 2 {
                    both.wait().await;
                }
                let numbers = if count <= 2 { json!([1, 2]) } else { json!([1, 2, 3]) };
                let resource = Box::new(Resource::Collection(numbers));
                Ok(Resource::Query { resource, query: "from=1&to=9".into() })
            }
        })
        .start(bus.connect());
    let server = TestServer::start(bus).await;
    let client = connect(&server).await;
    let spellings = ["list.numbers?from=1&to=9", "list.numbers?to=9&from=1"];
    let [one, other] = spellings.map(|rid| client.get::<Collection>(rid));
    let (one, other) = tokio::join!(one, other);
    let (one, other) = (one.unwrap(), other.unwrap());
    let mut changes = [one.changes(), other.changes()];
    service.reset(&["list.numbers"], &[""; 0]);
    for events in &mut changes {
        assert_eq!(next(events).await, Event::Add { idx: 2, item: Item::Data(json!(3)) });
    }
    assert_eq!([one.rid(), other.rid()], spellings);
    assert_eq!([one.len(), other.len()], [3, 3]);
}
