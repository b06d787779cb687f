//! Frames that make no sense: none is half applied, and none leaves the client wrong in silence.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::protocol::ResError;
use resclient::session::{ConnectionState, Counters, Output};
use serde_json::{Value as Json, json};
use support::{Client, Settled, models};

/// A client that listens to the collection `list`, with `a` indirectly, and to the model `m`.
fn client() -> Client {
    let mut client = Client::connected();
    let set = json!({ "collections": { "list": [{ "rid": "a" }, "x"] }, "models": { "a": { "n": 1 } } });
    client.load_listened("list", set);
    client.load_listened("m", models(json!({ "m": { "n": 1 } })));
    client
}

fn values(client: &Client) -> [Json; 2] {
    [client.value("list"), client.value("m")]
}

#[test]
fn a_frame_that_is_no_frame_resets_the_connection() {
    let frames = [
        "",
        " ",
        "{",
        "null",
        "5",
        "[]",
        "\"s\"",
        "{}",
        "{\"id\":null}",
        "{\"id\":-1}",
        "{\"id\":1.5}",
        "{\"id\":\"1\"}",
        "{\"event\":5}",
        "{\"event\":\"m\"}",
        "{\"event\":\"m.\"}",
        "{\"event\":\".change\"}",
        "{\"event\":\"m.change\",\"data\":{\"values\":{\"n\":2}}",
        "{\"event\":\"m.change\",\"data\":{\"values\":{\"n\":2}}}x",
        "{\"event\":\"m.change\",\"data\":{\"values\":{\"n\":2},}}",
        "{\"event\":\"m.change\",\"data\":{\"values\":{\"n\":02}}}",
        "{\"event\":\"m.custom\",\"data\":[1,2}",
        "\u{feff}{\"event\":\"m.custom\",\"data\":1}",
    ];
    for frame in frames {
        let mut client = client();
        let before = values(&client);
        client.receive_text(frame);
        let expected = Counters { frames: 4, malformed: 1, resets: 1, ..Counters::default() };
        assert_eq!(client.engine.counters(), expected, "{frame}");
        assert_eq!(values(&client), before, "{frame}");
        assert_eq!(client.take_events(), [], "{frame}");
        assert_eq!(client.closed, client.opened, "{frame}");
        assert!(matches!(client.engine.state(), ConnectionState::Waiting { .. }), "{frame}");
        client.reconnect();
        client.sent.sort_by(|a, b| a.method.cmp(&b.method));
        assert_eq!(client.methods(), ["subscribe.list", "subscribe.m"], "{frame}");
    }
}

#[test]
fn nesting_without_end_is_refused_without_recursion() {
    for open in ["[", "{\"a\":"] {
        let mut client = client();
        client.receive_text(&format!("{{\"event\":\"m.custom\",\"data\":{}", open.repeat(200_000)));
        assert_eq!(client.engine.counters().malformed, 1);
    }
}

#[test]
fn an_answer_to_nothing_is_counted_and_ignored() {
    let mut client = client();
    let before = values(&client);
    client.receive(json!({ "id": 4711, "result": { "models": { "m": { "n": 9 }, "new": {} } } }));
    client.receive(json!({ "id": 4711, "error": { "code": "x" } }));
    client.receive(json!({ "id": u64::MAX }));
    assert_eq!(client.engine.counters().unmatched, 3);
    assert_eq!(values(&client), before);
    assert_eq!(client.engine.find("new"), None);
    assert_eq!(client.engine.state(), ConnectionState::Connected);
}

#[test]
fn ten_frames_in_a_minute_that_concern_nothing_here_reset_the_connection() {
    let strays = [
        json!({ "id": 4711, "result": null }),
        json!({ "id": 4711, "error": { "code": "x", "message": "y" }, "result": {} }),
        json!({ "event": "nothing.change", "data": { "values": { "n": 2 } } }),
        json!({ "event": "nothing.custom" }),
    ];
    let mut client = client();
    let before = values(&client);
    // Once in a while they are borne for ever.
    for _ in 0..20 {
        strays.iter().chain(&strays).for_each(|stray| client.receive(stray.clone()));
        client.receive(strays[0].clone());
        client.advance(60_000);
    }
    assert_eq!(client.engine.counters().resets, 0);
    strays.iter().chain(&strays).chain(&strays[..1]).for_each(|stray| client.receive(stray.clone()));
    assert_eq!((client.engine.counters().resets, values(&client)), (0, before.clone()));
    client.receive(strays[3].clone());
    assert_eq!((client.engine.counters().resets, values(&client)), (1, before));
    client.reconnect();
    client.respond("subscribe.m", models(json!({ "m": { "n": 3 } })));
    assert_eq!(client.value("m"), json!({ "n": 3 }));
    // The next connection is trusted like the first one.
    client.receive(strays[0].clone());
    assert_eq!(client.engine.counters().resets, 1);
}

#[test]
fn an_end_that_crosses_the_end_of_a_subscription_is_no_stray() {
    let mut client = client();
    for _ in 0..100 {
        client.event("nothing.unsubscribe", json!({ "reason": { "code": "system.accessDenied" } }));
    }
    assert_eq!((client.engine.counters().unknown, client.engine.counters().resets), (0, 0));
}

#[test]
fn of_an_answer_with_a_result_and_an_error_the_error_counts_and_a_second_answer_is_none() {
    let mut client = client();
    let (get, call) = (client.get_pending("b"), client.call("some", "method", None));
    for method in ["subscribe.b", "call.some.method"] {
        let id = client.take(method).id;
        let both = json!({ "id": id, "result": { "models": { "b": {} }, "payload": 1 }, "error": { "code": "x.y", "message": "z" } });
        client.receive(both.clone());
        client.receive(both);
        client.receive(json!({ "id": id, "result": { "models": { "b": {} }, "payload": 1 } }));
    }
    for request in [get, call] {
        assert!(matches!(&client.settled[&request], Settled::Error(error) if error.code == "x.y"));
    }
    assert_eq!((client.engine.counters().unmatched, client.engine.find("b")), (4, None));
}

#[test]
fn an_event_that_does_not_fit_is_answered_by_subscribing_again() {
    let events = [
        ("m.add", json!({ "idx": 0, "value": 1 })),
        ("m.remove", json!({ "idx": 0 })),
        ("m.change", json!(null)),
        ("m.change", json!({})),
        ("m.change", json!({ "values": null })),
        ("m.change", json!({ "values": [] })),
        ("m.change", json!({ "values": { "n": { "no": "value" } } })),
        ("m.change", json!({ "values": { "n": [] } })),
        ("m.change", json!({ "values": { "n": { "rid": "" } } })),
        ("list.change", json!({ "values": { "n": 1 } })),
        ("list.add", json!({ "idx": 3, "value": 1 })),
        ("list.add", json!({ "idx": -1, "value": 1 })),
        ("list.add", json!({ "idx": 0.5, "value": 1 })),
        ("list.add", json!({ "idx": "0", "value": 1 })),
        ("list.add", json!({ "value": 1 })),
        ("list.add", json!({ "idx": 0 })),
        ("list.add", json!({ "idx": 0, "value": { "action": "delete" } })),
        ("list.add", json!({ "idx": 0, "value": {} })),
        ("list.add", json!(7)),
        ("list.remove", json!({ "idx": 2 })),
        ("list.remove", json!({ "idx": u64::MAX })),
        ("list.remove", json!({ "idx": u64::from(u32::MAX) + 1 })),
        ("list.remove", json!({})),
        ("list.remove", json!(null)),
    ];
    for (event, data) in events {
        let mut client = client();
        let before = values(&client);
        client.event(event, data.clone());
        let rid = event.split_once('.').unwrap().0;
        assert_eq!(client.engine.counters().misfits, 1, "{event} {data}");
        assert_eq!(values(&client), before, "{event} {data}");
        assert_eq!(client.take_events(), [], "{event} {data}");
        assert_eq!(client.methods(), [format!("unsubscribe.{rid}"), format!("subscribe.{rid}")], "{event} {data}");
        client.respond(&format!("unsubscribe.{rid}"), json!(null));
        let set = json!({ "collections": { "list": ["y"] } });
        let set = if rid == "m" { models(json!({ "m": { "n": 2 } })) } else { set };
        client.respond(&format!("subscribe.{rid}"), set);
        let after = if rid == "m" { [before[0].clone(), json!({ "n": 2 })] } else { [json!(["y"]), before[1].clone()] };
        assert_eq!(values(&client), after, "{event} {data}");
        assert_eq!(client.engine.counters().resets, 0, "{event} {data}");
        client.advance(1_000_000);
        assert!(client.sent.is_empty(), "{event} {data}");
    }
}

#[test]
fn an_event_that_does_not_fit_an_indirect_resource_resets_the_connection() {
    let mut client = client();
    client.event("a.add", json!({ "idx": 0, "value": 1 }));
    assert_eq!(client.engine.counters(), Counters { frames: 4, misfits: 1, resets: 1, ..Counters::default() });
    client.reconnect();
    client.respond("subscribe.m", models(json!({ "m": { "n": 1 } })));
    let set = json!({ "collections": { "list": [{ "rid": "a" }] }, "models": { "a": { "n": 2 } } });
    client.respond("subscribe.list", set);
    assert_eq!(client.take_brief().len(), 2, "only what is different");
    assert_eq!(client.value("list"), json!([{ "n": 2 }]));
}

#[test]
fn a_second_misfit_on_the_way_changes_nothing() {
    let mut client = client();
    client.event("m.remove", json!({ "idx": 0 }));
    client.event("m.remove", json!({ "idx": 0 }));
    assert_eq!(client.methods(), ["unsubscribe.m", "subscribe.m"]);
    client.respond("unsubscribe.m", json!(null));
    client.respond("subscribe.m", models(json!({ "m": {} })));
    assert_eq!(client.live(), ["a", "list", "m"]);
    client.event("m.remove", json!({ "idx": 0 }));
    assert_eq!(client.methods(), ["unsubscribe.m", "subscribe.m"], "and a later one is answered again");
}

#[test]
fn an_answer_that_makes_no_sense_is_given_back_and_disturbs_nothing_else() {
    let results = [
        json!({ "models": { "b": { "x": { "nested": 1 } } } }),
        json!({ "models": { "b": { "x": [] } } }),
        json!({ "models": { "b": { "x": { "action": "delete" } } } }),
        json!({ "models": { "b": [] } }),
        json!({ "collections": { "b": {} } }),
        json!({ "models": 5 }),
        json!({ "models": { "b": {} }, "collections": [] }),
        json!({ "models": { "b": {} }, "errors": { "c": 1 } }),
        json!({ "models": { "m": { "n": 9 }, "b": {} }, "collections": 5 }),
    ];
    for result in results {
        let mut client = client();
        let before = values(&client);
        let (request, call) = (client.get_pending("b"), client.call("some", "method", None));
        client.respond("subscribe.b", result.clone());
        assert_eq!(client.settled[&request], Settled::Failed(ResError::UNKNOWN_ERROR), "{result}");
        let counters = client.engine.counters();
        assert_eq!(counters, Counters { frames: 4, misfits: 1, ..Counters::default() }, "{result}");
        assert_eq!(values(&client), before, "{result}");
        assert_eq!(client.take_events(), [], "{result}");
        assert_eq!(client.engine.find("b"), None, "{result}");
        assert_eq!(client.methods(), ["call.some.method", "unsubscribe.b"], "{result}");
        assert!(!client.settled.contains_key(&call), "{result}");
        // It may make sense the next time.
        client.respond("unsubscribe.b", json!(null));
        client.load("b", models(json!({ "b": { "x": 1 } })));
    }
}

#[test]
fn what_is_listened_to_is_asked_for_again_after_an_answer_that_makes_no_sense() {
    let mut client = client();
    client.close();
    client.reconnect();
    client.respond("subscribe.list", json!({ "collections": { "list": ["x"] } }));
    for _ in 0..3 {
        client.respond("subscribe.m", models(json!({ "m": { "n": [] } })));
        client.respond("unsubscribe.m", json!(null));
        assert_eq!((client.refusals.len(), client.stale()), (1, vec!["m"]));
        client.refusals.clear();
        client.advance(10_000);
    }
    client.respond("subscribe.m", models(json!({ "m": { "n": 2 } })));
    assert_eq!((client.value("m"), client.stale()), (json!({ "n": 2 }), vec![]));
    assert_eq!(client.engine.counters().resets, 0);
}

#[test]
fn a_gateway_that_takes_for_sent_what_is_not_here_is_connected_to_anew_some_times() {
    for result in [json!(null), json!({}), json!({ "models": { "other": {} } })] {
        let mut client = Client::connected();
        for resets in 1..=3 {
            client.get_pending("b");
            client.respond("subscribe.b", result.clone());
            assert_eq!(client.engine.counters().resets, resets, "{result}");
            client.connect();
            client.shake_hands("1.2.3");
        }
        let request = client.get_pending("b");
        client.respond("subscribe.b", result.clone());
        assert_eq!(client.settled[&request], Settled::Failed(ResError::UNKNOWN_ERROR), "{result}");
        assert_eq!((client.engine.counters().resets, client.methods()), (3, vec!["unsubscribe.b"]), "{result}");
        assert_eq!([client.engine.find("b"), client.engine.find("other")], [None, None], "{result}");
    }
}

#[test]
fn what_is_referred_to_and_did_not_come_is_an_error_and_asked_for() {
    let mut client = client();
    client.load("b", models(json!({ "b": { "x": { "rid": "missing" }, "y": 1 } })));
    let unknown = json!({ "code": "system.unknownError", "message": "Unknown error" });
    assert_eq!(client.value("b"), json!({ "x": unknown, "y": 1 }));
    assert_eq!(client.engine.counters(), Counters { frames: 4, misfits: 1, ..Counters::default() });
    let b = client.id("b");
    client.listen(b);
    client.advance(20_000);
    client.respond("subscribe.missing", models(json!({ "missing": { "z": 2 } })));
    assert_eq!(client.value("b"), json!({ "x": { "z": 2 }, "y": 1 }));
}

#[test]
fn a_call_answered_with_what_makes_no_sense_fails_alone() {
    for result in [json!({ "rid": "b", "models": 5 }), json!({ "rid": "b", "models": { "b": { "x": [] } } })] {
        let mut client = client();
        let (call, other) = (client.call("some", "method", None), client.call("another", "method", None));
        client.respond("call.some.method", result);
        assert_eq!(client.settled[&call], Settled::Failed(ResError::UNKNOWN_ERROR));
        assert_eq!(client.methods(), ["call.another.method", "unsubscribe.b"], "as the gateway may count it");
        client.respond("call.another.method", json!({ "payload": 1 }));
        assert_eq!(client.settled[&other], Settled::Payload(Some(json!(1))));
        assert_eq!(client.engine.counters().resets, 0);
    }
    let mut client = client();
    let call = client.call("some", "method", None);
    client.respond("call.some.method", json!({ "rid": "b" }));
    assert!(matches!(client.settled[&call], Settled::Resource(_)), "an error in its place");
    assert_eq!((client.methods(), client.engine.counters().resets), (vec!["unsubscribe.b"], 0));
}

#[test]
fn an_event_whose_set_is_broken_is_not_taken_for_good() {
    let sets = [
        json!({ "idx": 0, "value": { "rid": "new" } }),
        json!({ "idx": 0, "value": { "rid": "new" }, "models": { "new": { "x": { "rid": "newer" } } } }),
        json!({ "idx": 0, "value": { "rid": "new" }, "models": { "new": [] } }),
        json!({ "idx": 0, "value": 1, "models": 1 }),
    ];
    for data in sets {
        let mut client = client();
        client.event("list.add", data.clone());
        let counters = client.engine.counters();
        assert!(counters.misfits + counters.resets > 0, "{data}");
        assert!(client.sent.iter().any(|s| s.method == "subscribe.list") || counters.resets > 0, "{data}");
    }
}

#[test]
fn of_a_member_given_twice_it_is_the_last_that_counts_also_where_it_is_no_text() {
    for value in [r#"{"rid":"a","soft":true,"rid":[]}"#, r#"{"action":"delete","action":1}"#] {
        let mut client = client();
        client.receive_text(&format!(r#"{{"event":"m.change","data":{{"values":{{"n":{value}}}}}}}"#));
        assert_eq!(client.value("m"), json!({ "n": 1 }), "{value}");
        assert_eq!(client.engine.counters().misfits, 1, "{value}");
    }
}

#[test]
fn unknown_members_of_frames_are_passed_over() {
    let mut client = client();
    let frame =
        r#"{"jsonrpc":"2.0","x":[{}],"event":"m.change","y":null,"data":{"z":{"a":[]},"values":{"n":2}},"w":1}"#;
    client.receive_text(frame);
    assert_eq!(client.value("m"), json!({ "n": 2 }));
    client.assert_untroubled();
}

#[test]
fn what_a_refused_answer_brought_is_dropped_with_its_connection() {
    let mut client = Client::connected();
    client.load_listened("m", models(json!({ "m": { "n": 1 } })));
    client.get_pending("a");
    client.respond("subscribe.a", models(json!({ "x": { "v": 1 } })));
    assert_eq!(client.engine.counters().resets, 1);
    assert_eq!(client.dropped, ["x", "a"]);
    client.reconnect();
    client.respond("subscribe.m", models(json!({ "m": { "n": 1 } })));
    // Numbers that were given up once are given out once.
    let (p, q) = (client.get_pending("p"), client.get_pending("q"));
    client.respond("subscribe.p", models(json!({ "p": { "name": "p" } })));
    client.respond("subscribe.q", models(json!({ "q": { "name": "q" } })));
    assert_ne!(p, q);
    assert_eq!((client.value("p"), client.value("q")), (json!({ "name": "p" }), json!({ "name": "q" })));
}

#[test]
fn a_reference_to_what_is_only_asked_for_leads_to_a_resync() {
    let mut client = Client::connected();
    client.load_listened("a", models(json!({ "a": { "x": 1, "y": 1 } })));
    client.get_pending("b");
    client.event("a.change", json!({ "values": { "x": { "rid": "b" }, "y": 2 } }));
    assert_eq!(client.value("a"), json!({ "x": 1, "y": 1 }), "nothing of it is applied");
    assert_eq!(client.engine.counters().misfits, 1);
    client.respond("subscribe.b", models(json!({ "b": {} })));
    client.respond("unsubscribe.a", json!(null));
    client.respond("subscribe.a", models(json!({ "a": { "x": { "rid": "b" }, "y": 2 } })));
    assert_eq!(client.value("a"), json!({ "x": {}, "y": 2 }));
}

#[test]
fn the_text_of_a_frame_is_not_kept_for_what_the_same_frame_changes() {
    let mut client = Client::connected();
    client.lazy = true;
    client.load_listened("m", models(json!({ "m": { "n": 1 } })));
    client.read_all();
    assert!(client.kept.is_empty());
    client.event("m.add", json!({ "idx": 0, "value": 1, "collections": { "m": [2] } }));
    assert!(client.kept.is_empty());
    assert_eq!(client.value("m"), json!([1, 2]));
    client.event("m.change", json!({ "values": { "n": 1 }, "errors": { "m": {} }, "models": { "m": {} } }));
    assert!(client.kept.is_empty());
    assert_eq!(client.value("m"), json!({ "n": 1 }));
}

#[test]
fn resources_that_refer_to_each_other_go_with_the_connection_that_brought_them_for_nothing() {
    let mut client = client();
    client.get_pending("b");
    let (c, d) = (json!({ "to": { "rid": "d" } }), json!({ "to": { "rid": "c" } }));
    client.respond("subscribe.b", models(json!({ "c": c, "d": d })));
    assert_eq!(client.engine.counters().resets, 1);
    assert_eq!([client.engine.find("c"), client.engine.find("d")], [None, None]);
    assert_eq!(client.stale(), ["a", "list", "m"], "what is listened to is kept");
}

#[test]
fn what_nothing_refers_to_but_itself_is_not_cached() {
    let circle = json!({ "x": { "y": { "rid": "y" } }, "y": { "x": { "rid": "x" } } });
    let mut client = client();
    client.event("m.add", json!({ "idx": 0, "value": { "rid": "x" }, "models": circle }));
    client.respond("unsubscribe.m", json!(null));
    client.respond("subscribe.m", models(json!({ "m": {}, "x": circle["x"], "y": circle["y"], "z": {} })));
    client.get_pending("x");
    assert_eq!(client.methods(), ["subscribe.x"]);
    assert_eq!(client.live(), ["a", "list", "m"]);
}

#[test]
fn of_a_resource_that_is_in_a_set_twice_only_the_last_is_told() {
    let mut client = client();
    client.get_pending("b");
    let id = client.take("subscribe.b").id;
    let models = r#""models":{"b":{},"m":{"n":2},"m":{"n":3}}"#;
    client.hand_over(&format!(r#"{{"id":{id},"result":{{{models},"collections":{{"b":[],"m":[1]}}}}}}"#));
    let mut told = Vec::new();
    while let Some(output) = client.engine.poll_output() {
        let name = |id| client.engine.rid(id);
        told.extend(match &output {
            Output::Loaded(ids) => Some(format!("{} is here", ids.iter().map(|&id| name(id)).collect::<String>())),
            Output::Replaced(id) => Some(format!("{} is another", name(*id))),
            Output::Change { resource, .. } => Some(format!("{} has changed", name(*resource))),
            _ => None,
        });
        client.obey(output);
    }
    assert_eq!(told, ["m is another", "b is here"]);
    assert_eq!([client.value("b"), client.value("m")], [json!([]), json!([1])]);
}

#[test]
fn what_is_listened_to_and_sent_for_no_reason_is_asked_for_all_the_same() {
    let mut client = client();
    let child = client.id("a");
    client.listen(child);
    client.event("list.unsubscribe", json!(null));
    client.advance(2_000);
    client.refuse("subscribe.list", "system.timeout");
    assert_eq!(client.stale(), ["a", "list"]);
    client.event("m.add", json!({ "idx": 0, "value": 1, "models": { "a": { "n": 2 } } }));
    client.advance(10_000);
    client.respond("subscribe.a", models(json!({ "a": { "n": 3 } })));
    // Nor has the model come to which the event did not fit.
    assert_eq!((client.value("a"), client.stale()), (json!({ "n": 3 }), vec!["list", "m"]));
}
