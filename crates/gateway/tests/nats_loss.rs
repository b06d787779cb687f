//! How a connection to NATS ends, and what is never lost while it lasts.

mod support;

use std::sync::Arc;
use std::time::Duration;

use res_gateway::bus::nats::{NatsBus, NatsOptions};
use res_gateway::bus::{Connection, Refusal};
use support::nats::{NatsServer, PATIENCE, Scripted, connect, lost, next, until};
use tokio::time::timeout;

/// A connection to a peer that does as the test says.
async fn scripted(info: &str, options: NatsOptions) -> (Scripted, Connection) {
    let mut server = Scripted::start().await;
    let bus = NatsBus::new(NatsOptions { servers: server.url(), ..options }).unwrap();
    let connecting = tokio::spawn(async move { bus.connect().await.unwrap() });
    server.welcome(info).await;
    (server, connecting.await.unwrap())
}

fn payload(bytes: usize) -> Arc<[u8]> {
    vec![b'x'; bytes].into()
}

#[tokio::test]
async fn a_server_that_is_killed_ends_the_deliveries_after_what_had_arrived() {
    let mut server = NatsServer::start("").await;
    let mut connection = server.connect().await;
    connection.bus.subscribe("a.*");
    for i in 0..100 {
        connection.bus.publish(&format!("a.{i}"), None, payload(1)).unwrap();
    }
    assert_eq!(&*next(&mut connection.deliveries).await.subject, "a.0");
    // It has sent the rest when the last one is here.
    let mut rest = vec![next(&mut connection.deliveries).await];
    while &*rest[rest.len() - 1].subject != "a.99" {
        rest.push(next(&mut connection.deliveries).await);
    }
    server.kill();
    assert!(lost(&mut connection.deliveries).await.is_empty());
    assert_eq!(rest.len(), 99);
    // Whoever does not know yet publishes into nothing, and does not fail.
    connection.bus.subscribe("b");
    assert_eq!(connection.bus.publish("a.1", None, payload(1)), Ok(()));
    connection.bus.unsubscribe("b");
}

#[tokio::test]
async fn a_server_that_falls_silent_is_lost_after_two_pings() {
    let server = NatsServer::start("").await;
    let options = NatsOptions { ping_interval: Duration::from_millis(100), ..server.options() };
    let mut connection = connect(options).await;
    // While it answers, it may be pinged for as long as one likes.
    assert!(timeout(Duration::from_millis(1_000), connection.deliveries.recv()).await.is_err());
    server.signal("STOP");
    assert!(lost(&mut connection.deliveries).await.is_empty());
}

#[tokio::test]
async fn pings_of_the_server_are_answered() {
    let server = NatsServer::start("ping_interval: \"100ms\"\nping_max: 1").await;
    let mut connection = server.connect().await;
    // It ends clients that do not answer after 200 ms.
    assert!(timeout(Duration::from_millis(1_000), connection.deliveries.recv()).await.is_err());
}

#[tokio::test]
async fn a_slow_reader_holds_up_the_server_and_loses_nothing() {
    let server = NatsServer::start("http: \"127.0.0.1:-1\"").await;
    let options = NatsOptions { buffer_size: 16, ..server.options() };
    let mut connection = connect(options).await;
    connection.bus.subscribe("burst");
    connection.bus.publish("burst", None, payload(1)).unwrap();
    next(&mut connection.deliveries).await;

    let mut raw = server.raw().await;
    for i in 0..20_000 {
        raw.send(format!("PUB burst 1006\r\n{i:06}{}\r\n", "x".repeat(1_000))).await;
    }
    raw.settle().await;
    // 20 MB do not fit into what the systems between keep: the server has to hold them, for nobody reads.
    until(async || server.pending_bytes().await >= 1_000_000).await;
    for i in 0..20_000 {
        let delivery = next(&mut connection.deliveries).await;
        assert_eq!(&delivery.payload[..6], format!("{i:06}").as_bytes());
    }
    // And the connection is as good as before.
    connection.bus.publish("burst", None, payload(3)).unwrap();
    assert_eq!(next(&mut connection.deliveries).await.payload.len(), 3);
}

#[tokio::test]
async fn big_messages_hold_up_the_server_by_their_bytes() {
    let server = NatsServer::start("http: \"127.0.0.1:-1\"").await;
    let options = NatsOptions { buffer_bytes: 500_000, ..server.options() };
    let mut connection = connect(options).await;
    connection.bus.subscribe("burst");
    connection.bus.publish("burst", None, payload(1)).unwrap();
    next(&mut connection.deliveries).await;

    let mut raw = server.raw().await;
    // One that is bigger than all that may wait is among them, and comes in its turn.
    let sizes = (0..200).map(|i| if i == 100 { 1_000_000 } else { 100_000 + i });
    for size in sizes.clone() {
        raw.send(format!("PUB burst {size}\r\n{}\r\n", "x".repeat(size))).await;
    }
    raw.settle().await;
    until(async || server.pending_bytes().await >= 1_000_000).await;
    for size in sizes {
        assert_eq!(next(&mut connection.deliveries).await.payload.len(), size);
    }
}

#[tokio::test]
async fn a_reader_that_is_too_slow_for_the_server_is_lost_and_not_fed_with_gaps() {
    let server = NatsServer::start("write_deadline: \"200ms\"\nmax_pending: 2000000").await;
    let options = NatsOptions { buffer_size: 16, ..server.options() };
    let mut connection = connect(options).await;
    connection.bus.subscribe("burst");
    connection.bus.publish("burst", None, payload(1)).unwrap();
    next(&mut connection.deliveries).await;

    let mut raw = server.raw().await;
    for i in 0..40_000 {
        raw.send(format!("PUB burst 1006\r\n{i:06}{}\r\n", "x".repeat(1_000))).await;
    }
    raw.settle().await;
    until(async || server.log().contains("Slow Consumer")).await;
    let read = lost(&mut connection.deliveries).await;
    assert!(read.len() < 40_000);
    for (i, delivery) in read.iter().enumerate() {
        assert_eq!(&delivery.payload[..6], format!("{i:06}").as_bytes());
    }
}

#[tokio::test]
async fn what_waits_for_a_server_that_does_not_read_is_bounded() {
    let server = NatsServer::start("").await;
    let options = NatsOptions { outbound_bytes: 1_000_000, ..server.options() };
    let mut connection = connect(options).await;
    assert!(!connection.bus.is_congested());
    server.signal("STOP");
    // Some of it the system takes; a hundred times the limit it does not. With half of the limit it is said already.
    let mut is_said = false;
    for _ in 0..1_000 {
        assert_eq!(connection.bus.publish("a", None, payload(100_000)), Ok(()));
        is_said |= connection.bus.is_congested();
        tokio::task::yield_now().await;
    }
    assert!(is_said);
    // Without a bound, only the third ping in a minute would tell.
    timeout(Duration::from_secs(10), connection.deliveries.recv()).await.expect("it is lost at once");
}

#[tokio::test]
async fn a_limit_that_the_server_lowers_counts_from_then_on() {
    let (mut server, mut connection) = scripted("{\"max_payload\":1000}", NatsOptions::default()).await;
    assert_eq!(connection.bus.publish("a", None, payload(1_001)), Err(Refusal::Payload));
    assert_eq!(connection.bus.publish("a", None, payload(1_000)), Ok(()));
    server.send("INFO {\"max_payload\":500}\r\nMSG now 1 0\r\n\r\n").await;
    assert_eq!(&*next(&mut connection.deliveries).await.subject, "now");
    assert_eq!(connection.bus.publish("a", None, payload(501)), Err(Refusal::Payload));
    assert_eq!(connection.bus.publish("a", None, payload(500)), Ok(()));
}

#[tokio::test]
async fn what_the_server_says_against_us_ends_the_connection_unless_it_is_about_permissions() {
    let (mut server, mut connection) = scripted("{}", NatsOptions::default()).await;
    server.send("-ERR 'Permissions Violation for Publish to \"a\"'\r\n+OK\r\nMSG now 1 0\r\n\r\n").await;
    assert_eq!(&*next(&mut connection.deliveries).await.subject, "now");
    server.send("-ERR 'Stale Connection'\r\nMSG never 1 0\r\n\r\n").await;
    assert!(lost(&mut connection.deliveries).await.is_empty());

    for end in ["no NATS\r\n", "MSG a 1 x\r\n", "INFO {\r\n"] {
        let (mut server, mut connection) = scripted("{}", NatsOptions::default()).await;
        server.send(end).await;
        assert!(lost(&mut connection.deliveries).await.is_empty(), "{end:?}");
    }
}

#[tokio::test]
async fn messages_nobody_takes_do_not_keep_the_connection_from_publishing() {
    let server = NatsServer::start("").await;
    let mut other = server.connect().await;
    other.bus.subscribe("out");
    other.bus.publish("out", None, payload(1)).unwrap();
    next(&mut other.deliveries).await;

    let Connection { bus, deliveries } = server.connect().await;
    bus.subscribe("in");
    drop(deliveries);
    for _ in 0..100 {
        bus.publish("in", None, payload(1)).unwrap();
        bus.publish("out", None, payload(2)).unwrap();
        assert_eq!(next(&mut other.deliveries).await.payload.len(), 2);
    }
}

#[tokio::test]
async fn a_server_that_does_not_take_the_last_words_is_left_after_two_seconds() {
    let (mut server, connection) = scripted("{}", NatsOptions::default()).await;
    connection.bus.publish("a", None, payload(1)).unwrap();
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    let Connection { bus, mut deliveries } = connection;
    drop(bus);
    assert_eq!(timeout(PATIENCE, deliveries.recv()).await.expect("it ends").map(|_| ()), None);
    assert!(start.elapsed() >= Duration::from_secs(2) && start.elapsed() < Duration::from_secs(3));
    tokio::time::resume();
    for expected in ["PUB a 1", "x", "PING"] {
        assert_eq!(server.line().await, expected);
    }
}
