//! Getting resources: subscriptions, resource sets and the kinds of values in them.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::mirror::{Content, Item};
use resclient::session::{Get, Options};
use serde_json::{Value as Json, json};
use support::{Client, Script, Settled, models, reference};

fn item(client: &Client, rid: &str, key: &str) -> Item {
    match &client.mirror.get(client.id(rid)).unwrap().content {
        Content::Model(model) => model[key].clone(),
        other => panic!("{rid} is no model: {other:?}"),
    }
}

#[test]
fn a_model_is_loaded_by_one_frame_and_then_served_from_the_cache() {
    let mut client = Client::connected();
    let value = json!({ "message": "Hello", "n": 1.5, "yes": true, "none": null });
    let id = client.load("example.model", models(json!({ "example.model": value })));
    assert_eq!(client.value("example.model"), value);
    assert_eq!(client.get("example.model"), Get::Cached(id));
    assert!(client.sent.is_empty());
}

#[test]
fn a_collection_keeps_its_order() {
    let mut client = Client::connected();
    let list = json!(["b", "a", 3, null, "b"]);
    client.load("list", json!({ "collections": { "list": list } }));
    assert_eq!(client.value("list"), list);
}

#[test]
fn everyone_who_asks_while_a_get_is_in_flight_shares_its_request() {
    let mut client = Client::connected();
    let request = client.get_pending("a");
    assert_eq!(client.get("a"), Get::Pending(request));
    assert_eq!(client.methods(), ["subscribe.a"]);
    client.respond("subscribe.a", models(json!({ "a": {} })));
    assert_eq!(client.settled[&request], Settled::Resource(client.id("a")));
}

#[test]
fn a_refused_get_leaves_nothing_behind_and_may_be_tried_again() {
    let mut client = Client::connected();
    let first = client.get_pending("a");
    let id = client.take("subscribe.a").id;
    client.receive(json!({ "id": id, "error": { "code": "x.y", "message": "No", "data": { "n": [1] } } }));
    let Settled::Error(error) = &client.settled[&first] else { panic!("it was refused") };
    assert_eq!((&*error.code, &*error.message), ("x.y", "No"));
    assert_eq!(error.data.as_ref().unwrap().get(), r#"{"n":[1]}"#);
    assert_eq!(client.engine.resources(), []);
    assert_eq!(client.engine.find("a"), None);
    let second = client.get_pending("a");
    client.respond("subscribe.a", models(json!({ "a": {} })));
    assert_eq!(client.settled[&second], Settled::Resource(client.id("a")));
}

#[test]
fn an_error_without_code_and_message_is_an_unknown_error() {
    let mut client = Client::connected();
    let request = client.get_pending("a");
    let id = client.take("subscribe.a").id;
    client.receive(json!({ "id": id, "error": {} }));
    assert!(matches!(&client.settled[&request], Settled::Error(e) if e.code == "system.unknownError"));
}

#[test]
fn a_fetch_gives_the_resource_set_and_leaves_nothing_behind() {
    let mut client = Client::connected();
    let request = client.fetch("a");
    let set = json!({ "models": { "a": { "b": { "rid": "b" } }, "b": { "n": 1 } } });
    client.respond("get.a", set.clone());
    assert_eq!(client.settled[&request], Settled::Result(set));
    assert_eq!(client.engine.resources(), []);
    client.event("a.change", json!({ "values": { "n": 2 } }));
    assert_eq!(client.take_events(), []);
    assert_eq!(client.engine.counters().unknown, 1);
}

#[test]
fn a_fetch_does_not_touch_what_is_cached() {
    let mut client = Client::connected();
    client.load("a", models(json!({ "a": { "n": 1 } })));
    let request = client.fetch("a");
    client.respond("get.a", models(json!({ "a": { "n": 2 } })));
    assert_eq!(client.settled[&request], Settled::Result(models(json!({ "a": { "n": 2 } }))));
    assert_eq!(client.value("a"), json!({ "n": 1 }));
}

#[test]
fn a_set_brings_references_and_everything_they_refer_to() {
    let mut client = Client::connected();
    let set = json!({
        "models": { "tree": { "child": { "rid": "leaf" }, "list": { "rid": "list" } }, "leaf": { "n": 1 } },
        "collections": { "list": [{ "rid": "leaf" }, "x"] },
    });
    client.load("tree", set);
    assert_eq!(client.value("tree"), json!({ "child": { "n": 1 }, "list": [{ "n": 1 }, "x"] }));
    assert!(matches!(item(&client, "tree", "child"), Item::Reference(id) if id == client.id("leaf")));
    let leaf = client.engine.resources().into_iter().find(|r| r.rid == "leaf").unwrap();
    assert_eq!((leaf.direct, leaf.indirect, leaf.subscribed), (0, 2, 0));
}

#[test]
fn a_referenced_resource_is_got_without_a_request() {
    let mut client = Client::connected();
    client.load("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": {} })));
    assert_eq!(client.get("b"), Get::Cached(client.id("b")));
    assert!(client.sent.is_empty());
}

#[test]
fn soft_references_are_not_followed() {
    let mut client = Client::connected();
    client.load("a", models(json!({ "a": { "soft": { "rid": "b", "soft": true } } })));
    assert_eq!(item(&client, "a", "soft"), Item::Soft("b".to_owned()));
    assert_eq!(client.engine.find("b"), None);
    let request = client.get_pending("b");
    client.respond("subscribe.b", models(json!({ "b": {} })));
    assert_eq!(client.settled[&request], Settled::Resource(client.id("b")));
}

#[test]
fn data_values_are_unwrapped_whatever_is_in_them() {
    let mut client = Client::connected();
    let inner = [json!({ "a": [1, { "rid": "x" }] }), json!([1, [2]]), json!(12), json!(null), json!("s"), json!({})];
    for (n, inner) in inner.into_iter().enumerate() {
        let rid = format!("data.{n}");
        client.load(&rid, models(json!({ rid.clone(): { "d": { "data": inner } } })));
        assert_eq!(item(&client, &rid, "d"), Item::Value(inner));
    }
    assert_eq!(client.engine.find("x"), None, "data is not looked into");
}

#[test]
fn a_wrapped_primitive_equals_the_bare_one() {
    let mut client = Client::connected();
    client.load("a", models(json!({ "a": { "d": { "data": 12 } } })));
    client.event("a.change", json!({ "values": { "d": 12 } }));
    assert_eq!(client.take_events(), []);
}

#[test]
fn a_reference_that_failed_is_an_error_in_its_place() {
    let mut client = Client::connected();
    let set = json!({
        "models": { "a": { "b": { "rid": "b" }, "c": { "rid": "c" } }, "c": {} },
        "errors": { "b": { "code": "system.notFound", "message": "Not found" } },
    });
    client.load("a", set);
    assert!(
        matches!(&client.mirror.get(client.id("b")).unwrap().content, Content::Error(e) if e.code == "system.notFound")
    );
    client.assert_untroubled();
}

#[test]
fn an_error_becomes_a_resource_when_the_gateway_can_send_it() {
    let mut client = Client::connected();
    let set = json!({ "models": { "a": { "b": { "rid": "b" } } }, "errors": { "b": { "code": "x", "message": "y" } } });
    client.load("a", set);
    client.load("c", models(json!({ "c": { "b": { "rid": "b" } }, "b": { "n": 1 } })));
    assert_eq!(client.value("a"), json!({ "b": { "n": 1 } }));
    assert_eq!(client.value("c"), json!({ "b": { "n": 1 } }));
    client.assert_untroubled();
}

#[test]
fn cycles_are_loaded_and_shown_once() {
    let mut client = Client::connected();
    let set = models(json!({
        "a": { "b": { "rid": "b" } },
        "b": { "a": { "rid": "a" }, "me": { "rid": "b" } },
    }));
    client.load("a", set);
    assert_eq!(client.value("a"), json!({ "b": { "a": { "rid": "a" }, "me": { "rid": "b" } } }));
}

#[test]
fn awkward_resource_ids_are_like_any_other() {
    let mut client = Client::connected();
    for rid in ["constructor", "__proto__", "toString.x", "hasOwnProperty", "a?q=1.2&x=ö\"\\\u{1d11e}"] {
        client.load(rid, models(json!({ rid: { "n": 1 } })));
        assert_eq!(client.value(rid), json!({ "n": 1 }));
        client.event(&format!("{rid}.change"), json!({ "values": { "n": 2 } }));
        assert_eq!(client.value(rid), json!({ "n": 2 }));
    }
    client.assert_untroubled();
}

#[test]
fn awkward_member_names_are_data_and_their_references_count() {
    let mut client = Client::connected();
    let names =
        ["__proto__", "constructor", "on", "set", "props", "_private", "hasOwnProperty", "", "é \"\\ \u{1d11e}"];
    let model: serde_json::Map<String, Json> =
        names.iter().enumerate().map(|(n, &name)| (name.to_owned(), reference(&format!("child.{n}")))).collect();
    let mut set = models(json!({ "a": model }));
    for n in 0..names.len() {
        set["models"][format!("child.{n}")] = json!({ "n": n });
    }
    let id = client.load_listened("a", set);
    for (n, &name) in names.iter().enumerate() {
        assert_eq!(client.value("a")[name], json!({ "n": n }), "{name:?}");
        client.event("a.change", json!({ "values": { name: { "action": "delete" } } }));
        assert_eq!(client.dropped.pop().unwrap(), format!("child.{n}"), "{name:?}");
    }
    assert_eq!(client.value("a"), json!({}));
    client.unlisten(id);
}

#[test]
fn a_member_given_twice_has_its_last_value() {
    let mut client = Client::connected();
    let request = client.get_pending("a");
    let id = client.take("subscribe.a").id;
    let set = r#"{"models":{"a":{"x":{"rid":"b"},"y":1,"x":2},"b":{}}}"#;
    client.receive_text(&format!(r#"{{"id":{id},"result":{set}}}"#));
    assert_eq!(client.settled[&request], Settled::Resource(client.id("a")));
    assert_eq!(client.value("a"), json!({ "x": 2, "y": 1 }));
    assert_eq!(client.engine.find("b"), None, "what only the first one referred to is not kept");
}

#[test]
fn a_scripted_gateway_serves_a_page_of_resources() {
    let mut client = Client::connected();
    let gateway = Script::default()
        .result(
            "subscribe.page",
            json!({ "collections": { "page": ["one", { "rid": "two" }] }, "models": { "two": {} } }),
        )
        .result("call.page.next", json!({ "payload": 2 }))
        .error("subscribe.secret", "system.accessDenied");
    let page = client.get_pending("page");
    let next = client.call("page", "next", None);
    let secret = client.get_pending("secret");
    client.serve(&gateway);
    assert_eq!(client.settled[&page], Settled::Resource(client.id("page")));
    assert_eq!(client.settled[&next], Settled::Payload(Some(json!(2))));
    assert!(matches!(&client.settled[&secret], Settled::Error(e) if e.code == "system.accessDenied"));
}

#[test]
fn a_cache_that_is_full_refuses_what_is_not_in_it_and_disturbs_nothing() {
    let mut client = Client::with(1, Options { max_resources: 2, ..Options::default() });
    client.connect();
    client.shake_hands("1.2.3");
    client.load("a", models(json!({ "a": { "b": reference("b") }, "b": {} })));
    let refused = client.get_pending("c");
    assert!(matches!(&client.settled[&refused], Settled::Failed(e) if e.code == "resclient.cacheFull"));
    assert!(client.sent.is_empty(), "nothing is asked of the gateway");
    assert_eq!(client.live(), ["a", "b"]);
    assert!(matches!(client.get("b"), Get::Cached(_)));
    client.advance(60_000);
    client.respond("unsubscribe.a", json!(null));
    client.load("c", models(json!({ "c": {} })));
}

#[test]
fn a_get_that_is_on_its_way_can_be_joined_when_the_cache_is_full() {
    let mut client = Client::with(1, Options { max_resources: 1, ..Options::default() });
    client.connect();
    client.shake_hands("1.2.3");
    let first = client.get_pending("a");
    assert_eq!(client.get_pending("a"), first);
}
