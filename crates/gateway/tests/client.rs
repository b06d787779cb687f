//! The Rust client against this gateway, over real WebSockets.

mod support;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use res_gateway::bus::MemoryBus;
use res_gateway::server::ServerConfig;
use res_gateway::service::{Access, Reply, Resource, Service, ServiceHandle};
use res_gateway::{GatewayConfig, demo};
use resclient::client::{Client, Collection, Error, Event, Events, Item, Model, State};
use resclient::protocol::ResError;
use resclient::session::Options;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::client::TestServer;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

#[derive(Debug, PartialEq, Deserialize)]
struct Book {
    id: u64,
    title: String,
    author: String,
}

#[derive(Serialize)]
struct NewBook<'a> {
    title: &'a str,
    author: &'a str,
}

/// Waits, for so long that only a test that has failed gets there.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap_or_else(|_| panic!("{what} does not come"))
}

async fn next(events: &mut Events) -> Event {
    soon("an event", events.next()).await.expect("the client is not closed")
}

async fn connect(server: &TestServer) -> Client {
    Client::connect(&url(server.address)).await.expect("the gateway is there")
}

/// A server with a place for one client.
async fn narrow() -> TestServer {
    let config = ServerConfig { connections: 1, ..ServerConfig::default() };
    TestServer::with(MemoryBus::new(), GatewayConfig::default(), config).await
}

/// Ready when there is a place for another client.
async fn free(server: &TestServer) {
    while server.connect_with(&[]).await.is_err() {}
}

fn url(address: SocketAddr) -> String {
    format!("ws://{address}/")
}

/// Reconnects and resubscribes at once.
fn eager() -> Options {
    Options { reconnect_delay: 1, reconnect_delay_max: 1, subscribe_stale_delay: 1, ..Options::default() }
}

async fn library() -> TestServer {
    let bus = MemoryBus::new();
    demo::start(&bus);
    TestServer::start(bus).await
}

fn notes(bus: impl Into<TestBus>) -> ServiceHandle {
    Service::new("notes")
        .model(
            "notes.first",
            json!({ "text": "one", "next": { "rid": "notes.second" }, "no": { "rid": "notes.none" } }),
        )
        .model("notes.second", json!({ "text": "two", "first": { "rid": "notes.first" } }))
        .collection("notes.all", json!([{ "rid": "notes.first" }, "loose", { "rid": "notes.second", "soft": true }]))
        .access("notes.secret", |request| Ok(if request.token()["user"] == "ada" { Access::ALL } else { Access::NONE }))
        .model("notes.secret", json!({ "text": "for ada" }))
        .access("notes.>", |_| Ok(Access::ALL))
        .call("notes.first", "echo", |request| Ok(Reply::value(request.params::<Value>()?)))
        .call("notes.first", "fail", |_| {
            let mut error = ResError::new("notes.full", "There is no room.");
            error.data = serde_json::value::to_raw_value(&json!({ "most": 3 })).ok();
            Err(error)
        })
        .call_async("notes.first", "never", |_| std::future::pending())
        .auth("notes.login", "as", |request| {
            let user: Value = request.params()?;
            if user["name"] == "nobody" {
                return Err(ResError::new("notes.unknown", "Who is that?"));
            }
            request.service().token(request.cid(), &json!({ "user": user["name"] }), None);
            Ok(Reply::null())
        })
        .start(bus.into().connect())
}

#[tokio::test]
async fn a_resource_is_got_as_the_type_asked_for() {
    let server = library().await;
    let client = connect(&server).await;
    let model: Model = client.get("library.book.1").await.unwrap();
    assert_eq!(model.rid(), "library.book.1");
    let book: Book = model.value().unwrap();
    assert_eq!(book, Book { id: 1, title: "Animal Farm".into(), author: "George Orwell".into() });
    assert_eq!(model.get("title"), Some(Item::Data("Animal Farm".into())));
    assert_eq!(model.get("subtitle"), None);
    assert!(matches!(model.value::<Vec<u8>>(), Err(Error::Decode(_))));
    let wrong = client.get::<Collection>("library.book.1").await.unwrap_err();
    assert_eq!(wrong.to_string(), "library.book.1 is not a collection");
    let missing = client.get::<Model>("library.book.99").await.unwrap_err();
    assert_eq!(missing.code(), Some("system.notFound"));
}

#[tokio::test]
async fn a_change_by_one_client_reaches_the_other_with_old_and_new_value() {
    let server = library().await;
    let (editor, reader) = (connect(&server).await, connect(&server).await);
    let book: Model = reader.get("library.book.2").await.unwrap();
    let (before, mut events) = book.watch::<Book>().unwrap();
    assert_eq!(before.title, "Brave New World");
    editor.call::<()>("library.book.2", "set", &json!({ "title": "Island" })).await.unwrap();
    let Event::Change(members) = next(&mut events).await else { panic!("no change") };
    assert_eq!(members.keys().collect::<Vec<_>>(), ["title"]);
    assert_eq!(members["title"].old, Some(Item::Data("Brave New World".into())));
    assert_eq!(members["title"].new, Some(Item::Data("Island".into())));
    assert_eq!(book.value::<Book>().unwrap().title, "Island");
}

#[tokio::test]
async fn items_that_come_and_go_are_told_with_their_places() {
    let server = library().await;
    let client = connect(&server).await;
    let books: Collection = client.get("library.books").await.unwrap();
    let mut events = books.changes();
    let new = NewBook { title: "Foundation", author: "Isaac Asimov" };
    let book: Book = books.call("new", &new).await.unwrap();
    assert_eq!(book.id, 6);
    let item = Item::Reference("library.book.6".into());
    assert_eq!(next(&mut events).await, Event::Add { idx: 5, item: item.clone() });
    assert_eq!((books.len(), books.get(5)), (6, Some(item.clone())));
    assert_eq!(books.value::<Vec<Book>>().unwrap()[5], book);
    client.call::<()>("library.books", "delete", &json!({ "id": 6 })).await.unwrap();
    assert_eq!(next(&mut events).await, Event::Remove { idx: 5, item });
    assert_eq!((books.len(), books.get(5)), (5, None));
}

#[tokio::test]
async fn references_are_followed_and_held() {
    let bus = MemoryBus::new();
    let service = notes(&bus);
    let server = TestServer::start(bus).await;
    let client = connect(&server).await;
    let all: Collection = client.get("notes.all").await.unwrap();
    let soft = Item::Soft("notes.second".into());
    assert_eq!(all.items(), [Item::Reference("notes.first".into()), Item::Data("loose".into()), soft]);
    let first: Model = all.follow(0).unwrap();
    let second: Model = first.follow("next").unwrap();
    assert_eq!(first.value::<Value>().unwrap()["next"]["first"], json!({ "rid": "notes.first" }), "a circle ends");
    for wrong in [
        all.follow::<Model>(1).unwrap_err(),
        first.follow::<Model>("text").unwrap_err(),
        all.follow::<Model>(7).unwrap_err(),
    ] {
        assert!(matches!(wrong, Error::Mismatch { expected: "a reference", .. }), "{wrong}");
    }
    assert!(matches!(first.follow::<Collection>("next"), Err(Error::Mismatch { expected: "a collection", .. })));
    assert_eq!(first.follow::<Model>("no").unwrap_err().code(), Some("system.notFound"));
    assert_eq!(all.follow_all::<Model>().iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false]);
    // What led there is not needed any more.
    drop((all, first));
    let mut events = second.changes();
    service.change("notes.second", json!({ "text": "still here" })).unwrap();
    assert!(matches!(next(&mut events).await, Event::Change(_)));
    assert_eq!(second.get("text"), Some(Item::Data("still here".into())));
}

#[tokio::test]
async fn answers_are_read_as_the_type_asked_for() {
    let server = library().await;
    notes(&server.bus);
    let client = connect(&server).await;
    let echoed: (u8, String) = client.call("notes.first", "echo", &(7, "seven")).await.unwrap();
    assert_eq!(echoed, (7, "seven".to_owned()));
    assert_eq!(client.call::<Option<u8>>("notes.first", "echo", &()).await.unwrap(), None);
    let wrong = client.call::<u8>("notes.first", "echo", &"seven").await.unwrap_err();
    assert!(matches!(wrong, Error::Decode(_)));
    let made =
        client.call::<Model>("library.books", "new", &NewBook { title: "Solaris", author: "Stanisław Lem" }).await;
    let made = made.unwrap();
    assert_eq!((made.rid(), made.value::<Book>().unwrap().author.as_str()), ("library.book.6", "Stanisław Lem"));
    let none = client.call::<Model>("notes.first", "echo", &1).await.unwrap_err();
    assert_eq!(none.to_string(), "the answer is not a resource");
}

#[tokio::test]
async fn errors_of_services_are_kept_whole() {
    let server = library().await;
    notes(&server.bus);
    let client = connect(&server).await;
    let Err(Error::Res(error)) = client.call::<()>("notes.first", "fail", &()).await else { panic!("no RES error") };
    assert_eq!((&*error.code, &*error.message), ("notes.full", "There is no room."));
    assert_eq!(error.data.unwrap().get(), r#"{"most":3}"#);
    let denied = client.get::<Model>("notes.secret").await.unwrap_err();
    assert_eq!(denied.code(), Some("system.accessDenied"));
}

#[tokio::test]
async fn after_a_restart_of_the_gateway_only_what_differs_is_told() {
    let bus = MemoryBus::new();
    let service = notes(&bus);
    let server = TestServer::start(bus.clone()).await;
    let address = server.address;
    let client = Client::builder().options(eager()).connect(&url(address)).await.unwrap();
    let first: Model = client.get("notes.first").await.unwrap();
    let all: Collection = client.get("notes.all").await.unwrap();
    let (mut of_first, mut of_all, mut of_second) =
        (first.changes(), all.changes(), first.follow::<Model>("next").unwrap().changes());
    let mut states = client.states();
    assert_eq!(states.next().await, Some(State::Connected));

    server.stop().await.unwrap().unwrap();
    while states.next().await == Some(State::Connected) {}
    service.change("notes.second", json!({ "text": "changed unseen" })).unwrap();
    service.add("notes.all", 0, json!("new")).unwrap();
    let _server = TestServer::at(address, bus, GatewayConfig::default(), ServerConfig::default()).await;

    let Event::Change(members) = next(&mut of_second).await else { panic!("no change") };
    assert_eq!(members["text"].new, Some(Item::Data("changed unseen".into())));
    assert_eq!(members.len(), 1);
    assert_eq!(next(&mut of_all).await, Event::Add { idx: 0, item: Item::Data("new".into()) });
    assert_eq!(client.state(), State::Connected);
    // What is told next of the first is what happens next.
    service.change("notes.first", json!({ "text": "last" })).unwrap();
    let Event::Change(members) = next(&mut of_first).await else { panic!("no change") };
    assert_eq!(members["text"].new, Some(Item::Data("last".into())));
}

#[tokio::test]
async fn a_client_without_a_gateway_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let Err(Error::Unreachable(why)) = Client::connect(&url(address)).await else { panic!("nobody is there") };
    assert!(why.to_lowercase().contains("refused"), "{why}");
    let Err(Error::Unreachable(why)) = Client::connect("no address").await else { panic!("that is no address") };
    assert!(!why.is_empty());
    let client = Client::builder().start(&url(address));
    assert!(matches!(client.get::<Model>("library.book.1").await, Err(Error::Unreachable(_))));
    assert_eq!(client.state(), State::Closed);
}

#[tokio::test]
async fn the_hook_logs_in_on_every_connection_before_all_else() {
    let bus = MemoryBus::new();
    let service = notes(&bus);
    let server = TestServer::start(bus.clone()).await;
    let address = server.address;
    let login = |client: Client| async move { client.auth("notes.login", "as", &json!({ "name": "ada" })).await };
    let client = Client::builder().options(eager()).on_connect(login).start(&url(address));
    let secret: Model = client.get("notes.secret").await.unwrap();
    let mut events = secret.changes();
    server.stop().await.unwrap().unwrap();
    service.change("notes.secret", json!({ "text": "new" })).unwrap();
    let _server = TestServer::at(address, bus, GatewayConfig::default(), ServerConfig::default()).await;
    assert!(matches!(next(&mut events).await, Event::Change(_)), "and not stale");
    assert_eq!(secret.get("text"), Some(Item::Data("new".into())));
}

#[tokio::test]
async fn a_hook_that_fails_makes_no_connection() {
    let server = TestServer::start(MemoryBus::new()).await;
    notes(&server.bus);
    let login = |client: Client| async move { client.auth("notes.login", "as", &json!({ "name": "nobody" })).await };
    let failed = Client::builder().on_connect(login).connect(&url(server.address)).await.unwrap_err();
    assert_eq!(failed.code(), Some("notes.unknown"));
}

#[tokio::test]
async fn a_subscription_that_the_gateway_ends_is_told_with_its_reason() {
    let server = TestServer::start(MemoryBus::new()).await;
    notes(&server.bus);
    let client = Client::builder().options(eager()).connect(&url(server.address)).await.unwrap();
    client.auth::<()>("notes.login", "as", &json!({ "name": "ada" })).await.unwrap();
    let secret: Model = client.get("notes.secret").await.unwrap();
    let mut events = secret.changes();
    client.auth::<()>("notes.login", "as", &json!({ "name": "eve" })).await.unwrap();
    let Event::Unsubscribe { reason: Some(reason) } = next(&mut events).await else { panic!("no unsubscribe") };
    assert_eq!(reason.code, "system.accessDenied");
    let Event::Stale { reason } = next(&mut events).await else { panic!("it cannot be subscribed to again") };
    assert_eq!(reason.code, "system.accessDenied");
    assert_eq!(secret.get("text"), Some(Item::Data("for ada".into())), "as far as is known");
}

#[tokio::test]
async fn who_does_not_take_events_is_told_how_many_were_lost_and_has_the_right_value() {
    let server = TestServer::start(MemoryBus::new()).await;
    let service = notes(&server.bus);
    let client = Client::builder().event_capacity(4).connect(&url(server.address)).await.unwrap();
    let first: Model = client.get("notes.first").await.unwrap();
    let (mut slow, mut quick) = (first.changes(), first.changes());
    for n in 1..=10 {
        service.change("notes.first", json!({ "text": n })).unwrap();
        assert!(matches!(next(&mut quick).await, Event::Change(_)));
    }
    assert_eq!(next(&mut slow).await, Event::Lagged(8));
    assert_eq!(first.get("text"), Some(Item::Data(10.into())));
    for n in [9, 10] {
        let Event::Change(members) = next(&mut slow).await else { panic!("no change") };
        assert_eq!(members["text"].new, Some(Item::Data(n.into())));
    }
    service.event("notes.first", "ring", &json!({ "times": 2 }));
    let ring = Event::Custom { name: "ring".into(), data: Some(json!({ "times": 2 })) };
    assert_eq!((next(&mut slow).await, next(&mut quick).await), (ring.clone(), ring));
}

#[tokio::test]
async fn a_closed_client_fails_what_waits_and_keeps_its_values() {
    let server = narrow().await;
    notes(&server.bus);
    let client = connect(&server).await;
    let first: Model = client.get("notes.first").await.unwrap();
    let (mut events, mut states) = (first.changes(), client.states());
    let waiting = tokio::spawn({
        let first = first.clone();
        async move { first.call::<()>("never", &()).await }
    });
    // Its answer comes after the call was sent.
    client.call::<Value>("notes.first", "echo", &1).await.unwrap();
    soon("the end of the connection", client.close()).await;
    assert!(matches!(waiting.await.unwrap(), Err(Error::Closed)));
    assert_eq!((events.next().await, states.next().await), (None, None));
    assert!(matches!(client.get::<Model>("notes.second").await, Err(Error::Closed)));
    assert_eq!(first.get("text"), Some(Item::Data("one".into())));
    soon("a second close", client.close()).await;
    soon("the end of the connection", free(&server)).await;
}

#[tokio::test]
async fn the_last_handle_keeps_the_connection_and_ends_it() {
    let server = narrow().await;
    let service = notes(&server.bus);
    let client = connect(&server).await;
    let first: Model = client.get("notes.first").await.unwrap();
    let mut events = first.changes();
    drop((client, first));
    service.change("notes.first", json!({ "text": "two" })).unwrap();
    assert!(matches!(next(&mut events).await, Event::Change(_)));
    assert_eq!(server.connect_with(&[]).await.err(), Some(503), "it is connected");
    drop(events);
    soon("the end of the connection", free(&server)).await;
}

#[tokio::test]
async fn resources_may_come_and_go_while_others_wait_for_them() {
    let server = TestServer::start(MemoryBus::new()).await;
    let service = notes(&server.bus);
    let client = connect(&server).await;
    let (a, b) = tokio::join!(client.get::<Model>("notes.first"), client.get::<Model>("notes.first"));
    let (a, b) = (a.unwrap(), b.unwrap());
    drop(a);
    service.create("notes.third", Resource::Model(json!({ "text": "three" }))).unwrap();
    let mut events = b.changes();
    service.change("notes.first", json!({ "next": { "rid": "notes.third" } })).unwrap();
    let Event::Change(members) = next(&mut events).await else { panic!("no change") };
    assert_eq!(members["next"].old, Some(Item::Reference("notes.second".into())));
    assert_eq!(b.follow::<Model>("next").unwrap().get("text"), Some(Item::Data("three".into())));
}

/// Frames that are none, or that say what cannot be. One more is nested too deep for `serde_json`.
const NONSENSE: [&str; 10] = [
    "",
    "{",
    "[]",
    "null",
    r#"{"event":"notes.first.change","data":{"values":[1]}}"#,
    r#"{"event":"notes.first.add","data":{"idx":7,"value":1}}"#,
    r#"{"event":"notes.first.change","data":{"values":{"a":{"rid":"notes.nowhere"}}}}"#,
    r#"{"event":"notes.first.change","data":{"values":{"a":{"odd":1}}}}"#,
    r#"{"event":"notes.first.\ud800","data":"\ud800"}"#,
    r#"{"id":2,"result":{"models":{"notes.second":{}}}}"#,
];

#[tokio::test]
async fn whatever_a_gateway_sends_the_client_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It answers as it should, then says one thing that makes no sense, and ends the connection; at last it does not.
    tokio::spawn(async move {
        let deep = format!(
            r#"{{"event":"notes.first.change","data":{{"values":{{"deep":{{"data":{}1{}}}}}}}}}"#,
            "[".repeat(9_990),
            "]".repeat(9_990)
        );
        let nonsense = NONSENSE.into_iter().chain([&*deep]);
        for said in nonsense.map(Some).chain(std::iter::repeat(None)) {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                let Ok(text) = message.to_text() else { continue };
                let Ok(request) = serde_json::from_str::<Value>(text) else { continue };
                let method = request["method"].as_str().unwrap();
                let result = match method {
                    "version" => json!({ "protocol": "1.2.3" }),
                    _ => json!({ "models": { "notes.first": { "text": if said.is_some() { "?" } else { "well" } } } }),
                };
                let answer = json!({ "id": request["id"], "result": result }).to_string();
                let mut sent = socket.send(Message::text(answer)).await;
                if let (Some(said), true) = (said, method.starts_with("subscribe.")) {
                    sent = sent.and(socket.send(Message::text(said)).await);
                    sent = sent.and(socket.close(None).await);
                }
                // The client may have had enough by then.
                drop(sent);
            }
        }
    });
    let client = Client::builder().options(eager()).connect(&url(address)).await.unwrap();
    let first: Model = client.get("notes.first").await.unwrap();
    let mut events = first.changes();
    while first.get("text") != Some(Item::Data("well".into())) {
        next(&mut events).await;
    }
}
