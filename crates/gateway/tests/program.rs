//! The program `res-gateway`: its flags, its files, its end.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tokio_tungstenite::connect_async;

struct Program {
    child: Child,
    address: String,
}

impl Program {
    fn start(flags: &[&str]) -> Program {
        let mut child = command(flags).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it listens");
        let address =
            line.trim_end().strip_prefix("listening on http://").expect("the line with the address").to_owned();
        Program { child, address }
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill is there").success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already where the test is about that.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_res-gateway"));
    command.args(flags).env_remove("RUST_LOG");
    command
}

/// Exit code and standard error of a run that is to fail.
fn failure(flags: &[&str]) -> (Option<i32>, String) {
    let output = command(flags).output().expect("the program starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn file(name: &str, content: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("res-gateway-{}-{name}", std::process::id()));
    std::fs::write(&path, content).expect("the file can be written");
    path
}

async fn connect(program: &Program) -> support::client::Client {
    let (socket, _) = connect_async(format!("ws://{}/", program.address)).await.expect("it listens");
    let mut client = support::client::Client::new(socket);
    client.request("version", json!({ "protocol": "1.2.3" })).await;
    client
}

#[tokio::test]
async fn a_file_of_resources_is_served_and_edited_live() {
    let path = file(
        "good.json",
        r#"{"example.model":{"message":"Hello","more":{"rid":"example.list"}},"example.list":["a",{"data":{"x":1}}],"top":{"n":1}}"#,
    );
    let program = Program::start(&["--port", "0", "--resources", path.to_str().unwrap()]);
    let (mut a, mut b) = (connect(&program).await, connect(&program).await);
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
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let not_json = file("not.json", "{oops");
    let no_object = file("array.json", "[]");
    let nested = file("nested.json", r#"{"a.b":{"x":{"y":1}}}"#);
    let bad_name = file("name.json", r#"{"a..b":{}}"#);
    let scalar = file("scalar.json", r#"{"a.b":1}"#);
    let twice = file("twice.json", r#"{"library.mine":{}}"#);
    let cases: [(&[&str], &str); 9] = [
        (&["--port", &port], "is in use"),
        (&["--port", "0", "--resources", "/nosuch.json"], "cannot read /nosuch.json"),
        (&["--port", "0", "--resources", not_json.to_str().unwrap()], "not valid JSON"),
        (&["--port", "0", "--resources", no_object.to_str().unwrap()], "must be one JSON object"),
        (&["--port", "0", "--resources", nested.to_str().unwrap()], "a.b: a nested object must be wrapped"),
        (&["--port", "0", "--resources", bad_name.to_str().unwrap()], "\"a..b\" is not a resource name"),
        (&["--port", "0", "--resources", scalar.to_str().unwrap()], "a.b must be an object"),
        (
            &["--port", "0", "--demo", "--resources", twice.to_str().unwrap()],
            "the demo has resources named \"library\"",
        ),
        (&["--port", "0", "--www", "/nosuch"], "/nosuch is not a directory"),
    ];
    for (flags, expected) in cases {
        let (code, message) = failure(flags);
        assert_eq!((code, message.lines().count()), (Some(1), 1), "{flags:?}: {message}");
        assert!(message.contains(expected), "{flags:?}: {message}");
    }
    for path in [not_json, no_object, nested, bad_name, scalar, twice] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn bad_flags_end_with_code_2() {
    let cases: [&[&str]; 5] =
        [&["--nosuch"], &["--port", "x"], &["--ws-path", "ws"], &["--alloworigin", "example.com"], &["--addr", "x"]];
    for flags in cases {
        let (code, message) = failure(flags);
        assert_eq!(code, Some(2), "{flags:?}: {message}");
        assert!(message.starts_with("error: "), "{flags:?}: {message}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_with_close_frames() {
    for signal in ["-INT", "-TERM"] {
        let mut program = Program::start(&["--port", "0", "--demo"]);
        let mut client = connect(&program).await;
        client.request("subscribe.library.books", Value::Null).await;
        program.signal(signal);
        assert_eq!(client.closed().await, 1001);
        while futures_util::StreamExt::next(&mut client.socket).await.is_some() {}
        let status = tokio::task::block_in_place(|| program.child.wait()).unwrap();
        assert_eq!(status.code(), Some(0), "after {signal}");
    }
}

#[test]
fn help_says_what_the_flags_do() {
    let mut text = String::new();
    let mut child = command(&["--help"]).stdout(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    for flag in ["--addr", "--port", "--ws-path", "--api-path", "--resources", "--www", "--demo", "--alloworigin"] {
        assert!(text.contains(flag), "{flag} in {text}");
    }
}
