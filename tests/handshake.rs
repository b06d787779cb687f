//! The version request, what old and odd gateways answer to it, and the connect hook.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::protocol::Version;
use resclient::session::{ConnectionState, Options, Time};
use serde_json::json;
use support::{Client, Notice, Settled, models};

#[test]
fn the_first_frame_is_the_version_request_and_nothing_precedes_its_answer() {
    let mut client = Client::new();
    client.get_pending("a");
    assert_eq!(client.opened.len(), 1, "asking for something connects");
    assert!(client.frames.is_empty());
    client.open();
    assert_eq!(client.frames, [r#"{"id":1,"method":"version","params":{"protocol":"1.2.3"}}"#]);
    client.respond("version", json!({ "protocol": "1.2.3" }));
    assert_eq!(client.methods(), ["subscribe.a"]);
    assert_eq!(client.engine.protocol(), Version::SUPPORTED);
}

#[test]
fn the_states_of_a_first_connection_are_told_once_each() {
    let client = Client::connected();
    let expected =
        [Notice::State(ConnectionState::Connecting), Notice::State(ConnectionState::Connected), Notice::Connected];
    assert_eq!(client.notices, expected);
}

#[test]
fn a_gateway_that_does_not_know_the_request_is_spoken_to_in_the_legacy_protocol() {
    let mut client = Client::new();
    let call = client.call("a", "m", None);
    client.open();
    client.refuse("version", "system.invalidRequest");
    assert_eq!(client.engine.protocol(), Version::LEGACY);
    // A legacy result is the payload itself, even if it looks like an answer of a later version.
    client.respond("call.a.m", json!({ "payload": 1 }));
    assert_eq!(client.settled[&call], Settled::Result(json!({ "payload": 1 })));
}

#[test]
fn an_answer_without_a_version_means_the_legacy_protocol() {
    let mut client = Client::new();
    client.connect();
    client.open();
    client.respond("version", json!({}));
    assert_eq!(client.engine.protocol(), Version::LEGACY);
    assert_eq!(client.engine.state(), ConnectionState::Connected);
}

#[test]
fn an_unsupported_protocol_fails_the_connection_for_good() {
    let mut client = Client::new();
    let get = client.get_pending("a");
    client.open();
    client.refuse("version", "system.unsupportedProtocol");
    assert_eq!(client.closed, client.opened);
    assert!(matches!(&client.settled[&get], Settled::Failed(e) if e.code == "system.unsupportedProtocol"));
    let failed = client.notices.iter().filter(|n| matches!(n, Notice::ConnectFailed(_))).count();
    assert_eq!(failed, 1);
    client.advance(3_600_000);
    assert_eq!(client.opened.len(), 1, "asking again would be answered the same way");
}

#[test]
fn any_other_refusal_of_the_version_closes_the_connection() {
    let mut client = Client::new();
    client.connect();
    client.open();
    client.refuse("version", "system.internalError");
    assert_eq!(client.closed, client.opened);
    assert!(client.notices.iter().any(|n| matches!(n, Notice::ConnectFailed(e) if e.code == "system.connectionError")));
}

#[test]
fn a_gateway_that_never_answers_is_given_up() {
    let mut client = Client::new();
    let get = client.get_pending("a");
    client.open();
    client.advance(19_999);
    assert!(client.closed.is_empty());
    client.advance(1);
    assert_eq!(client.closed, [client.opened[0]]);
    assert!(matches!(&client.settled[&get], Settled::Failed(e) if e.code == "system.connectionError"));
}

#[test]
fn a_socket_that_closes_before_the_handshake_fails_what_waits_and_the_next_one_works() {
    let mut client = Client::new();
    let first = client.get_pending("a");
    client.open();
    client.close();
    assert!(matches!(&client.settled[&first], Settled::Failed(e) if e.code == "system.connectionError"));
    let second = client.get_pending("a");
    assert_ne!(first, second);
    client.shake_hands("1.2.3");
    client.respond("subscribe.a", models(json!({ "a": {} })));
    assert_eq!(client.settled[&second], Settled::Resource(client.id("a")));
}

#[test]
fn a_first_attempt_that_fails_is_reported_and_left_at_that() {
    let mut client = Client::new();
    client.connect();
    client.close();
    assert_eq!(client.engine.state(), ConnectionState::Closed);
    assert_eq!(client.due_in(), None);
}

#[test]
fn a_persistent_client_tries_again_also_when_the_first_attempt_fails() {
    let mut client = Client::new();
    client.engine.persist(true);
    let get = client.get_pending("a");
    client.close();
    assert!(client.settled.contains_key(&get), "nobody is kept waiting for that");
    for _ in 0..5 {
        assert!(matches!(client.engine.state(), ConnectionState::Waiting { .. }));
        client.advance(client.due_in().unwrap());
        client.close();
    }
    client.engine.persist(false);
    client.advance(client.due_in().unwrap());
    client.close();
    assert_eq!(client.engine.state(), ConnectionState::Closed);

    let mut client = Client::new();
    client.engine.persist(true);
    client.connect();
    client.disconnect();
    assert_eq!((client.engine.state(), client.due_in()), (ConnectionState::Closed, None));
}

#[test]
fn requests_of_the_hook_go_out_at_once_and_all_others_wait_for_it() {
    let mut client = Client::new();
    client.auto_hook = false;
    client.get_pending("a");
    client.shake_hands("1.2.3");
    assert_eq!(client.hooks, 1);
    assert!(client.sent.is_empty());
    client.engine.admit(true);
    client.auth("session", "login", Some(json!({ "token": "t" })));
    assert_eq!(client.methods(), ["auth.session.login"]);
    // A second request after the first, as a hook that awaits makes it.
    client.respond("auth.session.login", json!({ "payload": null }));
    client.call("session", "check", None);
    client.respond("call.session.check", json!({ "payload": null }));
    assert!(!client.notices.contains(&Notice::Connected));
    client.hook_done(true);
    assert_eq!(client.methods(), ["subscribe.a"]);
    assert!(client.notices.contains(&Notice::Connected));
}

#[test]
fn what_others_ask_for_while_the_hook_runs_waits_for_its_end() {
    let mut client = Client::new();
    client.auto_hook = false;
    client.connect();
    client.shake_hands("1.2.3");
    client.get_pending("a");
    let call = client.call("r", "m", None);
    client.auth("session", "login", None);
    assert_eq!(client.methods(), ["auth.session.login"], "authentication is what hooks are for");
    client.engine.admit(true);
    client.call("session", "check", None);
    assert_eq!(client.methods(), ["auth.session.login", "call.session.check"]);
    assert!(client.engine.give_up(call));
    client.hook_done(true);
    assert_eq!(client.methods(), ["auth.session.login", "call.session.check", "subscribe.a"]);
    client.advance(client.due_in().unwrap_or_default() + 60_000);
    assert_eq!(client.methods().len(), 3, "each is sent once");
}

#[test]
fn what_may_be_a_request_of_the_hook_waits_no_longer_than_a_handshake_may_take() {
    let mut client = Client::new();
    client.auto_hook = false;
    let earlier = client.call("before", "the.hook", None);
    client.shake_hands("1.2.3");
    client.call("session", "check", None);
    client.advance(19_999);
    assert!(client.sent.is_empty());
    client.advance(1);
    assert_eq!(client.methods(), ["call.session.check"]);
    client.call("session", "more", None);
    assert_eq!(client.methods(), ["call.session.check"], "each waits for itself");
    client.advance(20_000);
    assert_eq!(client.methods(), ["call.session.check", "call.session.more"]);
    client.respond("call.session.check", json!({ "payload": null }));
    client.hook_done(true);
    assert_eq!(
        client.methods(),
        ["call.session.more", "call.before.the.hook"],
        "what was asked for before is not the hook's"
    );
    assert!(!client.settled.contains_key(&earlier));
    assert_eq!(client.due_in(), None);
}

#[test]
fn where_the_requests_of_the_hook_are_known_all_others_wait_however_long_it_takes() {
    let mut client = Client::new();
    client.engine.admit_exactly(true);
    client.auto_hook = false;
    client.connect();
    client.shake_hands("1.2.3");
    client.call("session", "check", None);
    client.auth("session", "login", None);
    client.advance(20_000);
    assert!(client.sent.is_empty());
    client.engine.admit(true);
    client.auth("session", "own", None);
    assert_eq!(client.methods(), ["auth.session.own"]);
    client.hook_done(true);
    assert_eq!(client.methods(), ["auth.session.own", "call.session.check", "auth.session.login"]);
}

#[test]
fn the_hook_gets_what_others_wait_for_already() {
    let mut client = Client::new();
    client.auto_hook = false;
    let get = client.get_pending("user");
    client.get_pending("other");
    client.shake_hands("1.2.3");
    assert!(client.sent.is_empty());
    client.engine.admit(true);
    assert_eq!(client.get_pending("user"), get);
    assert_eq!(client.methods(), ["subscribe.user"]);
    client.respond("subscribe.user", models(json!({ "user": {} })));
    assert_eq!(client.settled[&get], Settled::Resource(client.id("user")));
    // Asked for by somebody of whom it is not known that it is the hook.
    client.engine.admit(false);
    client.get_pending("other");
    assert!(client.sent.is_empty());
    client.advance(20_000);
    client.take("unsubscribe.user");
    assert_eq!(client.methods(), ["subscribe.other"]);
    client.hook_done(true);
    assert_eq!(client.methods(), ["subscribe.other"]);
}

#[test]
fn what_the_hook_used_is_given_back_while_it_runs_and_may_be_had_again() {
    let mut client = Client::new();
    client.auto_hook = false;
    client.connect();
    client.shake_hands("1.2.3");
    client.engine.admit(true);
    client.load("user", models(json!({ "user": { "n": 1 } })));
    client.engine.admit(false);
    client.advance(5_000);
    assert_eq!(client.methods(), ["unsubscribe.user"]);
    client.event("user.unsubscribe", json!({ "reason": { "code": "system.accessDenied", "message": "No" } }));
    let get = client.get_pending("user");
    client.hook_done(true);
    client.refuse("unsubscribe.user", "system.noSubscription");
    client.respond("subscribe.user", models(json!({ "user": { "n": 2 } })));
    assert_eq!(client.settled[&get], Settled::Resource(client.id("user")));
    assert_eq!(client.value("user"), json!({ "n": 2 }));
    client.assert_untroubled();
}

#[test]
fn what_waits_for_a_hook_that_fails_fails_with_it() {
    let mut client = Client::new();
    client.auto_hook = false;
    client.connect();
    client.shake_hands("1.2.3");
    let call = client.call("r", "m", None);
    client.hook_done(false);
    assert!(matches!(&client.settled[&call], Settled::Failed(e) if e.code == "system.connectionError"));
    assert_eq!(client.due_in(), None);
}

#[test]
fn a_hook_that_fails_closes_the_connection_and_retries_with_growing_delays() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": {} })));
    client.auto_hook = false;
    client.close();
    let (mut sockets, start) = (client.opened.len(), client.now);
    for _ in 0..20 {
        client.reconnect();
        client.hook_done(false);
        assert_eq!(client.closed.last(), client.opened.last());
        sockets += 1;
        assert_eq!(client.opened.len(), sockets);
    }
    assert!(client.now.0 - start.0 > 60_000, "twenty attempts in {} ms", client.now.0 - start.0);
}

#[test]
fn the_hook_runs_on_every_connection_before_anything_is_subscribed_to_again() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": {} })));
    client.auto_hook = false;
    client.close();
    client.reconnect();
    assert_eq!(client.hooks, 2);
    assert!(client.sent.is_empty());
    client.hook_done(true);
    assert_eq!(client.methods(), ["subscribe.a"]);
}

#[test]
fn the_handshake_may_take_as_long_as_the_options_say() {
    let options = Options { handshake_timeout: 50, ..Options::default() };
    let mut client = Client::with(1, options);
    client.connect();
    assert_eq!(client.engine.poll_timeout().map(|(at, _)| at), Some(Time(50)));
    client.advance(50);
    assert_eq!(client.closed, client.opened);
}

#[test]
fn connecting_twice_opens_one_socket() {
    let mut client = Client::connected();
    client.connect();
    client.connect();
    assert_eq!(client.opened.len(), 1);
}
