//! Losing the connection, trying again, and late events of old sockets.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::session::{ConnectionState, Get, Options, Time};
use serde_json::{Value as Json, json};
use support::{Client, Notice, Settled, models, reference};

/// A client that listens to the model `a`.
fn listening() -> Client {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "n": 1 } })));
    client
}

/// The delays before the first attempts to reconnect, all of which fail.
fn delays(seed: u64, attempts: usize) -> Vec<u64> {
    let mut client = Client::with(seed, Options::default());
    client.connect();
    client.shake_hands("1.2.3");
    client.load_listened("a", models(json!({ "a": {} })));
    client.close();
    let fail = |_| {
        let delay = client.due_in().expect("another attempt follows");
        client.advance(delay);
        client.close();
        delay
    };
    (0..attempts).map(fail).collect()
}

#[test]
fn a_lost_connection_is_told_and_made_anew() {
    let mut client = listening();
    client.notices.clear();
    client.close();
    let ConnectionState::Waiting { until } = client.engine.state() else { panic!("it waits") };
    assert_eq!(client.notices, [Notice::Disconnected, Notice::State(ConnectionState::Waiting { until })]);
    assert!(until <= Time(500));
    client.notices.clear();
    client.reconnect();
    let [connecting, stale, connected] =
        [ConnectionState::Connecting, ConnectionState::Stale, ConnectionState::Connected].map(Notice::State);
    assert_eq!(client.notices, [connecting, stale, Notice::Connected]);
    client.notices.clear();
    client.respond("subscribe.a", models(json!({ "a": { "n": 1 } })));
    assert_eq!(client.notices, [connected]);
}

#[test]
fn what_is_cached_is_stale_until_the_last_renewed_subscription_is_answered_one_way_or_the_other() {
    let mut client = listening();
    client.load_listened("b", models(json!({ "b": {} })));
    client.close();
    client.reconnect();
    // A subscription that is not renewed is not waited for.
    client.get_pending("c");
    client.respond("subscribe.a", models(json!({ "a": { "n": 1 } })));
    assert_eq!(client.engine.state(), ConnectionState::Stale);
    client.refuse("subscribe.b", "system.accessDenied");
    assert_eq!(client.engine.state(), ConnectionState::Connected);

    client.close();
    client.reconnect();
    client.close();
    client.reconnect();
    client.respond("subscribe.a", models(json!({ "a": { "n": 1 } })));
    assert_eq!(client.engine.state(), ConnectionState::Stale, "counted anew with every connection");
    client.respond("subscribe.b", models(json!({ "b": {} })));
    assert_eq!(client.engine.state(), ConnectionState::Connected);
}

#[test]
fn no_more_than_a_hundred_subscriptions_are_renewed_at_a_time() {
    let mut client = Client::connected();
    for n in 0..300 {
        let rid = format!("m.{n}");
        client.load_listened(&rid, models(json!({ rid.clone(): { "n": 1 } })));
    }
    client.close();
    client.reconnect();
    let mut renewed = 0;
    while let Some(sent) = client.sent.first().cloned() {
        assert!(client.sent.len() <= 100);
        let rid = sent.method.strip_prefix("subscribe.").expect("only that").to_owned();
        if renewed == 0 {
            // One that waits is let go of, and one comes with another.
            client.unlisten(client.id("m.200"));
            let both = models(json!({ rid.clone(): { "n": 2, "other": reference("m.201") }, "m.201": { "n": 2 } }));
            client.respond(&sent.method, both);
        } else {
            client.respond(&sent.method, models(json!({ rid.clone(): { "n": 2 } })));
        }
        renewed += 1;
        assert_eq!(client.engine.state() == ConnectionState::Connected, renewed == 298, "{renewed}");
    }
    assert_eq!(renewed, 298);
    assert!(client.stale().is_empty());
    assert_eq!(client.value("m.299"), json!({ "n": 2 }));
    client.assert_untroubled();
}

#[test]
fn a_socket_that_is_closed_for_good_is_not_made_anew_until_something_is_asked_for() {
    let mut client = listening();
    client.engine.handle_final_close(client.now, client.engine.connection());
    client.drain();
    assert_eq!(client.engine.state(), ConnectionState::Closed);
    assert_eq!(client.due_in(), None);
    assert_eq!(client.stale(), ["a"], "what is listened to stays readable");
    client.connect();
    client.shake_hands("1.2.3");
    assert_eq!(client.methods(), ["subscribe.a"]);
}

#[test]
fn the_end_of_an_old_socket_ends_nothing() {
    let mut client = listening();
    let old = client.engine.connection();
    client.close();
    client.engine.handle_final_close(client.now, old);
    client.drain();
    client.reconnect();
    client.engine.handle_final_close(client.now, old);
    client.drain();
    assert_eq!(client.engine.state(), ConnectionState::Stale);
}

#[test]
fn delays_have_full_jitter_under_a_ceiling_that_doubles() {
    const SEEDS: u64 = 400;
    let all: Vec<Vec<u64>> = (0..SEEDS).map(|seed| delays(seed, 10)).collect();
    for attempt in 0..10 {
        let ceiling = (500u64 << attempt).min(30_000);
        let column = all.iter().map(|delays| delays[attempt]);
        assert!(column.clone().all(|delay| delay <= ceiling), "attempt {attempt}");
        let mean = column.clone().sum::<u64>() / SEEDS;
        assert!(mean.abs_diff(ceiling / 2) < ceiling / 8, "attempt {attempt}: {mean} of {ceiling}");
        assert!(column.clone().min() < Some(ceiling / 20) && column.max() > Some(ceiling - ceiling / 20));
    }
}

#[test]
fn delays_depend_on_the_seed_alone() {
    assert_eq!(delays(7, 10), delays(7, 10));
    assert_ne!(delays(7, 10), delays(8, 10));
}

#[test]
fn a_connection_that_lasted_starts_the_delays_anew() {
    let mut client = listening();
    for _ in 0..8 {
        client.close();
        client.advance(client.due_in().unwrap());
    }
    client.shake_hands("1.2.3");
    client.advance(10_000);
    client.close();
    assert!(client.due_in().unwrap() <= 500);
}

#[test]
fn a_gateway_that_accepts_and_drops_is_not_hammered() {
    let mut client = listening();
    let start = client.now;
    for _ in 0..30 {
        client.close();
        client.reconnect();
    }
    assert!(client.now.0 - start.0 > 100_000, "30 connections in {} ms", client.now.0 - start.0);
}

#[test]
fn what_nobody_listens_to_is_dropped_with_the_connection() {
    let mut client = Client::connected();
    client.load("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": {} })));
    client.close();
    client.dropped.sort();
    assert_eq!(client.dropped, ["a", "b"]);
    assert!(client.mirror.is_empty());
}

#[test]
fn what_is_listened_to_stays_readable_with_everything_below_it() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "b": { "rid": "b" } }, "b": { "n": 1 } })));
    client.close();
    assert_eq!(client.stale(), ["a", "b"]);
    assert_eq!(client.value("a"), json!({ "b": { "n": 1 } }));
    assert_eq!(client.get("a"), Get::Cached(client.id("a")));
}

#[test]
fn what_had_a_subscription_is_subscribed_to_again_and_what_was_covered_by_another_is_not() {
    let mut client = Client::connected();
    let set =
        models(json!({ "a": { "b": { "rid": "b" } }, "b": { "c": { "rid": "c" } }, "c": { "a": { "rid": "a" } } }));
    client.load_listened("a", set);
    client.listen(client.id("b"));
    client.listen(client.id("c"));
    client.load_listened("d", models(json!({ "d": { "a": { "rid": "a" } } })));
    client.load_listened("e", models(json!({ "e": {} })));
    client.close();
    client.reconnect();
    let mut methods = client.methods();
    methods.sort_unstable();
    assert_eq!(methods, ["subscribe.a", "subscribe.d", "subscribe.e"]);
}

#[test]
fn what_a_reference_is_taken_from_while_the_connection_is_down_is_up_to_date_at_once() {
    let mut client = Client::connected();
    client.load_listened("b", models(json!({ "b": { "n": 1 } })));
    client.load_listened("g", json!({ "collections": { "g": [{ "rid": "b" }] } }));
    client.close();
    client.reconnect();
    client.respond("subscribe.b", models(json!({ "b": { "n": 2 } })));
    client.respond("subscribe.g", json!({ "collections": { "g": [] } }));
    assert_eq!(client.live(), ["b", "g"]);
    assert!(client.sent.is_empty());
    client.assert_untroubled();
}

#[test]
fn a_refused_resubscription_is_tried_again() {
    let mut client = listening();
    client.close();
    client.reconnect();
    client.refuse("subscribe.a", "system.timeout");
    assert_eq!(client.stale(), ["a"]);
    client.advance(10_000);
    client.respond("subscribe.a", models(json!({ "a": { "n": 2 } })));
    assert_eq!(client.take_brief(), ["a change n"]);
    assert_eq!(client.live(), ["a"]);
}

#[test]
fn a_service_may_say_when_it_is_to_be_tried_again() {
    let mut client = listening();
    client.close();
    client.reconnect();
    client.refuse("subscribe.a", "system.tooActive");
    let usual = client.due_in();
    let a = client.id("a");
    client.postpone(a, 5);
    assert_eq!(client.due_in(), usual, "not sooner than ever");
    client.postpone(a, 60_000);
    assert_eq!(client.due_in(), Some(60_000));
    client.advance(59_999);
    assert_eq!(client.methods(), Vec::<String>::new());
    client.advance(1);
    client.respond("subscribe.a", models(json!({ "a": { "n": 2 } })));
    client.postpone(a, 60_000);
    assert_eq!(client.due_in(), None, "it is not to be asked for any more");
    assert_eq!(client.live(), ["a"]);
}

#[test]
fn a_request_made_between_connections_waits_for_the_next() {
    let mut client = listening();
    client.close();
    let wait = client.due_in();
    let call = client.call("r", "m", None);
    assert_eq!(client.due_in(), wait, "asking does not undo the backoff");
    client.reconnect();
    assert_eq!(client.methods(), ["subscribe.a", "call.r.m"]);
    client.respond("call.r.m", json!({ "payload": 1 }));
    assert_eq!(client.settled[&call], Settled::Payload(Some(json!(1))));
}

#[test]
fn a_disconnected_client_stays_so_until_something_is_asked_for() {
    let mut client = listening();
    client.disconnect();
    assert_eq!(client.engine.state(), ConnectionState::Closed);
    assert_eq!(client.due_in(), None);
    client.get_pending("b");
    client.shake_hands("1.2.3");
    assert_eq!(client.methods(), ["subscribe.a", "subscribe.b"]);
}

#[test]
fn disconnecting_while_waiting_ends_the_attempts() {
    let mut client = listening();
    client.close();
    client.disconnect();
    assert_eq!(client.due_in(), None);
    assert_eq!(client.engine.state(), ConnectionState::Closed);
    assert!(client.closed.is_empty(), "there was no socket to close");
}

#[test]
fn events_of_an_old_socket_are_ignored() {
    let mut client = Client::new();
    client.connect();
    let old = client.engine.connection();
    client.disconnect();
    client.connect();
    let new = client.engine.connection();
    assert_ne!(old, new);
    client.engine.handle_close(client.now, old);
    client.engine.handle_open(client.now, old);
    client.drain();
    assert!(client.sent.is_empty());
    assert_eq!(client.engine.state(), ConnectionState::Connecting);
    client.shake_hands("1.2.3");
    let get = client.get_pending("a");
    let id = client.sent[0].id;
    let frame = json!({ "id": id, "result": { "models": { "a": {} } } }).to_string();
    client.engine.handle_frame(client.now, old, &frame);
    client.engine.handle_close(client.now, old);
    client.drain();
    assert!(!client.settled.contains_key(&get));
    assert_eq!(client.engine.state(), ConnectionState::Connected);
}

#[test]
fn frames_before_the_socket_opens_and_after_it_closed_are_ignored() {
    let mut client = listening();
    client.close();
    client.event("a.change", json!({ "values": { "n": 2 } }));
    assert_eq!(client.take_events(), []);
    client.advance(client.due_in().unwrap());
    client.receive_text("{");
    assert_eq!(client.engine.state(), ConnectionState::Connecting);
    assert_eq!(client.engine.counters().malformed, 0);
}

#[test]
fn time_never_goes_back() {
    let mut client = listening();
    client.advance(100_000);
    client.unlisten(client.id("a"));
    client.engine.handle_timeout(Time(1));
    client.drain();
    assert_eq!(client.engine.poll_timeout().map(|(at, _)| at), Some(Time(105_000)));
}

#[test]
fn a_hub_shared_by_thousands_is_looked_at_once() {
    // 2,000 listened models that all refer to a hub of 2,000 references: what a disconnect does must not be the product.
    const MANY: usize = 2_000;
    let mut client = Client::connected();
    let hub: Vec<Json> = (0..MANY).map(|n| reference(&format!("leaf.{n}"))).collect();
    let leaves: serde_json::Map<String, Json> = (0..MANY).map(|n| (format!("leaf.{n}"), json!({}))).collect();
    let mut set = json!({ "models": leaves, "collections": { "hub": hub } });
    set["models"]["m.0"] = json!({ "hub": { "rid": "hub" } });
    client.load_listened("m.0", set);
    for n in 1..MANY {
        let rid = format!("m.{n}");
        client.load_listened(&rid, models(json!({ rid.clone(): { "hub": { "rid": "hub" } } })));
    }
    let before = client.engine.visits();
    client.close();
    let visits = client.engine.visits() - before;
    assert!(visits <= 4 * MANY as u64, "{visits} steps");
    assert_eq!(client.stale().len(), 2 * MANY + 1);
    client.reconnect();
    assert_eq!(client.engine.state(), ConnectionState::Stale);
}
