//! Who is who in a recording: connections that begin with an HTTP request, and texts that look like their labels.

mod support;

use res_gateway::bus::MemoryBus;
use res_gateway::core::conn::{AuthMethod, ClientInfo, HttpRequest, Target};
use res_gateway::service::{Access, Reply, Service};
use res_gateway::{Gateway, Session};
use serde_json::{Value, json};
use support::fixture;
use support::hand::{frame, is_silent, request};
use support::spy::Spy;
use support::studio::{STEP, Studio, ctl, replayed, same};
use tokio::time::{Instant, sleep, sleep_until};

fn header(role: &str) -> ClientInfo {
    ClientInfo { header: [("X-Auth".into(), vec![role.into()])].into_iter().collect(), ..ClientInfo::default() }
}

fn authenticated(method: &str, target: Target) -> HttpRequest {
    HttpRequest { header_auth: AuthMethod::parse(method).ok(), target }
}

/// The client of a WebSocket, as with `wsHeaderAuth`.
async fn websocket(gateway: &Gateway) -> Session {
    let mut client = gateway.connect(header("chief")).await;
    client.http(authenticated("fix.auth.header", Target::Upgrade)).await;
    request(&mut client, 0, "version", json!({ "protocol": "1.2.3" })).await;
    client
}

async fn fetch(gateway: &Gateway, rid: &str) {
    let answer = gateway.http(header("chief"), authenticated("fix.auth.header", Target::Resource(rid.into()))).await;
    assert!(answer.outcome.is_ok(), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn websockets_whose_header_is_looked_at_have_places_of_their_own_and_http_has_none() {
    let bus = MemoryBus::new();
    let service = fixture::start(&bus);
    let mut spy = Spy::on(&bus);
    let studio = Studio::on("header.jsonl", bus.connect());
    let mut clients = Vec::new();
    for n in 0..2 {
        fetch(&studio.gateway, "fix.secure").await;
        let mut client = websocket(&studio.gateway).await;
        request(&mut client, 1, "subscribe.fix.secure", Value::Null).await;
        request(&mut client, 2, "subscribe.fix.private.{cid}", Value::Null).await;
        let cid = spy.take().last().unwrap().0.rsplit('.').next().unwrap().to_owned();
        sleep_until(Instant::now() + STEP).await;
        service.event(&format!("fix.private.{cid}"), "hello", &json!({ "n": n, "me": cid }));
        assert_eq!(frame(&mut client).await["data"]["me"], cid);
        clients.push(client);
    }
    drop(clients);
    let file = studio.finish().await;
    let text = std::fs::read_to_string(&file.0).unwrap();
    for (kind, conn, subject, count) in [
        // What looks at a header comes before it is known what the connection becomes.
        ("auth", "c0", "auth.fix.auth.header", 4),
        ("access", "c0", "access.fix.secure", 2),
        ("access", "c1", "access.fix.private.{c1}", 1),
        ("access", "c2", "access.fix.private.{c2}", 1),
    ] {
        let is_one = |line: &&str| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["kind"] == kind && line["conn"] == conn && line["subject"] == subject
        };
        assert_eq!(text.lines().filter(is_one).count(), count, "{subject} {conn}: {text}");
    }

    let gateway = replayed(&file);
    fetch(&gateway, "fix.secure").await;
    let (mut first, mut second) = (websocket(&gateway).await, websocket(&gateway).await);
    for client in [&mut first, &mut second] {
        let answer = request(client, 1, "subscribe.fix.secure", Value::Null).await;
        assert!(answer["error"].is_null(), "{answer}");
        let answer = request(client, 2, "subscribe.fix.private.{cid}", Value::Null).await;
        assert_eq!(answer["result"]["models"]["fix.private.{cid}"]["cidLen"], 32, "{answer}");
    }
    for (n, client) in [&mut first, &mut second].into_iter().enumerate() {
        let event = frame(client).await;
        assert_eq!((&event["event"], &event["data"]["n"]), (&json!("fix.private.{cid}.hello"), &json!(n)));
        assert!(is_silent(client).await);
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_of_an_http_request_is_its_own_while_others_wait_for_theirs() {
    let bus = MemoryBus::new();
    let _service = Service::new("s")
        .model("s.model", json!({}))
        .access("s.>", |_| Ok(Access::ALL))
        .auth_async("s.auth", "header", |request| async move {
            let role = request.header()["X-Auth"][0].clone();
            if role == "slow" {
                sleep(STEP).await;
            }
            request.service().token(request.cid(), &json!({ "role": role }), None);
            Ok(Reply::null())
        })
        .start(bus.connect());
    let studio = Studio::on("together.jsonl", bus.connect());
    let fetch =
        |role| studio.gateway.http(header(role), authenticated("s.auth.header", Target::Resource("s.model".into())));
    let later = async {
        sleep(STEP / 2).await;
        fetch("fast").await
    };
    tokio::join!(fetch("slow"), later);
    let text = std::fs::read_to_string(&studio.finish().await.0).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let tokens: Vec<Value> = lines.filter(|line| line["kind"] == "auth").map(|line| line["tokens"].clone()).collect();
    assert_eq!(tokens, [json!([{ "token": "t1" }]), json!([{ "token": "t2" }])]);
}

#[tokio::test(start_paused = true)]
async fn texts_that_look_like_labels_are_as_they_were() {
    let greeting = "Hello {c1}, {c0}, {cc1}, {c}, {cc}, {c+1}, {{c1}}, {c{c2}1} and {x}";
    let change = |text: &str| json!({ "rid": "fix.model", "values": { "str": text, "{c1}": "{cc0}" } });
    let put = |text: &str| json!({ "rid": "fix.x.{c1}", "resource": { "model": { "{c1}": text } } });
    let custom = json!({ "rid": "fix.x.{c1}", "event": "hello", "data": { "{c0}": greeting } });
    let steps = [
        ctl("subscribe.fix.private.{cid}", Value::Null),
        ctl("call.fix.ctl.change", change(greeting)),
        ctl("subscribe.fix.model", Value::Null),
        ctl("call.fix.ctl.change", change("{c1}")),
        ctl("call.fix.calls.echo", json!({ "{c1}": greeting })),
        ctl("call.fix.ctl.put", put("{c1}")),
        ctl("subscribe.fix.x.{c1}", Value::Null),
        ctl("call.fix.ctl.custom", custom),
        ctl("call.fix.ctl.put", put(greeting)),
        ctl("call.fix.ctl.reset", json!({ "resources": ["fix.x.{c1}"] })),
    ];
    let (file, answers, events) = same(Studio::new("texts.jsonl"), &steps).await;
    assert_eq!(answers[2]["result"]["models"]["fix.model"]["str"], greeting);
    assert_eq!(answers[4]["result"]["payload"]["params"]["{c1}"], greeting);
    assert_eq!(answers[6]["result"]["models"]["fix.x.{c1}"], json!({ "{c1}": "{c1}" }));
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["fix.model.change", "fix.x.{c1}.hello", "fix.x.{c1}.change"]);
    // For who reads the file it is told apart from a client.
    let text = std::fs::read_to_string(&file.0).unwrap();
    assert!(text.contains("access.fix.private.{c1}") && text.contains("access.fix.x.{cc1}"), "{text}");
}
