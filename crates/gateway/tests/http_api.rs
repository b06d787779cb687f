//! Resources and methods over HTTP: paths, the methods of HTTP, bodies, and errors.

mod support;

use res_gateway::GatewayConfig;
use res_gateway::core::conn::AuthMethod;
use res_gateway::server::{AllowOrigin, AuthHeaders, Encoding, ServerConfig};
use res_gateway::service::{Access, Reply, Resource, Service};
use resclient::protocol::ResError;
use serde_json::{Value, json};
use support::bus::TestBus;
use support::client::TestServer;
use support::http::{Answer, ask, exchange};
use support::spy::Spy;

/// A service whose resources are all there, and whose methods answer with what they are told.
async fn serve(config: ServerConfig) -> (TestServer, Spy) {
    let bus = TestBus::new();
    let _service = Service::new("s")
        .get("s.>", |request| {
            let query = request.query().unwrap_or_default().to_owned();
            let resource = Resource::Model(json!({ "name": request.name(), "query": query }));
            Ok(match query.is_empty() {
                true => resource,
                false => Resource::Query { resource: Box::new(resource), query },
            })
        })
        .access("s.denied", |_| Ok(Access::READ))
        .access("s.>", |_| Ok(Access::ALL))
        .call("s.>", "nothing", |_| Ok(Reply::null()))
        .call("s.>", "echo", |request| Ok(Reply::value(request.params::<Value>()?)))
        .call("s.>", "go", |request| Ok(Reply::resource(request.params::<String>()?)))
        .call("s.>", "raw", |request| Ok(Reply::raw(request.params::<String>()?)))
        .call("s.>", "fail", |request| {
            let code = request.params::<String>()?;
            Err(ResError { code: code.into(), ..ResError::new("", "It failed") })
        })
        .start(bus.connect());
    let spy = Spy::on(&bus);
    (TestServer::with(bus, GatewayConfig::default(), config).await, spy)
}

async fn get(server: &TestServer, path: &str) -> Answer {
    ask(server.address, "GET", path, "", None).await
}

async fn post(server: &TestServer, path: &str, body: &str) -> Answer {
    ask(server.address, "POST", path, "", Some(body)).await
}

#[tokio::test]
async fn a_path_is_one_resource_or_none_and_nothing_else_gets_to_the_bus() {
    let (server, mut spy) = serve(ServerConfig::default()).await;
    for (path, name) in [
        ("s", "s"),
        ("s/a/b", "s.a.b"),
        ("s/%61", "s.a"),
        ("s/a%25b", "s.a%b"),
        ("s/$a", "s.$a"),
        ("s/~!@&=+,;:'()", "s.~!@&=+,;:'()"),
        ("s/%22%5C%7B%7D%7C%5E", "s.\"\\{}|^"),
    ] {
        let answer = get(&server, &format!("/api/{path}")).await;
        let found = if name == "s" { json!("s") } else { answer.json()["name"].clone() };
        assert_eq!(found, name, "{path}: {}", answer.body);
        let asked = spy.requests();
        assert_eq!(asked, [format!("access.{name}"), format!("get.{name}")], "{path}");
    }
    let no_resource = "/ s/ s//a /s s/a/ s.a s/a.b s/. s/.. ./s ../s s/%2e s/%2E%2e s/a%2Eb s/%2f s/a%2Fb s/%2a s/* s/%3e \
        s/a%3Fb s/%20 s/a%20b s/%0d%0a s/a%0D%0AUNSUB%201 s/%00 s/%09 s/%7f s/%c3%a5 s/%c0%af s/%c0%ae s/%e0%80%af s/%ff \
        s/% s/%2 s/%zz s/%% s/%+1 %2e%2e/s";
    for path in no_resource.split(' ').chain([""]) {
        let mut refused = vec![get(&server, &format!("/api/{path}")).await];
        refused.push(post(&server, &format!("/api/{path}/echo"), "1").await);
        refused.push(post(&server, &format!("/api/s/{path}"), "1").await);
        for answer in refused {
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.json(), json!({ "code": "system.notFound", "message": "Not found" }), "{path}");
        }
        assert_eq!(spy.requests(), Vec::<String>::new(), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_path_at_all_is_a_bad_request() {
    let (server, mut spy) = serve(ServerConfig::default()).await;
    for path in ["/api/s/>", "/api/s/a\t", "/api/s/\u{e5} b", "api/s/a", "/api/s/\0", "/api/s/a b"] {
        let answer = exchange(server.address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{path}: {answer}");
    }
    assert_eq!(spy.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_name_that_is_too_long_is_not_asked_for() {
    let (server, mut spy) = serve(ServerConfig::default()).await;
    let path = |bytes: usize| format!("/api/s/{}", "x".repeat(bytes - "s.".len()));
    assert_eq!(get(&server, &path(1024)).await.status, 200);
    spy.requests();
    let refused = get(&server, &path(1025)).await;
    assert_eq!((refused.status, &*refused.code()), (414, "system.subjectTooLong"));
    assert_eq!(post(&server, &format!("{}/echo", path(1025)), "1").await.status, 414);
    assert_eq!(spy.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn the_query_is_the_resources() {
    let (server, mut spy) = serve(ServerConfig::default()).await;
    for (query, is) in [("?a=b", "a=b"), ("?a=%20&c=d.e/f?g", "a=%20&c=d.e/f?g"), ("?", ""), ("", "")] {
        assert_eq!(get(&server, &format!("/api/s/q{query}")).await.json()["query"], is, "{query}");
        post(&server, &format!("/api/s/q/nothing{query}"), "").await;
        let call = spy.take().into_iter().find(|(subject, _)| subject == "call.s.q.nothing").expect("it was called");
        assert_eq!(call.1["query"].as_str().unwrap_or_default(), is, "{query}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (server, _) = serve(ServerConfig::default()).await;
    for path in ["/api/s/a", "/api/s/a?b=c", "/api/none", "/api/s//", "/other", "/"] {
        let (get, head) = (get(&server, path).await, ask(server.address, "HEAD", path, "", None).await);
        let fields = |answer: &Answer| {
            let fields = answer.headers.iter().filter(|(name, _)| name != "date");
            fields.cloned().collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!((head.status, fields(&head)), (get.status, fields(&get)), "{path}");
        assert_eq!(head.body, "", "{path}");
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string()), "{path}");
    }
}

#[tokio::test]
async fn post_calls_the_method_that_ends_the_path() {
    let (server, mut spy) = serve(ServerConfig::default()).await;
    let called = post(&server, "/api/s/a/echo", r#"{"b":1}"#).await;
    assert_eq!((called.status, called.json()), (200, json!({ "b": 1 })));
    assert_eq!(called.header("content-type").as_deref(), Some("application/json; charset=utf-8"));
    let asked = spy.take();
    assert_eq!(asked.iter().map(|(subject, _)| &**subject).collect::<Vec<_>>(), ["access.s.a", "call.s.a.echo"]);
    for (subject, payload) in &asked {
        assert_eq!((&payload["isHttp"], &payload["token"]), (&json!(true), &Value::Null), "{subject}");
        assert_eq!(payload["cid"], asked[0].1["cid"], "{subject}");
    }
    assert_eq!(asked[1].1["params"], json!({ "b": 1 }));
    let nothing = post(&server, "/api/s/a/nothing", "").await;
    assert_eq!((nothing.status, &*nothing.body, nothing.header("content-type")), (204, "", None));
    for (rid, location) in [
        ("s.b", "/api/s/b"),
        ("s.{cid}", "/api/s/%7Bcid%7D"),
        ("s.a,b;c", "/api/s/a%2Cb%3Bc"),
        ("s.$&+=~", "/api/s/$&+=~"),
        ("s.q?a=b&c=%20", "/api/s/q?a=b&c=%20"),
        ("s.q?a b\r\nX: 1\u{e5}", "/api/s/q?a%20b%0D%0AX:%201%C3%A5"),
    ] {
        let went = post(&server, "/api/s/a/go", &json!(rid).to_string()).await;
        assert_eq!((went.status, went.header("location").as_deref(), &*went.body), (200, Some(location), ""), "{rid}");
        assert_eq!(went.header("x"), None);
    }
    spy.take();
    let denied = post(&server, "/api/s/denied/echo", "1").await;
    assert_eq!((denied.status, &*denied.code()), (401, "system.accessDenied"));
    assert_eq!(spy.requests(), ["access.s.denied"]);
    let unknown = post(&server, "/api/s/a/unknown", "1").await;
    assert_eq!((unknown.status, &*unknown.code()), (404, "system.methodNotFound"));
    assert_eq!(post(&server, "/api/s", "1").await.status, 404, "a method of nothing");
}

#[tokio::test]
async fn put_delete_and_patch_call_the_method_they_stand_for() {
    let method = |name: &str| Some(name.to_owned());
    let (server, mut spy) = serve(ServerConfig {
        put_method: method("echo"),
        delete_method: method("nothing"),
        patch_method: method("unknown"),
        ..ServerConfig::default()
    })
    .await;
    let ask_for = async |method: &str, path: &str| ask(server.address, method, path, "", Some("7")).await;
    let put = ask_for("PUT", "/api/s/a").await;
    assert_eq!((put.status, &*put.body), (200, "7"));
    assert_eq!(ask_for("DELETE", "/api/s/a").await.status, 204);
    assert_eq!(spy.requests(), ["access.s.a", "call.s.a.echo", "access.s.a", "call.s.a.nothing"]);
    let patch = ask_for("PATCH", "/api/s/a").await;
    assert_eq!((patch.status, &*patch.code()), (405, "system.methodNotAllowed"), "the resource has no such method");
    assert_eq!(ask_for("PUT", "/api/s/denied").await.status, 401);
    assert_eq!(ask_for("PUT", "/api/s/a/").await.status, 404);
    let methods = "GET, HEAD, OPTIONS, POST, PUT, DELETE, PATCH";
    let options = ask_for("OPTIONS", "/api/s/a").await;
    assert_eq!(options.header("access-control-allow-methods").as_deref(), Some(methods));
}

#[tokio::test]
async fn methods_that_stand_for_nothing_are_refused() {
    let (server, mut spy) = serve(ServerConfig::default()).await;
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "FOO", "get"] {
        let refused = ask(server.address, method, "/api/s/a", "", None).await;
        assert_eq!((refused.status, &*refused.code()), (405, "system.methodNotAllowed"), "{method}");
        assert_eq!(refused.header("allow").as_deref(), Some("GET, HEAD, OPTIONS, POST"), "{method}");
    }
    assert_eq!(spy.requests(), Vec::<String>::new());
    // The method is the one of the request, whatever a header says.
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let answer = ask(server.address, "POST", "/api/s/a/nothing", &format!("{name}: GET\r\n"), Some("1")).await;
        assert_eq!(answer.status, 204);
    }
}

#[tokio::test]
async fn options_says_what_a_page_may_ask_for() {
    let (server, mut spy) = serve(ServerConfig::default()).await;
    let asked = "Origin: https://a.example\r\nAccess-Control-Request-Headers: X-A, X-B\r\n";
    let options = ask(server.address, "OPTIONS", "/api/s/a", asked, None).await;
    assert_eq!((options.status, &*options.body), (200, ""));
    assert_eq!(options.header("access-control-allow-methods").as_deref(), Some("GET, HEAD, OPTIONS, POST"));
    assert_eq!(options.header("access-control-allow-headers").as_deref(), Some("X-A, X-B"));
    assert_eq!(spy.requests(), Vec::<String>::new());
    let address = server.address;
    let about_nothing = exchange(address, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(about_nothing.starts_with("HTTP/1.1 400"), "{about_nothing}");
}

#[tokio::test]
async fn a_body_is_json_or_blank() {
    let (server, mut spy) = serve(ServerConfig::default()).await;
    for (body, params) in [
        ("", Value::Null),
        (" \r\n\t", Value::Null),
        ("null", Value::Null),
        (" [1] ", json!([1])),
        ("\"text\"", json!("text")),
        ("1.50", json!(1.5)),
    ] {
        let answer = post(&server, "/api/s/a/echo", body).await;
        let got = if answer.status == 204 { Value::Null } else { answer.json() };
        assert_eq!(got, params, "{body:?}");
    }
    assert_eq!(post(&server, "/api/s/a/nothing", &nested(64)).await.status, 204);
    spy.take();
    for body in ["{bad", "nul", "1 2", "{\"a\":1}}", "a=b", "\u{feff}1", "'a'", &*nested(65), &*nested(10_000)] {
        let refused = post(&server, "/api/s/a/echo", body).await;
        assert_eq!((refused.status, &*refused.code()), (400, "system.badRequest"), "{:.20}", body);
    }
    let head = format!("POST /api/s/a/echo HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", server.address);
    let mut stream = std::net::TcpStream::connect(server.address).expect("the server listens");
    let text = tokio::task::spawn_blocking(move || {
        use std::io::{Read, Write};
        stream.write_all(format!("{head}Content-Length: 3\r\n\r\n").as_bytes()).expect("the server reads");
        stream.write_all(b"\"\xff\"").expect("the server reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("the server answers");
        text
    });
    let not_text = Answer::parse(&text.await.expect("no panic"));
    assert_eq!((not_text.status, &*not_text.code()), (400, "system.badRequest"));
    assert_eq!(spy.requests(), Vec::<String>::new(), "nobody is asked");
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[tokio::test]
async fn errors_have_the_status_that_belongs_to_their_code() {
    let (server, _) = serve(ServerConfig::default()).await;
    for (code, status) in [
        ("system.notFound", 404),
        ("system.methodNotFound", 404),
        ("system.timeout", 404),
        ("system.accessDenied", 401),
        ("system.forbidden", 403),
        ("system.methodNotAllowed", 405),
        ("system.subjectTooLong", 414),
        ("system.internalError", 500),
        ("system.serviceUnavailable", 503),
        ("system.tooManyRequests", 429),
        ("system.invalidParams", 400),
        ("system.invalidQuery", 400),
        ("system.notImplemented", 400),
        ("system.subscriptionLimitExceeded", 400),
        ("own.code", 400),
        ("", 400),
    ] {
        let failed = post(&server, "/api/s/a/fail", &json!(code).to_string()).await;
        assert_eq!((failed.status, &*failed.code()), (status, code));
        assert_eq!(failed.header("retry-after").is_some(), [429, 503].contains(&status), "{code}");
        assert_eq!(failed.header("content-type").as_deref(), Some("application/json; charset=utf-8"));
    }
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_told_without_what_was_in_them() {
    let (server, _) = serve(ServerConfig::default()).await;
    for answer in
        ["", "?secret", "[\"secret\"]", "{\"secret\":1}", "{\"result\":", "{\"resource\":{\"rid\":\"bad..secret\"}}"]
    {
        let failed = post(&server, "/api/s/a/raw", &json!(answer).to_string()).await;
        assert_eq!((failed.status, &*failed.code()), (500, "system.internalError"), "{answer}");
        assert!(!failed.body.contains("secret"), "{}", failed.body);
    }
}

#[tokio::test]
async fn what_is_on_no_known_path_is_not_found() {
    let (server, mut spy) = serve(ServerConfig::default()).await;
    for path in ["/api", "/apis/s/a", "/API/s/a", "/other", "/s/a", "//api/s/a", "/ws", "/%61pi/s/a"] {
        let missing = get(&server, path).await;
        assert_eq!((missing.status, &*missing.code()), (404, "system.notFound"), "{path}");
        assert_eq!(post(&server, path, "1").await.status, 404, "{path}");
    }
    for method in ["GET", "POST", "DELETE"] {
        let answer = ask(server.address, method, "/", "", None).await;
        assert_eq!((answer.status, answer.header("sec-websocket-version").as_deref()), (400, Some("13")), "{method}");
    }
    assert_eq!(server.connect_with(&[]).await.map(drop), Ok(()));
    let moved = ServerConfig { ws_path: "/rest/ws".into(), api_path: "/rest/".into(), ..ServerConfig::default() };
    let (server, _) = serve(moved).await;
    assert_eq!(get(&server, "/rest/s/a").await.json()["name"], "s.a");
    assert_eq!(get(&server, "/api/s/a").await.status, 404);
    assert_eq!(get(&server, "/rest/ws").await.status, 400, "only WebSockets there");
    assert_eq!(get(&server, "/").await.status, 404);
    assert_eq!(server.connect_with(&[]).await.map(drop), Err(404));
    assert_eq!(spy.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn resources_may_be_written_without_links() {
    let bus = TestBus::new();
    support::fixture::start(&bus);
    let config = ServerConfig { encoding: Encoding::JsonFlat, ..ServerConfig::default() };
    let server = TestServer::with(bus, GatewayConfig::default(), config).await;
    for (path, body) in [
        (
            "tree",
            r#"{"list":[{"name":"one","id":1},{"id":2,"name":"two"}],"name":"tree","child":{"id":3,"name":"three"}}"#,
        ),
        ("dup", r#"[{"id":1,"name":"one"},{"id":1,"name":"one"}]"#),
        ("cycle/a", r#"{"name":"a","b":{"name":"b","a":{"href":"/api/fix/cycle/a"}}}"#),
        ("soft", r#"{"name":"soft","ref":{"href":"/api/fix/child/1"}}"#),
        ("errlist", r#"[{"id":1,"name":"one"},{"code":"system.notFound","message":"Not found"}]"#),
        ("data", r#"{"prim":12,"nul":null,"obj":{"a":[1,2,{"b":null}]},"arr":[1,"x"]}"#),
    ] {
        let expected: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(get(&server, &format!("/api/fix/{path}")).await.json(), expected, "{path}");
    }
}

#[tokio::test]
async fn a_server_does_not_start_with_what_it_cannot_do() {
    let default = ServerConfig::default;
    let method = |name: &str| Some(name.to_owned());
    let wrong = [
        ServerConfig { put_method: method("a.b"), ..default() },
        ServerConfig { delete_method: method(""), ..default() },
        ServerConfig { patch_method: method("*"), ..default() },
        ServerConfig { put_method: method("a b"), ..default() },
        ServerConfig { api_path: "/api".into(), ..default() },
        ServerConfig { api_path: "api/".into(), ..default() },
        ServerConfig { ws_path: "ws".into(), ..default() },
        ServerConfig { allow_origin: AllowOrigin::Any, ws_header_auth: AuthMethod::parse("a.b").ok(), ..default() },
    ];
    for config in wrong {
        let bus = TestBus::new();
        let gateway = res_gateway::Gateway::start(bus.connect(), GatewayConfig::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let said = config.check().expect_err("something is wrong");
        let ended = res_gateway::server::run(listener, gateway, config, std::future::pending()).await;
        assert_eq!(ended.expect_err("something is wrong").to_string(), said);
    }
    assert_eq!(Encoding::parse("JSONflat"), Ok(Encoding::JsonFlat));
    assert!(Encoding::parse("xml").is_err());
    for bad in ["", "login", ".login", "auth.", "auth..login", "auth.lo gin", "auth.*", "a\u{e5}.login"] {
        assert!(AuthMethod::parse(bad).is_err(), "{bad:?}");
    }
    assert_eq!(AuthHeaders::parse("Cookie, X-Auth"), Ok(AuthHeaders::Only(vec!["cookie".into(), "x-auth".into()])));
    assert!(AuthHeaders::parse("Cookie,,X").is_err() && AuthHeaders::parse("X Y").is_err());
}
