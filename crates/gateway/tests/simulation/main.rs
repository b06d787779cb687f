//! The core with clients and a service that do things in random order, on virtual time.
//!
//! The service and the bus keep the order they promise and nothing else: requests wait as long as they like, events and
//! answers cross each other, answers get lost. After every frame the clients hold what the protocol says, and once things
//! are quiet, clients, gateway and service agree.

mod client;
mod service;
#[path = "../../../sim/src/wire.rs"]
#[allow(dead_code, reason = "the simulation of the whole system uses the rest")]
mod wire;

use std::collections::{BTreeMap, VecDeque};

use client::Client;
use res_gateway::core::border::ConnId;
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use serde_json::Value;
use service::Service;

/// How many runs there are, each with another seed, unless `PROPTEST_CASES` says otherwise. A failing run names its seed.
const RUNS: u64 = 1000;
/// Things that happen in a run before it is left to come to rest.
const STEPS: u32 = 120;

#[test]
fn clients_gateway_and_service_agree_once_things_are_quiet() {
    let runs = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(RUNS);
    let from = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    for seed in from..=runs.max(from) {
        let run = std::panic::catch_unwind(|| World::new(seed).run());
        if let Err(panic) = run {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// Numbers that are the same for the same seed.
pub struct Random(u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

struct World {
    random: Random,
    now: Time,
    core: Core,
    service: Service,
    /// From the service to the gateway, in order.
    bus: VecDeque<(String, Vec<u8>)>,
    clients: BTreeMap<ConnId, Client>,
    /// From each client to the gateway, in order.
    frames: BTreeMap<ConnId, VecDeque<String>>,
}

impl World {
    fn new(seed: u64) -> World {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let service = Service::new(&mut random);
        let mut config = CoreConfig { seed, reset_throttle: random.below(3) as usize, ..CoreConfig::default() };
        config.limits.reference_throttle = random.below(3) as usize;
        // In most runs turns are so short that much else comes between.
        config.effort_of_a_turn = [1, 2, 5, 128][random.below(4) as usize];
        config.effort_of_a_round = [1, 8, 1_024][random.below(3) as usize];
        let mut world = World {
            random,
            now: Time(0),
            core: Core::new(config),
            service,
            bus: VecDeque::new(),
            clients: BTreeMap::new(),
            frames: BTreeMap::new(),
        };
        for n in 0..3 {
            let id = world.core.handle_connect(&format!("cid{n}"), Default::default());
            world.clients.insert(id, Client::new());
            world.frames.insert(id, [client::VERSION.to_owned()].into());
        }
        world
    }

    fn run(mut self) {
        for _ in 0..STEPS {
            self.step();
        }
        self.rest();
        self.check();
        let ids: Vec<ConnId> = self.clients.keys().copied().collect();
        for id in ids {
            self.core.handle_disconnect(self.now, id);
            self.clients.remove(&id);
            self.drain();
        }
        self.rest();
        assert_eq!(self.core.cache().counts(), (0, 0), "the cache is empty when all have gone");
    }

    fn step(&mut self) {
        match self.random.below(10) {
            0..=2 => self.client_acts(),
            3 | 4 => self.service.act(&mut self.random, &mut self.bus),
            5 | 6 => self.service.answer(&mut self.random, &mut self.bus),
            7 | 8 => self.deliver_to_gateway(),
            _ => self.deliver_frame(),
        }
        if self.random.below(40) == 0 {
            self.advance();
        }
        if self.random.below(3) == 0 {
            self.core.go_on(self.now);
        }
        self.drain();
    }

    /// Lets everything arrive that is on its way, and all timers run.
    fn rest(&mut self) {
        self.service.is_reliable = true;
        for round in 0.. {
            assert!(round < 100_000, "it does not come to rest");
            let busy = !self.bus.is_empty()
                || self.service.is_asked()
                || self.frames.values().any(|frames| !frames.is_empty());
            if busy {
                self.service.answer(&mut self.random, &mut self.bus);
                self.deliver_to_gateway();
                self.deliver_frame();
            } else if self.core.is_busy() {
                self.core.go_on(self.now);
            } else if self.core.poll_timeout().is_some() {
                self.advance();
            } else {
                return;
            }
            self.drain();
        }
    }

    fn check(&self) {
        for (id, Client { wire, .. }) in &self.clients {
            let conn = self.core.conn(*id).expect("connected");
            let gateway = conn.held();
            let held: Vec<&str> = wire.held.keys().map(String::as_str).collect();
            assert_eq!(gateway.keys().copied().collect::<Vec<_>>(), held, "what the client holds");
            assert_eq!(conn.sub_count(), wire.reached().len(), "Subs without a reason to live");
            for rid in wire.subscribed() {
                assert!(!self.service.denies(rid), "{rid} is subscribed to although access to it was taken away");
            }
            assert!(wire.requests.is_empty(), "requests without an answer: {:?}", wire.requests);
            for (rid, resource) in wire.held.iter().filter(|(_, resource)| !resource.is_deleted) {
                let service = self.service.value(rid).unwrap_or_else(|| panic!("the service has no {rid}"));
                assert_eq!(resource.value, service, "{rid} of the client and of the service");
                let gateway: Value = serde_json::from_str(&gateway[rid.as_str()]).expect("JSON");
                assert_eq!(gateway, service, "{rid} of the gateway and of the service");
            }
        }
    }

    fn client_acts(&mut self) {
        let ids: Vec<ConnId> = self.clients.keys().copied().collect();
        let id = ids[self.random.below(ids.len() as u64) as usize];
        let client = self.clients.get_mut(&id).expect("one of them");
        let frame = client.act(&mut self.random);
        self.frames.get_mut(&id).expect("one for each").push_back(frame);
    }

    fn deliver_frame(&mut self) {
        let waiting: Vec<ConnId> =
            self.frames.iter().filter(|(_, frames)| !frames.is_empty()).map(|(&id, _)| id).collect();
        if waiting.is_empty() {
            return;
        }
        let id = waiting[self.random.below(waiting.len() as u64) as usize];
        let frame = self.frames.get_mut(&id).and_then(VecDeque::pop_front).expect("not empty");
        self.core.handle_frame(self.now, id, &frame);
    }

    fn deliver_to_gateway(&mut self) {
        if let Some((subject, payload)) = self.bus.pop_front() {
            self.core.handle_message(self.now, &subject, &payload, false);
        }
    }

    fn advance(&mut self) {
        if let Some(at) = self.core.poll_timeout() {
            self.now = self.now.max(at);
            self.core.handle_timeout(self.now);
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.ready_output() {
            match output {
                Output::Publish { subject, reply, payload } => {
                    let reply = reply.expect("the gateway only asks");
                    self.service.ask(subject, reply, &payload);
                }
                Output::Subscribe(pattern) => self.service.watch(pattern),
                Output::Unsubscribe(pattern) => self.service.unwatch(&pattern),
                Output::Event(id, frame) | Output::Answer(id, frame) => {
                    if let Some(client) = self.clients.get_mut(&id) {
                        client.wire.said(&frame);
                    }
                }
                Output::Close(_, code, reason) => panic!("closed: {code} {reason}"),
                Output::Http(..) => unreachable!("all clients have WebSockets"),
            }
        }
        self.core.check();
    }
}
