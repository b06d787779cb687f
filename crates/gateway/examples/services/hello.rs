//! Hello world: one model that all may read.

use res_gateway::service::{Access, Service};
use serde_json::json;

pub fn service() -> Service {
    Service::new("example")
        .model("example.model", json!({ "message": "Hello, World!" }))
        .access("example.model", |_| Ok(Access::READ))
}
