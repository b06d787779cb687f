//! HTTP requests recorded with real Resgates 1.8.0 of four configurations, made again with this gateway.
//!
//! Each answer must be the recorded one: its status, its header fields, and its body up to the order of members.
//! Differences are in [`DEVIATIONS`], each with its reason; one that does not occur any more fails the test.

mod support;

use std::collections::HashMap;

use res_gateway::GatewayConfig;
use res_gateway::bus::MemoryBus;
use res_gateway::core::conn::AuthMethod;
use res_gateway::server::{AllowOrigin, Encoding, ServerConfig};
use serde_json::Value;
use support::client::TestServer;
use support::http::{Answer, ask};

/// Lines of an answer of Resgate that this gateway does not give, and those it gives in their place: the status, a header
/// field, or the body.
struct Deviation {
    request: &'static str,
    theirs: &'static [&'static str],
    ours: &'static [&'static str],
    reason: &'static str,
}

const DEVIATIONS: &[Deviation] = &[
    Deviation {
        request: ":8080 /api/fix/private/%7Bcid%7D",
        theirs: &[r#"{"cidLen":20,"token":false}"#],
        ours: &[r#"{"cidLen":32,"token":false}"#],
        reason: CID,
    },
    Deviation {
        request: ":8080 /api/fix/private/{cid} -g",
        theirs: &[r#"{"cidLen":20,"token":false}"#],
        ours: &[r#"{"cidLen":32,"token":false}"#],
        reason: CID,
    },
    Deviation {
        request: ":8080 /",
        theirs: &["Bad Request"],
        ours: &["This is the address of a RES gateway: connect with a WebSocket."],
        reason: SENTENCE,
    },
    Deviation {
        request: ":8083 /ws",
        theirs: &["Bad Request"],
        ours: &["This is the address of a RES gateway: connect with a WebSocket."],
        reason: SENTENCE,
    },
    Deviation {
        request: ":8080 /api//fix/tree",
        theirs: &[
            "200",
            r#"{"name":"tree","child":{"href":"/api/fix/child/3","model":{"id":3,"name":"three"}},"list":{"href":"/api/fix/list","collection":[{"href":"/api/fix/child/1","model":{"id":1,"name":"one"}},{"href":"/api/fix/child/2","model":{"id":2,"name":"two"}}]}}"#,
        ],
        ours: &["404", r#"{"code":"system.notFound","message":"Not found"}"#],
        reason: EMPTY_PART,
    },
    Deviation {
        request: ":8080 /api/fix/calls/echo -X POST -d {bad",
        theirs: &[
            r#"{"code":"system.badRequest","message":"Error decoding request body: invalid character 'b' looking for beginning of object key string"}"#,
        ],
        ours: &[r#"{"code":"system.badRequest","message":"The request body is not JSON"}"#],
        reason: SENTENCE,
    },
    Deviation {
        request: r#":8080 /api/fix/calls/resource -X POST -d {"rid":"fix.items?start=0&limit=2"}"#,
        theirs: &["location: /api/fix/items%3Fstart=0&limit=2"],
        ours: &["location: /api/fix/items?start=0&limit=2"],
        reason: QUERY_LINK,
    },
    Deviation {
        request: ":8081 /api/fix/child/3 -H Origin: null",
        theirs: &["200", r#"{"id":3,"name":"put"}"#],
        ours: &[
            "403",
            "access-control-allow-origin: http://a.example",
            "vary: Origin",
            r#"{"code":"system.forbidden","message":"Forbidden origin"}"#,
        ],
        reason: NULL_ORIGIN,
    },
    vary(":8081 /api/fix/child/3 -X PUT -d {\"name\":\"put\"}"),
    vary(":8081 /api/fix/child/3"),
    vary(":8081 /api/fix/tree"),
    vary(":8081 /api/fix/cycle/a"),
    vary(":8081 /api/fix/errref"),
    vary(":8081 /api/fix/soft"),
    vary(":8081 /api/fix/data"),
    vary(":8081 /api/fix/secure"),
    vary(":8081 /api/fix/secure -H X-Auth: admin"),
    vary(":8081 /api/fix/secure/echo -X POST -H X-Auth: admin -d {}"),
];

const fn vary(request: &'static str) -> Deviation {
    Deviation { request, theirs: &[], ours: &["vary: Origin"], reason: VARY }
}

const CID: &str = "A connection id has 128 random bits, so that nobody guesses one.";
const SENTENCE: &str = "The sentence is this gateway's own; the status is the same.";
const EMPTY_PART: &str = "A path with an empty part is none of a resource, wherever that is.";
const QUERY_LINK: &str = "A link to a resource with a query leads there; escaped, the question mark leads nowhere.";
const NULL_ORIGIN: &str = "Any page can have the origin `null` by putting itself into a sandboxed frame, so it stands for none that is allowed.";
const VARY: &str = "An answer to a request without an origin must not be kept for a page that has one.";

/// Header fields that say something else each time, or that this gateway adds to all answers.
const NOT_COMPARED: [&str; 5] = ["date", "content-length", "connection", "x-content-type-options", "allow"];

#[tokio::test]
async fn answers_are_those_of_resgate() {
    let bus = MemoryBus::new();
    support::fixture::start(&bus);
    let mut servers = HashMap::new();
    for (port, config) in configurations() {
        // Two of the requests wait for the end of it.
        let gateway = GatewayConfig { request_timeout: 1_000, ..GatewayConfig::default() };
        servers.insert(port, TestServer::with(bus.clone(), gateway, config).await);
    }
    let (recorded, mut wrong) = (recording(), Vec::new());
    assert_eq!(recorded.len(), 90, "the answers of the recording, but for the metrics");
    for Recorded { request, answer } in &recorded {
        let server = &servers[&request[..5]];
        let ours = repeat(server, request).await;
        compare(request, answer, ours, &mut wrong);
    }
    for deviation in DEVIATIONS {
        assert!(recorded.iter().any(|r| r.request == deviation.request), "not recorded: {}", deviation.request);
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_document_of_deviations_has_every_reason() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gateway-deviations.md");
    let document = std::fs::read_to_string(path).expect("the document is in the repository");
    for deviation in DEVIATIONS {
        assert!(document.contains(deviation.reason), "not in the document: {}", deviation.reason);
    }
}

/// What the Resgates on these ports were started with.
fn configurations() -> [(&'static str, ServerConfig); 4] {
    let origins = |text| AllowOrigin::parse(text).expect("valid origins");
    let auth = |text| Some(AuthMethod::parse(text).expect("a valid method"));
    let any = ServerConfig { allow_origin: origins("*"), ..ServerConfig::default() };
    let mapped = ServerConfig {
        put_method: Some("set".into()),
        delete_method: Some("delete".into()),
        patch_method: Some("patch".into()),
        ..any.clone()
    };
    let flat = ServerConfig {
        encoding: Encoding::JsonFlat,
        header_auth: auth("fix.auth.header"),
        allow_origin: origins("http://a.example;https://b.example:8443"),
        ..ServerConfig::default()
    };
    let meta = ServerConfig { header_auth: auth("fix.auth.headerMeta"), ..any.clone() };
    let moved = ServerConfig { api_path: "/rest/".into(), ws_path: "/ws".into(), ..any };
    [(":8080", mapped), (":8081", flat), (":8082", meta), (":8083", moved)]
}

struct Recorded {
    /// The arguments of curl.
    request: String,
    answer: Answer,
}

fn recording() -> Vec<Recorded> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/resgate-1.8.0-http.txt");
    let text = std::fs::read_to_string(path).expect("the recording is in the repository");
    let entries = text.split("### ").skip(1).filter_map(|entry| entry.split_once('\n'));
    let entries = entries.filter(|(request, _)| !request.starts_with(":8090"));
    entries
        .map(|(request, answer)| {
            let (head, body) = answer.split_once("\n\n").expect("a head and a body");
            let answer = Answer::parse(&format!("{}\r\n\r\n{}", head.replace('\n', "\r\n"), body.trim_end()));
            Recorded { request: request.to_owned(), answer }
        })
        .collect()
}

/// Does what curl did with these arguments.
async fn repeat(server: &TestServer, request: &str) -> Answer {
    let (arguments, body) = match request.split_once(" -d ") {
        Some((arguments, body)) => (arguments, Some(body)),
        None => (request, None),
    };
    let mut arguments = arguments[":8080 ".len()..].split(" -");
    let path = arguments.next().expect("a path");
    let (mut method, mut headers) = (if body.is_some() { "POST" } else { "GET" }, String::new());
    for argument in arguments {
        match argument.split_at(1) {
            ("X", name) => method = name.trim(),
            ("H", field) => headers += &format!("{}\r\n", field.trim()),
            ("I", "") => method = "HEAD",
            ("g", "") => {}
            _ => panic!("an unknown argument: {argument}"),
        }
    }
    ask(server.address, method, path, &headers, body).await
}

fn compare(request: &str, theirs: &Answer, ours: Answer, wrong: &mut Vec<String>) {
    let (mut theirs, mut ours) = (lines(theirs), lines(&ours));
    for deviation in DEVIATIONS.iter().filter(|d| d.request == request) {
        for (expected, lines) in [(deviation.theirs, &mut theirs), (deviation.ours, &mut ours)] {
            for line in expected {
                match lines.iter().position(|other| *other == normal(line)) {
                    Some(at) => drop(lines.remove(at)),
                    None => wrong.push(format!("{request}: a deviation that does not occur: {line}")),
                }
            }
        }
    }
    if theirs != ours {
        wrong.push(format!("{request}\n  Resgate: {theirs:#?}\n  ours: {ours:#?}"));
    }
}

/// An answer as lines that can be compared: the status, the header fields by name, and the body.
fn lines(answer: &Answer) -> Vec<String> {
    let fields = answer.headers.iter().filter(|(name, _)| !NOT_COMPARED.contains(&&**name));
    let mut fields: Vec<String> = fields.map(|(name, value)| format!("{name}: {value}")).collect();
    fields.sort_by(|a, b| a.split(':').next().cmp(&b.split(':').next()));
    let body = Some(answer.body.trim_end()).filter(|body| !body.is_empty()).map(normal);
    [answer.status.to_string()].into_iter().chain(fields).chain(body).collect()
}

/// JSON with its members in one order; other text as it is.
fn normal(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |value| sorted(value).to_string())
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: std::collections::BTreeMap<_, _> = members.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
