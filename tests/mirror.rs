//! Values for Rust users.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod support;

use resclient::mirror::Event;
use resclient::protocol::frame::read_error;
use serde_json::json;
use support::Client;

/// A lone surrogate and a pair, as JavaScript may write them.
const TORN: &str = r"a\ud800 \ud834\udd1e \udd1e\\ud800";
const MENDED: &str = "a\u{fffd} 𝄞 \u{fffd}\\ud800";

#[test]
fn half_a_character_costs_no_more_than_itself() {
    let mut client = Client::connected();
    client.get("torn");
    let id = client.take("subscribe.torn").id;
    client.receive_text(&format!(
        r#"{{"id":{id},"result":{{"models":{{"torn":{{"{TORN}":"{TORN}","n":1,"list":{{"rid":"list"}}}}}},"collections":{{"list":["{TORN}",2]}}}}}}"#
    ));
    assert_eq!(client.value("torn"), json!({ MENDED: MENDED, "n": 1, "list": [MENDED, 2] }));
    client.receive_text(&format!(r#"{{"event":"torn.change","data":{{"values":{{"{TORN}":2}}}}}}"#));
    assert_eq!(client.value("torn"), json!({ MENDED: 2, "n": 1, "list": [MENDED, 2] }), "one member of one name");
    client.receive_text(&format!(r#"{{"event":"list.add","data":{{"idx":0,"value":{{"data":["{TORN}"]}}}}}}"#));
    assert_eq!(client.value("list"), json!([[MENDED], MENDED, 2]));
    client.take_events();
    client.receive_text(&format!(r#"{{"event":"list.ring","data":"{TORN}"}}"#));
    let custom = Event::Custom { name: "ring".into(), data: Some(MENDED.into()) };
    assert_eq!(client.take_events(), [("list".to_owned(), custom)]);
}

#[test]
fn a_number_out_of_reach_costs_no_more_than_itself() {
    let mut client = Client::connected();
    client.get("far");
    let id = client.take("subscribe.far").id;
    let model = r#"{"n":1e999,"s":"x","d":{"data":[1,[-1e999,{"a":1e999,"b":2}]]},"list":{"rid":"list"}}"#;
    client.receive_text(&format!(
        r#"{{"id":{id},"result":{{"models":{{"far":{model}}},"collections":{{"list":[1e999,2]}}}}}}"#
    ));
    let list = json!([null, 2]);
    let value = json!({ "n": null, "s": "x", "d": [1, [null, { "a": null, "b": 2 }]], "list": list });
    assert_eq!(client.value("far"), value);
    client.take_events();
    for n in ["1", "1e999"] {
        client.receive_text(&format!(r#"{{"event":"far.change","data":{{"values":{{"n":{n}}}}}}}"#));
    }
    assert_eq!(client.take_events().len(), 2);
    client.receive_text(r#"{"event":"far.change","data":{"values":{"n":null}}}"#);
    assert_eq!(client.take_events(), [], "it was null here before");
}

#[test]
fn an_error_keeps_its_code_whatever_it_says() {
    let error = read_error(&format!(r#"{{"code":"torn.code","message":"{TORN}","data":"{TORN}"}}"#));
    assert_eq!((&*error.code, &*error.message), ("torn.code", MENDED));
    assert_eq!(error.data.map(|data| serde_json::from_str(data.get()).unwrap()), Some(json!(MENDED)));
}
