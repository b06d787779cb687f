//! Pages of which origins may use the gateway, over HTTP and by WebSocket.

mod support;

use res_gateway::GatewayConfig;
use res_gateway::bus::MemoryBus;
use res_gateway::core::conn::AuthMethod;
use res_gateway::server::{AllowOrigin, ServerConfig};
use support::client::TestServer;
use support::http::{Answer, ask, exchange};

const PATH: &str = "/api/fix/child/1";

async fn serve(config: ServerConfig) -> TestServer {
    serve_at("127.0.0.1:0", config).await
}

async fn serve_at(address: &str, config: ServerConfig) -> TestServer {
    let bus = MemoryBus::new();
    support::fixture::start(&bus);
    TestServer::at(address.parse().expect("an address"), bus, GatewayConfig::default(), config).await
}

fn allowing(origins: &str) -> ServerConfig {
    ServerConfig { allow_origin: AllowOrigin::parse(origins).expect("valid origins"), ..ServerConfig::default() }
}

async fn from(server: &TestServer, method: &str, origin: Option<&str>) -> Answer {
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    ask(server.address, method, PATH, &origin, None).await
}

async fn connects(server: &TestServer, headers: &[(&'static str, &str)]) -> bool {
    match server.connect_with(headers).await {
        Ok(_) => true,
        Err(status) => {
            assert_eq!(status, 403);
            false
        }
    }
}

#[tokio::test]
async fn only_pages_of_origins_that_are_allowed_get_through() {
    let listed = serve(allowing("https://one.example;https://two.example:8443;http://[::1]:3000")).await;
    let own = serve(ServerConfig::default()).await;
    let any = serve(allowing("*")).await;
    let host = own.address.to_string();
    let cases = [
        // Origin, whether a list admits it, whether it is the gateway's own.
        (None, true, true),
        (Some("https://one.example"), true, false),
        (Some("HTTPS://One.Example"), true, false),
        (Some("https://two.example:8443"), true, false),
        (Some("http://[::1]:3000"), true, false),
        (Some("null"), false, false),
        (Some(""), false, false),
        (Some("https://two.example"), false, false),
        (Some("https://one.example:8443"), false, false),
        (Some("http://one.example"), false, false),
        (Some("https://evil-one.example"), false, false),
        (Some("https://one.example.evil.example"), false, false),
        (Some("https://sub.one.example"), false, false),
        (Some("https://one.example@evil.example"), false, false),
        (Some("https://one.example."), false, false),
        (Some("https://one.example/"), false, false),
        (Some("https://\u{f6}ne.example"), false, false),
        (Some("one.example"), false, false),
        (Some(&*format!("http://{host}")), false, true),
        (Some(&*format!("http://{host}0")), false, false),
        (Some(&*format!("http://{host}.evil.example")), false, false),
        (Some("http://127.0.0.1"), false, false),
    ];
    for (origin, by_list, by_host) in cases {
        for (server, admitted) in [(&listed, by_list), (&own, by_host), (&any, true)] {
            if std::ptr::eq(server, &any) && origin.is_some_and(|origin| !origin.is_ascii()) {
                // No browser writes an origin like this.
                continue;
            }
            let answer = from(server, "GET", origin).await;
            assert_eq!(answer.status, if admitted { 200 } else { 403 }, "{origin:?}");
            if !admitted {
                assert_eq!(answer.code(), "system.forbidden");
            }
            let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
            if origin.is_none_or(|origin| origin.is_ascii()) {
                assert_eq!(connects(server, &headers).await, admitted, "a WebSocket from {origin:?}");
            }
        }
    }
}

#[tokio::test]
async fn pages_are_told_whether_they_may_read_the_answer() {
    let listed = serve(allowing("https://one.example;https://two.example")).await;
    let own = serve(ServerConfig::default()).await;
    let any = serve(allowing("*")).await;
    let cases = [
        // Server, origin, Access-Control-Allow-Origin, Vary.
        (&listed, Some("https://TWO.example"), Some("https://TWO.example"), Some("Origin")),
        (&listed, Some("https://evil.example"), Some("https://one.example"), Some("Origin")),
        (&listed, Some("null"), Some("https://one.example"), Some("Origin")),
        (&listed, None, None, Some("Origin")),
        (&own, Some("https://evil.example"), None, None),
        (&own, None, None, None),
        (&any, Some("https://evil.example"), Some("*"), None),
        (&any, None, Some("*"), None),
    ];
    for (server, origin, allowed, vary) in cases {
        for method in ["GET", "HEAD", "OPTIONS", "POST", "DELETE"] {
            let answer = from(server, method, origin).await;
            assert_eq!(answer.header("access-control-allow-origin").as_deref(), allowed, "{method} {origin:?}");
            assert_eq!(answer.header("vary").as_deref(), vary, "{method} {origin:?}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
    }
}

#[tokio::test]
async fn where_cookies_count_a_request_that_has_them_must_say_which_page_it_is_from() {
    let auth = Some(AuthMethod::parse("fix.auth.header").expect("a valid method"));
    let server =
        serve(ServerConfig { header_auth: auth.clone(), ws_header_auth: auth, ..ServerConfig::default() }).await;
    let own = format!("http://{}", server.address);
    assert!(!connects(&server, &[("cookie", "a=1")]).await);
    assert!(connects(&server, &[("cookie", "a=1"), ("origin", &own)]).await);
    assert!(connects(&server, &[("x-auth", "admin")]).await, "a program that is no browser");
    let ask = async |method: &str, headers: &str| {
        ask(server.address, method, "/api/fix/calls/ping", headers, None).await.status
    };
    assert_eq!(ask("POST", "Cookie: a=1\r\n").await, 403);
    assert_eq!(ask("POST", &format!("Cookie: a=1\r\nOrigin: {own}\r\n")).await, 204);
    assert_eq!(ask("POST", "X-Auth: admin\r\n").await, 204);
    assert_eq!(ask("GET", "Cookie: a=1\r\n").await, 404, "a page that reads from its own server says no origin");
}

#[tokio::test]
async fn every_origin_does_not_mean_the_cookies_of_every_visitor() {
    let auth = Some(AuthMethod::parse("fix.auth.header").expect("a valid method"));
    let server = serve(ServerConfig { header_auth: auth, ..allowing("*") }).await;
    let own = format!("http://{}", server.address);
    let cases = [
        // Method, cookie, origin, status, message.
        ("POST", true, None, 403, "A request with cookies must say its origin"),
        ("POST", true, Some("http://evil.example"), 403, "Forbidden origin"),
        ("POST", true, Some("null"), 403, "Forbidden origin"),
        ("POST", true, Some(&*own), 204, ""),
        ("POST", false, Some("http://evil.example"), 204, ""),
        ("POST", false, None, 204, ""),
        ("GET", true, Some("http://evil.example"), 404, "Not found"),
    ];
    for (method, cookie, origin, status, message) in cases {
        let cookie = if cookie { "Cookie: a=1\r\n" } else { "" };
        let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
        let answer = ask(server.address, method, "/api/fix/calls/ping", &format!("{cookie}{origin}"), None).await;
        assert_eq!(answer.status, status, "{method} {cookie} {origin}");
        if !message.is_empty() {
            assert_eq!(answer.json()["message"], message, "{method} {cookie} {origin}");
        }
    }
}

#[tokio::test]
async fn a_page_by_a_name_that_was_made_to_lead_here_is_not_of_the_same_origin() {
    let own = serve(ServerConfig::default()).await;
    let listed = serve(allowing("http://app.example")).await;
    // As for a development server of a front end.
    let near = serve(allowing("http://localhost:5173")).await;
    let everywhere = serve_at("0.0.0.0:0", ServerConfig::default()).await;
    let cases = [
        ("127.0.0.1:8080", 200, 403),
        ("[::1]:8080", 200, 403),
        ("[::1]", 200, 403),
        ("localhost", 200, 403),
        ("LOCALHOST:8080", 200, 403),
        ("app.localhost:8080", 200, 403),
        ("attacker.example", 403, 403),
        ("attacker.example:8080", 403, 403),
        ("localhost.attacker.example", 403, 403),
        ("evillocalhost", 403, 403),
        ("127.0.0.1.attacker.example:8080", 403, 403),
        ("app.example", 403, 200),
    ];
    for (host, own_status, listed_status) in cases {
        for (server, status) in [(&own, own_status), (&listed, listed_status), (&everywhere, 200)] {
            let head = format!("GET {PATH} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n");
            let address = (std::net::Ipv4Addr::LOCALHOST, server.address.port()).into();
            let answer = Answer::parse(&exchange(address, &format!("{head}Connection: close\r\n\r\n")).await);
            assert_eq!(answer.status, status, "{host} at {}", server.address);
        }
        // A page that only reads from its own origin does not say which that is, nor, by a name without TLS, that it is a page.
        for fetch in ["", "Sec-Fetch-Site: same-origin\r\n"] {
            for (server, status) in [(&own, own_status), (&near, own_status), (&listed, 200), (&everywhere, 200)] {
                let head = format!("GET {PATH} HTTP/1.1\r\nHost: {host}\r\n{fetch}");
                let address = (std::net::Ipv4Addr::LOCALHOST, server.address.port()).into();
                let answer = Answer::parse(&exchange(address, &format!("{head}Connection: close\r\n\r\n")).await);
                assert_eq!(answer.status, status, "{host} without an origin at {}", server.address);
            }
        }
    }
}

#[test]
fn an_origin_is_what_browsers_send() {
    let list = |origins: &[&str]| Ok(AllowOrigin::List(origins.iter().map(|&o| o.to_owned()).collect()));
    assert_eq!(AllowOrigin::parse("*"), Ok(AllowOrigin::Any));
    assert_eq!(AllowOrigin::parse("same-origin"), Ok(AllowOrigin::SameOrigin));
    assert_eq!(AllowOrigin::parse("HTTPS://A.Example;http://b:80"), list(&["https://a.example", "http://b"]));
    assert_eq!(AllowOrigin::parse("https://a:443;https://a:80"), list(&["https://a", "https://a:80"]));
    assert_eq!(
        AllowOrigin::parse("capacitor://localhost;http://[::1]:1"),
        list(&["capacitor://localhost", "http://[::1]:1"])
    );
    for bad in [
        "",
        ";",
        "https://a;",
        "*;https://a",
        "https://a;*",
        "null",
        "a.example",
        "https://",
        "https://a/",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://u@a",
        "https://*.a",
        "https://a b",
        "https://\u{f6}.example",
        "https://a:b",
        "https://a:99999",
        "https://a:1:2",
        "https://[x]",
        "://a",
        "1://a",
        "same-origin;https://a",
    ] {
        assert!(AllowOrigin::parse(bad).is_err(), "{bad:?}");
    }
}
