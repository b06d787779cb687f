//! How long resources stay subscribed to, and how subscriptions are given back.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::cache::ResourceId;
use resclient::mirror::Event;
use resclient::session::{Config, Engine, Get, Options, Output, Time};
use serde_json::json;
use support::{Client, Sent, models};

/// A client with the model `a`, which nobody listens to.
fn loaded() -> (Client, ResourceId) {
    let mut client = Client::connected();
    let id = client.load("a", models(json!({ "a": { "n": 1 } })));
    (client, id)
}

/// Calls that answer with `a`: each is one more direct subscription.
fn call_for_a(client: &mut Client, times: usize) {
    for _ in 0..times {
        client.call("any", "a", None);
        client.respond("call.any.a", json!({ "rid": "a" }));
    }
}

#[test]
fn what_nobody_listens_to_is_unsubscribed_after_a_while() {
    let (mut client, _) = loaded();
    client.advance(4_999);
    assert!(client.sent.is_empty());
    client.advance(1);
    assert_eq!(client.methods(), ["unsubscribe.a"]);
    assert_eq!(client.live(), ["a"], "it is live until the gateway has answered");
    client.respond("unsubscribe.a", json!(null));
    assert_eq!(client.dropped, ["a"]);
}

#[test]
fn an_unsubscribe_is_answered_without_a_result() {
    let (mut client, _) = loaded();
    client.advance(5_000);
    let id = client.take("unsubscribe.a").id;
    client.receive(json!({ "id": id }));
    assert_eq!(client.dropped, ["a"]);
    client.assert_untroubled();
}

#[test]
fn what_is_listened_to_stays() {
    let (mut client, id) = loaded();
    client.listen(id);
    client.advance(1_000_000);
    assert!(client.sent.is_empty());
    assert_eq!(client.due_in(), None);
}

#[test]
fn the_delay_begins_when_the_last_listener_leaves() {
    let (mut client, id) = loaded();
    client.listen(id);
    client.listen(id);
    client.advance(10_000);
    client.unlisten(id);
    assert_eq!(client.due_in(), None);
    client.unlisten(id);
    assert_eq!(client.due_in(), Some(5_000));
}

#[test]
fn listening_again_cancels_the_delay() {
    let (mut client, id) = loaded();
    client.advance(4_000);
    client.listen(id);
    assert_eq!(client.due_in(), None);
    client.unlisten(id);
    assert_eq!(client.due_in(), Some(5_000));
}

#[test]
fn getting_it_again_restarts_the_delay() {
    let (mut client, id) = loaded();
    client.advance(4_000);
    assert_eq!(client.get("a"), Get::Cached(id));
    assert_eq!(client.due_in(), Some(5_000));
}

#[test]
fn the_delay_is_an_option() {
    let mut client = Client::with(1, Options { unsubscribe_delay: 50, ..Options::default() });
    client.connect();
    client.shake_hands("1.2.3");
    client.load("a", models(json!({ "a": {} })));
    assert_eq!(client.due_in(), Some(50));
}

#[test]
fn all_direct_subscriptions_are_given_back_by_one_frame() {
    let (mut client, _) = loaded();
    call_for_a(&mut client, 2);
    client.advance(5_000);
    assert_eq!(client.sent.len(), 1);
    assert!(matches!(&client.sent[0], Sent { params: Some(params), .. } if *params == json!({ "count": 3 })));
    client.respond("unsubscribe.a", json!(null));
    assert_eq!(client.engine.resources(), []);
}

#[test]
fn one_direct_subscription_needs_no_count() {
    let (mut client, _) = loaded();
    client.advance(5_000);
    assert!(client.frames.last().unwrap().ends_with(r#""method":"unsubscribe.a"}"#));
}

#[test]
fn an_old_gateway_gets_one_frame_for_each() {
    let mut client = Client::new();
    client.connect();
    client.shake_hands("1.2.0");
    client.load("a", models(json!({ "a": {} })));
    call_for_a(&mut client, 2);
    client.advance(5_000);
    assert_eq!(client.methods(), ["unsubscribe.a"; 3]);
    assert!(client.sent.iter().all(|sent| sent.params.is_none()));
    client.respond("unsubscribe.a", json!(null));
    client.respond("unsubscribe.a", json!(null));
    assert_eq!(client.live(), ["a"]);
    client.respond("unsubscribe.a", json!(null));
    assert_eq!(client.engine.resources(), []);
}

#[test]
fn what_is_listened_to_below_is_subscribed_to_first() {
    let mut client = Client::connected();
    client.load("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": { "c": { "rid": "c" } }, "c": {} })));
    client.listen(client.id("b"));
    client.listen(client.id("c"));
    client.advance(5_000);
    assert_eq!(client.methods(), ["subscribe.b", "unsubscribe.a"]);
    client.respond("subscribe.b", json!({}));
    client.respond("unsubscribe.a", json!(null));
    assert_eq!(client.live(), ["b", "c"]);
    assert_eq!(client.dropped, ["a"]);
}

#[test]
fn what_is_covered_otherwise_is_not_subscribed_to() {
    let mut client = Client::connected();
    client.load_listened("top", models(json!({ "top": { "b": { "rid": "b" } }, "b": {} })));
    client.load("a", models(json!({ "a": { "b": { "rid": "b" } } })));
    client.listen(client.id("b"));
    client.advance(5_000);
    assert_eq!(client.methods(), ["unsubscribe.a"]);
}

#[test]
fn a_resource_wanted_again_while_it_is_given_back_is_asked_for_anew() {
    let (mut client, id) = loaded();
    client.advance(5_000);
    assert_eq!(client.get("a"), Get::Cached(id));
    assert_eq!(client.methods(), ["unsubscribe.a", "subscribe.a"]);
    client.respond("unsubscribe.a", json!(null));
    client.listen(id);
    client.respond("subscribe.a", models(json!({ "a": { "n": 2 } })));
    assert_eq!(client.take_brief(), ["a change n"]);
    assert_eq!(client.live(), ["a"]);
    client.event("a.change", json!({ "values": { "n": 3 } }));
    assert_eq!(client.take_brief(), ["a change n"]);
}

#[test]
fn a_refused_unsubscribe_means_that_there_is_no_subscription() {
    let (mut client, _) = loaded();
    client.advance(5_000);
    client.refuse("unsubscribe.a", "system.noSubscription");
    assert_eq!(client.engine.resources(), []);
    assert!(client.refusals[0].unsubscribe);
    assert!(matches!(client.get("a"), Get::Pending(_)));
}

#[test]
fn an_unsubscribe_event_overtakes_the_request() {
    let (mut client, _) = loaded();
    client.advance(5_000);
    client.event("a.unsubscribe", json!({}));
    assert_eq!(client.dropped, ["a"]);
    // Whatever has its number now must not be mistaken for it.
    let request = client.get_pending("b");
    client.refuse("unsubscribe.a", "system.noSubscription");
    assert_eq!(client.refusals, []);
    client.respond("subscribe.b", models(json!({ "b": {} })));
    assert!(client.settled.contains_key(&request));
    assert_eq!(client.live(), ["b"]);
}

#[test]
fn unlistening_to_what_is_stale_drops_it_at_once() {
    let (mut client, id) = loaded();
    client.listen(id);
    client.event("a.unsubscribe", json!({}));
    client.unlisten(id);
    assert_eq!(client.dropped, ["a"]);
    assert_eq!(client.due_in(), None);
}

#[test]
fn unlistening_more_often_than_listening_is_ignored() {
    let (mut client, id) = loaded();
    client.unlisten(id);
    client.listen(id);
    client.unlisten(id);
    client.unlisten(id);
    assert_eq!(client.engine.resources()[0].direct, 0);
    assert_eq!(client.due_in(), Some(5_000));
}

#[test]
fn an_indirect_resource_is_dropped_without_a_request() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": {} })));
    let b = client.id("b");
    client.listen(b);
    client.unlisten(b);
    assert_eq!(client.due_in(), None);
    client.event("a.change", json!({ "values": { "b": null } }));
    assert_eq!(client.dropped, ["b"]);
    assert!(client.sent.is_empty());
}

#[test]
fn listening_to_what_has_left_the_cache_is_nothing() {
    let mut engine = Engine::new(Config::default());
    let now = Time(0);
    let mut dropped = None;
    engine.get(now, "x");
    while let Some(output) = engine.poll_output() {
        match output {
            Output::Open(connection) => engine.handle_open(now, connection),
            Output::Hook => engine.hook_done(now, true),
            Output::Send(frame) => {
                let answer = match frame.contains("version") {
                    true => r#"{"id":1,"result":{"protocol":"1.2.3"}}"#,
                    false => r#"{"id":2,"error":{"code":"system.notFound","message":"Not found"}}"#,
                };
                engine.handle_frame(now, engine.connection(), answer);
            }
            Output::Dropped(ids) => dropped = ids.first().copied(),
            _ => {}
        }
    }
    let id = dropped.expect("it was refused");
    engine.listen(now, id);
    engine.forget(&[id]);
    engine.get(now, "y");
    let resources = engine.resources();
    assert_eq!(resources.iter().map(|r| (r.rid, r.direct)).collect::<Vec<_>>(), [("y", 0)]);
}

#[test]
fn ids_stay_what_they_are_while_thousands_come_and_go() {
    let mut client = Client::connected();
    client.load_listened("first", models(json!({ "first": { "n": 0 } })));
    for round in 0..500 {
        let rid = format!("one.of.many.resources.with.a.long.id.{round}");
        client.load(&rid, models(json!({ &rid: {} })));
        client.load_listened(&format!("kept.{round}"), models(json!({ format!("kept.{round}"): {} })));
        client.advance(5_000);
        client.respond(&format!("unsubscribe.{rid}"), json!(null));
    }
    assert_eq!(client.live().len(), 501);
    for round in 0..500 {
        let rid = format!("kept.{round}");
        let id = client.engine.find(&rid).expect("it is listened to");
        assert_eq!(client.engine.rid(id), rid);
        client.event(&format!("{rid}.change"), json!({ "values": { "n": round } }));
        assert_eq!(client.value(&rid), json!({ "n": round }));
    }
    client.assert_untroubled();
}

#[test]
fn a_listened_resource_that_cannot_be_subscribed_to_when_its_cover_ends_is_told_so() {
    let mut client = Client::connected();
    client.load("g", json!({ "collections": { "g": [{ "rid": "h" }] }, "models": { "h": {} } }));
    client.listen(client.id("h"));
    client.advance(5_000);
    assert_eq!(client.methods(), ["subscribe.h", "unsubscribe.g"]);
    client.refuse("subscribe.h", "system.accessDenied");
    let events = client.take_events();
    let [(rid, Event::Unsubscribed(Some(reason)))] = &events[..] else { panic!("{events:?}") };
    assert_eq!((rid.as_str(), reason.code.as_ref()), ("h", "system.accessDenied"));
    assert_eq!(client.refusals.len(), 1);
    client.respond("unsubscribe.g", json!(null));
    assert_eq!(client.stale(), ["h"]);

    // Once it is known not to be live, another refusal is no news to who listens.
    client.close();
    client.reconnect();
    client.refuse("subscribe.h", "system.accessDenied");
    assert_eq!(client.take_brief(), [""; 0]);
}
