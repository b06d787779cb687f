//! Links: opened by clients, accepted by gateways, cut by the script.

use std::collections::VecDeque;

use resclient::session::ConnectionId;

use crate::choice::Choice;
use crate::pipe::Pipe;
use crate::script::LENGTH;
use crate::wire::Wire;
use crate::world::{Downward, Happening, Link, Upward, World};

impl World {
    pub fn open_link(&mut self, client: usize, connection: ConnectionId) {
        let gateway = self.rng.index(0..self.gateways.len());
        self.tally.connections += 1;
        self.links.push(Link {
            client,
            connection,
            gateway,
            conn: None,
            cid: format!("cid{}", self.links.len()),
            since: self.agenda.now(),
            up: Pipe::new(),
            down: Pipe::new(),
            wire: Wire::default(),
            waiting: VecDeque::new(),
            is_over: false,
        });
        let link = self.links.len() - 1;
        self.clients[client].link = Some(link);
        if self.gateways[gateway].core.is_some() {
            self.send_up(link, Upward::Open);
        } else {
            self.agenda.put(self.now() + 20, Happening::ClientNotices(link));
        }
    }

    pub fn send_up(&mut self, link: usize, what: Upward) {
        let (now, latency) = (self.now(), self.rng.u64(1..25));
        let at = self.links[link].up.send(now, latency, what);
        self.agenda.put(at, Happening::AtGateway(link));
    }

    pub fn send_down(&mut self, link: usize, what: Downward) {
        let (now, latency) = (self.now(), self.rng.u64(1..25));
        let at = self.links[link].down.send(now, latency, what);
        self.agenda.put(at, Happening::AtClient(link));
    }

    /// A gateway takes what has arrived from a client.
    pub fn at_gateway(&mut self, link: usize) {
        let (now, gateway) = (self.now(), self.links[link].gateway);
        while !self.gateways[gateway].is_frozen
            && let Some(what) = self.links[link].up.receive(now)
        {
            match what {
                Upward::Open => self.accept(gateway, link),
                Upward::Frame(text) => {
                    if self.links[link].conn.is_some() {
                        self.links[link].waiting.push_back(text);
                        self.take_frames(gateway, link);
                    }
                }
                Upward::Close => self.hang_up(link),
            }
        }
        if let Some(at) = self.links[link].up.next().filter(|at| *at > now) {
            self.agenda.put(at, Happening::AtGateway(link));
        }
    }

    /// A client takes what has arrived from a gateway, also on a link that it has closed.
    pub fn at_client(&mut self, link: usize) {
        let now = self.now();
        let Link { client, connection, .. } = self.links[link];
        while !self.clients[client].is_frozen
            && let Some(what) = self.links[link].down.receive(now)
        {
            match what {
                Downward::Opened => self.clients[client].opened(now, connection),
                Downward::Frame(text) => {
                    self.note(|| format!("client {client} ← {}", &*text));
                    self.clients[client].receive(now, connection, &text);
                }
                Downward::Close => self.lost(link, false),
                Downward::Dismiss => {
                    self.lost(link, true);
                    // It may have been on its way until there was peace.
                    if now >= LENGTH {
                        self.connect_all();
                    }
                }
            }
            self.carry_out(client);
        }
        if let Some(at) = self.links[link].down.next().filter(|at| *at > now) {
            self.agenda.put(at, Happening::AtClient(link));
        }
    }

    pub fn client_notices(&mut self, link: usize) {
        let client = self.links[link].client;
        if self.clients[client].is_frozen {
            return self.agenda.put(self.now() + 200, Happening::ClientNotices(link));
        }
        self.lost(link, false);
        self.carry_out(client);
    }

    /// The client learns that a link is gone, perhaps for good.
    fn lost(&mut self, link: usize, is_final: bool) {
        let Link { client, connection, .. } = self.links[link];
        self.note(|| format!("client {client} loses its connection"));
        if self.clients[client].link == Some(link) {
            self.clients[client].link = None;
        }
        self.links[link].is_over = true;
        let now = self.now();
        match is_final {
            true => self.clients[client].dismissed(now, connection),
            false => self.clients[client].closed(now, connection),
        }
    }

    /// Nothing more arrives on a link but what does soon, and both ends find out.
    pub fn cut(&mut self, link: usize, up: u64, down: u64) {
        let now = self.now();
        self.links[link].up.cut(now + up);
        self.links[link].down.cut(now + down);
        self.agenda.put(now + up + 1, Happening::GatewayNotices(link));
        self.agenda.put(now + down + 1, Happening::ClientNotices(link));
    }
}
