//! Spans in UTF-16 units cover the same text as spans in bytes, whatever characters precede them.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use proptest::prelude::*;
use resclient::protocol::{Span, Units};
use resclient::session::{Config, Engine, Outcome, Output, Reading, Time};
use serde_json::{Value as Json, json};

/// What the outputs of one frame point at, in order.
fn pointed_at(engine: &mut Engine, text: &str, units: Units) -> Vec<String> {
    let wide: Vec<u16> = text.encode_utf16().collect();
    let read = |span: Span| match units {
        Units::Bytes => span.of(text).to_owned(),
        Units::Utf16 => String::from_utf16(&wide[span.start as usize..span.end as usize]).expect("whole characters"),
    };
    let mut found = Vec::new();
    let reading = |found: &mut Vec<String>, reading: Reading| {
        found.push(format!("{} {}", read(reading.rid), read(reading.value)));
    };
    while let Some(output) = engine.poll_output() {
        match output {
            Output::Open(connection) => engine.handle_open(Time(0), connection),
            Output::Hook => engine.hook_done(Time(0), true),
            Output::Key { name, .. } => found.push(read(name)),
            Output::Loaded(ids) => {
                for id in ids {
                    let unread = engine.take(id).expect("nobody has read it");
                    reading(&mut found, unread);
                }
            }
            Output::Touch(unread) => reading(&mut found, unread),
            Output::Change { members, .. } => found.extend(members.iter().map(|m| read(m.value.span))),
            Output::Insert { value, .. } => found.push(read(value.span)),
            Output::Event { name, data, .. } => found.extend([read(name), read(data)]),
            Output::Unsubscribed { reason, .. } => found.push(read(reason)),
            Output::Refused { error, .. } => found.push(read(error)),
            Output::Settled { outcome: Outcome::Payload(span) | Outcome::Error(span), .. } => found.push(read(span)),
            _ => {}
        }
    }
    found
}

/// Frames that use every kind of span, with `s` in every place that takes any text.
fn frames(s: &str) -> Vec<Json> {
    let model = json!({ s: s, "n": 1, "d": { "data": [s, { s: null }] }, "soft": { "rid": s, "soft": true } });
    let set = json!({
        "models": { format!("a?{s}"): model, "aa": { s: s }, "b": { "r": { "rid": format!("a?{s}") } } },
        "collections": { "list": [s, 1, { "data": s }, { "rid": "b" }, { "rid": "aa" }] },
    });
    // What comes again as it was stands before what has changed.
    let other = json!({
        "models": { "aa": { s: s }, "b": { "r": s, format!("{s}!"): s } },
        "collections": { "list": [1, s, s, { "rid": "aa" }, { "rid": "b" }] },
    });
    vec![
        json!({ "id": 1, "result": { "protocol": "1.2.3", "x": s } }),
        json!({ "id": 2, "result": set, "x": s }),
        json!({ "id": 3, "result": { "payload": { s: s } }, "x": s }),
        json!({ "id": 4, "error": { "code": s, "message": s, "data": [s] } }),
        json!({ "id": 5, "result": { "rid": "b", "models": { "x": s } } }),
        json!({ "a": s, "event": format!("a?{s}.change"), "data": { "values": { s: { "data": { s: s } }, "new": s } } }),
        json!({ "a": s, "event": "list.add", "data": { "idx": 1, "value": s } }),
        json!({ "a": s, "event": "list.custom", "data": { s: [s] } }),
        json!({ "a": s, "event": "list.unsubscribe", "data": { "reason": { "code": "x", "message": s } } }),
        json!({ "id": 6, "result": other }),
    ]
}

/// Runs the frames through engines that count differently; the result is what both of them pointed at.
fn compare(frames: &[String]) -> Vec<Vec<String>> {
    let engine = |units| {
        let mut engine = Engine::new(Config { seed: 1, units, ..Config::default() });
        engine.get(Time(0), "list");
        engine.call(Time(0), "r", "m", None);
        engine.call(Time(0), "r", "fails", None);
        engine.fetch(Time(0), "once");
        pointed_at(&mut engine, "", units);
        engine
    };
    let (mut bytes, mut wide) = (engine(Units::Bytes), engine(Units::Utf16));
    let run = |(n, frame): (usize, &String)| {
        if n == 2 {
            for engine in [&mut bytes, &mut wide] {
                engine.listen(Time(0), engine.find("list").expect("the second frame brought it"));
            }
        }
        if n == frames.len() - 1 {
            for engine in [&mut bytes, &mut wide] {
                engine.handle_timeout(Time(2_000));
            }
        }
        for engine in [&mut bytes, &mut wide] {
            engine.handle_frame(Time(0), engine.connection(), frame);
        }
        let expected = pointed_at(&mut bytes, frame, Units::Bytes);
        assert_eq!(pointed_at(&mut wide, frame, Units::Utf16), expected, "{frame}");
        expected
    };
    let found = frames.iter().enumerate().map(run).collect();
    assert_eq!(bytes.counters(), wide.counters());
    assert_eq!(bytes.counters().malformed + bytes.counters().misfits + bytes.counters().resets, 0);
    found
}

#[test]
fn every_kind_of_span_is_right_behind_astral_characters() {
    let s = "\u{1d11e}é€\u{10ffff} \"\\\n";
    let texts: Vec<String> = frames(s).iter().map(Json::to_string).collect();
    let found = compare(&texts);
    let quoted = json!(s).to_string();
    assert!(found[1].contains(&quoted), "a member's name: {:?}", found[1]);
    assert_eq!(found[2], [format!("{{{quoted}:{quoted}}}")]);
    assert!(found[3][0].contains(&quoted) && found[3][0].starts_with('{'));
    assert_eq!(found[7], ["custom".to_owned(), format!("{{{quoted}:[{quoted}]}}")]);
    assert!(found[5].contains(&quoted) && found[6].contains(&quoted));
    assert!(found.last().unwrap().len() > 2, "the resync points at what changed: {:?}", found.last());
}

#[test]
fn a_character_may_be_written_as_two_escapes() {
    let escaped: Vec<String> =
        frames("@").iter().map(|f| f.to_string().replace('@', "\\ud834\\udd1e\u{1d11e}")).collect();
    compare(&escaped);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_are_right_behind_any_characters(s in prop::collection::vec(any_character(), 1..40)) {
        let s: String = s.into_iter().collect();
        compare(&frames(&s).iter().map(Json::to_string).collect::<Vec<_>>());
    }
}

fn any_character() -> impl Strategy<Value = char> {
    let some = prop::sample::select(vec![
        'a',
        '"',
        '\\',
        '\n',
        '\0',
        '\u{7f}',
        'é',
        '€',
        '\u{ffff}',
        '\u{1d11e}',
        '\u{10ffff}',
    ]);
    prop_oneof![3 => some, 1 => any::<char>()]
}
