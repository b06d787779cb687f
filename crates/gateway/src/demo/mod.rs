//! Services to look at and to try things with: what `res-gateway --demo` serves.
//!
//! They use nothing but the public [`service`](crate::service) API, so they are also its examples.

mod chat;
mod control;
mod library;
mod text;
mod ticker;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::bus::MemoryBus;
use crate::service::{Access, Service, ServiceHandle};

/// The first parts of the names of the demo's resources.
pub const NAMES: [&str; 6] = ["chat", "demo", "example", "library", "text", "ticker"];

/// Starts all demo services on a bus, and gives them.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn start(bus: &MemoryBus) -> Vec<ServiceHandle> {
    let library = library::service().start(bus.connect());
    vec![
        chat::service().start(bus.connect()),
        control::service(library.clone(), bus.clone()).start(bus.connect()),
        example().start(bus.connect()),
        text::service().start(bus.connect()),
        ticker::start(bus),
        library,
    ]
}

fn example() -> Service {
    Service::new("example")
        .model("example.model", json!({ "message": "Hello, World!" }))
        .access("example.>", |_| Ok(Access::ALL))
        .call("example.model", "set", text::set)
}

/// Unix time.
fn millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
