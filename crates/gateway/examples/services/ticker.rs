//! A counter of seconds, for the services that let not everybody read it.

use std::time::Duration;

use res_gateway::service::ServiceHandle;
use serde_json::json;

pub const TICKER: &str = "ticker.model";

/// Counts for as long as it is polled; does nothing for a service without a counter.
pub async fn run(service: &ServiceHandle) {
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    clock.tick().await;
    while let Some(seconds) = service.value(TICKER).and_then(|model| model["seconds"].as_u64()) {
        clock.tick().await;
        let counted = service.change(TICKER, json!({ "seconds": seconds + 1 }));
        debug_assert!(counted.is_ok(), "the model has just been there");
    }
    std::future::pending().await
}
