//! What memory messages of NATS take that nobody has taken yet, on Linux: `cargo bench -p res-gateway --bench
//! nats_memory`, with a nats-server on the PATH or in NATS_SERVER. The figures are in docs/performance.md.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use res_gateway::bus::nats::NatsOptions;
use support::nats::{NatsServer, connect, next};
use tokio::time::sleep;

const EVENTS: usize = 3_000;
const BYTES: usize = 1_000_000;

/// Resident memory of this process, in bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says so");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is among it");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}

/// The most memory while somebody takes an event every 5 ms.
async fn most(options: NatsOptions, server: &NatsServer) -> usize {
    let mut connection = connect(options).await;
    connection.bus.subscribe("event.*");
    connection.bus.publish("event.first", None, b"".as_slice().into()).expect("it is small");
    next(&mut connection.deliveries).await;
    let mut raw = server.raw().await;
    let sending = tokio::spawn(async move {
        let event = format!("PUB event.big {BYTES}\r\n{}\r\n", "x".repeat(BYTES));
        for _ in 0..EVENTS {
            raw.send(&event).await;
        }
        raw.settle().await;
    });
    let mut most = 0;
    for _ in 0..EVENTS {
        assert_eq!(next(&mut connection.deliveries).await.payload.len(), BYTES);
        most = most.max(memory());
        sleep(Duration::from_millis(5)).await;
    }
    sending.await.expect("no panic");
    most
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let server = NatsServer::start("max_pending: 4000000000\nwrite_deadline: \"60s\"").await;
    let bounded = most(server.options(), &server).await;
    let by_number_only = most(NatsOptions { buffer_bytes: usize::MAX, ..server.options() }, &server).await;
    println!("at most {} MB, and without the bound in bytes {} MB", bounded / 1_000_000, by_number_only / 1_000_000);
}
