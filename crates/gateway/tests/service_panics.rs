//! What becomes of a request whose handler panics, and of the requests after it.

mod support;

use res_gateway::bus::MemoryBus;
use res_gateway::service::{Access, Reply, Service};
use res_gateway::{Gateway, GatewayConfig};
use serde_json::{Value, json};
use support::hand::{request, session};

#[tokio::test(start_paused = true)]
async fn whoever_asked_a_handler_that_panics_is_told_and_the_service_goes_on() {
    let bus = MemoryBus::new();
    Service::new("weak")
        .access("weak.>", |_| Ok(Access::ALL))
        .call("weak.one", "now", |_| panic!("in a handler"))
        .call_async("weak.one", "later", |_| async { panic!("in what a handler waits for") })
        .call_async("weak.one", "before", |request| {
            assert!(request.name().is_empty(), "before there is anything to wait for");
            async { Ok(Reply::value(0)) }
        })
        .get_async("weak.model", |_| async { panic!("in what a resource is made by") })
        .call("weak.one", "well", |_| Ok(Reply::value("well")))
        .start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    for method in ["call.weak.one.now", "call.weak.one.later", "call.weak.one.before", "subscribe.weak.model"] {
        let answer = request(&mut client, 1, method, Value::Null).await;
        assert_eq!(answer["error"]["code"], "system.internalError", "{method}");
        let answer = request(&mut client, 2, "call.weak.one.well", Value::Null).await;
        assert_eq!(answer["result"], json!({ "payload": "well" }), "after {method}");
    }
}
