//! What the flags and the file of the program `res-gateway` change.

mod support;

use std::io::Read;
use std::process::Stdio;

use resclient::protocol::Version;
use serde_json::{Value, json};
use support::program::{File, Program, ask, command, failure, free_port, get, output};
use support::wire::Wire;
use tokio::net::TcpStream;

const SHOP: &str = r#"{"shop.cart":{"owner":"Ada"}}"#;

#[tokio::test]
async fn without_options_it_serves_the_demo_on_loopback() {
    // All but the port, which another program of this machine may have.
    let program = Program::start(&[]);
    assert!(program.address.starts_with("127.0.0.1:"), "{}", program.address);
    let books = program.connect().await.request("subscribe.library.books", Value::Null).await;
    assert!(books["result"]["collections"]["library.books"].is_array(), "{books}");
    let mut text = String::new();
    let mut child = command(&["--help"]).stdout(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(text.contains("[default: 8080]"), "{text}");
}

#[tokio::test]
async fn the_demo_is_not_served_beside_what_is_named() {
    let file = File::new("shop.json", SHOP);
    let program = Program::start(&["--resources", file.path()]);
    assert_eq!(program.get("/api/shop/cart").await.0, 200);
    assert_eq!(program.get("/api/library/books").await.0, 404);
    let program = Program::start(&["--demo=false"]);
    assert_eq!(program.get("/api/library/books").await.0, 404);
}

/// Containers often have none.
fn has_ipv6() -> bool {
    std::net::TcpListener::bind("[::1]:0").is_ok()
}

#[tokio::test]
async fn it_listens_on_the_one_address_it_is_given() {
    let v4 = Program::start(&["--addr", "127.0.0.2"]);
    assert!(v4.address.starts_with("127.0.0.2:"));
    assert_eq!(v4.get("/api/library/books").await.0, 200);
    assert!(TcpStream::connect(("127.0.0.1", v4.port())).await.is_err());
    assert!(TcpStream::connect(("::1", v4.port())).await.is_err());
    if !has_ipv6() {
        return;
    }
    let v6 = Program::start(&["-i", "::1"]);
    assert!(v6.address.starts_with("[::1]:"));
    assert_eq!(v6.get("/api/library/books").await.0, 200);
    assert!(TcpStream::connect(("127.0.0.1", v6.port())).await.is_err());
}

#[tokio::test]
async fn an_empty_address_is_all_there_are() {
    let program = Program::start(&["--addr", ""]);
    let addresses = ["127.0.0.1", "127.0.0.2", "[::1]"];
    for address in &addresses[..if has_ipv6() { 3 } else { 2 }] {
        let (status, ..) = get(&format!("{address}:{}", program.port()), "/api/library/books").await;
        assert_eq!(status, 200, "{address}");
    }
}

#[tokio::test]
async fn it_listens_on_the_port_it_is_given() {
    for flag in ["-p", "--port", "-port", "--p"] {
        let port = free_port();
        let program = Program::start(&[&format!("{flag}={port}")]);
        assert_eq!(program.port(), port, "{flag}");
    }
}

#[tokio::test]
async fn the_websocket_is_at_its_path_alone() {
    let program = Program::start(&["--wspath", "/ws"]);
    assert!(program.connect_to("/ws").await.is_ok());
    for path in ["/", "/ws/", "/w"] {
        assert_eq!(program.connect_to(path).await.err(), Some(404), "{path}");
    }
}

#[tokio::test]
async fn resources_are_below_their_path_with_or_without_a_slash_at_its_end() {
    for path in ["/rest", "/rest/"] {
        let program = Program::start(&["-a", path]);
        assert_eq!(program.get("/rest/library/books").await.0, 200, "{path}");
        assert_eq!(program.get("/api/library/books").await.0, 404, "{path}");
        assert_eq!(program.get("/restlibrary/books").await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn put_delete_and_patch_call_the_methods_they_are_mapped_to() {
    let file = File::new("mapped.json", SHOP);
    for (http, flag, key) in [
        ("PUT", "--putmethod", "putMethod"),
        ("DELETE", "--deletemethod", "deleteMethod"),
        ("PATCH", "--patchmethod", "patchMethod"),
    ] {
        let plain = Program::start(&["--resources", file.path()]);
        assert_eq!(ask(&plain.address, http, "/api/shop/cart", "", "{}").await.0, 405, "{http}");
        let config = File::new("mapping.json", &json!({ (key): "set", "resources": file.path() }).to_string());
        for flags in [["--resources", file.path(), flag, "set"].as_slice(), &["-c", config.path()]] {
            let program = Program::start(flags);
            let (status, ..) = ask(&program.address, http, "/api/shop/cart", "", r#"{"owner":"Bob"}"#).await;
            assert_eq!(status, 204, "{http}");
            assert_eq!(program.get("/api/shop/cart").await.2, r#"{"owner":"Bob"}"#, "{http}");
            for other in ["PUT", "DELETE", "PATCH"].into_iter().filter(|other| *other != http) {
                assert_eq!(ask(&program.address, other, "/api/shop/cart", "", "{}").await.0, 405, "{other}");
            }
        }
        // An empty one in the flags is none.
        let program = Program::start(&["-c", config.path(), &format!("{flag}=")]);
        assert_eq!(ask(&program.address, http, "/api/shop/cart", "", "{}").await.0, 405, "{http}");
    }
}

#[tokio::test]
async fn resources_are_written_with_or_without_what_they_are_named() {
    let nested = r#"{"a.b":{"c":{"rid":"a.c"}},"a.c":{"d":1}}"#;
    let file = File::new("encoded.json", nested);
    let named = r#"{"c":{"href":"/api/a/c","model":{"d":1}}}"#;
    for (flags, expected) in
        [(&[][..], named), (&["--apiencoding", "json"], named), (&["--apiencoding", "JSONFlat"], r#"{"c":{"d":1}}"#)]
    {
        let program = Program::start(&[&["--resources", file.path()], flags].concat());
        assert_eq!(program.get("/api/a/b").await.2, expected, "{flags:?}");
    }
}

#[tokio::test]
async fn pages_of_the_origins_named_may_connect() {
    let program = Program::start(&["--alloworigin", "https://a.example", "--alloworigin=https://b.example"]);
    let status = async |origin: &str| {
        let mut request = tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(format!(
            "ws://{}/",
            program.address
        ))
        .unwrap();
        request.headers_mut().insert("Origin", origin.parse().unwrap());
        match tokio_tungstenite::connect_async(request).await {
            Ok(_) => 101,
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    for origin in ["https://a.example", "https://b.example"] {
        assert_eq!(status(origin).await, 101, "{origin}");
    }
    let own = format!("http://{}", program.address);
    for origin in ["https://c.example", "null", &own] {
        assert_eq!(status(origin).await, 403, "{origin}");
    }
}

#[tokio::test]
async fn the_file_is_read_and_flags_come_before_it() {
    let port = free_port();
    let config = File::new("read.json", &json!({ "port": port, "wsPath": "/file", "apiPath": "/rest" }).to_string());
    let program = Program::run(command(&["-c", config.path()]));
    assert_eq!(program.port(), port);
    assert!(program.connect_to("/file").await.is_ok());
    drop(program);

    let program = Program::start(&["-c", config.path(), "--wspath", "/flag"]);
    assert_ne!(program.port(), port);
    assert!(program.connect_to("/flag").await.is_ok());
    assert_eq!(program.connect_to("/file").await.err(), Some(404));
    assert_eq!(program.get("/rest/library/books").await.0, 200);
}

/// What Resgate writes where there is no file, but for the address of NATS.
#[tokio::test]
async fn the_file_of_a_resgate_is_read_as_it_is() {
    let config = json!({
        "natsUrl": "", "natsCreds": "", "natsCert": "", "natsKey": "", "natsRootCAs": [], "requestTimeout": 3000,
        "bufferSize": 8192, "debug": false, "trace": false, "addr": "0.0.0.0", "port": 8080, "wsPath": "/",
        "apiPath": "/api/", "metricsPort": 0, "apiEncoding": "json", "headerAuth": null, "wsHeaderAuth": null,
        "allowOrigin": "*", "putMethod": null, "deleteMethod": null, "patchMethod": null, "tls": false, "certFile": "",
        "keyFile": "", "wsCompression": false, "resetThrottle": 0, "referenceThrottle": 0
    });
    let config = File::new("resgate.json", &config.to_string());
    let program = Program::start(&["--config", config.path()]);
    assert_eq!(program.address, format!("0.0.0.0:{}", program.port()));
    let (status, head, _) = program.get("/api/library/books").await;
    assert_eq!(status, 200);
    assert!(head.to_ascii_lowercase().contains("access-control-allow-origin: *"), "{head}");
    let log = program.into_log();
    assert!(!log.contains("WARN"), "{log}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_made_with_the_defaults() {
    let config = File::none("made.json");
    let program = Program::start(&["-c", config.path(), "--wspath", "/ws"]);
    let made = std::fs::read_to_string(&config.0).unwrap();
    assert!(program.into_log().contains(&format!("there was no {}; it has been made", config.path())));
    let made: Value = serde_json::from_str(&made).unwrap();
    // What the flags say is of this run, and is not written.
    for (key, value) in [
        ("natsUrl", Value::Null),
        ("addr", json!("127.0.0.1")),
        ("port", json!(8080)),
        ("wsPath", json!("/")),
        ("apiPath", json!("/api/")),
        ("requestTimeout", json!(3000)),
        ("bufferSize", json!(8192)),
        ("metricsPort", json!(0)),
        ("allowOrigin", json!("same-origin")),
    ] {
        assert_eq!(made[key], value, "{key}");
    }
    assert_eq!(made["limits"]["connectionsPerAddress"], 200);
    // And it is as good as none.
    let program = Program::start(&["-c", config.path()]);
    assert_eq!(program.get("/api/library/books").await.0, 200);
    assert!(!program.into_log().contains("it has been made"));
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_done_without() {
    let program = Program::start(&["-c", "/nosuch/config.json"]);
    assert_eq!(program.get("/api/library/books").await.0, 200);
    let log = program.into_log();
    assert!(
        log.contains("there is no /nosuch/config.json, and it cannot be made") && log.contains("defaults"),
        "{log}"
    );
}

#[tokio::test]
async fn what_is_empty_is_as_good_as_none() {
    let keys = json!({
        "allowOrigin": "", "natsRootCAs": [""], "resources": "", "www": "", "apiEncoding": "", "logFormat": "",
        "tlsCert": "a.pem", "certFile": "", "tlsKey": "b.pem", "keyFile": "b.pem"
    });
    let file = File::new("empty.json", &keys.to_string());
    let flags = ["", "--alloworigin", "", "--resources=", "--www", "", "--nats", "", "--natsrootca", "", "-c", ""];
    for flags in [&flags[..], &["-c", file.path()]] {
        let program = Program::start(flags);
        let own = format!("Origin: http://{}\r\n", program.address);
        assert_eq!(ask(&program.address, "GET", "/api/library/books", &own, "").await.0, 200, "{flags:?}");
        let foreign = "Origin: http://other.example\r\n";
        assert_eq!(ask(&program.address, "GET", "/api/library/books", foreign, "").await.0, 403, "{flags:?}");
        assert!(!program.into_log().contains("NATS"), "{flags:?}");
    }
}

#[test]
fn switches_are_turned_as_go_turns_them() {
    // With TLS and no certificate it does not start; without, it comes to the directory that is not there.
    for (on, values) in
        [(true, ["1", "t", "T", "TRUE", "true", "True"]), (false, ["0", "f", "F", "FALSE", "false", "False"])]
    {
        for value in values {
            let (_, message) = failure(&[&format!("--tls={value}"), "--www", "/nosuch"]);
            assert!(message.contains(if on { "tls (--tls): needs" } else { "www (--www)" }), "{value}: {message}");
        }
    }
}

#[tokio::test]
async fn limits_of_the_file_are_heeded() {
    let config = File::new("limits.json", r#"{"limits":{"directResources":1}}"#);
    let program = Program::start(&["-c", config.path()]);
    let mut client = program.connect().await;
    assert_eq!(client.request("subscribe.library.book.1", Value::Null).await["error"], Value::Null);
    let second = client.request("subscribe.library.book.2", Value::Null).await;
    assert_eq!(second["error"]["code"], "system.subscriptionLimitExceeded");
}

#[tokio::test]
async fn messages_are_compressed_by_flag_or_file_and_not_without() {
    let file = File::new("compression.json", r#"{"wsCompression":true}"#);
    for (flags, is_on) in [
        (&[][..], false),
        (&["-wscompression"], true),
        (&["-c", file.path()], true),
        (&["-c", file.path(), "--wscompression=false"], false),
    ] {
        let program = Program::start(flags);
        let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
        let (agreed, _) = Wire::connect(program.address.parse().expect("an address"), offer).await;
        assert_eq!(agreed.is_some(), is_on, "{flags:?}");
        assert!(!program.into_log().contains("WARN"), "{flags:?}");
    }
}

#[tokio::test]
async fn what_is_not_as_it_was_meant_is_said() {
    let cases: [(&[&str], &str); 3] = [
        (&["-r", "3"], "requestTimeout (--reqtimeout) is in milliseconds: 3 is taken for seconds; write 3000"),
        (&["--creds", "x.creds"], "NATS is not used"),
        (&["--tlscert", "x.pem"], "tls (--tls) is not on: clients are served without"),
    ];
    for (flags, expected) in cases {
        let program = Program::start(flags);
        assert_eq!(program.get("/api/library/books").await.0, 200);
        let log = program.into_log();
        assert!(log.contains(expected), "{flags:?}: {log}");
    }
}

#[test]
fn what_is_wrong_in_a_flag_ends_it_with_code_2() {
    let port = free_port().to_string();
    let cases: &[(&[&str], &str)] = &[
        (&["--nosuch"], "--nosuch"),
        (&["-x"], "-x"),
        (&["stray"], "stray"),
        (&["--prot=1"], "--prot: there is no such flag; did you mean --port?"),
        (&["--port", "x"], "port (--port): \"x\" is none; take a whole number from 0 to 65535"),
        (&["--port", "65536"], "port (--port): \"65536\" is none"),
        (&["--port", "-1"], "port (--port): \"-1\" is none"),
        (&["--port"], "port (--port): the value is missing"),
        (&["-m", "65536"], "metricsPort (--metricsport): \"65536\""),
        (&["-p", &port, "-m", &port], "metricsPort (--metricsport)"),
        (&["--addr", "localhost"], "addr (--addr)"),
        (&["--metricsaddr", "x"], "metricsAddr (--metricsaddr)"),
        (&["--wspath", "ws"], "wsPath (--wspath)"),
        (&["--wspath", "/ws?x"], "wsPath (--wspath)"),
        (&["--apipath", "api"], "apiPath (--apipath)"),
        (&["--reqtimeout", "-5"], "requestTimeout (--reqtimeout): \"-5\""),
        (&["--reqtimeout", "1.5"], "requestTimeout (--reqtimeout): \"1.5\""),
        (&["--headauth", "login"], "headerAuth (--headauth)"),
        (&["--headauth", "auth.*"], "headerAuth (--headauth)"),
        (&["--authheaders", "a b"], "authHeaders (--authheaders)"),
        (&["-t", "auth..login"], "wsHeaderAuth (--wsheadauth)"),
        (&["-t", "auth.login", "--alloworigin", "*"], "allowOrigin (--alloworigin)"),
        (&["--apiencoding", "xml"], "apiEncoding (--apiencoding)"),
        (&["--putmethod", "a.b"], "putMethod (--putmethod)"),
        (&["--deletemethod", "*"], "deleteMethod (--deletemethod)"),
        (&["--patchmethod", "a b"], "patchMethod (--patchmethod)"),
        (&["--resetthrottle", "-1"], "resetThrottle (--resetthrottle)"),
        (&["--referencethrottle", "x"], "referenceThrottle (--referencethrottle)"),
        (&["--alloworigin", "example.com"], "allowOrigin (--alloworigin)"),
        (&["--alloworigin", "*;https://example.com"], "allowOrigin (--alloworigin)"),
        (&["--natscert", "x.pem"], "natsCert (--natscert) and natsKey (--natskey) go together"),
        (&["--natskey", "x.pem"], "natsCert (--natscert) and natsKey (--natskey) go together"),
        (&["--logformat", "xml"], "logFormat (--logformat)"),
        (&["--debug=x"], "debug (--debug): \"x\" is none; take true or false"),
        (&["--debug=yes"], "debug (--debug)"),
    ];
    for (flags, expected) in cases {
        let (code, message) = failure(flags);
        assert_eq!(code, Some(2), "{flags:?}: {message}");
        assert!(message.contains(expected), "{flags:?}: {message}");
        assert!(message.starts_with("res-gateway: ") && message.lines().count() == 1, "{flags:?}: {message}");
    }
}

#[test]
fn what_is_wrong_in_the_file_ends_it_with_its_key_and_line() {
    let cases = [
        ("{\n\"prot\": 1}", "prot: there is no such key; did you mean port?", "line 2"),
        ("{\n\"PORT\": 1}", "PORT: there is no such key; did you mean port?", "line 2"),
        ("{\"nothing like it\": 1}", "nothing like it: there is no such key, at", "line 1"),
        ("{\n\n\"port\": \"8080\"}", "port: \"8080\" is none; take a whole number from 0 to 65535", "line 3"),
        ("{\"port\": 65536}", "port: 65536 is none", "line 1"),
        ("{\"port\": [1]}", "port: a list is none", "line 1"),
        ("{\"port\": 1,\n\"port\": 2}", "port: the key is there twice", "line 2"),
        ("{\"tls\": 1}", "tls: 1 is none; take true or false, without quotes", "line 1"),
        ("{\"wsPath\": 1}", "wsPath: 1 is none; take a text in quotes", "line 1"),
        ("{\"requestTimeout\": -1}", "requestTimeout: -1 is none; take a whole number from 0 to", "line 1"),
        ("{\"bufferSize\": 1.5}", "bufferSize: 1.5 is none; take a whole number, 0 or above", "line 1"),
        ("{\"natsRootCAs\": \"a.pem\"}", "natsRootCAs: \"a.pem\" is none; take a list such as", "line 1"),
        ("{\"limits\": 5}", "limits: 5 is none; take an object", "line 1"),
        ("{\"limits\": {\n\"frames\": 1}}", "limits.frames: there is no such key; did you mean frameBytes?", "line 2"),
        ("{\"limits\": {\"frameBytes\": 0}}", "limits.frameBytes: 0 would leave nothing to do", ""),
        ("{\"wsPath\": \"ws\"}", "wsPath (--wspath)", ""),
        ("{\"putMethod\": \"a.b\"}", "putMethod (--putmethod)", ""),
        ("{\"tls\": true}", "tls (--tls)", ""),
        ("{\"tls\": true, \"tlsCert\": \"a.pem\"}", "tls (--tls)", ""),
        ("{\"tlsCert\": \"a.pem\", \"certFile\": \"b.pem\"}", "tlsCert and certFile are the same option", ""),
        ("{\"tlsKey\": \"a.pem\", \"keyFile\": \"b.pem\"}", "tlsKey and keyFile are the same option", ""),
        ("{", "it ends too early", "line 1"),
        ("{\n  // as in other languages\n  \"port\": 1}", "there are no comments in JSON", "line 2"),
        ("{\"port\": 1 # here\n}", "there are no comments in JSON", "line 1"),
        ("{\"port\": 1,}", "it is not JSON: trailing comma", "line 1"),
        ("[]", "must be one JSON object", ""),
        ("{\"limits\": [1]}", "must be one JSON object, and limits another", ""),
        ("{} {}", "it is not JSON: trailing characters", "line 1"),
        ("", "it ends too early", "line 1"),
    ];
    for (text, expected, line) in cases {
        let file = File::new("wrong.json", text);
        let (code, message) = failure(&["-c", file.path()]);
        assert_eq!((code, message.lines().count()), (Some(2), 1), "{text}: {message}");
        assert!(message.contains(expected) && message.contains(line), "{text}: {message}");
    }
}

#[test]
fn help_says_what_the_flags_do() {
    for flag in ["-h", "--help", "-help"] {
        let help = output(&[flag]);
        assert!(help.status.success());
        let text = String::from_utf8(help.stdout).unwrap();
        for flag in [
            "-n, --nats",
            "-i, --addr",
            "-p, --port",
            "-w, --wspath",
            "-a, --apipath",
            "-r, --reqtimeout",
            "-u, --headauth",
            "-t, --wsheadauth",
            "-m, --metricsport",
            "--apiencoding",
            "--putmethod",
            "--deletemethod",
            "--patchmethod",
            "--wscompression",
            "--resetthrottle",
            "--referencethrottle",
            "-c, --config",
            "--tls",
            "--tlscert",
            "--tlskey",
            "--creds",
            "--natscert",
            "--natskey",
            "--natsrootca",
            "--alloworigin",
            "-D, --debug",
            "-V, --trace",
            "-h, --help",
            "-v, --version",
            "--resources",
            "--www",
            "--demo",
            "--inspector",
            "--record",
            "--replay",
            "--metricsaddr",
            "--logformat",
        ] {
            assert!(text.contains(flag), "{flag} in {text}");
        }
    }
}

#[test]
fn version_says_which_program_and_which_protocol() {
    let mut protocol = String::new();
    Version::SUPPORTED.write(&mut protocol);
    for flag in ["-v", "--version", "-version"] {
        let version = output(&[flag]);
        assert!(version.status.success());
        let expected = format!("res-gateway {}\nprotocol {protocol}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(String::from_utf8(version.stdout).unwrap(), expected, "{flag}");
    }
}

#[test]
fn every_option_is_in_the_documentation() {
    let documentation = include_str!("../../../docs/gateway.md");
    let documented = |name: &str| documentation.contains(&format!("`{name}`"));
    let help = String::from_utf8(output(&["--help"]).stdout).unwrap();
    let flags: Vec<&str> = help
        .lines()
        .filter(|line| line.trim_start().starts_with('-'))
        .flat_map(|line| line.split([' ', ',', '[']).filter(|word| word.starts_with('-')))
        .collect();
    assert!(flags.len() > 40, "{flags:?}");
    for flag in flags {
        assert!(documented(flag), "{flag}");
    }
    // It is made before anything is listened to.
    let file = File::none("documented.json");
    assert_eq!(failure(&["-c", file.path(), "--www", "/nosuch"]).0, Some(1));
    let made: Value = serde_json::from_str(&std::fs::read_to_string(&file.0).unwrap()).unwrap();
    let limits = made["limits"].as_object().unwrap();
    for key in made.as_object().unwrap().keys().filter(|key| *key != "limits").chain(limits.keys()) {
        assert!(documented(key), "{key}");
    }
    for (key, value) in limits {
        let row = documentation.lines().find(|line| line.starts_with(&format!("| `{key}`"))).unwrap();
        let digits: String = row.split('|').nth(2).unwrap().chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, value.to_string(), "{key}");
    }
}
