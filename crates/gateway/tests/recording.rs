//! What services said while somebody used an application, replayed without them.

mod support;

use std::sync::{Arc, Mutex};

use res_gateway::bus::{Connection, MemoryBus};
use res_gateway::recording::{Recorder, Recording};
use res_gateway::service::{Access, Resource, Service};
use res_gateway::{Gateway, GatewayConfig, Session};
use serde_json::{Value, json};
use support::fixture;
use support::hand::{frame, is_silent, request, send, session};
use support::program::File;
use support::studio::{STEP, Studio, ctl, play, replayed, same};
use tokio::time::{Instant, sleep, sleep_until};

/// What another client finds.
async fn look(gateway: &Gateway, rid: &str) -> Value {
    let answer = request(&mut session(gateway).await, 1, &format!("get.{rid}"), Value::Null).await;
    let kinds = ["models", "collections"].map(|kind| answer["result"][kind][rid].clone());
    kinds.into_iter().find(|value| !value.is_null()).unwrap_or(answer)
}

#[tokio::test(start_paused = true)]
async fn a_client_sees_the_same_values_events_and_answers_in_a_replay() {
    let steps = [
        ctl("subscribe.fix.tree", Value::Null),
        ctl("subscribe.fix.collection", Value::Null),
        ctl("subscribe.fix.data", Value::Null),
        ctl("subscribe.fix.deletable", Value::Null),
        ctl("call.fix.ctl.change", json!({ "rid": "fix.tree", "values": { "name": "other", "more": 1 } })),
        ctl("call.fix.ctl.change", json!({ "rid": "fix.tree", "values": { "more": { "action": "delete" } } })),
        ctl("call.fix.ctl.add", json!({ "rid": "fix.list", "idx": 0, "value": { "rid": "fix.cycle.a" } })),
        ctl("call.fix.ctl.remove", json!({ "rid": "fix.collection", "idx": 1 })),
        ctl("call.fix.ctl.custom", json!({ "rid": "fix.data", "event": "spin", "data": { "fast": [1, 2.50] } })),
        ctl("call.fix.ctl.del", json!({ "rid": "fix.deletable" })),
        ctl("call.fix.calls.echo", json!({ "b": [1, "x\n"], "a": null })),
        ctl("call.fix.calls.error", Value::Null),
        ctl("call.fix.calls.badjson", Value::Null),
        ctl("call.fix.calls.nosuch.method", Value::Null),
        ctl("call.fix.calls.new", json!({ "n": 1 })),
        ctl("call.fix.calls.new", json!({ "n": 1 })),
        ctl("subscribe.fix.missing", Value::Null),
        ctl("subscribe.fix.getError", Value::Null),
        ctl("subscribe.nobody.there", Value::Null),
        ctl("get.fix.tree", Value::Null),
    ];
    let (_, answers, events) = same(Studio::new("values.jsonl"), &steps).await;
    assert_eq!(answers[14]["result"]["rid"], "fix.child.new1");
    assert_eq!(answers[15]["result"]["rid"], "fix.child.new2");
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let expected = ["fix.tree.change", "fix.tree.change", "fix.list.add", "fix.collection.remove", "fix.data.spin"];
    assert_eq!(names[..5], expected);
    assert!(names.contains(&"fix.deletable.delete"), "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn what_changed_unseen_before_a_reset_is_seen_in_a_replay() {
    let put = json!({ "rid": "fix.collection", "resource": { "collection": ["x", 1, true, "y"] } });
    let steps = [
        ctl("subscribe.fix.collection", Value::Null),
        ctl("call.fix.ctl.put", put),
        ctl("call.fix.ctl.reset", json!({ "resources": ["fix.>"] })),
    ];
    let (file, _, events) = same(Studio::new("reset.jsonl"), &steps).await;
    assert_eq!(events.len(), 5, "{events:?}");
    let gateway = replayed(&file);
    assert_eq!(look(&gateway, "fix.collection").await, json!(["a", 1, true, null, "b"]));
    sleep_until(Instant::now() + STEP * 3).await;
    assert_eq!(look(&gateway, "fix.collection").await, json!(["x", 1, true, "y"]));
}

#[tokio::test(start_paused = true)]
async fn what_services_took_time_to_say_is_said_when_they_said_it() {
    let (bus, state) = (MemoryBus::new(), Arc::new(Mutex::new((json!([1]), Access::READ))));
    let (value, access) = (state.clone(), state.clone());
    let service = Service::new("slow")
        .get_async("slow.list", move |_| {
            let value = value.clone();
            async move {
                sleep(STEP / 3).await;
                Ok(Resource::Collection(value.lock().unwrap().0.clone()))
            }
        })
        .access_async("slow.list", move |_| {
            let access = access.clone();
            async move {
                sleep(STEP / 3).await;
                Ok(access.lock().unwrap().1.clone())
            }
        })
        .start(bus.connect());
    let studio = Studio::on("slow.jsonl", bus.connect());
    let mut watcher = session(&studio.gateway).await;
    let using = tokio::spawn(async move {
        // Before the first answer, which has it.
        sleep(STEP / 6).await;
        state.lock().unwrap().0 = json!([1, 2]);
        service.event("slow.list", "add", &json!({ "idx": 1, "value": 2 }));
        sleep(STEP).await;
        state.lock().unwrap().0 = json!([1, 3]);
        service.reset(&["slow.>"], &[""; 0]);
        sleep(STEP).await;
        state.lock().unwrap().1 = Access::NONE;
        service.reaccess("slow.list");
    });
    let told = async |client: &mut Session| {
        let mut frames = Vec::new();
        send(client, 1, "subscribe.slow.list", Value::Null).await;
        for _ in 0..4 {
            frames.push(frame(client).await);
        }
        frames
    };
    let frames = told(&mut watcher).await;
    let last = frames.last().unwrap();
    assert_eq!(last["event"], "slow.list.unsubscribe");
    using.await.unwrap();
    drop(watcher);
    let gateway = replayed(&studio.finish().await);
    let mut client = session(&gateway).await;
    assert_eq!(told(&mut client).await, frames);
    assert!(is_silent(&mut client).await);
}

#[tokio::test(start_paused = true)]
async fn queries_are_replayed_however_they_are_written_and_their_events_answered() {
    let steps = [
        ctl("subscribe.fix.items?start=0&limit=3", Value::Null),
        ctl("subscribe.fix.items?limit=3&start=0", Value::Null),
        ctl("subscribe.fix.items?start=5&limit=2", Value::Null),
        ctl("subscribe.fix.qmodel?b=2&a=1", Value::Null),
        ctl("call.fix.ctl.items", json!({ "insert": "first", "idx": 1 })),
        ctl("call.fix.ctl.items", json!({ "remove": 0 })),
        ctl("call.fix.ctl.items", json!({ "insert": "new", "idx": 0, "mode": "collection" })),
        ctl("call.fix.ctl.items", json!({ "insert": "last", "idx": 2, "mode": "error" })),
        ctl("subscribe.fix.items?limit=nonsense", Value::Null),
    ];
    let (file, answers, events) = same(Studio::new("queries.jsonl"), &steps).await;
    assert_eq!(answers[8]["error"]["code"], "system.invalidQuery");
    assert!(events.iter().any(|event| event["event"] == "fix.items?start=5&limit=2.add"), "{events:?}");
    let gateway = replayed(&file);
    let start = Instant::now();
    for (query, half_steps, page) in [
        ("limit=3&start=0", 0, json!(["item1", "item2", "item3"])),
        ("start=0&limit=3", 9, json!(["item1", "first", "item2"])),
        ("limit=3&start=0", 20, json!(["new", "first", "last"])),
    ] {
        sleep_until(start + STEP * half_steps / 2).await;
        assert_eq!(look(&gateway, &format!("fix.items?{query}")).await, page, "{half_steps}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_see_what_depends_on_the_token_in_a_replay_too() {
    let steps = [
        ctl("subscribe.fix.secure", Value::Null),
        ctl("auth.fix.auth.login", json!({ "role": "chief", "password": "hunter2", "tid": "session-17" })),
        ctl("subscribe.fix.secure", Value::Null),
        ctl("subscribe.fix.private.{cid}", Value::Null),
        ctl("call.fix.calls.echo", json!({ "n": 1 })),
        ctl("call.fix.ctl.tokenReset", json!({ "tids": ["session-17"], "subject": "auth.fix.auth.renew" })),
        ctl("get.fix.secure", Value::Null),
        // No auth request waits for this one.
        ctl("call.fix.ctl.token", json!({ "token": null })),
        ctl("subscribe.fix.secure", Value::Null),
        ctl("auth.fix.auth.error", Value::Null),
        ctl("subscribe.fix.partial", Value::Null),
        // The same token, and another answer.
        ctl("call.fix.ctl.access", json!({ "rid": "fix.partial", "response": { "result": {} }, "reaccess": true })),
    ];
    let studio = Studio::new("tokens.jsonl");
    let (answers, events) = play(&studio.gateway, &steps).await;
    let file = studio.finish().await;
    let (mut again, events_again) = play(&replayed(&file), &steps).await;
    assert_eq!(answers[0]["error"]["code"], "system.accessDenied");
    assert!(answers[2]["error"].is_null() && answers[6]["error"].is_null(), "{answers:?}");
    assert!(answers[8]["error"]["code"] == "system.accessDenied", "{answers:?}");
    for name in ["fix.secure.unsubscribe", "fix.partial.unsubscribe"] {
        assert!(events.iter().any(|event| event["event"] == name), "{name}: {events:?}");
    }
    // What the service says of a token itself is as it said it.
    assert_eq!(again[4].take(), answers[4]);
    for (number, again) in again.iter().enumerate().filter(|(number, _)| *number != 4) {
        assert_eq!(*again, answers[number], "{:?}", steps[number]);
    }
    assert_eq!(events, events_again);
}

#[tokio::test(start_paused = true)]
async fn a_recording_has_no_secrets_of_clients() {
    let bus = MemoryBus::new();
    let service = fixture::start(&bus);
    let studio = Studio::on("secrets.jsonl", bus.connect());
    let steps = [
        ctl("auth.fix.auth.login", json!({ "role": "chief", "password": "hunter2", "tid": "session-17" })),
        ctl("auth.fix.auth.headerMeta", Value::Null),
        ctl("subscribe.fix.private.{cid}", Value::Null),
        ctl("subscribe.fix.model", Value::Null),
    ];
    play(&studio.gateway, &steps).await;
    service.token_reset(&["session-17"], "auth.fix.auth.renew");
    // What is answered comes behind it.
    look(&studio.gateway, "fix.tree").await;
    let text = std::fs::read_to_string(&studio.finish().await.0).unwrap();
    for secret in ["hunter2", "chief", "session-17", "remoteAddr", "uri", "Cookie"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let is_long_id = |word: &str| word.len() == 32;
    assert!(!text.split(|c: char| !c.is_ascii_hexdigit()).any(is_long_id), "{text}");
    for kept in [
        "fix.private.{c1}",
        r#""tokens":[{"token":"t1","tid":"i1"}]"#,
        r#""conn":"c1","token":"t1""#,
        r#""tids":["i1"]"#,
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_a_recording() {
    use std::os::unix::fs::PermissionsExt;
    let file = Studio::new("mode.jsonl").finish().await;
    assert_eq!(std::fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(start_paused = true)]
async fn who_comes_later_finds_resources_as_they_are_by_then() {
    let add = |n: u32| ctl("call.fix.ctl.add", json!({ "rid": "fix.empty.collection", "idx": 0, "value": n }));
    let steps = [ctl("subscribe.fix.empty.collection", Value::Null), add(1), add(2), add(3)];
    let (file, ..) = same(Studio::new("later.jsonl"), &steps).await;
    let gateway = replayed(&file);
    let items = |answer: Value| answer["result"]["collections"]["fix.empty.collection"].clone();
    let mut first = session(&gateway).await;
    let start = Instant::now();
    let answer = request(&mut first, 1, "get.fix.empty.collection", Value::Null).await;
    assert_eq!(items(answer), json!([]));
    sleep_until(start + STEP * 5 / 2).await;
    // By then all of the other client's requests were recorded, and the gateway has let go of the collection.
    let mut second = session(&gateway).await;
    let answer = request(&mut second, 1, "subscribe.fix.empty.collection", Value::Null).await;
    assert_eq!(items(answer), json!([2, 1]));
    let event = frame(&mut second).await;
    assert_eq!((&event["event"], &event["data"]["value"]), (&json!("fix.empty.collection.add"), &json!(3)));
    assert_eq!(Instant::now().duration_since(start).as_millis() / 10, 30);
    // And so it stays.
    sleep_until(start + STEP * 1000).await;
    let mut third = session(&gateway).await;
    let answer = request(&mut third, 1, "get.fix.empty.collection", Value::Null).await;
    assert_eq!(items(answer), json!([3, 2, 1]));
}

#[tokio::test(start_paused = true)]
async fn who_comes_before_a_resource_was_asked_for_has_it_as_it_was_then() {
    let steps = [
        ctl("subscribe.fix.tree", Value::Null),
        ctl("call.fix.ctl.change", json!({ "rid": "fix.model", "values": { "str": "unseen" } })),
        ctl("subscribe.fix.model", Value::Null),
        ctl("call.fix.ctl.change", json!({ "rid": "fix.model", "values": { "str": "seen" } })),
    ];
    let (file, ..) = same(Studio::new("before.jsonl"), &steps).await;
    let gateway = replayed(&file);
    let mut client = session(&gateway).await;
    let answer = request(&mut client, 1, "subscribe.fix.model", Value::Null).await;
    assert_eq!(answer["result"]["models"]["fix.model"]["str"], "unseen");
    assert_eq!(frame(&mut client).await["data"]["values"], json!({ "str": "seen" }));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_recorded_is_said_to_be_missing() {
    let steps = [
        ctl("subscribe.fix.model", Value::Null),
        ctl("call.fix.model.echo", json!({ "a": 1, "b": 1.0 })),
        ctl("call.fix.calls.new", json!({ "n": 1 })),
        ctl("call.fix.calls.new", json!({ "n": 1 })),
    ];
    let (file, answers, _) = same(Studio::new("missing.jsonl"), &steps).await;
    let gateway = replayed(&file);
    let mut client = session(&gateway).await;
    for rid in ["fix.tree", "other.model", "fix.model?q=1"] {
        let answer = request(&mut client, 1, &format!("get.{rid}"), Value::Null).await;
        assert_eq!(answer["error"]["code"], "system.notFound", "{rid}");
    }
    for (method, params) in [("echo", json!({ "a": 2, "b": 1 })), ("echo", Value::Null), ("ping", Value::Null)] {
        let answer = request(&mut client, 1, &format!("call.fix.model.{method}"), params).await;
        assert_eq!(answer["error"]["code"], "replay.notRecorded");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("recording") && message.contains(&format!("call.fix.model.{method}")), "{message}");
    }
    let answer = request(&mut client, 1, "auth.fix.auth.login", Value::Null).await;
    assert_eq!(answer["error"]["code"], "replay.notRecorded");
    // Parameters are compared as values.
    send(&client, 1, "call.fix.model.echo", Value::Null).await;
    frame(&mut client).await;
    client.send(r#"{"id":1,"method":"call.fix.model.echo","params":{"b":1e0,"a":1}}"#).await;
    assert_eq!(frame(&mut client).await["result"], answers[1]["result"]);
    // After the last answer there is that one again.
    for expected in ["fix.child.new1", "fix.child.new2", "fix.child.new2"] {
        let answer = request(&mut client, 1, "call.fix.calls.new", json!({ "n": 1 })).await;
        assert_eq!(answer["result"]["rid"], expected);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_login_one_sees_what_all_who_asked_could_see() {
    let steps = [
        ctl("auth.fix.auth.login", json!({})),
        ctl("subscribe.fix.secure", Value::Null),
        ctl("subscribe.fix.partial", Value::Null),
    ];
    let (file, ..) = same(Studio::new("login.jsonl"), &steps).await;
    let answers = play(&replayed(&file), &steps[1..]).await.0;
    assert!(answers.iter().all(|answer| answer["error"].is_null()), "{answers:?}");
    // Not where it depended on who asked.
    let studio = Studio::new("logins.jsonl");
    let other_login = ctl("auth.fix.auth.login", json!({ "role": "other" }));
    let (before, after) = (play(&studio.gateway, &steps[1..2]).await.0, play(&studio.gateway, &steps[..2]).await.0);
    assert!(!before[0]["error"].is_null() && after[1]["error"].is_null(), "{before:?} {after:?}");
    play(&studio.gateway, std::slice::from_ref(&other_login)).await;
    let gateway = replayed(&studio.finish().await);
    assert_eq!(play(&gateway, &steps[..2]).await.0[1]["error"], Value::Null);
    let answers = play(&gateway, &[other_login, steps[1].clone()]).await.0;
    assert_eq!(answers[1]["error"]["code"], "system.accessDenied");
}

#[tokio::test(start_paused = true)]
async fn each_client_is_told_what_the_one_in_its_place_was_told() {
    let bus = MemoryBus::new();
    let service = fixture::start(&bus);
    let mut spy = bus.connect();
    spy.bus.subscribe("access.>");
    let studio = Studio::on("places.jsonl", bus.connect());
    let mut clients = Vec::new();
    for n in 0..2 {
        let mut client = session(&studio.gateway).await;
        request(&mut client, 1, "subscribe.fix.private.{cid}", Value::Null).await;
        let asked: Value = serde_json::from_slice(&spy.deliveries.recv().await.unwrap().payload).unwrap();
        let cid = asked["cid"].as_str().unwrap();
        sleep_until(Instant::now() + STEP).await;
        service.event(&format!("fix.private.{cid}"), "hello", &json!({ "n": n, "me": cid }));
        assert_eq!(frame(&mut client).await["data"]["me"], cid);
        clients.push(client);
    }
    drop(clients);
    let file = studio.finish().await;
    let gateway = replayed(&file);
    let (mut first, mut second) = (session(&gateway).await, session(&gateway).await);
    for (n, client) in [&mut first, &mut second].into_iter().enumerate() {
        let answer = request(client, 1, "subscribe.fix.private.{cid}", Value::Null).await;
        assert_eq!(answer["result"]["models"]["fix.private.{cid}"]["cidLen"], 32, "{n}");
    }
    for (n, client) in [&mut first, &mut second].into_iter().enumerate() {
        let event = frame(client).await;
        assert_eq!((&event["event"], &event["data"]["n"]), (&json!("fix.private.{cid}.hello"), &json!(n)));
        assert_eq!(event["data"]["me"].as_str().unwrap().len(), 32);
        assert!(is_silent(client).await);
    }
}

#[tokio::test]
async fn a_recording_goes_on_when_the_bus_is_back() {
    let bus = MemoryBus::new();
    fixture::start(&bus);
    let file = File::none("back.jsonl");
    let recorder = Recorder::create(&file.0).unwrap();
    let Connection { bus: sender, deliveries } = recorder.connection(bus.connect());
    drop(deliveries);
    // A queue that ends at once.
    let (_, empty) = tokio::sync::mpsc::unbounded_channel();
    let connection = Connection { bus: sender, deliveries: empty.into() };
    let gateway = Gateway::start_over(connection, recorder.dial(bus), GatewayConfig::default());
    support::nats::until(async || {
        gateway.is_available() && gateway.snapshot().await.is_some_and(|s| s.reconnects == 1)
    })
    .await;
    let mut client = session(&gateway).await;
    request(&mut client, 1, "subscribe.fix.model", Value::Null).await;
    drop((client, gateway));
    recorder.finished().await;
    let text = std::fs::read_to_string(&file.0).unwrap();
    assert!(text.contains(r#""subject":"get.fix.model""#), "{text}");
}

#[tokio::test]
async fn what_is_no_whole_recording_is_said_so() {
    let studio = Studio::new("whole.jsonl");
    let mut client = session(&studio.gateway).await;
    request(&mut client, 1, "subscribe.fix.model", Value::Null).await;
    drop(client);
    let file = studio.finish().await;
    let text = std::fs::read_to_string(&file.0).unwrap();
    let read = |text: &str| {
        std::fs::write(&file.0, text).unwrap();
        Recording::read(&file.0).err()
    };
    let name = file.path();
    for wrong in ["", "{}\n", "[1]\n", r#"{"format":"other","version":1}"#, "no JSON\n"] {
        assert_eq!(read(wrong).unwrap(), format!("{name} is no recording; --record makes one"), "{wrong}");
    }
    let later = text.replace(r#""version":1"#, r#""version":2"#);
    assert_eq!(read(&later).unwrap(), format!("{name} is of version 2, and this program reads version 1"));
    let broken = text.replacen("\"kind\":\"get\"", "\"kind\":\"got\"", 1);
    let message = read(&broken).unwrap();
    assert!(message.starts_with(&format!("{name}: line 3 is broken: ")), "{message}");
    // As after a crash.
    assert_eq!(read(&text[..text.len() - 5]), None);
    let (log, _guard) = support::log::capture();
    assert_eq!(read(&text[..text.len() - 5]), None);
    assert_eq!(log.lines(&["WARN", "is not whole, and left out"]).len(), 1);
    assert_eq!(read(&text), None);
}
