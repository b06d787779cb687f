//! That a client which asks for a lot does not keep others waiting.

use res_gateway::core::border::ConnId;
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use serde_json::{Value, json};

const REFERENCES: u64 = 5_000;

#[test]
fn a_call_passes_between_the_references_that_another_client_takes_from_the_cache() {
    let mut world = World::with_a_list();
    let big = world.connect("big");
    world.frame(big, json!({ "id": 1, "method": "subscribe.big.list.0" }));
    assert!(world.core.is_conn_busy(big), "5 000 references are not taken in at once");
    world.other_calls();
    assert!(world.core.is_conn_busy(big), "the call had nothing to wait for");
    world.rest();
    assert_eq!(world.core.conn(big).expect("connected").sub_count(), 1 + REFERENCES as usize);
}

#[test]
fn a_call_waits_for_none_of_twenty_clients_that_get_thousands_of_resources_each() {
    let mut world = World::with_a_list();
    let many: Vec<ConnId> = (0..20).map(|n| world.connect(&format!("cid{n}"))).collect();
    for client in &many {
        world.frame(*client, json!({ "id": 1, "method": "get.big.list.0" }));
    }
    for round in 0..100 {
        assert!(many.iter().all(|client| world.core.is_conn_busy(*client)), "in round {round} some had nothing to do");
        world.core.go_on(Time(0));
        world.take();
        // What comes for a client that does little is dealt with when it comes, not when it is its turn.
        world.other_calls();
        world.frames.clear();
    }
    world.rest();
    let lists =
        world.frames.iter().filter(|(_, frame)| frame.contains("big.list.0") && frame.contains("big.item.0.4999"));
    assert_eq!(lists.count(), many.len());
}

#[test]
fn a_call_passes_while_the_gateway_lets_go_of_what_a_client_had() {
    let mut world = World::with_a_list();
    let holder = world.holder;
    world.core.handle_disconnect(Time(0), holder);
    world.other_calls();
    assert!(world.core.is_busy(), "5 000 resources are not let go of at once");
    assert!(world.core.conn(holder).is_none());
    let (_, before) = world.core.cache().counts();
    world.rest();
    let (_, after) = world.core.cache().counts();
    assert!(before > 4_000, "{before} subscribers are left");
    assert_eq!(after, 1, "what the other has is left");
}

#[test]
fn thousands_of_resources_leave_the_cache_a_few_at_a_time_for_each_is_work_for_the_bus() {
    let mut world = World::with_a_list();
    for client in [world.holder, world.other] {
        world.core.handle_disconnect(Time(0), client);
    }
    world.rest();
    let mut times = Vec::new();
    while let Some(at) = world.core.poll_timeout() {
        world.core.handle_timeout(at);
        while let Some(output) = world.core.ready_output() {
            if matches!(output, Output::Unsubscribe(pattern) if pattern.starts_with("event.")) {
                times.push(at.0);
            }
        }
    }
    assert_eq!(times.len(), 2 + REFERENCES as usize);
    assert!(times.windows(20).all(|twenty| twenty[0] < twenty[19]), "twenty left at once");
    assert!(times[0] >= 5_000 && times[times.len() - 1] < 6_000, "from {} to {}", times[0], times[times.len() - 1]);
}

#[test]
fn what_was_asked_for_again_and_again_does_not_stay_in_the_cache_for_longer() {
    let mut world = World::with_a_list();
    let holder = world.holder;
    world.core.handle_disconnect(Time(0), holder);
    world.rest();
    let mut now = 0;
    let big = world.connect("big");
    for n in 0..20 {
        now += 50;
        world.core.handle_timeout(Time(now));
        world.frame(big, json!({ "id": n, "method": "get.big.list.0" }));
        world.rest();
    }
    for client in [big, world.other] {
        world.core.handle_disconnect(Time(now), client);
    }
    world.rest();
    let mut last = 0;
    while let Some(at) = world.core.poll_timeout() {
        world.core.handle_timeout(at);
        while world.core.ready_output().is_some() {}
        last = at.0;
    }
    assert_eq!(world.core.cache().counts(), (0, 0));
    assert!(last < now + 6_000, "the last left after {} ms", last - now);
}

#[test]
fn what_a_client_asks_for_and_is_told_keeps_its_order_while_it_has_a_lot_to_do() {
    let mut world = World::with_a_list();
    let big = world.connect("big");
    world.frame(big, json!({ "id": 1, "method": "subscribe.big.quick" }));
    world.rest();
    world.frame(big, json!({ "id": 2, "method": "subscribe.big.list.0" }));
    world.frame(big, json!({ "id": 3, "method": "call.big.quick.set" }));
    while world.asked("call.big.quick.set").is_none() {
        world.core.go_on(Time(0));
        world.take();
    }
    world.core.handle_message(Time(0), "system.reset", br#"{"access":["big.list.0"]}"#, false);
    world.frames.clear();
    // More for it to do, and behind that an event and the answer to the call.
    world.frame(big, json!({ "id": 4, "method": "unsubscribe.big.list.0" }));
    world.core.handle_message(Time(0), "event.big.quick.change", br#"{"values":{"n":2}}"#, false);
    world.answer("call.big.quick.set", &json!({ "result": null }));
    world.rest();
    let about = |text: &str| world.frames.iter().position(|(id, frame)| *id == big && frame.contains(text));
    assert!(about("big.quick.change").expect("the event") < about("\"id\":3").expect("the answer"));
}

#[test]
fn long_answers_that_wait_for_one_thing_are_written_as_they_go_out() {
    let mut world = World::with_a_list();
    let big = world.connect("big");
    for id in 1..=64 {
        world.frame(big, json!({ "id": id, "method": "get.big.long" }));
    }
    world.answer("get.big.long", &json!({ "result": { "model": { "text": "t".repeat(900_000) } } }));
    world.frames.clear();
    world.answer("access.big.long", &json!({ "result": { "get": true } }));
    let mut most = world.frames.len();
    while world.core.is_busy() {
        let before = world.frames.len();
        world.core.go_on(Time(0));
        world.take();
        most = most.max(world.frames.len() - before);
    }
    assert_eq!(world.frames.len(), 64);
    assert!(most <= 16, "{most} answers of 900 kB at once");
}

/// A core with a service that grants everything, and a client that holds a list of thousands of resources.
struct World {
    core: Core,
    holder: ConnId,
    other: ConnId,
    requests: Vec<(String, String)>,
    frames: Vec<(ConnId, String)>,
}

impl World {
    fn with_a_list() -> World {
        let mut core = Core::new(CoreConfig::default());
        let [holder, other] = ["holder", "other"].map(|cid| core.handle_connect(cid, Default::default()));
        let mut world = World { core, holder, other, requests: Vec::new(), frames: Vec::new() };
        world.frame(other, json!({ "id": 1, "method": "subscribe.big.quick" }));
        world.frame(holder, json!({ "id": 1, "method": "subscribe.big.list.0" }));
        world.rest();
        assert_eq!(world.core.cache().counts(), (2 + REFERENCES as usize, 2 + REFERENCES as usize));
        world
    }

    fn connect(&mut self, cid: &str) -> ConnId {
        self.core.handle_connect(cid, Default::default())
    }

    fn frame(&mut self, client: ConnId, frame: Value) {
        let text = frame.to_string();
        self.core.handle_frame(Time(0), client, &text);
        self.take();
    }

    /// Has the other client call, and be answered.
    fn other_calls(&mut self) {
        self.frame(self.other, json!({ "id": 7, "method": "call.big.quick.set" }));
        self.answer("call.big.quick.set", &json!({ "result": null }));
        assert!(self.frames.iter().any(|(id, frame)| *id == self.other && frame.ends_with("\"id\":7}")));
    }

    fn take(&mut self) {
        while let Some(output) = self.core.ready_output() {
            match output {
                Output::Publish { subject, reply, .. } => self.requests.push((subject, reply.expect("a request"))),
                Output::Event(id, frame) | Output::Answer(id, frame) => self.frames.push((id, frame.to_string())),
                _ => {}
            }
        }
    }

    fn asked(&self, subject: &str) -> Option<usize> {
        self.requests.iter().position(|(asked, _)| asked == subject)
    }

    fn answer(&mut self, subject: &str, payload: &Value) {
        let at = self.asked(subject).unwrap_or_else(|| panic!("{subject} was not asked for"));
        let (_, reply) = self.requests.remove(at);
        let payload = payload.to_string();
        self.core.handle_message(Time(0), &reply, payload.as_bytes(), false);
        self.take();
    }

    /// Answers what is asked, but for calls, until nothing is left to do.
    fn rest(&mut self) {
        loop {
            self.take();
            let next = self.requests.iter().find(|(subject, _)| !subject.starts_with("call.")).cloned();
            match next {
                Some((subject, _)) => {
                    let result = match subject.split_once('.').expect("a subject has parts") {
                        ("access", _) => json!({ "get": true, "call": "*" }),
                        (_, name) if name.starts_with("big.list.") => {
                            let items = (0..REFERENCES)
                                .map(|i| json!({ "rid": format!("{}.{i}", name.replace("list", "item")) }));
                            json!({ "collection": items.collect::<Vec<_>>() })
                        }
                        _ => json!({ "model": { "n": 1 } }),
                    };
                    self.answer(&subject, &json!({ "result": result }));
                }
                None if self.core.is_busy() => self.core.go_on(Time(0)),
                None => return,
            }
        }
    }
}
