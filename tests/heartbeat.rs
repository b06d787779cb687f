//! Finding out that a connection is dead although its socket is open.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::session::{ConnectionState, Options, Time};
use serde_json::json;
use support::{Client, Settled, models};

/// Lets time pass until the next look at the connection, and looks; how long that took.
fn beat(client: &mut Client) -> u64 {
    let at = client.engine.poll_heartbeat().expect("there is a connection to look after");
    let waited = at.0 - client.now.0;
    client.now = at;
    client.engine.handle_heartbeat(client.now);
    client.drain();
    waited
}

#[test]
fn a_gateway_that_was_silent_for_25_s_is_asked_by_a_version_request_without_parameters() {
    let mut client = Client::connected();
    assert_eq!(beat(&mut client), 25_000);
    assert_eq!(client.frames.last().unwrap(), r#"{"id":2,"method":"version"}"#);
    client.respond("version", json!({ "protocol": "1.2.3" }));
    assert_eq!(beat(&mut client), 10_000, "the answer is looked for");
    assert_eq!(client.engine.state(), ConnectionState::Connected);
    assert!(client.sent.is_empty(), "an answer is a sign of life");
    assert_eq!(beat(&mut client), 15_000, "25 s after the answer");
    assert_eq!(client.methods(), ["version"]);
    client.assert_untroubled();
}

#[test]
fn one_that_does_not_answer_within_10_s_is_given_up_and_a_new_connection_made() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "n": 1 } })));
    let call = client.call("r", "m", None);
    beat(&mut client);
    assert_eq!(beat(&mut client), 10_000);
    assert_eq!(client.closed, client.opened);
    assert!(matches!(&client.settled[&call], Settled::Failed(e) if e.code == "system.disconnect"));
    assert_eq!(client.engine.poll_heartbeat(), None);
    client.reconnect();
    client.respond("subscribe.a", models(json!({ "a": { "n": 2 } })));
    assert_eq!(client.value("a"), json!({ "n": 2 }));
}

#[test]
fn a_gateway_that_refuses_the_question_is_alive_too() {
    let mut client = Client::connected();
    beat(&mut client);
    client.refuse("version", "system.invalidRequest");
    beat(&mut client);
    assert_eq!(client.engine.state(), ConnectionState::Connected);
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "n": 0 } })));
    client.now = Time(20_000);
    client.event("a.custom", json!(1));
    assert_eq!(beat(&mut client), 5_000);
    assert!(client.sent.is_empty());
    assert_eq!(beat(&mut client), 20_000);
    client.event("a.custom", json!(2));
    beat(&mut client);
    assert_eq!(client.engine.state(), ConnectionState::Connected);
}

#[test]
fn after_a_sleep_the_gateway_is_asked_again_before_it_is_given_up() {
    let mut client = Client::connected();
    beat(&mut client);
    // The answer has come meanwhile, and is handed over after the timers.
    client.now = client.now + 3_600_000;
    client.engine.handle_heartbeat(client.now);
    client.drain();
    assert_eq!(client.engine.state(), ConnectionState::Connected);
    assert_eq!(client.methods(), ["version", "version"]);
    client.respond("version", json!({ "protocol": "1.2.3" }));
    beat(&mut client);
    assert_eq!(client.engine.state(), ConnectionState::Connected);
}

#[test]
fn a_connection_that_dies_while_the_hook_runs_is_found_out() {
    let mut client = Client::new();
    client.auto_hook = false;
    client.connect();
    client.shake_hands("1.2.3");
    let login = client.auth("session", "login", None);
    beat(&mut client);
    beat(&mut client);
    assert_eq!(client.closed, client.opened);
    assert!(matches!(&client.settled[&login], Settled::Failed(e) if e.code == "system.connectionError"));
}

#[test]
fn there_is_no_heartbeat_before_the_handshake_nor_after_the_end_nor_when_it_is_turned_off() {
    let mut client = Client::new();
    client.connect();
    client.open();
    assert_eq!(client.engine.poll_heartbeat(), None, "the handshake has a deadline of its own");
    client.respond("version", json!({ "protocol": "1.2.3" }));
    assert!(client.engine.poll_heartbeat().is_some());
    client.disconnect();
    assert_eq!(client.engine.poll_heartbeat(), None);

    let mut client = Client::with(1, Options { heartbeat_interval: 0, ..Options::default() });
    client.connect();
    client.shake_hands("1.2.3");
    assert_eq!(client.engine.poll_heartbeat(), None);
}

#[test]
fn a_gateway_that_is_given_no_time_to_answer_is_given_up_and_not_asked_for_ever() {
    let mut client = Client::with(1, Options { heartbeat_timeout: 0, ..Options::default() });
    client.connect();
    client.shake_hands("1.2.3");
    beat(&mut client);
    beat(&mut client);
    assert_eq!(client.closed, client.opened);
    assert_eq!(client.frames.len(), 2);
}

#[test]
fn it_does_not_turn_with_the_other_deadlines() {
    let mut client = Client::connected();
    client.load("a", models(json!({ "a": {} })));
    client.advance(3_600_000);
    assert_eq!(client.methods(), ["unsubscribe.a"]);
}
