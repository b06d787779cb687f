//! Events that cannot be passed on yet.

mod support;

use res_gateway::bus::MemoryBus;
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use serde_json::{Value, json};
use support::hand::{Hand, frame, holding, is_silent, next, send, session};
use support::log::capture;

#[tokio::test(start_paused = true)]
async fn thousands_of_events_of_a_long_list_that_wait_for_access_come_in_their_order_and_take_little_room() {
    let mut list: Vec<Value> = (0..10_000).map(|n| json!(format!("item {n}"))).collect();
    let (gateway, mut hand, mut client) = holding("hand.list", &json!({ "result": { "collection": list } })).await;
    hand.say("event.hand.list.reaccess", &Value::Null);
    let (subject, _, access) = hand.next().await.expect("access is asked for");
    assert_eq!(subject, "access.hand.list");
    let before = resident();
    let mut expected = Vec::new();
    for n in 0..3_000 {
        let idx = n * 7_919 % list.len();
        let event = if n % 2 == 0 {
            list.insert(idx, json!(n));
            ("add", json!({ "idx": idx, "value": n }))
        } else {
            list.remove(idx);
            ("remove", json!({ "idx": idx }))
        };
        hand.say(&format!("event.hand.list.{}", event.0), &event.1);
        expected.push(json!({ "event": format!("hand.list.{}", event.0), "data": event.1 }));
    }
    assert!(is_silent(&mut client).await, "nothing is sent that may be forbidden");
    let grown = resident().saturating_sub(before);
    assert!(grown < 100 << 20, "{} MiB for 3 000 events of 10 000 items", grown >> 20);
    hand.say(&access, &json!({ "result": { "get": true } }));
    for event in expected {
        assert_eq!(frame(&mut client).await, event);
    }
    assert_eq!(client_list(&mut hand, &gateway).await, list);
}

#[tokio::test(start_paused = true)]
async fn a_client_for_which_too_many_events_wait_is_closed_and_no_other() {
    let (log, _guard) = capture();
    let bus = MemoryBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let (mut waiting, mut other) = (session(&gateway).await, session(&gateway).await);
    for client in [&mut waiting, &mut other] {
        send(client, 1, "subscribe.hand.a", Value::Null).await;
        if let Some((_, _, reply)) = hand.next().await {
            hand.say(&reply, &json!({ "result": { "get": true } }));
        }
        if let Some((_, _, reply)) = hand.next().await {
            hand.say(&reply, &json!({ "result": { "model": { "n": 0 } } }));
        }
        frame(client).await;
    }
    // Both are asked about; one answer comes.
    hand.say("event.hand.a.reaccess", &Value::Null);
    let (first, second) = (hand.next().await.expect("one request"), hand.next().await.expect("and another"));
    let cids = [&first.1["cid"], &second.1["cid"]];
    assert_ne!(cids[0], cids[1]);
    hand.say(&second.2, &json!({ "result": { "get": true } }));
    let megabyte = "m".repeat(1 << 20);
    for n in 0..20 {
        hand.say("event.hand.a.said", &json!([n, megabyte]));
        // It reads as they come.
        assert_eq!(frame(&mut other).await["data"][0], n);
    }
    assert_eq!(next(&mut waiting).await, Outgoing::Close(1013, "too many events wait"));
    assert_eq!(log.lines(&["WARN", "too many events wait"]).len(), 1);
    // Who knows the id of a client can be taken for it.
    assert!(cids.iter().all(|cid| !log.text().contains(cid.as_str().expect("a text"))), "{}", log.text());
    hand.say("event.hand.a.change", &json!({ "values": { "n": 1 } }));
    assert_eq!(frame(&mut other).await["event"], "hand.a.change");
}

#[tokio::test(start_paused = true)]
async fn when_too_many_events_wait_for_a_query_event_the_resources_are_fetched_anew() {
    let (gateway, mut hand, mut client) =
        holding("hand.a?q=1", &json!({ "result": { "model": { "n": 0 }, "query": "q=1" } })).await;
    hand.connection.bus.subscribe("query.>");
    hand.say("event.hand.a.query", &json!({ "subject": "query.hand.first" }));
    let (subject, payload, reply) = hand.next().await.expect("the query is asked for");
    assert_eq!((&*subject, &payload["query"]), ("query.hand.first", &json!("q=1")));
    let megabyte = "m".repeat(1 << 20);
    for _ in 0..20 {
        hand.say("event.hand.a.said", &json!(megabyte));
    }
    hand.say("event.hand.a.query", &json!({ "subject": "query.hand.later" }));
    assert!(is_silent(&mut client).await);
    hand.say(&reply, &json!({ "result": { "events": [{ "event": "change", "data": { "values": { "n": 1 } } }] } }));
    assert_eq!(frame(&mut client).await["data"], json!({ "values": { "n": 1 } }));
    let mut asked = Vec::new();
    hand.answer_all(|subject| {
        asked.push(subject.to_owned());
        match subject {
            "get.hand.a" => json!({ "result": { "model": { "n": 2 }, "query": "q=1" } }),
            _ => json!({ "result": { "get": true } }),
        }
    })
    .await;
    asked.sort();
    assert_eq!(asked, ["access.hand.a", "get.hand.a"], "what the events had said is not known");
    assert_eq!(frame(&mut client).await["data"], json!({ "values": { "n": 2 } }));
    // And then all is as before.
    hand.say("event.hand.a.query", &json!({ "subject": "query.hand.again" }));
    assert_eq!(hand.next().await.expect("the query is asked for").0, "query.hand.again");
    drop(gateway);
}

#[tokio::test(start_paused = true)]
async fn events_that_waited_for_one_query_event_do_not_count_with_those_that_wait_for_the_next() {
    let (_gateway, mut hand, _client) =
        holding("hand.a?q=1", &json!({ "result": { "model": { "n": 0 }, "query": "q=1" } })).await;
    hand.connection.bus.subscribe("query.>");
    let megabytes = "m".repeat(10 << 20);
    hand.say("event.hand.a.query", &json!({ "subject": "query.hand.0" }));
    for n in 0..4 {
        let (subject, _, reply) = hand.next().await.expect("the query is asked for");
        assert_eq!(subject, format!("query.hand.{n}"));
        hand.say("event.hand.a.said", &json!(megabytes));
        hand.say("event.hand.a.query", &json!({ "subject": format!("query.hand.{}", n + 1) }));
        // There is always something that waits.
        hand.say("event.hand.a.said", &Value::Null);
        hand.say(&reply, &json!({ "result": { "events": [] } }));
    }
}

/// The list as a client gets it that comes now.
async fn client_list(hand: &mut Hand, gateway: &Gateway) -> Vec<Value> {
    let mut late = session(gateway).await;
    send(&late, 1, "subscribe.hand.list", Value::Null).await;
    let (_, _, reply) = hand.next().await.expect("access is asked for");
    hand.say(&reply, &json!({ "result": { "get": true } }));
    let answer = frame(&mut late).await;
    answer["result"]["collections"]["hand.list"].as_array().expect("a list").clone()
}

/// Bytes of memory this process has; 0 where Linux is not.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}
