//! What a connection knows of a resource that it refers to and is not subscribed to.

use res_gateway::core::border::ConnId;
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};

struct World {
    core: Core,
    asked: Vec<(String, String)>,
    frames: Vec<(ConnId, String)>,
}

impl World {
    /// Two clients, of which the first holds a model whose reference `t.r` was not found.
    fn with_a_missing_reference() -> (World, ConnId, ConnId) {
        let mut world = World { core: Core::new(CoreConfig::default()), asked: Vec::new(), frames: Vec::new() };
        let (a, b) = (world.connect("a"), world.connect("b"));
        world.frame(a, r#"{"id":1,"method":"subscribe.t.parent"}"#);
        world.answer("access.t.parent", GRANT);
        world.answer("get.t.parent", r#"{"result":{"model":{"r":{"rid":"t.r"}}}}"#);
        world.answer("get.t.r", NOT_FOUND);
        assert!(world.last().contains("errors"), "{}", world.last());
        (world, a, b)
    }

    fn connect(&mut self, cid: &str) -> ConnId {
        self.core.handle_connect(cid, Default::default())
    }

    fn rest(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Publish { subject, reply, .. } => self.asked.push((subject, reply.unwrap())),
                Output::Event(id, frame) | Output::Answer(id, frame) => self.frames.push((id, frame.as_str().into())),
                _ => {}
            }
        }
    }

    fn frame(&mut self, id: ConnId, text: &str) {
        self.core.handle_frame(Time(0), id, text);
        self.rest();
    }

    fn event(&mut self, subject: &str, payload: &str) {
        self.core.handle_message(Time(0), subject, payload.as_bytes(), false);
        self.rest();
    }

    fn answer(&mut self, subject: &str, payload: &str) {
        let at = self
            .asked
            .iter()
            .position(|(asked, _)| asked == subject)
            .unwrap_or_else(|| panic!("{subject} is not asked: {:?}", self.asked));
        let (_, reply) = self.asked.remove(at);
        self.event(&reply, payload);
    }

    fn last(&self) -> &str {
        &self.frames.last().unwrap().1
    }
}

const NOT_FOUND: &str = r#"{"error":{"code":"system.notFound","message":"Not found"}}"#;
const GRANT: &str = r#"{"result":{"get":true,"call":"*"}}"#;
const DENY: &str = r#"{"result":{"get":false}}"#;

#[test]
fn a_denied_request_for_what_others_have_leaves_nothing_that_grows_old() {
    let (mut world, a, b) = World::with_a_missing_reference();
    // Denied once, so that it is known.
    world.frame(a, r#"{"id":2,"method":"get.t.r"}"#);
    world.answer("access.t.r", DENY);
    world.answer("get.t.r", r#"{"result":{"model":{"n":0}}}"#);
    // Another has it.
    world.frame(b, r#"{"id":1,"method":"subscribe.t.r"}"#);
    world.answer("access.t.r", GRANT);
    assert!(world.last().contains(r#""n":0"#), "{}", world.last());
    world.frame(a, r#"{"id":3,"method":"get.t.r"}"#);
    world.core.check();
    world.event("event.t.r.change", r#"{"values":{"n":1}}"#);
    world.event("conn.a.token", r#"{"token":{"u":1}}"#);
    world.answer("access.t.parent", GRANT);
    world.frame(a, r#"{"id":4,"method":"subscribe.t.r"}"#);
    world.answer("access.t.r", GRANT);
    assert!(world.last().contains(r#""n":1"#), "{}", world.last());
    world.core.check();
}

#[test]
fn access_that_was_taken_away_meanwhile_is_asked_for_again() {
    let (mut world, a, b) = World::with_a_missing_reference();
    world.frame(a, r#"{"id":2,"method":"get.t.r"}"#);
    world.answer("access.t.r", GRANT);
    world.answer("get.t.r", NOT_FOUND);
    // The resource comes to be, another has it, and access of the first is taken away.
    world.frame(b, r#"{"id":1,"method":"subscribe.t.r"}"#);
    world.answer("access.t.r", GRANT);
    world.answer("get.t.r", r#"{"result":{"model":{"secret":0}}}"#);
    world.event("event.t.r.reaccess", "null");
    world.answer("access.t.r", GRANT);
    assert!(world.asked.is_empty(), "{:?}", world.asked);
    world.frame(a, r#"{"id":3,"method":"subscribe.t.r"}"#);
    assert!(
        world.asked.iter().any(|(asked, _)| asked == "access.t.r"),
        "not asked; the client has got {}",
        world.last()
    );
}
