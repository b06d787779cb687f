//! The difference of two collections, and when two values are the same.

use res_gateway::core::diff::{Edit, diff};
use res_gateway::core::json;
use res_gateway::core::value::Value;
use serde_json::value::RawValue;

fn values(texts: impl IntoIterator<Item = String>) -> Vec<Value> {
    let value = |text: String| Value::parse(&RawValue::from_string(text).expect("JSON")).expect("a value");
    texts.into_iter().map(value).collect()
}

fn numbers(numbers: &[u64]) -> Vec<Value> {
    values(numbers.iter().map(ToString::to_string))
}

fn apply(old: &[Value], edits: &[Edit]) -> Vec<Value> {
    let mut items = old.to_vec();
    for edit in edits {
        match edit {
            Edit::Remove(idx) => drop(items.remove(*idx)),
            Edit::Add(idx, value) => items.insert(*idx, value.clone()),
        }
    }
    items
}

/// Length of a longest common subsequence by the textbook table.
fn common(a: &[u64], b: &[u64]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut corner = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { corner + 1 } else { above.max(row[j]) };
            corner = above;
        }
    }
    row[b.len()]
}

#[test]
fn every_difference_is_right_and_the_shortest() {
    let mut state = 1u64;
    let mut random = |limit: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    for _ in 0..3_000 {
        let letters = 1 + random(6);
        let lengths = [random(14), random(14)];
        let [a, b] = lengths.map(|len| (0..len).map(|_| random(letters)).collect::<Vec<u64>>());
        let edits = diff(&numbers(&a), &numbers(&b));
        assert_eq!(apply(&numbers(&a), &edits), numbers(&b), "{a:?} to {b:?}: {edits:?}");
        assert_eq!(edits.len(), a.len() + b.len() - 2 * common(&a, &b), "{a:?} to {b:?}: {edits:?}");
        let adds = edits.iter().position(|e| matches!(e, Edit::Add(..))).unwrap_or(edits.len());
        assert!(edits[adds..].iter().all(|e| matches!(e, Edit::Add(..))), "removes come first: {edits:?}");
    }
}

#[test]
fn collections_with_nothing_in_common_are_replaced_without_a_table_of_their_product() {
    let old = numbers(&(0..20_000).collect::<Vec<_>>());
    let new = numbers(&(20_000..40_000).collect::<Vec<_>>());
    let edits = diff(&old, &new);
    assert_eq!(edits.len(), 40_000);
    assert_eq!(edits[0], Edit::Remove(19_999));
    assert_eq!(edits[39_999], Edit::Add(19_999, new[19_999].clone()));
}

#[test]
fn a_row_in_the_middle_of_a_long_collection_is_one_step() {
    let old = numbers(&(0..50_000).collect::<Vec<_>>());
    let mut new = old.clone();
    new.remove(25_000);
    assert_eq!(diff(&old, &new), [Edit::Remove(25_000)]);
}

#[test]
fn json_is_the_same_by_value() {
    let same = [
        ("1", "1.0"),
        ("10", "1e1"),
        ("100", "1E+2"),
        ("0.5", "5e-1"),
        ("-1.50", "-15e-1"),
        ("0", "0.0"),
        ("0", "0e9"),
        ("\"a\"", "\"\\u0061\""),
        ("\"/\"", "\"\\/\""),
        ("{\"a\":1,\"b\":[true]}", "{ \"b\" : [ true ], \"a\" : 1.0 }"),
        ("123456789012345678901234567890", "1.2345678901234567890123456789e29"),
    ];
    for (a, b) in same {
        assert!(json::same(a, b) && json::same(b, a), "{a} and {b}");
    }
    let different = [
        ("1", "\"1\""),
        ("1", "true"),
        ("null", "\"null\""),
        ("0", "-0"),
        ("9007199254740992", "9007199254740993"),
        ("1", "1.00000000000000000000001"),
        ("1e400", "1e401"),
        ("[1,2]", "[2,1]"),
        ("[]", "{}"),
        ("{\"a\":1}", "{\"a\":1,\"b\":null}"),
        ("\"\\ud800\"", "\"\\ud801\""),
    ];
    for (a, b) in different {
        assert!(!json::same(a, b) && !json::same(b, a), "{a} and {b}");
    }
}

#[test]
fn json_that_is_nested_without_end_is_compared_without_a_stack_overflow() {
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(json::same(&deep("1"), &deep("1")));
    assert!(!json::same(&deep("1"), &deep("2")));
    assert_eq!(json::depth(&deep("1")), 100_000);
    assert_eq!(json::depth("{\"a\":\"[[[\\\"[[\",\"b\":[[]]}"), 3);
}
