//! Answers that the service library does not send: wrong ones, texts as they stand, and access with a meta object.

use serde_json::json;

use super::bus::TestBus;

/// Answers requests on subjects that the fixture service leaves alone.
pub fn start(bus: &TestBus) {
    let meta = |access: serde_json::Value, meta| json!({ "result": access, "meta": meta }).to_string();
    let header = json!({ "X-Fix": ["access"], "Set-Cookie": ["a=1"] });
    let redirect = json!({ "status": 302, "header": { "Location": ["/elsewhere"] } });
    answer(
        bus,
        vec![
            ("get.fix.getBad.json", r#"{"result":"#.to_owned()),
            ("get.fix.getBad.empty", "{}".to_owned()),
            ("get.fix.getBad.nested", r#"{"result":{"model":{"a":{"b":1}}}}"#.to_owned()),
            ("get.fix.getBad.array", r#"{"result":{"model":{"a":[1]}}}"#.to_owned()),
            ("get.fix.getBad.both", r#"{"result":{"model":{},"collection":[]}}"#.to_owned()),
            ("get.fix.getBad.delete", r#"{"result":{"model":{"a":{"action":"delete"}}}}"#.to_owned()),
            ("get.fix.getBad.rid", r#"{"result":{"model":{"a":{"rid":"bad..rid"}}}}"#.to_owned()),
            ("get.fix.raw", RAW.to_owned()),
            ("access.fix.accessMeta", meta(json!({ "get": true, "call": "*" }), json!({ "header": header }))),
            ("access.fix.accessRedirect", meta(json!({ "get": true }), redirect)),
            ("access.fix.access451", meta(json!({ "get": true }), json!({ "status": 451 }))),
        ],
    );
}

/// Answers each request on a subject with the text that belongs to it.
pub fn answer(bus: impl Into<TestBus>, answers: Vec<(&'static str, String)>) {
    let mut connection = bus.into().connect();
    for (subject, _) in &answers {
        connection.bus.subscribe(subject);
    }
    tokio::spawn(async move {
        while let Some(delivery) = connection.deliveries.recv().await {
            let text = answers.iter().find(|(subject, _)| *subject == &*delivery.subject).map(|(_, text)| text);
            if let (Some(reply), Some(text)) = (delivery.reply, text) {
                connection.bus.publish(&reply, None, text.as_bytes().into()).expect("the bus carries it");
            }
        }
    });
}

const RAW: &str = r#"{ "result" : { "model" : { "b" : 1.0 , "a" : 1e3, "big": 9007199254740993, "neg0": -0, "html": "<b>&\u00e5å\/ ", "dup": 1, "dup": 2, "data": {"data": { "z" : 1 , "a":[ 1 , 2 ], "z":2 } , "extra":1}, "ref": { "rid" : "fix.child.1" , "soft" : true, "x":1 } } } }"#;
