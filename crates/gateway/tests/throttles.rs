//! How many requests at a time a reset leads to, and the references of one resource.

mod support;

use res_gateway::core::conn::Limits;
use res_gateway::{Gateway, GatewayConfig, Session};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::hand::{Hand, frame, is_silent, send, session};

/// Grants everything; models hold their version.
fn usual(subject: &str, version: u32) -> Value {
    match subject.starts_with("access.") {
        true => json!({ "result": { "get": true } }),
        false => json!({ "result": { "model": { "version": version } } }),
    }
}

async fn subscribed(bus: &TestBus, config: GatewayConfig, count: u64) -> (Gateway, Hand, Session) {
    let mut hand = Hand::new(bus);
    let gateway = Gateway::start(bus.connect(), config);
    let mut client = session(&gateway).await;
    for n in 0..count {
        send(&client, n, &format!("subscribe.hand.{n}"), Value::Null).await;
    }
    hand.answer_all(|subject| usual(subject, 1)).await;
    for _ in 0..count {
        assert!(frame(&mut client).await.get("result").is_some());
    }
    (gateway, hand, client)
}

/// Answers one request after the other, and tells how many were in flight at most, and what they were.
async fn most_in_flight(hand: &mut Hand, version: u32) -> (usize, Vec<String>) {
    let (mut waiting, mut most, mut all) = (Vec::new(), 0, Vec::new());
    loop {
        while let Some((subject, _, reply)) = hand.next().await {
            all.push(subject.clone());
            waiting.push((subject, reply));
        }
        most = most.max(waiting.len());
        let Some((subject, reply)) = waiting.pop() else { return (most, all) };
        hand.say(&reply, &usual(&subject, version));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_asks_for_no_more_at_a_time_than_its_throttle_lets_it_and_for_access_too() {
    let bus = TestBus::new();
    // Two seconds pass while nothing else comes.
    let config = GatewayConfig { reset_throttle: 3, request_timeout: 60_000, ..GatewayConfig::default() };
    let (_gateway, mut hand, mut client) = subscribed(&bus, config, 10).await;
    hand.say("system.reset", &json!({ "resources": ["hand.>"], "access": ["hand.>"] }));
    let (most, mut all) = most_in_flight(&mut hand, 2).await;
    assert_eq!(most, 3);
    all.sort();
    let expected = (0..10).map(|n| format!("access.hand.{n}")).chain((0..10).map(|n| format!("get.hand.{n}")));
    assert_eq!(all, expected.collect::<Vec<_>>());
    for _ in 0..10 {
        assert_eq!(frame(&mut client).await["data"]["values"]["version"], 2);
    }
    assert!(is_silent(&mut client).await);
}

#[tokio::test(start_paused = true)]
async fn a_reset_without_a_throttle_asks_for_everything_at_once() {
    let bus = TestBus::new();
    let config = GatewayConfig { request_timeout: 60_000, ..GatewayConfig::default() };
    let (_gateway, mut hand, _client) = subscribed(&bus, config, 10).await;
    hand.say("system.reset", &json!({ "resources": ["hand.>"], "access": ["hand.>"] }));
    assert_eq!(most_in_flight(&mut hand, 2).await.0, 20);
}

#[tokio::test(start_paused = true)]
async fn resets_that_come_while_one_is_throttled_do_not_pile_up() {
    let bus = TestBus::new();
    let config = GatewayConfig { reset_throttle: 1, request_timeout: 60_000, ..GatewayConfig::default() };
    let (_gateway, mut hand, _client) = subscribed(&bus, config, 10).await;
    for _ in 0..50 {
        hand.say("system.reset", &json!({ "resources": ["hand.>"] }));
    }
    // The one that was asked for already is asked for again, since its answer may be older than the last reset.
    assert_eq!(most_in_flight(&mut hand, 2).await.1.len(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_reset_goes_on_after_requests_nobody_answers_and_subscriptions_that_end() {
    let bus = TestBus::new();
    let config = GatewayConfig { reset_throttle: 1, ..GatewayConfig::default() };
    let (_gateway, mut hand, mut client) = subscribed(&bus, config, 4).await;
    hand.say("system.reset", &json!({ "resources": ["hand.0"], "access": ["hand.>"] }));
    // Without an answer: it is given up after three seconds.
    assert_eq!(hand.next().await.expect("a get").0, "get.hand.0");
    let (subject, _, reply) = loop {
        if let Some(next) = hand.next().await {
            break next;
        }
    };
    assert_eq!(subject, "access.hand.0");
    // Beside the throttle, since nobody knows when that one has a slot again.
    let (subject, _, retry) = hand.next().await.expect("it is tried again");
    assert_eq!(subject, "get.hand.0");
    hand.say(&retry, &usual(&subject, 1));
    // Its subscription ends while its access is asked for.
    send(&client, 50, "unsubscribe.hand.0", Value::Null).await;
    assert_eq!(frame(&mut client).await, json!({ "id": 50 }));
    let next = hand.next().await.expect("the end of a subscription gives its slot back");
    assert_eq!(next.0, "access.hand.1");
    hand.say(&reply, &json!({ "result": { "get": true } }));
    hand.say(&next.2, &json!({ "result": { "get": true } }));
    assert_eq!(hand.next().await.expect("another").0, "access.hand.2");
    // Nobody subscribes to the last one any more when it is its turn.
    send(&client, 51, "unsubscribe.hand.3", Value::Null).await;
    frame(&mut client).await;
}

#[tokio::test(start_paused = true)]
async fn a_throttled_reset_does_not_wait_for_itself_where_access_is_being_asked_for_already() {
    let bus = TestBus::new();
    let config = GatewayConfig { reset_throttle: 1, request_timeout: 60_000, ..GatewayConfig::default() };
    let (_gateway, mut hand, _client) = subscribed(&bus, config, 3).await;
    hand.say("event.hand.0.reaccess", &Value::Null);
    let (subject, _, first) = hand.next().await.expect("access is asked for");
    assert_eq!(subject, "access.hand.0");
    hand.say("system.reset", &json!({ "access": ["hand.>"] }));
    hand.say(&first, &json!({ "result": { "get": true } }));
    let (most, all) = most_in_flight(&mut hand, 1).await;
    assert_eq!((most, all), (1, vec!["access.hand.0".into(), "access.hand.1".into(), "access.hand.2".into()]));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_reset_reaches_what_comes_under_another_query_while_it_waits() {
    let bus = TestBus::new();
    let config = GatewayConfig { reset_throttle: 1, request_timeout: 60_000, ..GatewayConfig::default() };
    let (_gateway, mut hand, mut client) = subscribed(&bus, config, 1).await;
    send(&client, 9, "subscribe.hand.pages?sort=&page=2", Value::Null).await;
    let (_, _, access) = hand.next().await.expect("access is asked for");
    hand.say(&access, &json!({ "result": { "get": true } }));
    let (_, query, page) = hand.next().await.expect("the page is asked for");
    assert_eq!(query["query"], "sort=&page=2");
    hand.say("system.reset", &json!({ "resources": ["hand.>"] }));
    let (first, _, reply) = hand.next().await.expect("what is cached is asked for again");
    assert_eq!(first, "get.hand.0");
    // Made before the reset.
    hand.say(&page, &json!({ "result": { "collection": ["old"], "query": "page=2" } }));
    assert_eq!(frame(&mut client).await["result"]["collections"]["hand.pages?sort=&page=2"], json!(["old"]));
    hand.say(&reply, &usual(&first, 1));
    let (again, query, reply) = hand.next().await.expect("the answer may be older than the reset");
    assert_eq!((&*again, &query["query"]), ("get.hand.pages", &json!("page=2")));
    hand.say(&reply, &json!({ "result": { "collection": ["new"], "query": "page=2" } }));
    let events = [frame(&mut client).await["event"].clone(), frame(&mut client).await["event"].clone()];
    assert_eq!(events, [json!("hand.pages?sort=&page=2.remove"), json!("hand.pages?sort=&page=2.add")]);
}

#[tokio::test(start_paused = true)]
async fn the_references_of_one_resource_load_so_many_at_a_time_on_all_levels() {
    for (limit, expected) in [(2, 2), (0, 4)] {
        let bus = TestBus::new();
        let mut hand = Hand::new(&bus);
        let limits = Limits { reference_throttle: limit, ..Limits::default() };
        let config = GatewayConfig { limits, request_timeout: 60_000, ..GatewayConfig::default() };
        let gateway = Gateway::start(bus.connect(), config);
        let mut client = session(&gateway).await;
        send(&client, 1, "subscribe.hand.top", Value::Null).await;
        let four = |name: &str| {
            let items = (0..4).map(|n| json!({ "rid": format!("hand.{name}.{n}") })).collect::<Vec<_>>();
            json!({ "result": { "collection": items } })
        };
        let (reply, _) = hand.asked("get.hand.top").await;
        hand.say(&reply, &four("middle"));
        let (mut waiting, mut most, mut loaded) = (Vec::new(), 0, 0);
        loop {
            while let Some((subject, _, reply)) = hand.next().await {
                assert!(subject.starts_with("get."));
                waiting.push((subject, reply));
            }
            // The four on the second level, if nothing limits them; then those they refer to.
            most = most.max(if loaded < 4 { waiting.len().min(4) } else { waiting.len() });
            let at = waiting.iter().position(|(subject, _)| subject.contains(".middle.")).unwrap_or(0);
            if waiting.is_empty() {
                break;
            }
            let (subject, reply) = waiting.remove(at);
            loaded += 1;
            match subject.strip_prefix("get.hand.middle.") {
                Some(n) => hand.say(&reply, &four(&format!("end{n}"))),
                None => hand.say(&reply, &json!({ "result": { "model": {} } })),
            }
        }
        assert_eq!(loaded, 20);
        assert_eq!(most.min(4), expected);
        let set = &frame(&mut client).await["result"];
        assert_eq!(set["collections"].as_object().map(|all| all.len()), Some(5));
        assert_eq!(set["models"].as_object().map(|all| all.len()), Some(16));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_itself_does_not_wait_for_the_references_of_something_else() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let limits = Limits { reference_throttle: 1, ..Limits::default() };
    let config = GatewayConfig { limits, request_timeout: 60_000, ..GatewayConfig::default() };
    let gateway = Gateway::start(bus.connect(), config);
    let mut client = session(&gateway).await;
    send(&client, 1, "subscribe.hand.list", Value::Null).await;
    let (reply, _) = hand.asked("get.hand.list").await;
    hand.say(&reply, &json!({ "result": { "collection": [{ "rid": "hand.slow" }, { "rid": "hand.b" }] } }));
    let (slow, _) = hand.asked("get.hand.slow").await;
    send(&client, 2, "subscribe.hand.b", Value::Null).await;
    let (reply, _) = hand.asked("get.hand.b").await;
    hand.answer_all(|_| json!({ "result": { "get": true } })).await;
    hand.say(&reply, &json!({ "result": { "model": { "b": 1 } } }));
    assert_eq!(frame(&mut client).await, json!({ "id": 2, "result": { "models": { "hand.b": { "b": 1 } } } }));
    hand.say(&slow, &json!({ "result": { "model": {} } }));
    let first = frame(&mut client).await;
    assert_eq!(first["result"]["models"], json!({ "hand.slow": {} }));
}

#[tokio::test(start_paused = true)]
async fn a_connection_loads_256_references_at_a_time_for_all_its_requests_and_another_does_not_wait_for_them() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let config = GatewayConfig { request_timeout: 60_000, ..GatewayConfig::default() };
    let gateway = Gateway::start(bus.connect(), config);
    let (hog, mut other) = (session(&gateway).await, session(&gateway).await);
    for id in 0..3 {
        send(&hog, id, &format!("get.hand.list{id}"), Value::Null).await;
    }
    let (mut gets, mut waiting) = (0, Vec::new());
    while let Some((subject, _, reply)) = hand.next().await {
        let list = |list: &str| {
            let items = (0..1_000).map(|n| json!({ "rid": format!("hand.{list}.{n}") })).collect::<Vec<_>>();
            json!({ "result": { "collection": items } })
        };
        match subject.strip_prefix("get.hand.") {
            Some(name) if !name.contains('.') => hand.say(&reply, &list(name)),
            Some(_) => {
                gets += 1;
                waiting.push(reply);
            }
            None => hand.say(&reply, &usual(&subject, 1)),
        }
    }
    assert_eq!(gets, 256);
    send(&other, 1, "get.hand.other", Value::Null).await;
    hand.answer_all(|subject| usual(subject, 1)).await;
    assert!(frame(&mut other).await.get("result").is_some());
    for reply in waiting {
        hand.say(&reply, &usual("get.", 1));
    }
    let mut rest = 0;
    hand.answer_all(|subject| {
        rest += usize::from(subject.starts_with("get."));
        usual(subject, 1)
    })
    .await;
    assert_eq!(rest, 3_000 - 256);
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_was_asked_for_itself_meanwhile_passes_its_turn_on() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let limits = Limits { reference_throttle: 1, ..Limits::default() };
    let gateway = Gateway::start(bus.connect(), GatewayConfig { limits, ..GatewayConfig::default() });
    let mut client = session(&gateway).await;
    send(&client, 1, "subscribe.hand.list", Value::Null).await;
    let items = ["a", "b", "c"].map(|name| json!({ "rid": format!("hand.{name}") }));
    let (reply, _) = hand.asked("get.hand.list").await;
    hand.say(&reply, &json!({ "result": { "collection": items } }));
    let (first, _) = hand.asked("get.hand.a").await;
    send(&client, 2, "subscribe.hand.b", Value::Null).await;
    hand.answer_all(|subject| usual(subject, 1)).await;
    assert_eq!(frame(&mut client).await["id"], 2);
    hand.say(&first, &usual("get.hand.a", 1));
    let (subject, _, last) = hand.next().await.expect("the last one is asked for");
    hand.say(&last, &usual(&subject, 1));
    assert_eq!(frame(&mut client).await["id"], 1);
}
