//! What goes wrong, and how it is made good.

use res_gateway::core::timers::Time;
use resclient::session::ConnectionState;

use crate::choice::Choice;
use crate::script::{Deed, Fault, Json, Known, Use, Ways, When};
use crate::world::{Happening, World};

impl World {
    /// Has something go wrong, if there is something that it can happen to.
    pub fn fault(&mut self, fault: &Fault) {
        if self.is_possible(fault) {
            *self.tally.faults.entry(fault.kind()).or_default() += 1;
            self.happen_to(fault);
        }
    }

    fn is_possible(&self, fault: &Fault) -> bool {
        use Fault::*;
        match fault {
            Dismiss { client } => self.clients[*client].link.is_some_and(|link| self.links[link].conn.is_some()),
            Cut { client, .. } | HalfOpen { client, .. } | Stall { client, .. } | Delay { client, .. } => {
                self.clients[*client].link.is_some()
            }
            FreezePage { client, .. } | Sleep { client, .. } | Throttle { client, .. } => {
                !self.clients[*client].is_frozen
            }
            Kill { gateway, .. } | Freeze { gateway, .. } => self.gateways[*gateway].core.is_some(),
            GatewayCutOff { gateway, .. } | GatewayLags { gateway, .. } => self.gateways[*gateway].peer.is_some(),
            Attack { gateway, .. } => self.gateways[*gateway].peer.is_some() && !self.gateways[*gateway].is_frozen,
            BusRestart { .. } => self.bus.is_up,
            ServiceCutOff { service, .. } | ServiceLags { service, .. } => self.services[*service].peer.is_some(),
            Crash { service, .. }
            | Slow { service, .. }
            | Spoil { service, .. }
            | Lie { service, .. }
            | BadEvent { service, .. }
            | Burst { service, .. }
            | ResetStorm { service, .. } => self.services[*service].is_up,
        }
    }

    fn happen_to(&mut self, fault: &Fault) {
        let now = self.now();
        match fault {
            Fault::Cut { client, up, down } => self.cut(self.link_of(*client), *up, *down),
            Fault::HalfOpen { client, lost, known } => self.half_open(self.link_of(*client), *lost, *known),
            Fault::Dismiss { client } => self.dismiss(self.link_of(*client)),
            Fault::Stall { client, up, down } => {
                let link = self.link_of(*client);
                self.links[link].up.stall(now + up);
                self.links[link].down.stall(now + down);
            }
            Fault::Delay { client, latency } => {
                let link = self.link_of(*client);
                self.links[link].up.slowness = *latency;
                self.links[link].down.slowness = *latency;
            }
            Fault::Kill { gateway, down } => {
                self.kill(*gateway);
                self.agenda.put(now + down, Happening::StartGateway(*gateway));
            }
            Fault::Freeze { gateway, time } => {
                self.gateways[*gateway].is_frozen = true;
                self.agenda.put(now + time, Happening::Thaw(*gateway));
            }
            Fault::BusRestart { down } => {
                self.bus.is_up = false;
                (0..self.gateways.len()).for_each(|gateway| self.cut_off_gateway(gateway, 0));
                (0..self.services.len()).for_each(|service| self.cut_off_service(service, *down));
                self.agenda.put(now + down, Happening::StartBus);
            }
            Fault::GatewayCutOff { gateway, down } => self.cut_off_gateway(*gateway, *down),
            Fault::ServiceCutOff { service, down } => self.cut_off_service(*service, *down),
            Fault::GatewayLags { gateway, time } => {
                self.gateways[*gateway].peer.into_iter().for_each(|peer| self.bus.lag(peer, now + time));
            }
            Fault::ServiceLags { service, time } => {
                self.services[*service].peer.into_iter().for_each(|peer| self.bus.lag(peer, now + time));
            }
            Fault::Crash { service, when, deed, down } => self.crash(*service, *when, deed, *down),
            Fault::Slow { service, latency, time } => self.services[*service].service.slow = (*latency, now + time),
            Fault::Spoil { service, how } => self.services[*service].service.spoil(how),
            Fault::Lie { service, time } => {
                self.services[*service].service.lies = true;
                self.agenda.put(now + time, Happening::EndLie(*service));
            }
            Fault::BadEvent { service, name, how } => {
                let event = self.services[*service].service.bad_event(name, *how);
                self.say(*service, event);
            }
            Fault::FreezePage { client, time } => {
                self.clients[*client].is_frozen = true;
                self.agenda.put(now + time, Happening::ResumeClient(*client));
            }
            Fault::Sleep { client, time } => {
                self.clients[*client].is_frozen = true;
                self.clients[*client].clock_ahead += time;
                self.agenda.put(now + time / 50, Happening::ResumeClient(*client));
            }
            Fault::Throttle { client, time } => self.clients[*client].throttled_until = now + time,
            Fault::Burst { service, name, count } => self.burst(*service, name, *count),
            Fault::ResetStorm { service, count } => {
                for _ in 0..*count {
                    let reset = self.services[*service].service.reset();
                    self.say(*service, reset);
                }
            }
            Fault::Attack { gateway, count } => self.attack(*gateway, *count),
        }
    }

    fn link_of(&self, client: usize) -> usize {
        self.clients[client].link.expect("it is possible")
    }

    fn half_open(&mut self, link: usize, lost: Ways, known: Known) {
        let now = self.now();
        if lost != Ways::ToClient {
            self.links[link].up.cut(now);
        }
        if lost != Ways::ToGateway {
            self.links[link].down.cut(now);
        }
        match known {
            Known::ToClient => self.agenda.put(now, Happening::ClientNotices(link)),
            Known::ToGateway => self.agenda.put(now, Happening::GatewayNotices(link)),
            Known::ToNobody => {}
        }
        // The client has a heartbeat of its own.
        self.agenda.put(now + UNNOTICED, Happening::GatewayNotices(link));
    }

    /// Everything works again, and those who could not help it make good what they said or did not say.
    pub fn heal(&mut self) {
        self.note(|| "peace".into());
        self.bus.is_up = true;
        for link in &mut self.links {
            link.up.heal();
            link.down.heal();
        }
        for service in 0..self.services.len() {
            let lied = self.services[service].service.lies;
            self.services[service].service.heal();
            self.start_service(service);
            if lied {
                self.end_lie(service);
            }
        }
        for gateway in 0..self.gateways.len() {
            self.start_gateway(gateway);
            self.thaw(gateway);
        }
        for client in 0..self.clients.len() {
            self.clients[client].throttled_until = 0;
            self.clients[client].reactions.clear();
            self.resume_client(client);
            self.carry_out(client);
        }
        self.connect_all();
    }

    /// Connects whoever is not to come back without being told to: those who lost a connection do.
    pub fn connect_all(&mut self) {
        let now = self.now();
        for client in 0..self.clients.len() {
            let this = &mut self.clients[client];
            if this.is_to_be_connected || this.engine.state() == ConnectionState::Idle {
                this.act(now, &Use::Connect);
                self.carry_out(client);
            }
        }
    }

    fn cut_off_gateway(&mut self, gateway: usize, down: u64) {
        if let Some(peer) = self.gateways[gateway].peer {
            self.bus.disconnect(peer);
            self.agenda.put(self.now() + down, Happening::LoseBus(gateway));
        }
    }

    fn cut_off_service(&mut self, service: usize, down: u64) {
        let host = &mut self.services[service];
        if let Some(peer) = host.peer.take() {
            self.bus.disconnect(peer);
        }
        if host.is_up {
            self.agenda.put(self.now() + down, Happening::StartService(service));
        }
    }

    fn crash(&mut self, service: usize, when: When, deed: &Deed, down: u64) {
        let now = self.now();
        if when != When::BeforePersisting {
            let messages = self.services[service].service.act(now, deed);
            if when == When::AfterTheEvent {
                messages.into_iter().for_each(|message| self.say(service, message));
                // Not before it has left.
                return self.agenda.put(now + SENT, Happening::Die(service, down));
            }
        }
        self.die(service, down);
    }

    /// The process of a service ends, and is started again after a while.
    pub fn die(&mut self, service: usize, down: u64) {
        let host = &mut self.services[service];
        host.is_up = false;
        host.service.die();
        if let Some(peer) = host.peer.take() {
            self.bus.disconnect(peer);
        }
        self.agenda.put(self.now() + down, Happening::StartService(service));
    }

    fn burst(&mut self, service: usize, name: &str, count: usize) {
        let now = self.now();
        for n in 0..count {
            let value = Json(n.into());
            for deed in [Deed::Set(name.into(), "title", Some(value.clone())), Deed::Insert(name.into(), 0, value)] {
                let messages = self.services[service].service.act(now, &deed);
                messages.into_iter().for_each(|message| self.say(service, message));
            }
            if n > 5 {
                let messages = self.services[service].service.act(now, &Deed::Remove(name.into(), 3));
                messages.into_iter().for_each(|message| self.say(service, message));
            }
        }
    }

    /// Somebody connects who sends what is not asked for.
    fn attack(&mut self, gateway: usize, count: usize) {
        let now = Time(self.now());
        let this = &mut self.gateways[gateway];
        let Some(core) = this.core.as_mut() else { return };
        let conn = core.handle_connect(&format!("attacker{}n{}", now.0, this.attackers.len()), Default::default());
        this.attackers.push(conn);
        for _ in 0..count {
            let text = ATTACKS[self.rng.index(0..ATTACKS.len())];
            if let Some(core) = self.gateways[gateway].core.as_mut() {
                core.handle_frame(now, conn, text);
            }
            self.drain(gateway);
        }
    }
}

/// Milliseconds after which what a service has said is at the bus and on its way.
const SENT: u64 = 15;
/// Milliseconds after which a gateway's server finds that a client is silent.
const UNNOTICED: u64 = 40_000;

const ATTACKS: [&str; 14] = [
    "",
    "{",
    "[]",
    "null",
    "{\"id\":1}",
    "{\"id\":-1,\"method\":\"subscribe.library.model.0\"}",
    "{\"id\":1,\"method\":\"subscribe.library.model.0\"}",
    "{\"id\":1,\"method\":\"subscribe.library.list.1\"}",
    "{\"id\":2,\"method\":\"unsubscribe.library.model.0\",\"params\":{\"count\":99}}",
    "{\"id\":3,\"method\":\"get.>\"}",
    "{\"id\":4,\"method\":\"subscribe.library.*\"}",
    "{\"id\":5,\"method\":\"call.library.model.0.x y\"}",
    "{\"id\":6,\"method\":\"version\",\"params\":{\"protocol\":\"9.9.9\"}}",
    "{\"id\":7,\"method\":\"subscribe.library.endless.0\"}",
];
