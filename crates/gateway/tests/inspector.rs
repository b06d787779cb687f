//! The page for developers, and the list of resources that it shows.

mod support;

use res_gateway::bus::MemoryBus;
use res_gateway::inspector::{Inspector, LIST};
use res_gateway::server::ServerConfig;
use res_gateway::service::{Resource, Service};
use res_gateway::{Gateway, GatewayConfig};
use serde_json::{Value, json};
use support::client::TestServer;
use support::hand::{frame, is_silent, request, session};
use support::program::{File, Program, ask, failure, output};

const SHOP: &str = r#"{ "shop.basket": { "total": 1 }, "shop.items": [] }"#;

#[tokio::test]
async fn the_page_is_there_where_the_gateway_serves_resources_of_its_own() {
    let file = File::new("inspector.json", SHOP);
    for flags in [&["--demo"][..], &["--resources", file.path()]] {
        let program = Program::start(flags);
        let (status, head, body) = program.get("/").await;
        assert_eq!(status, 200, "{flags:?}");
        assert!(head.to_lowercase().contains("content-type: text/html; charset=utf-8"), "{head}");
        assert!(body.contains(r#"data-ws-path="/" data-api-path="/api/" data-frame-bytes="65536""#), "{body}");
        // And the WebSocket is where it was.
        let mut client = program.connect().await;
        let list = client.request(&format!("subscribe.{LIST}"), Value::Null).await;
        assert!(list["result"]["collections"][LIST].is_array(), "{list}");
    }
}

#[tokio::test]
async fn the_page_is_not_there_where_it_has_nothing_to_show_or_is_not_wanted() {
    let file = File::new("not-inspected.json", SHOP);
    for flags in [&["--demo=false"][..], &["--resources", file.path(), "--inspector=false"], &["--inspector=false"]] {
        let program = Program::start(flags);
        assert_eq!(program.get("/").await.0, 400, "{flags:?}");
        assert_eq!(program.get("/_inspector/page.js").await.0, 404, "{flags:?}");
        let list = program.connect().await.request(&format!("subscribe.{LIST}"), Value::Null).await;
        assert!(list.get("error").is_some(), "{flags:?}: {list}");
    }
}

#[tokio::test]
async fn files_of_www_are_served_in_place_of_the_page() {
    let www = std::env::temp_dir().join(format!("res-gateway-{}-inspector-www", std::process::id()));
    std::fs::create_dir_all(&www).expect("it can be made");
    std::fs::write(www.join("index.html"), "mine").expect("it can be written");
    let path = www.to_str().expect("UTF-8");
    let program = Program::start(&["--demo", "--www", path]);
    assert_eq!(program.get("/").await.2, "mine");
    assert_eq!(program.get("/_inspector/page.js").await.0, 404);
    let (code, message) = failure(&["--inspector", "--www", path]);
    assert_eq!(code, Some(2));
    assert!(
        message.contains("inspector (--inspector): the page is at /, where www (--www) has its files"),
        "{message}"
    );
    std::fs::remove_dir_all(&www).expect("it is there");
}

#[test]
fn the_page_and_nats_are_refused_together() {
    let refused = output(&["--inspector", "--nats", "nats://127.0.0.1:1"]);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2));
    assert!(message.contains("inspector (--inspector)") && message.contains("natsUrl (--nats)"), "{message}");
}

#[tokio::test]
async fn the_page_and_its_files_have_the_strictest_policy() {
    let program = Program::start(&["--demo"]);
    let page = program.get("/").await.2;
    let linked = page.split('"').filter(|text| text.starts_with("_inspector/")).map(|name| format!("/{name}"));
    let paths: Vec<String> = ["/".to_owned()].into_iter().chain(linked).collect();
    assert_eq!(paths.len(), 5);
    for path in &paths {
        let (status, head, body) = program.get(path).await;
        let head = head.to_lowercase();
        assert_eq!(status, 200, "{path}");
        assert!(!body.is_empty(), "{path}");
        for field in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'",
            "cache-control: no-cache",
            "x-content-type-options: nosniff",
            "cross-origin-resource-policy: same-origin",
            "referrer-policy: no-referrer",
        ] {
            assert!(head.contains(field), "{path}: {field} is not in {head}");
        }
    }
}

#[tokio::test]
async fn the_page_is_read_and_nothing_else() {
    let program = Program::start(&["--demo"]);
    let length = program.get("/").await.2.len();
    let (status, head, body) = ask(&program.address, "HEAD", "/", "", "").await;
    assert_eq!((status, &*body), (200, ""));
    assert!(head.to_lowercase().contains(&format!("content-length: {length}")), "{head}");
    for method in ["POST", "PUT", "DELETE"] {
        let (status, head, _) = ask(&program.address, method, "/", "", "").await;
        assert_eq!(status, 405, "{method}");
        assert!(head.to_lowercase().contains("allow: get, head"), "{head}");
    }
    for path in ["/_inspector/", "/_inspector/none.js", "/_inspector/../page.js", "/index.html"] {
        assert_eq!(program.get(path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn the_page_is_told_of_other_paths() {
    let program = Program::start(&["--demo", "--wspath", "/live&\"x", "--apipath", "/"]);
    let page = program.get("/").await.2;
    assert!(page.contains(r#"data-ws-path="/live&amp;&quot;x" data-api-path="/""#), "{page}");
    // Resources may be right beside it.
    assert_eq!(program.get("/example/model").await.2, r#"{"message":"Hello, World!"}"#);
    assert_eq!(program.get("/_inspector/page.js").await.0, 200);
}

#[tokio::test]
async fn a_page_that_may_not_use_the_gateway_gets_no_list() {
    let program = Program::start(&["--demo"]);
    for headers in ["Origin: https://evil.example\r\n", "Origin: null\r\n"] {
        let (status, _, body) = ask(&program.address, "GET", "/api/_inspector/resources", headers, "").await;
        assert_eq!(status, 403, "{body}");
    }
    let (status, _, body) = ask(&program.address, "GET", "/api/_inspector/resources", "", "").await;
    assert_eq!(status, 200);
    assert!(body.contains(r#"{"href":"/api/library/books"}"#), "{body}");
}

#[tokio::test]
async fn a_file_may_not_name_what_the_page_has() {
    let file = File::new("inspector-taken.json", r#"{ "_inspector.mine": {} }"#);
    let (code, message) = failure(&["--port", "0", "--resources", file.path()]);
    assert_eq!(code, Some(1));
    assert!(message.contains("names that begin with \"_inspector\" are those of the page for developers"), "{message}");
    let program = Program::start(&["--resources", file.path(), "--inspector=false"]);
    assert_eq!(program.get("/api/_inspector/mine").await.2, "{}");
}

#[tokio::test]
async fn a_file_that_is_saved_with_names_of_others_is_refused_with_the_words_of_the_start() {
    let demo = r#"{ "library.mine": {} }"#;
    for (name, flags, taken) in [("page", &[][..], r#"{ "_inspector.mine": {} }"#), ("demo", &["--demo"], demo)] {
        let file = File::new(&format!("inspector-{name}-taken.json"), taken);
        let flags = [&["--port", "0", "--resources", file.path(), "--watch"], flags].concat();
        let (_, message) = failure(&flags);
        let (_, words) = message.trim_end().split_once("resources (--resources): ").expect("the option is named");
        assert!(words.starts_with(file.path()) && words.contains("rename "), "{words}");
        std::fs::write(&file.0, SHOP).expect("it can be written");
        let mut program = Program::start(&flags);
        std::fs::write(&file.0, taken).expect("it can be written");
        let line = program.says("WARN").await;
        assert!(line.ends_with(&format!("{words}; what was served before stays")), "{line}");
        assert_eq!(program.get("/api/shop/basket").await.2, r#"{"total":1}"#);
    }
}

#[tokio::test]
async fn resources_that_come_and_go_with_the_file_come_and_go_on_the_list() {
    let file = File::new("inspector-watched.json", SHOP);
    let program = Program::start(&["--resources", file.path(), "--watch"]);
    let mut client = program.connect().await;
    let list = client.request(&format!("subscribe.{LIST}"), Value::Null).await;
    assert_eq!(list["result"]["collections"][LIST], references(&["shop.basket", "shop.items"]));
    // One more of a name that is served already, and one of another.
    std::fs::write(&file.0, r#"{ "shop.basket": { "total": 1 }, "shop.items": [], "shop.new": {}, "cafe.tea": {} }"#)
        .expect("it can be written");
    let mut added = Vec::new();
    for _ in 0..2 {
        added.push(client.event(&format!("{LIST}.add")).await["value"]["rid"].take());
    }
    added.sort_by_key(Value::to_string);
    assert_eq!(added, ["cafe.tea", "shop.new"]);
    // And what was new can be changed and go.
    std::fs::write(&file.0, r#"{ "shop.items": [], "shop.new": {}, "cafe.tea": {}, "cafe.milk": {} }"#)
        .expect("it can be written");
    assert_eq!(client.event(&format!("{LIST}.add")).await["value"]["rid"], "cafe.milk");
    client.event(&format!("{LIST}.remove")).await;
    let list = program.connect().await.request(&format!("get.{LIST}"), Value::Null).await;
    let left = references(&["cafe.milk", "cafe.tea", "shop.items", "shop.new"]);
    assert_eq!(list["result"]["collections"][LIST], left);
}

#[tokio::test]
async fn what_services_make_and_let_go_of_is_listed_at_once() {
    let program = Program::start(&["--demo"]);
    let mut client = program.connect().await;
    client.request(&format!("subscribe.{LIST}"), Value::Null).await;
    let book = json!({ "title": "Foundation", "author": "Isaac Asimov" });
    client.request("call.library.books.new", book).await;
    assert_eq!(client.event(&format!("{LIST}.add")).await["value"], json!({ "rid": "library.book.6", "soft": true }));
    client.request("call.library.books.delete", json!({ "id": 6 })).await;
    client.event(&format!("{LIST}.remove")).await;
    // The library that is started again is still listed.
    client.request("subscribe.demo.control", Value::Null).await;
    client.request("call.demo.control.restart", Value::Null).await;
    client.event("demo.control.change").await;
    while client.event("demo.control.change").await["values"]["library"] != "running" {}
    client.request("call.library.books.new", json!({ "title": "Ulysses", "author": "James Joyce" })).await;
    assert_eq!(client.event(&format!("{LIST}.add")).await["value"]["rid"], "library.book.6");
}

#[tokio::test(start_paused = true)]
async fn many_that_come_together_make_one_list_and_a_changed_value_none() {
    let bus = MemoryBus::new();
    let inspector = Inspector::start(&bus);
    let service = Service::new("many").model("many.0", json!({ "n": 0 })).start(bus.connect());
    inspector.list(&service);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    let list = request(&mut client, 1, &format!("subscribe.{LIST}"), Value::Null).await;
    assert_eq!(list["result"]["collections"][LIST], references(&["many.0"]));
    service.change("many.0", json!({ "n": 1 })).expect("it is there");
    assert!(is_silent(&mut client).await);
    for n in 1..100 {
        service.create(&format!("many.{n}"), Resource::Collection(json!([]))).expect("a name");
    }
    for _ in 1..100 {
        assert_eq!(frame(&mut client).await["event"], format!("{LIST}.add"));
    }
    // Whoever may not change the list does not.
    let refused = request(&mut client, 2, &format!("call.{LIST}.remove"), json!({ "idx": 0 })).await;
    assert_eq!(refused["error"]["code"], "system.accessDenied");
}

#[tokio::test]
async fn a_server_without_it_or_with_files_too_has_no_page() {
    let server = TestServer::start(MemoryBus::new()).await;
    let (status, ..) = support::program::get(&server.address.to_string(), "/").await;
    assert_eq!(status, 400);
    let both = ServerConfig { inspector: true, www: Some(std::env::temp_dir()), ..ServerConfig::default() };
    assert!(both.check().is_err());
}

fn references(rids: &[&str]) -> Value {
    rids.iter().map(|rid| json!({ "rid": rid, "soft": true })).collect()
}
