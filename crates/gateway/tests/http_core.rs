//! HTTP requests in the core alone, where the order of messages can be anything.

use res_gateway::core::border::ConnId;
use res_gateway::core::conn::{AuthMethod, HttpAnswer, HttpRequest, Outcome, Target};
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use serde_json::{Value, json};

const GRANTED: &str = r#"{"result":{"get":true,"call":"*"}}"#;
const REFUSED: &str = r#"{"error":{"code":"s.no","message":"No"},"meta":{"status":403}}"#;

/// A core with one client, and what it put out.
struct World {
    core: Core,
    conn: ConnId,
    requests: Vec<(String, String, Value)>,
    answer: Option<HttpAnswer>,
}

impl World {
    fn asking(header_auth: Option<&str>, target: Target) -> World {
        let mut core = Core::new(CoreConfig::default());
        let conn = core.handle_connect("cid", Default::default());
        let header_auth = header_auth.map(|method| AuthMethod::parse(method).expect("a valid method"));
        core.handle_http(Time(0), conn, HttpRequest { header_auth, target });
        let mut world = World { core, conn, requests: Vec::new(), answer: None };
        world.drain();
        world
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Publish { subject, reply, payload } => {
                    let payload = serde_json::from_slice(&payload).expect("requests are JSON");
                    self.requests.push((subject, reply.expect("requests want answers"), payload));
                }
                Output::Http(conn, answer) => {
                    assert_eq!(conn, self.conn);
                    assert!(self.answer.replace(answer).is_none(), "one answer");
                }
                Output::Subscribe(_) | Output::Unsubscribe(_) => {}
                other => panic!("nobody asked for {other:?}"),
            }
        }
    }

    /// The subjects of requests without an answer.
    fn waiting(&self) -> Vec<&str> {
        self.requests.iter().map(|(subject, ..)| &**subject).collect()
    }

    /// Answers the first request on a subject, and gives what was in it.
    fn reply(&mut self, subject: &str, payload: &str) -> Value {
        let at = self.requests.iter().position(|(other, ..)| other == subject).expect("it was asked for");
        let (_, reply, asked) = self.requests.remove(at);
        self.message(&reply, payload);
        asked
    }

    fn message(&mut self, subject: &str, payload: &str) {
        self.core.handle_message(Time(1), subject, payload.as_bytes(), false);
        self.drain();
    }
}

fn resource() -> Target {
    Target::Resource("s.r".into())
}

#[test]
fn a_token_that_comes_before_the_answer_of_header_authentication_counts_and_nothing_is_asked_before() {
    let mut world = World::asking(Some("s.auth.header"), resource());
    assert_eq!(world.waiting(), ["auth.s.auth.header"]);
    world.message("conn.cid.token", r#"{"token":"me"}"#);
    assert_eq!(world.waiting(), ["auth.s.auth.header"]);
    world.reply("auth.s.auth.header", r#"{"result":null}"#);
    assert_eq!(world.reply("access.s.r", GRANTED)["token"], "me");
    world.reply("get.s.r", r#"{"result":{"model":{"a":1}}}"#);
    let answer = world.answer.expect("all is known");
    assert!(matches!(answer.outcome, Ok(Outcome::Tree(_))), "{answer:?}");
}

#[test]
fn access_that_was_asked_with_an_older_token_is_asked_for_again_with_what_was_said_of_the_response() {
    let mut world = World::asking(None, resource());
    world.message("conn.cid.token", r#"{"token":"me"}"#);
    assert_eq!(world.reply("access.s.r", REFUSED)["token"], Value::Null);
    assert!(world.answer.is_none(), "the refusal was of nobody");
    world.reply("get.s.r", r#"{"result":{"model":{"a":1}}}"#);
    assert_eq!(world.reply("access.s.r", GRANTED)["token"], "me");
    let answer = world.answer.expect("all is known");
    assert_eq!((answer.outcome.is_ok(), answer.meta.status), (true, None));
}

#[test]
fn what_comes_after_a_status_changes_nothing() {
    let mut world = World::asking(None, resource());
    world.reply("access.s.r", REFUSED);
    let answer = world.answer.take().expect("a status is the answer");
    assert_eq!(
        (answer.meta.status, answer.outcome.expect_err("refused").code.into_owned()),
        (Some(403), "s.no".into())
    );
    world.reply("get.s.r", r#"{"result":{"model":{"a":{"rid":"s.b"}}}}"#);
    world.message("conn.cid.token", r#"{"token":"me"}"#);
    assert!(world.answer.is_none());
    let conn = world.conn;
    world.core.handle_disconnect(Time(2), conn);
    world.drain();
}

#[test]
fn a_request_whose_client_is_gone_asks_for_nothing_more() {
    let mut world = World::asking(Some("s.auth.header"), resource());
    let conn = world.conn;
    world.core.handle_disconnect(Time(1), conn);
    world.drain();
    world.reply("auth.s.auth.header", r#"{"result":null}"#);
    assert_eq!((world.waiting(), world.answer.is_none()), (vec![], true));
}

#[test]
fn a_connection_becomes_a_websocket_once_its_header_is_looked_at() {
    let mut world = World::asking(Some("s.{cid}.header"), Target::Upgrade);
    let auth =
        world.reply("auth.s.cid.header", r#"{"error":{"code":"s.no","message":"No"},"meta":{"header":{"X":["y"]}}}"#);
    assert_eq!(auth["isHttp"], true);
    let answer = world.answer.take().expect("there is nothing else to ask for");
    assert_eq!((answer.outcome.is_ok(), answer.meta.header["x"].clone()), (true, vec!["y".to_owned()]));
    // What services say about responses means nothing to a WebSocket.
    let frame = json!({ "id": 1, "method": "call.s.r.do" }).to_string();
    world.core.handle_frame(Time(2), world.conn, &frame);
    world.drain();
    assert_eq!(world.reply("access.s.r", &GRANTED.replace("}}", r#"},"meta":{"status":403}}"#)).get("isHttp"), None);
    let (_, reply, call) = world.requests.pop().expect("it is called");
    assert_eq!((&call["cid"], call.get("isHttp")), (&json!("cid"), None));
    world.core.handle_message(Time(3), &reply, br#"{"result":1,"meta":{"status":404}}"#, false);
    assert!(matches!(world.core.poll_output(), Some(Output::Answer(_, frame)) if frame == r#"{"result":1,"id":1}"#));
}
