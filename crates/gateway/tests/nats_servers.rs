//! Several NATS servers: those that are down are passed over, those of the cluster are learnt, and one that is about to
//! end is left.

mod support;

use std::time::Duration;

use res_gateway::bus::Connection;
use res_gateway::bus::nats::{NatsBus, NatsError, NatsOptions, TlsOptions};
use support::nats::{NatsServer, Raw, Scripted, connect, lost, next, until};
use support::nats_keys::Authority;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// An address at which nobody listens.
async fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn works(connection: &mut Connection) {
    connection.bus.subscribe("a");
    connection.bus.publish("a", None, b"x".as_slice().into()).unwrap();
    assert_eq!(&*next(&mut connection.deliveries).await.payload, b"x");
}

fn to(servers: impl Into<String>) -> NatsOptions {
    NatsOptions { servers: servers.into(), ..NatsOptions::default() }
}

/// Two servers of one cluster that know of each other, as far as clients are told.
async fn cluster(config: &str) -> (NatsServer, NatsServer) {
    let node = |routes: &str| format!("{config}\ncluster {{ name: c, listen: \"127.0.0.1:-1\", {routes} }}");
    let first = NatsServer::start(&node("")).await;
    let routes = format!("routes: [\"nats://127.0.0.1:{}\"]", first.cluster_port.unwrap());
    let second = NatsServer::start(&node(&routes)).await;
    for (server, other) in [(&first, &second), (&second, &first)] {
        let told = format!("\"127.0.0.1:{}\"", other.port);
        until(async || Raw::info(server.port).await.contains(&told)).await;
    }
    (first, second)
}

#[tokio::test]
async fn a_server_that_is_down_is_passed_over() {
    let server = NatsServer::start("").await;
    for in_order in [true, false] {
        let options = NatsOptions { in_order, ..to(format!("{}, {}", dead().await, server.url())) };
        works(&mut connect(options).await).await;
    }
}

#[tokio::test]
async fn when_no_server_can_be_used_it_is_said_why_for_each() {
    let server = NatsServer::start("authorization { token: letmein }").await;
    let (first, second) = (dead().await, server.url());
    let bus = NatsBus::new(NatsOptions { in_order: true, ..to(format!("{first},{second}")) }).unwrap();
    let error = bus.connect().await.err().unwrap();
    let NatsError::NoServer(reasons) = &error else { panic!("{error:?}") };
    assert!(matches!(reasons.as_slice(), [NatsError::Unreachable { .. }, NatsError::Refused { .. }]), "{reasons:?}");
    assert!(error.to_string().contains(&first) && error.to_string().contains(&second), "{error}");
}

#[tokio::test]
async fn a_server_that_says_nothing_takes_no_longer_than_the_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = NatsServer::start("").await;
    let servers = format!("{},{}", silent.local_addr().unwrap(), server.url());
    let options = NatsOptions { in_order: true, connect_timeout: Duration::from_millis(100), ..to(servers) };
    works(&mut connect(options.clone()).await).await;
    let bus = NatsBus::new(NatsOptions { servers: silent.local_addr().unwrap().to_string(), ..options }).unwrap();
    assert!(matches!(bus.connect().await, Err(NatsError::TimedOut { .. })));
}

#[tokio::test]
async fn what_is_no_nats_server_is_refused() {
    for greeting in ["HTTP/1.1 400 Bad Request\r\n\r\n", "INFO not json\r\n", "PING\r\n", "\0\0\0\0\r\n"] {
        let mut server = Scripted::start().await;
        let bus = NatsBus::new(to(server.url())).unwrap();
        let connecting = tokio::spawn(async move { bus.connect().await.err().unwrap() });
        server.accept(greeting).await;
        assert!(matches!(connecting.await.unwrap(), NatsError::Protocol(_)), "{greeting:?}");
    }
}

#[tokio::test]
async fn when_one_of_two_servers_is_killed_the_next_connection_goes_to_the_other() {
    let (mut first, second) = cluster("").await;
    // Only the first is known from outside; it told of the second.
    let bus = NatsBus::new(to(first.url())).unwrap();
    let mut connection = bus.connect().await.unwrap();
    works(&mut connection).await;
    // Messages go through the cluster.
    let mut other = second.connect().await;
    other.bus.subscribe("through");
    works(&mut other).await;
    until(async || through(&connection, &mut other).await).await;

    first.kill();
    lost(&mut connection.deliveries).await;
    let mut connection = bus.connect().await.expect("the other server was learnt");
    works(&mut connection).await;
}

#[tokio::test]
async fn a_server_that_is_told_of_by_number_has_the_certificate_of_the_one_that_told() {
    let authority = Authority::new();
    let (mut first, _second) = cluster(&authority.server(&["localhost"], "")).await;
    let tls = TlsOptions { root_certificates: vec![authority.file()], ..TlsOptions::default() };
    let bus = NatsBus::new(NatsOptions { tls, ..to(format!("tls://localhost:{}", first.port)) }).unwrap();
    let mut connection = bus.connect().await.unwrap();
    first.kill();
    lost(&mut connection.deliveries).await;
    works(&mut bus.connect().await.expect("it shows the certificate of localhost")).await;
}

/// Whether what one publishes reaches the other: what a server's clients listen to becomes known to the other servers
/// after a moment.
async fn through(from: &Connection, to: &mut Connection) -> bool {
    from.bus.publish("through", None, b"".as_slice().into()).unwrap();
    timeout(Duration::from_millis(100), to.deliveries.recv()).await.is_ok()
}

#[tokio::test]
async fn a_server_that_joins_later_is_learnt_from_the_connection_there_is() {
    let mut server = Scripted::start().await;
    let real = NatsServer::start("authorization { token: letmein }").await;
    // Who one is for the one, one is for the other.
    let bus = NatsBus::new(to(server.url().replace("nats://", "nats://letmein@"))).unwrap();
    let connecting = tokio::spawn({
        let bus = bus.clone();
        async move { bus.connect().await.unwrap() }
    });
    server.welcome("{}").await;
    let mut connection = connecting.await.unwrap();
    // One that no client can use is passed over too.
    let urls = format!("\"127.0.0.1:{}\",\"not an address\"", real.port);
    server.send(&format!("INFO {{\"connect_urls\":[{urls}]}}\r\nPING\r\n")).await;
    assert_eq!(server.line().await, "PONG");
    drop(server);
    lost(&mut connection.deliveries).await;
    works(&mut bus.connect().await.unwrap()).await;
}

#[tokio::test]
async fn a_server_that_is_about_to_end_is_left_for_another_after_what_was_said() {
    let (first, second) = cluster("").await;
    let bus = NatsBus::new(NatsOptions { in_order: true, ..to(format!("{},{}", first.url(), second.url())) }).unwrap();
    let mut connection = bus.connect().await.unwrap();
    let mut other = second.connect().await;
    other.bus.subscribe("through");
    works(&mut other).await;
    until(async || through(&connection, &mut other).await).await;

    first.signal("USR2");
    lost(&mut connection.deliveries).await;
    // The server itself would have waited for ten seconds before it cuts anybody off.
    assert!(!first.log().contains("Closing existing clients"), "{}", first.log());
    works(&mut bus.connect().await.unwrap()).await;
}

#[tokio::test]
async fn the_only_server_there_is_is_used_until_it_ends() {
    let config = "lame_duck_duration: \"30s\", lame_duck_grace_period: \"1s\"";
    let server = NatsServer::start(config).await;
    let mut connection = server.connect().await;
    let mut raw = server.raw().await;
    server.signal("USR2");
    // The notice comes as an INFO to all clients.
    while !raw.line().await.contains("\"ldm\":true") {}
    // With the first message the notice has come here too.
    works(&mut connection).await;
    works(&mut connection).await;
    lost(&mut connection.deliveries).await;
}

#[test]
fn addresses_are_read_with_all_that_may_be_left_out() {
    let good = [
        "localhost",
        "nats://localhost",
        "nats://localhost:4222/",
        "tls://nats.example.com:4443",
        "nats://user:pass@10.0.0.1:4222,nats://token@10.0.0.2",
        "[::1]:4222, nats://[fe80::1]",
        "nats://us%40er:p%2Cw@host",
        "a_host-1:1",
    ];
    for servers in good {
        assert!(NatsBus::new(to(servers)).is_ok(), "{servers}");
    }
    let bad = [
        ("", 1, "it has no host"),
        ("a,,b", 2, "it has no host"),
        ("ws://a", 1, "only nats:// and tls:// are known"),
        ("http://a:hidden@b", 1, "only nats:// and tls:// are known"),
        ("a:hidden", 1, "the port is no number"),
        ("a,b:70000", 2, "the port is no number"),
        ("a:", 1, "the port is no number"),
        ("[::1", 1, "a [ without a ]"),
        ("[::1]4222", 1, "after the host comes : and a port"),
        ("a/hidden", 1, "a host cannot have"),
        ("nats://%ff:hidden@a", 1, "not UTF-8"),
        ("a b", 1, "a host cannot have"),
    ];
    for (servers, place, reason) in bad {
        let error = NatsBus::new(to(servers)).err().unwrap_or_else(|| panic!("{servers:?}")).to_string();
        assert!(error.contains(&format!("server {place} in the list")) && error.contains(reason), "{servers}: {error}");
        assert!(!error.contains("hidden"), "{error}");
    }
}
