//! Change, add, remove and custom events, the delete and the unsubscribe event.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use std::collections::BTreeMap;

use resclient::mirror::{Event, Item};
use resclient::session::Get;
use serde_json::{Value as Json, json};
use support::{Client, models};

fn value(json: Json) -> Option<Item> {
    Some(Item::Value(json))
}

/// A client that listens to the model `a`.
fn listening(model: Json) -> Client {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": model })));
    client
}

fn list(items: Json) -> Client {
    let mut client = Client::connected();
    client.load_listened("list", json!({ "collections": { "list": items } }));
    client
}

#[test]
fn a_change_is_told_with_the_old_values() {
    let mut client = listening(json!({ "x": 1, "y": "same" }));
    client.event("a.change", json!({ "values": { "x": 2, "y": "same", "new": true } }));
    assert_eq!(client.value("a"), json!({ "x": 2, "y": "same", "new": true }));
    let old = BTreeMap::from([("x".to_owned(), value(json!(1))), ("new".to_owned(), None)]);
    assert_eq!(client.take_events(), [("a".to_owned(), Event::Change(old))]);
}

#[test]
fn a_change_of_nothing_is_not_told() {
    let mut client = listening(json!({ "x": 1, "s": "text" }));
    client.event("a.change", json!({ "values": { "x": 1, "s": "text" } }));
    client.event("a.change", json!({ "values": { "gone": { "action": "delete" } } }));
    client.event("a.change", json!({ "values": {} }));
    assert_eq!(client.take_events(), []);
    client.assert_untroubled();
}

#[test]
fn numbers_are_the_same_when_their_decimal_values_are() {
    // Before it, after it, and whether that is a change, also where the engine remembers nothing yet.
    let cases = [
        ("1", "1.0", false),
        ("0.5", "5e-1", false),
        ("0", "-0", true),
        ("0.0", "-0.0", true),
        ("9007199254740992", "9007199254740993", true),
        ("9007199254740992", "9007199254740993.0", true),
        ("1", "\"1\"", true),
        (r#"{"data":[1]}"#, r#"{"data":[1.0]}"#, false),
        (r#"{"data":[0.0]}"#, r#"{"data":[-0.0]}"#, true),
    ];
    for (before, after, changes) in cases {
        let mut client = Client::connected();
        client.get_pending("a");
        let id = client.take("subscribe.a").id;
        client.receive_text(&format!(r#"{{"result":{{"models":{{"a":{{"x":{before}}}}}}},"id":{id}}}"#));
        for again in [changes, false] {
            client.receive_text(&format!(r#"{{"event":"a.change","data":{{"values":{{"x":{after}}}}}}}"#));
            assert_eq!(!client.take_events().is_empty(), again, "{before} becomes {after}");
        }
    }
}

#[test]
fn the_delete_action_takes_a_member_away() {
    let mut client = listening(json!({ "x": 1, "y": 2 }));
    client.event("a.change", json!({ "values": { "x": { "action": "delete" } } }));
    assert_eq!(client.value("a"), json!({ "y": 2 }));
    let old = BTreeMap::from([("x".to_owned(), value(json!(1)))]);
    assert_eq!(client.take_events(), [("a".to_owned(), Event::Change(old))]);
}

#[test]
fn values_of_different_kinds_are_different_however_alike_they_look() {
    let alike = [
        json!({ "data": {} }),
        json!({ "data": [] }),
        json!({ "data": { "0": "x" } }),
        json!({ "data": ["x"] }),
        json!("1"),
        json!(1),
        json!(true),
        json!("true"),
        json!(null),
        json!("null"),
        json!(""),
        json!(0),
        json!(false),
        json!({ "rid": "b", "soft": true }),
        json!("b"),
    ];
    for (n, first) in alike.iter().enumerate() {
        for second in &alike[n + 1..] {
            let mut client = listening(json!({ "x": first }));
            client.event("a.change", json!({ "values": { "x": second } }));
            assert_eq!(client.take_brief(), ["a change x"], "{first} and {second}");
        }
    }
}

#[test]
fn a_reference_to_another_resource_of_the_same_value_is_a_change() {
    let mut client = Client::connected();
    let set = models(json!({ "a": { "x": { "rid": "b" } }, "b": { "me": { "rid": "b" } } }));
    client.load_listened("a", set);
    let data = json!({ "values": { "x": { "rid": "c" } }, "models": { "c": { "me": { "rid": "c" } } } });
    client.event("a.change", data);
    assert_eq!(client.take_brief(), ["a change x"]);
    assert_eq!(client.live(), ["a", "c"]);
}

#[test]
fn items_are_added_where_the_event_says() {
    let mut client = list(json!(["b"]));
    client.event("list.add", json!({ "idx": 0, "value": "a" }));
    client.event("list.add", json!({ "idx": 2, "value": { "data": { "n": 1 } } }));
    assert_eq!(client.value("list"), json!(["a", "b", { "n": 1 }]));
    assert_eq!(client.take_brief(), ["list add 0", "list add 2"]);
}

#[test]
fn a_removed_item_is_told() {
    let mut client = list(json!(["a", { "data": [1] }, "c"]));
    client.event("list.remove", json!({ "idx": 1 }));
    assert_eq!(client.value("list"), json!(["a", "c"]));
    let removed = Event::Remove { idx: 1, item: Item::Value(json!([1])) };
    assert_eq!(client.take_events(), [("list".to_owned(), removed)]);
}

#[test]
fn an_event_brings_the_resources_it_refers_to() {
    let mut client = list(json!([]));
    let add = json!({ "idx": 0, "value": { "rid": "m" }, "models": { "m": { "n": { "rid": "n" } }, "n": {} } });
    client.event("list.add", add);
    assert_eq!(client.value("list"), json!([{ "n": {} }]));
    client.event("n.change", json!({ "values": { "x": 1 } }));
    assert_eq!(client.take_brief(), ["list add 0", "n change x"]);
}

#[test]
fn custom_events_pass_unchanged() {
    let mut client = listening(json!({}));
    let cases = [json!({ "any": [1, { "b": null }] }), json!(12), json!("s"), json!([]), json!(null), json!({})];
    for data in cases {
        client.event("a.custom", data.clone());
        let event = Event::Custom { name: "custom".to_owned(), data: Some(data) };
        assert_eq!(client.take_events(), [("a".to_owned(), event)]);
    }
    client.receive(json!({ "event": "a.bare" }));
    let event = Event::Custom { name: "bare".to_owned(), data: None };
    assert_eq!(client.take_events(), [("a".to_owned(), event)]);
}

#[test]
fn a_custom_event_may_use_the_words_of_the_protocol() {
    let mut client = listening(json!({ "x": 1 }));
    let data = json!({ "idx": "no number", "values": [1], "value": [2], "models": 3, "rid": {}, "errors": null });
    client.event("a.custom", data.clone());
    let event = Event::Custom { name: "custom".to_owned(), data: Some(data) };
    assert_eq!(client.take_events(), [("a".to_owned(), event)]);
    client.assert_untroubled();
}

#[test]
fn the_name_of_an_event_follows_the_last_dot() {
    let mut client = Client::connected();
    let rid = "q?a=1.2&b=x.change";
    client.load_listened(rid, models(json!({ rid: {} })));
    client.event(&format!("{rid}.change"), json!({ "values": { "n": 1 } }));
    assert_eq!(client.value(rid), json!({ "n": 1 }));
}

#[test]
fn a_deleted_resource_stays_readable_until_nobody_listens() {
    let mut client = listening(json!({ "x": 1 }));
    let id = client.id("a");
    client.event("a.delete", json!(null));
    client.event("a.unsubscribe", json!({ "reason": { "code": "system.deleted", "message": "Deleted" } }));
    assert_eq!(client.take_brief(), ["a delete", "a unsubscribe"]);
    assert_eq!(client.value("a"), json!({ "x": 1 }));
    assert_eq!(client.stale(), ["a"]);
    client.unlisten(id);
    assert_eq!(client.dropped, ["a"]);
}

#[test]
fn an_unsubscribe_event_gives_the_reason() {
    let mut client = listening(json!({}));
    client.event("a.unsubscribe", json!({ "reason": { "code": "x.y", "message": "Why not" } }));
    let events = client.take_events();
    let [(rid, Event::Unsubscribed(Some(reason)))] = &events[..] else { panic!("{events:?}") };
    assert_eq!((rid.as_str(), &*reason.code, &*reason.message), ("a", "x.y", "Why not"));
    client.advance(2_000);
    client.respond("subscribe.a", models(json!({ "a": {} })));
    client.event("a.unsubscribe", json!(null));
    assert_eq!(client.take_events(), [("a".to_owned(), Event::Unsubscribed(None))]);
}

#[test]
fn an_unsubscribe_event_drops_what_nobody_listens_to() {
    let mut client = Client::connected();
    client.load("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": {} })));
    client.event("a.unsubscribe", json!({}));
    assert_eq!(client.engine.resources(), []);
    assert!(matches!(client.get("a"), Get::Pending(_)));
}

#[test]
fn an_unsubscribe_event_leaves_live_what_is_referred_to() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": {} })));
    let b = client.id("b");
    client.listen(b);
    let request = client.call("any", "b", None);
    client.respond("call.any.b", json!({ "rid": "b" }));
    assert!(client.settled.contains_key(&request));
    client.event("b.unsubscribe", json!({}));
    assert_eq!(client.live(), ["a", "b"]);
    client.event("b.change", json!({ "values": { "x": 1 } }));
    assert_eq!(client.take_brief(), ["b unsubscribe", "b change x"]);
    assert_eq!(client.due_in(), None, "nothing has to be subscribed to again");
}

#[test]
fn a_lost_subscription_is_taken_again_after_a_while_and_every_ten_seconds_while_that_fails() {
    let mut client = listening(json!({ "x": 1 }));
    client.event("a.unsubscribe", json!({ "reason": { "code": "x", "message": "y" } }));
    assert_eq!(client.due_in(), Some(2_000));
    client.advance(2_000);
    client.refuse("subscribe.a", "system.notFound");
    assert_eq!(client.refusals.len(), 1);
    for _ in 0..3 {
        assert_eq!(client.due_in(), Some(10_000));
        client.advance(10_000);
        client.refuse("subscribe.a", "system.timeout");
    }
    client.advance(10_000);
    client.take_events();
    client.respond("subscribe.a", models(json!({ "a": { "x": 2 } })));
    assert_eq!(client.take_brief(), ["a change x"]);
    assert_eq!(client.live(), ["a"]);
    assert_eq!(client.due_in(), None);
}

#[test]
fn after_a_final_refusal_a_new_connection_asks_again() {
    for code in ["system.accessDenied", "system.deleted"] {
        let mut client = listening(json!({}));
        client.event("a.unsubscribe", json!({}));
        client.advance(2_000);
        client.refuse("subscribe.a", code);
        assert_eq!(client.due_in(), None, "{code}");
        client.close();
        client.reconnect();
        assert_eq!(client.methods(), ["subscribe.a"], "{code}");
    }
}

#[test]
fn who_has_authenticated_asks_for_what_was_refused_for_good() {
    let mut client = listening(json!({}));
    client.load_listened("other", models(json!({ "other": { "n": 1 } })));
    client.event("a.unsubscribe", json!({}));
    client.advance(2_000);
    client.refuse("subscribe.a", "system.accessDenied");
    let failed = client.auth("session", "login", None);
    client.refuse("auth.session.login", "session.wrongPassword");
    let called = client.call("session", "ping", None);
    client.respond("call.session.ping", json!({ "payload": null }));
    assert!(client.methods().is_empty() && [failed, called].iter().all(|id| client.settled.contains_key(id)));
    for attempt in ["still not", "and then"] {
        client.auth("session", "login", None);
        client.respond("auth.session.login", json!({ "payload": null }));
        assert_eq!(client.methods(), ["subscribe.a"], "{attempt}");
        if attempt == "still not" {
            client.refuse("subscribe.a", "system.accessDenied");
            assert_eq!(client.due_in(), None);
        }
    }
    client.take_events();
    client.respond("subscribe.a", models(json!({ "a": { "x": 2 } })));
    assert_eq!(client.take_brief(), ["a change x"]);
    assert!(client.stale().is_empty());
    // Nothing is refused any more.
    client.auth("session", "login", None);
    client.respond("auth.session.login", json!({ "payload": null }));
    assert!(client.methods().is_empty());
}

#[test]
fn a_listened_resource_below_a_refused_one_is_subscribed_to_itself() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": { "n": 1 } })));
    client.listen(client.id("b"));
    client.event("a.unsubscribe", json!({}));
    client.advance(2_000);
    assert_eq!(client.methods(), ["subscribe.a"], "the one would bring the other");
    assert_eq!(client.stale(), ["a", "b"], "nothing comes before the answer");
    client.refuse("subscribe.a", "system.accessDenied");
    client.advance(2_000);
    client.respond("subscribe.b", models(json!({ "b": { "n": 2 } })));
    assert_eq!(client.live(), ["b"]);
    assert_eq!(client.stale(), ["a"]);
    assert_eq!(client.value("a"), json!({ "b": { "n": 2 } }));
}

#[test]
fn listening_to_what_a_refused_one_has_kept_subscribes_to_it() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": { "n": 1 } })));
    client.event("a.unsubscribe", json!({}));
    client.advance(2_000);
    client.refuse("subscribe.a", "system.accessDenied");
    client.listen(client.id("b"));
    client.advance(2_000);
    client.respond("subscribe.b", models(json!({ "b": { "n": 2 } })));
    assert_eq!(client.live(), ["b"]);
    assert_eq!(client.value("a"), json!({ "b": { "n": 2 } }));
}

#[test]
fn a_refused_resource_is_not_relied_on_for_another_refused_one() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": { "n": 1 } })));
    client.listen(client.id("b"));
    client.event("a.unsubscribe", json!({}));
    client.advance(2_000);
    client.refuse("subscribe.a", "system.timeout");
    client.advance(2_000);
    client.refuse("subscribe.b", "system.timeout");
    client.advance(10_000);
    client.refuse("subscribe.a", "system.accessDenied");
    client.respond("subscribe.b", models(json!({ "b": { "n": 2 } })));
    assert_eq!(client.live(), ["b"]);
}

#[test]
fn a_new_connection_forgets_what_was_refused() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": { "n": 1 } })));
    client.listen(client.id("b"));
    client.event("a.unsubscribe", json!({}));
    client.advance(2_000);
    client.refuse("subscribe.a", "system.accessDenied");
    client.close();
    client.reconnect();
    let set = models(json!({ "a": { "b": { "rid": "b" } }, "b": { "n": 2 } }));
    client.respond("subscribe.a", set);
    client.event("a.unsubscribe", json!({}));
    client.refuse("subscribe.b", "system.timeout");
    assert_eq!(client.due_in(), Some(2_000), "the first attempt to have them again");
}

#[test]
fn events_of_resources_that_are_not_cached_are_counted_and_ignored() {
    let mut client = Client::connected();
    client.event("a.change", json!({ "values": { "x": { "rid": "b" } }, "models": { "b": {} } }));
    client.event("a.custom", json!(1));
    assert_eq!(client.engine.counters().unknown, 2);
    assert_eq!(client.engine.resources(), []);
    assert_eq!(client.take_events(), []);
}

#[test]
fn a_deleted_resource_that_is_still_referred_to_can_be_had_anew() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "x": { "rid": "x" } }, "x": { "n": 1 } })));
    client.event("x.delete", json!(null));
    let get = client.get_pending("x");
    client.respond("subscribe.x", models(json!({ "x": { "n": 2 } })));
    assert!(client.settled.contains_key(&get));
    assert_eq!(client.value("a"), json!({ "x": { "n": 2 } }));
}

#[test]
fn an_event_of_any_name_is_passed_on() {
    let mut client = listening(json!({}));
    for name in ["größe", "my event", "a*b", "𝄞", "q?x"] {
        client.event(&format!("a.{name}"), json!(1));
    }
    assert_eq!(client.take_events().len(), 5);
    client.assert_untroubled();
}

#[test]
fn texts_made_to_look_alike_to_a_hash_are_told_apart() {
    // The two words of each differ by the highest bit of what MurmurHash64A makes of them, so that under every seed its
    // hashes of the two texts are equal.
    let (before, after) = ("Wb-k ? *|IvO\u{d4},1", "Wb\u{a13b}$\u{238}|I3i^z\u{53f}");
    let mut client = listening(json!({ "x": before }));
    client.event("a.change", json!({ "values": { "x": after } }));
    assert_eq!(client.take_brief(), ["a change x"]);
    assert_eq!(client.value("a"), json!({ "x": after }));
}
