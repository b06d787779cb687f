//! What one request costs, however many others there are. Work is measured as time, against that of the same in a small session, so
//! not in wasm, which has no clock here.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::time::{Duration, Instant};

use resclient::session::RequestId;
use serde_json::json;
use support::{Client, models};

const FEW: usize = 500;
const MANY: usize = 20_000;
/// Steps that are measured together, and how often: the quickest time is the one that nothing else disturbed.
const STEPS: usize = 50;
const TIMES: usize = 8;

fn quickest(mut step: impl FnMut(usize)) -> Duration {
    let time = |round: usize| {
        let start = Instant::now();
        (round * STEPS..(round + 1) * STEPS).for_each(&mut step);
        start.elapsed()
    };
    (0..TIMES).map(time).min().expect("there are several")
}

/// A client that has asked for the end of so many subscriptions, and has no answer.
fn unsubscribing(count: usize) -> Client {
    let mut client = Client::connected();
    for i in 0..count {
        let rid = format!("m.{i}");
        client.load(&rid, models(json!({ &rid: {} })));
    }
    client.advance(5_000);
    assert_eq!(client.methods().len(), count);
    client
}

#[test]
fn the_end_of_a_subscription_costs_the_same_however_many_requests_are_unanswered() {
    let [few, many] = [FEW, MANY].map(|count| {
        let mut client = unsubscribing(count);
        let time = quickest(|i| client.event(&format!("m.{i}.unsubscribe"), json!({})));
        assert_eq!(client.dropped.len(), STEPS * TIMES);
        time
    });
    assert!(many < 4 * few, "{few:?} among {FEW}, {many:?} among {MANY}");
}

#[test]
fn giving_up_a_call_costs_the_same_however_many_others_wait() {
    let [few, many] = [FEW, MANY].map(|count| {
        let mut client = Client::new();
        let calls: Vec<RequestId> = (0..count).map(|_| client.call("r", "m", None)).collect();
        let time = quickest(|i| assert!(client.engine.give_up(calls[count - 1 - i])));
        assert_eq!(client.engine.pending(), count - STEPS * TIMES);
        time
    });
    assert!(many < 8 * few, "{few:?} among {FEW}, {many:?} among {MANY}");
}

#[test]
fn a_long_text_is_not_compared_with_each_of_many_short_ones() {
    let mut client = Client::connected();
    for (rid, text) in [("long", "x".repeat(40_000)), ("short", "x".to_owned())] {
        client.load(rid, models(json!({ rid: { "text": text } })));
    }
    let [short, long] = ["short", "long"].map(|rid| {
        let many = vec![format!(r#""{rid}":{{}}"#); 20_000].join(",");
        let frame = format!(
            r#"{{"event":"short.custom","data":{{"models":{{"other":{{"text":"{}"}},{many}}}}}}}"#,
            "y".repeat(270_000)
        );
        let start = Instant::now();
        client.receive_text(&frame);
        start.elapsed()
    });
    assert!(long < 8 * short, "{short:?} for a short text, {long:?} for a long one");
}
