//! The driver in a real browser: its timers, its sockets, its memory.

use resclient_wasm::{Driver, Host};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/tests/host.js")]
extern "C" {
    #[derive(Clone)]
    type TestHost;
    #[wasm_bindgen(constructor)]
    fn new(memory: JsValue, kind: &str) -> TestHost;
    #[wasm_bindgen(method)]
    fn attach(this: &TestHost, driver: JsValue);
    #[wasm_bindgen(method)]
    fn handshake(this: &TestHost);
    #[wasm_bindgen(method)]
    fn answer(this: &TestHost, body: &str);
    #[wasm_bindgen(method)]
    fn receive(this: &TestHost, data: &str);
    #[wasm_bindgen(method, js_name = receiveBinary)]
    fn receive_binary(this: &TestHost);
    #[wasm_bindgen(method)]
    fn lose(this: &TestHost, index: u32);
    #[wasm_bindgen(method, js_name = isDetached)]
    fn is_detached(this: &TestHost, index: u32) -> bool;
    #[wasm_bindgen(method)]
    fn until(this: &TestHost, start: &str) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    fn has(this: &TestHost, start: &str) -> bool;
    #[wasm_bindgen(method)]
    fn frames(this: &TestHost) -> String;
    #[wasm_bindgen(method, js_name = logText)]
    fn log(this: &TestHost) -> String;
    #[wasm_bindgen(method, js_name = recordText)]
    fn record_text(this: &TestHost, address: usize, at: usize) -> String;
}

/// A driver and its shell. The shell answers the hook through the JavaScript face of the driver.
struct Client {
    driver: DriverFace,
    host: TestHost,
}

#[wasm_bindgen]
extern "C" {
    /// The driver as JavaScript sees it.
    type DriverFace;
    #[wasm_bindgen(method)]
    fn connect(this: &DriverFace);
    #[wasm_bindgen(method)]
    fn disconnect(this: &DriverFace);
    #[wasm_bindgen(method)]
    fn get(this: &DriverFace, rid: &str) -> i32;
    #[wasm_bindgen(method)]
    fn request(this: &DriverFace, action: u32, rid: &str, method: &str, params: &str) -> u32;
    #[wasm_bindgen(method)]
    fn take(this: &DriverFace, resource: u32) -> usize;
    #[wasm_bindgen(method)]
    fn inspect(this: &DriverFace) -> String;
}

impl Client {
    /// A client with an unsubscribe delay of a millisecond.
    fn new(kind: &str) -> Client {
        let host = TestHost::new(wasm_bindgen::memory(), kind);
        let face: Host = host.clone().unchecked_into();
        let (interval, timeout) = if kind == "hasty" { (20.0, 20.0) } else { (25_000.0, 10_000.0) };
        let driver = JsValue::from(Driver::new(face, 1.0, 1.0, 1.0, 1.0, 1.0, 20_000.0, interval, timeout, 0, 1, 2));
        host.attach(driver.clone());
        Client { driver: driver.unchecked_into(), host }
    }

    fn connected() -> Client {
        let client = Client::new("silent");
        client.driver.connect();
        client.host.handshake();
        client
    }

    async fn until(&self, what: &str) {
        JsFuture::from(self.host.until(what)).await.expect("never rejects");
    }
}

const MODEL: &str = r#""result":{"models":{"a.b":{"message":"Hello"}}}"#;

#[wasm_bindgen_test]
fn the_socket_is_made_inside_connect_and_the_version_sent_inside_onopen() {
    let client = Client::new("silent");
    client.driver.connect();
    assert_eq!(client.host.frames(), "");
    client.host.handshake();
    assert_eq!(client.host.frames(), r#"{"id":1,"method":"version","params":{"protocol":"1.2.3"}}"#);
    assert!(client.host.has("connected"), "{}", client.host.log());
}

#[wasm_bindgen_test]
fn a_resource_is_settled_and_can_be_read_from_the_text_of_its_frame() {
    let client = Client::connected();
    let request = -client.driver.get("a.b");
    client.host.answer(MODEL);
    assert!(client.host.has(&format!("settled {request} 0 0")), "{}", client.host.log());
    let record = client.driver.take(0);
    assert_eq!(client.host.record_text(record, 3), r#""a.b""#);
    assert_eq!(client.host.record_text(record, 5), r#"{"message":"Hello"}"#);
    assert_eq!(client.driver.take(0), 0, "a value is read once");
    assert_eq!(client.driver.get("a.b"), 0, "it is cached now");
}

#[wasm_bindgen_test]
fn spans_are_in_the_units_of_javascript_strings() {
    let client = Client::connected();
    client.driver.get("a.b");
    client.host.answer(r#""result":{"x":"åäö 𝄞𝄞 €","models":{"a.b":{"message":"𝄞 Zoë"}}}"#);
    let record = client.driver.take(0);
    assert_eq!(client.host.record_text(record, 5), r#"{"message":"𝄞 Zoë"}"#);
}

#[wasm_bindgen_test]
fn a_frame_larger_than_the_buffer_makes_it_grow() {
    let client = Client::connected();
    client.driver.get("a.b");
    let long = "x€".repeat(1_000_000);
    client.host.answer(&format!(r#""result":{{"models":{{"a.b":{{"long":"{long}"}}}}}}"#));
    let record = client.driver.take(0);
    assert_eq!(client.host.record_text(record, 5).len(), long.len() + r#"{"long":""}"#.len());
}

#[wasm_bindgen_test]
async fn a_silent_gateway_is_asked_and_then_given_up() {
    let client = Client::new("hasty");
    client.driver.connect();
    client.host.handshake();
    client.until(r#"{"id":2,"method":"version"}"#).await;
    client.until("disconnected").await;
    assert!(client.host.is_detached(0));
    client.driver.disconnect();
}

#[wasm_bindgen_test]
fn a_socket_that_is_closed_for_good_is_not_opened_again() {
    let client = Client::new("final");
    client.driver.connect();
    client.host.handshake();
    client.host.lose(0);
    assert!(client.host.log().ends_with("disconnected\nstate 5 0 0"), "{}", client.host.log());
}

#[wasm_bindgen_test]
fn a_socket_that_answers_inside_send_is_served() {
    let client = Client::new("answering");
    client.driver.connect();
    client.host.handshake();
    let request = -client.driver.get("a.b");
    assert!(client.host.has(&format!("settled {request} 0 0")), "{}", client.host.log());
}

#[wasm_bindgen_test]
async fn timers_are_those_of_the_browser() {
    let client = Client::connected();
    client.driver.get("a.b");
    client.host.answer(MODEL);
    client.until(r#""method":"unsubscribe.a.b""#).await;
    client.host.answer(r#""x":null"#);
    assert!(client.host.has("drop 1 0"), "{}", client.host.log());
}

#[wasm_bindgen_test]
async fn a_lost_connection_is_made_again() {
    let client = Client::connected();
    let request = client.driver.request(0, "a.b", "run", "[1]");
    client.host.lose(0);
    assert!(client.host.has(&format!("settled {request} 3 1")), "the call fails: {}", client.host.log());
    assert!(client.host.has("disconnected"));
    client.until("state 1").await;
    assert!(client.host.is_detached(0));
}

#[wasm_bindgen_test]
fn nothing_is_heard_of_a_socket_after_disconnect() {
    let client = Client::connected();
    client.driver.disconnect();
    assert!(client.host.is_detached(0));
    client.driver.connect();
    client.host.lose(0);
    assert!(!client.host.log().contains("connect failed"), "{}", client.host.log());
}

#[wasm_bindgen_test]
fn a_factory_that_throws_fails_the_connection() {
    let client = Client::new("throwing");
    client.driver.connect();
    assert!(client.host.has("connect failed 2"), "{}", client.host.log());
}

#[wasm_bindgen_test]
async fn a_port_where_nobody_listens_fails_the_connection() {
    let client = Client::new("closed port");
    client.driver.connect();
    client.until("connect failed 2").await;
    assert!(client.host.has("socket error"), "{}", client.host.log());
}

#[wasm_bindgen_test]
fn a_binary_frame_resets_the_connection() {
    let client = Client::connected();
    client.host.receive_binary();
    assert!(client.driver.inspect().contains(r#""malformed":1"#));
    assert!(client.host.has("disconnected"), "{}", client.host.log());
}

#[wasm_bindgen_test]
fn inspect_is_json_whatever_the_names() {
    let client = Client::connected();
    client.driver.get("a.b?q=\"\\\u{1}");
    let json = client.driver.inspect();
    let parsed = js_sys::JSON::parse(&json).expect(&json);
    let resources = js_sys::Reflect::get(&parsed, &"resources".into()).expect("an object");
    assert_eq!(js_sys::Array::from(&resources).length(), 1);
}
