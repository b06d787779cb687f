//! The client for Rust front ends in a real browser, against the real gateway with its demo services, whose address is
//! in `RES_GATEWAY_URL` when this is compiled: `npm run test:browser` sees to it.

use resclient::client::{Client, Collection, Error, Event, Item, Model, State};
use resclient::session::Options;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
    const sockets = [];
    globalThis.WebSocket = class extends WebSocket {
        constructor(url) {
            super(url);
            sockets.push(this);
        }
    };
    const find = (url) => sockets.findLast((socket) => socket.url === url);
    export const closeSocket = (url, code) => find(url).close(code);
    export const happen = (event) => dispatchEvent(new Event(event));
    export const leave = (kept) => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: kept }));
    export const socketState = (url) => find(url).readyState;
")]
extern "C" {
    /// Ends the newest connection to an address under its client.
    #[wasm_bindgen(js_name = closeSocket)]
    fn close_socket(url: &str, code: Option<u16>);
    /// Has an event of the page happen.
    fn happen(event: &str);
    /// Leaves the page, which may be kept or not.
    fn leave(kept: bool);
    #[wasm_bindgen(js_name = socketState)]
    fn socket_state(url: &str) -> u32;
}

fn url() -> &'static str {
    match option_env!("RES_GATEWAY_URL") {
        Some(url) => url,
        None => panic!("there is no address of a gateway; run this with npm run test:browser"),
    }
}

async fn connect() -> Client {
    Client::connect(url()).await.expect("the gateway is there")
}

#[wasm_bindgen_test]
async fn models_are_read_changed_and_followed() {
    let (editor, reader) = (connect().await, connect().await);
    let books: Collection = reader.get("library.books").await.unwrap();
    let book: Model = books.follow(1).unwrap();
    let (before, mut events) = book.watch::<Value>().unwrap();
    assert_eq!(before["author"], "Aldous Huxley");
    editor.call::<()>(book.rid(), "set", &json!({ "title": "Åland 𝄞" })).await.unwrap();
    let Some(Event::Change(members)) = events.next().await else { panic!("no change") };
    assert_eq!(members["title"].old, Some(Item::Data(before["title"].clone())));
    assert_eq!(book.get("title"), Some(Item::Data("Åland 𝄞".into())));
}

#[wasm_bindgen_test]
async fn items_come_and_go_and_errors_are_kept() {
    let client = connect().await;
    let books: Collection = client.get("library.books").await.unwrap();
    let (len, mut events) = (books.len(), books.changes());
    let book: Model = books.call("new", &json!({ "title": "Solaris", "author": "Stanisław Lem" })).await.unwrap();
    let item = Item::Reference(book.rid().to_owned());
    assert_eq!(events.next().await, Some(Event::Add { idx: len, item: item.clone() }));
    books.call::<()>("delete", &json!({ "id": book.get("id").unwrap().value::<u64>().unwrap() })).await.unwrap();
    assert_eq!(events.next().await, Some(Event::Remove { idx: len, item }));
    let refused = books.call::<Model>("new", &json!({ "title": " ", "author": "Nobody" })).await.unwrap_err();
    assert_eq!(refused.code(), Some("system.invalidParams"));
}

#[wasm_bindgen_test]
async fn a_lost_connection_is_made_again_and_what_differs_is_told() {
    let editor = connect().await;
    let options = Options { reconnect_delay: 50, ..Options::default() };
    // An address of its own, to find its socket by.
    let url = format!("{}?lost", url());
    let client = Client::builder().options(options).connect(&url).await.unwrap();
    let book: Model = client.get("library.book.3").await.unwrap();
    let (mut events, mut states) = (book.changes(), client.states());
    assert_eq!(states.next().await, Some(State::Connected));
    close_socket(&url, None);
    while states.next().await == Some(State::Connected) {}
    editor.call::<()>("library.book.3", "set", &json!({ "title": "Changed unseen" })).await.unwrap();
    let Some(Event::Change(members)) = events.next().await else { panic!("no change") };
    assert_eq!(members.keys().collect::<Vec<_>>(), ["title"]);
    assert_eq!(client.state(), State::Connected);
}

#[wasm_bindgen_test]
async fn a_page_that_is_online_again_does_not_wait_for_the_next_attempt() {
    let options = Options { reconnect_delay: 3_600_000, reconnect_delay_max: 3_600_000, ..Options::default() };
    let url = format!("{}?online", url());
    let client = Client::builder().options(options).connect(&url).await.unwrap();
    let mut states = client.states();
    for event in ["online", "pageshow", "visibilitychange"] {
        close_socket(&url, None);
        while !matches!(states.next().await, Some(State::Waiting(_))) {}
        happen(event);
        while states.next().await != Some(State::Connected) {}
    }
}

#[wasm_bindgen_test]
async fn a_page_that_is_left_and_may_be_kept_has_no_connection() {
    let url = format!("{}?left", url());
    let client = Client::connect(&url).await.unwrap();
    let mut states = client.states();
    assert_eq!(states.next().await, Some(State::Connected));
    leave(false);
    assert_eq!(socket_state(&url), 1, "what is under way from a page that ends is left alone");
    leave(true);
    assert!(socket_state(&url) >= 2, "it is closing or closed");
    while !matches!(states.next().await, Some(State::Waiting(_))) {}
    happen("pageshow");
    while states.next().await != Some(State::Connected) {}
    client.close().await;
}

#[wasm_bindgen_test]
async fn a_socket_that_is_closed_with_a_fatal_code_is_not_opened_again() {
    let url = format!("{}?fatal", url());
    let client = Client::builder().fatal_close_codes([4401]).connect(&url).await.unwrap();
    let mut states = client.states();
    assert_eq!(states.next().await, Some(State::Connected));
    close_socket(&url, Some(4401));
    assert_eq!(states.next().await, Some(State::Closed));
    client.get::<Model>("library.book.1").await.expect("what is asked for connects");
}

#[wasm_bindgen_test]
async fn where_nobody_listens_there_is_no_connection() {
    for nowhere in ["ws://127.0.0.1:9/", "no address"] {
        let Err(Error::Unreachable(why)) = Client::connect(nowhere).await else { panic!("{nowhere} is nowhere") };
        assert_ne!(why, "");
    }
}

#[wasm_bindgen_test]
async fn closing_ends_the_socket_and_what_waits() {
    let url = format!("{}?closed", url());
    let client = Client::connect(&url).await.unwrap();
    let book: Model = client.get("library.book.4").await.unwrap();
    let mut events = book.changes();
    client.close().await;
    assert!(socket_state(&url) >= 2, "it is closing or closed");
    assert_eq!(events.next().await, None);
    assert!(matches!(client.get::<Model>("library.book.5").await, Err(Error::Closed)));
    assert_eq!(book.get("author"), Some(Item::Data("Bram Stoker".into())));
}

#[wasm_bindgen_test]
fn handles_can_be_kept_in_signals_that_want_send_and_sync() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<(Client, Model, Collection, Error, resclient::client::Events, resclient::client::States)>();
}
