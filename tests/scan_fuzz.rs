//! The scanner against `serde_json`, on texts made up by rule and on recorded frames that were damaged.

#[path = "support/damage.rs"]
mod damage;
mod scan_oracle;

use damage::{damage, damaged};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use resclient::protocol::value::Held;
use scan_oracle::{check, check_frame, check_json, check_parted};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The frames a real gateway sent.
fn recorded() -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Line<'a> {
        dir: &'a str,
        #[serde(borrow)]
        frame: Option<&'a serde_json::value::RawValue>,
    }
    include_str!("fixtures/resgate-1.8.0.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Line<'_>>(line).unwrap())
        .filter(|line| line.dir == "g>c")
        .filter_map(|line| Some(line.frame?.get().to_owned()))
        .collect()
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        select(ONES.to_vec()).prop_map(str::to_owned),
        "-?(0|[1-9][0-9]{0,3})",
        "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,4})?",
        "-?[0-9]{0,3}\\.?[0-9]{0,3}[eE]?[+-]?[0-9]{0,25}",
    ]
}

/// A string literal: plain characters of one to four bytes, escapes, halves of surrogate pairs in any order.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-c ]{0,12}",
        2 => any::<char>().prop_map(|c| if c < ' ' || c == '"' || c == '\\' { 'x' } else { c }.to_string()),
        2 => select(ESCAPES.to_vec()).prop_map(str::to_owned),
        1 => any::<u16>().prop_map(|unit| format!("\\u{unit:04x}")),
        1 => "\\\\u[dD][89abAB][0-9a-f]{2}\\\\u[dD][c-fC-F][0-9a-f]{2}",
    ];
    vec(piece, 0..6).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \t\n\r]{1,3}"]
}

/// An array or object of `item`s. Few names, so that some are there twice.
fn nested(item: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = String> {
    let name = prop_oneof![select(NAMES.to_vec()).prop_map(str::to_owned), string()];
    let member = (space(), name, space(), item.clone()).prop_map(|(a, name, b, value)| format!("{a}{name}{b}:{value}"));
    prop_oneof![
        vec((space(), item, space()).prop_map(|(a, item, b)| a + &item + &b), 0..5)
            .prop_map(|items| format!("[{}]", items.join(","))),
        vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
    ]
}

fn json() -> impl Strategy<Value = String> {
    let literal = select(vec!["null", "true", "false"]).prop_map(str::to_owned);
    prop_oneof![literal, number(), string()].prop_recursive(6, 64, 5, nested)
}

/// A value of a model or collection, sometimes not quite.
fn value() -> impl Strategy<Value = String> {
    let rid = select(vec![r#""a.b""#, r#""a.b?q=1.5""#, r#""a\u002eb""#, r#""é.😀""#, r#""""#, r#""\ud800""#, "1"]);
    let soft = select(vec!["", r#","soft":true"#, r#", "soft" : false"#, r#","soft":1"#, r#","data":[1]"#]);
    prop_oneof![
        3 => prop_oneof![number(), string(), select(vec!["null", "true", "false"]).prop_map(str::to_owned)],
        2 => (rid, soft).prop_map(|(rid, soft)| format!("{{\"rid\":{rid}{soft}}}")),
        2 => json().prop_map(|json| format!("{{ \"data\" : {json}}}")),
        1 => select(vec![r#"{"action":"delete"}"#, r#"{"action":"delet\u0065"}"#]).prop_map(str::to_owned),
        1 => json(),
    ]
}

/// A frame with a resource set or an event's data, mostly in the form of the protocol.
fn frame() -> impl Strategy<Value = String> {
    let rid = select(vec![r#""a.b""#, r#""a.c""#, r#""é.😀""#, r#""a\u002eb""#]).prop_map(str::to_owned);
    let key = prop_oneof![select(NAMES.to_vec()).prop_map(str::to_owned), string()];
    let model = vec((key, value()), 0..4).prop_map(|m| object(&m)).boxed();
    let collection = vec(value(), 0..4).prop_map(|items| format!("[{}]", items.join(", ")));
    let group = |item: BoxedStrategy<String>| vec((rid.clone(), item), 0..3).prop_map(|entries| object(&entries));
    let named =
        |name: &'static str, value: BoxedStrategy<String>| value.prop_map(move |v| (name.to_owned(), v)).boxed();
    let member = prop_oneof![
        named("\"models\"", group(model.clone()).boxed()),
        named("\"collections\"", group(collection.boxed()).boxed()),
        named("\"errors\"", group(json().boxed()).boxed()),
        named("\"values\"", model),
        named("\"value\"", value().boxed()),
        named("\"idx\"", number().boxed()),
        named("\"rid\"", string().boxed()),
        named("\"payload\"", json().boxed()),
        named("\"reason\"", json().boxed()),
        named("\"protocol\"", string().boxed()),
        (select(NAMES.to_vec()).prop_map(str::to_owned), json()).boxed(),
    ];
    let body = vec(member, 0..4).prop_map(|members| object(&members));
    let event = prop_oneof!["\"(a\\.|é|b\\?q=1\\.){0,3}([a-z]{0,4}|change|add|remove|unsubscribe)\"", string()];
    let top = prop_oneof![
        4 => (select(vec!["\"result\"", "\"data\""]).prop_map(str::to_owned), prop_oneof![4 => body, 1 => json()]),
        1 => named("\"id\"", number().boxed()),
        1 => named("\"event\"", event.boxed()),
        1 => named("\"error\"", nested(json().boxed()).boxed()),
        1 => (string(), json()),
    ];
    vec(top, 0..4).prop_map(|members| object(&members))
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn every_recorded_frame_is_read_as_serde_reads_it() {
    let frames = recorded();
    assert!(frames.len() >= 500, "only {} frames", frames.len());
    for frame in &frames {
        assert!(check_json(frame), "{frame}");
        // The recorder rounded one id, 2^64 - 1, to a number that is none.
        assert_eq!(check_frame(frame), !frame.contains(r#""id":18446744073709552000"#), "{frame}");
    }
}

#[test]
fn a_list_is_read_wherever_its_text_is_parted() {
    for items in ["", "1", "12", "1,2", "{\"rid\":\"a\"}", "{\"rid\":\"a\"},{\"rid\":\"b\"}", "\"\\u00e9\",1.5e3"] {
        for end in ["", " ", ",\"m\":[1]"] {
            let text = format!(r#"{{"result":{{"collections":{{"l":[{items}]{end}}}}},"id":1}}"#);
            assert!(check_frame(&text), "{text}");
            // So much space that a part may end wherever something ends, and more than that is not asked for beforehand.
            let spaced =
                text.replace(']', &format!("{}]", " ".repeat(3_000))).replace('}', &format!("{}}}", " ".repeat(3_000)));
            let ends = spaced.match_indices([']', '}', '1']).map(|(at, _)| (at + 1, Held::Nothing));
            assert!(check_parted(&spaced, &ends.collect::<Vec<_>>()), "{text}");
        }
    }
}

#[test]
fn every_recorded_frame_cut_anywhere_is_rejected() {
    let mut shapes: Vec<String> = recorded().into_iter().filter(|frame| frame.len() < 400).collect();
    shapes.sort_unstable_by_key(|frame| frame.len());
    shapes.dedup_by_key(|frame| frame.len());
    for frame in &shapes {
        for at in (0..frame.len()).filter(|&at| frame.is_char_boundary(at)) {
            assert!(!check_json(&frame[..at]), "{frame} up to {at}");
            assert!(!check_frame(&frame[..at]), "{frame} up to {at}");
        }
    }
}

#[test]
fn nesting_is_accepted_up_to_the_limit_and_never_overflows() {
    for depth in (1..80).chain([1_000, 4_999, 5_000, 5_001, 9_999, 10_000, 10_001, 100_000]) {
        for (open, leaf, close) in [("[", "", "]"), ("[", "1", "]"), ("{\"a\":", "{}", "}"), ("[{\"\":", "0", "}]")] {
            let text = [&open.repeat(depth), leaf, &close.repeat(depth)].concat();
            let levels = depth * (open.len() - open.trim_matches(['[', '{']).len()) + leaf.len() / 2;
            assert_eq!(check_json(&text), levels <= 10_000, "{depth} times {open}");
            if depth < 80 {
                check_frame(&format!("{{\"result\":{text}}}"));
            }
            check_json(&open.repeat(depth));
        }
    }
}

#[test]
fn each_character_in_each_place_of_eight_is_judged_alike() {
    // Strings are read eight bytes at a time, so a character must mean the same wherever it begins.
    for c in (0..=0x100).chain([0x20ac, 0x1f600]).filter_map(char::from_u32) {
        for before in 0..9 {
            for after in [0, 1, 7, 9] {
                let text = format!("[\"{}{c}{}\", 1]", "a".repeat(before), "é".repeat(after));
                let fits = c >= ' ' && c != '\\' && c != '"';
                assert_eq!(check_json(&text), fits, "{text:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn json_is_read_as_serde_reads_it(text in json(), damage in damage()) {
        check(&text);
        check(&damaged(&text, &damage));
    }

    #[test]
    fn frames_are_read_as_serde_reads_them(text in frame(), damage in damage()) {
        check(&text);
        check(&damaged(&text, &damage));
    }

    #[test]
    fn damaged_recorded_frames_are_read_as_serde_reads_them(frame in select(recorded()), damage in damage()) {
        check(&damaged(&frame, &damage));
    }

    #[test]
    fn numbers_are_equal_when_their_decimal_values_are(numbers in vec(number(), 1..12)) {
        check_json(&format!("[{}]", numbers.join(",")));
    }

    #[test]
    fn objects_are_equal_when_the_last_values_of_their_members_are(
        objects in vec(vec((select(NAMES[..3].to_vec()), select(ONES[5..9].to_vec())), 0..5), 2..8)
    ) {
        let own = |(key, value): &(&str, &str)| (key.to_string(), value.to_string());
        let objects: Vec<_> = objects.iter().map(|o| object(&o.iter().map(own).collect::<Vec<_>>())).collect();
        let text = format!("[{}]", objects.join(","));
        prop_assert!(check_json(&text), "{}", text);
    }

    #[test]
    fn strings_are_unescaped_as_serde_does(strings in vec(string(), 1..12)) {
        let text = format!("[{}]", strings.join(","));
        prop_assert!(check_json(&text), "{}", text);
    }
}

/// Spellings that are the same number, and neighbours that are not.
const ONES: [&str; 14] = [
    "1",
    "1.0",
    "10e-1",
    "0.1E+1",
    "1.00e0",
    "1e0",
    "100e-02",
    "0",
    "-0",
    "0.0",
    "0e7",
    "-1",
    "1e1",
    "9007199254740993",
];

/// Names that are equal although they look different, and names of the protocol.
const NAMES: [&str; 10] = [
    r#""a""#,
    r#""\u0061""#,
    r#""b""#,
    r#""rid""#,
    r#""data""#,
    r#""soft""#,
    r#""action""#,
    r#""""#,
    r#""\ud83d""#,
    r#""code""#,
];

const ESCAPES: [&str; 14] = [
    r#"\""#,
    r"\\",
    r"\/",
    r"\b",
    r"\f",
    r"\n",
    r"\r",
    r"\t",
    r"\u0061",
    r"\u00e9",
    r"\uD83D\uDE00",
    r"\ud83d",
    r"\uDE00",
    r"\ud83d\ud83d\ude00",
];

/// A few for every run, or what `PROPTEST_CASES` says.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(512)
}
