//! Whatever is said on the bus: nobody but who asks for that resource notices, and once the service is asked again, all is
//! as the service has it.

mod support;

use std::sync::Arc;

use res_gateway::bus::{Bus, Connection, Refusal};
use res_gateway::core::subject;
use res_gateway::service::{Access, Reply, Service};
use res_gateway::{Gateway, GatewayConfig};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::hand::{Hand, frame, request, send, session};

/// A bus that carries what the gateway says only if it is one line for every bus.
struct Strict(Arc<dyn Bus>);

impl Bus for Strict {
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) -> Result<(), Refusal> {
        assert!(subject::is_valid(subject), "the gateway sends to {subject:?}");
        if subject.len() + reply.map_or(0, str::len) > 4_000 {
            return Err(Refusal::Subject);
        }
        self.0.publish(subject, reply, payload)
    }

    fn subscribe(&self, pattern: &str) {
        self.0.subscribe(pattern);
    }

    fn unsubscribe(&self, pattern: &str) {
        self.0.unsubscribe(pattern);
    }
}

fn strict(bus: &TestBus) -> Connection {
    let Connection { bus, deliveries } = bus.connect();
    Connection { bus: Arc::new(Strict(bus)), deliveries }
}

fn payloads() -> Vec<Vec<u8>> {
    let texts = [
        "",
        " ",
        "{",
        "null",
        "true",
        "5",
        "-1e99",
        "\"x\"",
        "[]",
        "[1,2]",
        "[[\"hand.>\"]]",
        "{}",
        "{}{}",
        r#"{"values":null}"#,
        r#"{"values":5}"#,
        r#"{"values":{"v":{"x":1}}}"#,
        r#"{"values":{"v":[1]}}"#,
        r#"{"values":{"v":{"rid":"a..b"}}}"#,
        r#"{"values":{"v":{"rid":"hand.m","data":1}}}"#,
        r#"{"values":{"v":1},"models":{"hand.m":{}}}"#,
        r#"{"idx":-1}"#,
        r#"{"idx":1e3,"value":1}"#,
        r#"{"idx":18446744073709551616}"#,
        r#"{"idx":"0","value":1}"#,
        r#"{"idx":0,"value":{"action":"delete"}}"#,
        r#"{"subject":null}"#,
        r#"{"subject":""}"#,
        r#"{"subject":"a b"}"#,
        r#"{"subject":"a.>"}"#,
        r#"{"subject":"a.*.b"}"#,
        r#"{"subject":"x\r\nPUB y 0\r\n"}"#,
        r#"{"subject":"\u0000"}"#,
        r#"{"subject":"nobody.listens"}"#,
        r#"{"tids":null,"subject":"x"}"#,
        r#"{"tids":["t"],"subject":"a.>"}"#,
        r#"{"tids":[{}],"subject":"x"}"#,
        r#"{"token":"#,
        r#"{"token":{},"tid":[]}"#,
        r#"{"resources":5,"access":{}}"#,
        r#"{"resources":["",".","a..b","a.>.b","*a",">x","hand.>"]}"#,
        r#"{"result":{"model":{}}}"#,
        r#"{"error":{}}"#,
        "timeout:\"x\"",
    ];
    let mut payloads: Vec<Vec<u8>> = texts.into_iter().map(|text| text.as_bytes().to_vec()).collect();
    payloads.push(vec![0xff, 0xfe, b'{', 0]);
    payloads.push("[".repeat(100_000).into_bytes());
    payloads.push(format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)).into_bytes());
    // As big as NATS carries them.
    payloads.push(format!("{{\"v\":\"{}\"}}", "x".repeat((1 << 20) - 8)).into_bytes());
    payloads
}

#[tokio::test(start_paused = true)]
async fn every_payload_on_every_subject_leaves_others_alone_and_is_made_good() {
    let bus = TestBus::new();
    let good = Service::new("good")
        .model("good.n", json!({ "n": 0 }))
        .access("good.>", |_| Ok(Access::ALL))
        .call("good.n", "ping", |_| Ok(Reply::null()))
        .start(bus.connect());
    Service::new("hand")
        .model("hand.m", json!({ "v": 1 }))
        .collection("hand.c", json!(["a", "b"]))
        .get("hand.q", |_| {
            let model = res_gateway::service::Resource::Model(json!({ "v": 1 }));
            Ok(res_gateway::service::Resource::Query { resource: Box::new(model), query: "a=1".into() })
        })
        .access("hand.>", |_| Ok(Access::ALL))
        .start(bus.connect());
    let hand = Hand { connection: bus.connect() };
    let gateway = Gateway::start(
        strict(&bus),
        GatewayConfig { queue_frames: 1 << 20, queue_bytes: 1 << 30, ..GatewayConfig::default() },
    );
    let (mut client, mut neighbour) = (session(&gateway).await, session(&gateway).await);
    for (id, rid) in ["hand.m", "hand.c", "hand.q?a=1"].into_iter().enumerate() {
        request(&mut client, id as u64, &format!("subscribe.{rid}"), Value::Null).await;
    }
    request(&mut neighbour, 1, "subscribe.good.n", Value::Null).await;
    let mut subjects = Vec::new();
    for name in ["hand.m", "hand.c", "hand.q", "hand.unknown"] {
        for event in [
            "change",
            "add",
            "remove",
            "create",
            "custom",
            "query",
            "reaccess",
            "reset",
            "patch",
            "unsubscribe",
            "\u{e9}",
        ] {
            subjects.push(format!("event.{name}.{event}"));
        }
    }
    for subject in ["system.reset", "system.tokenReset", "system.other", "conn.nobody.token", "conn.nobody.other"] {
        subjects.push(subject.into());
    }
    let mut n = 0;
    for subject in &subjects {
        for payload in payloads() {
            let sent = hand.connection.bus.publish(subject, None, payload.into());
            // A bus may refuse what is no subject there.
            assert!(sent.is_ok() || !subject.is_ascii() && sent == Err(Refusal::Subject), "{subject}: {sent:?}");
        }
        n += 1;
        good.change("good.n", json!({ "n": n })).expect("a model");
        assert_eq!(frame(&mut neighbour).await["data"]["values"]["n"], n, "after all payloads on {subject}");
        assert!(request(&mut neighbour, n, "call.good.n.ping", Value::Null).await.get("result").is_some());
        // A service that says what is not so has to say that it was wrong: some of it can be applied.
        hand.say("system.reset", &json!({ "resources": ["hand.>"] }));
        tokio::time::sleep(std::time::Duration::from_secs(40)).await;
        let mut fresh = session(&gateway).await;
        let expected = [("hand.m", "models", json!({ "v": 1 })), ("hand.c", "collections", json!(["a", "b"]))];
        for (rid, group, value) in expected {
            let answer = request(&mut fresh, n, &format!("get.{rid}"), Value::Null).await;
            assert_eq!(answer["result"][group][rid], value, "after all payloads on {subject}");
        }
    }
    send(&client, 9, "version", Value::Null).await;
    while frame(&mut client).await["id"] != 9 {}
}

#[tokio::test(start_paused = true)]
async fn every_payload_as_an_answer_is_an_answer_or_an_error() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(strict(&bus), GatewayConfig::default());
    let mut client = session(&gateway).await;
    for (n, payload) in payloads().into_iter().enumerate() {
        let n = n as u64;
        for (method, asked) in [
            (format!("get.hand.a{n}"), format!("access.hand.a{n}")),
            (format!("get.hand.b{n}"), format!("get.hand.b{n}")),
            (format!("call.hand.c{n}.do"), format!("call.hand.c{n}.do")),
            (format!("new.hand.d{n}"), format!("call.hand.d{n}.new")),
        ] {
            send(&client, n, &method, Value::Null).await;
            let mut answered = false;
            while let Some((subject, _, reply)) = hand.next().await {
                if subject == asked && !answered {
                    answered = true;
                    hand.connection.bus.publish(&reply, None, payload.clone().into()).expect("carried");
                } else if subject.starts_with("access.") {
                    hand.say(&reply, &json!({ "result": { "get": true, "call": "*" } }));
                } else {
                    hand.say(&reply, &json!({ "result": { "model": {} } }));
                }
            }
            assert!(answered, "{asked}");
            let answer = frame(&mut client).await;
            assert_eq!(answer["id"], n, "{method}: {answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn resource_ids_and_methods_of_every_length_are_answered() {
    let bus = TestBus::new();
    let gateway = Gateway::start(strict(&bus), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let lengths = (1..8_192).step_by(61).chain([1_018, 1_019, 1_023, 1_024, 1_025, 4_064, 4_096, 8_192]);
    let mut seen = std::collections::BTreeSet::new();
    for length in lengths {
        let long = "x".repeat(length);
        for method in [
            format!("subscribe.{long}"),
            format!("get.a?{long}"),
            format!("call.{long}.m"),
            format!("call.a.{long}"),
            format!("auth.{long}.{long}"),
            format!("new.{long}"),
        ] {
            let answer = request(&mut client, 1, &method, Value::Null).await;
            let code = answer["error"]["code"].as_str().expect("nobody serves this").to_owned();
            assert!(length < 1_025 || code != "system.notFound", "{code} for {length} bytes");
            seen.insert(code);
        }
    }
    let codes: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(codes, ["system.invalidRequest", "system.notFound", "system.subjectTooLong"]);
}

#[tokio::test(start_paused = true)]
async fn a_resource_id_counts_with_the_connection_id_in_it() {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(strict(&bus), GatewayConfig::default());
    let mut client = session(&gateway).await;
    // 31 times 32 and the dots between, after "hand": 1023 bytes on the bus, from 190 of the client.
    let fits = format!("hand{}", ".{cid}".repeat(30));
    let rid = format!("{fits}.{}", "x".repeat(1_024 - 4 - 30 * 33 - 1));
    send(&client, 1, &format!("call.{rid}.m"), Value::Null).await;
    let (subject, payload, reply) = hand.next().await.expect("it fits");
    let cid = payload["cid"].as_str().expect("access requests have a cid");
    assert_eq!(subject, format!("access.{}", rid.replace("{cid}", cid)));
    assert_eq!(subject.len(), "access.".len() + 1_024);
    hand.say(&reply, &json!({ "result": {} }));
    frame(&mut client).await;
    let answer = request(&mut client, 2, &format!("subscribe.{rid}x"), Value::Null).await;
    assert_eq!(answer["error"]["code"], "system.invalidRequest");
    let answer = request(&mut client, 3, &format!("get.hand{}", ".{cid}".repeat(200)), Value::Null).await;
    assert_eq!(answer["error"]["code"], "system.invalidRequest");
    assert!(hand.next().await.is_none());
}
