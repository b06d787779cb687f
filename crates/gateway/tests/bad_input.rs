//! Whatever a client sends over its WebSocket: it is answered or that connection is closed, and no other notices.

mod support;

use futures_util::SinkExt;
use res_gateway::GatewayConfig;
use res_gateway::server::ServerConfig;
use res_gateway::service::{Access, Reply, Service, ServiceHandle};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::client::{Client, TestServer};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

fn notes(bus: &TestBus) -> ServiceHandle {
    Service::new("notes")
        .model("notes.first", json!({ "n": 0 }))
        .access("notes.>", |_| Ok(Access::ALL))
        .call("notes.first", "do", |_| Ok(Reply::null()))
        .start(bus.connect())
}

/// One who must not notice: its requests are answered and it gets every event.
struct Neighbour {
    client: Client,
    service: ServiceHandle,
    n: u64,
}

impl Neighbour {
    async fn new(server: &TestServer, service: ServiceHandle) -> Neighbour {
        let mut client = server.connect().await;
        client.request("subscribe.notes.first", Value::Null).await;
        Neighbour { client, service, n: 0 }
    }

    async fn is_well(&mut self) {
        self.n += 1;
        self.service.change("notes.first", json!({ "n": self.n })).expect("a model");
        assert_eq!(self.client.event("notes.first.change").await, json!({ "values": { "n": self.n } }));
        let answer = self.client.request("call.notes.first.do", Value::Null).await;
        assert_eq!(answer["result"], json!({ "payload": null }));
    }
}

/// What becomes of a frame.
enum Fate {
    Error(&'static str),
    Result,
    Closed(u16),
}

#[tokio::test]
async fn every_frame_has_its_fate_and_the_neighbour_notices_none() {
    use Fate::{Closed, Error, Result};
    let text = |text: &str| Message::text(text);
    let method = |method: &str| Message::text(json!({ "id": 1, "method": method }).to_string());
    let with =
        |method: &str, params: Value| Message::text(json!({ "id": 1, "method": method, "params": params }).to_string());
    let invalid = || Error("system.invalidRequest");
    let raw = |payload: &[u8], opcode: OpCode, is_final: bool| {
        let header = FrameHeader { opcode, is_final, ..FrameHeader::default() };
        Message::Frame(Frame::from_payload(header, payload.to_vec().into()))
    };
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let cases: Vec<(Message, Fate)> = vec![
        // No request.
        (text(""), Closed(1007)),
        (text(" "), Closed(1007)),
        (text("{bad"), Closed(1007)),
        (text("null"), Closed(1007)),
        (text("5"), Closed(1007)),
        (text("\"x\""), Closed(1007)),
        (text("[]"), Closed(1007)),
        (text("[1,\"get.notes.first\",null]"), Closed(1007)),
        (text("{}{}"), Closed(1007)),
        (text("{\"id\":1,\"id\":2,\"method\":\"version\"}"), Closed(1007)),
        (text(&deep(100_000)), Closed(1009)),
        (text(&deep(20_000)), Closed(1007)),
        (text(&"[".repeat(60_000)), Closed(1007)),
        // No id.
        (text("{}"), Closed(1002)),
        (text("{\"method\":\"version\"}"), Closed(1002)),
        (text("{\"id\":null,\"method\":\"version\"}"), Closed(1002)),
        (text("{\"id\":\"1\",\"method\":\"version\"}"), Closed(1002)),
        (text("{\"id\":1.5,\"method\":\"version\"}"), Closed(1002)),
        (text("{\"id\":-1,\"method\":\"version\"}"), Closed(1002)),
        (text("{\"id\":1e3,\"method\":\"version\"}"), Closed(1002)),
        (text("{\"id\":18446744073709551616,\"method\":\"version\"}"), Closed(1002)),
        (text("{\"ID\":1,\"METHOD\":\"version\"}"), Closed(1002)),
        // No text.
        (Message::binary(&b"{\"id\":1,\"method\":\"version\"}"[..]), Closed(1003)),
        (raw(&[0xff, 0xfe], OpCode::Data(Data::Text), true), Closed(1007)),
        (raw(b"x", OpCode::Data(Data::Continue), true), Closed(1002)),
        (raw(b"x", OpCode::Data(Data::Reserved(3)), true), Closed(1002)),
        (raw(b"x", OpCode::Control(Control::Reserved(11)), true), Closed(1002)),
        (raw(b"x", OpCode::Control(Control::Ping), false), Closed(1002)),
        (raw(&[b'x'; 126], OpCode::Control(Control::Ping), true), Closed(1002)),
        (text(&"x".repeat((64 << 10) + 1)), Closed(1009)),
        // No method.
        (text("{\"id\":1}"), invalid()),
        (text("{\"id\":1,\"method\":7}"), invalid()),
        (text("{\"id\":1,\"method\":null}"), invalid()),
        (text("{\"id\":1,\"method\":\"\\ud800\"}"), invalid()),
        (method(""), invalid()),
        (method("."), invalid()),
        (method("get"), invalid()),
        (method("foo"), invalid()),
        (method("foo.notes.first"), invalid()),
        (method("Get.notes.first"), invalid()),
        (method("version.x"), invalid()),
        (method("new"), invalid()),
        (method("call.notes"), invalid()),
        (method("call.notes.first."), invalid()),
        (method("call.notes.first.*"), invalid()),
        (method("call.notes.first.a?b"), invalid()),
        (method("call.notes.first.do it"), invalid()),
        (method("auth.notes"), invalid()),
        // A number of levels that no client could pass on.
        (text(&format!("{{\"id\":1,\"method\":\"call.notes.first.do\",\"params\":{}}}", deep(64))), invalid()),
        // Bad parameters.
        (with("version", json!({ "protocol": "1.2" })), Error("system.invalidParams")),
        (with("version", json!({ "protocol": "v1.2.3" })), Error("system.invalidParams")),
        (with("version", json!({ "protocol": "1.0.1000" })), Error("system.invalidParams")),
        (with("version", json!({ "protocol": 1.2 })), Error("system.invalidParams")),
        (with("version", json!([])), Error("system.invalidParams")),
        (with("version", json!({ "protocol": "2.0.0" })), Error("system.unsupportedProtocol")),
        (with("unsubscribe.notes.first", json!({ "count": 0 })), Error("system.invalidParams")),
        (with("unsubscribe.notes.first", json!({ "count": -1 })), Error("system.invalidParams")),
        (with("unsubscribe.notes.first", json!({ "count": 1.5 })), Error("system.invalidParams")),
        (with("unsubscribe.notes.first", json!({ "count": "1" })), Error("system.invalidParams")),
        (with("unsubscribe.notes.first", json!({ "count": 4_294_967_296u64 })), Error("system.invalidParams")),
        (with("unsubscribe.notes.first", json!([1])), Error("system.invalidParams")),
        (method("unsubscribe.notes.first"), Error("system.noSubscription")),
        // What is not there.
        (method("get.notes.other"), Error("system.notFound")),
        (method("call.notes.first.other"), Error("system.methodNotFound")),
        (method("subscribe.nobody.serves.this"), Error("system.notFound")),
        // A request with more to it is one.
        (text("{\"id\":1,\"method\":\"get.notes.first\",\"jsonrpc\":\"2.0\"}"), Result),
        (text(" {\"id\" : 1 , \"method\":\"version\"} "), Result),
        (text("{\"id\":18446744073709551615,\"method\":\"version\"}"), Result),
        (method("get.notes.first?"), Result),
        (with("call.notes.first.do", json!("\u{0}\r\n")), Result),
    ];
    let bus = TestBus::new();
    let service = notes(&bus);
    let server = TestServer::with(bus, GatewayConfig::default(), ServerConfig::default()).await;
    let mut neighbour = Neighbour::new(&server, service).await;
    for (message, fate) in cases {
        let shown = format!("{message:?}").chars().take(120).collect::<String>();
        let mut client = server.connect_with(&[]).await.expect("the gateway accepts clients");
        client.socket.send(message).await.expect("the connection is open");
        match fate {
            Closed(code) => assert_eq!(client.closed().await, code, "{shown}"),
            Error(code) => {
                assert_eq!(client.frame().await["error"]["code"], code, "{shown}");
                // The connection goes on.
                client.raw("{\"id\":2,\"method\":\"version\"}").await;
                assert_eq!(client.frame().await["id"], 2, "{shown}");
            }
            Result => assert!(client.frame().await.get("result").is_some(), "{shown}"),
        }
        neighbour.is_well().await;
    }
}

#[tokio::test]
async fn resource_ids_that_would_be_more_than_one_subject_never_reach_the_bus() {
    let bus = TestBus::new();
    let service = notes(&bus);
    let mut listener = bus.connect();
    for kind in ["get", "access", "call", "auth"] {
        listener.bus.subscribe(&format!("{kind}.>"));
    }
    let server = TestServer::start(bus).await;
    let mut neighbour = Neighbour::new(&server, service).await;
    let mut client = server.connect().await;
    let parts = ["*", ">", " ", "\r\n", "\n", "\0", "\t", "\u{7f}", "\u{e9}", "\u{1d11e}", "", "a.", ".a", "a..b", "?"];
    for part in parts {
        for rid in [format!("notes.{part}"), format!("{part}.first"), format!("notes.{part}x.first")] {
            // A query may hold anything; it is no part of the subject.
            if rid.starts_with("notes.?")
                || rid == "notes.a.x.first"
                || rid == "notes.x.first"
                || rid == "notes.a..bx.first"
            {
                continue;
            }
            for method in ["get", "subscribe", "unsubscribe", "new"] {
                let answer = client.request(&format!("{method}.{rid}"), Value::Null).await;
                assert_eq!(answer["error"]["code"], "system.invalidRequest", "{method}.{rid:?}");
            }
            for method in ["call", "auth"] {
                let answer = client.request(&format!("{method}.{rid}.do"), Value::Null).await;
                assert_eq!(answer["error"]["code"], "system.invalidRequest", "{method}.{rid:?}.do");
            }
        }
        neighbour.is_well().await;
    }
    while let Some(delivery) = listener.deliveries.try_recv() {
        assert!(delivery.subject.contains(".notes.first"), "{}", delivery.subject);
    }
    let query = client.request("get.notes.first?\r\n * > \0", Value::Null).await;
    assert!(query.get("result").is_some(), "{query}");
    assert_eq!(&*listener.deliveries.try_recv().expect("it was asked for").subject, "access.notes.first");
}
