//! An engine between an application and a gateway that do anything they can, and what must be true of it whatever they do:
//! every request is settled once, the values are those of the frames, what is in the cache is there for a reason, and
//! nothing is left in the end. Each check panics on a difference. The fuzz target and `engine_fuzz.rs` share them.

mod application;
mod check;
mod gateway;
mod outputs;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use resclient::cache::ResourceId;
use resclient::protocol::Version;
use resclient::session::{ConnectionId, ConnectionState, Counters, Options, RequestId, Time};

use super::dice::Dice;
use super::support::Client;
use gateway::{Frame, answer, any_frame};
use values::Values;

/// Plays what the bytes stand for.
pub fn play(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let mut play = Play::new(&mut dice);
    while !dice.is_empty() {
        play.step(&mut dice);
    }
    play.end();
}

struct Play {
    client: Client,
    /// What the cached resources are, by the frames.
    values: Values,
    /// Requests of the application that are not settled.
    waiting: BTreeSet<RequestId>,
    listened: BTreeMap<ResourceId, u32>,
    /// What has left the cache, and whose number is still in use.
    dropped: Vec<ResourceId>,
    /// Whether numbers are in use until all is done that the engine asked for.
    is_tidy_late: bool,
    /// Whether what is stale is ever asked for again.
    is_patient: bool,
    socket: Option<Socket>,
    /// Connections that are over.
    former: Vec<ConnectionId>,
    /// What was refused for good on this connection.
    denied: BTreeSet<String>,
    has_hook: bool,
    is_usable: bool,
    state: ConnectionState,
    /// Whether the engine has told that other resources are stale, and those that were when it told so last.
    tells_stale: bool,
    stale: Vec<ResourceId>,
    /// What the engine asked for because of the last input, and the commands of the application meanwhile.
    outputs: usize,
    commands: usize,
}

struct Socket {
    id: ConnectionId,
    is_open: bool,
}

impl Play {
    fn new(dice: &mut Dice<'_>) -> Self {
        let options = Options {
            unsubscribe_delay: dice.pick(&[5_000, 0, 1]),
            subscribe_stale_delay: dice.pick(&[2_000, 0, 1]),
            subscribe_retry_delay: dice.pick(&[10_000, 0, 1 << 40]),
            reconnect_delay: dice.pick(&[500, 0]),
            handshake_timeout: dice.pick(&[20_000, 1]),
            heartbeat_interval: dice.pick(&[25_000, 0, 1]),
            heartbeat_timeout: dice.pick(&[10_000, 0]),
            max_resources: dice.pick(&[0, 0, 3]),
            ..Options::default()
        };
        let is_patient = options.subscribe_stale_delay > 0 && options.subscribe_retry_delay > 0;
        let mut client = Client::with(dice.below(u8::MAX).into(), options);
        client.auto_hook = false;
        client.lazy = dice.below(2) == 1;
        Play {
            client,
            values: Values::default(),
            waiting: BTreeSet::new(),
            listened: BTreeMap::new(),
            dropped: Vec::new(),
            is_tidy_late: dice.below(2) == 1,
            is_patient,
            socket: None,
            former: Vec::new(),
            denied: BTreeSet::new(),
            has_hook: false,
            is_usable: false,
            state: ConnectionState::Idle,
            tells_stale: false,
            stale: Vec::new(),
            outputs: 0,
            commands: 0,
        }
    }

    fn step(&mut self, dice: &mut Dice<'_>) {
        (self.outputs, self.commands) = (0, 0);
        let room = self.room();
        let mut frame_bytes = 0;
        match dice.below(16) {
            0..=4 => self.command(dice),
            5..=10 => frame_bytes = self.network(dice),
            11 => self.close(dice),
            12 => self.late(dice),
            _ => self.time(dice),
        }
        self.drain(dice);
        self.check();
        let most = 8 * (room + self.room() + frame_bytes) + 16 * (1 + self.commands);
        assert!(self.outputs <= most, "{} outputs instead of at most {most}", self.outputs);
    }

    /// What there is that something may have to be said of.
    fn room(&self) -> usize {
        self.values.size() + self.waiting.len() + self.client.sent.len()
    }

    /// The socket opens, or a frame arrives; gives the bytes of that.
    fn network(&mut self, dice: &mut Dice<'_>) -> usize {
        match &mut self.socket {
            None => 0,
            Some(socket) if !socket.is_open => {
                socket.is_open = true;
                self.client.engine.handle_open(self.client.now, socket.id);
                0
            }
            Some(_) => {
                let frame = any_frame(dice, &self.client.engine, &self.client.sent);
                // Now and then one is answered twice, and one that was damaged may not be an answer.
                if let Some(request) = frame.answers.as_ref().filter(|_| frame.json.is_some() && dice.below(16) != 15) {
                    self.client.sent.retain(|sent| sent.id != request.id);
                }
                self.receive(dice, &frame);
                frame.text.len()
            }
        }
    }

    fn receive(&mut self, dice: &mut Dice<'_>, frame: &Frame) {
        let is_legacy = self.client.engine.protocol() < Version::CALL_RESOURCE;
        let values = frame.json.as_ref().map(|json| self.values.after(json, frame.answers.as_ref(), is_legacy));
        self.denied.extend(frame.denies().map(str::to_owned));
        let before = self.client.engine.counters();
        self.client.hand_over(&frame.text);
        let after = self.client.engine.counters();
        self.drain(dice);
        let untroubled = Counters { frames: before.frames + 1, ..before };
        match values {
            Some(values) if after == untroubled => self.values = values,
            // What is to be made of it nobody else knows.
            _ => self.believe(),
        }
    }

    fn close(&mut self, dice: &mut Dice<'_>) {
        let Some(Socket { id, .. }) = self.socket.take() else { return };
        self.former.push(id);
        self.client.sent.clear();
        match dice.below(8) {
            7 => self.client.engine.handle_final_close(self.client.now, id),
            _ => self.client.engine.handle_close(self.client.now, id),
        }
    }

    /// Something comes from a connection that is over.
    fn late(&mut self, dice: &mut Dice<'_>) {
        let Some(at) = dice.place(self.former.len()) else { return };
        let (id, now) = (self.former[at], self.client.now);
        let Client { engine, sent, .. } = &mut self.client;
        let frame = any_frame(dice, engine, sent);
        let before = (engine.counters(), engine.state(), engine.poll_timeout());
        match dice.below(4) {
            0 => engine.handle_open(now, id),
            1 => engine.handle_close(now, id),
            2 => engine.handle_final_close(now, id),
            _ => engine.handle_frame(now, id, &frame.text),
        }
        assert!(!engine.has_output(), "something comes of a connection that is over");
        assert_eq!((engine.counters(), engine.state(), engine.poll_timeout()), before);
    }

    fn time(&mut self, dice: &mut Dice<'_>) {
        let Client { engine, now, .. } = &mut self.client;
        match dice.below(8) {
            0 => *now = *now + (1 << dice.below(40)),
            1 => *now = engine.poll_heartbeat().map_or(*now, |at| at.max(*now)),
            // Earlier than before, which is to count for nothing.
            2 => return engine.handle_timeout(Time(now.0 / 2)),
            _ => *now = engine.poll_timeout().map_or(*now, |(at, _)| at.max(*now)),
        }
        engine.handle_timeout(*now);
        assert!(engine.poll_timeout().is_none_or(|(at, _)| at > *now), "a deadline has passed, and nothing came of it");
        if dice.below(2) == 1 {
            engine.handle_heartbeat(*now);
        }
    }

    /// The gateway does what it should, and all that is listened to is kept up to date. Then all is let go of: nothing stays.
    fn end(&mut self) {
        self.client.engine.connect(self.client.now);
        self.come_to_rest(true);
        self.check_listened();
        for (id, count) in std::mem::take(&mut self.listened) {
            (0..count).for_each(|_| self.client.engine.unlisten(self.client.now, id));
        }
        self.come_to_rest(false);
        self.assert_nothing_is_left();
        self.client.engine.disconnect(self.client.now);
        self.drain(&mut Dice::new(&[]));
        self.check();
        self.assert_nothing_is_left();
        assert!(self.socket.is_none() && self.client.engine.poll_heartbeat().is_none(), "it does not disconnect");
    }

    fn come_to_rest(&mut self, has_all: bool) {
        let mut none = Dice::new(&[]);
        for _ in 0..ROUNDS {
            self.drain(&mut none);
            self.check();
            match &self.socket {
                Some(Socket { is_open: false, .. }) => drop(self.network(&mut none)),
                Some(_) if !self.client.sent.is_empty() => {
                    let request = self.client.sent.remove(0);
                    self.receive(&mut none, &answer(request, has_all));
                }
                Some(_) if std::mem::take(&mut self.has_hook) => self.client.engine.hook_done(self.client.now, true),
                _ => {
                    let Some((at, _)) = self.client.engine.poll_timeout() else { return };
                    self.client.now = at.max(self.client.now);
                    self.client.engine.handle_timeout(self.client.now);
                }
            }
        }
        panic!("it does not come to rest");
    }

    fn assert_nothing_is_left(&mut self) {
        assert_eq!(self.client.engine.poll_timeout(), None, "something is waited for");
        assert_eq!(self.waiting, BTreeSet::new(), "requests that were never settled");
        assert_eq!(self.client.engine.resources(), [], "what is cached for nobody");
        assert!(self.client.mirror.is_empty() && self.client.unread.is_empty(), "what was never dropped");
        assert!(self.client.kept.is_empty(), "frames that are kept for nothing");
    }
}

/// More than it takes to come to rest.
const ROUNDS: usize = 10_000;
