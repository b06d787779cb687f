//! What clients are told when a reset finds another collection: the fewest events that lead from the one to the other.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use serde_json::{Value, json};

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_of_a_reset_lead_to_the_new_collection_and_are_the_fewest(old in list(), new in list()) {
        let events = events(&old, &new);
        let (mut items, mut is_adding) = (old.clone(), false);
        for event in &events {
            let idx = event["data"]["idx"].as_u64().expect("a position") as usize;
            match event["event"].as_str().expect("a name") {
                "a.list.add" => {
                    is_adding = true;
                    items.insert(idx, event["data"]["value"].clone());
                }
                "a.list.remove" if !is_adding => drop(items.remove(idx)),
                other => panic!("{other} in {events:?}"),
            }
        }
        prop_assert_eq!(&items, &new);
        prop_assert_eq!(events.len(), old.len() + new.len() - 2 * common(&old, &new));
    }
}

#[test]
fn a_reset_that_replaces_a_collection_of_12_000_is_one_short_event_for_each_item() {
    let old: Vec<Value> = (0..12_000).map(Value::from).collect();
    let new: Vec<Value> = (12_000..24_000).map(Value::from).collect();
    let events = events(&old, &new);
    assert_eq!(events.len(), 24_000);
    assert!(events.iter().all(|event| event.to_string().len() < 80), "no event has more in it than its item");
    assert_eq!(events[0]["data"]["idx"], 11_999);
    assert_eq!(events[23_999]["data"], json!({ "idx": 11_999, "value": 23_999 }));
}

/// What a client of `old` is told when a reset finds `new`.
fn events(old: &[Value], new: &[Value]) -> Vec<Value> {
    let mut core = Core::new(CoreConfig::default());
    let conn = core.handle_connect("c1", Default::default());
    core.handle_frame(Time(0), conn, r#"{"id":1,"method":"version","params":{"protocol":"1.2.3"}}"#);
    core.handle_frame(Time(0), conn, r#"{"id":2,"method":"subscribe.a.list"}"#);
    assert!(serve(&mut core, old).is_empty());
    core.handle_message(Time(0), "system.reset", br#"{"resources":["a.>"]}"#, false);
    serve(&mut core, new)
}

/// Answers every request of the core, and returns the events that clients were sent.
fn serve(core: &mut Core, list: &[Value]) -> Vec<Value> {
    let mut events = Vec::new();
    while let Some(output) = core.poll_output() {
        match output {
            Output::Publish { subject, reply, .. } => {
                let result = match subject.as_str() {
                    "get.a.list" => json!({ "collection": list }),
                    "access.a.list" => json!({ "get": true }),
                    other => panic!("{other} is asked for"),
                };
                let answer = json!({ "result": result }).to_string();
                core.handle_message(Time(0), &reply.expect("a request"), answer.as_bytes(), false);
            }
            Output::Event(_, text) => events.push(serde_json::from_str(&text).expect("events are JSON")),
            _ => {}
        }
    }
    events
}

/// Up to eight items, few enough to be there several times.
fn list() -> impl Strategy<Value = Vec<Value>> {
    let items =
        [json!(1), json!("1"), json!(null), json!({ "data": [1] }), json!({ "rid": "a.b", "soft": true }), json!(2)];
    (1..=items.len()).prop_flat_map(move |count| vec(select(items[..count].to_vec()), 0..=8))
}

/// The length of a longest common subsequence, by trying all of them.
fn common(one: &[Value], other: &[Value]) -> usize {
    match (one, other) {
        ([a, one @ ..], [b, other @ ..]) if a == b => 1 + common(one, other),
        ([_, one_rest @ ..], [_, other_rest @ ..]) => common(one_rest, other).max(common(one, other_rest)),
        _ => 0,
    }
}
