//! What services answer and emit, and what their clients get of it.

mod support;

use std::time::Duration;

use res_gateway::{Gateway, GatewayConfig, Session};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::hand::{Hand, frame, is_silent, request, send, session};
use support::log::capture;
use tokio::time::{Instant, timeout};

struct Scene {
    hand: Hand,
    client: Session,
    gateway: Gateway,
}

async fn scene() -> Scene {
    let bus = TestBus::new();
    let hand = Hand::new(&bus);
    hand.connection.bus.subscribe("_Q.>");
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    Scene { client: session(&gateway).await, hand, gateway }
}

impl Scene {
    /// Makes a call; access is granted. Returns where the answer goes.
    async fn call(&mut self, id: u64, method: &str) -> String {
        send(&self.client, id, method, json!({ "p": 1 })).await;
        let path = method.split_once('.').expect("a type").1;
        let subject = if method.starts_with("new.") { format!("call.{path}.new") } else { format!("call.{path}") };
        self.hand.asked(&subject).await.0
    }

    fn say(&self, subject: &str, payload: &str) {
        self.hand.connection.bus.publish(subject, None, payload.as_bytes().into()).expect("a memory bus carries all");
    }

    async fn subscribe(&mut self, rid: &str, result: Value) {
        send(&self.client, 1, &format!("subscribe.{rid}"), Value::Null).await;
        let name = rid.split('?').next().expect("a name");
        let (reply, _) = self.hand.asked(&format!("get.{name}")).await;
        self.hand.say(&reply, &json!({ "result": result }));
        self.grant().await;
        assert!(frame(&mut self.client).await.get("result").is_some(), "{rid}");
    }

    /// Grants what is asked for until nothing is any more.
    async fn grant(&mut self) {
        self.hand.answer_all(|_| json!({ "result": { "get": true, "call": "*" } })).await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_members_of_an_answer_the_error_counts_first_and_then_the_resource() {
    let mut scene = scene().await;
    let error = json!({ "code": "own.code", "message": "No", "data": [1] });
    let missing = json!({ "code": "system.internalError", "message": "Internal error: response missing result" });
    let cases = [
        (json!({ "error": error, "result": 1, "resource": { "rid": "hand.a" } }), json!({ "error": error })),
        (json!({ "error": error, "result": 1 }), json!({ "error": error })),
        (json!({ "error": null, "result": 1 }), json!({ "result": { "payload": 1 } })),
        (json!({ "result": null }), json!({ "result": { "payload": null } })),
        (json!({ "result": { "rid": "hand.a" } }), json!({ "result": { "payload": { "rid": "hand.a" } } })),
        (json!({}), json!({ "error": missing })),
        (json!({ "meta": {} }), json!({ "error": missing })),
        // Only HTTP has a status and headers.
        (
            json!({ "result": 1, "meta": { "status": 404, "header": { "A": ["b"] } } }),
            json!({ "result": { "payload": 1 } }),
        ),
    ];
    for (answer, expected) in cases {
        let reply = scene.call(2, "call.hand.a.do").await;
        scene.hand.say(&reply, &answer);
        let mut frame = frame(&mut scene.client).await;
        frame.as_object_mut().expect("an object").remove("id");
        assert_eq!(frame, expected, "{answer}");
    }
    let reply = scene.call(3, "call.hand.a.do").await;
    scene.hand.say(&reply, &json!({ "resource": { "rid": "hand.r" }, "result": 1 }));
    let (reply, payload) = scene.hand.asked("get.hand.r").await;
    assert_eq!(payload, json!({}));
    scene.hand.say(&reply, &json!({ "result": { "model": {} } }));
    scene.grant().await;
    assert_eq!(frame(&mut scene.client).await["result"], json!({ "rid": "hand.r", "models": { "hand.r": {} } }));
}

#[tokio::test(start_paused = true)]
async fn a_service_may_ask_for_more_time_again_and_again_and_for_no_more_than_five_minutes() {
    let mut scene = scene().await;
    let start = Instant::now();
    let reply = scene.call(2, "call.hand.a.do").await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(2_900)).await;
        scene.say(&reply, "timeout:\"5000\"");
        // What else starts with a letter asks for nothing, and is no answer.
        scene.say(&reply, "hello");
        scene.say(&reply, "timeout:\"soon\"");
    }
    tokio::time::sleep(Duration::from_millis(4_000)).await;
    scene.hand.say(&reply, &json!({ "result": "late" }));
    assert_eq!(frame(&mut scene.client).await["result"]["payload"], "late");
    assert!(start.elapsed() > Duration::from_secs(12));
    let reply = scene.call(3, "call.hand.a.do").await;
    let start = Instant::now();
    scene.say(&reply, "timeout:\"99999999\"");
    assert_eq!(frame(&mut scene.client).await["error"]["code"], "system.timeout");
    assert_eq!(start.elapsed().as_secs(), 300);
    let start = Instant::now();
    scene.call(4, "call.hand.a.do").await;
    assert_eq!(frame(&mut scene.client).await["error"]["code"], "system.timeout");
    assert!(start.elapsed().abs_diff(Duration::from_secs(3)) < Duration::from_millis(100), "{:?}", start.elapsed());
    let start = Instant::now();
    let answer = request(&mut scene.client, 5, "call.nobody.serves.this", Value::Null).await;
    assert_eq!(answer["error"]["code"], "system.notFound");
    assert!(start.elapsed() < Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn change_events_are_read_as_in_both_protocols() {
    let mut scene = scene().await;
    scene.subscribe("hand.m", json!({ "model": { "a": 1, "values": 0 } })).await;
    let cases = [
        // Today's: one member `values` that holds an object.
        (r#"{"values":{"a":2}}"#, Some(json!({ "a": 2 }))),
        (r#"{"values":{"a":2,"b":{"action":"delete"}}}"#, None),
        (r#"{"values":{}}"#, None),
        // The first protocol's: anything else.
        (r#"{"a":3}"#, Some(json!({ "a": 3 }))),
        (r#"{"values":{"a":4},"other":1}"#, None),
        (r#"{"values":5}"#, Some(json!({ "values": 5 }))),
        (r#"{"values":6,"a":6}"#, Some(json!({ "values": 6, "a": 6 }))),
        (r#"{"a":{"action":"delete"}}"#, Some(json!({ "a": { "action": "delete" } }))),
        (r#"{}"#, None),
    ];
    for (payload, expected) in cases {
        scene.say("event.hand.m.change", payload);
        match expected {
            Some(values) => {
                assert_eq!(frame(&mut scene.client).await["data"], json!({ "values": values }), "{payload}")
            }
            None => assert!(is_silent(&mut scene.client).await, "{payload}"),
        }
        while let Some((_, _, reply)) = scene.hand.next().await {
            // `{"values":{…},"other":1}` would set a member to an object, which is none of the values there are.
            assert!(payload.contains("other"), "{payload}");
            scene.hand.say(&reply, &json!({ "result": { "model": { "a": 2, "values": 0 } } }));
            assert_eq!(frame(&mut scene.client).await["data"]["values"], json!({ "a": 2 }));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_shows_its_change_before_its_answer_also_behind_a_query_event() {
    let mut scene = scene().await;
    scene.subscribe("hand.m", json!({ "model": { "v": 1 } })).await;
    let reply = scene.call(2, "call.hand.m.set").await;
    scene.say("event.hand.m.change", r#"{"values":{"v":2}}"#);
    scene.hand.say(&reply, &json!({ "result": null }));
    assert_eq!(frame(&mut scene.client).await["event"], "hand.m.change");
    assert_eq!(frame(&mut scene.client).await["id"], 2);
    // The change waits for the answer to a query request of the same name, and so does the answer to the call.
    scene.subscribe("hand.m?q", json!({ "model": { "v": 1 }, "query": "q" })).await;
    let reply = scene.call(3, "call.hand.m.set").await;
    scene.say("event.hand.m.query", r#"{"subject":"_Q.1"}"#);
    let (query, _) = scene.hand.asked("_Q.1").await;
    scene.say("event.hand.m.change", r#"{"values":{"v":3}}"#);
    scene.hand.say(&reply, &json!({ "result": null }));
    assert!(is_silent(&mut scene.client).await);
    scene.hand.say(&query, &json!({ "result": {} }));
    assert_eq!(frame(&mut scene.client).await["event"], "hand.m.change");
    assert_eq!(frame(&mut scene.client).await["id"], 3);
}

#[tokio::test(start_paused = true)]
async fn events_behind_a_query_event_wait_until_all_its_requests_are_answered_or_given_up() {
    let mut scene = scene().await;
    scene.subscribe("hand.l", json!({ "collection": [] })).await;
    for query in ["a", "b"] {
        scene.subscribe(&format!("hand.l?{query}"), json!({ "collection": [], "query": query })).await;
    }
    scene.say("event.hand.l.query", r#"{"subject":"_Q.1"}"#);
    let (a, payload) = scene.hand.asked("_Q.1").await;
    assert_eq!(payload, json!({ "query": "a" }));
    scene.hand.asked("_Q.1").await;
    scene.say("event.hand.l.add", r#"{"idx":0,"value":"behind"}"#);
    let add = json!({ "event": "add", "data": { "idx": 0, "value": 1 } });
    scene.hand.say(&a, &json!({ "result": { "events": [add] } }));
    assert_eq!(frame(&mut scene.client).await["event"], "hand.l?a.add");
    assert!(is_silent(&mut scene.client).await, "one is not answered yet");
    // It never is.
    assert_eq!(frame(&mut scene.client).await["event"], "hand.l.add");
    let (reply, payload) = scene.hand.asked("get.hand.l").await;
    assert_eq!(payload, json!({ "query": "b" }));
    scene.hand.say(&reply, &json!({ "result": { "collection": [2], "query": "b" } }));
    assert_eq!(frame(&mut scene.client).await["event"], "hand.l?b.add");
    // An answer that comes late does nothing.
    scene.say("event.hand.l.query", r#"{"subject":"_Q.2"}"#);
    let (a, _) = scene.hand.asked("_Q.2").await;
    let (b, _) = scene.hand.asked("_Q.2").await;
    scene.hand.say(&a, &json!({ "error": { "code": "system.notFound", "message": "Not found" } }));
    assert_eq!(frame(&mut scene.client).await["event"], "hand.l?a.delete");
    assert_eq!(frame(&mut scene.client).await["event"], "hand.l?a.unsubscribe");
    scene.hand.say(&b, &json!({ "result": {} }));
    scene.hand.say(&b, &json!({ "result": { "collection": [] } }));
    assert!(is_silent(&mut scene.client).await);
}

#[tokio::test(start_paused = true)]
async fn a_query_answered_without_one_and_no_query_answered_with_one_are_both_resources() {
    let mut scene = scene().await;
    // No query resource: whatever is asked, it is the same plain resource.
    scene.subscribe("hand.p?x", json!({ "model": { "v": 1 } })).await;
    scene.say("event.hand.p.change", r#"{"values":{"v":2}}"#);
    assert_eq!(frame(&mut scene.client).await["event"], "hand.p?x.change");
    let answer = request(&mut scene.client, 2, "get.hand.p?x", Value::Null).await;
    assert_eq!(answer["result"], json!({}));
    // A query resource also without a query: events of the name are not its own, those of its query are.
    scene.subscribe("hand.q", json!({ "model": { "v": 1 }, "query": "all" })).await;
    scene.say("event.hand.q.change", r#"{"values":{"v":2}}"#);
    assert!(is_silent(&mut scene.client).await);
    scene.say("event.hand.q.query", r#"{"subject":"_Q.1"}"#);
    let (reply, payload) = scene.hand.asked("_Q.1").await;
    assert_eq!(payload, json!({ "query": "all" }));
    scene.hand.say(&reply, &json!({ "result": { "model": { "v": 3 } } }));
    assert_eq!(frame(&mut scene.client).await, json!({ "event": "hand.q.change", "data": { "values": { "v": 3 } } }));
}

#[tokio::test(start_paused = true)]
async fn an_unsubscribe_while_a_subscribe_is_pending_takes_nothing_back_and_both_are_answered() {
    let mut scene = scene().await;
    send(&scene.client, 2, "subscribe.hand.a", Value::Null).await;
    let answer = request(&mut scene.client, 3, "unsubscribe.hand.a", Value::Null).await;
    assert_eq!(answer["error"]["code"], "system.noSubscription");
    let (reply, _) = scene.hand.asked("get.hand.a").await;
    scene.hand.say(&reply, &json!({ "result": { "model": {} } }));
    assert_eq!(frame(&mut scene.client).await["id"], 2);
    assert_eq!(request(&mut scene.client, 4, "unsubscribe.hand.a", Value::Null).await, json!({ "id": 4 }));
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_subscribed_256_times_and_given_back_by_count() {
    let mut scene = scene().await;
    scene.subscribe("hand.a", json!({ "model": {} })).await;
    for id in 2..=256 {
        assert_eq!(request(&mut scene.client, id, "subscribe.hand.a", Value::Null).await["result"], json!({}));
    }
    let over = request(&mut scene.client, 257, "subscribe.hand.a", Value::Null).await;
    assert_eq!(over["error"]["code"], "system.subscriptionLimitExceeded");
    for (count, code) in
        [(257, Some("system.noSubscription")), (255, None), (2, Some("system.noSubscription")), (1, None)]
    {
        let answer = request(&mut scene.client, 1, "unsubscribe.hand.a", json!({ "count": count })).await;
        assert_eq!(answer["error"]["code"].as_str(), code, "count {count}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_old_answer_to_new_is_a_resource_and_is_logged_once_for_each_service() {
    let (log, _guard) = capture();
    let mut scene = scene().await;
    for id in 2..5 {
        let reply = scene.call(id, "new.hand.list").await;
        scene.hand.say(&reply, &json!({ "result": { "rid": format!("hand.{id}") } }));
        let (reply, _) = scene.hand.asked(&format!("get.hand.{id}")).await;
        scene.hand.say(&reply, &json!({ "result": { "model": {} } }));
        scene.grant().await;
        assert_eq!(frame(&mut scene.client).await["result"]["rid"], format!("hand.{id}"));
    }
    assert_eq!(log.lines(&["first version of the protocol"]).len(), 1, "{}", log.text());
    // Anything but a resource is no answer to a new request.
    let reply = scene.call(9, "new.hand.list").await;
    scene.hand.say(&reply, &json!({ "result": 1 }));
    assert_eq!(frame(&mut scene.client).await["error"]["code"], "system.internalError");
}

#[tokio::test(start_paused = true)]
async fn events_wait_for_the_references_of_the_one_before_and_others_do_not_wait_for_them() {
    let mut scene = scene().await;
    scene.subscribe("hand.list", json!({ "collection": [] })).await;
    scene.subscribe("hand.other", json!({ "model": { "v": 1 } })).await;
    scene.say("event.hand.list.add", r#"{"idx":0,"value":{"rid":"hand.slow"}}"#);
    scene.say("event.hand.list.custom", "1");
    scene.say("event.hand.list.remove", r#"{"idx":0}"#);
    scene.say("event.hand.other.change", r#"{"values":{"v":2}}"#);
    assert_eq!(frame(&mut scene.client).await["event"], "hand.other.change");
    assert!(is_silent(&mut scene.client).await);
    let (reply, _) = scene.hand.asked("get.hand.slow").await;
    scene.hand.say(&reply, &json!({ "result": { "model": { "slow": true } } }));
    let add = frame(&mut scene.client).await;
    assert_eq!(add["data"]["models"], json!({ "hand.slow": { "slow": true } }));
    assert_eq!(frame(&mut scene.client).await["event"], "hand.list.custom");
    assert_eq!(frame(&mut scene.client).await["event"], "hand.list.remove");
    // It is known no longer, so it comes along with the next reference.
    scene.say("event.hand.list.add", r#"{"idx":0,"value":{"rid":"hand.slow"}}"#);
    assert_eq!(frame(&mut scene.client).await["data"]["models"], json!({ "hand.slow": { "slow": true } }));
    // And does not while it is.
    scene.say("event.hand.list.add", r#"{"idx":0,"value":{"rid":"hand.slow"}}"#);
    let again = frame(&mut scene.client).await;
    assert_eq!(again["data"], json!({ "idx": 0, "value": { "rid": "hand.slow" } }));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_resource_is_over_for_who_has_it_and_fetched_anew_for_who_asks_again() {
    let mut scene = scene().await;
    scene.subscribe("hand.a", json!({ "model": { "v": 1 } })).await;
    scene.say("event.hand.a.create", "");
    assert_eq!(frame(&mut scene.client).await, json!({ "event": "hand.a.create", "data": null }));
    scene.say("event.hand.a.own", r#"{"x":[1,null]}"#);
    assert_eq!(frame(&mut scene.client).await, json!({ "event": "hand.a.own", "data": { "x": [1, null] } }));
    scene.say("event.hand.a.delete", "");
    assert_eq!(frame(&mut scene.client).await, json!({ "event": "hand.a.delete", "data": null }));
    let reason = json!({ "reason": { "code": "system.deleted", "message": "Deleted" } });
    assert_eq!(frame(&mut scene.client).await, json!({ "event": "hand.a.unsubscribe", "data": reason }));
    scene.subscribe("hand.a", json!({ "model": { "v": 2 } })).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_there_has_deleted_nothing() {
    let mut scene = scene().await;
    scene.subscribe("hand.a", json!({ "model": { "v": 1 } })).await;
    scene.subscribe("hand.l?a", json!({ "collection": [], "query": "a" })).await;
    let bus = scene.hand.connection.bus.clone();
    bus.unsubscribe("get.hand.>");
    bus.unsubscribe("_Q.>");
    scene.say("system.reset", r#"{"resources":["hand.a"]}"#);
    scene.say("event.hand.l.query", r#"{"subject":"_Q.1"}"#);
    assert!(is_silent(&mut scene.client).await);
    bus.subscribe("get.hand.>");
    // Whether it says that it is back or not.
    for _ in 0..2 {
        let asked = scene.hand.connection.deliveries.recv().await.expect("it is asked again");
        let (result, event) = match &*asked.subject {
            "get.hand.a" => (json!({ "model": { "v": 2 } }), "hand.a.change"),
            _ => (json!({ "collection": [2], "query": "a" }), "hand.l?a.add"),
        };
        scene.hand.say(&asked.reply.expect("a request"), &json!({ "result": result }));
        assert_eq!(frame(&mut scene.client).await["event"], event);
    }
}

#[tokio::test(start_paused = true)]
async fn one_get_is_made_for_all_clients_and_says_nothing_of_them() {
    let mut scene = scene().await;
    let mut others = Vec::new();
    for _ in 0..20 {
        others.push(session(&scene.gateway).await);
    }
    for client in &others {
        send(client, 1, "subscribe.hand.a?q=1", Value::Null).await;
    }
    let (reply, payload) = scene.hand.asked("get.hand.a").await;
    assert_eq!(payload, json!({ "query": "q=1" }));
    scene.hand.say(&reply, &json!({ "result": { "model": {}, "query": "q=1" } }));
    let mut asked = 0usize;
    while let Some((subject, payload, reply)) = scene.hand.next().await {
        assert_eq!(subject, "access.hand.a");
        assert_eq!((&payload["query"], &payload["token"]), (&json!("q=1"), &Value::Null));
        assert_eq!(payload.as_object().map(|members| members.len()), Some(3), "and the connection id: {payload}");
        asked += 1;
        // A value goes to nobody before its service has granted that.
        scene.hand.say(&reply, &json!({ "result": { "get": asked.is_multiple_of(2) } }));
    }
    let mut granted = 0;
    for mut client in others {
        let answer = timeout(Duration::from_secs(1), frame(&mut client)).await.expect("everybody is answered");
        granted += usize::from(answer.get("result").is_some());
    }
    assert_eq!(granted, 20 - usize::div_ceil(asked, 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_and_there_again_is_sent_with_what_it_refers_to_now_and_lets_go_of_what_it_did() {
    let mut scene = scene().await;
    let refers = |rid: &str| json!({ "result": { "collection": [{ "rid": rid }] } });
    send(&scene.client, 2, "subscribe.hand.list", Value::Null).await;
    for (name, answer) in [
        ("list", refers("hand.a")),
        ("a", refers("hand.before")),
        ("before", json!({ "result": { "model": { "v": 1 } } })),
    ] {
        let (reply, _) = scene.hand.asked(&format!("get.hand.{name}")).await;
        scene.hand.say(&reply, &answer);
    }
    scene.hand.answer_all(|_| json!({ "result": { "get": true } })).await;
    frame(&mut scene.client).await;
    scene.hand.say("event.hand.a.delete", &Value::Null);
    assert_eq!(frame(&mut scene.client).await["event"], "hand.a.delete");
    // It is held for as long as the list refers to it, and so is what it refers to.
    scene.hand.say("event.hand.before.custom", &Value::Null);
    assert_eq!(frame(&mut scene.client).await["event"], "hand.before.custom");
    send(&scene.client, 3, "subscribe.hand.a", Value::Null).await;
    let (reply, _) = scene.hand.asked("get.hand.a").await;
    scene.hand.say(&reply, &refers("hand.after"));
    let (reply, _) = scene.hand.asked("get.hand.after").await;
    scene.hand.say(&reply, &json!({ "result": { "model": { "v": 2 } } }));
    scene.hand.answer_all(|_| json!({ "result": { "get": true } })).await;
    let expected =
        json!({ "collections": { "hand.a": [{ "rid": "hand.after" }] }, "models": { "hand.after": { "v": 2 } } });
    assert_eq!(frame(&mut scene.client).await["result"], expected);
    scene.hand.say("event.hand.before.custom", &Value::Null);
    assert!(is_silent(&mut scene.client).await);
}
