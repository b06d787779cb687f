//! Sessions without a WebSocket, on virtual time: what waits, what is limited, what is tried again.

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use res_gateway::bus::{Bus, Connection, Refusal};
use res_gateway::service::{Access, Reply, Resource, Service};
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::hand::{Hand, frame, holding, is_silent, request, send, session};
use tokio::time::{Instant, timeout};

#[tokio::test(start_paused = true)]
async fn no_more_than_64_requests_of_a_session_are_in_flight() {
    let bus = TestBus::new();
    Service::new("slow")
        .model("slow.model", json!({}))
        .access("slow.>", |_| Ok(Access::ALL))
        .call_async("slow.model", "wait", |request| async move {
            request.extend_timeout(Duration::from_secs(100));
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(Reply::null())
        })
        .start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let (mut busy, mut other) = (session(&gateway).await, session(&gateway).await);
    for id in 1..=64 {
        send(&busy, id, "call.slow.model.wait", Value::Null).await;
    }
    let next = timeout(Duration::from_secs(30), send(&busy, 65, "version", Value::Null)).await;
    assert!(next.is_err(), "the 65th is not read");
    assert!(request(&mut other, 1, "get.slow.model", Value::Null).await.get("result").is_some());
    assert!(frame(&mut busy).await.get("result").is_some());
    for _ in 1..64 {
        frame(&mut busy).await;
    }
    request(&mut busy, 65, "version", Value::Null).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_client_asks_for_makes_it_no_slow_reader_but_waits_until_it_reads() {
    let bus = TestBus::new();
    let mut service = Service::new("big").access("big.>", |_| Ok(Access::ALL));
    for n in 0..20 {
        service = service.model(&format!("big.{n}"), json!({ "text": "x".repeat(300_000) }));
    }
    service.start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let mut asked = 0;
    while timeout(Duration::from_secs(1), send(&client, asked, &format!("get.big.{asked}"), Value::Null)).await.is_ok()
    {
        asked += 1;
        // The services answer before the next.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(asked, 4, "with a mebibyte of answers no more requests are read");
    for id in 0..4 {
        assert_eq!(frame(&mut client).await["id"], id);
    }
    for id in 4..20 {
        assert!(request(&mut client, id, &format!("get.big.{id}"), Value::Null).await.get("result").is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn queries_nobody_asks_for_any_more_are_forgotten_although_the_name_is_kept() {
    let (_gateway, mut hand, mut client) =
        holding("hand.a?x=1", &json!({ "result": { "model": { "n": 1 }, "query": "x=1" } })).await;
    for id in 2..5 {
        // Asked of the service each time, for nothing of the time before is kept.
        send(&client, id, &format!("get.hand.a?x={id}&again"), Value::Null).await;
        let (reply, params) = hand.asked("get.hand.a").await;
        assert_eq!(params["query"], format!("x={id}&again"));
        hand.say(&reply, &json!({ "result": { "model": { "n": id }, "query": format!("x={id}") } }));
        assert!(frame(&mut client).await.get("result").is_some());
        send(&client, 10 + id, &format!("get.hand.a?x={id}"), Value::Null).await;
        let (reply, _) = hand.asked("get.hand.a").await;
        hand.say(&reply, &json!({ "result": { "model": { "n": id }, "query": format!("x={id}") } }));
        assert!(frame(&mut client).await.get("result").is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_may_ask_for_more_time_and_a_late_answer_is_ignored() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let start = Instant::now();
    send(&client, 1, "call.hand.a.m", Value::Null).await;
    let (reply, _) = hand.asked("call.hand.a.m").await;
    hand.connection.bus.publish(&reply, None, b"timeout:\"10000\"".to_vec().into()).expect("carried");
    assert_eq!(frame(&mut client).await["error"]["code"], "system.timeout");
    assert_eq!(start.elapsed().as_secs(), 10);
    hand.say(&reply, &json!({ "result": "late" }));
    assert!(is_silent(&mut client).await);
}

#[tokio::test(start_paused = true)]
async fn a_reset_that_fails_is_tried_again_until_the_value_is_right() {
    let (_gateway, mut hand, mut client) = holding("hand.a", &json!({ "result": { "model": { "v": 1 } } })).await;
    hand.say("system.reset", &json!({ "resources": ["hand.>"] }));
    // An error, silence, nonsense; then the value.
    let (reply, _) = hand.asked("get.hand.a").await;
    hand.say(&reply, &json!({ "error": { "code": "system.internalError", "message": "No" } }));
    hand.asked("get.hand.a").await;
    let (reply, _) = hand.asked("get.hand.a").await;
    hand.say(&reply, &json!({}));
    let (reply, _) = hand.asked("get.hand.a").await;
    hand.say(&reply, &json!({ "result": { "model": { "v": 2 } } }));
    assert_eq!(frame(&mut client).await, json!({ "event": "hand.a.change", "data": { "values": { "v": 2 } } }));
}

#[tokio::test(start_paused = true)]
async fn a_reset_during_the_first_get_is_made_after_it() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    send(&client, 1, "subscribe.hand.a", Value::Null).await;
    let (reply, _) = hand.asked("get.hand.a").await;
    hand.say("system.reset", &json!({ "resources": ["hand.a"] }));
    hand.say(&reply, &json!({ "result": { "model": { "v": 1 } } }));
    assert_eq!(frame(&mut client).await["result"]["models"]["hand.a"]["v"], 1);
    let (reply, _) = hand.asked("get.hand.a").await;
    hand.say(&reply, &json!({ "result": { "model": { "v": 2 } } }));
    assert_eq!(frame(&mut client).await["data"]["values"]["v"], 2);
}

#[tokio::test(start_paused = true)]
async fn unfit_answers_to_get_requests_are_errors_and_are_asked_for_again() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let unfit = [
        "{\"result\":",
        "",
        "{}",
        "[]",
        "{\"result\":{}}",
        "{\"result\":{\"model\":{\"a\":{\"b\":1}}}}",
        "{\"result\":{\"model\":{\"a\":[1]}}}",
        "{\"result\":{\"model\":[1]}}",
        "{\"result\":{\"collection\":{}}}",
        "{\"result\":{\"model\":{},\"collection\":[]}}",
        "{\"result\":{\"model\":{\"a\":{\"action\":\"delete\"}}}}",
        "{\"result\":{\"model\":{\"a\":{\"rid\":\"bad..rid\"}}}}",
        "{\"result\":{\"model\":{\"a\":{\"rid\":\"a\",\"data\":1}}}}",
    ];
    for (id, answer) in (1..).zip(unfit) {
        send(&client, id, "subscribe.hand.a", Value::Null).await;
        let (reply, _) = hand.asked("get.hand.a").await;
        hand.connection.bus.publish(&reply, None, answer.as_bytes().into()).expect("carried");
        assert_eq!(frame(&mut client).await["error"]["code"], "system.internalError", "after {answer}");
    }
    send(&client, 99, "subscribe.hand.a", Value::Null).await;
    let (reply, _) = hand.asked("get.hand.a").await;
    hand.say(&reply, &json!({ "result": { "model": {} } }));
    assert_eq!(frame(&mut client).await["result"], json!({ "models": { "hand.a": {} } }));
}

#[tokio::test(start_paused = true)]
async fn queries_with_one_normal_form_share_a_resource_and_query_events_reach_all_its_clients() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    hand.connection.bus.subscribe("_Q.1");
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let (mut a, mut b) = (session(&gateway).await, session(&gateway).await);
    // Both are asked for before either is answered, so the second answer finds its clients told already.
    send(&a, 1, "subscribe.hand.q?b=1&a=1", Value::Null).await;
    let (first, payload) = hand.asked("get.hand.q").await;
    assert_eq!(payload["query"], "b=1&a=1");
    send(&b, 1, "subscribe.hand.q?a=1&b=1", Value::Null).await;
    let (second, _) = hand.asked("get.hand.q").await;
    let answer = json!({ "result": { "collection": ["x"], "query": "a=1&b=1" } });
    hand.say(&first, &answer);
    hand.say(&second, &answer);
    assert_eq!(frame(&mut a).await["result"]["collections"], json!({ "hand.q?b=1&a=1": ["x"] }));
    assert_eq!(frame(&mut b).await["result"]["collections"], json!({ "hand.q?a=1&b=1": ["x"] }));

    hand.say("event.hand.q.query", &json!({ "subject": "_Q.1" }));
    // Behind the query event, and made after it: it has to wait for the answer.
    hand.say("event.hand.q.query", &json!({ "subject": "_Q.1" }));
    let (reply, payload) = hand.asked("_Q.1").await;
    assert_eq!(payload, json!({ "query": "a=1&b=1" }));
    hand.say(&reply, &json!({ "result": { "events": [{ "event": "add", "data": { "idx": 1, "value": "y" } }] } }));
    let (reply, _) = hand.asked("_Q.1").await;
    hand.say(&reply, &json!({ "result": { "collection": ["y", "z"] } }));
    for (client, rid) in [(&mut a, "hand.q?b=1&a=1"), (&mut b, "hand.q?a=1&b=1")] {
        let steps = [
            ("add", json!({ "idx": 1, "value": "y" })),
            ("remove", json!({ "idx": 0 })),
            ("add", json!({ "idx": 1, "value": "z" })),
        ];
        for (event, data) in steps {
            assert_eq!(frame(client).await, json!({ "event": format!("{rid}.{event}"), "data": data }));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_wait_for_the_answer_about_access_and_are_not_sent_when_it_is_no() {
    for granted in [true, false] {
        let bus = TestBus::new();
        let mut hand = Hand::new(&bus);
        let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
        let mut client = session(&gateway).await;
        send(&client, 1, "subscribe.hand.a", Value::Null).await;
        let (reply, _) = hand.asked("get.hand.a").await;
        hand.say(&reply, &json!({ "result": { "model": { "v": 1 } } }));
        frame(&mut client).await;
        hand.say("event.hand.a.reaccess", &Value::Null);
        hand.say("event.hand.a.change", &json!({ "values": { "v": 2 } }));
        assert!(is_silent(&mut client).await);
        let (reply, _) = hand.asked("access.hand.a").await;
        // A reaccess that comes before the answer may be about something newer: access is asked for once more.
        hand.say("event.hand.a.reaccess", &Value::Null);
        hand.say(&reply, &json!({ "result": { "get": true } }));
        let (reply, _) = hand.asked("access.hand.a").await;
        assert!(is_silent(&mut client).await);
        hand.say(&reply, &json!({ "result": { "get": granted } }));
        let next = frame(&mut client).await;
        if granted {
            assert_eq!(next, json!({ "event": "hand.a.change", "data": { "values": { "v": 2 } } }));
        } else {
            assert_eq!(next["event"], "hand.a.unsubscribe");
            assert_eq!(next["data"]["reason"]["code"], "system.accessDenied");
        }
        assert!(is_silent(&mut client).await);
    }
}

#[tokio::test(start_paused = true)]
async fn the_cid_is_replaced_for_services_and_never_shown_to_clients() {
    let bus = TestBus::new();
    Service::new("me")
        .get("me.$cid", |request| {
            let length = request.part("cid").map_or(0, str::len);
            Ok(Resource::Model(json!({ "length": length, "self": { "rid": "me.{cid}" } })))
        })
        .access("me.$cid", |request| {
            Ok(if request.part("cid") == Some(request.cid()) { Access::READ } else { Access::NONE })
        })
        .start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let set = request(&mut client, 1, "subscribe.me.{cid}", Value::Null).await;
    assert_eq!(set["result"]["models"], json!({ "me.{cid}": { "length": 32, "self": { "rid": "me.{cid}" } } }));
    assert_eq!(request(&mut client, 2, "get.me.other", Value::Null).await["error"]["code"], "system.accessDenied");
}

#[tokio::test(start_paused = true)]
async fn clients_of_the_first_protocol_get_what_they_can_read() {
    let bus = TestBus::new();
    support::fixture::start(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = gateway.connect(Default::default()).await;
    let soft = request(&mut client, 1, "get.fix.soft", Value::Null).await;
    assert_eq!(soft["result"]["models"]["fix.soft"], json!({ "name": "soft", "ref": "fix.child.1" }));
    let data = request(&mut client, 2, "get.fix.data", Value::Null).await;
    let expected = json!({ "obj": "[Data]", "arr": "[Data]", "prim": 12, "nul": null });
    assert_eq!(data["result"]["models"]["fix.data"], expected);
    let call = request(&mut client, 3, "call.fix.calls.echo", json!(1)).await;
    assert_eq!(call["result"], json!({ "params": 1, "token": null, "hasCid": true }));
    let resource = request(&mut client, 4, "call.fix.calls.resource", Value::Null).await;
    assert_eq!(resource["result"], json!({ "rid": "fix.child.1" }));
    let none = request(&mut client, 5, "unsubscribe.fix.child.1", Value::Null).await;
    assert_eq!(none["error"]["code"], "system.noSubscription");
    let new = request(&mut client, 6, "new.fix.calls", json!({ "name": "n" })).await;
    assert_eq!(new["result"]["models"], json!({ "fix.child.new1": { "id": "fix.child.new1", "name": "n" } }));
}

#[tokio::test(start_paused = true)]
async fn a_resource_stays_cached_for_five_seconds() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let before = bus.subscription_count();
    send(&client, 1, "subscribe.hand.a", Value::Null).await;
    let (reply, _) = hand.asked("get.hand.a").await;
    hand.say(&reply, &json!({ "result": { "model": {} } }));
    frame(&mut client).await;
    request(&mut client, 2, "unsubscribe.hand.a", Value::Null).await;
    tokio::time::sleep(Duration::from_millis(4_900)).await;
    assert_eq!(bus.subscription_count(), before + 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(bus.subscription_count(), before);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_fails_its_own_request_only() {
    let bus = TestBus::new();
    Service::new("frail")
        .model("frail.model", json!({ "a": 1 }))
        .access("frail.>", |_| Ok(Access::ALL))
        .call("frail.model", "break", |_| panic!("on purpose"))
        .start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let failed = request(&mut client, 1, "call.frail.model.break", Value::Null).await;
    assert_eq!(failed["error"]["code"], "system.internalError");
    assert!(request(&mut client, 2, "get.frail.model", Value::Null).await.get("result").is_some());
}

/// A service whose resources `graph.deep.N` each refer to the next one, and `graph.wide.N` to N others.
fn references(bus: &TestBus) {
    let number = |name: &str| name.rsplit('.').next().and_then(|n| n.parse::<u32>().ok()).expect("a number");
    Service::new("graph")
        .get("graph.deep.>", move |request| {
            Ok(Resource::Model(json!({ "next": { "rid": format!("graph.deep.{}", number(request.name()) + 1) } })))
        })
        .get("graph.wide.>", move |request| {
            let items = (0..number(request.name())).map(|i| json!({ "rid": format!("graph.leaf.{i}") }));
            Ok(Resource::Collection(items.collect()))
        })
        .get("graph.leaf.>", |_| Ok(Resource::Model(json!({ "leaf": true }))))
        .access("graph.deep.>", |_| Ok(Access::ALL))
        .access("graph.wide.>", |_| Ok(Access::ALL))
        .start(bus.connect());
}

#[tokio::test(start_paused = true)]
async fn requests_that_come_too_fast_are_read_later() {
    let bus = TestBus::new();
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let start = Instant::now();
    // The session sent its version already.
    for id in 1..400 {
        request(&mut client, id, "version", Value::Null).await;
    }
    assert_eq!(start.elapsed(), Duration::ZERO, "a burst does not wait");
    for id in 400..600 {
        request(&mut client, id, "version", Value::Null).await;
    }
    let took = start.elapsed();
    assert!(took.abs_diff(Duration::from_secs(1)) < Duration::from_millis(20), "200 more take a second, not {took:?}");
    tokio::time::advance(Duration::from_secs(60)).await;
    let start = Instant::now();
    for id in 600..1_000 {
        request(&mut client, id, "version", Value::Null).await;
    }
    assert_eq!(start.elapsed(), Duration::ZERO, "after a silence there may be a burst again, and no bigger one");
    request(&mut client, 1_000, "version", Value::Null).await;
    assert!(start.elapsed() > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_sends_too_fast_for_a_minute_is_closed_and_who_does_so_for_less_is_not() {
    let bus = TestBus::new();
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let (patient, mut hasty) = (session(&gateway).await, session(&gateway).await);
    let start = Instant::now();
    let closed = loop {
        hasty.send(r#"{"id":1,"method":"version"}"#).await;
        if let Outgoing::Close(code, _) = hasty.recv().await {
            break code;
        }
    };
    assert_eq!(closed, 1008);
    let took = start.elapsed();
    assert!(took.abs_diff(Duration::from_secs(60)) < Duration::from_secs(1), "{took:?}");
    // Twice half a minute, with a pause between.
    let (sender, mut receiver) = patient.split();
    for _ in 0..2 {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(40) {
            sender.send(r#"{"id":1,"method":"version"}"#).await;
            assert!(matches!(receiver.recv().await, Outgoing::Frame(_)));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn references_are_followed_for_64_levels() {
    let bus = TestBus::new();
    references(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let answer = request(&mut client, 1, "subscribe.graph.deep.1", Value::Null).await;
    let (models, errors) = (&answer["result"]["models"], &answer["result"]["errors"]);
    assert_eq!(models.as_object().map(|models| models.len()), Some(64));
    assert_eq!(errors.as_object().map(|errors| errors.len()), Some(1));
    assert_eq!(errors["graph.deep.65"]["code"], "system.subscriptionLimitExceeded");
    // Asked for itself, it is the first level of another answer.
    let answer = request(&mut client, 2, "subscribe.graph.deep.65", Value::Null).await;
    assert_eq!(answer["result"]["models"].as_object().map(|models| models.len()), Some(64));
    assert_eq!(answer["result"]["errors"]["graph.deep.129"]["code"], "system.subscriptionLimitExceeded");
    let answer = request(&mut client, 3, "unsubscribe.graph.deep.1", Value::Null).await;
    assert_eq!(answer, json!({ "id": 3 }));
}

#[tokio::test(start_paused = true)]
async fn one_request_loads_5000_references() {
    let bus = TestBus::new();
    references(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let whole = request(&mut client, 1, "get.graph.wide.5000", Value::Null).await;
    assert_eq!(whole["result"]["models"].as_object().map(|models| models.len()), Some(5_000));
    assert_eq!(whole["result"]["errors"], Value::Null);
    let answer = request(&mut client, 2, "subscribe.graph.wide.5003", Value::Null).await;
    assert_eq!(answer["result"]["models"].as_object().map(|models| models.len()), Some(5_000));
    let errors = answer["result"]["errors"].as_object().expect("some are too many");
    assert_eq!(errors.len(), 3);
    assert!(errors.values().all(|error| error["code"] == "system.subscriptionLimitExceeded"), "{errors:?}");
}

/// A connection to the bus of which one sees what it is subscribed to.
struct Watched {
    bus: Arc<dyn Bus>,
    patterns: Arc<Mutex<BTreeSet<String>>>,
}

impl Bus for Watched {
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) -> Result<(), Refusal> {
        self.bus.publish(subject, reply, payload)
    }

    fn subscribe(&self, pattern: &str) {
        self.patterns.lock().unwrap().insert(pattern.to_owned());
        self.bus.subscribe(pattern);
    }

    fn unsubscribe(&self, pattern: &str) {
        self.patterns.lock().unwrap().remove(pattern);
        self.bus.unsubscribe(pattern);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_a_session_that_its_client_did_not_wait_for() {
    let Connection { bus, deliveries } = TestBus::new().connect();
    let patterns = Arc::default();
    let bus = Arc::new(Watched { bus, patterns: Arc::clone(&patterns) });
    let gateway = Gateway::start(Connection { bus, deliveries }, GatewayConfig::default());
    let is_open = || patterns.lock().unwrap().iter().any(|pattern| pattern.starts_with("conn."));
    let mut opening = Box::pin(gateway.connect(Default::default()));
    assert!(opening.as_mut().now_or_never().is_none());
    assert!(gateway.snapshot().await.is_some(), "what was asked before this is done");
    assert!(is_open());
    // As when a client leaves in the middle of its request.
    drop(opening);
    assert!(gateway.snapshot().await.is_some());
    // What it wants from the bus, it says then.
    tokio::task::yield_now().await;
    assert!(!is_open());
}
