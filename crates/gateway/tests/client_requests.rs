//! Requests that are refused before they are sent.

mod support;

use resclient::client::{Error, Model};
use serde_json::Value;
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
