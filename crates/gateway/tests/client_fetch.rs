//! Resources without a subscription: what is fetched once, and what is cached already.

mod support;

use std::time::Duration;

use res_gateway::service::{Access, Service};
use resclient::client::{Collection, Error, Event, Item, Model};
use serde::Deserialize;
use serde_json::{Value, json};
use support::line::Net;
use tokio::time::sleep;

#[derive(Debug, PartialEq, Deserialize)]
struct Shelf {
    name: String,
    books: Vec<Book>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Book {
    title: String,
}

fn shelves(net: &Net) -> res_gateway::service::ServiceHandle {
    Service::new("shelf")
        .model("shelf.one", json!({ "name": "one", "books": { "rid": "shelf.books" } }))
        .collection("shelf.books", json!([{ "rid": "shelf.book.1" }, { "rid": "shelf.book.2" }]))
        .model("shelf.book.1", json!({ "title": "Dune", "on": { "rid": "shelf.one", "soft": true } }))
        .model("shelf.book.2", json!({ "title": "Solaris" }))
        .model(
            "shelf.odd",
            json!({
                "self": { "rid": "shelf.odd" }, "gone": { "rid": "shelf.gone" }, "data": { "data": { "rid": 1 } },
                "soft": { "rid": "shelf.one", "soft": true }, "plain": 7
            }),
        )
        .access("shelf.>", |_| Ok(Access::ALL))
        .start(net.bus.connect())
}

#[tokio::test(start_paused = true)]
async fn what_is_fetched_is_read_with_all_it_refers_to_and_leaves_nothing_behind() {
    let net = Net::new();
    let _shelves = shelves(&net);
    let client = net.client();
    let shelf: Shelf = client.fetch("shelf.one").await.unwrap();
    let books = ["Dune", "Solaris"].map(|title| Book { title: title.into() }).into();
    assert_eq!(shelf, Shelf { name: "one".into(), books });
    assert!(client.cached::<Model>("shelf.one").unwrap().is_none());
    sleep(Duration::from_secs(20)).await;
    assert_eq!(*net.requests.lock().unwrap(), ["version", "get.shelf.one"]);
    assert!(matches!(client.fetch::<Vec<u8>>("shelf.one").await, Err(Error::Decode(_))));
    assert_eq!(client.fetch::<Value>("shelf.none").await.unwrap_err().code(), Some("system.notFound"));
    assert!(matches!(client.fetch::<Value>("").await, Err(Error::NoResourceId)));
}

#[tokio::test(start_paused = true)]
async fn what_is_fetched_looks_as_the_value_of_what_is_held_does() {
    let net = Net::new();
    let _shelves = shelves(&net);
    let (fetching, holding) = (net.client(), net.client());
    for rid in ["shelf.one", "shelf.odd"] {
        let held: Model = holding.get(rid).await.unwrap();
        assert_eq!(fetching.fetch::<Value>(rid).await.unwrap(), held.value::<Value>().unwrap());
    }
    let held: Collection = holding.get("shelf.books").await.unwrap();
    assert_eq!(fetching.fetch::<Value>("shelf.books").await.unwrap(), held.value::<Value>().unwrap());
}

#[tokio::test(start_paused = true)]
async fn what_the_client_holds_and_the_gateway_leaves_out_is_taken_from_there() {
    let net = Net::new();
    let service = shelves(&net);
    let client = net.client();
    let book: Model = client.get("shelf.book.2").await.unwrap();
    service.change("shelf.book.2", json!({ "title": "Ulysses" })).unwrap();
    let mut events = book.changes();
    assert!(matches!(events.next().await, Some(Event::Change(_))));
    let shelf: Shelf = client.fetch("shelf.one").await.unwrap();
    assert_eq!(shelf.books[1].title, "Ulysses");
    assert_eq!(client.fetch::<Book>("shelf.book.2").await.unwrap().title, "Ulysses");
}

#[tokio::test(start_paused = true)]
async fn what_is_cached_is_there_without_a_request_and_held_from_then_on() {
    let net = Net::new();
    let service = shelves(&net);
    let client = net.client();
    assert!(client.cached::<Model>("shelf.one").unwrap().is_none());
    let shelf: Model = client.get("shelf.one").await.unwrap();
    let book = client.cached::<Model>("shelf.book.1").unwrap().expect("it came with the shelf");
    assert_eq!(book.get("title"), Some(Item::Data("Dune".into())));
    let wrong = client.cached::<Collection>("shelf.book.1").unwrap_err();
    assert_eq!(wrong.to_string(), "shelf.book.1 is not a collection");
    assert_eq!(*net.requests.lock().unwrap(), ["version", "subscribe.shelf.one"]);
    drop(shelf);
    sleep(Duration::from_secs(60)).await;
    let mut events = book.changes();
    service.change("shelf.book.1", json!({ "title": "Ulysses" })).unwrap();
    assert!(matches!(events.next().await, Some(Event::Change(_))));
    assert!(client.cached::<Model>("shelf.one").unwrap().is_none(), "it has left the cache");
    assert!(matches!(client.cached::<Model>(""), Err(Error::NoResourceId)));
    client.close().await;
    assert!(matches!(client.cached::<Model>("shelf.book.1"), Err(Error::Closed)));
}
