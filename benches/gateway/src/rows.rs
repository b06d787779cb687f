//! The figures, what they mean, and what they are compared with.

/// One figure.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub what: &'static str,
    pub unit: &'static str,
    /// The same of Resgate 1.8.0, measured in the same way on a machine of the same kind.
    pub resgate: &'static str,
    pub target: Target,
}

#[derive(Debug, Clone, Copy)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    pub fn is_met_by(self, value: f64) -> bool {
        match self {
            Target::AtMost(most) => value <= most,
            Target::AtLeast(least) => value >= least,
        }
    }

    pub fn figure(self) -> f64 {
        match self {
            Target::AtMost(figure) | Target::AtLeast(figure) => figure,
        }
    }
}

use Target::{AtLeast, AtMost};

pub const ROWS: &[Row] = &[
    row("latency", "event from the bus to one client, median", "ms", "0.45–0.52", AtMost(0.2)),
    row("events", "events delivered to 1,000 clients", "/s", "28–30 k", AtLeast(120_000.0)),
    row("cpu", "CPU of a delivered event, at that rate", "µs", "17–19", AtMost(5.0)),
    row("cpu-paced", "CPU of a delivered event, 50 events/s to 1,000 clients", "µs", "–", AtMost(8.0)),
    row("p99-paced", "event from the bus to the slowest 1 % of those clients", "ms", "–", AtMost(10.0)),
    row("idle", "memory of an idle connection", "kB", "28–32", AtMost(10.0)),
    row("subscribed", "memory of a connection with a resource of its own", "kB", "42", AtMost(15.0)),
    row("cached", "memory of a small cached resource", "kB", "9.5–11", AtMost(2.0)),
    row("get", "gets of a cached resource, 50 deep", "/s", "4.4–6.5 k", AtLeast(40_000.0)),
    row("call", "calls through NATS, 50 deep", "/s", "3–8 k", AtLeast(15_000.0)),
    row("reset-time", "reset of a list of 12,000, until the client has it", "s", "29", AtMost(1.0)),
    row("reset-memory", "memory that takes at most", "MB", "2,200", AtMost(64.0)),
    row("beside-gets-half", "call beside 20 clients that get lists of 5,000, median", "ms", "–", AtMost(50.0)),
    row("beside-gets", "the slowest 1 % of those calls", "ms", "–", AtMost(50.0)),
    row("beside-gets-max", "the slowest of those calls", "ms", "–", AtMost(50.0)),
    row("beside-gets-event", "event beside those clients, the slowest 1 %", "ms", "–", AtMost(50.0)),
    row("beside-load", "call while lists of 5,000 are loaded, the slowest", "ms", "–", AtMost(50.0)),
    row("beside-leave", "call while a client of 15,000 resources leaves, the slowest", "ms", "–", AtMost(50.0)),
    row("beside-bad", "call beside 20 clients with bad requests, the slowest 1 %", "ms", "–", AtMost(50.0)),
    row("beside-empty", "call beside 20 clients with empty fragments, the slowest 1 %", "ms", "–", AtMost(50.0)),
    row("empty-memory", "memory that those take at most", "MB", "–", AtMost(4.0)),
    row("held", "idle connections held through pings", "", "8,000", AtLeast(8_000.0)),
];

const fn row(name: &'static str, what: &'static str, unit: &'static str, resgate: &'static str, target: Target) -> Row {
    Row { name, what, unit, resgate, target }
}
