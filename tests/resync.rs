//! What a client that was away is told: exactly the differences.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use resclient::mirror::{Content, Event, Item};
use serde_json::{Value as Json, json};
use support::{Client, models, reference};

/// Loses the connection and subscribes to `rid` again, which the gateway answers with `set`.
fn resync(client: &mut Client, rid: &str, set: Json) -> Vec<String> {
    client.take_events();
    client.close();
    client.reconnect();
    client.respond(&format!("subscribe.{rid}"), set);
    client.assert_events_explain_values();
    client.take_brief()
}

fn list(items: impl IntoIterator<Item = usize>) -> Json {
    let items: Vec<Json> = items.into_iter().map(|n| reference(&format!("m.{n}"))).collect();
    let all: serde_json::Map<String, Json> =
        items.iter().map(|item| (item["rid"].as_str().unwrap().to_owned(), json!({ "rid": item["rid"] }))).collect();
    json!({ "collections": { "list": items }, "models": all })
}

#[test]
fn nothing_is_told_where_nothing_changed() {
    let mut client = Client::connected();
    let set = json!({
        "models": { "a": { "x": 1, "s": "text", "d": { "data": { "k": [1, 2] } }, "list": { "rid": "list" } }, "b": {} },
        "collections": { "list": [{ "rid": "b" }, 1, { "rid": "soft", "soft": true }] },
        "errors": {},
    });
    client.load_listened("a", set.clone());
    assert_eq!(resync(&mut client, "a", set), <[&str; 0]>::default());
    client.assert_untroubled();
}

#[test]
fn the_order_of_members_and_the_spelling_of_values_is_no_difference() {
    let mut client = Client::connected();
    client.load_listened(
        "a",
        models(json!({ "a": { "x": 1, "y": "é", "z": 0.5, "d": { "data": { "p": 1, "q": [2] } } } })),
    );
    client.close();
    client.reconnect();
    let id = client.take("subscribe.a").id;
    let set = r#"{"models":{"a":{"d":{ "data" :{"q":[2.0],"p":1}},"z":5E-1,"y":"\u00e9" ,"x":10e-1}}}"#;
    client.receive_text(&format!(r#"{{"result":{set},"id":{id}}}"#));
    assert_eq!(client.take_events(), []);
    assert_eq!(client.live(), ["a"]);
    client.event("a.change", json!({ "values": { "x": 1, "z": -0.0 } }));
    client.event("a.change", json!({ "values": { "z": 0 } }));
    let change =
        |old: f64| ("a".to_owned(), Event::Change(BTreeMap::from([("z".to_owned(), Some(Item::Value(json!(old))))])));
    assert_eq!(client.take_events(), [change(0.5), change(-0.0)], "zero and minus zero are two");
}

#[test]
fn a_model_is_told_the_members_that_changed_came_and_went() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "same": 1, "other": 2, "gone": 3 } })));
    client.close();
    client.reconnect();
    client.respond("subscribe.a", models(json!({ "a": { "same": 1, "other": 4, "new": 5 } })));
    let old = |n: i32| Some(Item::Value(json!(n)));
    let change = [("other".to_owned(), old(2)), ("gone".to_owned(), old(3)), ("new".to_owned(), None)];
    assert_eq!(client.take_events(), [("a".to_owned(), Event::Change(BTreeMap::from(change)))]);
    assert_eq!(client.value("a"), json!({ "same": 1, "other": 4, "new": 5 }));
}

#[test]
fn a_collection_is_told_removes_from_the_end_and_then_adds_from_the_start() {
    let mut client = Client::connected();
    client.load_listened("list", json!({ "collections": { "list": ["a", "b", "c", "d"] } }));
    let set = json!({ "collections": { "list": ["x", "b", "d", "c", "a"] } });
    let expected = ["list remove 2", "list remove 0", "list add 0", "list add 3", "list add 4"];
    assert_eq!(resync(&mut client, "list", set), expected);
}

#[test]
fn what_is_below_is_compared_too() {
    let mut client = Client::connected();
    let set = |n: i32| models(json!({ "a": { "b": { "rid": "b" } }, "b": { "c": { "rid": "c" } }, "c": { "n": n } }));
    client.load_listened("a", set(1));
    assert_eq!(resync(&mut client, "a", set(2)), ["c change n"]);
}

#[test]
fn a_reference_that_went_away_leaves_and_a_new_one_comes() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": {} })));
    let events = resync(&mut client, "a", models(json!({ "a": { "b": { "rid": "c" } }, "c": { "n": 1 } })));
    assert_eq!(events, ["a change b"]);
    assert_eq!(client.dropped, ["b"]);
    assert_eq!(client.value("a"), json!({ "b": { "n": 1 } }));
}

#[test]
fn a_resource_of_another_kind_changes_who_refers_to_it() {
    let mut client = Client::connected();
    let set = models(json!({ "a": { "x": { "rid": "b" } }, "b": { "n": 1 } }));
    client.load_listened("a", set);
    let set = json!({ "models": { "a": { "x": { "rid": "b" } } }, "collections": { "b": [1] } });
    assert_eq!(resync(&mut client, "a", set), ["a change x"]);
    assert_eq!(client.value("a"), json!({ "x": [1] }));
    let set = json!({ "models": { "a": { "x": { "rid": "b" } } }, "errors": { "b": { "code": "x", "message": "y" } } });
    assert_eq!(resync(&mut client, "a", set), ["a change x"]);
    assert!(matches!(client.mirror.get(client.id("b")).unwrap().content, Content::Error(_)));
    let set = models(json!({ "a": { "x": { "rid": "b" } }, "b": { "n": 2 } }));
    assert_eq!(resync(&mut client, "a", set), ["a change x"]);
    assert_eq!(client.value("a"), json!({ "x": { "n": 2 } }));
    client.assert_untroubled();
}

#[test]
fn models_that_move_within_a_collection_stay_the_same_objects() {
    let mut client = Client::connected();
    client.load_listened("list", list(0..5));
    let before: Vec<_> = (0..5).map(|n| client.id(&format!("m.{n}"))).collect();
    let events = resync(&mut client, "list", list([4, 0, 1, 2, 3]));
    assert_eq!(events, ["list remove 4", "list add 0"]);
    assert_eq!((0..5).map(|n| client.id(&format!("m.{n}"))).collect::<Vec<_>>(), before);
    assert!(client.dropped.is_empty());
}

#[test]
fn a_window_that_shifts_by_one_is_two_events() {
    let mut client = Client::connected();
    client.load_listened("list", list(0..2_000));
    let events = resync(&mut client, "list", list(1..2_001));
    assert_eq!(events, ["list remove 0", "list add 1999"]);
    assert_eq!(client.dropped, ["m.0"]);
}

/// The fewest removes and adds that make `new` of `old`, by the textbook's table.
fn shortest(old: &[usize], new: &[usize]) -> usize {
    let mut row = vec![0; new.len() + 1];
    for a in old {
        let mut diagonal = 0;
        for (at, b) in new.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if a == b { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    old.len() + new.len() - 2 * row[new.len()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_two_lists_of_references_are_told_apart_by_the_fewest_events(
        old in prop::collection::vec(0..9usize, 0..12),
        new in prop::collection::vec(0..9usize, 0..12),
    ) {
        let mut client = Client::connected();
        client.load_listened("list", list(old.iter().copied()));
        let events = resync(&mut client, "list", list(new.iter().copied()));
        prop_assert_eq!(events.len(), shortest(&old, &new));
        prop_assert_eq!(client.value("list"), list_value(&new));
        prop_assert_eq!(client.mirror.len(), new.iter().collect::<std::collections::BTreeSet<_>>().len() + 1);
        client.assert_untroubled();
    }

    #[test]
    fn any_permutation_of_unlistened_models_keeps_them_all(order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle()) {
        let mut client = Client::connected();
        client.load_listened("list", list(0..5));
        let before: Vec<_> = (0..5).map(|n| client.id(&format!("m.{n}"))).collect();
        resync(&mut client, "list", list(order.iter().copied()));
        prop_assert_eq!(client.value("list"), list_value(&order));
        prop_assert_eq!((0..5).map(|n| client.id(&format!("m.{n}"))).collect::<Vec<_>>(), before);
        prop_assert!(client.dropped.is_empty());
        // They are still live: each of them hears of its changes.
        for n in 0..5 {
            client.event(&format!("m.{n}.change"), json!({ "values": { "v": n } }));
        }
        prop_assert_eq!(client.take_events().len(), 5);
        client.assert_untroubled();
    }
}

fn list_value(order: &[usize]) -> Json {
    order.iter().map(|n| json!({ "rid": format!("m.{n}") })).collect()
}

#[test]
fn a_gateway_that_never_fits_gets_a_new_connection_with_its_backoff() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": {} })));
    for _ in 0..10 {
        client.event("a.add", json!({ "idx": 0, "value": 1 }));
        client.respond("unsubscribe.a", json!(null));
        client.respond("subscribe.a", models(json!({ "a": {} })));
    }
    assert_eq!(client.engine.counters().resets, 0);
    client.event("a.add", json!({ "idx": 0, "value": 1 }));
    assert_eq!(client.engine.counters().resets, 1);
    assert_eq!(client.methods(), <[&str; 0]>::default());
}

#[test]
fn a_misfit_while_one_more_subscription_is_under_way_takes_a_new_connection() {
    let mut client = Client::connected();
    client.call("any", "a", None);
    let answer = client.take("call.any.a").id;
    client.get_pending("a");
    client.receive(json!({ "id": answer, "result": { "rid": "a", "models": { "a": {} } } }));
    client.event("a.add", json!({ "idx": 0, "value": 1 }));
    // The gateway would hold one subscription still, and send nothing for the other.
    assert_eq!(client.engine.counters().resets, 1);
}
