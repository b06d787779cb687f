//! That a client which asks for a lot does not keep others waiting.

mod support;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use res_gateway::bus::MemoryBus;
use res_gateway::core::border::ConnId;
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use res_gateway::service::{Access, Reply, Resource, Service};
use res_gateway::{Gateway, GatewayConfig, Outgoing, Session, SessionReceiver, SessionSender};
use serde_json::{Value, json};
use support::hand::{frame, request, send, session};

const LISTS: u64 = 8;
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

/// A core with a service that grants everything, and a client that holds a list of thousands of resources.
struct World {
    core: Core,
    holder: ConnId,
    other: ConnId,
    requests: Vec<(String, String)>,
    frames: Vec<(ConnId, String)>,
    /// How long the longest steps took, by what they were about.
    longest: BTreeMap<String, Duration>,
}

impl World {
    fn with_a_list() -> World {
        let mut core = Core::new(CoreConfig::default());
        let [holder, other] = ["holder", "other"].map(|cid| core.handle_connect(cid, Default::default()));
        let mut world =
            World { core, holder, other, requests: Vec::new(), frames: Vec::new(), longest: BTreeMap::new() };
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
        self.step("frame", |core| core.handle_frame(Time(0), client, &text));
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
        self.step(subject, |core| core.handle_message(Time(0), &reply, payload.as_bytes(), false));
        self.take();
    }

    /// Has the core do one thing, and takes note of the longest ones.
    fn step(&mut self, what: &str, step: impl FnOnce(&mut Core)) {
        let start = processor_time();
        step(&mut self.core);
        let took = processor_time() - start;
        let kind = what.split('.').take(3).collect::<Vec<_>>().join(".");
        let longest = self.longest.entry(kind).or_default();
        *longest = took.max(*longest);
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
                None if self.core.is_busy() => self.step("turns", |core| core.go_on(Time(0))),
                None => return,
            }
        }
    }
}

/// Of this thread, so that it does not matter what else the machine does; to some milliseconds. 0 where Linux is not.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default())
}

/// How long the core does one thing at most.
#[test]
#[ignore = "measures; the figures are in docs/performance.md"]
fn the_longest_steps_of_the_core() {
    let mut world = World::with_a_list();
    let ask = |world: &mut World, client, n: u64| {
        world.frame(client, json!({ "id": n, "method": format!("subscribe.big.list.{n}") }));
        world.rest();
    };
    let holder = world.holder;
    for n in 1..8 {
        ask(&mut world, holder, n);
    }
    println!("loaded: {:?}", std::mem::take(&mut world.longest));
    let big = world.connect("big");
    for n in 0..8 {
        ask(&mut world, big, n);
    }
    println!("from the cache: {:?}", std::mem::take(&mut world.longest));
    world.frame(big, json!({ "id": 9, "method": "unsubscribe.big.list.0" }));
    world.rest();
    println!("unsubscribed: {:?}", std::mem::take(&mut world.longest));
    for client in [big, holder] {
        world.step("disconnect", |core| core.handle_disconnect(Time(0), client));
        world.rest();
        println!("gone: {:?}", std::mem::take(&mut world.longest));
    }
    while let Some(at) = world.core.poll_timeout() {
        world.step("timeout", |core| core.handle_timeout(at));
        world.rest();
    }
    println!("out of the cache: {:?}", std::mem::take(&mut world.longest));
}

/// How long a call of another client takes at most while one client has lists of thousands of references loaded, takes
/// them from the cache, and leaves: `cargo test --release -p res-gateway --test fairness -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; the figures are in docs/performance.md"]
async fn the_longest_wait_of_a_call_beside_a_client_that_asks_for_a_lot() {
    let bus = MemoryBus::new();
    Service::new("big")
        .access("big.>", |_| Ok(Access::ALL))
        .get("big.list.$n", |request| Ok(list(request.part("n").unwrap_or_default())))
        .get("big.item.>", |_| Ok(Resource::Model(json!({ "name": "one of thousands", "n": 1 }))))
        .start(bus.connect());
    Service::new("quick")
        .access("quick.>", |_| Ok(Access::ALL))
        .model("quick.model", json!({}))
        .call("quick.model", "ping", |_| Ok(Reply::null()))
        .start(bus.connect());
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut other = session(&gateway).await;
    request(&mut other, 1, "subscribe.quick.model", Value::Null).await;
    wait(&mut other, "nothing else", tokio::time::sleep(Duration::from_secs(1))).await;
    let mut first = session(&gateway).await.split();
    wait(&mut other, "8 lists that are loaded", lists(&mut first)).await;
    let mut second = session(&gateway).await.split();
    wait(&mut other, "8 lists from the cache", lists(&mut second)).await;
    wait(&mut other, "1 list of 5 000 unsubscribed", async {
        second.0.send(r#"{"id":99,"method":"unsubscribe.big.list.0"}"#).await;
        second.1.recv().await;
    })
    .await;
    wait(&mut other, "a client of 20 000 resources that leaves", async {
        drop(first);
        tokio::time::sleep(Duration::from_millis(200)).await;
    })
    .await;
    wait(&mut other, "the last of them that leaves, and what it had leaves the cache", async {
        drop(second);
        tokio::time::sleep(Duration::from_secs(7)).await;
    })
    .await;
}

fn list(n: &str) -> Resource {
    Resource::Collection((0..REFERENCES).map(|i| json!({ "rid": format!("big.item.{n}.{i}") })).collect())
}

/// Subscribes to all lists, and takes the answers as they come.
async fn lists((sender, receiver): &mut (SessionSender, SessionReceiver)) {
    let ask = async {
        for n in 0..LISTS {
            let frame = json!({ "id": n + 1, "method": format!("subscribe.big.list.{n}") });
            sender.send(&frame.to_string()).await;
        }
    };
    let take = async {
        for _ in 0..LISTS {
            assert!(matches!(receiver.recv().await, Outgoing::Frame(_)));
        }
    };
    tokio::join!(ask, take);
}

/// Calls all the time until `end`, and says how long that and the longest calls took.
async fn wait(other: &mut Session, what: &str, end: impl Future<Output = ()>) {
    let start = Instant::now();
    let mut waits = Vec::new();
    let mut end = std::pin::pin!(end);
    let mut pause = tokio::time::interval(Duration::from_millis(6));
    loop {
        let asked = Instant::now();
        send(other, 1, "call.quick.model.ping", Value::Null).await;
        let is_over = tokio::select! {
            biased;
            _ = frame(other) => false,
            () = &mut end => true,
        };
        if is_over {
            frame(other).await;
        }
        waits.push(asked.elapsed());
        if is_over {
            break;
        }
        tokio::select! {
            _ = pause.tick() => {}
            () = &mut end => break,
        }
    }
    let took = start.elapsed();
    waits.sort();
    let of = |part: usize| waits[(waits.len() - 1) * part / 1000].as_secs_f64() * 1000.0;
    println!(
        "{what}: {took:?}, {} calls, half {:.2} ms, 99 of 100 {:.2} ms, longest {:.2} ms",
        waits.len(),
        of(500),
        of(990),
        of(1000)
    );
}
