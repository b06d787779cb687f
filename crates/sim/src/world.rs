//! The world: clients, links, gateways, a bus and services, and what happens to them next.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

use fastrand::Rng;
use res_gateway::core::border::ConnId;
use res_gateway::core::{Core, Frame};
use resclient::session::ConnectionId;

use crate::access::Access;
use crate::agenda::Agenda;
use crate::bus::{Bus, Peer};
use crate::client::{Client, Effect};
use crate::pipe::Pipe;
use crate::script::{Act, LENGTH, Script};
use crate::service::{Message, Service};
use crate::tally::Tally;
use crate::wire::Wire;

/// What is to happen.
pub enum Happening {
    /// The next step of the script.
    Script,
    /// Something has arrived at the end of a link.
    AtGateway(usize),
    AtClient(usize),
    /// One end of a link finds out that it is gone.
    GatewayNotices(usize),
    ClientNotices(usize),
    /// The server of the bus has got something from a peer.
    AtBus(Peer),
    /// Something has arrived from one peer at the other.
    FromBus(Peer, Peer),
    /// A service answers a request.
    Serve(usize, u64),
    /// A service says something again.
    Say(usize, Message),
    /// A service ceases to lie, and says so.
    EndLie(usize),
    /// A gateway goes on with what it has to do.
    GoOn(usize),
    GatewayTimer(usize),
    ClientTimer(usize),
    Thaw(usize),
    StartGateway(usize),
    /// A gateway finds that its bus is gone.
    LoseBus(usize),
    DialBus(usize),
    StartBus,
    StartService(usize),
    /// A service dies, and is down for so many milliseconds.
    Die(usize, u64),
    ResumeClient(usize),
}

/// The connection between a client and a gateway.
pub struct Link {
    pub client: usize,
    pub connection: ConnectionId,
    pub gateway: usize,
    /// Its number at the gateway, while it is connected there.
    pub conn: Option<ConnId>,
    pub cid: String,
    pub since: u64,
    pub up: Pipe<Upward>,
    pub down: Pipe<Downward>,
    pub wire: Wire,
    /// Frames that wait for the gateway to have time for them.
    pub waiting: VecDeque<String>,
    /// The client knows that it is gone.
    pub is_over: bool,
}

pub enum Upward {
    Open,
    Frame(String),
    Close,
}

pub enum Downward {
    Opened,
    Frame(Frame),
    Close,
    /// Closed in a way that says not to come back.
    Dismiss,
}

/// A gateway: the core as it is, and what its process knows around it.
pub struct Gateway {
    /// `None` while it does not run.
    pub core: Option<Core>,
    /// Its connection to the bus.
    pub peer: Option<Peer>,
    pub links: BTreeMap<ConnId, usize>,
    /// Connections of those who send anything.
    pub attackers: Vec<ConnId>,
    /// Those who wait for an answer over HTTP, and what they asked for.
    pub visitors: BTreeMap<ConnId, String>,
    pub is_frozen: bool,
    /// It is to go on soon.
    pub goes_on: bool,
    pub wake: Option<u64>,
    /// How often it was started, or lost its bus.
    pub lives: u64,
    pub access: Access,
}

/// A service's process.
pub struct Host {
    pub service: Service,
    pub peer: Option<Peer>,
    pub is_up: bool,
}

pub struct World {
    pub script: Script,
    next_step: usize,
    pub agenda: Agenda<Happening>,
    pub bus: Bus,
    pub clients: Vec<Client>,
    pub links: Vec<Link>,
    pub gateways: Vec<Gateway>,
    pub services: Vec<Host>,
    pub rng: Rng,
    /// All is quiet, and has to be as it should.
    pub is_settled: bool,
    pub tally: Tally,
    digest: DefaultHasher,
    /// Says what happens, for people.
    pub trace: Option<Vec<String>>,
}

impl World {
    pub fn new(script: Script) -> World {
        let mut rng = Rng::with_seed(script.seed ^ 0x5eed);
        let services = (0..script.services)
            .map(|n| Host { service: Service::new(n, script.services, rng.u64(..)), peer: None, is_up: false })
            .collect();
        let gateway = || Gateway {
            core: None,
            peer: None,
            links: BTreeMap::new(),
            attackers: Vec::new(),
            visitors: BTreeMap::new(),
            is_frozen: false,
            goes_on: false,
            wake: None,
            lives: 0,
            access: Access::default(),
        };
        let mut world = World {
            next_step: 0,
            agenda: Agenda::new(),
            bus: Bus::new(rng.u64(..)),
            clients: (0..script.clients).map(|n| Client::new(n, rng.u64(..))).collect(),
            links: Vec::new(),
            gateways: (0..script.gateways).map(|_| gateway()).collect(),
            services,
            rng,
            is_settled: false,
            tally: Tally::default(),
            digest: DefaultHasher::new(),
            trace: None,
            script,
        };
        for service in 0..world.services.len() {
            world.start_service(service);
        }
        for gateway in 0..world.gateways.len() {
            world.start_gateway(gateway);
        }
        world.put_next_step();
        world
    }

    /// The script from its beginning to its end, peace, the comparison of everything, and the end of all that was wanted.
    pub fn run(&mut self) {
        self.go_until(LENGTH);
        self.tally.steps_of_script = self.tally.steps;
        self.heal();
        self.catch_up();
        self.go_until(LENGTH + PEACE);
        self.settle();
        self.check_agreement();
        self.check_visits();
        self.check_asking();
        self.check_liveliness();
        self.check_release();
        self.tally.events = self.clients.iter().map(|client| client.events).sum();
        self.tally.settled = self.clients.iter().map(|client| client.settled).sum();
        self.tally.digest = self.digest.finish();
    }

    /// Lets things go on until everybody has what they listen to, which has to be soon.
    fn catch_up(&mut self) {
        while !self.is_caught_up() {
            self.connect_all();
            let until = self.now() + 500;
            self.go_until(until);
            self.tally.slowest = self.now() - LENGTH;
            assert!(self.tally.slowest <= SOON_ENOUGH, "it takes too long until everybody is current again");
        }
    }

    pub fn now(&self) -> u64 {
        self.agenda.now()
    }

    /// Lets everything happen until then.
    pub fn go_until(&mut self, until: u64) {
        while self.step(until) {}
        self.agenda.pass(until);
    }

    /// Lets the next thing happen, if it does until then.
    pub fn step(&mut self, until: u64) -> bool {
        let Some(happening) = self.agenda.next(until) else { return false };
        self.tally.steps += 1;
        assert!(self.tally.steps < MOST_STEPS, "it does not come to an end");
        self.happen(happening);
        if self.tally.steps.is_multiple_of(CHECK_EVERY) {
            self.gateways.iter().filter_map(|gateway| gateway.core.as_ref()).for_each(Core::check);
        }
        true
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Script => {
                let act = self.script.steps[self.next_step].act.clone();
                self.next_step += 1;
                self.put_next_step();
                self.act(&act);
            }
            Happening::AtGateway(link) => self.at_gateway(link),
            Happening::AtClient(link) => self.at_client(link),
            Happening::GatewayNotices(link) => self.gateway_notices(link),
            Happening::ClientNotices(link) => self.client_notices(link),
            Happening::AtBus(peer) => {
                for (at, from, to) in self.bus.serve(self.now(), peer) {
                    self.agenda.put(at, Happening::FromBus(from, to));
                }
            }
            Happening::FromBus(from, to) => self.from_bus(from, to),
            Happening::Serve(service, number) => self.serve(service, number),
            Happening::Say(service, message) => self.say(service, message),
            Happening::EndLie(service) => self.end_lie(service),
            Happening::GoOn(gateway) => self.go_on(gateway),
            Happening::GatewayTimer(gateway) => self.gateway_timer(gateway),
            Happening::ClientTimer(client) => self.client_timer(client),
            Happening::Thaw(gateway) => self.thaw(gateway),
            Happening::StartGateway(gateway) => self.start_gateway(gateway),
            Happening::LoseBus(gateway) => self.lose_bus(gateway),
            Happening::DialBus(gateway) => self.dial_bus(gateway),
            Happening::StartBus => self.bus.is_up = true,
            Happening::Die(service, down) => self.die(service, down),
            Happening::StartService(service) => self.start_service(service),
            Happening::ResumeClient(client) => self.resume_client(client),
        }
    }

    fn act(&mut self, act: &Act) {
        let now = self.now();
        self.note(|| format!("{act:?}"));
        match act {
            Act::Client(client, what) => {
                if !self.clients[*client].is_frozen {
                    self.clients[*client].act(now, what);
                    self.carry_out(*client);
                }
            }
            Act::Service(service, deed) => {
                if self.services[*service].is_up {
                    let messages = self.services[*service].service.act(now, deed);
                    messages.into_iter().for_each(|message| self.say(*service, message));
                }
            }
            Act::Visit(gateway, rid) => self.visit(*gateway, rid),
            Act::Fault(fault) => self.fault(fault),
        }
    }

    fn put_next_step(&mut self) {
        if let Some(step) = self.script.steps.get(self.next_step) {
            self.agenda.put(step.at, Happening::Script);
        }
    }

    /// Does what a client wants of the network, and looks at its timers when they are due.
    pub fn carry_out(&mut self, client: usize) {
        let now = self.now();
        for effect in std::mem::take(&mut self.clients[client].effects) {
            match effect {
                Effect::Open(connection) => self.open_link(client, connection),
                Effect::Close(_) => {
                    if let Some(link) = self.clients[client].link.take() {
                        self.links[link].is_over = true;
                        self.send_up(link, Upward::Close);
                    }
                }
                Effect::Send(text) => {
                    let link = self.clients[client].link.expect("what is sent is sent on a connection");
                    self.note(|| format!("client {client} → {text}"));
                    self.tally.frames += 1;
                    self.digest.write(text.as_bytes());
                    self.send_up(link, Upward::Frame(text));
                }
            }
        }
        let this = &mut self.clients[client];
        if let Some(due) = this.due() {
            let due = due.max(now);
            let at = due.max(this.throttled_until);
            if this.wake.is_none_or(|wake| at < wake) {
                this.wake = Some(at);
                self.agenda.put(at, Happening::ClientTimer(client));
            }
        }
    }

    /// Puts something that was sent into the digest of all that was.
    pub fn digest(&mut self, sent: &[u8]) {
        self.digest.write(sent);
    }

    /// Writes something into the trace, if there is one.
    pub fn note(&mut self, what: impl FnOnce() -> String) {
        let now = self.agenda.now();
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now:>7} {}", what()));
        }
    }

    fn client_timer(&mut self, client: usize) {
        let now = self.now();
        let this = &mut self.clients[client];
        if this.wake != Some(now) {
            // It was put down before something else became due earlier.
            return;
        }
        this.wake = None;
        if !this.is_frozen {
            this.time(now);
            self.carry_out(client);
        }
    }

    pub fn resume_client(&mut self, client: usize) {
        self.clients[client].is_frozen = false;
        for link in 0..self.links.len() {
            if self.links[link].client == client {
                self.at_client(link);
            }
        }
        self.carry_out(client);
    }
}

/// Milliseconds of peace after which everything has to agree: heartbeats, backoffs and retries are over by then.
const PEACE: u64 = 180_000;
/// Milliseconds of peace after which everybody has what they listen to.
const SOON_ENOUGH: u64 = 45_000;
/// Steps after which everything that gateways count is counted from scratch.
const CHECK_EVERY: u64 = 50;
const MOST_STEPS: u64 = 400_000;
