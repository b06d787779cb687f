//! What is a value, for services and for the cache alike.

use res_gateway::core::value::{MAX_DEPTH, Value};
use res_gateway::service::{Resource, Service};
use serde_json::json;
use serde_json::value::RawValue;

fn parse(text: String) -> bool {
    Value::parse(&RawValue::from_string(text).expect("JSON")).is_ok()
}

fn nested(levels: usize) -> String {
    // The wrapper of a data value is a level too.
    let inside = levels - 1;
    format!(r#"{{"data":{}{}}}"#, "[".repeat(inside), "]".repeat(inside))
}

#[test]
fn a_value_that_would_not_fit_into_a_frame_is_none() {
    assert!(parse(nested(MAX_DEPTH)));
    assert!(!parse(nested(MAX_DEPTH + 1)));
}

#[test]
fn a_service_refuses_what_the_cache_could_not_take() {
    let deep = |levels| serde_json::from_str::<serde_json::Value>(&nested(levels)).expect("JSON");
    let service = Service::new("deep");
    let model = Resource::Model(json!({ "fits": deep(MAX_DEPTH) }));
    assert!(service.put("deep.a", model).is_ok());
    let model = Resource::Model(json!({ "fits": deep(MAX_DEPTH + 1) }));
    assert!(service.put("deep.b", model).is_err());
}

#[test]
fn a_file_of_resources_keeps_integers_of_64_bits_and_refuses_what_it_could_not_keep() {
    use res_gateway::resources::parse;
    let model = |number: &str| format!(r#"{{"a.m":{{"n":{number}}},"a.l":[{number}]}}"#);
    for number in ["9007199254740993", "18446744073709551615", "-9223372036854775808", "0.1", "1.50", "1e3", "-0.0"] {
        assert!(parse(&model(number)).is_ok(), "{number}");
    }
    for number in ["18446744073709551616", "0.12345678901234567890123", "1e400", "-9223372036854775809"] {
        assert!(parse(&model(number)).is_err(), "{number}");
    }
}

#[test]
fn a_file_of_resources_says_what_is_in_it_twice() {
    use res_gateway::resources::parse;
    let twice = [
        r#"{"a.m":{},"a.l":[],"a.m":{}}"#,
        r#"{"a.l":[],"a.x":{"a.m":1,"b":{"data":[]},"a.m":1}}"#,
        r#"{"a.l":[1,{"data":{"x":[{"a.m":null,"\u0061.m":null}]}}]}"#,
    ];
    for text in twice {
        let error = parse(text).err().unwrap_or_else(|| panic!("{text}"));
        assert!(error.contains("\"a.m\" is there twice") && error.contains("line 1 column"), "{error}");
    }
    assert!(parse(r#"{"a.m":{"x":{"data":{"x":[true,-1,1.5,"x",null]}}},"a.l":["x","x"]}"#).is_ok());
    let error = parse(r#"{"a.l":[1e400]}"#).err().expect("it cannot be kept");
    assert!(error.contains("write it as a string"), "{error}");
}
