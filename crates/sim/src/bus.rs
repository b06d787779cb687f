//! A bus as NATS is one: what one connection publishes arrives at another in the order it was published; what several
//! publish arrives in any order. What is under way when a connection ends is lost.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use crate::pipe::Pipe;
use crate::service::Message;

/// Who is connected, under which number: each connection has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peer(pub u32);

/// What a peer sends to the server.
pub enum Up {
    Publish(Message),
    Subscribe(String),
    Unsubscribe(String),
}

/// What a peer gets.
pub struct Delivery {
    pub message: Message,
    /// It is the notice that nobody listens where a request was sent.
    pub no_responders: bool,
}

pub struct Bus {
    peers: BTreeMap<Peer, End>,
    /// From whom to whom.
    pipes: BTreeMap<(Peer, Peer), Pipe<Delivery>>,
    next: u32,
    pub is_up: bool,
    rng: Rng,
}

#[derive(Default)]
struct End {
    up: Pipe<Up>,
    patterns: BTreeSet<String>,
    /// Nothing reaches the peer before.
    lags_until: u64,
}

impl Bus {
    pub fn new(seed: u64) -> Bus {
        Bus { peers: BTreeMap::new(), pipes: BTreeMap::new(), next: 0, is_up: true, rng: Rng::with_seed(seed) }
    }

    pub fn connect(&mut self) -> Peer {
        self.next += 1;
        let peer = Peer(self.next);
        self.peers.insert(peer, End::default());
        peer
    }

    /// Ends a connection, and loses what is under way from it and to it.
    pub fn disconnect(&mut self, peer: Peer) {
        self.peers.remove(&peer);
        self.pipes.retain(|(from, to), _| *from != peer && *to != peer);
    }

    pub fn is_connected(&self, peer: Peer) -> bool {
        self.peers.contains_key(&peer)
    }

    pub fn peers(&self) -> Vec<Peer> {
        self.peers.keys().copied().collect()
    }

    /// Sends something to the server; when it arrives. `None` if there is no such connection.
    pub fn send(&mut self, now: u64, peer: Peer, what: Up) -> Option<u64> {
        let latency = self.rng.u64(..4);
        Some(self.peers.get_mut(&peer)?.up.send(now, latency, what))
    }

    /// Has the server deal with what has arrived from a peer. The result is what to look at when.
    pub fn serve(&mut self, now: u64, peer: Peer) -> Vec<(u64, Peer, Peer)> {
        let mut due = Vec::new();
        while let Some(what) = self.peers.get_mut(&peer).and_then(|end| end.up.receive(now)) {
            let end = self.peers.get_mut(&peer).expect("it has sent something");
            match what {
                Up::Subscribe(pattern) => assert!(end.patterns.insert(pattern), "a pattern is subscribed to twice"),
                Up::Unsubscribe(pattern) => assert!(end.patterns.remove(&pattern), "a pattern was not subscribed to"),
                Up::Publish(message) => self.publish(now, peer, message, &mut due),
            }
        }
        due
    }

    fn publish(&mut self, now: u64, from: Peer, message: Message, due: &mut Vec<(u64, Peer, Peer)>) {
        assert!(is_subject(&message.subject), "a message for {:?}", message.subject);
        let how_often = |end: &End| end.patterns.iter().filter(|pattern| matches(pattern, &message.subject)).count();
        // NATS delivers to each subscription: one who has two that match gets everything twice.
        let copies = |(peer, end): (&Peer, &End)| std::iter::repeat_n(*peer, how_often(end));
        let to: Vec<Peer> = self.peers.iter().flat_map(copies).collect();
        if to.is_empty()
            && let Some(reply) = &message.reply
        {
            let notice = Message { subject: reply.clone(), reply: None, payload: Vec::new() };
            due.push(self.route(now, from, from, Delivery { message: notice, no_responders: true }));
        }
        for peer in to {
            due.push(self.route(now, from, peer, Delivery { message: message.clone(), no_responders: false }));
        }
    }

    fn route(&mut self, now: u64, from: Peer, to: Peer, delivery: Delivery) -> (u64, Peer, Peer) {
        let latency = self.rng.u64(..8);
        let pipe = self.pipes.entry((from, to)).or_default();
        pipe.stall(self.peers[&to].lags_until);
        (pipe.send(now, latency, delivery), from, to)
    }

    /// What has arrived at a peer, and otherwise when to look again.
    pub fn receive(&mut self, now: u64, from: Peer, to: Peer) -> Result<Delivery, Option<u64>> {
        let Some(pipe) = self.pipes.get_mut(&(from, to)) else { return Err(None) };
        match pipe.receive(now) {
            Some(delivery) => Ok(delivery),
            None => Err(pipe.next()),
        }
    }

    /// What a peer gets is late.
    pub fn lag(&mut self, peer: Peer, until: u64) {
        if let Some(end) = self.peers.get_mut(&peer) {
            end.lags_until = until;
            self.pipes.iter_mut().filter(|((_, to), _)| *to == peer).for_each(|(_, pipe)| pipe.stall(until));
        }
    }

    pub fn is_quiet(&self) -> bool {
        self.peers.values().all(|end| end.up.is_empty()) && self.pipes.values().all(Pipe::is_empty)
    }

    /// What a peer subscribes to.
    pub fn patterns(&self, peer: Peer) -> Vec<&str> {
        self.peers.get(&peer).map_or(Vec::new(), |end| end.patterns.iter().map(String::as_str).collect())
    }
}

/// Whether something is one line of the protocol, and one subject.
fn is_subject(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || "*>".contains(c))
    };
    text.split('.').all(is_part)
}

/// Whether a pattern matches a subject: `*` is one part, `>` all that follow.
fn matches(pattern: &str, subject: &str) -> bool {
    let mut parts = subject.split('.');
    for wanted in pattern.split('.') {
        match (wanted, parts.next()) {
            (">", part) => return part.is_some(),
            ("*", Some(_)) => {}
            (wanted, Some(part)) if wanted == part => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}
