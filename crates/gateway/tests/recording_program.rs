//! The program `res-gateway` with `--record` and `--replay`.

mod support;

use std::process::Command;

use res_gateway::service::{Access, Reply, Service};
use serde_json::{Value, json};
use support::client::Client;
use support::nats::NatsServer;
use support::program::{File, Program, failure};

/// What a client sees of the demo that somebody uses: values, then events in their order.
async fn watch(client: &mut Client, use_it: impl AsyncFnOnce(&mut Client)) -> (Vec<Value>, Vec<Value>) {
    let mut values = Vec::new();
    for rid in ["library.books", "text.shared", "ticker.main"] {
        values.push(client.request(&format!("subscribe.{rid}"), Value::Null).await["result"].take());
    }
    // So long that a client of the replay has asked for all of it before the first change.
    for _ in 0..8 {
        client.event("ticker.main.change").await;
    }
    use_it(client).await;
    let mut events = Vec::new();
    while !events.iter().any(|event: &Value| event["event"] == "library.books.remove") {
        if client.events.is_empty() {
            let frame = client.frame().await;
            client.events.push(frame);
        }
        events.append(&mut client.events);
    }
    events.retain(|event| !event["event"].as_str().unwrap().starts_with("ticker."));
    (values, events)
}

const CALLS: [(&str, &str); 5] = [
    ("call.text.shared.set", r#"{"message":"one"}"#),
    ("call.text.shared.set", r#"{"message":""}"#),
    ("call.library.book.1.set", r#"{"title":" "}"#),
    ("call.library.books.new", r#"{"title":"Frankenstein","author":"Mary Shelley"}"#),
    ("call.library.books.delete", r#"{"id":2}"#),
];

async fn call(client: &mut Client) -> Vec<Value> {
    let mut answers = Vec::new();
    for (method, params) in CALLS {
        let mut answer = client.request(method, serde_json::from_str(params).unwrap()).await;
        // Of a resource that is subscribed to by the event already, there is nothing to be sent.
        answers.push(json!([
            answer["result"]["rid"].take(),
            answer["result"]["payload"].take(),
            answer["error"].take()
        ]));
    }
    answers
}

#[tokio::test]
async fn a_session_with_the_demo_is_replayed_without_it() {
    let file = File::none("session.jsonl");
    let mut program = Program::start(&["--demo", "--record", file.path()]);
    let mut client = program.connect().await;
    let mut answers = Vec::new();
    let (values, events) = watch(&mut client, async |client| answers = call(client).await).await;
    let last = program.get("/api/library/books").await.2;
    program.signal("-TERM");
    assert_eq!(program.exit_code(), Some(0));

    let replay = Program::start(&["--replay", file.path()]);
    let mut client = replay.connect().await;
    let (values_again, events_again) = watch(&mut client, async |_| {}).await;
    assert_eq!(values, values_again);
    assert_eq!(events, events_again);
    assert_eq!(replay.get("/api/library/books").await.2, last);
    assert_eq!(call(&mut client).await, answers);
    let other = client.request("call.library.books.delete", json!({ "id": 3 })).await;
    assert_eq!(other["error"]["code"], "replay.notRecorded");
    let log = replay.into_log();
    for said in ["messages of", "the recording starts", "the recording is at its end: all stays as it is"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains("serving the demo"), "{log}");
}

#[tokio::test]
async fn services_on_nats_are_recorded() {
    let server = NatsServer::start("").await;
    let shop = Service::new("shop")
        .model("shop.cart", json!({ "owner": "Ada" }))
        .access("shop.>", |_| Ok(Access::ALL))
        .call("shop.cart", "set", |request| {
            request.service().change("shop.cart", request.params()?)?;
            Ok(Reply::value(7))
        })
        .start(server.connect().await);
    let file = File::none("nats.jsonl");
    let config = json!({ "natsUrl": server.url(), "record": file.path() });
    let config = File::new("record.json", &config.to_string());
    let mut program = Program::start(&["-c", config.path()]);
    let mut client = program.connect().await;
    client.request("subscribe.shop.cart", Value::Null).await;
    assert_eq!(client.request("call.shop.cart.set", json!({ "owner": "Bob" })).await["result"]["payload"], 7);
    client.event("shop.cart.change").await;
    program.signal("-TERM");
    assert_eq!(program.exit_code(), Some(0));
    shop.stop().await;
    drop(server);

    let config = File::new("replay.json", &json!({ "replay": file.path() }).to_string());
    let program = Program::start(&["-c", config.path()]);
    let mut client = program.connect().await;
    let answer = client.request("subscribe.shop.cart", Value::Null).await;
    // The change came so soon that it may have been said.
    if answer["result"]["models"]["shop.cart"] == json!({ "owner": "Ada" }) {
        assert_eq!(client.event("shop.cart.change").await, json!({ "values": { "owner": "Bob" } }));
    } else {
        assert_eq!(answer["result"]["models"]["shop.cart"], json!({ "owner": "Bob" }));
    }
    assert_eq!(client.request("call.shop.cart.set", json!({ "owner": "Bob" })).await["result"]["payload"], 7);
}

#[test]
fn a_recording_is_served_by_itself() {
    for other in [&["--nats", "127.0.0.1"][..], &["--resources", "x.json"], &["--demo"], &["--record", "x.jsonl"]] {
        let (code, message) = failure(&[&["--replay", "y.jsonl"], other].concat());
        assert_eq!(code, Some(2), "{other:?}: {message}");
        assert!(message.contains("replay (--replay): a recording is served by itself; leave out"), "{message}");
    }
}

#[test]
fn what_cannot_be_recorded_or_replayed_is_said_in_one_line() {
    let there = File::new("there.jsonl", "something else");
    let record = ["--port", "0", "--record"];
    for (flags, expected) in [
        ([record, ["", "", there.path()]].concat(), "record (--record): there is a "),
        ([record, ["", "", "/nosuch/a.jsonl"]].concat(), "record (--record): cannot write /nosuch/a.jsonl: "),
        (vec!["--port", "0", "--replay", "/nosuch/a.jsonl"], "replay (--replay): cannot read /nosuch/a.jsonl: "),
        (vec!["--port", "0", "--replay", there.path()], "is no recording; --record makes one"),
    ] {
        let flags: Vec<&str> = flags.into_iter().filter(|flag| !flag.is_empty()).collect();
        let (code, message) = failure(&flags);
        assert_eq!(code, Some(1), "{flags:?}: {message}");
        assert!(message.lines().last().is_some_and(|line| line.contains(expected)), "{flags:?}: {message}");
    }
    assert_eq!(std::fs::read_to_string(&there.0).unwrap(), "something else");
}

#[cfg(unix)]
#[tokio::test]
async fn a_recording_that_cannot_be_written_any_more_ends_and_the_program_goes_on() {
    let file = File::none("full.jsonl");
    let mut shell = Command::new("sh");
    let limited = "trap '' XFSZ; ulimit -f 1; exec \"$0\" --port 0 --demo --record \"$1\"";
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_res-gateway"), file.path()]).env_remove("RUST_LOG");
    let program = Program::run(shell);
    let mut client = program.connect().await;
    client.request("subscribe.library.books", Value::Null).await;
    // More than the file may have.
    for _ in 0..10 {
        let answer = client.request("call.text.shared.set", json!({ "message": "x".repeat(500) })).await;
        assert!(answer["error"].is_null(), "{answer}");
    }
    let log = program.into_log();
    assert!(log.contains("the recording ends here: cannot write"), "{log}");
    // What there is can be replayed.
    let replay = Program::start(&["--replay", file.path()]);
    let books = replay.connect().await.request("subscribe.library.books", Value::Null).await;
    assert!(books["result"]["collections"]["library.books"].is_array(), "{books}");
    assert!(replay.into_log().contains("is not whole, and left out"));
}
