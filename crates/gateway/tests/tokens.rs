//! What clients may do, and when it is asked for again.

mod support;

use res_gateway::{Gateway, GatewayConfig, Session};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::hand::{Hand, frame, is_silent, request, send, session};

struct Scene {
    hand: Hand,
    client: Session,
    cid: String,
    _gateway: Gateway,
}

/// A client that has made a call, by which the service knows its connection.
async fn scene() -> Scene {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    hand.connection.bus.subscribe("renew.>");
    hand.connection.bus.subscribe("auth.hand.>");
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    send(&client, 1, "auth.hand.login", Value::Null).await;
    let (reply, payload) = hand.asked("auth.hand.login").await;
    hand.say(&reply, &json!({ "result": null }));
    frame(&mut client).await;
    let cid = payload["cid"].as_str().expect("auth requests have a cid").to_owned();
    Scene { hand, client, cid, _gateway: gateway }
}

impl Scene {
    fn token(&self, payload: &Value) {
        self.hand.say(&format!("conn.{}.token", self.cid), payload);
    }

    async fn subscribe(&mut self, name: &str) {
        send(&self.client, 2, &format!("subscribe.hand.{name}"), Value::Null).await;
        let model = json!({ "result": { "model": {} } });
        let access = json!({ "result": { "get": true, "call": "*" } });
        self.hand.answer_all(|subject| if subject.starts_with("get.") { model.clone() } else { access.clone() }).await;
        assert!(frame(&mut self.client).await.get("result").is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_in_the_next_request_and_access_is_asked_for_again_also_with_the_first_one() {
    let mut scene = scene().await;
    scene.subscribe("a").await;
    for token in [json!({ "user": 1 }), json!("text"), json!(null)] {
        scene.token(&json!({ "token": token, "tid": "t" }));
        let (subject, payload, reply) = scene.hand.next().await.expect("access is asked for");
        assert_eq!((subject.as_str(), &payload["token"]), ("access.hand.a", &token));
        scene.hand.say(&reply, &json!({ "result": { "get": true, "call": "*" } }));
        send(&scene.client, 3, "call.hand.a.do", json!({ "x": 1 })).await;
        let (reply, payload) = scene.hand.asked("call.hand.a.do").await;
        assert_eq!(payload, json!({ "params": { "x": 1 }, "token": token, "cid": scene.cid }));
        scene.hand.say(&reply, &json!({ "result": null }));
        frame(&mut scene.client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_event_that_cannot_be_read_changes_nothing() {
    let mut scene = scene().await;
    scene.token(&json!({ "token": "good", "tid": "t" }));
    let bad = ["", "{", "null", "5", "[]", r#"["x","t"]"#, r#"{"token":}"#, r#"{"token":1,"tid":2}"#];
    for payload in bad {
        let subject = format!("conn.{}.token", scene.cid);
        scene.hand.connection.bus.publish(&subject, None, payload.as_bytes().into()).expect("carried");
    }
    scene.hand.say(&format!("conn.{}.other", scene.cid), &json!({ "token": "other" }));
    scene.hand.say("conn.nobody.token", &json!({ "token": "other" }));
    scene.hand.say("system.tokenReset", &json!({ "tids": ["t"], "subject": "renew.it" }));
    let (subject, payload, _) = scene.hand.next().await.expect("the id of the token is known still");
    assert_eq!((subject.as_str(), &payload["token"]), ("renew.it", &json!("good")));
}

#[tokio::test(start_paused = true)]
async fn a_token_reset_asks_each_connection_with_such_a_token_once_and_tells_nobody() {
    let mut scene = scene().await;
    scene.token(&json!({ "token": { "user": 1 }, "tid": "mine" }));
    for (tids, subject) in [
        (json!(["other"]), json!("renew.it")),
        (json!([]), json!("renew.it")),
        (json!("mine"), json!("renew.it")),
        (json!(["mine"]), json!("renew.>")),
        (json!(["mine"]), json!("renew.it\r\nPUB x 0")),
        (json!(["mine"]), json!("renew..it")),
        (json!(["mine"]), json!("")),
        (json!(["mine"]), json!(5)),
    ] {
        scene.hand.say("system.tokenReset", &json!({ "tids": tids, "subject": subject }));
        assert!(scene.hand.next().await.is_none(), "{tids} {subject}");
    }
    for answer in [Some(json!({ "result": "whatever" })), Some(json!("nonsense")), None] {
        scene.hand.say("system.tokenReset", &json!({ "tids": ["mine", "other", "mine"], "subject": "renew.it" }));
        let (subject, payload, reply) = scene.hand.next().await.expect("the token is to be renewed");
        assert_eq!(subject, "renew.it");
        let members: Vec<&str> = payload.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(members, ["cid", "header", "host", "remoteAddr", "token", "uri"]);
        assert_eq!(payload["token"], json!({ "user": 1 }));
        assert!(scene.hand.next().await.is_none(), "it is asked once");
        if let Some(answer) = answer {
            scene.hand.say(&reply, &answer);
        }
    }
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert!(is_silent(&mut scene.client).await);
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_rely_on_access_that_was_granted_with_the_token_before() {
    let mut scene = scene().await;
    scene.token(&json!({ "token": "admin" }));
    // What comes from the bus and what comes from clients has no order.
    assert!(scene.hand.next().await.is_none());
    // Without a subscription, access is asked for this call alone.
    send(&scene.client, 2, "call.hand.a.drop", Value::Null).await;
    let (_, payload, first) = scene.hand.next().await.expect("access is asked for");
    assert_eq!(payload["token"], "admin");
    scene.token(&json!({ "token": null }));
    let (subject, payload, second) = scene.hand.next().await.expect("and again without the token");
    assert_eq!((subject.as_str(), &payload["token"]), ("access.hand.a", &Value::Null));
    scene.hand.say(&first, &json!({ "result": { "call": "*" } }));
    scene.hand.say(&second, &json!({ "result": { "call": "" } }));
    assert_eq!(frame(&mut scene.client).await["error"]["code"], "system.accessDenied");
    assert!(scene.hand.next().await.is_none(), "the method is not called");
}

#[tokio::test(start_paused = true)]
async fn a_method_is_called_only_if_access_lists_it_exactly() {
    let mut scene = scene().await;
    let cases: [(Value, bool); 14] = [
        (json!({ "call": "*" }), true),
        (json!({ "call": "do" }), true),
        (json!({ "call": "set,do" }), true),
        (json!({ "call": "do,set", "get": false }), true),
        (json!({ "get": true }), false),
        (json!({ "get": true, "call": "" }), false),
        (json!({ "call": "set, do" }), false),
        (json!({ "call": "done" }), false),
        (json!({ "call": "Do" }), false),
        (json!({ "call": "*,set" }), false),
        (json!({ "call": null, "get": null }), false),
        (json!({ "call": ["do"] }), false),
        (json!({ "call": true }), false),
        (json!(null), false),
    ];
    for (access, allowed) in cases {
        send(&scene.client, 2, "call.hand.a.do", Value::Null).await;
        let (subject, _, reply) = scene.hand.next().await.expect("access is asked for");
        assert_eq!(subject, "access.hand.a");
        scene.hand.say(&reply, &json!({ "result": access }));
        match scene.hand.next().await {
            Some((subject, _, reply)) => {
                assert!(allowed && subject == "call.hand.a.do", "{access}: {subject}");
                scene.hand.say(&reply, &json!({ "result": 1 }));
                assert_eq!(frame(&mut scene.client).await["result"], json!({ "payload": 1 }));
            }
            None => {
                assert!(!allowed, "{access}");
                let code = frame(&mut scene.client).await["error"]["code"].clone();
                assert!(code == "system.accessDenied" || code == "system.internalError", "{access}: {code}");
            }
        }
    }
    // Any error is no access, and is told as it is; it is not kept.
    for code in ["system.accessDenied", "system.notFound", "own.code"] {
        send(&scene.client, 3, "call.hand.a.do", Value::Null).await;
        let (_, _, reply) = scene.hand.next().await.expect("access is asked for");
        scene.hand.say(&reply, &json!({ "error": { "code": code, "message": "No", "data": { "a": [1] } } }));
        let expected = json!({ "code": code, "message": "No", "data": { "a": [1] } });
        assert_eq!(frame(&mut scene.client).await, json!({ "id": 3, "error": expected }));
    }
}

#[tokio::test(start_paused = true)]
async fn access_is_asked_for_again_where_there_is_a_direct_subscription_and_nowhere_else() {
    let mut scene = scene().await;
    send(&scene.client, 2, "subscribe.hand.list", Value::Null).await;
    let (reply, _) = scene.hand.asked("get.hand.list").await;
    scene.hand.say(&reply, &json!({ "result": { "collection": [{ "rid": "hand.item" }] } }));
    let (reply, _) = scene.hand.asked("get.hand.item").await;
    scene.hand.say(&reply, &json!({ "result": { "model": { "v": 1 } } }));
    scene.hand.answer_all(|_| json!({ "result": { "get": true } })).await;
    frame(&mut scene.client).await;
    scene.hand.say("event.hand.item.reaccess", &Value::Null);
    scene.hand.say("system.reset", &json!({ "access": ["hand.item"] }));
    assert!(scene.hand.next().await.is_none());
    // What it says is in its name, so its payload does not matter.
    for payload in ["", "{bad", "5"] {
        scene
            .hand
            .connection
            .bus
            .publish("event.hand.list.reaccess", None, payload.as_bytes().into())
            .expect("carried");
        let (subject, _, reply) = scene.hand.next().await.expect("access is asked for");
        assert_eq!(subject, "access.hand.list");
        scene.hand.say(&reply, &json!({ "result": { "get": true } }));
    }
    scene.hand.say("system.reset", &json!({ "access": ["hand.*"] }));
    let (_, _, reply) = scene.hand.next().await.expect("access is asked for");
    // Events of the list wait for the answer; those of what it refers to do not.
    scene.hand.say("event.hand.list.custom", &json!(1));
    scene.hand.say("event.hand.item.change", &json!({ "values": { "v": 2 } }));
    assert_eq!(frame(&mut scene.client).await["event"], "hand.item.change");
    scene.hand.say(&reply, &json!({ "result": { "get": false } }));
    let end = frame(&mut scene.client).await;
    assert_eq!(end["event"], "hand.list.unsubscribe");
    assert_eq!(end["data"]["reason"]["code"], "system.accessDenied");
    scene.hand.say("event.hand.item.change", &json!({ "values": { "v": 3 } }));
    assert!(is_silent(&mut scene.client).await);
}

#[tokio::test(start_paused = true)]
async fn a_reaccess_is_for_all_queries_of_the_name() {
    let mut scene = scene().await;
    send(&scene.client, 2, "subscribe.hand.pages?page=1", Value::Null).await;
    scene
        .hand
        .answer_all(|subject| match subject {
            "get.hand.pages" => json!({ "result": { "collection": [], "query": "page=1" } }),
            _ => json!({ "result": { "get": true } }),
        })
        .await;
    assert_eq!(frame(&mut scene.client).await["result"]["collections"]["hand.pages?page=1"], json!([]));
    scene.hand.say("event.hand.pages.reaccess", &Value::Null);
    let (subject, payload, reply) = scene.hand.next().await.expect("access is asked for");
    assert_eq!((&*subject, &payload["query"]), ("access.hand.pages", &json!("page=1")));
    scene.hand.say(&reply, &json!({ "result": { "get": false } }));
    assert_eq!(frame(&mut scene.client).await["event"], "hand.pages?page=1.unsubscribe");
}

#[tokio::test(start_paused = true)]
async fn a_reaccess_before_the_value_is_there_decides_the_subscription() {
    for granted in [true, false] {
        let mut scene = scene().await;
        send(&scene.client, 2, "subscribe.hand.a", Value::Null).await;
        let (_, _, access) = scene.hand.next().await.expect("access is asked for");
        let (_, _, get) = scene.hand.next().await.expect("and the value");
        scene.hand.say("event.hand.a.reaccess", &Value::Null);
        scene.hand.say(&access, &json!({ "result": { "get": !granted } }));
        let (subject, _, again) = scene.hand.next().await.expect("it is asked for once more");
        assert_eq!(subject, "access.hand.a");
        scene.hand.say(&get, &json!({ "result": { "model": { "v": 1 } } }));
        assert!(is_silent(&mut scene.client).await);
        scene.hand.say(&again, &json!({ "result": { "get": granted } }));
        let answer = frame(&mut scene.client).await;
        assert_eq!(answer.get("result").is_some(), granted, "{answer}");
        let other = request(&mut scene.client, 3, "unsubscribe.hand.a", Value::Null).await;
        assert_eq!(other.get("error").is_none(), granted, "{other}");
    }
}
