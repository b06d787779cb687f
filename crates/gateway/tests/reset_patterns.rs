//! Which resources a `system.reset` is about.

use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use serde_json::json;

/// Resources that a client subscribes to.
const NAMES: [&str; 6] = ["a", "a.b", "a.b.c", "a.b.c.d", "ab", "b.b"];

#[test]
fn a_reset_has_exactly_the_resources_that_a_valid_pattern_matches_fetched_again() {
    let table: [(&str, &[&str]); 24] = [
        ("a", &["a"]),
        ("a.b", &["a.b"]),
        ("a.c", &[]),
        ("*", &["a", "ab"]),
        ("a.*", &["a.b"]),
        ("*.b", &["a.b", "b.b"]),
        ("*.*", &["a.b", "b.b"]),
        ("a.*.c", &["a.b.c"]),
        ("*.*.*", &["a.b.c"]),
        (">", &NAMES),
        ("a.>", &["a.b", "a.b.c", "a.b.c.d"]),
        ("a.b.>", &["a.b.c", "a.b.c.d"]),
        ("*.>", &["a.b", "a.b.c", "a.b.c.d", "b.b"]),
        ("a.b.c.d.>", &[]),
        // None of these is a pattern.
        ("", &[]),
        (".", &[]),
        ("a.", &[]),
        (".a", &[]),
        ("a..b", &[]),
        ("a*", &[]),
        ("a.b*", &[]),
        (">.a", &[]),
        ("a.>.c", &[]),
        ("a>", &[]),
    ];
    for (pattern, expected) in table {
        assert_eq!(asked_again(json!({ "resources": [pattern] }), "get."), expected, "values of {pattern:?}");
        assert_eq!(asked_again(json!({ "access": [pattern] }), "access."), expected, "access of {pattern:?}");
    }
    // One that is none does not take the others with it, and one resource is fetched once.
    assert_eq!(asked_again(json!({ "resources": ["a..b", "a.b", "*.b"] }), "get."), ["a.b", "b.b"]);
}

/// The names that are asked for, with subjects of this kind, because of a reset; in order.
fn asked_again(reset: serde_json::Value, kind: &str) -> Vec<String> {
    let mut core = Core::new(CoreConfig::default());
    let client = core.handle_connect("cid", Default::default());
    for name in NAMES {
        let frame = json!({ "id": 1, "method": format!("subscribe.{name}") });
        core.handle_frame(Time(0), client, &frame.to_string());
        for (subject, reply) in requests(&mut core) {
            let result = if subject.starts_with("get.") { json!({ "model": {} }) } else { json!({ "get": true }) };
            core.handle_message(Time(0), &reply, json!({ "result": result }).to_string().as_bytes(), false);
        }
    }
    assert!(requests(&mut core).is_empty());
    core.handle_message(Time(0), "system.reset", reset.to_string().as_bytes(), false);
    let asked = requests(&mut core).into_iter();
    let mut names: Vec<String> =
        asked.map(|(subject, _)| subject.strip_prefix(kind).expect("nothing else is asked").to_owned()).collect();
    names.sort();
    names
}

fn requests(core: &mut Core) -> Vec<(String, String)> {
    let outputs = std::iter::from_fn(|| core.poll_output());
    let requests = outputs.filter_map(|output| match output {
        Output::Publish { subject, reply, .. } => Some((subject, reply.expect("a request"))),
        _ => None,
    });
    requests.collect()
}
