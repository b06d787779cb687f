//! A few resources that refer to each other can be a text of any length.

mod support;

use res_gateway::GatewayConfig;
use res_gateway::bus::MemoryBus;
use res_gateway::server::{Encoding, ServerConfig};
use res_gateway::service::{Access, Resource, Service};
use serde_json::{Value, json};
use support::client::TestServer;
use support::http::ask;

#[tokio::test]
async fn an_answer_that_would_be_too_long_is_an_error_and_takes_no_memory() {
    for encoding in [Encoding::Json, Encoding::JsonFlat] {
        let bus = MemoryBus::new();
        // Each level refers twice to the next: Resgate writes the last one two million times, which is 159 MB.
        Service::new("wide")
            .get("wide.$level", |request| {
                let level: u32 = request.part("level").and_then(|l| l.parse().ok()).unwrap_or(0);
                let next = json!({ "rid": format!("wide.{}", level + 1) });
                Ok(Resource::Model(if level < 22 { json!({ "a": next, "b": next }) } else { json!({ "n": level }) }))
            })
            .access("wide.>", |_| Ok(Access::READ))
            .start(bus.connect());
        let config = ServerConfig { encoding, ..ServerConfig::default() };
        let server = TestServer::with(bus, GatewayConfig::default(), config).await;
        // The first answer has what any takes.
        assert_eq!(ask(server.address, "GET", "/api/wide/12", "", None).await.status, 200);
        let before = most_memory();
        let answer = ask(server.address, "GET", "/api/wide/0", "", None).await;
        assert_eq!((answer.status, &*answer.code()), (500, "system.internalError"));
        assert_eq!(answer.json()["message"], "The response is too big");
        // The most that was ever in use: 8 MiB, which may have been twice there while they were moved, and some room.
        let taken = most_memory() - before;
        assert!(taken < 32 << 20, "{taken} bytes");
        // It is the same over a WebSocket, where each resource is sent once.
        let mut client = server.connect().await;
        let set = client.request("get.wide.0", Value::Null).await["result"]["models"].take();
        assert_eq!(set.as_object().map(serde_json::Map::len), Some(23));
    }
}

/// The most bytes this process has ever had in memory; 0 where the system does not say.
fn most_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<usize>().ok());
    kib.unwrap_or_default() << 10
}
