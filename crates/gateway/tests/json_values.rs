//! When two JSON texts are the same: exactly when their values are, with numbers to the last digit.

#[path = "../../../tests/scan_oracle/json.rs"]
#[allow(dead_code, reason = "spans are not looked at here")]
mod reference;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use reference::json as value;
use res_gateway::core::json::{canonical, depth, same};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_are_the_same_exactly_when_their_values_are(one in json(), other in json()) {
        compare(&one, &other)?;
    }

    #[test]
    fn numbers_are_the_same_to_the_last_digit(one in number(), other in number()) {
        compare(&one, &other)?;
    }

    #[test]
    fn another_spelling_is_the_same(text in json(), spaces in vec(select(vec!["", " ", "\n\t"]), 1..8)) {
        let (other, mut spaces) = (respelled(&text), spaces.iter().cycle());
        // Strings are made without these characters.
        let spaced: String =
            text.split_inclusive([',', ':', '[', '{']).map(|piece| format!("{piece}{}", spaces.next().unwrap())).collect();
        let spaced = spaced.trim_end();
        prop_assert!(same(&text, spaced), "{text} and {spaced}");
        prop_assert!(same(&text, &other) && canonical(&text) == canonical(&other), "{text} and {other}");
    }
}

#[test]
fn exponents_of_any_length_are_not_taken_for_each_other() {
    let different = [
        ("1.5e-9223372036854775808", "15e-9223372036854775808"),
        ("10e9223372036854775807", "1e9223372036854775807"),
        ("1e99999999999999999999999999999999999999999", "1e99999999999999999999999999999999999999998"),
        ("1e18446744073709551616", "1"),
    ];
    for (one, other) in different {
        assert!(!same(one, other) && !same(other, one), "{one} and {other}");
    }
    assert!(same("10e9223372036854775807", "1e9223372036854775808"));
    assert!(same("1.5e-9223372036854775808", "15e-9223372036854775809"));
}

fn compare(one: &str, other: &str) -> Result<(), TestCaseError> {
    let is_same = value(one) == value(other);
    prop_assert_eq!(same(one, other), is_same, "{} and {}", one, other);
    prop_assert_eq!(same(other, one), is_same, "{} and {}", other, one);
    prop_assert_eq!(canonical(one) == canonical(other), is_same, "{} and {}", one, other);
    prop_assert_eq!(depth(one), reference::depth(one) as usize);
    Ok(())
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]?)(\\.0|\\.10?)?([eE][+-]?0?[0-2])?",
        "-?(0|[1-9]0{0,3})(\\.0{0,3}[01])?([eE]-?[0-5])?",
        "[1-9][0-9]{15,30}(\\.[0-9]{1,3})?",
    ]
}

fn json() -> impl Strategy<Value = String> {
    let string = vec(
        select(vec![
            "a",
            "é",
            "\\u0061",
            "\\\"",
            "\\\\",
            "\\/",
            "/",
            "\\n",
            "\\u000a",
            "\\ud83d\\ude00",
            "😀",
            "\\u0000",
        ]),
        0..3,
    );
    let string = string.prop_map(|pieces| format!("\"{}\"", pieces.concat())).boxed();
    let name = select(vec!["\"a\"", "\"\\u0061\"", "\"b\"", "\"\""]);
    let leaf = prop_oneof![number(), string, select(vec!["null", "true", "false"]).prop_map(str::to_owned)];
    leaf.prop_recursive(3, 12, 3, move |item| {
        let members = vec((name.clone(), item.clone()), 0..3).prop_map(|members| {
            let members: Vec<String> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
            format!("{{{}}}", members.join(","))
        });
        prop_oneof![vec(item, 0..3).prop_map(|items| format!("[{}]", items.join(","))), members]
    })
}

/// The same value with its members the other way round, the last of each name being the one that counts.
fn respelled(text: &str) -> String {
    match text.as_bytes()[0] {
        b'{' => {
            let mut last = std::collections::BTreeMap::new();
            for (key, value) in reference::members(text) {
                last.insert(reference::wtf8(key), (key, value));
            }
            let members: Vec<String> =
                last.values().rev().map(|(key, value)| format!("{key} : {}", respelled(value))).collect();
            format!("{{{}}}", members.join(" , "))
        }
        b'[' => {
            let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(text).unwrap();
            format!("[ {} ]", items.iter().map(|item| respelled(item.get())).collect::<Vec<_>>().join(","))
        }
        _ => text.to_owned(),
    }
}
