//! Requests that are refused before they are sent, and answers that are not looked at.

mod support;

use res_gateway::bus::MemoryBus;
use res_gateway::demo;
use res_gateway::service::{Access, Reply, Service};
use resclient::client::{Client, Error, Model};
use serde_json::{Value, json};
use support::client::TestServer;
use support::line::Net;

#[tokio::test(start_paused = true)]
async fn what_names_no_resource_or_no_method_is_refused_before_anything_is_sent() {
    let net = Net::new();
    let client = net.client();
    client.open().await.unwrap();
    let first: Model = client.get("notes.first").await.unwrap();
    let refused = [
        client.get::<Model>("").await.map(drop).unwrap_err(),
        client.call::<Value>("", "echo", &1).await.map(drop).unwrap_err(),
        client.auth::<Value>("", "echo", &1).await.map(drop).unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, Error::NoResourceId), "{error:?}");
        assert_eq!(error.to_string(), "the resource ID is empty: name the resource, as in `library.book.1`");
    }
    // The last parts of these would be methods of other resources.
    for method in ["", "first.echo", "a?b.echo", "a b"] {
        let refused = [
            client.call::<Value>("notes.first", method, &1).await.unwrap_err(),
            client.auth::<Value>("notes.first", method, &1).await.unwrap_err(),
            first.call::<Value>(method, &1).await.unwrap_err(),
        ];
        for error in refused {
            assert!(matches!(&error, Error::NoMethod(named) if named == method), "{error:?}");
            let told = format!("`{method}` is no method: name one by a single part, as in `set`");
            assert_eq!(error.to_string(), told);
        }
    }
    assert_eq!(*net.requests.lock().unwrap(), ["version", "subscribe.notes.first"]);
}

#[tokio::test]
async fn a_call_that_wants_nothing_succeeds_whatever_the_service_answers() {
    let bus = MemoryBus::new();
    demo::start(&bus);
    Service::new("odd")
        .model("odd.one", json!({ "text": "one" }))
        .access("odd.>", |_| Ok(Access::ALL))
        .call("odd.one", "echo", |request| Ok(Reply::value(request.params::<Value>()?)))
        .call("odd.one", "self", |_| Ok(Reply::resource("odd.one")))
        .start(bus.connect());
    let server = TestServer::start(bus).await;
    let client = Client::connect(&format!("ws://{}/", server.address)).await.unwrap();
    for payload in [Value::Null, json!(5), json!("text"), json!([1, 2]), json!({ "id": 7 })] {
        client.call::<()>("odd.one", "echo", &payload).await.unwrap();
    }
    client.call::<()>("odd.one", "self", &()).await.unwrap();
    client.call::<()>("library.books", "new", &json!({ "title": "Solaris", "author": "Lem" })).await.unwrap();
    // Other types are read as ever.
    assert!(matches!(client.call::<u8>("odd.one", "echo", &"text").await, Err(Error::Decode(_))));
    assert!(matches!(client.call::<[u8; 0]>("odd.one", "echo", &[1]).await, Err(Error::Decode(_))));
    assert_eq!(client.call::<()>("odd.one", "none", &()).await.unwrap_err().code(), Some("system.methodNotFound"));
}
