//! Long answers over HTTP, which are written one at a time: who asks for many of them does not keep the others waiting.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use res_gateway::bus::MemoryBus;
use res_gateway::service::{Access, Service};
use serde_json::{Map, Value, json};
use support::client::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A list of models that takes long to write, since it has many members.
async fn serve() -> TestServer {
    let members: Map<String, Value> = (0..5_000).map(|i| (format!("member{i}"), json!(i))).collect();
    let list: Vec<Value> = (0..16).map(|i| json!({ "rid": format!("long.model.{i}") })).collect();
    let mut service = Service::new("long").collection("long.list", Value::Array(list));
    for i in 0..16 {
        service = service.model(&format!("long.model.{i}"), Value::Object(members.clone()));
    }
    let bus = MemoryBus::new();
    service.access("long.>", |_| Ok(Access::READ)).start(bus.connect());
    TestServer::start(bus).await
}

/// Fetches the list from an address of this machine.
async fn fetch(from: [u8; 4], server: SocketAddr) {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.bind((from, 0).into()).expect("all of 127.0.0.0/8 is this machine");
    let mut stream = socket.connect(server).await.expect("it listens");
    let request = format!("GET /api/long/list HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await.expect("in time").expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(b"}}]"), "{} bytes", answer.len());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_many_long_answers_does_not_keep_others_waiting() {
    const MANY: usize = 30;
    let server = serve().await;
    let address = server.address;
    // It is in the cache from now on.
    let begun = Instant::now();
    fetch([127, 0, 0, 1], address).await;
    println!("one takes {:?}", begun.elapsed());
    let answered = Arc::new(AtomicUsize::new(0));
    let mut greedy = JoinSet::new();
    for _ in 0..MANY {
        let answered = answered.clone();
        greedy.spawn(async move {
            fetch([127, 0, 0, 2], address).await;
            answered.fetch_add(1, Ordering::Relaxed);
        });
    }
    greedy.join_next().await.expect("many").expect("an answer");
    let begun = Instant::now();
    fetch([127, 0, 0, 1], address).await;
    let answered = answered.load(Ordering::Relaxed);
    println!("another, asked for after {MANY}: {:?}, {answered} of those before it", begun.elapsed());
    greedy.join_all().await;
    assert!(answered < MANY / 2, "{answered} of {MANY} came before it");
}
