//! What one client or service does that would harm the others.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::SinkExt;
use res_gateway::bus::{Bus, Connection, MemoryBus, Refusal};
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use res_gateway::server::ServerConfig;
use res_gateway::service::{Access, Reply, Service};
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use serde_json::{Value, json};
use support::client::TestServer;
use support::hand::{send, session};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn pings_count_like_requests() {
    let gateway = GatewayConfig {
        request_rate: 10,
        request_burst: 20,
        request_patience: Duration::from_millis(200),
        ..GatewayConfig::default()
    };
    let server = TestServer::with(MemoryBus::new(), gateway, ServerConfig::default()).await;
    let mut client = server.connect().await;
    for _ in 0..100 {
        client.socket.feed(Message::Ping(Default::default())).await.expect("the connection is open");
    }
    client.socket.flush().await.expect("the connection is open");
    assert_eq!(client.closed().await, 1008);
}

#[tokio::test(start_paused = true)]
async fn answers_that_nobody_reads_are_not_kept_in_any_amount() {
    let bus = MemoryBus::new();
    Service::new("big")
        .model("big.model", json!({ "text": "x".repeat(1_000_000) }))
        .access_async("big.>", |_| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(Access::ALL)
        })
        .start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut reader = session(&gateway).await;
    for id in 1..=64 {
        send(&reader, id, "get.big.model", Value::Null).await;
    }
    // All of them wait for the same answer about access, and could be answered at once.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(reader.recv().await, Outgoing::Close(1013, "slow reader"));
}

#[test]
fn a_service_cannot_have_the_gateway_do_what_only_the_gateway_may() {
    let mut scene = Scene::with(1);
    for subject in
        ["call.bank.close", "auth.bank.login", "access.bank", "event.bank.delete", "conn.x.token", "$JS.API.X"]
    {
        scene.message("event.shop.0.query", &json!({ "subject": subject }));
        scene.message("system.tokenReset", &json!({ "tids": ["t"], "subject": subject }));
    }
    // What has changed is fetched instead.
    let expected = |subject: &String| subject == "get.shop.0" || subject == "auth.bank.login";
    assert!(scene.asked.iter().all(expected), "{:?}", scene.asked);
    scene.message("event.shop.0.query", &json!({ "subject": "_INBOX.shop.1" }));
    assert!(scene.asked.iter().any(|subject| subject == "_INBOX.shop.1"));
}

#[test]
fn a_reset_with_more_patterns_than_can_be_compared_is_one_for_everything() {
    let mut scene = Scene::with(2_000);
    let patterns: Vec<String> = (0..100_000).map(|n| format!("nothing.{n}.*.>")).collect();
    scene.message("system.reset", &json!({ "resources": patterns }));
    assert_eq!(scene.asked.iter().filter(|subject| subject.starts_with("get.")).count(), 2_000);
}

#[tokio::test(start_paused = true)]
async fn clients_wait_while_the_bus_has_too_much_to_send() {
    let memory = MemoryBus::new();
    Service::new("echo")
        .access("echo.>", |_| Ok(Access::ALL))
        .auth("echo.echo", "say", |request| Ok(Reply::value(request.params::<Value>()?)))
        .start(memory.connect());
    let is_congested = Arc::new(AtomicBool::new(false));
    let connection = memory.connect();
    let bus = Arc::new(Slow { bus: connection.bus, is_congested: is_congested.clone() });
    let gateway = Gateway::start(Connection { bus, ..connection }, GatewayConfig::default());
    let mut client = session(&gateway).await;
    is_congested.store(true, Ordering::Relaxed);
    // One is taken in before it is looked again.
    send(&client, 1, "auth.echo.echo.say", json!("haste")).await;
    assert!(matches!(client.recv().await, Outgoing::Frame(_)));
    send(&client, 2, "auth.echo.echo.say", json!("patience")).await;
    let early = tokio::time::timeout(Duration::from_secs(60), client.recv()).await;
    assert!(early.is_err(), "{early:?}");
    is_congested.store(false, Ordering::Relaxed);
    let Outgoing::Frame(answer) = client.recv().await else { panic!("it is open") };
    assert!(answer.as_str().contains("patience"));
}

/// A bus that has more to send than it gets rid of.
struct Slow {
    bus: Arc<dyn Bus>,
    is_congested: Arc<AtomicBool>,
}

impl Bus for Slow {
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) -> Result<(), Refusal> {
        self.bus.publish(subject, reply, payload)
    }

    fn is_congested(&self) -> bool {
        self.is_congested.load(Ordering::Relaxed)
    }

    fn subscribe(&self, pattern: &str) {
        self.bus.subscribe(pattern);
    }

    fn unsubscribe(&self, pattern: &str) {
        self.bus.unsubscribe(pattern);
    }
}

/// The core with a client that has a token with the id `t`, and holds resources with a query and without.
struct Scene {
    core: Core,
    /// Subjects of requests since the client had what it asked for.
    asked: Vec<String>,
}

impl Scene {
    fn with(count: usize) -> Scene {
        let limits = res_gateway::core::conn::Limits { direct_resources: 10_000, ..Default::default() };
        let mut core = Core::new(CoreConfig { limits, ..CoreConfig::default() });
        let client = core.handle_connect("cid", Default::default());
        let mut scene = Scene { core, asked: Vec::new() };
        scene.message("conn.cid.token", &json!({ "token": 1, "tid": "t" }));
        for n in 0..count {
            let frame = json!({ "id": n, "method": format!("subscribe.shop.{n}?q") }).to_string();
            scene.core.handle_frame(Time(0), client, &frame);
            scene.settle();
        }
        scene.asked.clear();
        scene
    }

    fn message(&mut self, subject: &str, payload: &Value) {
        self.core.handle_message(Time(0), subject, payload.to_string().as_bytes(), false);
        self.settle();
    }

    /// Answers all requests, with everything that may be.
    fn settle(&mut self) {
        while let Some(output) = self.core.poll_output() {
            let Output::Publish { subject, reply: Some(reply), .. } = output else { continue };
            let answer = match subject.split('.').next() {
                Some("access") => json!({ "result": { "get": true, "call": "*" } }),
                Some("get") => json!({ "result": { "model": {}, "query": "q" } }),
                _ => json!({ "result": {} }),
            };
            self.asked.push(subject);
            self.core.handle_message(Time(0), &reply, answer.to_string().as_bytes(), false);
        }
    }
}
