//! What is referred to and came as an error is asked for again.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::session::Options;
use serde_json::{Value as Json, json};
use support::{Client, models, reference};

/// The collection `list` with a reference to the model `broken`, which cannot be had.
fn list() -> Json {
    json!({ "collections": { "list": [{ "rid": "broken" }] }, "errors": { "broken": not_found() } })
}

fn not_found() -> Json {
    json!({ "code": "system.notFound", "message": "Not found" })
}

/// A client that listens to `list`.
fn listening() -> Client {
    let mut client = Client::connected();
    client.load_listened("list", list());
    client
}

/// Lets time pass until `broken` is asked for; how long that took.
fn asked(client: &mut Client) -> u64 {
    let delay = client.due_in().expect("it is asked for again");
    client.advance(delay);
    assert_eq!(client.methods(), ["subscribe.broken"]);
    delay
}

#[test]
fn a_reference_that_came_as_an_error_is_asked_for_until_it_loads() {
    let mut client = listening();
    assert!((10_000..20_000).contains(&asked(&mut client)));
    client.respond("subscribe.broken", models(json!({ "broken": { "n": 1 } })));
    assert_eq!(client.value("list"), json!([{ "n": 1 }]));
    client.event("broken.change", json!({ "values": { "n": 2 } }));
    assert_eq!(client.value("list"), json!([{ "n": 2 }]));
    client.advance(3_600_000);
    assert!(client.sent.is_empty(), "it stays subscribed to, for the reference does not cover it");
    client.assert_untroubled();
}

#[test]
fn the_delay_doubles_and_after_seven_refusals_only_the_next_connection_asks_again() {
    let mut client = listening();
    for least in [10, 20, 40, 80, 160, 320, 640].map(|s| s * 1000) {
        assert!((least..2 * least).contains(&asked(&mut client)));
        client.refuse("subscribe.broken", "system.notFound");
    }
    assert_eq!(client.due_in(), None);
    assert_eq!(client.refusals, [], "what is known already is not told");
    assert_eq!(client.take_events(), []);
}

#[test]
fn nor_is_anybody_told_of_what_is_let_go_of_meanwhile() {
    let mut client = listening();
    asked(&mut client);
    client.event("list.remove", json!({ "idx": 0 }));
    client.refuse("subscribe.broken", "system.notFound");
    assert_eq!(client.refusals, []);
    assert_eq!(client.live(), ["list"]);
}

#[test]
fn what_may_not_be_read_is_asked_for_once() {
    for code in ["system.accessDenied", "system.deleted"] {
        let mut client = listening();
        asked(&mut client);
        client.refuse("subscribe.broken", code);
        assert_eq!(client.due_in(), None);
    }
}

#[test]
fn what_is_referred_to_no_longer_is_not_asked_for() {
    let mut client = listening();
    client.event("list.remove", json!({ "idx": 0 }));
    assert_eq!(client.due_in(), None);
    assert_eq!(client.engine.find("broken"), None);
}

#[test]
fn what_loads_in_another_way_is_not_asked_for() {
    let mut client = listening();
    client.load_listened("other", models(json!({ "other": { "it": reference("broken") }, "broken": { "n": 1 } })));
    assert_eq!(client.value("list"), json!([{ "n": 1 }]));
    client.advance(60_000);
    assert!(client.sent.is_empty());
}

#[test]
fn what_has_loaded_is_given_back_when_nothing_else_refers_to_it() {
    let mut client = listening();
    asked(&mut client);
    // It refers to itself, and to what refers to it.
    let loaded = json!({ "broken": { "me": reference("broken"), "kid": reference("kid") },
        "kid": { "parent": reference("broken") } });
    client.respond("subscribe.broken", models(loaded));
    client.event("list.remove", json!({ "idx": 0 }));
    client.advance(5_000);
    assert_eq!(client.methods(), ["unsubscribe.broken"]);
    client.respond("unsubscribe.broken", json!(null));
    assert_eq!(client.live(), ["list"]);
    client.assert_untroubled();
}

#[test]
fn what_has_loaded_and_is_taken_away_by_the_gateway_is_asked_for_again() {
    let mut client = listening();
    asked(&mut client);
    client.respond("subscribe.broken", models(json!({ "broken": { "n": 1 } })));
    client.event("broken.unsubscribe", json!({ "reason": { "code": "system.internalError", "message": "No" } }));
    assert_eq!(client.stale(), ["broken"], "nothing keeps it up to date");
    asked(&mut client);
    client.refuse("subscribe.broken", "system.internalError");
    asked(&mut client);
    client.respond("subscribe.broken", models(json!({ "broken": { "n": 2 } })));
    assert_eq!(client.value("list"), json!([{ "n": 2 }]));
    client.event("broken.unsubscribe", json!({ "reason": { "code": "system.accessDenied", "message": "No" } }));
    asked(&mut client);
    client.refuse("subscribe.broken", "system.accessDenied");
    assert_eq!(client.due_in(), None);
    client.event("list.remove", json!({ "idx": 0 }));
    assert_eq!(client.live(), ["list"]);
}

#[test]
fn on_a_new_connection_the_reference_covers_it_again() {
    let mut client = listening();
    asked(&mut client);
    client.respond("subscribe.broken", models(json!({ "broken": {} })));
    client.close();
    client.reconnect();
    assert_eq!(client.methods(), ["subscribe.list"]);
    client.respond(
        "subscribe.list",
        json!({ "collections": { "list": [{ "rid": "broken" }] }, "models": { "broken": {} } }),
    );
    client.event("list.remove", json!({ "idx": 0 }));
    assert_eq!(client.live(), ["list"]);
    assert!(client.sent.is_empty());
}

#[test]
fn a_retry_delay_of_0_means_never() {
    let mut client = Client::with(1, Options { subscribe_retry_delay: 0, ..Options::default() });
    client.connect();
    client.shake_hands("1.2.3");
    client.load_listened("list", list());
    assert_eq!(client.due_in(), None);
}

#[test]
fn many_are_not_all_asked_for_at_once() {
    let mut client = Client::connected();
    let rids: Vec<String> = (0..1000).map(|n| format!("broken.{n}")).collect();
    let items: Vec<Json> = rids.iter().map(|rid| reference(rid)).collect();
    let errors: serde_json::Map<String, Json> = rids.iter().map(|rid| (rid.clone(), not_found())).collect();
    client.load_listened("list", json!({ "collections": { "list": items }, "errors": errors }));
    client.advance(10_000);
    for _ in 0..10 {
        client.sent.clear();
        client.advance(1_000);
        assert!((50..200).contains(&client.sent.len()), "{} in a second", client.sent.len());
    }
}

#[test]
fn what_comes_as_an_error_while_the_application_asks_for_it_is_asked_for_again() {
    let mut client = Client::connected();
    client.load_listened("list", json!({ "collections": { "list": [] } }));
    client.get_pending("broken");
    let event = json!({ "idx": 0, "value": reference("broken"), "errors": { "broken": not_found() } });
    client.event("list.add", event);
    client.refuse("subscribe.broken", "system.notFound");
    asked(&mut client);
    client.respond("subscribe.broken", models(json!({ "broken": { "n": 1 } })));
    assert_eq!(client.value("list"), json!([{ "n": 1 }]));
    client.assert_untroubled();
}

#[test]
fn a_chain_without_an_end_is_not_followed_for_ever() {
    let mut client = listening();
    for depth in 0..7 {
        let delay = client.due_in().expect("it is asked for again");
        client.advance(delay);
        let method = client.methods()[0].to_owned();
        let asked = method.strip_prefix("subscribe.").expect("a subscription");
        let next = format!("deeper.{depth}");
        let limit = json!({ "code": "system.subscriptionLimitExceeded", "message": "Subscription limit exceeded" });
        client.respond(&method, json!({ "models": { asked: { "next": { "rid": next } } }, "errors": { next: limit } }));
    }
    assert_eq!(client.due_in(), None);
    client.assert_untroubled();
}
