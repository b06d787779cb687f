//! The program `res-gateway` on a real NATS server: how it gets there, and what happens when it is lost.

mod support;

use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use support::nats::{NatsServer, Raw};
use support::program::{File, Program, ask, command, failure, free_port, get};
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
    let config = File::new("nats.json", &json!({ "natsUrl": server.url() }).to_string());
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
    let program = Program::start(&["-n", &server.url(), "--reqtimeout", "50"]);
    let mut client = program.connect().await;
    let begun = std::time::Instant::now();
    let never = client.request("call.shop.cart.buy", Value::Null).await;
    assert_eq!(never["error"]["code"], "system.timeout");
    assert!((50..2_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());

    // What could only be meant as seconds.
    let program = Program::start(&["-n", &server.url(), "-r", "1"]);
    let mut client = program.connect().await;
    let begun = std::time::Instant::now();
    client.request("call.shop.cart.buy", Value::Null).await;
    assert!((1_000..3_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
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
async fn no_more_is_asked_for_at_a_time_than_the_throttles_say() {
    let server = NatsServer::start("").await;
    let url = server.url();
    for (throttle, expected) in [("0", 4), ("2", 2)] {
        let mut nats = server.raw().await;
        nats.send("SUB *.shop.> 1\r\n").await;
        nats.settle().await;
        let flags = ["-n", &url, "--resetthrottle", throttle, "--referencethrottle", throttle];
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

        let reset = r#"{"resources":["shop.*"]}"#;
        nats.send(format!("PUB system.reset {}\r\n{reset}\r\n", reset.len())).await;
        let asked = asked_before_a_call(&mut client, &mut nats).await;
        let everything = if expected == 4 { 5 } else { 2 };
        assert_eq!(asked.len(), everything, "reset: {asked:?}");
    }
}

#[test]
fn without_its_server_it_does_not_start_and_says_why() {
    let port = free_port();
    let (code, message) = failure(&["--port", "0", "--nats", &format!("nats://127.0.0.1:{port}")]);
    assert_eq!((code, message.lines().count()), (Some(1), 1), "{message}");
    assert!(message.contains("natsUrl (--nats): cannot connect to"), "{message}");
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

/// A root, and what it signed for one name: certificate and key.
struct Signed {
    cert: File,
    key: File,
}

fn sign(root: &Issuer<'_, KeyPair>, name: &str) -> Signed {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let cert = params.signed_by(&key, root).unwrap();
    Signed {
        cert: File::new(&format!("{name}-cert.pem"), &cert.pem()),
        key: File::new(&format!("{name}-key.pem"), &key.serialize_pem()),
    }
}

#[tokio::test]
async fn it_shows_nats_its_certificate_and_trusts_the_roots_it_is_given() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_file = File::new("root.pem", &params.self_signed(&key).unwrap().pem());
    let root = Issuer::new(params, key);
    let (server, ours) = (sign(&root, "nats-server"), sign(&root, "nats-client"));
    let tls = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}",
        server.cert.path(),
        server.key.path(),
        root_file.path()
    );
    let nats = NatsServer::start(&tls).await;
    let url = nats.url();
    let with = |flags: &[&str]| [&["--port", "0", "--nats", &url], flags].concat().join("\n");
    let run = |flags: String| {
        let flags: Vec<&str> = flags.split('\n').collect();
        failure(&flags)
    };
    let (cert, key, root) = (ours.cert.path(), ours.key.path(), root_file.path());
    let program = Program::run(command(
        &with(&["--natscert", cert, "--natskey", key, "--natsrootca", root]).split('\n').collect::<Vec<_>>(),
    ));
    assert_eq!(program.get("/api/shop/cart").await.0, 404);
    let keys = json!({ "natsUrl": url, "natsCert": cert, "natsKey": key, "natsRootCAs": [root] });
    let config = File::new("nats-tls.json", &keys.to_string());
    let program = Program::start(&["-c", config.path()]);
    assert_eq!(program.get("/api/shop/cart").await.0, 404);
    // Who has no certificate is not let in, and a server that nobody vouches for is not talked to.
    for flags in [with(&["--natsrootca", root]), with(&["--natscert", cert, "--natskey", key])] {
        let (code, message) = run(flags);
        assert_eq!((code, message.lines().count()), (Some(1), 1), "{message}");
    }
    // Nor is a file taken that is none.
    for flags in [
        with(&["--natscert", "/nosuch.pem", "--natskey", key]),
        with(&["--natsrootca", "/nosuch.pem"]),
        with(&["--creds", "/nosuch.creds"]),
    ] {
        let (code, message) = run(flags);
        assert_eq!((code, message.lines().count()), (Some(2), 1), "{message}");
        assert!(message.contains("/nosuch"), "{message}");
    }
}
