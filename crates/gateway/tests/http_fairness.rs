//! Long answers over HTTP, which are written one at a time: who asks for many of them does not keep the others waiting.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use res_gateway::bus::MemoryBus;
use res_gateway::service::{Access, Service};
use serde_json::{Map, Value, json};
use support::client::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
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
    // And one that is longer than what sockets take in.
    let list: Vec<Value> = (0..6).map(|i| json!({ "rid": format!("long.text.{i}") })).collect();
    service = service.collection("long.texts", Value::Array(list));
    for i in 0..6 {
        service = service.model(&format!("long.text.{i}"), json!({ "text": "t".repeat(1_200_000) }));
    }
    let bus = MemoryBus::new();
    service.access("long.>", |_| Ok(Access::READ)).start(bus.connect());
    TestServer::start(bus).await
}

/// Asks for a list from an address of this machine.
async fn ask(from: [u8; 4], server: SocketAddr, list: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.bind((from, 0).into()).expect("all of 127.0.0.0/8 is this machine");
    // What is read ahead is little.
    socket.set_recv_buffer_size(4_096).expect("it can be as small");
    let mut stream = socket.connect(server).await.expect("it listens");
    let request = format!("GET /api/long/{list} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    stream
}

/// Fetches the list from an address of this machine.
async fn fetch(from: [u8; 4], server: SocketAddr) {
    let mut stream = ask(from, server, "list").await;
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
    fetch([127, 0, 0, 1], address).await;
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
    fetch([127, 0, 0, 1], address).await;
    let answered = answered.load(Ordering::Relaxed);
    greedy.join_all().await;
    assert!(answered < MANY / 2, "{answered} of {MANY} came before it");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_long_answers_has_no_more_than_eight_written() {
    let server = serve().await;
    let mut unread = Vec::new();
    for _ in 0..9 {
        let stream = ask([127, 0, 0, 2], server.address, "texts").await;
        // Each is asked for after the one before was begun.
        if unread.len() < 8 {
            stream.readable().await.expect("an answer");
        }
        unread.push(stream);
    }
    let ninth = unread.pop().expect("the last");
    fetch([127, 0, 0, 1], server.address).await;
    let nothing = ninth.try_read(&mut [0; 1]).expect_err("it has to wait");
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    unread.pop();
    ninth.readable().await.expect("one that is not wanted any more makes room");
    assert_eq!(ninth.try_read(&mut [0; 1]).expect("the answer"), 1);
}
