//! The service of the guide: a counter that everybody may add to.

use res_gateway::service::{Access, Reply, Request, Service, invalid_params};
use resclient::protocol::ResError;
use serde::Deserialize;
use serde_json::json;

pub fn service() -> Service {
    Service::new("counter")
        .model("counter", json!({ "count": 0 }))
        .access("counter", |_| Ok(Access { get: true, call: "add".into() }))
        .call("counter", "add", add)
}

fn add(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        by: i64,
    }
    let Params { by } = request.params()?;
    let service = request.service();
    let count = service.value("counter").and_then(|counter| counter["count"].as_i64()).unwrap_or(0);
    // Whatever a client sends, it must not end in a panic, nor in another number than it asked for.
    let count = count.checked_add(by).ok_or_else(|| invalid_params("by is too much"))?;
    // Changes the model and sends the event that tells of it.
    service.change("counter", json!({ "count": count }))?;
    Ok(Reply::value(count))
}
