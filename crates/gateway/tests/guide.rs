//! The service of the guide, with what a client may send it.

mod support;

#[path = "../examples/services/counter.rs"]
mod counter;

use res_gateway::bus::MemoryBus;
use res_gateway::{Gateway, GatewayConfig};
use serde_json::json;
use support::hand::{request, session};

#[tokio::test(start_paused = true)]
async fn the_counter_of_the_guide_refuses_to_count_beyond_its_numbers() {
    let bus = MemoryBus::new();
    counter::service().start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    for (by, code) in [(i64::MAX, None), (1, Some("system.invalidParams")), (-1, None), (i64::MIN, None)] {
        let answer = request(&mut client, 1, "call.counter.add", json!({ "by": by })).await;
        assert_eq!(answer["error"]["code"].as_str(), code, "{by}: {answer}");
    }
}
