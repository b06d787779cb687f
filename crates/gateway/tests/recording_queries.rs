//! Recordings of resources with queries whose events have the gateway ask as it asks for them at first.

mod support;

use res_gateway::bus::MemoryBus;
use res_gateway::demo;
use serde_json::{Value, json};
use support::hand::{request, session};
use support::studio::{Studio, ctl, replayed, same};

#[tokio::test(start_paused = true)]
async fn pages_of_the_demo_that_are_asked_for_after_a_change_are_replayed() {
    let bus = MemoryBus::new();
    let _demo = demo::start(&bus);
    let steps = [
        ctl("subscribe.library.books?start=0&limit=3", Value::Null),
        ctl("call.library.books.new", json!({ "title": "Frankenstein", "author": "Mary Shelley" })),
        ctl("call.library.books.delete", json!({ "id": 2 })),
        // In their normal form, in another, and none.
        ctl("subscribe.library.books?start=1&limit=2", Value::Null),
        ctl("subscribe.library.books?limit=4", Value::Null),
        ctl("subscribe.library.books", Value::Null),
        ctl("get.library.books?limit=0", Value::Null),
        ctl("call.library.books.delete", json!({ "id": 1 })),
        ctl("get.library.books?start=3", Value::Null),
    ];
    let (file, answers, events) = same(Studio::on("pages.jsonl", bus.connect()), &steps).await;
    assert_eq!(answers[6]["error"]["code"], "system.invalidQuery");
    for name in ["?start=0&limit=3.remove", "?start=1&limit=2.add", "?limit=4.remove", ".remove"] {
        let name = format!("library.books{name}");
        assert!(events.iter().any(|event| event["event"] == *name), "{name}: {events:?}");
    }
    // Who asks for one before it was asked for has it.
    let mut early = session(&replayed(&file)).await;
    for (query, count) in [("?limit=4", 4), ("?start=1&limit=2", 2), ("?start=3", 1), ("", 5)] {
        let rid = format!("library.books{query}");
        let answer = request(&mut early, 1, &format!("get.{rid}"), Value::Null).await;
        assert_eq!(answer["result"]["collections"][&rid].as_array().map(Vec::len), Some(count), "{rid}: {answer}");
    }
    let answer = request(&mut early, 2, "get.library.books?limit=0", Value::Null).await;
    assert_eq!(answer["error"]["code"], "system.invalidQuery");
}
