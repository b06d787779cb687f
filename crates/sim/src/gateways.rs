//! Gateways: what the driver of a gateway does around the core.

use res_gateway::core::border::ConnId;
use res_gateway::core::timers::Time;
use res_gateway::core::{Core, CoreConfig, Output};
use resclient::protocol::ResError;

use crate::bus::{Delivery, Up};
use crate::choice::Choice;
use crate::service::Message;
use crate::world::{Downward, Happening, Upward, World};

impl World {
    /// Starts a gateway that does not run.
    pub fn start_gateway(&mut self, gateway: usize) {
        let this = &mut self.gateways[gateway];
        if this.core.is_some() {
            return;
        }
        this.lives += 1;
        let mut config = CoreConfig {
            request_timeout: 1_500,
            seed: self.rng.u64(..),
            inbox: format!("g{gateway}n{}", this.lives),
            reset_throttle: self.rng.index(0..3),
            // Turns so short that much else comes between.
            effort_of_a_turn: [1, 5, 128][self.rng.index(0..3)],
            effort_of_a_round: [1, 8, 1_024][self.rng.index(0..3)],
            ..CoreConfig::default()
        };
        config.limits.reference_depth = DEEPEST;
        config.limits.reference_throttle = self.rng.index(0..3);
        this.core = Some(Core::new(config));
        self.dial_bus(gateway);
    }

    /// Connects a gateway to the bus, or tries again later.
    pub fn dial_bus(&mut self, gateway: usize) {
        let this = &mut self.gateways[gateway];
        if this.core.is_none() || this.peer.is_some() {
            return;
        }
        if !self.bus.is_up || this.is_frozen {
            return self.agenda.put(self.now() + 300, Happening::DialBus(gateway));
        }
        this.peer = Some(self.bus.connect());
        self.drain(gateway);
    }

    /// What was missed cannot be known: everybody starts again, with nothing.
    pub fn lose_bus(&mut self, gateway: usize) {
        let this = &mut self.gateways[gateway];
        if this.is_frozen {
            return self.agenda.put(self.now() + 100, Happening::LoseBus(gateway));
        }
        if let Some(core) = &this.core
            && this.peer.is_none_or(|peer| !self.bus.is_connected(peer))
        {
            this.lives += 1;
            this.core = Some(core.successor(format!("g{gateway}n{}", this.lives)));
            this.peer = None;
            this.attackers.clear();
            this.visitors.clear();
            for (_, link) in std::mem::take(&mut this.links) {
                self.links[link].conn = None;
                self.send_down(link, Downward::Close);
            }
            self.agenda.put(self.now() + 100, Happening::DialBus(gateway));
        }
    }

    /// The process of a gateway is killed.
    pub fn kill(&mut self, gateway: usize) {
        let this = &mut self.gateways[gateway];
        this.core = None;
        this.is_frozen = false;
        this.attackers.clear();
        this.visitors.clear();
        if let Some(peer) = this.peer.take() {
            self.bus.disconnect(peer);
        }
        for (_, link) in std::mem::take(&mut this.links) {
            self.links[link].conn = None;
            let at = self.now() + self.rng.u64(..100);
            self.links[link].down.cut(at);
            self.agenda.put(at + 1, Happening::ClientNotices(link));
        }
        // The next one does not get what this one had not looked at: who was not let in yet has to knock again.
        let now = self.now();
        for (n, link) in self.links.iter_mut().enumerate().filter(|(_, link)| link.gateway == gateway) {
            let is_knocking = link.up.first().is_some_and(|what| matches!(what, Upward::Open));
            link.up.drop_all();
            if is_knocking {
                self.agenda.put(now, Happening::ClientNotices(n));
            }
        }
    }

    pub fn thaw(&mut self, gateway: usize) {
        self.gateways[gateway].is_frozen = false;
        self.gateways[gateway].wake = None;
        for link in 0..self.links.len() {
            if self.links[link].gateway == gateway {
                self.at_gateway(link);
            }
        }
        if let Some(peer) = self.gateways[gateway].peer {
            for from in self.bus.peers() {
                self.from_bus(from, peer);
            }
        }
        self.drain(gateway);
    }

    /// A client is there, and there is a bus, or else it is sent away.
    pub fn accept(&mut self, gateway: usize, link: usize) {
        let this = &mut self.gateways[gateway];
        let Some(core) = this.core.as_mut() else {
            return self.agenda.put(self.agenda.now(), Happening::ClientNotices(link));
        };
        if this.peer.is_none() {
            return self.send_down(link, Downward::Close);
        }
        let conn = core.handle_connect(&self.links[link].cid, Default::default());
        this.links.insert(conn, link);
        self.links[link].conn = Some(conn);
        self.send_down(link, Downward::Opened);
        self.drain(gateway);
    }

    /// Hands in the frames of a client, as far as the gateway has time for them.
    pub fn take_frames(&mut self, gateway: usize, link: usize) {
        let now = Time(self.now());
        while let Some(conn) = self.links[link].conn
            && let Some(core) = self.gateways[gateway].core.as_mut()
            && !core.is_conn_busy(conn)
            && let Some(text) = self.links[link].waiting.pop_front()
        {
            self.links[link].wire.sent(&text);
            core.handle_frame(now, conn, &text);
            self.drain(gateway);
        }
    }

    /// The gateway learns that a client is gone, and may be late to.
    pub fn gateway_notices(&mut self, link: usize) {
        if self.gateways[self.links[link].gateway].is_frozen {
            return self.agenda.put(self.now() + 200, Happening::GatewayNotices(link));
        }
        self.hang_up(link);
    }

    /// A client is gone.
    pub fn hang_up(&mut self, link: usize) {
        let gateway = self.links[link].gateway;
        if let Some(conn) = self.links[link].conn.take() {
            self.leave(gateway, conn);
            self.drain(gateway);
        }
    }

    pub fn leave(&mut self, gateway: usize, conn: ConnId) {
        let now = Time(self.now());
        self.gateways[gateway].links.remove(&conn);
        if let Some(core) = self.gateways[gateway].core.as_mut() {
            core.handle_disconnect(now, conn);
        }
    }

    /// Something comes from the bus.
    pub fn deliver(&mut self, gateway: usize, delivery: &Delivery) {
        let now = Time(self.now());
        let Delivery { message: Message { subject, payload, .. }, no_responders } = delivery;
        let this = &mut self.gateways[gateway];
        if let Some((cid, rid)) = this.access.deliver(subject, payload) {
            for link in self.links.iter_mut().filter(|link| link.cid == cid) {
                link.wire.forbidden.remove(&rid);
            }
        }
        // Where a connection has nothing before it to do, the answer counts from here on.
        self.heed_denials(gateway);
        if let Some(core) = self.gateways[gateway].core.as_mut() {
            core.handle_message(now, subject, payload, *no_responders);
            self.drain(gateway);
        }
    }

    /// From now on nothing that was denied may be sent, where the gateway has looked at the answer.
    fn heed_denials(&mut self, gateway: usize) {
        let this = &mut self.gateways[gateway];
        let Some(core) = &this.core else { return };
        for (cid, rid) in std::mem::take(&mut this.access.denials) {
            let Some(link) = self.links.iter_mut().find(|link| link.cid == cid) else { continue };
            match link.conn {
                Some(conn) if core.is_conn_busy(conn) => this.access.denials.push((cid, rid)),
                _ => {
                    link.wire.forbidden.insert(rid);
                }
            }
        }
    }

    pub fn go_on(&mut self, gateway: usize) {
        let now = Time(self.now());
        let this = &mut self.gateways[gateway];
        this.goes_on = false;
        if this.is_frozen {
            return;
        }
        if let Some(core) = this.core.as_mut() {
            core.go_on(now);
        }
        self.drain(gateway);
        let links: Vec<usize> = self.gateways[gateway].links.values().copied().collect();
        for link in links {
            self.take_frames(gateway, link);
        }
    }

    pub fn gateway_timer(&mut self, gateway: usize) {
        let now = Time(self.now());
        let this = &mut self.gateways[gateway];
        if this.wake != Some(now.0) {
            return;
        }
        this.wake = None;
        if !this.is_frozen
            && let Some(core) = this.core.as_mut()
        {
            core.handle_timeout(now);
            self.drain(gateway);
        }
    }

    /// Carries out what a gateway wants done.
    pub fn drain(&mut self, gateway: usize) {
        while self.gateways[gateway].peer.is_some()
            && let Some(output) = self.gateways[gateway].core.as_mut().and_then(Core::ready_output)
        {
            self.carry(gateway, output);
        }
        self.heed_denials(gateway);
        let now = self.now();
        let this = &mut self.gateways[gateway];
        let Some(core) = &this.core else { return };
        if core.is_busy() && !this.goes_on {
            this.goes_on = true;
            self.agenda.put(now + self.rng.u64(..3), Happening::GoOn(gateway));
        }
        if let Some(Time(due)) = core.poll_timeout() {
            let due = due.max(now);
            if this.wake.is_none_or(|wake| due < wake) {
                this.wake = Some(due);
                self.agenda.put(due, Happening::GatewayTimer(gateway));
            }
        }
    }

    fn carry(&mut self, gateway: usize, output: Output) {
        let Some(peer) = self.gateways[gateway].peer else { return };
        match output {
            Output::Publish { subject, reply, payload } => {
                if let Some(reply) = &reply {
                    if payload.len() > MOST_BYTES {
                        let now = Time(self.now());
                        let core = self.gateways[gateway].core.as_mut().expect("it has just said something");
                        return core.handle_refused(now, reply, ResError::INVALID_PARAMS);
                    }
                    self.gateways[gateway].access.ask(&subject, reply, &payload);
                }
                self.to_bus(peer, Up::Publish(Message { subject, reply, payload }));
            }
            Output::Subscribe(pattern) => self.to_bus(peer, Up::Subscribe(pattern)),
            Output::Unsubscribe(pattern) => self.to_bus(peer, Up::Unsubscribe(pattern)),
            Output::Event(conn, frame) | Output::Answer(conn, frame) => {
                let Some(&link) = self.gateways[gateway].links.get(&conn) else { return };
                self.note(|| format!("gateway {gateway} conn {}: {}", conn.0, &*frame));
                self.tally.frames += 1;
                self.digest(frame.as_bytes());
                self.links[link].wire.said(&frame);
                self.check_denials(link);
                self.send_down(link, Downward::Frame(frame));
                if self.links[link].down.len() > MOST_WAITING {
                    self.links[link].down.drop_all();
                    self.close(gateway, conn, 1013);
                }
            }
            Output::Close(conn, code, _) => self.close(gateway, conn, code),
            Output::Http(conn, answer) => self.answer_visitor(gateway, conn, &answer),
        }
    }

    /// A gateway tells a client to go, and not to come back.
    pub fn dismiss(&mut self, link: usize) {
        if self.links[link].conn.is_some() {
            self.hang_up(link);
            self.send_down(link, Downward::Dismiss);
        }
    }

    fn close(&mut self, gateway: usize, conn: ConnId, code: u16) {
        if let Some(&link) = self.gateways[gateway].links.get(&conn) {
            *self.tally.closes.entry(code).or_default() += 1;
            self.links[link].conn = None;
            self.send_down(link, Downward::Close);
        }
        self.gateways[gateway].attackers.retain(|attacker| *attacker != conn);
        self.leave(gateway, conn);
    }
}

/// Levels of references that gateways follow.
pub const DEEPEST: usize = 6;
/// Bytes of a request that the bus does not carry more than.
pub const MOST_BYTES: usize = 1_000;
/// Frames that wait for a slow reader before it is closed.
const MOST_WAITING: usize = 300;
