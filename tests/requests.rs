//! Calls, authentication and the deprecated `new`; and that every request is settled.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::session::RequestId;
use serde_json::json;
use support::{Client, Settled, models};

fn failed_with(client: &Client, request: RequestId, code: &str) -> bool {
    matches!(&client.settled[&request], Settled::Failed(error) if error.code == code)
}

#[test]
fn parameters_travel_as_they_are() {
    let mut client = Client::connected();
    for params in [json!({ "a": [1, null] }), json!([]), json!("s"), json!(0), json!(false), json!(null)] {
        client.call("r.s", "m", Some(params.clone()));
        assert_eq!(client.take("call.r.s.m").params, Some(params));
    }
    client.call("r.s", "m", None);
    assert_eq!(client.take("call.r.s.m").params, None);
}

#[test]
fn any_character_may_stand_in_a_method() {
    let mut client = Client::connected();
    let all: String = ('\0'..='\u{ff}').chain(['\u{2028}', '\u{ffff}', '🌍']).collect();
    client.call(&all, "m", None);
    client.call("\"\\", "\u{1f}", None);
    assert_eq!(client.methods(), [format!("call.{all}.m"), "call.\"\\.\u{1f}".to_owned()]);
}

#[test]
fn the_method_follows_a_query_that_holds_dots() {
    let mut client = Client::connected();
    client.call("r?q=1.2", "m", None);
    assert_eq!(client.methods(), ["call.r?q=1.2.m"]);
}

#[test]
fn a_call_that_is_given_up_before_it_is_sent_is_neither_sent_nor_settled() {
    let mut client = Client::new();
    let [unwanted, wanted] = ["unwanted", "wanted"].map(|method| client.call("r", method, None));
    assert!(client.engine.give_up(unwanted));
    assert!(!client.engine.give_up(unwanted));
    client.open();
    client.shake_hands("1.2.3");
    client.hook_done(true);
    assert_eq!(client.methods(), ["call.r.wanted"]);
    assert!(!client.engine.give_up(wanted), "it has been sent");
    client.respond("call.r.wanted", json!({ "payload": 1 }));
    assert_eq!(client.settled[&wanted], Settled::Payload(Some(json!(1))));
    assert!(!client.settled.contains_key(&unwanted));
}

#[test]
fn a_call_is_settled_with_its_payload() {
    let mut client = Client::connected();
    for payload in [json!({ "rid": "x", "models": [1] }), json!(null), json!([1]), json!("s")] {
        let request = client.call("r", "m", None);
        client.respond("call.r.m", json!({ "payload": payload.clone() }));
        assert_eq!(client.settled[&request], Settled::Payload(Some(payload)));
    }
    client.assert_untroubled();
    assert_eq!(client.engine.resources(), []);
}

#[test]
fn a_call_is_settled_with_its_error() {
    let mut client = Client::connected();
    let request = client.call("r", "m", None);
    client.refuse("call.r.m", "x.failed");
    assert!(matches!(&client.settled[&request], Settled::Error(error) if error.code == "x.failed"));
}

#[test]
fn authentication_has_the_same_results() {
    let mut client = Client::connected();
    let first = client.auth("r", "login", Some(json!({ "user": "u" })));
    assert_eq!(client.sent[0].params, Some(json!({ "user": "u" })));
    client.respond("auth.r.login", json!({ "payload": { "ok": true } }));
    assert_eq!(client.settled[&first], Settled::Payload(Some(json!({ "ok": true }))));
    let second = client.auth("r", "login", None);
    client.respond("auth.r.login", json!({ "rid": "me", "models": { "me": { "n": 1 } } }));
    assert_eq!(client.settled[&second], Settled::Resource(client.id("me")));
}

#[test]
fn a_resource_in_an_answer_is_live_and_a_direct_subscription() {
    let mut client = Client::connected();
    let request = client.call("r", "m", None);
    client.respond("call.r.m", json!({ "rid": "a", "models": { "a": { "n": 1 } } }));
    let id = client.id("a");
    assert_eq!(client.settled[&request], Settled::Resource(id));
    client.listen(id);
    client.event("a.change", json!({ "values": { "n": 2 } }));
    assert_eq!(client.take_brief(), ["a change n"]);
    assert_eq!(client.engine.resources()[0].subscribed, 1);
    client.unlisten(id);
    client.advance(5_000);
    assert_eq!(client.methods(), ["unsubscribe.a"]);
}

#[test]
fn an_answer_names_a_resource_that_is_cached() {
    let mut client = Client::connected();
    let id = client.load("a", models(json!({ "a": {} })));
    let request = client.call("r", "m", None);
    client.respond("call.r.m", json!({ "rid": "a" }));
    assert_eq!(client.settled[&request], Settled::Resource(id));
    assert_eq!(client.engine.resources()[0].subscribed, 2);
}

#[test]
fn an_answer_with_an_error_for_its_resource_leaves_nothing_behind() {
    let mut client = Client::connected();
    let request = client.call("r", "m", None);
    let error = json!({ "code": "system.accessDenied", "message": "No" });
    client.respond("call.r.m", json!({ "rid": "a", "errors": { "a": error } }));
    assert!(matches!(client.settled[&request], Settled::Resource(_)));
    client.refuse("unsubscribe.a", "system.noSubscription");
    assert_eq!(client.engine.resources(), []);
}

#[test]
fn an_answer_with_an_error_does_not_spoil_what_is_live_by_way_of_others() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": { "n": 1 } })));
    let request = client.call("r", "m", None);
    let error = json!({ "code": "system.accessDenied", "message": "No" });
    client.respond("call.r.m", json!({ "rid": "b", "errors": { "b": error } }));
    assert_eq!(client.settled[&request], Settled::Resource(client.id("b")));
    assert_eq!(client.value("a"), json!({ "b": { "n": 1 } }));
    client.refuse("unsubscribe.b", "system.noSubscription");
    assert_eq!(client.live(), ["a", "b"]);
}

#[test]
fn a_get_in_flight_is_not_settled_by_the_error_of_a_call() {
    let mut client = Client::connected();
    let get = client.get_pending("a");
    client.call("r", "m", None);
    let error = json!({ "code": "system.notFound", "message": "No" });
    client.respond("call.r.m", json!({ "rid": "a", "errors": { "a": error } }));
    assert!(!client.settled.contains_key(&get));
    client.refuse("subscribe.a", "system.notFound");
    assert!(matches!(&client.settled[&get], Settled::Error(_)));
    client.respond("unsubscribe.a", json!(null));
    assert_eq!(client.engine.resources(), []);
    assert_eq!(client.due_in(), None);
}

#[test]
fn before_1_2_0_the_result_is_the_payload() {
    let mut client = Client::new();
    client.connect();
    client.shake_hands("1.1.1");
    for result in [json!({ "payload": 1 }), json!({ "rid": "a" }), json!(null), json!(7)] {
        let request = client.call("r", "m", None);
        client.respond("call.r.m", result.clone());
        assert_eq!(client.settled[&request], Settled::Result(result));
    }
    assert_eq!(client.engine.resources(), []);
}

#[test]
fn the_deprecated_new_request_has_no_method() {
    let mut client = Client::connected();
    let request = client.engine.create(client.now, "r", Some("{\"n\":1}"));
    client.drain();
    assert_eq!(client.frames.last().unwrap(), r#"{"id":2,"method":"new.r","params":{"n":1}}"#);
    client.respond("new.r", json!({ "rid": "r.1", "models": { "r.1": {} } }));
    assert_eq!(client.settled[&request], Settled::Resource(client.id("r.1")));
}

#[test]
fn a_new_request_is_answered_with_a_resource_by_old_gateways_too() {
    let mut client = Client::new();
    client.connect();
    client.shake_hands("1.1.1");
    let request = client.engine.create(client.now, "r", None);
    client.drain();
    client.respond("new.r", json!({ "rid": "r.1", "models": { "r.1": {} } }));
    assert_eq!(client.settled[&request], Settled::Resource(client.id("r.1")));
    client.advance(5_000);
    assert_eq!(client.methods(), ["unsubscribe.r.1"]);
}

#[test]
fn answers_come_in_any_order() {
    let mut client = Client::connected();
    let requests: Vec<_> = (0..5).map(|n| client.call("r", &format!("m{n}"), None)).collect();
    for n in [3, 0, 4, 1, 2] {
        client.respond(&format!("call.r.m{n}"), json!({ "payload": n }));
        assert_eq!(client.settled[&requests[n]], Settled::Payload(Some(json!(n))));
    }
    assert_eq!(client.engine.pending(), 0);
}

/// One of every kind of request, none of them answered.
fn ask_everything(client: &mut Client) -> Vec<RequestId> {
    vec![
        client.get_pending("a"),
        client.fetch("b"),
        client.call("c", "m", None),
        client.auth("d", "m", Some(json!({}))),
        client.engine.create(client.now, "e", None),
    ]
}

#[test]
fn a_lost_connection_settles_every_request() {
    let mut client = Client::connected();
    let requests = ask_everything(&mut client);
    assert_eq!(client.engine.pending(), 5);
    client.close();
    assert!(requests.iter().all(|&r| failed_with(&client, r, "system.disconnect")));
    assert_eq!(client.engine.pending(), 0);
    assert_eq!(client.engine.resources(), []);
}

#[test]
fn disconnecting_settles_every_request() {
    let mut client = Client::connected();
    let requests = ask_everything(&mut client);
    client.disconnect();
    assert!(requests.iter().all(|&r| failed_with(&client, r, "system.disconnect")));
    assert_eq!(client.closed, client.opened);
    assert_eq!(client.due_in(), None);
}

#[test]
fn disconnecting_before_there_is_a_connection_settles_every_request() {
    let mut client = Client::new();
    let requests = ask_everything(&mut client);
    client.disconnect();
    assert!(requests.iter().all(|&r| failed_with(&client, r, "system.disconnect")));
    assert_eq!(client.engine.pending(), 0);
}

#[test]
fn disconnecting_between_two_attempts_settles_every_request() {
    let mut client = Client::connected();
    client.load_listened("x", models(json!({ "x": {} })));
    client.close();
    let requests = ask_everything(&mut client);
    client.disconnect();
    assert!(requests.iter().all(|&r| failed_with(&client, r, "system.disconnect")));
    assert_eq!(client.engine.pending(), 0);
}

#[test]
fn a_failed_attempt_settles_what_waited_for_it() {
    let mut client = Client::new();
    let requests = ask_everything(&mut client);
    client.close();
    assert!(requests.iter().all(|&r| failed_with(&client, r, "system.connectionError")));
}

#[test]
fn a_reset_connection_settles_every_request() {
    let mut client = Client::connected();
    let requests = ask_everything(&mut client);
    client.receive_text("{");
    assert!(requests.iter().all(|&r| failed_with(&client, r, "system.disconnect")));
}

#[test]
fn request_ids_are_never_used_twice() {
    let mut client = Client::connected();
    client.load_listened("x", models(json!({ "x": {} })));
    ask_everything(&mut client);
    client.close();
    client.reconnect();
    ask_everything(&mut client);
    let mut ids: Vec<u64> = client
        .frames
        .iter()
        .map(|f| serde_json::from_str::<serde_json::Value>(f).unwrap()["id"].as_u64().unwrap())
        .collect();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    assert!(ids.is_sorted());
}

#[test]
fn a_subscription_outlives_a_call_that_is_answered_with_its_resource_as_an_error() {
    let mut client = Client::connected();
    let x = client.load_listened("x", models(json!({ "x": {} })));
    client.call("r", "m", None);
    client.respond("call.r.m", json!({ "rid": "x", "errors": { "x": { "code": "c", "message": "m" } } }));
    assert_eq!(client.methods(), <[&str; 0]>::default(), "giving it back now could take the subscription");
    // It is given back after what is known to be held.
    client.unlisten(x);
    client.advance(5_000);
    assert_eq!(client.methods(), ["unsubscribe.x", "unsubscribe.x"]);
    client.respond("unsubscribe.x", json!(null));
    client.refuse("unsubscribe.x", "system.noSubscription");
    assert_eq!(client.live(), <[&str; 0]>::default());
}

#[test]
fn a_subscribe_in_flight_is_not_given_back_for_a_call_answered_with_an_error() {
    let mut client = Client::connected();
    let get = client.get_pending("x");
    client.call("r", "m", None);
    client.respond("call.r.m", json!({ "rid": "x", "errors": { "x": { "code": "c", "message": "m" } } }));
    assert_eq!(client.methods(), ["subscribe.x"]);
    client.respond("subscribe.x", models(json!({ "x": {} })));
    assert!(matches!(client.settled[&get], Settled::Resource(_)));
    assert_eq!(client.live(), ["x"]);
}

#[test]
fn a_call_answered_with_a_resource_id_that_is_none_fails() {
    let mut client = Client::connected();
    let request = client.call("r", "m", None);
    client.respond("call.r.m", json!({ "rid": 5 }));
    assert!(failed_with(&client, request, "system.unknownError"));
    assert_eq!(client.engine.counters().resets, 1);
}

#[test]
fn an_error_that_is_null_is_none() {
    let mut client = Client::connected();
    let request = client.call("r", "m", None);
    let id = client.take("call.r.m").id;
    client.receive(json!({ "error": null, "result": { "payload": 1 }, "id": id }));
    assert_eq!(client.settled[&request], Settled::Payload(Some(json!(1))));
}
