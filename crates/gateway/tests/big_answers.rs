//! Answers of services that the bus does not carry.

mod support;

use res_gateway::service::{Access, Reply, Resource, Service};
use res_gateway::{Gateway, GatewayConfig};
use resclient::protocol::ResError;
use serde_json::{Value, json};
use support::hand::{request, session};
use support::small_bus::SmallBus;

#[tokio::test(start_paused = true)]
async fn what_is_too_big_for_the_bus_is_an_internal_error_at_once() {
    let bus = SmallBus::up();
    let big = || "x".repeat(200_000);
    Service::new("big")
        .access("big.>", |_| Ok(Access::ALL))
        .model("big.stored", json!({ "text": big() }))
        .get("big.made", move |_| Ok(Resource::Model(json!({ "text": big() }))))
        .call("big.made", "tell", move |_| Ok(Reply::value(big())))
        .call_async("big.made", "tellLater", move |_| async move { Ok(Reply::value(big())) })
        .call("big.made", "fail", move |_| {
            Err(ResError { message: big().into(), ..ResError::new("big.failed", "It failed") })
        })
        .start(bus.connect().expect("the bus is up"));
    let gateway = Gateway::start(bus.connect().expect("the bus is up"), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let start = tokio::time::Instant::now();
    for method in
        ["get.big.stored", "get.big.made", "call.big.made.tell", "call.big.made.tellLater", "call.big.made.fail"]
    {
        let answer = request(&mut client, 1, method, Value::Null).await;
        assert_eq!(answer["error"]["code"], "system.internalError", "{method}: {answer}");
    }
    assert_eq!(start.elapsed(), std::time::Duration::ZERO, "nobody waits for an answer that does not come");
}
