//! What may be out of date while the client is connected, and when that is told.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::session::Output;
use serde_json::{Value, json};
use support::{Client, models};

/// A client with a list in which `a` is, and with `b` by itself; all of them are listened to.
fn listening() -> Client {
    let mut client = Client::connected();
    client.load_listened("list", set());
    let a = client.id("a");
    client.listen(a);
    client.load_listened("b", models(json!({ "b": { "n": 1 } })));
    client
}

fn set() -> Value {
    json!({ "collections": { "list": [{ "rid": "a" }] }, "models": { "a": { "n": 1 } } })
}

/// A frame arrives. How often it is told that other resources are stale, and which are.
fn told(client: &mut Client, frame: Value) -> (usize, Vec<String>) {
    client.hand_over(&frame.to_string());
    let mut times = 0;
    while let Some(output) = client.engine.poll_output() {
        times += usize::from(matches!(output, Output::Stale));
        client.obey(output);
    }
    (times, stale(client))
}

fn stale(client: &mut Client) -> Vec<String> {
    let ids = client.stale_ids();
    let mut names: Vec<String> = ids.into_iter().map(|id| client.engine.rid(id).to_owned()).collect();
    names.sort_unstable();
    names
}

fn event(event: &str, data: Value) -> Value {
    json!({ "event": event, "data": data })
}

#[test]
fn what_lost_its_subscription_and_what_that_covered_is_stale_until_the_answer() {
    let mut client = listening();
    assert_eq!(stale(&mut client), [""; 0]);
    assert_eq!(told(&mut client, event("list.unsubscribe", json!(null))), (1, vec!["a".into(), "list".into()]));
    client.advance(2_000);
    let id = client.take("subscribe.list").id;
    assert_eq!(stale(&mut client), ["a", "list"], "it has been asked for, and has not come");
    assert_eq!(told(&mut client, json!({ "id": id, "result": set() })), (1, vec![]));
}

#[test]
fn what_is_referred_to_no_longer_is_stale_until_it_has_come_by_itself() {
    let mut client = listening();
    assert_eq!(told(&mut client, event("list.remove", json!({ "idx": 0 }))), (1, vec!["a".into()]));
    client.advance(2_000);
    let id = client.take("subscribe.a").id;
    let answer = json!({ "id": id, "result": { "models": { "a": { "n": 2 } } } });
    assert_eq!(told(&mut client, answer), (1, vec![]));
}

#[test]
fn what_an_event_did_not_fit_is_stale_until_it_has_come_anew() {
    let mut client = listening();
    assert_eq!(told(&mut client, event("b.add", json!({ "idx": 0, "value": 1 }))), (1, vec!["b".into()]));
    client.respond("unsubscribe.b", json!(null));
    assert_eq!(stale(&mut client), ["b"]);
    client.respond("subscribe.b", models(json!({ "b": { "n": 2 } })));
    assert_eq!(stale(&mut client), [""; 0]);
}

#[test]
fn what_is_wanted_again_while_it_is_given_back_is_stale_until_it_has_come_anew() {
    let mut client = listening();
    let b = client.id("b");
    client.unlisten(b);
    client.advance(5_000);
    assert_eq!(stale(&mut client), [""; 0], "the gateway may not have given it up yet");
    client.listen(b);
    assert_eq!(stale(&mut client), ["b"]);
    client.respond("unsubscribe.b", json!(null));
    client.respond("subscribe.b", models(json!({ "b": { "n": 2 } })));
    assert_eq!(stale(&mut client), [""; 0]);
}

#[test]
fn what_is_refused_when_it_is_wanted_again_is_as_fresh_as_what_else_covers_it() {
    let mut client = listening();
    let b = client.id("b");
    told(&mut client, event("list.add", json!({ "idx": 1, "value": { "rid": "b" } })));
    client.unlisten(b);
    client.advance(5_000);
    client.listen(b);
    client.respond("unsubscribe.b", json!(null));
    client.refuse("subscribe.b", "system.accessDenied");
    assert_eq!(stale(&mut client), [""; 0], "the list has kept it up to date all the time");
}

#[test]
fn without_a_connection_all_is_stale_and_after_it_what_could_not_be_had_again() {
    let mut client = listening();
    client.close();
    assert_eq!(stale(&mut client), ["a", "b", "list"]);
    client.reconnect();
    client.respond("subscribe.b", models(json!({ "b": { "n": 1 } })));
    assert_eq!(stale(&mut client), ["a", "list"]);
    client.refuse("subscribe.list", "system.timeout");
    assert_eq!(stale(&mut client), ["a", "list"]);
}

#[test]
fn nothing_is_told_as_long_as_nothing_is_stale() {
    let mut client = listening();
    let frame = event("list.add", json!({ "idx": 1, "value": { "rid": "c" }, "models": { "c": { "n": 1 } } }));
    assert_eq!(told(&mut client, frame), (0, vec![]));
    assert_eq!(told(&mut client, event("list.remove", json!({ "idx": 1 }))), (0, vec![]));
    assert_eq!(client.dropped, ["c"]);
}
