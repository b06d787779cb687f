//! Clients with real WebSockets.

mod support;

use futures_util::SinkExt;
use res_gateway::bus::MemoryBus;
use res_gateway::demo;
use res_gateway::server::ServerConfig;
use res_gateway::service::{Access, Reply, Service, ServiceHandle};
use res_gateway::{GatewayConfig, server};
use serde_json::{Value, json};
use support::client::TestServer;
use support::http::{Answer, ask, exchange};
use support::wire::{FIN, TEXT, Wire, frame};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

fn notes(bus: &MemoryBus) -> ServiceHandle {
    Service::new("notes")
        .model("notes.first", json!({ "text": "one" }))
        .collection("notes.all", json!([{ "rid": "notes.first" }]))
        .access("notes.secret", |request| Ok(if request.token()["user"] == "ada" { Access::ALL } else { Access::NONE }))
        .model("notes.secret", json!({ "text": "for ada" }))
        .access("notes.>", |_| Ok(Access::ALL))
        .call("notes.first", "set", |request| {
            request.service().change("notes.first", request.params()?)?;
            Ok(Reply::null())
        })
        .call("notes.first", "wait", |_| Ok(Reply::null()))
        .auth("notes.login", "as", |request| {
            let user: Value = request.params()?;
            request.service().token(request.cid(), &json!({ "user": user["name"] }), None);
            Ok(Reply::null())
        })
        .start(bus.connect())
}

#[tokio::test]
async fn a_change_by_one_client_reaches_the_others() {
    let bus = MemoryBus::new();
    notes(&bus);
    let server = TestServer::start(bus).await;
    let (mut a, mut b) = (server.connect().await, server.connect().await);
    let set = a.request("subscribe.notes.all", Value::Null).await;
    assert_eq!(
        set["result"],
        json!({ "collections": { "notes.all": [{ "rid": "notes.first" }] }, "models": { "notes.first": { "text": "one" } } })
    );
    b.request("subscribe.notes.first", Value::Null).await;
    let answer = a.request("call.notes.first.set", json!({ "text": "two" })).await;
    assert_eq!(answer["result"], json!({ "payload": null }));
    assert_eq!(a.event("notes.first.change").await, json!({ "values": { "text": "two" } }));
    assert_eq!(b.event("notes.first.change").await, json!({ "values": { "text": "two" } }));
}

#[tokio::test]
async fn a_resource_that_is_reached_over_an_event_comes_with_it_and_lives_as_long_as_the_reference() {
    let bus = MemoryBus::new();
    let service = notes(&bus);
    let server = TestServer::start(bus).await;
    let mut client = server.connect().await;
    client.request("subscribe.notes.all", Value::Null).await;
    service.create("notes.second", res_gateway::service::Resource::Model(json!({ "text": "new" }))).unwrap();
    service.add("notes.all", 1, json!({ "rid": "notes.second" })).unwrap();
    assert_eq!(client.event("notes.all.add").await["models"], json!({ "notes.second": { "text": "new" } }));
    service.change("notes.second", json!({ "text": "newer" })).unwrap();
    assert_eq!(client.event("notes.second.change").await["values"]["text"], "newer");
    service.remove("notes.all", 1).unwrap();
    service.change("notes.second", json!({ "text": "unseen" })).unwrap();
    service.change("notes.first", json!({ "text": "seen" })).unwrap();
    client.event("notes.all.remove").await;
    client.event("notes.first.change").await;
    assert_eq!(client.events, Vec::<Value>::new(), "nothing of a resource that nothing refers to");
}

#[tokio::test]
async fn a_token_opens_a_resource_and_its_loss_closes_it() {
    let bus = MemoryBus::new();
    let service = notes(&bus);
    let server = TestServer::start(bus).await;
    let mut client = server.connect().await;
    let refused = client.request("subscribe.notes.secret", Value::Null).await;
    assert_eq!(refused["error"]["code"], "system.accessDenied");
    assert_eq!(client.request("auth.notes.login.as", json!({ "name": "ada" })).await["result"]["payload"], Value::Null);
    let granted = client.request("subscribe.notes.secret", Value::Null).await;
    assert_eq!(granted["result"]["models"]["notes.secret"]["text"], "for ada");
    client.request("auth.notes.login.as", json!({ "name": "eve" })).await;
    let reason = client.event("notes.secret.unsubscribe").await;
    assert_eq!(reason["reason"]["code"], "system.accessDenied");
    service.change("notes.secret", json!({ "text": "not for eve" })).unwrap();
    let again = client.request("unsubscribe.notes.secret", Value::Null).await;
    assert_eq!(again["error"]["code"], "system.noSubscription");
    assert_eq!(client.events, Vec::<Value>::new());
}

#[tokio::test]
async fn a_service_that_was_away_is_caught_up_with() {
    let bus = MemoryBus::new();
    let service = notes(&bus);
    let server = TestServer::start(bus.clone()).await;
    let mut client = server.connect().await;
    client.request("subscribe.notes.all", Value::Null).await;
    let stopped = service.stop().await;
    let missing = client.request("call.notes.first.set", json!({ "text": "lost" })).await;
    assert_eq!(missing["error"]["code"], "system.notFound");
    stopped.put("notes.first", res_gateway::service::Resource::Model(json!({ "text": "changed unseen" }))).unwrap();
    stopped.start(bus.connect());
    assert_eq!(client.event("notes.first.change").await, json!({ "values": { "text": "changed unseen" } }));
}

#[tokio::test]
async fn frames_that_cannot_be_answered_close_their_connection_and_no_other() {
    let bus = MemoryBus::new();
    notes(&bus);
    let server = TestServer::start(bus).await;
    let mut bystander = server.connect().await;
    bystander.request("subscribe.notes.first", Value::Null).await;
    let cases = [
        ("{bad", 1007),
        ("", 1007),
        ("[]", 1007),
        ("[1,\"get.notes.first\"]", 1007),
        ("null", 1007),
        ("{}", 1002),
        ("{\"method\":\"get.notes.first\"}", 1002),
        ("{\"id\":null,\"method\":\"get.notes.first\"}", 1002),
        ("{\"id\":-1,\"method\":\"get.notes.first\"}", 1002),
        ("{\"id\":1.5,\"method\":\"get.notes.first\"}", 1002),
        ("{\"id\":\"7\",\"method\":\"get.notes.first\"}", 1002),
        ("{\"id\":18446744073709551616,\"method\":\"get.notes.first\"}", 1002),
    ];
    for (frame, code) in cases {
        let mut client = server.connect().await;
        client.raw(frame).await;
        assert_eq!(client.closed().await, code, "after {frame:?}");
    }
    let mut client = server.connect().await;
    client.socket.send(Message::binary(b"{\"id\":1,\"method\":\"get.notes.first\"}".to_vec())).await.unwrap();
    assert_eq!(client.closed().await, 1003);
    bystander.request("call.notes.first.set", json!({ "text": "still here" })).await;
    assert_eq!(bystander.event("notes.first.change").await["values"]["text"], "still here");
}

#[tokio::test]
async fn requests_that_make_no_sense_are_answered_with_an_error() {
    let bus = MemoryBus::new();
    notes(&bus);
    let server = TestServer::start(bus).await;
    let mut client = server.connect().await;
    let deep =
        format!("{{\"id\":1,\"method\":\"call.notes.first.set\",\"params\":{}1{}}}", "[".repeat(64), "]".repeat(64));
    let long = format!("{{\"id\":1,\"method\":\"get.notes.{}\"}}", "x".repeat(1100));
    let invalid = [
        "{\"id\":1}",
        "{\"id\":1,\"method\":7}",
        "{\"id\":1,\"method\":\"\"}",
        "{\"id\":1,\"method\":\"get.notes..first\"}",
        "{\"id\":1,\"method\":\"get.notes.*\"}",
        "{\"id\":1,\"method\":\"call.notes.first\\u0000.set\"}",
        "{\"id\":1,\"method\":\"Get.notes.first\"}",
        &deep,
        &long,
    ];
    for frame in invalid {
        client.raw(frame).await;
        assert_eq!(client.answer(1).await["error"]["code"], "system.invalidRequest", "after {frame:.80}");
    }
    let shallow =
        format!("{{\"id\":1,\"method\":\"call.notes.first.wait\",\"params\":{}1{}}}", "[".repeat(63), "]".repeat(63));
    client.raw(&shallow).await;
    assert_eq!(client.answer(1).await["result"], json!({ "payload": null }));
}

#[tokio::test]
async fn messages_that_are_too_big_close_the_connection_with_1009() {
    let bus = MemoryBus::new();
    notes(&bus);
    let server = TestServer::start(bus).await;
    let mut client = server.connect().await;
    let params = json!({ "text": "x".repeat(60 << 10) });
    assert_eq!(client.request("call.notes.first.wait", params).await["result"], json!({ "payload": null }));
    client.send("call.notes.first.wait", json!({ "text": "x".repeat(70 << 10) })).await;
    assert_eq!(client.closed().await, 1009);
}

#[tokio::test]
async fn whoever_sends_more_than_is_read_learns_why_it_is_closed() {
    let server = TestServer::start(MemoryBus::new()).await;
    let (_, mut wire) = Wire::connect(server.address, "").await;
    // More than the buffers between the two hold.
    wire.send(&frame(FIN | TEXT, &vec![b'x'; 16 << 20])).await;
    assert_eq!(wire.closed().await, (1009, "the message is too big".to_owned()));
    assert_eq!(wire.stream.read(&mut [0]).await.expect("an end, not a reset"), 0);
}

#[tokio::test]
async fn direct_subscriptions_are_limited_in_number() {
    let bus = MemoryBus::new();
    Service::new("many")
        .get("many.>", |_| Ok(res_gateway::service::Resource::Model(json!({ "a": 1 }))))
        .access("many.>", |_| Ok(Access::ALL))
        .start(bus.connect());
    let config = GatewayConfig { request_rate: 0, ..GatewayConfig::default() };
    let server = TestServer::with(bus, config, ServerConfig::default()).await;
    let mut client = server.connect().await;
    for i in 0..1_000 {
        client.send(&format!("subscribe.many.{i}"), Value::Null).await;
    }
    for _ in 0..1_000 {
        let answer = client.frame().await;
        assert!(answer.get("result").is_some(), "{answer}");
    }
    let over = client.request("subscribe.many.1000", Value::Null).await;
    assert_eq!(over["error"]["code"], "system.subscriptionLimitExceeded");
    client.request("unsubscribe.many.0", Value::Null).await;
    assert!(client.request("subscribe.many.1000", Value::Null).await.get("result").is_some());
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_the_others_get_everything() {
    let bus = MemoryBus::new();
    let service = notes(&bus);
    let server = TestServer::start(bus).await;
    let (mut slow, mut quick) = (server.connect().await, server.connect().await);
    slow.request("subscribe.notes.first", Value::Null).await;
    quick.request("subscribe.notes.first", Value::Null).await;
    let connected = server.bus.subscription_count();
    // Until what the operating system keeps for a connection is full, and then the gateway's own queue.
    let mut sent = 0;
    while server.bus.subscription_count() == connected {
        let last = format!("{sent} {}", "x".repeat(512 << 10));
        service.change("notes.first", json!({ "text": last })).unwrap();
        assert_eq!(quick.event("notes.first.change").await["values"]["text"], last.as_str());
        sent += 1;
        assert!(sent < 200, "100 MB wait for a client that does not read");
    }
    assert_eq!(slow.closed().await, 1013);
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_dropped() {
    let bus = MemoryBus::new();
    notes(&bus);
    let config = ServerConfig { ping_interval: std::time::Duration::from_millis(100), ..ServerConfig::default() };
    let server = TestServer::with(bus.clone(), GatewayConfig::default(), config).await;
    let mut client = server.connect().await;
    let before = bus.subscription_count();
    client.request("subscribe.notes.first", Value::Null).await;
    // The library answers pings only while it is read, and it is not read now.
    let gone = async {
        while bus.subscription_count() > before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone).await.expect("the connection is dropped");
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let bus = MemoryBus::new();
    let server = TestServer::start(bus.clone()).await;
    let own = format!("http://{}", server.address);
    assert!(server.connect_with(&[("origin", &own)]).await.is_ok());
    assert_eq!(server.connect_with(&[("origin", "https://evil.example")]).await.err(), Some(403));
    assert_eq!(server.connect_with(&[("origin", "null")]).await.err(), Some(403));
    let config = ServerConfig {
        allow_origin: server::AllowOrigin::parse("https://Good.example;http://two.example").unwrap(),
        ..ServerConfig::default()
    };
    let server = TestServer::with(bus, GatewayConfig::default(), config).await;
    assert!(server.connect_with(&[("origin", "https://good.example")]).await.is_ok());
    assert_eq!(server.connect_with(&[("origin", "null")]).await.err(), Some(403));
}

#[tokio::test]
async fn connections_are_limited_in_all_and_per_address() {
    let bus = MemoryBus::new();
    let config = ServerConfig { connections: 1, ..ServerConfig::default() };
    let full = TestServer::with(bus.clone(), GatewayConfig::default(), config).await;
    let only = full.connect_with(&[]).await.expect("there is one place");
    assert_eq!(full.connect_with(&[]).await.err(), Some(503));
    let told = async |server: &TestServer| {
        let answer = ask(server.address, "GET", "/api/notes/first", "", None).await;
        (answer.status, answer.code(), answer.header("retry-after"))
    };
    assert_eq!(told(&full).await, (503, "system.serviceUnavailable".into(), Some("2".into())));
    drop(only);
    let freed = async { while full.connect_with(&[]).await.is_err() {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), freed).await.expect("the place is free again");
    let config = ServerConfig { connections_per_address: 2, ..ServerConfig::default() };
    let server = TestServer::with(bus, GatewayConfig::default(), config).await;
    // One that has asked for nothing yet is a connection, too.
    let _both = (server.connect().await, TcpStream::connect(server.address).await.expect("the server listens"));
    let refused = async { while server.connect_with(&[]).await.err() != Some(429) {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), refused).await.expect("there is no place for a third");
    assert_eq!(told(&server).await, (429, "system.tooManyRequests".into(), Some("2".into())));
}

#[tokio::test]
async fn a_version_of_the_protocol_that_is_not_spoken_is_answered_with_the_one_that_is() {
    let server = TestServer::start(MemoryBus::new()).await;
    for version in ["Sec-WebSocket-Version: 8\r\n", ""] {
        let headers = format!("Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{version}");
        let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\n{headers}\r\n");
        let answer = Answer::parse(&exchange(server.address, &head).await);
        assert_eq!((answer.status, answer.header("sec-websocket-version")), (426, Some("13".into())), "{version}");
    }
}

#[tokio::test]
async fn stopping_closes_clients_with_1001() {
    let bus = MemoryBus::new();
    notes(&bus);
    let server = TestServer::start(bus).await;
    let mut client = server.connect().await;
    client.request("subscribe.notes.first", Value::Null).await;
    let stopped = server.stop();
    assert_eq!(client.closed().await, 1001);
    // Reading on lets the library answer the close.
    while futures_util::StreamExt::next(&mut client.socket).await.is_some() {}
    stopped.await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn the_demo_library_heals_after_its_restart() {
    let bus = MemoryBus::new();
    demo::start(&bus);
    let server = TestServer::start(bus).await;
    let mut client = server.connect().await;
    client.request("subscribe.library.books", Value::Null).await;
    let new =
        client.request("call.library.books.new", json!({ "title": "Foundation", "author": "Isaac Asimov" })).await;
    assert_eq!(new["result"]["rid"], "library.book.6");
    let bad = client.request("call.library.books.new", json!({ "title": " ", "author": "Nobody" })).await;
    assert_eq!(bad["error"], json!({ "code": "system.invalidParams", "message": "The title must not be empty." }));
    client.request("call.library.books.delete", json!({ "id": 6 })).await;
    assert_eq!(client.event("library.books.remove").await, json!({ "idx": 5 }));
    client.request("subscribe.demo.control", Value::Null).await;
    client.request("call.demo.control.restart", Value::Null).await;
    assert_eq!(
        client.event("library.book.1.change").await,
        json!({ "values": { "title": "Animal Farm (edition 2)" } })
    );
    let ticks = client.request("subscribe.ticker.history", Value::Null).await;
    assert_eq!(ticks["result"]["collections"]["ticker.history"].as_array().map(Vec::len), Some(120));
    client.event("ticker.history.add").await;
}
