//! The program `res-gateway` on a real NATS server: how it gets there, as whom, and what happens when it is lost.

mod support;

use std::time::Duration;

use futures_util::FutureExt;
use res_gateway::bus::nats::{Auth, NatsOptions, TlsOptions};
use res_gateway::service::{Access, Service, ServiceHandle};
use serde_json::{Value, json};
use support::nats::{NatsServer, PATIENCE, Raw, connect};
use support::nats_keys::{Authority, Operator};
use support::program::{File, Program, ask, failure, free_port, get};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// Answers requests to `shop.cart` over NATS, but for those of `kind` other than `get` and `access`.
async fn answer(mut nats: Raw) {
    loop {
        let (subject, reply, _) = nats.message().await;
        let answer = match subject.split('.').next() {
            Some("get") => json!({ "result": { "model": { "owner": "Ada" } } }),
            Some("access") => json!({ "result": { "get": true, "call": "*" } }),
            _ => continue,
        }
        .to_string();
        let reply = reply.expect("a request");
        nats.send(format!("PUB {reply} {}\r\n{answer}\r\n", answer.len())).await;
    }
}

/// A service on a server, which answers as long as the test lasts.
async fn serve(server: &NatsServer) {
    let mut nats = server.raw().await;
    nats.send("SUB *.shop.> 1\r\n").await;
    nats.settle().await;
    tokio::spawn(answer(nats));
}

async fn owner(program: &Program) -> Value {
    program.connect().await.request("subscribe.shop.cart", Value::Null).await["result"]["models"]["shop.cart"].take()
}

#[tokio::test]
async fn services_on_nats_are_served() {
    let server = NatsServer::start("").await;
    serve(&server).await;
    for flags in [["-n", &server.url()], ["--nats", &format!("127.0.0.1:{}", server.port)]] {
        let program = Program::start(&flags);
        assert_eq!(owner(&program).await, json!({ "owner": "Ada" }));
        // And nothing else: not the demo.
        assert_eq!(program.get("/api/library/books").await.0, 404);
    }
    // With a small buffer nothing is lost either.
    let config = File::new("nats.json", &json!({ "natsUrl": server.url(), "bufferSize": 1 }).to_string());
    let program = Program::start(&["-c", config.path()]);
    assert_eq!(owner(&program).await, json!({ "owner": "Ada" }));
    // An empty address in the flags is none.
    let program = Program::start(&["-c", config.path(), "--nats", ""]);
    assert_eq!(program.get("/api/library/books").await.0, 200);
}

#[tokio::test]
async fn a_service_that_takes_too_long_is_waited_for_as_long_as_told() {
    let server = NatsServer::start("").await;
    serve(&server).await;
    let mut calls = server.raw().await;
    calls.send("SUB call.shop.> 1\r\n").await;
    calls.settle().await;
    let url = server.url();
    // 1 can only be meant as seconds.
    let programs = ["60000", "1", "50"].map(|time| Program::start(&["-n", &url, "--reqtimeout", time]));
    let (mut clients, mut ids) = (Vec::new(), Vec::new());
    for program in &programs {
        clients.push(program.connect().await);
    }
    for client in &mut clients {
        ids.push(client.send("call.shop.cart.buy", Value::Null).await);
    }
    let [long, second, short] = &mut clients[..] else { panic!("there are three") };
    assert_eq!(short.answer(ids[2]).await["error"]["code"], "system.timeout");
    assert!(second.answer(ids[1]).now_or_never().is_none(), "a second is longer than 50 ms");
    assert_eq!(second.answer(ids[1]).await["error"]["code"], "system.timeout");
    for _ in &programs {
        let (_, reply, _) = calls.message().await;
        calls.send(format!("PUB {} 12\r\n{{\"result\":7}}\r\n", reply.expect("a request"))).await;
    }
    assert_eq!(long.answer(ids[0]).await["result"], json!({ "payload": 7 }));
}

/// Hands on what auth requests say, and answers them.
async fn watch_auth(server: &NatsServer) -> tokio::sync::mpsc::UnboundedReceiver<(String, Value)> {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let mut nats = server.raw().await;
    nats.send("SUB auth.> 1\r\n").await;
    nats.settle().await;
    tokio::spawn(async move {
        loop {
            let (subject, reply, payload) = nats.message().await;
            nats.send(format!("PUB {} 15\r\n{{\"result\":null}}\r\n", reply.expect("a request"))).await;
            let _ = sender.send((subject, serde_json::from_slice(&payload).expect("requests are JSON")));
        }
    });
    receiver
}

#[tokio::test]
async fn the_methods_named_are_called_with_the_headers_of_requests() {
    let server = NatsServer::start("").await;
    serve(&server).await;
    let mut auth = watch_auth(&server).await;
    let headers = "Cookie: a=b\r\nX-Other: c\r\n";
    let websocket = async |program: &Program| {
        let mut request = format!("ws://{}/", program.address).into_client_request().unwrap();
        request.headers_mut().insert("Cookie", "a=b".parse().unwrap());
        request.headers_mut().insert("Origin", format!("http://{}", program.address).parse().unwrap());
        drop(tokio_tungstenite::connect_async(request).await.expect("it is let in"));
    };

    let program = Program::start(&["-n", &server.url(), "--headauth", "session.http"]);
    assert_eq!(ask(&program.address, "GET", "/api/shop/cart", headers, "").await.0, 200);
    let (subject, request) = auth.recv().await.unwrap();
    assert_eq!((&*subject, &request["isHttp"]), ("auth.session.http", &json!(true)));
    assert_eq!((&request["header"]["Cookie"], &request["header"]["X-Other"]), (&json!(["a=b"]), &json!(["c"])));
    websocket(&program).await;
    assert!(auth.try_recv().is_err(), "nobody asked to look at WebSockets");

    let program = Program::start(&["-n", &server.url(), "-t", "session.socket", "--authheaders", "cookie"]);
    websocket(&program).await;
    let (subject, request) = auth.recv().await.unwrap();
    assert_eq!(&*subject, "auth.session.socket");
    assert_eq!(request["header"], json!({ "Cookie": ["a=b"] }));
    assert_eq!(ask(&program.address, "GET", "/api/shop/cart", headers, "").await.0, 200);
    assert!(auth.try_recv().is_err(), "nobody asked to look at HTTP");
}

/// Answers the next request but for a call, and says which it was.
async fn answer_one(nats: &mut Raw) -> String {
    let (subject, reply, _) = nats.message().await;
    let answer = match &*subject {
        "get.shop.all" => {
            let all: Value = (1..=4).map(|n| (n.to_string(), json!({ "rid": format!("shop.{n}") }))).collect();
            json!({ "result": { "model": all } })
        }
        other if other.starts_with("get.") => json!({ "result": { "model": { "n": 1 } } }),
        other if other.starts_with("access.") => json!({ "result": { "get": true, "call": "*" } }),
        _ => return subject,
    }
    .to_string();
    nats.send(format!("PUB {} {}\r\n{answer}\r\n", reply.expect("a request"), answer.len())).await;
    subject
}

#[tokio::test]
async fn what_a_service_says_does_nothing_to_the_terminal_the_log_is_read_on() {
    let server = NatsServer::start("").await;
    let mut nats = server.raw().await;
    nats.send("SUB *.shop.> 1\r\n").await;
    nats.settle().await;
    let program = Program::start(&["-n", &server.url()]);
    let mut client = program.connect().await;
    let one = client.send("subscribe.shop.one", Value::Null).await;
    for _ in 0..2 {
        answer_one(&mut nats).await;
    }
    client.answer(one).await;
    let reset = r#"{"resources":["shop.one"]}"#;
    nats.send(format!("PUB system.reset {}\r\n{reset}\r\n", reset.len())).await;
    let (_, reply, _) = nats.message().await;
    let evil = json!({ "error": { "code": "x.\u{1b}[2J", "message": "\u{9b}31m\u{202e}\r\nforged" } }).to_string();
    nats.send(format!("PUB {} {}\r\n{evil}\r\n", reply.expect("a request"), evil.len())).await;
    // It is tried again, so that it was logged.
    assert_eq!(nats.message().await.0, "get.shop.one");
    let log = program.into_log();
    assert!(log.contains("forged"), "{log}");
    assert!(log.lines().all(|line| line.chars().all(|c| !c.is_control() && c != '\u{202e}')), "{log:?}");
}

#[tokio::test]
async fn no_more_is_asked_for_at_a_time_than_the_throttles_say() {
    let server = NatsServer::start("").await;
    let url = server.url();
    let limits = json!({ "limits": { "referencesInFlight": 2 } });
    let file = File::new("in-flight.json", &limits.to_string());
    for (throttle, config, expected, reset) in [("0", None, 4, 5), ("2", None, 2, 2), ("0", Some(file.path()), 2, 5)] {
        let mut nats = server.raw().await;
        nats.send("SUB *.shop.> 1\r\n").await;
        nats.settle().await;
        let mut flags = vec!["-n", &url, "--resetthrottle", throttle, "--referencethrottle", throttle];
        flags.extend(config.into_iter().flat_map(|config| ["-c", config]));
        let program = Program::start(&flags);
        let mut client = program.connect().await;
        let all = client.send("subscribe.shop.all", Value::Null).await;
        for _ in 0..2 {
            answer_one(&mut nats).await;
        }
        // What comes before the call was asked for at once; nothing of it is answered yet.
        let asked_before_a_call = async |client: &mut support::client::Client, nats: &mut Raw| {
            let mut waiting = vec![nats.message().await];
            client.send("call.shop.all.ping", Value::Null).await;
            loop {
                match nats.message().await {
                    (subject, ..) if subject.starts_with("call.") => return waiting,
                    get => waiting.push(get),
                }
            }
        };
        let asked = asked_before_a_call(&mut client, &mut nats).await;
        assert_eq!(asked.len(), expected, "references: {asked:?}");
        let answer = r#"{"result":{"model":{"n":1}}}"#;
        for (_, reply, _) in asked {
            nats.send(format!("PUB {} {}\r\n{answer}\r\n", reply.unwrap(), answer.len())).await;
        }
        for _ in expected..4 {
            assert!(answer_one(&mut nats).await.starts_with("get.shop."));
        }
        assert_eq!(client.answer(all).await["result"]["models"].as_object().unwrap().len(), 5);

        let all = r#"{"resources":["shop.*"]}"#;
        nats.send(format!("PUB system.reset {}\r\n{all}\r\n", all.len())).await;
        let asked = asked_before_a_call(&mut client, &mut nats).await;
        assert_eq!(asked.len(), reset, "reset: {asked:?}");
    }
}

#[test]
fn without_its_server_it_does_not_start_and_says_why() {
    let port = free_port();
    let (code, message) = failure(&["--port", "0", "--nats", &format!("nats://gateway:hidden@127.0.0.1:{port}")]);
    assert_eq!((code, message.lines().count()), (Some(1), 1), "{message}");
    assert!(message.contains("natsUrl (--nats): cannot connect to") && message.contains("refused"), "{message}");
    assert!(!message.contains("hidden"), "{message}");
    for flags in [&["--nats", "x", "--demo"][..], &["--nats", "x", "--resources", "y.json"]] {
        let (code, message) = failure(flags);
        assert_eq!((code, message.lines().count()), (Some(2), 1), "{message}");
        assert!(message.contains("resources (--resources) and demo (--demo) are served without NATS"), "{message}");
    }
}

#[tokio::test]
async fn while_its_server_is_away_clients_are_refused_and_health_says_so() {
    let mut server = NatsServer::start("").await;
    serve(&server).await;
    let metrics = free_port().to_string();
    let program = Program::start(&["--nats", &server.url(), "-m", &metrics]);
    let address = format!("127.0.0.1:{metrics}");
    let mut client = program.connect().await;
    client.request("subscribe.shop.cart", Value::Null).await;
    assert_eq!(get(&address, "/health").await.0, 200);
    server.kill();
    assert_eq!(client.closed().await, 1012);
    assert_eq!(program.connect_to("/").await.err(), Some(503));
    let (status, _, body) = get(&address, "/health").await;
    assert_eq!((status, &*body), (503, "the bus is lost\n"));

    let server = NatsServer::start_at(server.port.into(), "").await;
    serve(&server).await;
    let back = tokio::time::timeout(Duration::from_secs(20), async {
        while get(&address, "/health").await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    back.await.expect("it comes back");
    assert_eq!(owner(&program).await, json!({ "owner": "Ada" }));
}

#[cfg(unix)]
#[tokio::test]
async fn who_reads_its_metrics_does_not_keep_it_from_ending() {
    let server = NatsServer::start("").await;
    let port = free_port();
    let program = Program::start(&["-n", &server.url(), "--metricsport", &port.to_string()]);
    let mut watcher = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    watcher.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_ne!(watcher.read(&mut [0; 1024]).await.unwrap(), 0);
    let log = program.into_log();
    assert!(log.contains("stopping") && !log.contains("the last messages"), "{log}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_on_nats_too() {
    let server = NatsServer::start("").await;
    let mut program = Program::start(&["--nats", &server.url()]);
    let mut client = program.connect().await;
    program.signal("-TERM");
    assert_eq!(client.closed().await, 1001);
    while futures_util::StreamExt::next(&mut client.socket).await.is_some() {}
    assert_eq!(tokio::task::block_in_place(|| program.exit_code()), Some(0));
}

/// A service that logs in to NATS, as long as the handle is there.
async fn start_notes(options: NatsOptions) -> ServiceHandle {
    Service::new("notes")
        .model("notes.first", json!({ "text": "one" }))
        .access("notes.>", |_| Ok(Access::ALL))
        .start(connect(options).await)
}

/// What a client of the program gets of the service, once NATS knows of that.
async fn serves_notes(program: &Program) {
    let mut client = program.connect().await;
    let found = timeout(PATIENCE, async {
        loop {
            let answer = client.request("subscribe.notes.first", Value::Null).await;
            if answer.get("error").is_none() {
                break answer;
            }
            sleep(Duration::from_millis(10)).await;
        }
    });
    let answer = found.await.expect("the service is there in time");
    assert_eq!(answer["result"]["models"]["notes.first"], json!({ "text": "one" }));
}

#[tokio::test]
async fn the_program_shows_its_credentials_file() {
    let operator = Operator::new();
    let server = NatsServer::start(&operator.config).await;
    let file = operator.credentials(json!({}));
    let _service = start_notes(NatsOptions { auth: Auth::CredentialsFile(file.clone()), ..server.options() }).await;
    serves_notes(&Program::start(&["--nats", &server.url(), "--creds", file.to_str().unwrap()])).await;

    let (code, log) = failure(&["--nats", &server.url()]);
    assert_eq!(code, Some(1));
    assert!(log.contains("refuses the connection"), "{log}");
}

#[tokio::test]
async fn the_program_shows_its_certificate() {
    let authority = Authority::new();
    let more = format!("ca_file: \"{}\", verify: true", authority.file().display());
    let server = NatsServer::start(&authority.server(&["localhost"], &more)).await;
    let (certificate, key) = authority.issue("client", &["gateway"]);
    let servers = format!("tls://localhost:{}", server.port);
    let tls = TlsOptions {
        root_certificates: vec![authority.file()],
        certificate: Some(certificate.clone()),
        key: Some(key.clone()),
        ..TlsOptions::default()
    };
    let _service = start_notes(NatsOptions { servers: servers.clone(), tls, ..NatsOptions::default() }).await;
    let (root, certificate, key) = (authority.file(), certificate.to_str().unwrap(), key.to_str().unwrap());
    let root = root.to_str().unwrap();
    let all = ["--nats", &servers, "--natsrootca", root, "--natscert", certificate, "--natskey", key];
    serves_notes(&Program::start(&all)).await;

    let keys = json!({ "natsUrl": servers, "natsCert": certificate, "natsKey": key, "natsRootCAs": [root] });
    let config = File::new("nats-tls.json", &keys.to_string());
    serves_notes(&Program::start(&["-c", config.path()])).await;

    for (flags, expected, code) in [
        (&all[..2], "certificate", 1),
        (&all[..4], "CertificateRequired", 1),
        (&all[..6], "natsCert (--natscert) and natsKey (--natskey) go together", 2),
        (&[&all[..2], &["--natsrootca", "/nosuch.pem"]].concat(), "natsRootCAs (--natsrootca): ", 2),
        (&[&all[..4], &["--natscert", "/nosuch.pem", "--natskey", key]].concat(), "natsCert (--natscert): ", 2),
        (&[&all[..4], &["--natscert", certificate, "--natskey", "/nosuch.pem"]].concat(), "natsKey (--natskey): ", 2),
        (&[&all[..4], &["--creds", "/nosuch.creds"]].concat(), "natsCreds (--creds): ", 2),
    ] {
        let (ended, log) = failure(flags);
        assert_eq!((ended, log.lines().count()), (Some(code), 1), "{flags:?}: {log}");
        assert!(log.contains(expected), "{flags:?}: {log}");
        assert_eq!(log.contains("/nosuch"), flags.iter().any(|flag| flag.starts_with("/nosuch")), "{log}");
    }
}
