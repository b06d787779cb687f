//! Resources by HTTP GET, and static files.

mod support;

use res_gateway::GatewayConfig;
use res_gateway::server::ServerConfig;
use res_gateway::service::{Access, Service};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::client::TestServer;
use support::http::{self, Answer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn ask(server: &TestServer, method: &str, path: &str, headers: &str) -> Answer {
    http::ask(server.address, method, path, headers, None).await
}

async fn get(server: &TestServer, path: &str) -> Answer {
    ask(server, "GET", path, "").await
}

async fn fixture() -> TestServer {
    let bus = TestBus::new();
    support::fixture::start(&bus);
    TestServer::start(bus).await
}

#[tokio::test]
async fn resources_are_written_with_what_they_refer_to() {
    let server = fixture().await;
    // The expected answers are those of Resgate, in tests/fixtures/resgate-1.8.0-http.txt.
    let cases = [
        (
            "/api/fix/tree",
            200,
            r#"{"list":{"href":"/api/fix/list","collection":[{"href":"/api/fix/child/1","model":{"name":"one","id":1}},{"href":"/api/fix/child/2","model":{"id":2,"name":"two"}}]},"name":"tree","child":{"href":"/api/fix/child/3","model":{"id":3,"name":"three"}}}"#,
        ),
        (
            "/api/fix/cycle/a",
            200,
            r#"{"name":"a","b":{"href":"/api/fix/cycle/b","model":{"a":{"href":"/api/fix/cycle/a"},"name":"b"}}}"#,
        ),
        ("/api/fix/cycle/self", 200, r#"{"name":"self","me":{"href":"/api/fix/cycle/self"}}"#),
        (
            "/api/fix/errlist",
            200,
            r#"[{"href":"/api/fix/child/1","model":{"id":1,"name":"one"}},{"href":"/api/fix/missing","error":{"code":"system.notFound","message":"Not found"}}]"#,
        ),
        ("/api/fix/soft", 200, r#"{"name":"soft","ref":{"href":"/api/fix/child/1"}}"#),
        ("/api/fix/data", 200, r#"{"nul":null,"obj":{"a":[1,2,{"b":null}]},"arr":[1,"x"],"prim":12}"#),
        ("/api/fix/datalist", 200, r#"[{"k":"v"},"x",[1]]"#),
        ("/api/fix/missing", 404, r#"{"code":"system.notFound","message":"Not found"}"#),
        ("/api/fix/getError", 400, r#"{"code":"fix.custom","message":"Custom get error","data":{"foo":"bar"}}"#),
        ("/api/fix/secure", 401, r#"{"code":"system.accessDenied","message":"Access denied"}"#),
        ("/api/fix/accessError", 400, r#"{"code":"fix.accessCustom","message":"Custom access error","data":{"a":1}}"#),
        ("/api/nosuch/service", 404, r#"{"code":"system.notFound","message":"Not found"}"#),
        ("/api/fix/tree/", 404, r#"{"code":"system.notFound","message":"Not found"}"#),
        ("/api/fix.tree", 404, r#"{"code":"system.notFound","message":"Not found"}"#),
        ("/api/fix%2Etree", 404, r#"{"code":"system.notFound","message":"Not found"}"#),
        ("/api/fix%2Ftree", 404, r#"{"code":"system.notFound","message":"Not found"}"#),
        ("/api/", 404, r#"{"code":"system.notFound","message":"Not found"}"#),
    ];
    for (path, status, body) in cases {
        let answer = get(&server, path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(answer.json(), serde_json::from_str::<Value>(body).unwrap(), "{path}");
        assert_eq!(answer.header("content-type").as_deref(), Some("application/json; charset=utf-8"), "{path}");
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_request_once_it_is_answered() {
    let bus = TestBus::new();
    support::fixture::start(&bus);
    let services = bus.subscription_count();
    let server = TestServer::start(bus.clone()).await;
    for path in ["/api/fix/model", "/api/fix/missing", "/api/fix/secure"] {
        get(&server, path).await;
    }
    // The gateway listens to the system and for answers, and the three names stay cached for a while; but soon nobody
    // listens for a token any more.
    let gone = async {
        while bus.subscription_count() != services + 2 + 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone).await.expect("the connections are closed");
}

#[tokio::test]
async fn nothing_is_left_of_a_request_whose_client_is_gone() {
    let bus = TestBus::new();
    support::fixture::start(&bus);
    let patient = GatewayConfig { request_timeout: 3_600_000, ..GatewayConfig::default() };
    let services = bus.subscription_count();
    let server = TestServer::with(bus.clone(), patient, ServerConfig::default()).await;
    let counts = async |more: usize| {
        let reached = async {
            while bus.subscription_count() != services + 2 + more {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), reached).await
    };
    let mut client = TcpStream::connect(server.address).await.expect("the server listens");
    client.write_all(b"GET /api/fix/getTimeout HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("the server reads");
    // The token of the client, and the resource that never comes.
    counts(2).await.expect("it is being asked for");
    drop(client);
    counts(1).await.expect("its connection is closed");
}

#[tokio::test]
async fn files_have_their_type_and_stay_in_their_directory() {
    let directory = std::env::temp_dir().join(format!("res-gateway-www-{}", std::process::id()));
    for name in ["sub", ".git", ".well-known"] {
        std::fs::create_dir_all(directory.join(name)).unwrap();
    }
    for (name, content) in
        [("index.html", "<p>home"), ("client.wasm", "\0asm"), ("app.js", "1"), ("sub/index.html", "<p>sub")]
            .into_iter()
            .chain([".env", ".git/config", ".well-known/security.txt"].map(|name| (name, "hidden")))
    {
        std::fs::write(directory.join(name), content).unwrap();
    }
    let bus = TestBus::new();
    support::fixture::start(&bus);
    let config = ServerConfig { www: Some(directory.clone()), ..ServerConfig::default() };
    let server = TestServer::with(bus, GatewayConfig::default(), config).await;
    for (path, kind, content) in [
        ("/", "text/html", "<p>home"),
        ("/client.wasm", "application/wasm", "\0asm"),
        ("/app.js", "text/javascript", "1"),
        ("/sub/", "text/html", "<p>sub"),
    ] {
        let answer = get(&server, path).await;
        assert_eq!(
            (answer.status, answer.header("content-type").as_deref(), &*answer.body),
            (200, Some(kind), content),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
        assert_eq!(answer.header("content-security-policy").as_deref(), Some("frame-ancestors 'none'"));
    }
    assert_eq!(get(&server, "/.well-known/security.txt").await.status, 200);
    for path in ["/.env", "/%2eenv", "/%2Eenv", "/.git/config", "/sub/../.env", "//sub", "//evil.example/"] {
        assert_eq!(get(&server, path).await.status, 404, "{path}");
    }
    for path in ["/nosuch.html", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2f..%2fetc/passwd"] {
        assert_eq!(get(&server, path).await.status, 404, "{path}");
    }
    for path in [format!("/{}", "x".repeat(5_000)), format!("/a/{}/b", "%41".repeat(256)), "/x".repeat(5_000)] {
        assert_eq!(get(&server, &path).await.status, 404, "a name that no file can have");
    }
    for upgrade in ["h2c", "h2c, TLS/1.2", "websockets"] {
        let answer = ask(&server, "GET", "/", &format!("Upgrade: {upgrade}\r\n")).await;
        assert_eq!(answer.body, "<p>home", "what is no WebSocket is passed over");
    }
    assert_eq!(get(&server, "/api/fix/child/1").await.json(), json!({ "id": 1, "name": "one" }));
    assert_eq!(
        server.connect().await.request("get.fix.child.1", Value::Null).await["result"]["models"]["fix.child.1"]["id"],
        1
    );
    std::fs::remove_dir_all(directory).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn links_that_lead_out_of_the_directory_are_not_followed() {
    use std::os::unix::fs::symlink;
    let base = std::env::temp_dir().join(format!("res-gateway-links-{}", std::process::id()));
    for directory in ["releases/1/sub", "releases/1/..data", "releases/1/out", "outside"] {
        std::fs::create_dir_all(base.join(directory)).unwrap();
    }
    for file in ["releases/1/page.html", "releases/1/..data/hidden.html", "outside/index.html"] {
        std::fs::write(base.join(file), file).unwrap();
    }
    let link = |to: &str, name: &str| symlink(to, base.join(name)).unwrap();
    link("releases/1", "www");
    link("page.html", "www/same.html");
    link("../page.html", "www/sub/index.html");
    link("..data/hidden.html", "www/mounted.html");
    link("../../outside/index.html", "www/out.html");
    link("../../outside", "www/away");
    link("../../../outside/index.html", "www/out/index.html");
    link("nowhere", "www/broken.html");
    let config = ServerConfig { www: Some(base.join("www")), ..ServerConfig::default() };
    let server = TestServer::with(TestBus::new(), GatewayConfig::default(), config).await;
    // The directory itself may be a link, which is how a new release takes the place of the one before.
    for path in ["/page.html", "/same.html", "/sub/", "/mounted.html"] {
        let answer = get(&server, path).await;
        assert!(answer.status == 200 && answer.body.starts_with("releases/1/"), "{path}: {answer:?}");
    }
    for path in ["/out.html", "/away", "/away/", "/away/index.html", "/out/", "/%6fut.html", "/broken.html"] {
        assert_eq!(get(&server, path).await.status, 404, "{path}");
    }
    std::fs::remove_dir_all(base).unwrap();
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_not_kept() {
    let bus = TestBus::new();
    let _service = Service::new("wide")
        .model("wide.text", json!({ "text": "x".repeat(7 << 20) }))
        .access("wide.>", |_| Ok(Access::ALL))
        .start(bus.connect());
    let config =
        ServerConfig { connections: 1, write_time: std::time::Duration::from_millis(50), ..ServerConfig::default() };
    let server = TestServer::with(bus, GatewayConfig::default(), config).await;
    let mut deaf = TcpStream::connect(server.address).await.expect("the server listens");
    deaf.write_all(b"GET /api/wide/text HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("the server reads");
    deaf.readable().await.expect("the answer has begun");
    let freed = async { while server.connect_with(&[]).await.is_err() {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), freed).await.expect("its place is free");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let config = ServerConfig { header_time: std::time::Duration::from_millis(50), ..ServerConfig::default() };
    let server = TestServer::with(TestBus::new(), GatewayConfig::default(), config).await;
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: ").await.expect("the server reads");
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(std::time::Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "the connection is closed");
}
