//! The order of what one service publishes: an event, a response and another event must arrive as they were sent, or a
//! gateway would lose the one or apply the other twice.

mod support;

use std::fmt::Write;

use res_gateway::bus::Connection;
use support::nats::{NatsServer, next};

const ROUNDS: usize = 20_000;

/// Has requests answered, some at a time as many clients would ask, and says in how many rounds the order was kept.
async fn rounds_in_order(gateway: &mut Connection) -> usize {
    gateway.bus.subscribe("_INBOX.gateway.*");
    gateway.bus.subscribe("event.>");
    let (mut asked, mut in_order) = (0, 0);
    for round in 0..ROUNDS {
        while asked < (round + 50).min(ROUNDS) {
            let reply = format!("_INBOX.gateway.{asked}");
            gateway.bus.publish(&format!("get.r.{asked}"), Some(&reply), b"{}".as_slice().into()).unwrap();
            asked += 1;
        }
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(next(&mut gateway.deliveries).await.subject.to_string());
        }
        let expected =
            [format!("event.r.{round}.before"), format!("_INBOX.gateway.{round}"), format!("event.r.{round}.after")];
        in_order += usize::from(seen == expected);
    }
    in_order
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_and_events_of_a_raw_socket_arrive_in_order() {
    let server = NatsServer::start("").await;
    let mut service = server.raw().await;
    service.send("SUB get.> 1\r\n").await;
    service.settle().await;
    tokio::spawn(async move {
        for _ in 0..ROUNDS {
            let (subject, reply, _) = service.message().await;
            let name = subject.strip_prefix("get.").unwrap();
            let mut bytes = String::new();
            write!(bytes, "PUB event.{name}.before 2\r\n{{}}\r\n").unwrap();
            write!(bytes, "PUB {} 2\r\n{{}}\r\n", reply.unwrap()).unwrap();
            write!(bytes, "PUB event.{name}.after 2\r\n{{}}\r\n").unwrap();
            service.send(bytes).await;
        }
        std::future::pending::<()>().await;
    });
    assert_eq!(rounds_in_order(&mut server.connect().await).await, ROUNDS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_and_events_of_a_connection_of_ours_arrive_in_order() {
    let server = NatsServer::start("").await;
    let mut service = server.connect().await;
    service.bus.subscribe("get.>");
    service.bus.subscribe("settle");
    service.bus.publish("settle", None, b"".as_slice().into()).unwrap();
    next(&mut service.deliveries).await;
    tokio::spawn(async move {
        for _ in 0..ROUNDS {
            let request = next(&mut service.deliveries).await;
            let name = request.subject.strip_prefix("get.").unwrap();
            let payload = || b"{}".as_slice().into();
            service.bus.publish(&format!("event.{name}.before"), None, payload()).unwrap();
            service.bus.publish(&request.reply.unwrap(), None, payload()).unwrap();
            service.bus.publish(&format!("event.{name}.after"), None, payload()).unwrap();
        }
        std::future::pending::<()>().await;
    });
    assert_eq!(rounds_in_order(&mut server.connect().await).await, ROUNDS);
}
