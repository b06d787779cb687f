//! What is logged, and what never is.

mod support;

use std::sync::{Arc, Mutex};

use res_gateway::bus::MemoryBus;
use res_gateway::core::conn::ClientInfo;
use res_gateway::service::{Access, Reply, Service};
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use serde_json::{Value, json};
use support::program::{File, Program, ask, command, failure};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// What a program logs for a client that subscribes and asks for something.
async fn log_of(flags: &[&str]) -> String {
    let program = Program::start(flags);
    let mut client = program.connect().await;
    client.request("subscribe.library.books", Value::Null).await;
    // The program would wait for it to say goodbye.
    drop(client);
    program.into_log()
}

#[tokio::test]
async fn the_flags_say_how_much_is_logged() {
    let has = |log: &str| ["INFO", "DEBUG", "TRACE"].map(|level| log.contains(level));
    assert_eq!(has(&log_of(&[]).await), [true, false, false]);
    for debug in ["-D", "--debug"] {
        assert_eq!(has(&log_of(&[debug]).await), [true, true, false], "{debug}");
    }
    for trace in ["-DV", "-V", "--trace"] {
        assert_eq!(has(&log_of(&[trace]).await), [true, true, true], "{trace}");
    }
    let config = File::new("log.json", r#"{"debug":true}"#);
    assert_eq!(has(&log_of(&["-c", config.path()]).await), [true, true, false]);
    assert_eq!(has(&log_of(&["-c", config.path(), "--debug=false"]).await), [true, false, false]);
}

#[tokio::test]
async fn the_environment_says_how_much_where_the_flags_do_not() {
    let run = async |flags: &[&str], filter: &str| {
        let mut command = command(&[&["--port", "0"], flags].concat());
        let program = Program::run({
            command.env("RUST_LOG", filter);
            command
        });
        program.connect().await.request("subscribe.library.books", Value::Null).await;
        program.into_log()
    };
    assert_eq!(run(&[], "off").await, "");
    assert!(run(&[], "trace").await.contains("TRACE"));
    assert!(run(&["-D"], "off").await.contains("DEBUG"));
    let mut wrong = command(&["--port", "0"]);
    let wrong = wrong.env("RUST_LOG", "res_gateway=loud").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("RUST_LOG"));
}

#[tokio::test]
async fn a_log_in_json_has_an_object_in_every_line() {
    let log = log_of(&["-DV", "--logformat", "json"]).await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.len() > 5, "{log}");
    for line in &lines {
        assert!(["INFO", "DEBUG", "TRACE"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert!(line["timestamp"].is_string() && line["message"].is_string() && line["target"].is_string(), "{line}");
    }
    assert!(lines.iter().any(|line| line["message"] == "from a client" && line["conn"].is_u64()), "{log}");
}

#[tokio::test]
async fn a_trace_shows_what_is_asked_and_nothing_of_what_is_secret() {
    let program = Program::start(&["-DV"]);
    let mut request = format!("ws://{}/?key=swordfish", program.address).into_client_request().unwrap();
    for header in ["Authorization", "Cookie", "X-Secret"] {
        request.headers_mut().insert(header, "swordfish".parse().unwrap());
    }
    let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let mut client = support::client::Client::new(socket);
    let login = json!({ "name": "ada", "password": "swordfish" });
    client.request("auth.library.login", login.clone()).await;
    client.request("call.library.book.1.set", json!({ "title": "swordfish" })).await;
    client.request("subscribe.library.book.1", Value::Null).await;
    client.request("get.library.book.1?key=swordfish", Value::Null).await;
    client.request("call.library.book.1?key=swordfish.set", Value::Null).await;
    assert_ne!(program.get("/api/library/book/1?key=swordfish").await.0, 500);
    client.raw(r#"{"id":"swordfish","method":"swordfish"}"#).await;
    client.closed().await;
    let log = program.into_log();
    for shown in ["auth.library.login", "call.library.book.1.set", "subscribe.library.book.1", "params of"] {
        assert!(log.contains(shown), "{shown} in {log}");
    }
    assert!(!log.contains("swordfish"), "{log}");
}

#[tokio::test]
async fn what_an_operator_can_put_right_is_said_with_its_option_and_not_for_every_client() {
    let limits = json!({ "connectionsPerAddress": 1, "requestRate": 1, "requestBurst": 1, "requestPatience": 1 });
    let config = File::new("refusals.json", &json!({ "limits": limits }).to_string());
    let program = Program::start(&["-c", config.path()]);
    let from = async |origin: &str| ask(&program.address, "GET", "/api/library/books", origin, "").await.0;
    // Each on a connection of its own, whose place may take a moment to be free again.
    let until = async |origin: &str, status: u16| while from(origin).await != status {};
    for _ in 0..3 {
        until("Origin: http://evil.example\r\n", 403).await;
    }
    let mut client = loop {
        if let Ok((socket, _)) = tokio_tungstenite::connect_async(format!("ws://{}", program.address)).await {
            break support::client::Client::new(socket);
        }
    };
    for _ in 0..3 {
        until("", 429).await;
    }
    for _ in 0..20 {
        client.raw(r#"{"id":1,"method":"version"}"#).await;
    }
    assert_eq!(client.closed().await, 1008);
    let log = program.into_log();
    let lines =
        |level: &str, text: &str| log.lines().filter(|line| line.contains(level) && line.contains(text)).count();
    assert_eq!(lines("WARN", "allowOrigin (--alloworigin)"), 1, "{log}");
    assert_eq!(lines("WARN", "evil.example"), 1, "{log}");
    assert_eq!(lines("WARN", "limits.connectionsPerAddress"), 1, "{log}");
    assert_eq!(lines("INFO", "limits.requestRate"), 1, "{log}");
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_said_once() {
    let limits = json!({ "limits": { "httpRequestRate": 1, "httpRequestBurst": 1 } });
    let config = File::new("rate.json", &limits.to_string());
    let program = Program::start(&["-c", config.path()]);
    for _ in 0..3 {
        while program.get("/api/library/books").await.0 != 429 {}
    }
    let log = program.into_log();
    let warnings = log.lines().filter(|line| line.contains("WARN") && line.contains("limits.httpRequestRate"));
    assert_eq!(warnings.count(), 1, "{log}");
}

#[tokio::test]
async fn neither_a_token_nor_the_id_of_a_client_is_in_a_trace() {
    let (log, _guard) = support::log::capture();
    let bus = MemoryBus::new();
    let cid = Arc::new(Mutex::new(String::new()));
    let seen = cid.clone();
    Service::new("auth")
        .model("auth.user", json!({ "name": "ada" }))
        .access("auth.>", |request| Ok(if request.token().is_null() { Access::NONE } else { Access::READ }))
        .auth("auth.user", "login", move |request| {
            *seen.lock().unwrap() = request.cid().to_owned();
            request.service().token(request.cid(), &json!({ "key": "swordfish" }), Some("sturgeon"));
            Ok(Reply::value(json!({ "session": "swordfish" })))
        })
        .start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = ClientInfo { remote_addr: "192.0.2.1:1234".into(), ..ClientInfo::default() };
    client.header.insert("Cookie".into(), vec!["swordfish".into()]);
    let mut session = gateway.connect(client).await;
    for frame in [
        json!({ "id": 1, "method": "auth.auth.user.login", "params": { "password": "swordfish" } }),
        json!({ "id": 2, "method": "subscribe.auth.user" }),
    ] {
        session.send(&frame.to_string()).await;
        let Outgoing::Frame(answer) = session.recv().await else { panic!("it is open") };
        assert!(answer.contains("result"), "{answer}");
    }
    let log = log.text();
    let cid = cid.lock().unwrap().clone();
    assert!(log.contains("auth.auth.user.login") && log.contains("conn.….token"), "{log}");
    // A request and its answer have the same number.
    let line = |text: &str, subject: &str| log.lines().find(|line| line.contains(text) && line.contains(subject));
    let request = line("to the bus", "get.auth.user").unwrap_or_else(|| panic!("{log}"));
    let (_, reply) = request.split_once("reply=").unwrap_or_else(|| panic!("{request}"));
    let reply = reply.split(' ').next().expect("a word");
    assert!(line("from the bus", &format!("subject={reply}")).is_some(), "{reply} in {log}");
    for secret in ["swordfish", "sturgeon", &cid] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn what_a_client_sends_cannot_forge_a_line_or_move_the_cursor() {
    let program = Program::start(&["-DV"]);
    let mut client = program.connect().await;
    let evil = "x\u{1b}[2J\u{9b}31m\r\n2026-01-01T00:00:00Z ERROR forged";
    client.request(&format!("call.{evil}.x"), Value::Null).await;
    client.request(&format!("subscribe.library.books?{evil}"), Value::Null).await;
    let (status, ..) = program.get("/api/library/books?%1b%0aforged").await;
    assert!([200, 400, 404].contains(&status));
    drop(client);
    let log = program.into_log();
    assert!(log.contains("forged"), "{log}");
    let clean = |line: &str| line.chars().all(|c| !c.is_control());
    assert!(log.lines().all(clean), "{log:?}");
    assert!(log.lines().all(|line| !line.starts_with("2026-01-01")), "{log:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_log_that_cannot_be_written_ends_nothing() {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec \"$0\" --port 0 -DV 2>/dev/full", env!("CARGO_BIN_EXE_res-gateway")]);
    let program = Program::run(shell);
    let mut client = program.connect().await;
    assert_eq!(client.request("subscribe.library.books", Value::Null).await["error"], Value::Null);
}

#[test]
fn the_password_of_the_bus_is_not_shown() {
    for servers in
        ["nats://ada:swordfish@127.0.0.1:1", "ada:swordfish@127.0.0.1:1,swordfish@127.0.0.1:1", "x://swordfish"]
    {
        let (code, message) = failure(&["--port", "0", "-DV", "--nats", servers]);
        assert!([Some(1), Some(2)].contains(&code), "{message}");
        assert!(!message.contains("swordfish") && message.contains("natsUrl (--nats)"), "{message}");
    }
}
