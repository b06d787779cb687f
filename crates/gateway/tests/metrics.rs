//! What those who watch a gateway see: metrics, and health.

mod support;

use std::sync::Arc;
use std::time::Duration;

use res_gateway::bus::{Connection, MemoryBus};
use res_gateway::server::ServerConfig;
use res_gateway::service::{Access, Reply, Service};
use res_gateway::{Gateway, GatewayConfig, metrics};
use serde_json::{Value, json};
use support::client::TestServer;
use support::exposition::Exposition;
use support::hand::request;
use support::program::{Program, failure, free_port, get};
use support::small_bus::SmallBus;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

async fn read(gateway: &Gateway) -> Exposition {
    Exposition::read(&metrics::text(gateway).await.expect("the gateway runs"))
}

/// Waits until a sample has a value.
async fn becomes(gateway: &Gateway, sample: &str, value: f64) {
    let reached = async {
        while read(gateway).await.get(sample) != value {
            tokio::task::yield_now().await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(20), reached).await.is_err() {
        panic!("{sample} is {}", read(gateway).await.get(sample));
    }
}

fn notes(bus: &MemoryBus) {
    Service::new("notes")
        .model("notes.first", json!({ "text": "one", "more": { "rid": "notes.second" } }))
        .model("notes.second", json!({ "text": "two" }))
        .access("notes.>", |_| Ok(Access::ALL))
        .call("notes.first", "echo", |_| Ok(Reply::null()))
        .start(bus.connect());
}

#[tokio::test]
async fn open_websockets_and_all_there_were_are_counted() {
    let server = TestServer::start(MemoryBus::new()).await;
    let (current, total) = ("resgate_ws_current_connections", "resgate_ws_connections_total");
    let now = read(&server.gateway).await;
    assert_eq!((now.get(current), now.get(total)), (0.0, 0.0));
    let first = server.connect().await;
    let second = server.connect().await;
    let now = read(&server.gateway).await;
    assert_eq!((now.get(current), now.get(total)), (2.0, 2.0));
    drop(first);
    becomes(&server.gateway, current, 1.0).await;
    assert_eq!(read(&server.gateway).await.get(total), 2.0);
    drop(second);
    becomes(&server.gateway, current, 0.0).await;
    // Who was refused, or came for something else, was never one.
    assert_eq!(get(&server.address.to_string(), "/api/notes/first").await.0, 404);
    assert!(server.connect_with(&[("Origin", "https://other.example")]).await.is_err());
    assert_eq!(read(&server.gateway).await.get(total), 2.0);
}

#[tokio::test(start_paused = true)]
async fn requests_of_clients_are_counted_by_their_kind() {
    let bus = MemoryBus::new();
    notes(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut session = gateway.connect(Default::default()).await;
    for (method, times) in [
        ("get.notes.first", 1),
        ("subscribe.notes.first", 2),
        ("unsubscribe.notes.first", 2),
        ("call.notes.first.echo", 3),
        ("new.notes.first", 1),
        ("auth.notes.first.login", 5),
        ("version", 1),
        ("nonsense", 1),
    ] {
        for _ in 0..times {
            request(&mut session, 1, method, Value::Null).await;
        }
    }
    let expected = [("get", 1.0), ("subscribe", 2.0), ("unsubscribe", 2.0), ("call", 4.0), ("auth", 5.0)];
    let sample = |method: &str| format!("resgate_ws_requests_total{{method=\"{method}\"}}");
    let now = read(&gateway).await;
    for (method, count) in expected {
        assert_eq!(now.get(&sample(method)), count, "{method}");
    }
    // And are not forgotten with the client.
    drop(session);
    let now = read(&gateway).await;
    for (method, count) in expected {
        assert_eq!(now.get(&sample(method)), count, "{method}");
    }
    assert_eq!(now.get("resgate_ws_received_frames_total"), 16.0);
    assert_eq!(now.get("resgate_ws_sent_frames_total"), 16.0);
    assert!(now.get("resgate_ws_received_bytes_total") > 16.0 * 20.0);
    assert!(now.get("resgate_ws_sent_bytes_total") > 16.0 * 10.0);
}

#[tokio::test]
async fn http_requests_are_counted_by_their_method() {
    let bus = MemoryBus::new();
    notes(&bus);
    let server = TestServer::start(bus).await;
    for method in ["GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "INVENTED", "OTHER"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("{method} /api/notes/first HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    }
    // Not a resource.
    get(&server.address.to_string(), "/").await;
    let now = read(&server.gateway).await;
    for (method, count) in
        [("GET", 2.0), ("HEAD", 1.0), ("POST", 1.0), ("PUT", 1.0), ("DELETE", 1.0), ("PATCH", 1.0), ("OPTIONS", 1.0)]
    {
        assert_eq!(now.get(&format!("resgate_http_requests_total{{method=\"{method}\"}}")), count, "{method}");
    }
    assert_eq!(now.get("resgate_http_requests_total{method=\"other\"}"), 2.0);
}

#[tokio::test(start_paused = true)]
async fn what_is_cached_is_counted_until_it_is_evicted() {
    let bus = MemoryBus::new();
    notes(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let (resources, subscriptions) = ("resgate_cache_resources", "resgate_cache_subscriptions");
    let mut a = gateway.connect(Default::default()).await;
    let mut b = gateway.connect(Default::default()).await;
    request(&mut a, 1, "subscribe.notes.first", Value::Null).await;
    let now = read(&gateway).await;
    assert_eq!((now.get(resources), now.get(subscriptions)), (2.0, 2.0));
    request(&mut b, 1, "subscribe.notes.second", Value::Null).await;
    let now = read(&gateway).await;
    assert_eq!((now.get(resources), now.get(subscriptions)), (2.0, 3.0));
    request(&mut a, 1, "unsubscribe.notes.first", Value::Null).await;
    let now = read(&gateway).await;
    assert_eq!((now.get(resources), now.get(subscriptions)), (2.0, 1.0));
    drop(b);
    tokio::time::sleep(Duration::from_secs(6)).await;
    let now = read(&gateway).await;
    assert_eq!((now.get(resources), now.get(subscriptions)), (0.0, 0.0));
}

/// Answers get requests of `hand.…` as told, and grants all access.
struct Hand(Connection);

impl Hand {
    fn new(bus: &MemoryBus) -> Hand {
        let connection = bus.connect();
        connection.bus.subscribe("get.hand.>");
        connection.bus.subscribe("access.hand.>");
        Hand(connection)
    }

    async fn answer_get(&mut self, answer: Value) {
        loop {
            let request = self.0.deliveries.recv().await.expect("the bus is there");
            let is_get = request.subject.starts_with("get.");
            let answer = if is_get { answer.clone() } else { json!({ "result": { "get": true } }) };
            let reply = request.reply.expect("a request");
            self.0.bus.publish(&reply, None, answer.to_string().into_bytes().into()).expect("it is small");
            if is_get {
                return;
            }
        }
    }

    fn reset(&self) {
        let payload: Arc<[u8]> = json!({ "resources": ["hand.>"] }).to_string().into_bytes().into();
        self.0.bus.publish("system.reset", None, payload).expect("it is small");
    }
}

#[tokio::test(start_paused = true)]
async fn resets_are_counted_with_those_that_failed_and_were_tried_again() {
    let bus = MemoryBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut session = gateway.connect(Default::default()).await;
    let model = json!({ "result": { "model": { "n": 1 } } });
    tokio::join!(request(&mut session, 1, "subscribe.hand.model", Value::Null), hand.answer_get(model.clone()));
    hand.reset();
    hand.answer_get(json!({ "error": { "code": "system.internalError", "message": "Internal error" } })).await;
    // The second attempt comes by itself.
    hand.answer_get(model).await;
    let now = read(&gateway).await;
    let counts = ["started", "failed", "retried"].map(|what| now.get(&format!("resgate_resets_{what}_total")));
    assert_eq!(counts, [2.0, 1.0, 1.0]);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_services_is_a_histogram() {
    let bus = MemoryBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let session = gateway.connect(Default::default()).await;
    session.send(r#"{"id":1,"method":"subscribe.hand.model"}"#).await;
    // Both requests are there before time goes on.
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert_eq!(read(&gateway).await.get("resgate_service_requests_waiting"), 2.0);
    hand.answer_get(json!({ "result": { "model": { "n": 1 } } })).await;
    becomes(&gateway, "resgate_service_requests_waiting", 0.0).await;
    let now = read(&gateway).await;
    let name = "resgate_service_request_duration_seconds";
    assert_eq!(now.get(&format!("{name}_count")), 2.0);
    assert_eq!(now.get(&format!("{name}_bucket{{le=\"0.025\"}}")), 0.0);
    assert_eq!(now.get(&format!("{name}_bucket{{le=\"0.05\"}}")), 2.0);
    assert!((0.08..0.09).contains(&now.get(&format!("{name}_sum"))));
}

#[tokio::test(start_paused = true)]
async fn events_that_are_not_read_are_counted_and_so_is_the_slow_reader() {
    let bus = MemoryBus::new();
    let handle = Service::new("notes")
        .model("notes.first", json!({ "n": 0 }))
        .access("notes.>", |_| Ok(Access::READ))
        .start(bus.connect());
    let config = GatewayConfig { queue_frames: 3, ..GatewayConfig::default() };
    let gateway = Gateway::start(bus.connect(), config);
    let mut session = gateway.connect(Default::default()).await;
    request(&mut session, 1, "subscribe.notes.first", Value::Null).await;
    for n in 1..=3 {
        handle.change("notes.first", json!({ "n": n })).expect("a model");
    }
    becomes(&gateway, "resgate_ws_queued_frames", 3.0).await;
    let now = read(&gateway).await;
    assert!(now.get("resgate_ws_queued_bytes") > 3.0 * 40.0);
    assert_eq!(now.get("resgate_ws_slow_readers_total"), 0.0);
    handle.change("notes.first", json!({ "n": 4 })).expect("a model");
    becomes(&gateway, "resgate_ws_slow_readers_total", 1.0).await;
    assert_eq!(read(&gateway).await.get("resgate_ws_queued_frames"), 0.0);
}

#[tokio::test]
async fn what_is_refused_because_of_a_limit_is_counted() {
    let bus = MemoryBus::new();
    notes(&bus);
    let mut config = GatewayConfig::default();
    config.limits.direct_resources = 1;
    let server = ServerConfig { connections_per_address: 2, ..ServerConfig::default() };
    let server = TestServer::with(bus, config, server).await;
    let mut client = server.connect().await;
    client.request("subscribe.notes.second", Value::Null).await;
    client.request("subscribe.notes.first", Value::Null).await;
    let _second = server.connect().await;
    assert_eq!(get(&server.address.to_string(), "/api/notes/first").await.0, 429);
    let now = read(&server.gateway).await;
    let refusals = ["connections", "connectionsPerAddress", "resources"]
        .map(|limit| now.get(&format!("resgate_refusals_total{{limit=\"{limit}\"}}")));
    assert_eq!(refusals, [0.0, 1.0, 1.0]);
}

#[tokio::test]
async fn a_lost_bus_shows_in_health_and_what_was_counted_goes_on() {
    let bus = SmallBus::up();
    let gateway = Gateway::start_over(bus.connect().expect("it is up"), bus.clone(), GatewayConfig::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(metrics::serve(listener, gateway.clone(), stopping));
    let mut session = gateway.connect(Default::default()).await;
    request(&mut session, 1, "get.notes.first", Value::Null).await;
    let health = async || {
        let (status, _, body) = get(&address, "/health").await;
        (status, body)
    };
    assert_eq!(health().await, (200, "ok\n".into()));
    assert_eq!(read(&gateway).await.get("resgate_bus_up"), 1.0);

    *bus.0.lock().unwrap() = None;
    becomes(&gateway, "resgate_bus_up", 0.0).await;
    assert_eq!(health().await, (503, "the bus is lost\n".into()));
    let counted = "resgate_ws_requests_total{method=\"get\"}";
    assert_eq!(read(&gateway).await.get(counted), 1.0);

    *bus.0.lock().unwrap() = Some(Vec::new());
    becomes(&gateway, "resgate_bus_up", 1.0).await;
    assert_eq!(health().await, (200, "ok\n".into()));
    let now = read(&gateway).await;
    assert_eq!((now.get("resgate_bus_reconnects_total"), now.get(counted)), (1.0, 1.0));

    // Who holds connections without a word does not keep others from it.
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    assert_eq!(get(&address, "/nosuch").await.0, 404);

    stop.send_replace(true);
    assert_eq!(health().await, (503, "the gateway is stopping\n".into()));
}

#[tokio::test]
async fn the_program_serves_metrics_on_a_port_of_their_own_if_told() {
    let port = free_port();
    let program = Program::start(&["--metricsport", &port.to_string()]);
    let mut client = program.connect().await;
    let secret = client.request("subscribe.library.book.1", Value::Null).await;
    assert_eq!(secret["error"], Value::Null);
    let address = format!("127.0.0.1:{port}");
    let (status, head, body) = get(&address, "/metrics").await;
    assert_eq!(status, 200);
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(head.to_ascii_lowercase().lines().any(|line| line == kind), "{head}");
    let now = Exposition::read(&body);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(now.get(&format!("resgate_info{{version=\"{version}\",protocol=\"1.2.3\"}}")), 1.0);
    if cfg!(target_os = "linux") {
        assert!(now.get("process_resident_memory_bytes") > 1e6);
    }
    // Nothing of a client is a name or a label.
    assert!(now.samples().all(|sample| !sample.contains("library") && !sample.contains("127.0.0.1")));
    assert_eq!(get(&address, "/health").await.0, 200);
    assert_eq!(get(&address, "/api/library/books").await.0, 404);

    // Neither is there for the clients, nor without the option, nor for others than this machine.
    assert_eq!(program.get("/metrics").await.0, 404);
    assert!(TcpStream::connect(("127.0.0.2", port)).await.is_err());
    drop(program);
    let _program = Program::start(&[]);
    assert!(TcpStream::connect(&address).await.is_err());
    let _program = Program::start(&["-m", &port.to_string(), "--metricsaddr", "127.0.0.2"]);
    assert_eq!(get(&format!("127.0.0.2:{port}"), "/health").await.0, 200);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, message) = failure(&["-p", "0", "-m", &taken.local_addr().unwrap().port().to_string()]);
    assert_eq!(code, Some(1));
    assert!(message.contains("choose another with --metricsport"), "{message}");
}

#[tokio::test]
async fn every_name_that_resgate_has_is_there_and_all_are_in_the_documentation() {
    let gateway = Gateway::start(MemoryBus::new().connect(), GatewayConfig::default());
    let names = read(&gateway).await.names;
    let documentation = include_str!("../../../docs/gateway.md");
    for name in &names {
        assert!(documentation.contains(&format!("`{name}")), "{name}");
    }
    for name in [
        "resgate",
        "resgate_ws_current_connections",
        "resgate_ws_connections",
        "resgate_ws_requests",
        "resgate_http_requests",
        "resgate_cache_resources",
        "resgate_cache_subscriptions",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} in {names:?}");
    }
}
