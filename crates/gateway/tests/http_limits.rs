//! What an HTTP request may be and take at most.

mod support;

use std::time::Duration;

use res_gateway::GatewayConfig;
use res_gateway::server::ServerConfig;
use support::bus::TestBus;
use support::client::TestServer;
use support::http::{Answer, ask, exchange};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const ECHO: &str = "/api/fix/calls/echo";

async fn serve(config: ServerConfig) -> TestServer {
    let bus = TestBus::new();
    support::fixture::start(&bus);
    TestServer::with(bus, GatewayConfig::default(), config).await
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = serve(ServerConfig::default()).await;
    let get = async |bytes: usize| {
        let padding = format!("X-Padding: {}\r\n", "x".repeat(bytes));
        ask(server.address, "GET", "/api/fix/child/1", &padding, None).await.status
    };
    assert_eq!(get(15 << 10).await, 200);
    assert_eq!(get(17 << 10).await, 431);
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_whether_its_length_is_said_or_not() {
    let server = serve(ServerConfig { body_bytes: 1_000, ..ServerConfig::default() }).await;
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert_eq!(ask(server.address, "POST", ECHO, "", Some(&text(1_000))).await.status, 200);
    let refused = ask(server.address, "POST", ECHO, "", Some(&text(1_001))).await;
    assert_eq!((refused.status, &*refused.code()), (413, "system.badRequest"));
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let chunked = async |body: String| {
        let head = format!("POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n");
        Answer::parse(&exchange(server.address, &format!("{head}Connection: close\r\n\r\n{body}")).await)
    };
    let fits = chunked(format!("{}{}0\r\n\r\n", chunk(&text(500)[..400]), chunk(&text(500)[400..]))).await;
    assert_eq!(fits.status, 200, "{fits:?}");
    assert_eq!(chunked(format!("{}0\r\n\r\n", chunk(&text(1_000)))).await.status, 200);
    assert_eq!(chunked(format!("{}0\r\n\r\n", chunk(&text(1_001)))).await.status, 413);
    // The client sends much more before it looks for an answer, and sees it all the same.
    let whole = chunk(&text(8 << 20));
    assert_eq!(chunked(format!("{whole}{whole}0\r\n\r\n")).await.status, 413);
    // Nor is the rest waited for, which never comes.
    assert_eq!(chunked(whole).await.status, 413);
}

#[tokio::test]
async fn a_body_that_is_announced_as_too_long_is_not_asked_for() {
    let server = serve(ServerConfig::default()).await;
    for method in ["GET", "POST"] {
        let headers = "Content-Length: 1048577\r\nExpect: 100-continue\r\n";
        assert_eq!(ask(server.address, method, ECHO, headers, None).await.status, 413);
    }
}

#[tokio::test]
async fn a_body_that_takes_too_long_is_not_waited_for_and_delays_nobody() {
    let server =
        serve(ServerConfig { body_time: Duration::from_secs(1), http_request_rate: 0, ..ServerConfig::default() })
            .await;
    let mut slow = TcpStream::connect(server.address).await.expect("the server listens");
    let head = format!("POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{{");
    slow.write_all(head.as_bytes()).await.expect("the server reads");
    let mut text = String::new();
    let ended = timeout(Duration::from_secs(20), slow.read_to_string(&mut text));
    tokio::pin!(ended);
    let mut others = 0;
    // Others are served all the while.
    loop {
        tokio::select! {
            ended = &mut ended => {
                ended.expect("the server does not wait").expect("it closes in order");
                break;
            }
            other = ask(server.address, "POST", ECHO, "", Some("1")) => {
                assert_eq!(other.status, 200);
                others += 1;
            }
        }
    }
    let answer = Answer::parse(&text);
    assert_eq!((answer.status, &*answer.code()), (408, "system.timeout"));
    assert!(others > 0, "others were served");
}

#[tokio::test]
async fn two_lengths_make_no_second_request() {
    let server = serve(ServerConfig::default()).await;
    let smuggled = "GET /api/fix/secure HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let requests = [
        format!("POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1{smuggled}"),
        format!(
            "POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{smuggled}"
        ),
        format!("POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\n1{smuggled}"),
    ];
    for request in requests {
        let answers = exchange(server.address, &request).await;
        assert!(answers.starts_with("HTTP/1.1 400"), "{request}: {answers}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{request}: {answers}");
    }
    // Chunks count where both are there, for the gateway as for any proxy that keeps to the standard.
    let both = format!(
        "POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
         1\r\n7\r\n0\r\n\r\n{smuggled}"
    );
    let answers = exchange(server.address, &both).await;
    assert_eq!((answers.matches("HTTP/1.1").count(), Answer::parse(&answers).json()["params"].as_u64()), (1, Some(7)));
}

#[tokio::test]
async fn a_head_that_takes_too_long_is_answered_with_408() {
    let server = serve(ServerConfig { header_time: Duration::from_millis(500), ..ServerConfig::default() }).await;
    let begun = "GET /api/fix/child/1 HTTP/1.1\r\nHost: localhost\r\n";
    let text = exchange(server.address, begun).await;
    assert!(text.starts_with("HTTP/1.1 408 Request Timeout\r\n") && text.contains("connection: close\r\n"), "{text:?}");
    // The same for the second on a connection; one that never begins is not answered.
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    stream.write_all(format!("{begun}\r\n").as_bytes()).await.expect("the server reads");
    let mut text = vec![0; 4096];
    let length = stream.read(&mut text).await.expect("the server answers");
    assert!(text[..length].starts_with(b"HTTP/1.1 200 OK\r\n"));
    stream.write_all(begun.as_bytes()).await.expect("the server reads");
    let mut text = String::new();
    timeout(Duration::from_secs(20), stream.read_to_string(&mut text)).await.expect("in time").expect("in UTF-8");
    assert!(text.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{text:?}");
    let text = exchange(server.address, &format!("{begun}\r\n")).await;
    assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text:?}");
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_is_closed_sooner() {
    let config = ServerConfig {
        first_byte_time: Duration::from_millis(300),
        header_time: Duration::from_secs(3600),
        ..ServerConfig::default()
    };
    let server = serve(config).await;
    assert_eq!(exchange(server.address, "").await, "");
}

#[tokio::test]
async fn more_requests_of_an_address_than_it_may_send_are_answered_with_429_until_it_has_waited() {
    let config = ServerConfig { http_request_rate: 1, http_request_burst: 3, ..ServerConfig::default() };
    let server = serve(config).await;
    let get = async || ask(server.address, "GET", "/api/fix/child/1", "", None).await;
    // The first are served; how many more, goes by how long they take.
    for _ in 0..3 {
        assert_eq!(get().await.status, 200);
    }
    let refused = loop {
        match get().await {
            answer if answer.status == 200 => {}
            refused => break refused,
        }
    };
    assert_eq!((refused.status, &*refused.code()), (429, "system.tooManyRequests"));
    let pause: u64 = refused.header("retry-after").and_then(|text| text.parse().ok()).expect("seconds");
    assert_eq!(pause, 1);
    tokio::time::sleep(Duration::from_secs(pause)).await;
    assert_eq!(get().await.status, 200);
}
