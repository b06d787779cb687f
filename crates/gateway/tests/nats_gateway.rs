//! A gateway, services and clients with a real NATS server between.

mod support;

use std::time::{Duration, Instant};

use res_gateway::bus::nats::{NatsBus, NatsOptions};
use res_gateway::service::{Access, Reply, Resource, Service, ServiceHandle};
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use serde_json::{Value, json};
use support::hand::{frame, next, request, send};
use support::nats::{NatsServer, PATIENCE, connect};
use tokio::time::{sleep, timeout};

fn notes() -> Service {
    Service::new("notes")
        .model("notes.first", json!({ "text": "one" }))
        .access("notes.own", |request| Ok(if request.token()["user"] == "me" { Access::ALL } else { Access::NONE }))
        .access("notes.>", |_| Ok(Access::ALL))
        .get("notes.own", |_| Ok(Resource::Model(json!({ "mine": true }))))
        .call("notes.first", "echo", |request| Ok(Reply::value(request.params::<Value>()?)))
        .call("notes.first", "set", |request| {
            let changed = request.service().change("notes.first", request.params()?);
            changed.map(|()| Reply::null()).map_err(|error| res_gateway::service::invalid_params(error.to_string()))
        })
        .auth("notes", "login", |request| {
            request.service().token(request.cid(), &json!({ "user": "me" }), None);
            Ok(Reply::null())
        })
}

async fn gateway(bus: &NatsBus) -> Gateway {
    let connection = bus.connect().await.expect("the server lets us in");
    Gateway::start_over(connection, bus.clone(), GatewayConfig::default())
}

/// Starts the service, and waits until the server knows of it.
async fn serve(service: Service, options: NatsOptions, gateway: &Gateway) -> ServiceHandle {
    let handle = service.start(connect(options).await);
    let reached = timeout(PATIENCE, async {
        while gateway.fetch(Default::default(), "notes.first").await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    });
    reached.await.expect("the service is there in time");
    handle
}

fn to(servers: String) -> NatsBus {
    NatsBus::new(NatsOptions { servers, ..NatsOptions::default() }).expect("the options are good")
}

#[tokio::test]
async fn a_client_gets_what_a_service_on_nats_has_and_the_events_of_it() {
    let server = NatsServer::start("").await;
    let gateway = gateway(&to(server.url())).await;
    let service = serve(notes(), server.options(), &gateway).await;
    let mut session = gateway.connect(Default::default()).await;
    let model = request(&mut session, 1, "subscribe.notes.first", Value::Null).await;
    assert_eq!(model["result"]["models"]["notes.first"], json!({ "text": "one" }));
    let echo = request(&mut session, 2, "call.notes.first.echo", json!([1])).await;
    assert_eq!(echo["result"], json!([1]));
    service.change("notes.first", json!({ "text": "two" })).expect("a model");
    assert_eq!(frame(&mut session).await["data"]["values"], json!({ "text": "two" }));

    // The event of a call precedes its answer, as the service sent them.
    send(&session, 3, "call.notes.first.set", json!({ "text": "three" })).await;
    assert_eq!(frame(&mut session).await["data"]["values"], json!({ "text": "three" }));
    assert_eq!(frame(&mut session).await["id"], 3);

    // So does the token, with which the next request is allowed.
    let denied = request(&mut session, 4, "subscribe.notes.own", Value::Null).await;
    assert_eq!(denied["error"]["code"], "system.accessDenied");
    assert_eq!(request(&mut session, 5, "auth.notes.login", Value::Null).await.get("error"), None);
    let own = request(&mut session, 6, "subscribe.notes.own", Value::Null).await;
    assert_eq!(own["result"]["models"]["notes.own"], json!({ "mine": true }));
}

#[tokio::test]
async fn two_gateways_on_one_server_have_the_same_events() {
    let server = NatsServer::start("").await;
    let (one, other) = (gateway(&to(server.url())).await, gateway(&to(server.url())).await);
    let service = serve(notes(), server.options(), &one).await;
    let mut sessions = [one.connect(Default::default()).await, other.connect(Default::default()).await];
    for session in &mut sessions {
        request(session, 1, "subscribe.notes.first", Value::Null).await;
    }
    service.change("notes.first", json!({ "text": "two" })).expect("a model");
    for session in &mut sessions {
        assert_eq!(frame(session).await["data"]["values"], json!({ "text": "two" }));
    }
}

#[tokio::test]
async fn what_no_service_has_is_not_found_at_once() {
    let server = NatsServer::start("").await;
    let gateway = gateway(&to(server.url())).await;
    let mut session = gateway.connect(Default::default()).await;
    // The machine may be busy, but not each time.
    let mut quickest = Duration::MAX;
    for id in 1..=20 {
        let start = Instant::now();
        let missing = request(&mut session, id, "call.nobody.here.method", Value::Null).await;
        assert_eq!(missing["error"]["code"], "system.notFound");
        quickest = quickest.min(start.elapsed());
    }
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
}

#[tokio::test]
async fn no_resource_id_or_parameter_of_a_client_ends_the_connection_to_nats() {
    let server = NatsServer::start("max_payload: 10000").await;
    let gateway = gateway(&to(server.url())).await;
    let _service = serve(notes(), server.options(), &gateway).await;
    let mut session = gateway.connect(Default::default()).await;
    request(&mut session, 1, "subscribe.notes.first", Value::Null).await;
    let mut id = 1;
    for length in (1..=8_192).step_by(61).chain(4_000..4_100) {
        for rid in ["a".repeat(length), format!("notes.first.{}", "b".repeat(length))] {
            id += 1;
            let answer = request(&mut session, id, &format!("call.{rid}.m"), Value::Null).await;
            assert!(answer["error"]["code"].is_string(), "{length}: {answer}");
        }
    }
    for method in ["a b", "a\tb", "*", ">", "a\r\nPUB x 0", "\u{e4}", "a\0"] {
        id += 1;
        let answer = request(&mut session, id, &format!("call.notes.first.{method}"), Value::Null).await;
        assert!(answer["error"]["code"].is_string(), "{method:?}: {answer}");
    }
    let too_big = request(&mut session, id + 1, "call.notes.first.echo", json!("x".repeat(10_000))).await;
    assert_eq!(too_big["error"]["code"], "system.invalidParams");
    // The connection is the same as at the beginning: it still has the subscription.
    let answer = request(&mut session, id + 2, "unsubscribe.notes.first", Value::Null).await;
    assert_eq!(answer.get("error"), None, "{answer}");
    assert!(!server.log().contains("[ERR]"), "{}", server.log());
}

#[tokio::test]
async fn when_nats_is_lost_clients_are_closed_and_all_starts_anew_when_it_is_back() {
    let mut server = NatsServer::start("").await;
    let gateway = gateway(&to(server.url())).await;
    let service = serve(notes(), server.options(), &gateway).await;
    let mut session = gateway.connect(Default::default()).await;
    request(&mut session, 1, "subscribe.notes.first", Value::Null).await;
    server.kill();
    assert!(matches!(next(&mut session).await, Outgoing::Close(1012, _)));
    assert!(!gateway.is_available());
    let mut refused = gateway.connect(Default::default()).await;
    assert!(matches!(next(&mut refused).await, Outgoing::Close(1012, _)));

    // What happens meanwhile nobody can be told.
    let service = service.stop().await;
    service.put("notes.first", Resource::Model(json!({ "text": "unseen" }))).expect("a model");
    let server = NatsServer::start_at(server.port.into(), "").await;
    let service = serve(service, server.options(), &gateway).await;
    let mut session = gateway.connect(Default::default()).await;
    let model = request(&mut session, 1, "subscribe.notes.first", Value::Null).await;
    assert_eq!(model["result"]["models"]["notes.first"], json!({ "text": "unseen" }));
    service.change("notes.first", json!({ "text": "seen" })).expect("a model");
    assert_eq!(frame(&mut session).await["data"]["values"], json!({ "text": "seen" }));
}

#[tokio::test]
async fn when_the_gateways_server_of_a_cluster_is_killed_it_goes_on_with_the_other() {
    let node = |routes: &str| format!("cluster {{ name: c, listen: \"127.0.0.1:-1\", {routes} }}");
    let mut first = NatsServer::start(&node("")).await;
    let routes = format!("routes: [\"nats://127.0.0.1:{}\"]", first.cluster_port.expect("it is part of a cluster"));
    let second = NatsServer::start(&node(&routes)).await;
    let bus = NatsBus::new(NatsOptions {
        servers: format!("{},{}", first.url(), second.url()),
        in_order: true,
        ..NatsOptions::default()
    });
    let gateway = gateway(&bus.expect("the options are good")).await;
    // The service is at the other server, and stays.
    let service = serve(notes(), second.options(), &gateway).await;
    let mut session = gateway.connect(Default::default()).await;
    request(&mut session, 1, "subscribe.notes.first", Value::Null).await;
    first.kill();
    assert!(matches!(next(&mut session).await, Outgoing::Close(1012, _)));
    service.change("notes.first", json!({ "text": "meanwhile" })).expect("a model");
    let back = timeout(PATIENCE, async {
        while !gateway.is_available() {
            sleep(Duration::from_millis(10)).await;
        }
    });
    back.await.expect("the other server is found in time");
    let mut session = gateway.connect(Default::default()).await;
    let model = request(&mut session, 1, "subscribe.notes.first", Value::Null).await;
    assert_eq!(model["result"]["models"]["notes.first"], json!({ "text": "meanwhile" }));
}

#[tokio::test]
async fn the_permissions_of_the_documentation_are_enough() {
    let page = include_str!("../../../docs/nats.md");
    let (_, config) = page.split_once("```conf\n").expect("an example");
    let (config, _) = config.split_once("```").expect("an end of it");
    let server = NatsServer::start(config).await;
    let as_user = |user: &str| format!("nats://{user}@127.0.0.1:{}", server.port);
    let gateway = gateway(&to(as_user("gateway:change-me"))).await;
    let servers = as_user("notes:change-me-too");
    let service = serve(notes(), NatsOptions { servers, ..NatsOptions::default() }, &gateway).await;
    let mut session = gateway.connect(Default::default()).await;
    assert_eq!(request(&mut session, 1, "auth.notes.login", Value::Null).await.get("error"), None);
    let own = request(&mut session, 2, "subscribe.notes.own", Value::Null).await;
    assert_eq!(own["result"]["models"]["notes.own"], json!({ "mine": true }));
    request(&mut session, 3, "subscribe.notes.first", Value::Null).await;
    let echo = request(&mut session, 4, "call.notes.first.echo", json!([1])).await;
    assert_eq!(echo["result"], json!([1]));
    service.change("notes.first", json!({ "text": "two" })).expect("a model");
    assert_eq!(frame(&mut session).await["data"]["values"], json!({ "text": "two" }));
    service.token_reset(&["none"], "auth.notes.login");
    let nobody = request(&mut session, 5, "call.notes.first.nothing", Value::Null).await;
    assert_eq!(nobody["error"]["code"], "system.methodNotFound");
    assert!(!server.log().contains("Violation"), "{}", server.log());
}
