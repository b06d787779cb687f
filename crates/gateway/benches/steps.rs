//! How long the core does one thing at most while clients ask for a lot, and how fast small things go beside a large
//! graph: `cargo bench -p res-gateway --bench steps`. The figures are in docs/performance.md.
//!
//! The clock runs on while others have the processor. So everything is done several times, and of each figure the least
//! counts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use res_gateway::core::border::ConnId;
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use serde_json::{Value, json};

fn main() {
    let mut least: BTreeMap<String, Duration> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (what, took) in longest_steps().into_iter().chain(beside_a_cycle()) {
            let least = least.entry(what).or_insert(took);
            *least = took.min(*least);
        }
    }
    for (what, took) in least {
        println!("{:>9.3} ms  {what}", took.as_secs_f64() * 1e3);
    }
}

/// Of clients that have lists of thousands of resources loaded, take them from the cache, and leave.
fn longest_steps() -> BTreeMap<String, Duration> {
    let mut world = World::new();
    let [holder, big] = ["holder", "big"].map(|cid| world.core.handle_connect(cid, Default::default()));
    for n in 0..LISTS {
        world.subscribe(holder, &format!("big.list.{n}"));
    }
    world.is_about("from the cache");
    for n in 0..LISTS {
        world.subscribe(big, &format!("big.list.{n}"));
    }
    world.is_about("unsubscribed");
    world.frame(big, json!({ "id": 9, "method": "unsubscribe.big.list.0" }));
    world.rest();
    world.is_about("got");
    world.frame(big, json!({ "id": 9, "method": "get.big.list.0" }));
    world.rest();
    world.is_about("gone");
    for client in [big, holder] {
        world.step("disconnect", |core| core.handle_disconnect(Time(0), client));
        world.rest();
    }
    world.is_about("out of the cache");
    while let Some(at) = world.core.poll_timeout() {
        world.step("timeout", |core| core.handle_timeout(at));
        world.rest();
    }
    world.longest
}

/// An item is subscribed to and unsubscribed from, again and again, which refers to a list that refers to all items.
fn beside_a_cycle() -> BTreeMap<String, Duration> {
    let mut world = World::new();
    let client = world.core.handle_connect("client", Default::default());
    world.subscribe(client, "ring.item.0");
    let begun = Instant::now();
    for _ in 0..PAIRS {
        world.frame(client, json!({ "id": 1, "method": "subscribe.ring.item.7" }));
        world.rest();
        world.frame(client, json!({ "id": 2, "method": "unsubscribe.ring.item.7" }));
        world.rest();
    }
    [(format!("an item of {RING} in a cycle is subscribed to and unsubscribed from"), begun.elapsed() / PAIRS)].into()
}

/// A core with a service that grants everything.
struct World {
    core: Core,
    requests: Vec<(String, String)>,
    about: &'static str,
    /// How long the longest steps took, by what they were about.
    longest: BTreeMap<String, Duration>,
}

impl World {
    fn new() -> World {
        let core = Core::new(CoreConfig::default());
        World { core, requests: Vec::new(), about: "loaded", longest: BTreeMap::new() }
    }

    fn is_about(&mut self, what: &'static str) {
        self.about = what;
    }

    fn subscribe(&mut self, client: ConnId, rid: &str) {
        self.frame(client, json!({ "id": 1, "method": format!("subscribe.{rid}") }));
        self.rest();
    }

    fn frame(&mut self, client: ConnId, frame: Value) {
        let text = frame.to_string();
        self.step("a frame", |core| core.handle_frame(Time(0), client, &text));
    }

    fn step(&mut self, what: &str, step: impl FnOnce(&mut Core)) {
        let begun = Instant::now();
        step(&mut self.core);
        let took = begun.elapsed();
        let longest = self.longest.entry(format!("{}: {what}", self.about)).or_default();
        *longest = took.max(*longest);
    }

    /// Answers what is asked until nothing is left to do.
    fn rest(&mut self) {
        loop {
            while let Some(output) = self.core.ready_output() {
                if let Output::Publish { subject, reply, .. } = output {
                    self.requests.push((subject, reply.expect("the gateway only asks")));
                }
            }
            if let Some((subject, reply)) = self.requests.pop() {
                let payload = json!({ "result": answer(&subject) }).to_string();
                let what = if subject.starts_with("get.big.list") { "the answer with a list" } else { "an answer" };
                self.step(what, |core| core.handle_message(Time(0), &reply, payload.as_bytes(), false));
            } else if self.core.is_busy() {
                self.step("a round of turns", |core| core.go_on(Time(0)));
            } else {
                return;
            }
        }
    }
}

fn answer(subject: &str) -> Value {
    let list = |count: usize, name: String| {
        let items: Vec<_> = (0..count).map(|item| json!({ "rid": format!("{name}.{item}") })).collect();
        json!({ "collection": items })
    };
    match subject.split_once('.').unwrap_or_default() {
        ("access", _) => json!({ "get": true, "call": "*" }),
        (_, name) if name.starts_with("big.list.") => list(REFERENCES, name.replace("list", "item")),
        (_, "ring.list") => list(RING, "ring.item".into()),
        (_, name) if name.starts_with("ring.item.") => json!({ "model": { "list": { "rid": "ring.list" } } }),
        _ => json!({ "model": { "n": 1 } }),
    }
}

const ROUNDS: usize = 5;
const LISTS: usize = 3;
const REFERENCES: usize = 5_000;
const RING: usize = 4_000;
const PAIRS: u32 = 200;
