//! What the log says of services that go wrong.

mod support;

use std::time::Duration;

use res_gateway::bus::MemoryBus;
use res_gateway::core::conn::AuthMethod;
use res_gateway::server::ServerConfig;
use res_gateway::{Gateway, GatewayConfig};
use serde_json::{Value, json};
use support::client::TestServer;
use support::hand::{self, Hand, frame, send, session};
use support::http::ask;
use support::log::capture;

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_used_is_a_warning_with_its_subject_and_the_reason() {
    let (log, _guard) = capture();
    let bus = MemoryBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let secret = json!({ "result": "swordfish" });
    let nonsense = json!({ "swordfish": 1 });

    send(&client, 1, "get.hand.model", Value::Null).await;
    hand.answer_all(|subject| if subject.starts_with("get.") { secret.clone() } else { granted() }).await;
    assert_eq!(frame(&mut client).await["error"]["code"], "system.internalError");
    let warned = |subject: &str, reason: &str| log.lines(&["WARN", subject, reason, "cannot be used"]).len();
    assert_eq!(warned("get.hand.model", "invalid service response"), 1, "{}", log.text());

    send(&client, 2, "call.hand.model.set", Value::Null).await;
    hand.answer_all(|subject| if subject.starts_with("call.") { nonsense.clone() } else { granted() }).await;
    assert_eq!(frame(&mut client).await["error"]["code"], "system.internalError");
    assert_eq!(warned("call.hand.model.set", "response missing result"), 1, "{}", log.text());

    // The same reason is not said again for a minute, but to who looks for it.
    let unusable_access = async |client: &mut _, hand: &mut Hand| {
        send(client, 3, "call.hand.other.{cid}.set", Value::Null).await;
        hand.answer_all(|_| nonsense.clone()).await;
        assert_eq!(frame(client).await["error"]["code"], "system.internalError");
    };
    unusable_access(&mut client, &mut hand).await;
    let access = "access.hand.other.{cid}";
    assert_eq!(warned(access, "response missing result"), 0, "{}", log.text());
    assert_eq!(log.lines(&["DEBUG", access, "response missing result"]).len(), 1, "{}", log.text());
    tokio::time::advance(Duration::from_secs(60)).await;
    unusable_access(&mut client, &mut hand).await;
    assert_eq!(warned(access, "response missing result"), 1, "{}", log.text());

    // What a service says itself is none of that.
    send(&client, 4, "call.hand.model.set", Value::Null).await;
    let refused = json!({ "error": { "code": "system.internalError", "message": "Internal error: swordfish" } });
    tokio::time::advance(Duration::from_secs(60)).await;
    hand.answer_all(|subject| if subject.starts_with("call.") { refused.clone() } else { granted() }).await;
    frame(&mut client).await;
    assert_eq!(warned("", ""), 3, "{}", log.text());
    assert!(!log.text().contains("swordfish"), "{}", log.text());
}

fn granted() -> Value {
    json!({ "result": { "get": true, "call": "*" } })
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_applied_is_named_with_its_resource() {
    let (log, _guard) = capture();
    let (_gateway, mut hand, _client) = hand::holding("hand.list", &json!({ "result": { "collection": [1] } })).await;
    hand.say("event.hand.list.remove", &json!({ "idx": 7 }));
    hand.asked("get.hand.list").await;
    let warnings = log.lines(&["WARN", "hand.list", "\"remove\"", "index out of range", "cannot be applied"]);
    assert_eq!(warnings.len(), 1, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_name_of_which_only_queries_are_cached_is_told_to_who_looks_for_it() {
    let (log, _guard) = capture();
    let answer = json!({ "result": { "collection": [1], "query": "a=1" } });
    let (_gateway, hand, mut client) = hand::holding("hand.list?a=1", &answer).await;
    hand.say("event.hand.list.add", &json!({ "idx": 0, "value": "swordfish" }));
    assert!(hand::is_silent(&mut client).await);
    let lines = log.lines(&["DEBUG", "hand.list", "\"add\"", "only queries are cached"]);
    assert_eq!(lines.len(), 1, "{}", log.text());
    assert!(!log.text().contains("swordfish"), "{}", log.text());
}

#[tokio::test]
async fn header_authentication_that_nobody_serves_is_a_warning_with_its_option() {
    let (log, _guard) = capture();
    let bus = MemoryBus::new();
    support::fixture::start(&bus);
    let method = || Some(AuthMethod::parse("nobody.header").expect("a method"));
    let config = ServerConfig { header_auth: method(), ws_header_auth: method(), ..ServerConfig::default() };
    let server = TestServer::with(bus, GatewayConfig::default(), config).await;
    let warnings = |option: &str| log.lines(&["WARN", option, "no service answers"]).len();
    for _ in 0..2 {
        assert_eq!(ask(server.address, "GET", "/api/fix/child/1", "", None).await.status, 200);
    }
    assert_eq!((warnings("headerAuth (--headauth)"), warnings("wsHeaderAuth")), (1, 0), "{}", log.text());
    for _ in 0..2 {
        server.connect().await;
    }
    assert_eq!(warnings("wsHeaderAuth (--wsheadauth)"), 1, "{}", log.text());
    let gone = log.lines(&["WARN", "system.notFound"]);
    assert_eq!(gone.len(), 2, "{}", log.text());
}
