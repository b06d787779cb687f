//! Which fault when, from a seed.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;

use crate::owner::Crash;
use crate::proxy::Ways;

/// Faults in the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    pub seed: u64,
    /// Each with the time since the beginning.
    pub faults: Vec<(Duration, Fault)>,
}

/// What goes wrong. It is over after a while, or at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Wire(Wire, Trouble),
    Program(Program, Mishap),
    /// One after the other ends and is started again.
    RollingRestart,
    Crash {
        service: usize,
        when: Crash,
    },
    /// Answers to calls take so long.
    Slow {
        service: usize,
        latency: Duration,
        lasting: Duration,
    },
    /// Everything is to be fetched again, so many times.
    ResetStorm {
        times: usize,
    },
    /// So many changes at once.
    Burst {
        service: usize,
        changes: usize,
    },
    /// All clients are cut off at once.
    ReconnectStorm,
}

/// A connection over TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Of a client to a gateway.
    Client(usize),
    /// Of a gateway to the bus.
    Gateway(usize),
    /// Of a service to the bus.
    Service(usize),
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is reset after so many more bytes.
    Cut {
        ways: Ways,
        after: u64,
    },
    /// It is closed in between.
    Closed,
    /// It passes nothing, and no end learns that; others can be made.
    HalfOpen {
        ways: Ways,
        lasting: Duration,
    },
    /// The same, and others pass nothing either.
    Partition {
        ways: Ways,
        lasting: Duration,
    },
    Delay {
        by: Duration,
        lasting: Duration,
    },
    Trickle {
        bytes_per_second: u32,
        lasting: Duration,
    },
    /// It is reset, and so are others that are made.
    Refused {
        lasting: Duration,
    },
    /// It is reset, and others are answered by a proxy that reaches nobody.
    BadGateway {
        lasting: Duration,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    Gateway(usize),
    Nats,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It is gone at once, and is started again after so long.
    Killed {
        lasting: Duration,
    },
    Frozen {
        lasting: Duration,
    },
    /// It is ended as operators do that, and started again.
    Restarted,
}

/// To whom faults can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cast {
    pub clients: usize,
    pub gateways: usize,
    pub services: usize,
    /// The first gateway is not ended, so that its memory can be watched.
    pub spare_first: bool,
}

impl Script {
    /// Faults within so long. Few leave time in which what one of them did would stay; many come together.
    pub fn from_seed(seed: u64, cast: &Cast, length: Duration) -> Script {
        let mut rng = Rng::with_seed(seed);
        let count = if rng.bool() { rng.usize(2..8) } else { rng.usize(8..30) };
        let mut faults: Vec<_> =
            (0..count).map(|_| (time(&mut rng, 0, length.as_millis() as u64), Fault::any(&mut rng, cast))).collect();
        faults.sort_by_key(|(at, _)| *at);
        Script { seed, faults }
    }
}

impl fmt::Display for Script {
    /// One line for each fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}", self.seed)?;
        self.faults.iter().try_for_each(|(at, fault)| write!(f, "\n{:>6} ms  {fault:?}", at.as_millis()))
    }
}

impl Fault {
    /// Any fault.
    pub fn any(rng: &mut Rng, cast: &Cast) -> Fault {
        let service = rng.usize(..cast.services);
        match rng.u8(0..30) {
            0..9 => Fault::Wire(Wire::Client(rng.usize(..cast.clients)), Trouble::any(rng)),
            9..13 => Fault::Wire(Wire::Gateway(rng.usize(..cast.gateways)), Trouble::on_bus(rng)),
            13..16 => Fault::Wire(Wire::Service(service), Trouble::on_bus(rng)),
            16..21 => {
                let first = usize::from(cast.spare_first);
                let gateway = rng.usize(first..cast.gateways);
                Fault::Program(Program::Gateway(gateway), Mishap::any(rng))
            }
            21 | 22 => {
                let lasting = time(rng, 200, 2_000);
                let mishap = if rng.bool() { Mishap::Killed { lasting } } else { Mishap::Frozen { lasting } };
                Fault::Program(Program::Nats, mishap)
            }
            23 | 24 => {
                let when = if rng.bool() { Crash::BeforePersisting } else { Crash::AfterPersisting };
                Fault::Crash { service, when }
            }
            25 => Fault::Slow { service, latency: time(rng, 100, 1_500), lasting: time(rng, 500, 3_000) },
            26 => Fault::ResetStorm { times: rng.usize(5..50) },
            27 => Fault::Burst { service, changes: rng.usize(50..500) },
            28 => Fault::ReconnectStorm,
            _ if cast.spare_first => Fault::ReconnectStorm,
            _ => Fault::RollingRestart,
        }
    }

    /// The words by which faults are counted.
    pub fn kind(&self) -> String {
        let words = format!("{self:?}");
        let is_word = |word: &&str| word.starts_with(|c: char| c.is_ascii_uppercase());
        let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_word);
        // Which way, and which of two moments, are not a kind of their own.
        words.filter(|word| !["Up", "Down", "Both", "Wire", "Program"].contains(word)).collect::<Vec<_>>().join(" ")
    }
}

impl Trouble {
    fn any(rng: &mut Rng) -> Trouble {
        let lasting = time(rng, 200, 2_500);
        match rng.u8(0..12) {
            0..4 => Trouble::Cut { ways: ways(rng), after: rng.u64(0..600) },
            4 => Trouble::Closed,
            // Longer than it takes to notice.
            5..7 => Trouble::HalfOpen { ways: ways(rng), lasting: time(rng, 200, 5_000) },
            7..9 => Trouble::Partition { ways: ways(rng), lasting },
            9 => match rng.bool() {
                true => Trouble::Delay { by: time(rng, 10, 800), lasting },
                false => Trouble::Trickle { bytes_per_second: rng.u32(500..5_000), lasting },
            },
            10 => Trouble::Refused { lasting },
            _ => Trouble::BadGateway { lasting },
        }
    }

    /// Nobody speaks HTTP there, and whoever is half-open to the bus is not there twice.
    fn on_bus(rng: &mut Rng) -> Trouble {
        let lasting = time(rng, 200, 2_500);
        match rng.u8(0..8) {
            0..3 => Trouble::Cut { ways: ways(rng), after: rng.u64(0..2_000) },
            3 => Trouble::Closed,
            4 | 5 => Trouble::Partition { ways: ways(rng), lasting },
            6 => Trouble::Delay { by: time(rng, 10, 400), lasting },
            _ => Trouble::Refused { lasting },
        }
    }
}

impl Mishap {
    fn any(rng: &mut Rng) -> Mishap {
        match rng.u8(0..5) {
            0 | 1 => Mishap::Killed { lasting: time(rng, 0, 1_500) },
            2 | 3 => Mishap::Frozen { lasting: time(rng, 200, 3_500) },
            _ => Mishap::Restarted,
        }
    }
}

fn ways(rng: &mut Rng) -> Ways {
    match rng.u8(0..3) {
        0 => Ways::Up,
        1 => Ways::Down,
        _ => Ways::Both,
    }
}

fn time(rng: &mut Rng, from: u64, to: u64) -> Duration {
    Duration::from_millis(rng.u64(from..to))
}
