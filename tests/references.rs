//! Direct and indirect subscriptions: what stays in the cache, what leaves it, and when.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::session::Get;
use serde_json::json;
use support::{Client, models};

fn indirect(client: &mut Client, rid: &str) -> u32 {
    client.engine.resources().into_iter().find(|r| r.rid == rid).unwrap().indirect
}

#[test]
fn references_are_counted_by_occurrence() {
    let mut client = Client::connected();
    let set = json!({
        "models": { "a": { "x": { "rid": "c" }, "y": { "rid": "c" }, "list": { "rid": "list" } }, "c": {} },
        "collections": { "list": [{ "rid": "c" }, { "rid": "c" }] },
    });
    client.load_listened("a", set);
    assert_eq!(indirect(&mut client, "c"), 4);
    client.event("a.change", json!({ "values": { "x": 1 } }));
    client.event("list.remove", json!({ "idx": 0 }));
    assert_eq!(indirect(&mut client, "c"), 2);
    client.event("list.remove", json!({ "idx": 0 }));
    assert_eq!(client.dropped, <[&str; 0]>::default());
    client.event("a.change", json!({ "values": { "y": null } }));
    assert_eq!(client.dropped, ["c"]);
    assert_eq!(client.live(), ["a", "list"]);
}

#[test]
fn a_cycle_leaves_as_one() {
    let mut client = Client::connected();
    let set = models(json!({
        "a": { "x": { "rid": "b" } },
        "b": { "c": { "rid": "c" } },
        "c": { "b": { "rid": "b" }, "c": { "rid": "c" } },
    }));
    client.load_listened("a", set);
    client.event("a.change", json!({ "values": { "x": null } }));
    client.dropped.sort();
    assert_eq!(client.dropped, ["b", "c"]);
    assert!(matches!(client.get("b"), Get::Pending(_)));
}

#[test]
fn a_cycle_stays_while_one_of_it_is_subscribed_to() {
    let mut client = Client::connected();
    let set = models(json!({ "a": { "b": { "rid": "b" } }, "b": { "a": { "rid": "a" } } }));
    client.load("a", set);
    client.load_listened("top", models(json!({ "top": { "b": { "rid": "b" } } })));
    client.advance(5_000);
    client.respond("unsubscribe.a", json!(null));
    assert_eq!(client.live(), ["a", "b", "top"]);
    client.event("top.change", json!({ "values": { "b": null } }));
    assert_eq!(client.live(), ["top"]);
}

#[test]
fn a_reference_that_moves_within_one_change_is_kept() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "x": { "rid": "b" }, "y": 1 }, "b": { "n": 1 } })));
    let b = client.id("b");
    client.event("a.change", json!({ "values": { "x": null, "y": { "rid": "b" } } }));
    assert_eq!(client.id("b"), b);
    assert_eq!(client.value("a"), json!({ "x": null, "y": { "n": 1 } }));
    assert_eq!(client.take_brief(), ["a change x y"]);
}

#[test]
fn what_a_replaced_resource_refers_to_can_take_its_place() {
    // The head of a linked list goes: the new head was only referred to by the old one.
    let mut client = Client::connected();
    let set =
        models(json!({ "list": { "head": { "rid": "n1" } }, "n1": { "next": { "rid": "n2" } }, "n2": { "v": 2 } }));
    client.load_listened("list", set);
    client.event("list.change", json!({ "values": { "head": { "rid": "n2" } } }));
    assert_eq!(client.take_brief(), ["list change head"]);
    assert_eq!(client.dropped, ["n1"]);
    client.event("n2.change", json!({ "values": { "v": 3 } }));
    assert_eq!(client.value("list"), json!({ "head": { "v": 3 } }));
    client.assert_untroubled();
}

#[test]
fn a_removed_item_leaves_and_comes_back_with_its_body() {
    let mut client = Client::connected();
    client.load_listened("list", json!({ "collections": { "list": [{ "rid": "m" }] }, "models": { "m": { "n": 1 } } }));
    client.event("list.remove", json!({ "idx": 0 }));
    assert_eq!(client.dropped, ["m"]);
    client.event("list.add", json!({ "idx": 0, "value": { "rid": "m" }, "models": { "m": { "n": 2 } } }));
    assert_eq!(client.value("list"), json!([{ "n": 2 }]));
}

#[test]
fn what_is_listened_to_survives_the_loss_of_its_reference_and_is_subscribed_to() {
    let mut client = Client::connected();
    let set = models(json!({ "a": { "x": { "rid": "b" } }, "b": { "c": { "rid": "c" } }, "c": { "n": 1 } }));
    client.load_listened("a", set);
    client.listen(client.id("b"));
    client.event("a.change", json!({ "values": { "x": null } }));
    assert_eq!(client.stale(), ["b", "c"]);
    client.advance(2_000);
    client.respond("subscribe.b", models(json!({ "b": { "c": { "rid": "c" } }, "c": { "n": 2 } })));
    assert_eq!(client.live(), ["a", "b", "c"]);
    assert_eq!(client.take_brief(), ["a change x", "c change n"]);
}

#[test]
fn one_subscription_is_enough_for_a_listened_cycle() {
    let mut client = Client::connected();
    let cycle = json!({ "b": { "c": { "rid": "c" } }, "c": { "b": { "rid": "b" } } });
    let mut set = models(cycle.clone());
    set["models"]["a"] = json!({ "x": { "rid": "b" } });
    client.load_listened("a", set);
    client.listen(client.id("b"));
    client.listen(client.id("c"));
    client.event("a.change", json!({ "values": { "x": null } }));
    client.advance(2_000);
    let methods: Vec<String> = client.methods().into_iter().map(str::to_owned).collect();
    assert_eq!(methods.len(), 1, "{methods:?}");
    client.respond(&methods[0], models(cycle));
    assert_eq!(client.live(), ["a", "b", "c"]);
    assert_eq!(client.due_in(), None);
}

#[test]
fn a_stale_resource_that_is_referred_to_again_needs_no_subscription() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "x": { "rid": "b" } }, "b": { "n": 1 } })));
    client.listen(client.id("b"));
    client.event("a.change", json!({ "values": { "x": null } }));
    client.event("a.change", json!({ "values": { "x": { "rid": "b" } }, "models": { "b": { "n": 2 } } }));
    assert_eq!(client.take_brief(), ["a change x", "b change n", "a change x"]);
    assert_eq!(client.live(), ["a", "b"]);
    assert_eq!(client.due_in(), None);
}

#[test]
fn a_stale_resource_covers_nothing() {
    // `s` is lost for good, but still in the cache and refers to `y`; when the other one who does lets go, `y` is lost.
    let mut client = Client::connected();
    client.load_listened("s", models(json!({ "s": { "y": { "rid": "y" } }, "y": {} })));
    client.load_listened("p", models(json!({ "p": { "y": { "rid": "y" } } })));
    client.listen(client.id("y"));
    client.event("s.unsubscribe", json!({}));
    client.advance(2_000);
    client.refuse("subscribe.s", "system.accessDenied");
    assert_eq!(client.live(), ["p", "y"]);
    client.event("p.change", json!({ "values": { "y": null } }));
    assert_eq!(client.stale(), ["s", "y"]);
    client.advance(2_000);
    assert_eq!(client.methods(), ["subscribe.y"]);
}

#[test]
fn a_chain_of_a_hundred_thousand_references_comes_and_goes() {
    const LENGTH: usize = 100_000;
    let mut client = Client::connected();
    let link = |n: usize| match n + 1 {
        LENGTH => format!(r#""n.{n}":{{"next":null}}"#),
        next => format!(r#""n.{n}":{{"next":{{"rid":"n.{next}"}}}}"#),
    };
    let chain: Vec<String> = (0..LENGTH).map(link).collect();
    client.get_pending("n.0");
    let id = client.take("subscribe.n.0").id;
    client.receive_text(&format!(r#"{{"id":{id},"result":{{"models":{{{}}}}}}}"#, chain.join(",")));
    let id = client.id("n.0");
    client.listen(id);
    assert_eq!(client.engine.resources().len(), LENGTH);
    assert_eq!(client.mirror.len(), LENGTH);
    // As JSON it is cut where nobody reads on, instead of nested without end.
    let json = client.mirror.to_json(id).expect("it is cached").to_string();
    assert!(json.contains(r#"{"rid":"n.64"}"#) && !json.contains("n.65"));
    client.unlisten(id);
    client.advance(5_000);
    client.respond("unsubscribe.n.0", json!(null));
    assert_eq!(client.dropped.len(), LENGTH);
    assert_eq!(client.engine.resources(), []);
    assert!(client.mirror.is_empty());
}

#[test]
fn a_circle_of_twenty_thousand_that_all_refer_to_the_middle_comes_shrinks_and_goes() {
    const WIDTH: usize = 20_000;
    let mut client = Client::connected();
    let model = |n: usize| format!(r#""n.{n}":{{"next":{{"rid":"n.{}"}},"middle":{{"rid":"hub"}}}}"#, (n + 1) % WIDTH);
    let models: Vec<String> = (0..WIDTH).map(model).collect();
    let items: Vec<String> = (0..WIDTH).map(|n| format!(r#"{{"rid":"n.{n}"}}"#)).collect();
    let set = format!(r#"{{"collections":{{"hub":[{}]}},"models":{{{}}}}}"#, items.join(","), models.join(","));
    client.get_pending("hub");
    let id = client.take("subscribe.hub").id;
    client.receive_text(&format!(r#"{{"id":{id},"result":{set}}}"#));
    let hub = client.id("hub");
    client.listen(hub);
    assert_eq!(client.engine.resources().len(), WIDTH + 1);
    // What leaves the list stays in the circle, and what the circle is cut before leaves with the list.
    for _ in 0..10 {
        client.event("hub.remove", json!({ "idx": 0 }));
    }
    assert_eq!(client.engine.resources().len(), WIDTH + 1);
    client.event(&format!("n.{}.change", WIDTH - 1), json!({ "values": { "next": null } }));
    assert_eq!(client.engine.resources().len(), WIDTH + 1 - 10);
    client.unlisten(hub);
    client.advance(5_000);
    client.respond("unsubscribe.hub", json!(null));
    assert_eq!(client.engine.resources(), []);
    client.assert_untroubled();
}

#[test]
fn a_reference_that_the_gateway_never_sent_is_not_ignored() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } } })));
    assert_eq!(client.engine.counters().misfits, 1);
    client.advance(20_000);
    assert_eq!(client.methods(), ["subscribe.b"], "it is had by another way");
}

#[test]
fn the_end_of_many_subscriptions_costs_no_more_for_each() {
    let mut client = Client::connected();
    for n in 0..1_000 {
        let rid = format!("m.{n}");
        client.load_listened(&rid, models(json!({ &rid: {} })));
    }
    for n in 0..1_000 {
        client.event(&format!("m.{n}.unsubscribe"), json!({}));
    }
    assert_eq!(client.stale().len(), 1_000);
    assert!(client.engine.visits() < 5_000, "{} visits", client.engine.visits());
}
