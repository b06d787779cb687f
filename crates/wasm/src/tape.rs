//! Operations as words of 32 bits, which JavaScript reads from linear memory without a call for each.
//!
//! The shell's `Tape.ts` is the other side of this file; the numbers have to agree.

use resclient::cache::ResourceId;
use resclient::protocol::frame::ResourceKind;
use resclient::protocol::scan::Span;
use resclient::protocol::value::Value;
use resclient::session::{ConnectionState, Outcome, Output, Reading, Time};

/// Words for the shell.
#[derive(Default)]
pub struct Tape {
    pub words: Vec<u32>,
    /// Resources that leave the cache by these operations.
    pub dropped: Vec<ResourceId>,
}

impl Tape {
    /// Writes an operation; gives the output back when it is not one for the shell.
    pub fn write(&mut self, output: Output) -> Option<Output> {
        match output {
            Output::Retain(frame) => self.push(&[op::RETAIN, frame]),
            Output::Release(frame) => self.push(&[op::RELEASE, frame]),
            Output::Key { key, name } => self.push(&[op::KEY, key, name.start, name.end]),
            Output::Touch(reading) => {
                self.push(&[op::TOUCH]);
                self.reading(&reading);
            }
            Output::Change { resource, members } => {
                self.push(&[op::CHANGE, resource.0, members.len() as u32]);
                for member in members {
                    self.push(&[member.key << 1 | u32::from(member.known)]);
                    self.value(&member.value);
                }
            }
            Output::Insert { resource, idx, value } => {
                self.push(&[op::INSERT, resource.0, idx]);
                self.value(&value);
            }
            Output::Remove { resource, idx } => self.push(&[op::REMOVE, resource.0, idx]),
            Output::Event { resource, name, data } => {
                self.push(&[op::EVENT, resource.0]);
                self.span(name);
                self.span(data);
            }
            Output::Unsubscribed { resource, reason } => {
                self.push(&[op::UNSUBSCRIBED, resource.0]);
                self.span(reason);
            }
            Output::Dropped(resources) => {
                self.list(op::DROP, &resources);
                self.dropped.extend(resources);
            }
            Output::Replaced(resource) => self.push(&[op::REPLACED, resource.0]),
            Output::Settled { request, outcome } => {
                let (kind, a, b) = match outcome {
                    Outcome::Resource(resource) => (0, resource.0, 0),
                    Outcome::Payload(span) => (1, span.start, span.end),
                    Outcome::Error(span) => (2, span.start, span.end),
                    Outcome::Failed(failure) => (3, failure as u32, 0),
                    Outcome::Result(span) => (4, span.start, span.end),
                };
                self.push(&[op::SETTLED, request.0, kind, a, b]);
            }
            Output::State(state) => {
                let (state, until) = match state {
                    ConnectionState::Idle => (0, Time(0)),
                    ConnectionState::Connecting => (1, Time(0)),
                    ConnectionState::Stale => (2, Time(0)),
                    ConnectionState::Connected => (3, Time(0)),
                    ConnectionState::Waiting { until } => (4, until),
                    ConnectionState::Closed => (5, Time(0)),
                };
                let until = (until.0 as f64).to_bits();
                self.push(&[op::STATE, state, until as u32, (until >> 32) as u32]);
            }
            Output::Hook => self.push(&[op::HOOK]),
            Output::Connected => self.push(&[op::CONNECTED]),
            Output::Disconnected => self.push(&[op::DISCONNECTED]),
            Output::HandshakeRefused(error) => {
                self.push(&[op::HANDSHAKE_REFUSED]);
                self.span(error);
            }
            Output::ConnectFailed(failure) => self.push(&[op::CONNECT_FAILED, failure as u32]),
            Output::Refused { resource, unsubscribe, error } => {
                self.push(&[op::REFUSED, resource.0, u32::from(unsubscribe)]);
                self.span(error);
            }
            Output::Loaded(resources) => self.list(op::LOADED, &resources),
            Output::Stale => self.push(&[op::STALE]),
            Output::Open(_) | Output::Close(_) | Output::Send(_) => return Some(output),
        }
        None
    }

    /// Writes what is needed to read a resource.
    pub fn reading(&mut self, reading: &Reading) {
        let kind = match reading.kind {
            ResourceKind::Model => 1,
            ResourceKind::Collection => 2,
            ResourceKind::Error => 3,
        };
        let only_references =
            reading.kind == ResourceKind::Collection && reading.references.len() == reading.len as usize;
        self.push(&[reading.resource.0, kind, reading.frame]);
        self.span(reading.rid);
        self.span(reading.value);
        self.push(&[u32::from(only_references), reading.references.len() as u32]);
        for (at, resource) in &reading.references {
            if !only_references {
                self.push(&[*at]);
            }
            self.push(&[resource.0]);
        }
    }

    /// Writes what is needed to read resources, and to the first word how many words there are.
    pub fn readings(&mut self, readings: &[Reading]) {
        self.words.reserve(readings.len() * HEAD);
        for reading in readings {
            self.reading(reading);
        }
        self.words[0] = self.words.len() as u32;
    }

    /// Writes a list of the frames these stand in, and one of the names of members by which they refer to others. The frame is mostly
    /// the same for all.
    pub fn surroundings(&mut self, readings: &[Reading]) {
        let frames = self.begin();
        let mut last = None;
        for reading in readings {
            if last.replace(reading.frame) != Some(reading.frame) {
                self.words.push(reading.frame);
            }
        }
        self.end(frames);
        let names = self.begin();
        for reading in readings {
            if reading.kind == ResourceKind::Model {
                for &(name, _) in &reading.references {
                    self.words.push(name);
                }
            }
        }
        self.end(names);
    }

    /// Writes a list behind its length.
    pub fn list(&mut self, head: u32, resources: &[ResourceId]) {
        self.push(&[head, resources.len() as u32]);
        self.words.extend(resources.iter().map(|id| id.0));
    }

    /// Begins a list, whose length is written to its head by [`Tape::end`].
    fn begin(&mut self) -> usize {
        self.words.push(0);
        self.words.len()
    }

    fn end(&mut self, first: usize) {
        self.words[first - 1] = (self.words.len() - first) as u32;
    }

    fn value(&mut self, value: &Value) {
        let reference = value.cell.as_reference().unwrap_or(0);
        self.push(&[value.kind as u32, value.span.start, value.span.end, reference]);
    }

    fn span(&mut self, span: Span) {
        self.push(&[span.start, span.end]);
    }

    #[inline]
    fn push(&mut self, words: &[u32]) {
        self.words.extend_from_slice(words);
    }
}

/// Words of a reading without references.
const HEAD: usize = 9;

mod op {
    pub const RETAIN: u32 = 1;
    pub const RELEASE: u32 = 2;
    pub const KEY: u32 = 3;
    pub const TOUCH: u32 = 4;
    pub const CHANGE: u32 = 5;
    pub const INSERT: u32 = 6;
    pub const REMOVE: u32 = 7;
    pub const EVENT: u32 = 8;
    pub const UNSUBSCRIBED: u32 = 9;
    pub const DROP: u32 = 10;
    pub const REPLACED: u32 = 11;
    pub const SETTLED: u32 = 12;
    pub const STATE: u32 = 13;
    pub const HOOK: u32 = 14;
    pub const CONNECTED: u32 = 15;
    pub const DISCONNECTED: u32 = 16;
    pub const CONNECT_FAILED: u32 = 17;
    pub const REFUSED: u32 = 18;
    pub const LOADED: u32 = 19;
    pub const HANDSHAKE_REFUSED: u32 = 20;
    pub const STALE: u32 = 21;
}
