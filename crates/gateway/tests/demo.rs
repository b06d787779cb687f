//! The demo's services: the pages of the library and the chat.

mod support;

use std::time::Duration;

use res_gateway::bus::MemoryBus;
use res_gateway::{Gateway, GatewayConfig, Session, demo};
use serde_json::{Value, json};
use support::hand::{frame, request, session};

async fn gateway() -> Gateway {
    let bus = MemoryBus::new();
    demo::start(&bus);
    Gateway::start(bus.connect(), GatewayConfig::default())
}

/// The result of a request, whatever events come before it.
async fn result(client: &mut Session, method: &str, params: Value) -> Value {
    answer(client, method, params).await["result"]["payload"].take()
}

async fn answer(client: &mut Session, method: &str, params: Value) -> Value {
    support::hand::send(client, 7, method, params).await;
    loop {
        let frame = frame(client).await;
        if frame["id"] == 7 {
            return frame;
        }
    }
}

/// Waits for an event, and returns its data.
async fn event(client: &mut Session, name: &str) -> Value {
    loop {
        let mut frame = frame(client).await;
        if frame["event"] == name {
            return frame["data"].take();
        }
    }
}

fn references(ids: impl IntoIterator<Item = u64>) -> Value {
    ids.into_iter().map(|id| json!({ "rid": format!("library.book.{id}") })).collect()
}

#[tokio::test(start_paused = true)]
async fn a_page_of_the_library_is_one_resource_however_it_is_written() {
    let gateway = gateway().await;
    let mut client = session(&gateway).await;
    for query in ["start=1&limit=2", "limit=2&start=1", "limit=2&start=01&more=3"] {
        let rid = format!("library.books?{query}");
        let page = request(&mut client, 1, &format!("get.{rid}"), Value::Null).await;
        assert_eq!(page["result"]["collections"][&rid], references([2, 3]), "{query}");
        assert_eq!(page["result"]["models"]["library.book.2"]["title"], "Brave New World");
    }
    let whole = request(&mut client, 1, "get.library.books", Value::Null).await;
    assert_eq!(whole["result"]["collections"]["library.books"], references(1..=5));
    let past_the_end = request(&mut client, 1, "get.library.books?start=9", Value::Null).await;
    assert_eq!(past_the_end["result"]["collections"]["library.books?start=9"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_cannot_be_is_refused() {
    let gateway = gateway().await;
    let mut client = session(&gateway).await;
    let expected = json!({ "code": "system.invalidQuery", "message": "start is from 0 to 500, limit from 1 to 100" });
    for query in ["start=-1", "limit=0", "limit=101", "limit=all", "start=1.5", "start=501"] {
        let page = request(&mut client, 1, &format!("get.library.books?{query}"), Value::Null).await;
        assert_eq!(page["error"], expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_of_the_library_are_live() {
    let gateway = gateway().await;
    let (mut reader, mut writer) = (session(&gateway).await, session(&gateway).await);
    let page = "library.books?start=4&limit=2";
    request(&mut reader, 1, &format!("subscribe.{page}"), Value::Null).await;
    let book = json!({ "title": "Foundation", "author": "Isaac Asimov" });
    let new = answer(&mut writer, "call.library.books.new", book.clone()).await;
    assert_eq!(new["result"]["rid"], "library.book.6");
    let added = event(&mut reader, &format!("{page}.add")).await;
    assert_eq!(added["idx"], 1);
    assert_eq!(added["value"], json!({ "rid": "library.book.6" }));
    assert_eq!(added["models"]["library.book.6"]["title"], "Foundation");
    // One before the page moves it.
    answer(&mut writer, "call.library.books.delete", json!({ "id": 1 })).await;
    assert_eq!(event(&mut reader, &format!("{page}.remove")).await["idx"], 0);
    let now = answer(&mut writer, &format!("get.{page}"), Value::Null).await;
    assert_eq!(now["result"]["collections"][page], references([6]));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_said_a_name_writes_to_the_chat_under_that_name() {
    let gateway = gateway().await;
    let (mut reader, mut writer) = (session(&gateway).await, session(&gateway).await);
    let messages = request(&mut reader, 1, "subscribe.chat.messages", Value::Null).await;
    assert_eq!(messages["result"]["collections"]["chat.messages"].as_array().map(Vec::len), Some(3));
    assert_eq!(messages["result"]["models"]["chat.message.1"]["author"], "Ada");
    let post = json!({ "text": " Good evening ", "author": "Ada", "name": "Ada" });
    let refused = answer(&mut writer, "call.chat.messages.post", post.clone()).await;
    assert_eq!(refused["error"]["code"], "system.accessDenied");
    let name = result(&mut writer, "auth.chat.login", json!({ "name": " Mary " })).await;
    assert_eq!(name, json!({ "name": "Mary" }));
    assert_eq!(answer(&mut writer, "call.chat.messages.post", post.clone()).await["error"], Value::Null);
    let added = event(&mut reader, "chat.messages.add").await;
    let message = &added["models"]["chat.message.4"];
    assert_eq!((&message["author"], &message["text"]), (&json!("Mary"), &json!("Good evening")));
    assert!(message["at"].as_u64() > Some(1_700_000_000_000), "{message}");
    // The name is that of the connection, not of everybody.
    let refused = answer(&mut reader, "call.chat.messages.post", post.clone()).await;
    assert_eq!(refused["error"]["code"], "system.accessDenied");
    answer(&mut writer, "auth.chat.logout", Value::Null).await;
    let refused = answer(&mut writer, "call.chat.messages.post", post).await;
    assert_eq!(refused["error"]["code"], "system.accessDenied");
}

#[tokio::test(start_paused = true)]
async fn names_and_texts_that_do_not_fit_are_refused() {
    let gateway = gateway().await;
    let mut client = session(&gateway).await;
    for name in [
        json!(""),
        json!("  "),
        json!("a".repeat(31)),
        json!("a\nb"),
        json!(7),
        json!("\u{200b}"),
        json!("\u{202e}a"),
        Value::Null,
    ] {
        let refused = answer(&mut client, "auth.chat.login", json!({ "name": name })).await;
        assert_eq!(refused["error"]["code"], "system.invalidParams", "{name}");
    }
    let longest = "é".repeat(30);
    assert_eq!(result(&mut client, "auth.chat.login", json!({ "name": longest })).await["name"], longest);
    for text in [json!(""), json!(" \n"), json!("a".repeat(501)), json!("\u{200d}"), json!("a\u{2028}b"), json!(["a"])]
    {
        let refused = answer(&mut client, "call.chat.messages.post", json!({ "text": text })).await;
        assert_eq!(refused["error"]["code"], "system.invalidParams", "{text}");
    }
    for text in ["é".repeat(500), "👩\u{200d}💻".into()] {
        let posted = answer(&mut client, "call.chat.messages.post", json!({ "text": text })).await;
        assert_eq!(posted["error"], Value::Null, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn five_messages_in_five_seconds_are_the_most_of_a_connection() {
    let gateway = gateway().await;
    let (mut one, mut other) = (session(&gateway).await, session(&gateway).await);
    for client in [&mut one, &mut other] {
        answer(client, "auth.chat.login", json!({ "name": "Mary" })).await;
        for n in 0..5 {
            let posted = answer(client, "call.chat.messages.post", json!({ "text": n.to_string() })).await;
            assert_eq!(posted["error"], Value::Null, "{n}");
        }
        let refused = answer(client, "call.chat.messages.post", json!({ "text": "too much" })).await;
        assert_eq!(refused["error"]["code"], "chat.tooFast");
    }
    tokio::time::advance(Duration::from_millis(5_000)).await;
    let posted = answer(&mut one, "call.chat.messages.post", json!({ "text": "again" })).await;
    assert_eq!(posted["error"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn fifty_messages_in_five_seconds_are_the_most_of_all_however_often_somebody_comes() {
    let gateway = gateway().await;
    for n in 0..=50 {
        let mut client = session(&gateway).await;
        answer(&mut client, "auth.chat.login", json!({ "name": "Mary" })).await;
        let posted = answer(&mut client, "call.chat.messages.post", json!({ "text": n.to_string() })).await;
        let expected = if n < 50 { Value::Null } else { json!("chat.tooFast") };
        assert_eq!(posted["error"]["code"], expected, "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_chat_keeps_the_last_hundred_messages() {
    let gateway = gateway().await;
    let (mut reader, mut writer) = (session(&gateway).await, session(&gateway).await);
    request(&mut reader, 1, "subscribe.chat.messages", Value::Null).await;
    answer(&mut writer, "auth.chat.login", json!({ "name": "Mary" })).await;
    for n in 4..=101 {
        let posted = answer(&mut writer, "call.chat.messages.post", json!({ "text": n.to_string() })).await;
        assert_eq!(posted["error"], Value::Null, "{n}");
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(event(&mut reader, "chat.messages.remove").await, json!({ "idx": 0 }));
    let messages = answer(&mut writer, "get.chat.messages", Value::Null).await;
    let messages = &messages["result"]["collections"]["chat.messages"];
    assert_eq!(messages.as_array().map(Vec::len), Some(100));
    assert_eq!(messages[0], json!({ "rid": "chat.message.2" }));
    let gone = answer(&mut writer, "get.chat.message.1", Value::Null).await;
    assert_eq!(gone["error"]["code"], "system.notFound");
}
