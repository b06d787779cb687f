//! Authentication by the header of HTTP requests, over HTTP and for WebSockets, and what services say about responses.

mod support;

use res_gateway::GatewayConfig;
use res_gateway::core::conn::AuthMethod;
use res_gateway::server::{AuthHeaders, ServerConfig};
use res_gateway::service::{Reply, Resource, Service};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::client::{Client, TestServer};
use support::http::{Answer, ask};
use support::log::capture;
use support::raw;
use support::spy::Spy;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// What the service says about responses, by the request that it answers; `auth` sets a token if there is none.
#[derive(Clone, Default)]
struct Metas {
    auth: Value,
    access: Value,
    call: Value,
}

/// A service with a resource `s.r`, and a gateway that asks `s.auth.header` before everything.
async fn serve(metas: Metas) -> (TestServer, Spy) {
    serve_with(metas, ServerConfig::default()).await
}

async fn serve_with(metas: Metas, config: ServerConfig) -> (TestServer, Spy) {
    let bus = TestBus::new();
    let Metas { auth, access, call } = metas;
    let access = json!({ "result": { "get": true, "call": "*" }, "meta": access });
    raw::answer(
        &bus,
        vec![
            ("access.s.r", access.to_string()),
            ("access.s.free", json!({ "result": { "get": true, "call": "*" } }).to_string()),
        ],
    );
    let _service = Service::new("s")
        .get("s.>", |_| Ok(Resource::Model(json!({ "m": 1 }))))
        .access_async("s.>", |_| std::future::pending())
        .auth("s.auth", "header", move |request| {
            let user = request.header().get("X-Auth").cloned().unwrap_or_default();
            // Before the answer, so that the token is there when the gateway goes on.
            request.service().token(request.cid(), &json!({ "user": user, "cid": request.cid() }), None);
            Ok(match auth.get("error") {
                Some(error) => Reply::raw(json!({ "error": error, "meta": auth }).to_string()),
                None => Reply::raw(json!({ "result": null, "meta": auth }).to_string()),
            })
        })
        .call("s.>", "do", move |request| {
            let result = json!({ "token": request.token(), "cid": request.cid() });
            Ok(Reply::raw(json!({ "result": result, "meta": call }).to_string()))
        })
        .start(bus.connect());
    let spy = Spy::on(&bus);
    let method = AuthMethod::parse("s.auth.header").expect("a valid method");
    let config = ServerConfig { header_auth: Some(method.clone()), ws_header_auth: Some(method), ..config };
    (TestServer::with(bus, GatewayConfig::default(), config).await, spy)
}

async fn get(server: &TestServer) -> Answer {
    ask(server.address, "GET", "/api/s/r", "", None).await
}

async fn call(server: &TestServer) -> Answer {
    ask(server.address, "POST", "/api/s/r/do", "", Some("{}")).await
}

/// Opens a WebSocket; gives the head of the answer whatever it is.
async fn connect(server: &TestServer, headers: &[(&'static str, &str)]) -> (Answer, Option<Client>) {
    let mut request = format!("ws://{}/", server.address).into_client_request().expect("a valid address");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a valid header"));
    }
    let (response, client) = match tokio_tungstenite::connect_async(request).await {
        Ok((socket, response)) => (response, Some(Client::new(socket))),
        Err(Error::Http(response)) => (*response, None),
        Err(error) => panic!("cannot connect: {error}"),
    };
    let fields = response.headers().iter();
    let headers = fields.map(|(name, value)| (name.to_string(), value.to_str().expect("ASCII").to_owned())).collect();
    let body = String::from_utf8(response.body().clone().unwrap_or_default()).expect("UTF-8");
    (Answer { status: response.status().as_u16(), headers, body }, client)
}

#[tokio::test]
async fn the_token_that_header_authentication_sets_counts_for_the_request() {
    let (server, mut spy) = serve(Metas::default()).await;
    let answer = ask(server.address, "POST", "/api/s/r/do", "X-Auth: me\r\n", Some("{}")).await;
    assert_eq!((answer.status, &answer.json()["token"]["user"]), (200, &json!(["me"])));
    assert_eq!(answer.header("access-control-allow-credentials").as_deref(), Some("true"));
    let asked = spy.take();
    let subjects: Vec<&str> = asked.iter().map(|(subject, _)| &**subject).collect();
    assert_eq!(subjects, ["auth.s.auth.header", "access.s.r", "call.s.r.do"]);
    let [auth, access, call] = [&asked[0].1, &asked[1].1, &asked[2].1];
    for payload in [auth, access, call] {
        assert_eq!((&payload["isHttp"], &payload["cid"]), (&json!(true), &auth["cid"]));
    }
    assert_eq!((&auth["token"], auth.get("params"), &auth["uri"]), (&Value::Null, None, &json!("/api/s/r/do")));
    assert_eq!((&access["token"]["user"], &call["token"]["user"]), (&json!(["me"]), &json!(["me"])));

    get(&server).await;
    let asked = spy.take();
    assert_eq!(asked[0].0, "auth.s.auth.header");
    let access = asked.iter().find(|(subject, _)| subject == "access.s.r").expect("access is asked for");
    assert_eq!(access.1["token"]["user"], json!([]), "each request is somebody of its own");
}

#[tokio::test]
async fn a_method_that_fails_leaves_the_request_without_more_than_it_had() {
    let error = json!({ "error": { "code": "s.down", "message": "Down" } });
    let (server, _) = serve(Metas { auth: error, ..Metas::default() }).await;
    assert_eq!(get(&server).await.json(), json!({ "m": 1 }));
    let bus = TestBus::new();
    support::fixture::start(&bus);
    for method in ["fix.auth.error", "fix.auth.nosuch", "nobody.auth.header", "fix.auth.timeout"] {
        let header_auth = AuthMethod::parse(method).ok();
        let gateway = GatewayConfig { request_timeout: 50, ..GatewayConfig::default() };
        let config = ServerConfig { header_auth, ..ServerConfig::default() };
        let server = TestServer::with(bus.clone(), gateway, config).await;
        let of = async |path: &str| ask(server.address, "GET", path, "X-Auth: admin\r\n", None).await.status;
        assert_eq!((of("/api/fix/child/1").await, of("/api/fix/secure").await), (200, 401), "{method}");
    }
}

#[tokio::test]
async fn auth_methods_are_told_what_is_the_clients_to_say() {
    let header = "Cookie: a=1\r\nAuthorization: Bearer x\r\nUser-Agent: test\r\nX-Auth: one\r\nx-auth: two\r\n\
        Forwarded: for=1.2.3.4\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-User: root\r\nX-Real-IP: 1.2.3.4\r\n\
        Connection: X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nProxy-Authorization: secret\r\n";
    let told = async |auth_headers: AuthHeaders| {
        let config = ServerConfig { auth_headers, ..ServerConfig::default() };
        let (server, mut spy) = serve_with(Metas::default(), config).await;
        ask(server.address, "GET", "/api/s/r", header, None).await;
        let auth = spy.take().remove(0).1;
        assert_eq!(auth["host"], server.address.to_string());
        assert!(auth["remoteAddr"].as_str().is_some_and(|address| address.starts_with("127.0.0.1:")));
        auth["header"].clone()
    };
    let usual = json!({
        "Cookie": ["a=1"], "Authorization": ["Bearer x"], "User-Agent": ["test"], "X-Auth": ["one", "two"]
    });
    assert_eq!(told(AuthHeaders::Usual).await, usual);
    let listed = AuthHeaders::parse("X-Auth,X-Forwarded-For").expect("valid names");
    assert_eq!(told(listed).await, json!({ "X-Auth": ["one", "two"], "X-Forwarded-For": ["1.2.3.4"] }));
}

#[tokio::test]
async fn a_status_of_a_service_is_the_answer_and_nothing_more_is_asked() {
    let auth_only: &[&str] = &["auth.s.auth.header"];
    for (status, body) in [
        (301, None),
        (307, None),
        (399, None),
        (400, Some("system.badRequest")),
        (401, Some("system.accessDenied")),
        (402, Some("system.accessDenied")),
        (403, Some("system.forbidden")),
        (404, Some("system.notFound")),
        (405, Some("system.methodNotAllowed")),
        (407, Some("system.accessDenied")),
        (408, Some("system.timeout")),
        (410, Some("system.notFound")),
        (418, Some("system.badRequest")),
        (451, Some("system.forbidden")),
        (500, Some("system.internalError")),
        (501, Some("system.notImplemented")),
        (503, Some("system.serviceUnavailable")),
        (504, Some("system.timeout")),
        (599, Some("system.internalError")),
    ] {
        let meta = json!({ "status": status, "header": { "X-Why": ["because"], "Location": ["/elsewhere"] } });
        let check = |answer: Answer| {
            assert_eq!((answer.status, answer.header("x-why").as_deref()), (status, Some("because")), "{status}");
            assert_eq!(answer.header("location").as_deref(), Some("/elsewhere"));
            match body {
                Some(code) => assert_eq!(answer.code(), code, "{status}"),
                None => assert_eq!(answer.body, "", "{status}"),
            }
        };
        let (server, mut spy) = serve(Metas { auth: meta.clone(), ..Metas::default() }).await;
        check(get(&server).await);
        check(call(&server).await);
        assert_eq!(spy.requests(), [auth_only, auth_only].concat());
        let (server, mut spy) = serve(Metas { access: meta.clone(), ..Metas::default() }).await;
        check(call(&server).await);
        assert_eq!(spy.requests(), ["auth.s.auth.header", "access.s.r"]);
        check(get(&server).await);
        let (server, _) = serve(Metas { call: meta, ..Metas::default() }).await;
        check(call(&server).await);
    }
    let error = json!({ "code": "s.no", "message": "No", "data": { "why": 1 } });
    let (server, _) = serve(Metas { auth: json!({ "status": 403, "error": error }), ..Metas::default() }).await;
    let refused = get(&server).await;
    assert_eq!((refused.status, refused.json()), (403, error), "the error of the service");
}

#[tokio::test]
async fn a_redirect_leads_to_the_resource_unless_the_service_says_where() {
    let bus = TestBus::new();
    support::fixture::start(&bus);
    let server = TestServer::start(bus).await;
    let redirect = async |meta: Value| {
        let answer = ask(server.address, "POST", "/api/fix/calls/metaRes", "", Some(&meta.to_string())).await;
        assert_eq!((answer.status, &*answer.body), (303, ""));
        answer.header("location")
    };
    assert_eq!(redirect(json!({ "status": 303 })).await.as_deref(), Some("/api/fix/child/1"));
    let header = json!({ "location": ["/x"] });
    assert_eq!(redirect(json!({ "status": 303, "header": header })).await.as_deref(), Some("/x"));
}

#[tokio::test]
async fn a_status_that_is_neither_redirect_nor_error_is_not_heeded_but_told() {
    for status in [
        json!(200),
        json!(204),
        json!(299),
        json!(600),
        json!(0),
        json!(-403),
        json!("403"),
        json!(403.5),
        json!([403]),
    ] {
        let (log, _guard) = capture();
        let meta = json!({ "status": status, "header": { "X-Kept": ["yes"] } });
        let (server, _) = serve(Metas { auth: meta.clone(), access: meta.clone(), call: meta }).await;
        for answer in [get(&server).await, call(&server).await] {
            assert_eq!((answer.status, answer.header("x-kept").as_deref()), (200, Some("yes")), "{status}");
        }
        // Two of auth, two of access, one of call.
        assert_eq!(log.lines(&["WARN", "status"]).len(), 5, "{status}: {}", log.text());
    }
    for meta in [json!("status"), json!([]), json!({ "header": "X" }), json!({ "header": { "X": "y" } })] {
        let (log, _guard) = capture();
        let (server, _) = serve(Metas { access: meta.clone(), ..Metas::default() }).await;
        assert_eq!(get(&server).await.status, 200, "{meta}");
        assert!(log.text().contains("WARN"), "{meta}");
    }
}

#[tokio::test]
async fn header_fields_of_later_answers_take_the_place_of_earlier_ones_except_for_cookies() {
    let (server, _) = serve(Metas {
        auth: json!({ "header": { "X-A": ["auth"], "X-B": ["auth"], "X-C": ["auth"], "Set-Cookie": ["auth=1"] } }),
        access: json!({ "header": { "x-b": ["access", "twice"], "X-C": ["access"], "set-cookie": ["access=1"] } }),
        call: json!({ "header": { "X-C": ["call"], "SET-COOKIE": ["call=1", "call=2"] } }),
    })
    .await;
    let cookies = |answer: &Answer| {
        let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        cookies.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let called = call(&server).await;
    let field = |answer: &Answer, name| answer.header(name).unwrap_or_default();
    assert_eq!(
        [field(&called, "x-a"), field(&called, "x-b"), field(&called, "x-c")],
        ["auth", "access, twice", "call"]
    );
    assert_eq!(cookies(&called), ["auth=1", "access=1", "call=1", "call=2"]);
    let got = get(&server).await;
    assert_eq!([field(&got, "x-a"), field(&got, "x-b"), field(&got, "x-c")], ["auth", "access, twice", "access"]);
    assert_eq!(cookies(&got), ["auth=1", "access=1"]);
}

/// Header fields that services must not set, and what would make two answers of one.
fn forged() -> Value {
    json!({ "header": {
        "Access-Control-Allow-Origin": ["https://evil.example"], "access-control-allow-credentials": ["no"],
        "Content-Type": ["text/html"], "Content-Length": ["3"], "Content-Encoding": ["gzip"],
        "Transfer-Encoding": ["chunked"], "Connection": ["keep-alive, X-Good"], "Upgrade": ["h2c"],
        "Keep-Alive": ["timeout=1"], "Trailer": ["X"], "X-Content-Type-Options": ["sniff"],
        "Sec-WebSocket-Accept": ["forged"], "Sec-WebSocket-Protocol": ["forged"], "Sec-WebSocket-Extensions": ["forged"],
        "X-Split": ["a\r\nX-Injected: 1\r\n\r\n<script>"], "X-Line": ["a\nb"], "X-Return": ["a\rb"], "X-Nul": ["a\u{0}b"],
        "X-Bad\r\nX-Injected": ["1"], "X Space": ["1"], "": ["1"], "X:Colon": ["1"], "X-\u{e5}": ["1"],
        "Set-Cookie": ["good=1", "bad=1\r\nX-Injected: 1"], "X-Good": ["good"]
    } })
}

fn assert_not_forged(answer: &Answer) {
    assert_eq!(answer.header("x-good").as_deref(), Some("good"));
    for (name, value) in &answer.headers {
        let text = format!("{name}: {value}");
        let bad = [
            "forged",
            "evil",
            "text/html",
            "gzip",
            "injected",
            "<script>",
            "h2c",
            "keep-alive",
            "sniff",
            "x-split",
            "bad=",
        ];
        let found =
            bad.iter().find(|bad| text.to_lowercase().contains(**bad) && text != "x-content-type-options: nosniff");
        assert_eq!(found, None, "{text}");
    }
    assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
}

#[tokio::test]
async fn services_cannot_forge_what_is_not_theirs() {
    for metas in [
        Metas { auth: forged(), ..Metas::default() },
        Metas { access: forged(), ..Metas::default() },
        Metas { call: forged(), ..Metas::default() },
    ] {
        let (server, _) = serve(metas).await;
        let answer = call(&server).await;
        assert_eq!((answer.status, answer.json()["token"]["user"].clone()), (200, json!([])), "the body is whole");
        assert_eq!(answer.header("content-type").as_deref(), Some("application/json; charset=utf-8"));
        assert_eq!(answer.header("access-control-allow-credentials").as_deref(), Some("true"));
        assert_not_forged(&answer);
    }
    let mut refusal = forged();
    refusal["status"] = 403.into();
    let (server, _) = serve(Metas { auth: refusal, ..Metas::default() }).await;
    let refused = get(&server).await;
    assert_eq!((refused.status, &*refused.code()), (403, "system.forbidden"));
    assert_not_forged(&refused);
}

#[tokio::test]
async fn the_token_of_a_websockets_header_is_that_of_its_requests() {
    let (server, mut spy) = serve(Metas::default()).await;
    let (answer, client) = connect(&server, &[("x-auth", "me")]).await;
    assert_eq!(answer.status, 101);
    let asked = spy.take();
    assert_eq!(asked.len(), 1);
    let (subject, auth) = &asked[0];
    assert_eq!(
        (&**subject, &auth["isHttp"], auth.get("params"), &auth["uri"]),
        ("auth.s.auth.header", &json!(true), None, &json!("/"))
    );
    let mut client = client.expect("a WebSocket");
    // The client has not said its version yet: it is of the first, whose answers to calls are bare.
    let called = client.request("call.s.r.do", Value::Null).await;
    assert_eq!(called["result"]["token"], json!({ "user": ["me"], "cid": auth["cid"] }), "{called}");
    assert_eq!(called["result"]["cid"], auth["cid"], "the connection is the same");
    for (subject, payload) in spy.take() {
        assert_eq!((payload.get("isHttp"), &payload["token"]["user"]), (None, &json!(["me"])), "{subject}");
    }
}

#[tokio::test]
async fn a_service_may_refuse_or_redirect_a_websocket_or_say_more_in_the_answer() {
    let auth = |auth: Value| Metas { auth, ..Metas::default() };
    let error = json!({ "code": "s.no", "message": "No" });
    let (server, _) = serve(auth(json!({ "status": 403, "error": error }))).await;
    let (refused, client) = connect(&server, &[]).await;
    assert_eq!((refused.status, client.is_none()), (403, true));
    assert_eq!(refused.json(), error);
    let (server, _) = serve(auth(json!({ "status": 503 }))).await;
    let (refused, _) = connect(&server, &[]).await;
    assert_eq!((refused.status, &*refused.code()), (503, "system.serviceUnavailable"));
    let (server, _) = serve(auth(json!({ "status": 307, "header": { "Location": ["/login"] } }))).await;
    let (redirected, client) = connect(&server, &[]).await;
    assert_eq!((redirected.status, redirected.header("location").as_deref()), (307, Some("/login")));
    assert!(client.is_none());
    let (server, _) = serve(auth(json!({ "header": { "Set-Cookie": ["a=1", "b=2"], "X-More": ["yes"] } }))).await;
    let (opened, client) = connect(&server, &[]).await;
    assert_eq!((opened.status, opened.header("set-cookie").as_deref()), (101, Some("a=1, b=2")));
    assert_eq!(opened.header("x-more").as_deref(), Some("yes"));
    assert_eq!(client.expect("a WebSocket").request("get.s.r", Value::Null).await["result"]["models"]["s.r"]["m"], 1);
    let (server, _) = serve(auth(json!({ "status": 200 }))).await;
    assert_eq!(connect(&server, &[]).await.0.status, 101, "a status that is not heeded");
    let (server, _) = serve(auth(forged())).await;
    let (opened, client) = connect(&server, &[]).await;
    assert_eq!((opened.status, client.is_some()), (101, true));
    assert_eq!(opened.header("upgrade").as_deref(), Some("websocket"));
    assert_not_forged(&opened);
}

#[tokio::test]
async fn nobody_is_asked_for_a_websocket_that_cannot_be() {
    let (server, mut spy) = serve(Metas::default()).await;
    for headers in [[("origin", "https://evil.example")], [("origin", "null")], [("cookie", "a=1")]] {
        assert_eq!(connect(&server, &headers).await.0.status, 403);
    }
    let no_key = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    assert_eq!(ask(server.address, "GET", "/", no_key, None).await.status, 400);
    let key = format!("{no_key}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    let posted = ask(server.address, "POST", "/", &key, None).await;
    assert_eq!((posted.status, posted.header("allow").as_deref()), (405, Some("GET")));
    assert_eq!(ask(server.address, "GET", "/api/s/r", "Origin: https://evil.example\r\n", None).await.status, 403);
    assert_eq!(ask(server.address, "OPTIONS", "/api/s/r", "", None).await.status, 200);
    assert_eq!(spy.requests(), Vec::<String>::new());
}
