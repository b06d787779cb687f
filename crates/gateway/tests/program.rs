//! The program `res-gateway`: the files it serves, and its end.

mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use res_gateway::bus::MemoryBus;
use res_gateway::resources;
use res_gateway::service::ServiceHandle;
use serde_json::{Value, json};
use support::program::{File, Program, failure};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

#[tokio::test]
async fn a_resource_of_a_file_does_not_grow_without_end() {
    let file = File::new("grows.json", r#"{"example.model":{},"example.list":[]}"#);
    let program = Program::start(&["--resources", file.path()]);
    let mut client = program.connect().await;
    let text = "x".repeat(60_000);
    for method in ["example.model.set", "example.list.add"] {
        let mut refused = 0;
        for n in 0..19 {
            let name = if method.ends_with("add") { "value".to_owned() } else { n.to_string() };
            let answer = client.request(&format!("call.{method}"), json!({ name: text })).await;
            refused += u32::from(answer["error"]["code"] == "system.invalidParams");
        }
        assert_eq!(refused, 2, "{method}");
    }
}

#[tokio::test]
async fn a_file_of_resources_is_served_and_edited_live() {
    let file = File::new(
        "good.json",
        r#"{"example.model":{"message":"Hello","more":{"rid":"example.list"}},"example.list":["a",{"data":{"x":1}}],"top":{"n":1}}"#,
    );
    let program = Program::start(&["--resources", file.path()]);
    let (mut a, mut b) = (program.connect().await, program.connect().await);
    let set = a.request("subscribe.example.model", Value::Null).await;
    assert_eq!(set["result"]["collections"]["example.list"], json!(["a", { "data": { "x": 1 } }]));
    b.request("subscribe.example.list", Value::Null).await;
    b.request("subscribe.top", Value::Null).await;
    let done = json!({ "payload": null });
    assert_eq!(a.request("call.example.model.set", json!({ "message": "Hi" })).await["result"], done);
    assert_eq!(a.event("example.model.change").await, json!({ "values": { "message": "Hi" } }));
    assert_eq!(a.request("call.example.list.add", json!({ "idx": 0, "value": "first" })).await["result"], done);
    assert_eq!(b.event("example.list.add").await, json!({ "idx": 0, "value": "first" }));
    assert_eq!(a.request("call.example.list.add", json!({ "value": null })).await["result"], done);
    assert_eq!(b.event("example.list.add").await, json!({ "idx": 3, "value": null }));
    assert_eq!(a.request("call.example.list.remove", json!({ "idx": 1 })).await["result"], done);
    assert_eq!(b.event("example.list.remove").await, json!({ "idx": 1 }));
    assert_eq!(a.request("call.top.set", json!({ "n": 2 })).await["result"], done);
    assert_eq!(b.event("top.change").await, json!({ "values": { "n": 2 } }));

    let errors = [
        ("call.example.list.remove", json!({ "idx": 99 }), "system.invalidParams"),
        ("call.example.list.add", json!({ "idx": 0, "value": { "a": 1 } }), "system.invalidParams"),
        ("call.example.list.add", json!({ "idx": 0 }), "system.invalidParams"),
        ("call.example.model.set", json!([]), "system.invalidParams"),
        ("call.example.model.add", json!({ "value": 1 }), "system.methodNotFound"),
        ("call.example.model.nosuch", Value::Null, "system.methodNotFound"),
        ("call.example.nosuch.set", json!({ "a": 1 }), "system.notFound"),
    ];
    for (method, params, code) in errors {
        assert_eq!(a.request(method, params).await["error"]["code"], code, "{method}");
    }
}

#[tokio::test]
async fn a_file_of_resources_that_is_watched_is_served_as_it_was_saved() {
    let file =
        File::new("saved.json", r#"{"shop.cart":{"items":1,"note":"a"},"shop.list":[1,2,3],"shop.old":{"x":1}}"#);
    let save = |text: &str| {
        // As many editors do it.
        let other = File::new("saved.json.new", text);
        std::fs::rename(&other.0, &file.0).unwrap();
    };
    let mut program = Program::start(&["--resources", file.path(), "--watch"]);
    let mut client = program.connect().await;
    for rid in ["shop.cart", "shop.list", "shop.old"] {
        client.request(&format!("subscribe.{rid}"), Value::Null).await;
    }
    save(r#"{"shop.cart":{"items":2,"note":"a"},"shop.list":[1,3,4],"new.model":{"y":1}}"#);
    assert_eq!(client.event("shop.old.delete").await, Value::Null);
    assert_eq!(client.event("shop.cart.change").await, json!({ "values": { "items": 2 } }));
    assert_eq!(client.event("shop.list.remove").await, json!({ "idx": 1 }));
    assert_eq!(client.event("shop.list.add").await, json!({ "idx": 2, "value": 4 }));
    // It is served by the time the others are told of.
    let set = client.request("subscribe.new.model", Value::Null).await;
    assert_eq!(set["result"]["models"]["new.model"], json!({ "y": 1 }));

    // What cannot be served changes nothing, and what clients have changed does not outlive the next time.
    save("{oops");
    program.says("not valid JSON").await;
    client.request("call.shop.cart.set", json!({ "note": "mine" })).await;
    assert_eq!(client.event("shop.cart.change").await, json!({ "values": { "note": "mine" } }));
    save(r#"{"shop.cart":{"items":2,"note":"a"},"shop.list":[1,3,4],"new.model":{"y":2}}"#);
    assert_eq!(client.event("shop.cart.change").await, json!({ "values": { "note": "a" } }));
    assert_eq!(client.event("new.model.change").await, json!({ "values": { "y": 2 } }));
}

#[tokio::test]
async fn what_was_saved_since_the_file_was_read_is_served() {
    let file = File::new("saved-early.json", r#"{"shop.cart":{"items":1}}"#);
    let (bus, read) = (MemoryBus::new(), resources::File::read(&file.0).expect("it can be served"));
    let service = read.service().start(bus.connect());
    std::fs::write(&file.0, r#"{"shop.cart":{"items":2}}"#).expect("it can be written");
    let watching = read.watch(&bus, service.clone(), |_| Ok(()), None);
    serves(&service, "shop.cart", json!({ "items": 2 }), watching).await;
}

#[tokio::test]
async fn what_is_saved_within_one_tick_of_the_clock_of_the_drive_is_served() {
    let file = File::new("saved-at-once.json", r#"{"shop.cart":{"items":1}}"#);
    // Ahead of this clock, for the test does not know how long it takes.
    let time = SystemTime::now() + Duration::from_secs(3_600);
    let save = |text: &str| {
        let other = File::new("saved-at-once.json.new", text);
        std::fs::File::options()
            .write(true)
            .open(&other.0)
            .and_then(|file| file.set_modified(time))
            .expect("it is set");
        std::fs::rename(&other.0, &file.0).expect("it can be replaced");
    };
    let (bus, read) = (MemoryBus::new(), resources::File::read(&file.0).expect("it can be served"));
    let service = read.service().start(bus.connect());
    let watching = read.watch(&bus, service.clone(), |_| Ok(()), None);
    tokio::pin!(watching);
    for items in 22..25 {
        save(&json!({ "shop.cart": { "items": items } }).to_string());
        serves(&service, "shop.cart", json!({ "items": items }), &mut watching).await;
    }
}

/// Waits until a service has a value, while something goes on.
async fn serves(service: &ServiceHandle, rid: &str, value: Value, meanwhile: impl Future<Output = ()>) {
    let has_it = async {
        while service.value(rid).as_ref() != Some(&value) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        waited = timeout(Duration::from_secs(20), has_it) => waited.expect("in time"),
        () = meanwhile => panic!("it goes on until it is dropped"),
    }
}

#[test]
fn there_has_to_be_a_file_to_be_watched() {
    let (code, message) = failure(&["--watch"]);
    assert_eq!(code, Some(2));
    assert!(message.contains("watch (--watch): there is no file to watch"), "{message}");
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let not_json = File::new("not.json", "{oops");
    let no_object = File::new("array.json", "[]");
    let nested = File::new("nested.json", r#"{"a.b":{"x":{"y":1}}}"#);
    let bad_name = File::new("name.json", r#"{"a..b":{}}"#);
    let scalar = File::new("scalar.json", r#"{"a.b":1}"#);
    let twice = File::new("twice.json", r#"{"library.mine":{}}"#);
    let cases: [(&[&str], &str); 9] = [
        (&["--port", &port], "is in use"),
        (&["--port", "0", "--resources", "/nosuch.json"], "cannot read /nosuch.json"),
        (&["--port", "0", "--resources", not_json.path()], "not valid JSON"),
        (&["--port", "0", "--resources", no_object.path()], "must be one JSON object"),
        (&["--port", "0", "--resources", nested.path()], "a.b: a nested object must be wrapped"),
        (&["--port", "0", "--resources", bad_name.path()], "\"a..b\" is not a resource name"),
        (&["--port", "0", "--resources", scalar.path()], "a.b must be an object"),
        (&["--port", "0", "--demo", "--resources", twice.path()], "the demo has resources named \"library\""),
        (&["--port", "0", "--www", "/nosuch"], "/nosuch is not a directory"),
    ];
    for (flags, expected) in cases {
        let (code, message) = failure(flags);
        assert_eq!((code, message.lines().count()), (Some(1), 1), "{flags:?}: {message}");
        assert!(message.contains(expected), "{flags:?}: {message}");
    }
}

/// Interrupted, told to end, left by its terminal, and told to quit.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_with_close_frames() {
    for signal in ["-INT", "-TERM", "-HUP", "-QUIT"] {
        let mut program = Program::start(&["--demo"]);
        let mut client = program.connect().await;
        client.request("subscribe.library.books", Value::Null).await;
        program.signal(signal);
        assert_eq!(client.closed().await, 1001);
        while futures_util::StreamExt::next(&mut client.socket).await.is_some() {}
        let code = tokio::task::block_in_place(|| program.exit_code());
        assert_eq!(code, Some(0), "after {signal}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_go_holds_it_for_less_than_ten_seconds() {
    let mut program = Program::start(&[]);
    // Reads nothing, so the close is never answered; and the head of its request never ends.
    let _client = program.connect().await;
    let mut slow = tokio::net::TcpStream::connect(&program.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut slow, b"GET /api/ HT").await.unwrap();
    let begun = std::time::Instant::now();
    program.signal("-TERM");
    assert_eq!(tokio::task::block_in_place(|| program.exit_code()), Some(0));
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let mut program = Program::start(&[]);
    // Does not answer the close.
    let mut client = program.connect().await;
    program.signal("-TERM");
    // The close frame shows that the first has been heeded; it is not read further, so not answered.
    let mut byte = [0];
    let tokio_tungstenite::MaybeTlsStream::Plain(stream) = client.socket.get_mut() else { panic!("no TLS here") };
    tokio::io::AsyncReadExt::read_exact(stream, &mut byte).await.unwrap();
    assert_eq!(byte[0], 0x88);
    program.signal("-INT");
    assert_eq!(tokio::task::block_in_place(|| program.exit_code()), Some(130));
}

#[cfg(unix)]
#[tokio::test]
async fn it_takes_as_many_open_files_as_the_system_lets_it_have() {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "ulimit -Sn 20; exec \"$0\" --port 0", env!("CARGO_BIN_EXE_res-gateway")]).env_remove("RUST_LOG");
    let program = Program::run(shell);
    let mut idle = Vec::new();
    for _ in 0..30 {
        idle.push(tokio::net::TcpStream::connect(&program.address).await.unwrap());
    }
    assert_eq!(program.get("/api/library/books").await.0, 200);
}

/// A descriptor that is free again is used again: until then clients wait, and nothing ends.
#[cfg(unix)]
#[tokio::test]
async fn it_outlives_a_lack_of_file_descriptors() {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "ulimit -n 40; exec \"$0\" --port 0", env!("CARGO_BIN_EXE_res-gateway")]).env_remove("RUST_LOG");
    let mut program = Program::run(shell);
    let log = BufReader::new(program.child.stderr.take().expect("piped"));
    let mut client = program.connect().await;
    let mut idle = Vec::new();
    for _ in 0..50 {
        idle.push(tokio::net::TcpStream::connect(&program.address).await.unwrap());
    }
    let lacks = move || log.lines().map_while(Result::ok).any(|line| line.contains("cannot accept a connection"));
    let said = timeout(Duration::from_secs(20), spawn_blocking(lacks)).await;
    assert!(said.expect("it says so in time").expect("no panic"), "it said nothing of it");
    // Who is connected goes on, and who comes is served once there is room.
    assert_eq!(client.request("subscribe.library.books", Value::Null).await["error"], Value::Null);
    drop(idle);
    assert_eq!(program.get("/api/library/books").await.0, 200);
}
