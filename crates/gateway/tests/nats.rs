//! The bus over NATS, with real servers: what goes where, in which order, and what is refused.

mod support;

use std::sync::Arc;
use std::time::Duration;

use res_gateway::bus::nats::NatsBus;
use res_gateway::bus::{Connection, Refusal};
use support::nats::{NatsServer, connect, next};

fn payload(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

/// Waits until the server has taken what this connection subscribed to.
async fn settle(connection: &mut Connection) {
    let marker = "settle.marker";
    connection.bus.subscribe(marker);
    connection.bus.publish(marker, None, payload("")).unwrap();
    assert_eq!(&*next(&mut connection.deliveries).await.subject, marker);
    connection.bus.unsubscribe(marker);
}

#[tokio::test]
async fn two_connections_to_one_server_see_each_others_messages() {
    let server = NatsServer::start("").await;
    let (mut one, mut other) = (server.connect().await, server.connect().await);
    one.bus.subscribe("a.b");
    settle(&mut one).await;
    other.bus.publish("a.b", None, payload("hello")).unwrap();
    let delivery = next(&mut one.deliveries).await;
    assert_eq!((&*delivery.subject, &*delivery.payload), ("a.b", b"hello".as_slice()));
    assert_eq!((delivery.reply, delivery.no_responders), (None, false));

    other.bus.subscribe("c");
    settle(&mut other).await;
    one.bus.publish("c", Some("a.b"), payload("")).unwrap();
    let request = next(&mut other.deliveries).await;
    assert_eq!(request.reply.as_deref(), Some("a.b"));
    other.bus.publish(&request.reply.unwrap(), None, payload("answer")).unwrap();
    assert_eq!(&*next(&mut one.deliveries).await.payload, b"answer");
}

#[tokio::test]
async fn wildcards_match_as_nats_says_until_unsubscribed() {
    let server = NatsServer::start("").await;
    let (mut one, other) = (server.connect().await, server.connect().await);
    one.bus.subscribe("event.a.*");
    one.bus.subscribe("call.>");
    one.bus.subscribe("end");
    settle(&mut one).await;
    for subject in ["event.a", "event.a.x", "event.a.x.y", "event.b.x", "call", "call.a", "call.a.b", "end"] {
        other.bus.publish(subject, None, payload("")).unwrap();
    }
    let mut seen = Vec::new();
    while seen.last().is_none_or(|last| last != "end") {
        seen.push(next(&mut one.deliveries).await.subject.to_string());
    }
    assert_eq!(seen, ["event.a.x", "call.a", "call.a.b", "end"]);

    one.bus.unsubscribe("event.a.*");
    settle(&mut one).await;
    for subject in ["event.a.x", "call.a", "end"] {
        other.bus.publish(subject, None, payload("")).unwrap();
    }
    assert_eq!(&*next(&mut one.deliveries).await.subject, "call.a");
    assert_eq!(&*next(&mut one.deliveries).await.subject, "end");
}

#[tokio::test]
async fn a_pattern_subscribed_to_twice_delivers_twice_and_once_after_one_end() {
    let server = NatsServer::start("").await;
    let mut one = server.connect().await;
    one.bus.subscribe("a");
    one.bus.subscribe("a");
    one.bus.subscribe("end");
    one.bus.publish("a", None, payload("1")).unwrap();
    one.bus.publish("end", None, payload("")).unwrap();
    let mut subjects = Vec::new();
    for _ in 0..3 {
        subjects.push(next(&mut one.deliveries).await.subject);
    }
    assert_eq!(subjects, ["a".into(), "a".into(), "end".into()]);

    one.bus.unsubscribe("a");
    one.bus.publish("a", None, payload("2")).unwrap();
    one.bus.publish("end", None, payload("")).unwrap();
    assert_eq!(&*next(&mut one.deliveries).await.subject, "a");
    assert_eq!(&*next(&mut one.deliveries).await.subject, "end");
}

#[tokio::test]
async fn a_request_that_nobody_listens_to_is_told_so() {
    let server = NatsServer::start("").await;
    let mut one = server.connect().await;
    one.bus.subscribe("_INBOX.x.*");
    settle(&mut one).await;
    one.bus.publish("get.nobody", Some("_INBOX.x.1"), payload("{}")).unwrap();
    let delivery = next(&mut one.deliveries).await;
    assert!(delivery.no_responders);
    assert_eq!((&*delivery.subject, &*delivery.payload), ("_INBOX.x.1", b"".as_slice()));
}

#[tokio::test]
async fn headers_of_others_are_passed_over() {
    let server = NatsServer::start("").await;
    let mut one = server.connect().await;
    one.bus.subscribe("a.*");
    settle(&mut one).await;
    let mut raw = server.raw().await;
    raw.send("HPUB a.b 23 28\r\nNATS/1.0\r\nSome: one\r\n\r\nhello\r\n").await;
    raw.send("HPUB a.c reply.to 19 21\r\nNATS/1.0 503 No\r\n\r\n{}\r\n").await;
    raw.send("HPUB a.d 16 16\r\nNATS/1.0 100\r\n\r\n\r\n").await;
    raw.settle().await;
    let delivery = next(&mut one.deliveries).await;
    assert_eq!((&*delivery.subject, &*delivery.payload), ("a.b", b"hello".as_slice()));
    assert!(!delivery.no_responders);
    // A service that sends a payload has responded, whatever its status.
    let delivery = next(&mut one.deliveries).await;
    assert_eq!((&*delivery.payload, delivery.reply.as_deref()), (b"{}".as_slice(), Some("reply.to")));
    assert!(!delivery.no_responders);
    assert!(!next(&mut one.deliveries).await.no_responders);
}

#[tokio::test]
async fn one_of_a_queue_group_of_services_answers() {
    let server = NatsServer::start("").await;
    let mut gateway = server.connect().await;
    gateway.bus.subscribe("_INBOX.x.*");
    let (mut first, mut second) = (server.raw().await, server.raw().await);
    for service in [&mut first, &mut second] {
        service.send("SUB get.> group 1\r\n").await;
        service.settle().await;
    }
    settle(&mut gateway).await;
    for i in 0..20 {
        gateway.bus.publish("get.a", Some(&format!("_INBOX.x.{i}")), payload("{}")).unwrap();
    }
    for mut service in [first, second] {
        tokio::spawn(async move {
            loop {
                let (_, reply, _) = service.message().await;
                service.send(format!("PUB {} 1\r\n1\r\n", reply.unwrap())).await;
            }
        });
    }
    let mut answered = std::collections::BTreeSet::new();
    for _ in 0..20 {
        answered.insert(next(&mut gateway.deliveries).await.subject);
    }
    // Each request has exactly one answer: nothing comes before what is sent now.
    assert_eq!(answered.len(), 20);
    settle(&mut gateway).await;
}

#[tokio::test]
async fn no_length_of_a_subject_ends_the_connection() {
    let server = NatsServer::start("").await;
    let mut one = server.connect().await;
    let mut refused = 0;
    for length in 1..=8_192 {
        let subject = "a".repeat(length);
        match one.bus.publish(&subject, Some("_INBOX.0123456789abcdef0123456789abcdef.1"), payload("{}")) {
            Ok(()) => {}
            Err(reason) => {
                assert_eq!(reason, Refusal::Subject);
                refused += 1;
            }
        }
        // Long patterns are hard work for the server.
        if length % 97 == 0 || (3_900..4_200).contains(&length) {
            one.bus.subscribe(&subject);
            one.bus.unsubscribe(&subject);
        }
    }
    assert!((4_192..4_300).contains(&refused), "{refused}");
    settle(&mut one).await;
    assert!(!server.log().contains("[ERR]"), "{}", server.log());
}

#[tokio::test]
async fn subjects_that_would_be_more_than_one_word_do_not_reach_the_wire() {
    let server = NatsServer::start("").await;
    let (mut one, mut other) = (server.connect().await, server.connect().await);
    for pattern in ["*", "a.>", "end.*"] {
        other.bus.subscribe(pattern);
    }
    settle(&mut other).await;
    let bad = [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "a b",
        "a\tb",
        "a\r\nPING",
        "a\nb",
        "a\0b",
        "a.*",
        "a.>",
        ">",
        "*",
        "a*b",
        "ä",
        "a\u{a0}b",
        "a\u{7f}",
    ];
    for bad in bad {
        assert_eq!(one.bus.publish(bad, None, payload("x")), Err(Refusal::Subject), "{bad:?}");
        assert_eq!(one.bus.publish("a", Some(bad), payload("x")), Err(Refusal::Subject), "{bad:?}");
    }
    for bad in ["", "a b", "a\r\nPUB x 0\r\n", "a..b", "a.>.b"] {
        one.bus.subscribe(bad);
        one.bus.unsubscribe(bad);
    }
    one.bus.publish("end.x", None, payload("")).unwrap();
    assert_eq!(&*next(&mut other.deliveries).await.subject, "end.x");
    settle(&mut one).await;
}

#[tokio::test]
async fn a_payload_that_is_too_big_for_the_server_is_refused_and_the_connection_stays() {
    let server = NatsServer::start("max_payload: 1000").await;
    let mut one = server.connect().await;
    one.bus.subscribe("a");
    assert_eq!(one.bus.publish("a", None, vec![b'x'; 1_001].into()), Err(Refusal::Payload));
    one.bus.publish("a", None, vec![b'x'; 1_000].into()).unwrap();
    assert_eq!(next(&mut one.deliveries).await.payload.len(), 1_000);
    settle(&mut one).await;
}

#[tokio::test]
async fn what_was_published_before_the_connection_is_dropped_arrives() {
    let server = NatsServer::start("").await;
    let mut other = server.connect().await;
    other.bus.subscribe("n");
    settle(&mut other).await;
    let one = connect(server.options()).await;
    // What is unread here must not make the system throw away what the server has yet to read.
    one.bus.subscribe("n");
    for i in 0..10_000 {
        one.bus.publish("n", None, payload(&i.to_string())).unwrap();
    }
    drop(one);
    for i in 0..10_000 {
        assert_eq!(&*next(&mut other.deliveries).await.payload, i.to_string().as_bytes());
    }
}

#[tokio::test]
async fn who_waits_for_the_end_of_all_connections_loses_nothing_when_the_program_ends() {
    let server = NatsServer::start("").await;
    let mut other = server.connect().await;
    other.bus.subscribe("n");
    settle(&mut other).await;
    let options = server.options();
    let ended = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bus = NatsBus::new(options).unwrap();
            let (first, second) = (bus.connect().await.unwrap(), bus.connect().await.unwrap());
            for i in 0..1_000 {
                first.bus.publish("n", None, payload(&i.to_string())).unwrap();
            }
            drop(first);
            let waiting = tokio::time::timeout(Duration::from_millis(100), bus.closed());
            assert!(waiting.await.is_err(), "the other connection is open");
            for i in 1_000..2_000 {
                second.bus.publish("n", None, payload(&i.to_string())).unwrap();
            }
            drop(second);
            bus.closed().await;
        });
        runtime.shutdown_background();
    });
    ended.await.unwrap();
    for i in 0..2_000 {
        assert_eq!(&*next(&mut other.deliveries).await.payload, i.to_string().as_bytes());
    }
}
