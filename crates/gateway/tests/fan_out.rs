//! One event and its many receivers: each gets it in its own form, in order, and at its own pace.

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use res_gateway::server::ServerConfig;
use res_gateway::service::{Access, Resource, Service};
use res_gateway::{Gateway, GatewayConfig, Outgoing, Session, metrics};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::client::TestServer;
use support::exposition::Exposition;
use support::hand::{Hand, frame, is_silent, request, send, session};
use tokio_tungstenite::tungstenite::Message;

async fn speaking(gateway: &Gateway, version: &str) -> Session {
    let mut session = gateway.connect(Default::default()).await;
    request(&mut session, 0, "version", json!({ "protocol": version })).await;
    session
}

/// Answers a get request whose subject is not known before, and gives the name that was asked for.
async fn answer_get(hand: &mut Hand, model: Value) -> String {
    loop {
        let (subject, _, reply) = hand.next().await.expect("a request");
        if let Some(name) = subject.strip_prefix("get.") {
            hand.say(&reply, &json!({ "result": { "model": model } }));
            return name.to_owned();
        }
        hand.say(&reply, &json!({ "result": { "get": true } }));
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_reaches_every_client_in_the_form_of_its_protocol_whoever_is_told_first() {
    let old = json!({ "soft": "hand.b", "data": "[Data]", "plain": 1 });
    let new = json!({ "soft": { "rid": "hand.b", "soft": true }, "data": { "data": [1, { "x": 2 }] }, "plain": 1 });
    for versions in [["1.1.1", "1.2.3", "1.2.0", "1.2.3"], ["1.2.3", "1.2.0", "1.1.1", "1.2.3"]] {
        let bus = TestBus::new();
        let mut hand = Hand::new(&bus);
        let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
        let mut clients = Vec::new();
        for version in versions {
            let mut client = speaking(&gateway, version).await;
            for (id, rid) in [(1, "hand.model"), (2, "hand.list")] {
                send(&client, id, &format!("subscribe.{rid}"), Value::Null).await;
                hand.answer_all(|subject| match subject {
                    "get.hand.model" => json!({ "result": { "model": {} } }),
                    "get.hand.list" => json!({ "result": { "collection": [] } }),
                    _ => json!({ "result": { "get": true } }),
                })
                .await;
                assert!(frame(&mut client).await.get("result").is_some());
            }
            clients.push((version, client));
        }
        hand.say("event.hand.model.change", &json!({ "values": new }));
        hand.say("event.hand.list.add", &json!({ "idx": 0, "value": new["soft"] }));
        hand.say("event.hand.list.add", &json!({ "idx": 0, "value": new["data"] }));
        for (version, client) in &mut clients {
            let form = if *version == "1.2.3" { &new } else { &old };
            let change = json!({ "event": "hand.model.change", "data": { "values": form } });
            assert_eq!(frame(client).await, change, "for {version}");
            for member in ["soft", "data"] {
                let add = json!({ "event": "hand.list.add", "data": { "idx": 0, "value": form[member] } });
                assert_eq!(frame(client).await, add, "for {version}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_reaches_every_client_with_the_resource_id_it_asked_for() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    // One knows the resource as its own, the others by the ID of that connection, and the first of them once more.
    let mut own = session(&gateway).await;
    send(&own, 1, "subscribe.hand.{cid}", Value::Null).await;
    let name = answer_get(&mut hand, json!({ "v": 1 })).await;
    assert_eq!(frame(&mut own).await["result"]["models"]["hand.{cid}"]["v"], 1);
    let mut others = [session(&gateway).await, session(&gateway).await];
    for client in others.iter_mut().chain([&mut own]) {
        send(client, 2, &format!("subscribe.{name}"), Value::Null).await;
        hand.answer_all(|_| json!({ "result": { "get": true } })).await;
        assert_eq!(frame(client).await["result"]["models"][&name]["v"], 1);
    }
    hand.say("event.hand.none.change", &json!({ "values": { "v": 2 } }));
    hand.say(&format!("event.{name}.change"), &json!({ "values": { "v": 2 } }));
    hand.say(&format!("event.{name}.greet"), &json!("hello"));
    let events = |rid: &str| {
        let change = json!({ "event": format!("{rid}.change"), "data": { "values": { "v": 2 } } });
        [change, json!({ "event": format!("{rid}.greet"), "data": "hello" })]
    };
    for client in &mut others {
        assert_eq!([frame(client).await, frame(client).await], events(&name));
    }
    let (mine, named) = (events("hand.{cid}"), events(&name));
    for at in [0, 1] {
        assert_eq!([frame(&mut own).await, frame(&mut own).await], [mine[at].clone(), named[at].clone()]);
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_a_resource_whose_answer_waits_for_another_come_after_it_in_their_order() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let (mut ahead, mut waiting) = (session(&gateway).await, session(&gateway).await);
    send(&ahead, 1, "subscribe.hand.a", Value::Null).await;
    let (reply, _) = hand.asked("get.hand.a").await;
    hand.say(&reply, &json!({ "result": { "model": { "v": 0 } } }));
    frame(&mut ahead).await;
    send(&waiting, 1, "subscribe.hand.both", Value::Null).await;
    let (reply, _) = hand.asked("get.hand.both").await;
    let both = json!({ "a": { "rid": "hand.a" }, "slow": { "rid": "hand.slow" } });
    hand.say(&reply, &json!({ "result": { "model": both } }));
    let (slow, _) = hand.asked("get.hand.slow").await;
    let (change, custom) = ("event.hand.a.change", "event.hand.a.moved");
    let mut expected = Vec::new();
    for v in 1..=3 {
        hand.say(change, &json!({ "values": { "v": v } }));
        hand.say(custom, &json!(v));
        expected.push(json!({ "event": "hand.a.change", "data": { "values": { "v": v } } }));
        expected.push(json!({ "event": "hand.a.moved", "data": v }));
    }
    for event in &expected {
        assert_eq!(frame(&mut ahead).await, *event, "nothing holds them back for who has the resource");
    }
    assert!(is_silent(&mut waiting).await);
    hand.say(&slow, &json!({ "result": { "model": {} } }));
    let answer = frame(&mut waiting).await;
    assert_eq!(answer["result"]["models"]["hand.a"], json!({ "v": 0 }), "what the events are about");
    for event in &expected {
        assert_eq!(frame(&mut waiting).await, *event);
    }
}

/// Every second of the numbers, and then the others backwards: as far from their order as a list can be.
fn shuffled(length: u32) -> Vec<u32> {
    (0..length).step_by(2).chain((0..length).rev().step_by(2)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_of_a_list_of_12_000_closes_no_client_that_reads() {
    let bus = TestBus::new();
    let list = std::sync::Arc::new(std::sync::Mutex::new((0..12_000).collect::<Vec<u32>>()));
    let current = list.clone();
    let service = Service::new("big")
        .access("big.>", |_| Ok(Access::READ))
        .get("big.list", move |_| Ok(Resource::Collection(json!(*current.lock().unwrap()))))
        .start(bus.connect());
    let server = TestServer::start(bus).await;
    let mut client = server.connect().await;
    let answer = client.request("subscribe.big.list", Value::Null).await;
    let mut held: Vec<u32> = serde_json::from_value(answer["result"]["collections"]["big.list"].clone()).unwrap();
    let wanted = shuffled(12_000);
    list.lock().unwrap().clone_from(&wanted);
    service.reset(&["big.list"], &[""; 0]);
    let mut events = 0;
    while held != wanted || events == 0 {
        let event = client.frame().await;
        let at = event["data"]["idx"].as_u64().expect("a place") as usize;
        match event["event"].as_str() {
            Some("big.list.remove") => drop(held.remove(at)),
            Some("big.list.add") => held.insert(at, event["data"]["value"].as_u64().expect("a number") as u32),
            _ => panic!("{event}"),
        }
        events += 1;
    }
    assert!(events > 2 * 4_096, "{events} are no more than may wait anyway");
}

#[tokio::test(start_paused = true)]
async fn a_burst_may_be_more_than_may_wait_but_not_twice_and_not_for_who_reads_nothing() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig { queue_frames: 10, ..GatewayConfig::default() });
    let (mut reader, mut idle) = (session(&gateway).await, session(&gateway).await);
    for client in [&mut reader, &mut idle] {
        send(client, 1, "subscribe.hand.list", Value::Null).await;
        hand.answer_all(|subject| match subject {
            "get.hand.list" => json!({ "result": { "collection": [] } }),
            _ => json!({ "result": { "get": true } }),
        })
        .await;
        frame(client).await;
    }
    let mut reset = async |count: u32| {
        hand.say("system.reset", &json!({ "resources": ["hand.list"] }));
        hand.answer_all(|_| json!({ "result": { "collection": (0..count).collect::<Vec<_>>() } })).await;
        // As many other events as may wait besides, one by one.
        for n in 0..10 {
            hand.say("event.hand.list.told", &json!(n));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    reset(100).await;
    for n in 0..100 {
        assert_eq!(frame(&mut reader).await["data"]["value"], n);
    }
    for n in 0..10 {
        assert_eq!(frame(&mut reader).await["data"], n);
    }
    // Who has read all of one burst may have another; who has read nothing is closed.
    reset(200).await;
    for n in 100..200 {
        assert_eq!(frame(&mut reader).await["data"]["value"], n);
    }
    assert_eq!(idle.recv().await, Outgoing::Close(1013, "slow reader"));
}

#[tokio::test(start_paused = true)]
async fn a_reset_of_a_list_of_12_000_may_wait_until_the_network_of_a_client_takes_it() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let list = |items: Vec<u32>| json!({ "result": { "collection": items } });
    send(&client, 1, "subscribe.hand.list", Value::Null).await;
    let (reply, _) = hand.asked("get.hand.list").await;
    hand.say(&reply, &list((0..12_000).collect()));
    frame(&mut client).await;
    hand.say("system.reset", &json!({ "resources": ["hand.list"] }));
    let (reply, _) = hand.asked("get.hand.list").await;
    hand.say(&reply, &list(shuffled(12_000)));
    hand.say("event.hand.list.told", &json!("and so on"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut events = 0;
    while frame(&mut client).await["event"] != "hand.list.told" {
        events += 1;
    }
    assert!(events > 2 * 4_096, "{events} are no more than may wait anyway");
}

#[tokio::test]
async fn frames_that_wait_go_out_in_their_order_and_a_close_after_all_of_them() {
    let bus = TestBus::new();
    let service = Service::new("notes")
        .model("notes.first", json!({}))
        .access("notes.>", |_| Ok(Access::READ))
        .start(bus.connect());
    let config = GatewayConfig { queue_bytes: 256 << 20, ..GatewayConfig::default() };
    let server = TestServer::with(bus, config, ServerConfig::default()).await;
    let mut client = server.connect().await;
    client.request("subscribe.notes.first", Value::Null).await;
    let waiting = async || {
        let now = metrics::text(&server.gateway).await.expect("the gateway runs");
        Exposition::read(&now).get("resgate_ws_queued_frames") as usize
    };
    // Until what the operating system keeps for a connection is full; then many that go out together.
    let mut sent = 0;
    while waiting().await < 8 {
        service.event("notes.first", "told", &json!({ "number": sent, "text": "x".repeat(256 << 10) }));
        sent += 1;
        assert!(sent < 1_000, "the operating system keeps 256 MB");
    }
    for _ in 0..2_000 {
        service.event("notes.first", "told", &json!({ "number": sent }));
        sent += 1;
    }
    while waiting().await < 2_000 {
        tokio::task::yield_now().await;
    }
    client.raw("this is no JSON").await;
    // The client begins to read when the gateway has dealt with that: it has nobody left.
    let gone = async {
        while waiting().await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the client is to be closed");
    for number in 0..sent {
        assert_eq!(client.frame().await["data"]["number"], number);
    }
    match client.socket.next().await {
        Some(Ok(Message::Close(Some(close)))) => assert_eq!(u16::from(close.code), 1007),
        other => panic!("{other:?}"),
    }
}
