//! What is done in a run, by whom and when: everything that is not a matter of latency.
//!
//! A script is a plain list, so that a run that fails can be repeated with fewer and fewer steps of it.

use std::fmt;

use serde_json::Value;

use crate::names;
use crate::writer;

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// Of latencies, and of all else that is nobody's decision.
    pub seed: u64,
    pub clients: usize,
    pub gateways: usize,
    pub services: usize,
    /// In the order of time.
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Milliseconds since the beginning.
    pub at: u64,
    pub act: Act,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// The application of a client does something.
    Client(usize, Use),
    /// A service does something.
    Service(usize, Deed),
    /// Somebody asks a gateway over HTTP.
    Visit(usize, String),
    Fault(Fault),
}

/// What an application does.
#[derive(Debug, Clone, PartialEq)]
pub enum Use {
    /// Gets a resource, and listens to it from then on.
    Follow(String),
    /// Gets a resource and does nothing with it.
    Look(String),
    /// Listens once less to one of those that are listened to.
    Leave(usize),
    /// Gets a resource without a subscription.
    Fetch(String),
    /// Calls a method that has no effect.
    Call(String),
    /// Calls it with more than the bus carries.
    CallTooMuch(String),
    /// Calls it, and waits for nothing if that cannot be sent at once.
    CallBriefly(String),
    /// Calls a method that answers with a resource, which is listened to.
    CallFor(String),
    LogIn,
    LogOut,
    Disconnect,
    Connect,
    /// The handler of the next event does this.
    React(Reaction),
}

/// What a handler does while it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It stops listening to what the event is about.
    Leave,
    /// It stops listening to everything.
    LeaveAll,
    /// It listens to it once more.
    Listen,
    /// It gets it again.
    Get,
    /// It gets something else.
    Other,
    Disconnect,
}

/// What a service does with its resources.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Sets a member of a model; `None` deletes it.
    Set(String, &'static str, Option<Json>),
    Insert(String, usize, Json),
    Remove(String, usize),
    /// Sends an event that means nothing to others.
    Custom(String),
    Delete(String),
    /// Makes what there is not (any more).
    Create(String, Json),
    /// Changes something at once and says no more than that it is another now.
    Replace(String, Json),
    /// Puts an item on the pages, or takes one off.
    PutItem(usize, u64),
    TakeItem(usize),
    /// Takes access away from everybody, or gives it back.
    Deny(String),
    Grant(String),
    /// Says that everything may be another.
    Reset,
    /// Has all tokens renewed.
    TokenReset,
}

/// A value that is written as JSON, for people.
#[derive(Clone, PartialEq)]
pub struct Json(pub Value);

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What goes wrong. Times are milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The connection of a client is cut; what arrives within so many milliseconds still does, to the gateway and to the client.
    Cut {
        client: usize,
        up: u64,
        down: u64,
    },
    /// The connection is gone in one direction or both, and only one end knows, or none.
    HalfOpen {
        client: usize,
        lost: Ways,
        known: Known,
    },
    /// The gateway closes the connection, and says not to come back.
    Dismiss {
        client: usize,
    },
    /// Nothing arrives for a while.
    Stall {
        client: usize,
        up: u64,
        down: u64,
    },
    /// Everything takes longer.
    Delay {
        client: usize,
        latency: u64,
    },
    Kill {
        gateway: usize,
        down: u64,
    },
    Freeze {
        gateway: usize,
        time: u64,
    },
    /// The server of the bus is gone and starts again with nothing.
    BusRestart {
        down: u64,
    },
    /// The bus cuts off a gateway, or a service.
    GatewayCutOff {
        gateway: usize,
        down: u64,
    },
    ServiceCutOff {
        service: usize,
        down: u64,
    },
    /// What a gateway or a service gets from the bus is late.
    GatewayLags {
        gateway: usize,
        time: u64,
    },
    ServiceLags {
        service: usize,
        time: u64,
    },
    /// A service dies while it does something, and is started again.
    Crash {
        service: usize,
        when: When,
        deed: Deed,
        down: u64,
    },
    /// Answers take so much longer.
    Slow {
        service: usize,
        latency: u64,
        time: u64,
    },
    /// The next answers are spoilt.
    Spoil {
        service: usize,
        how: Vec<Spoiled>,
    },
    /// Answers to gets are not true until the service says so.
    Lie {
        service: usize,
        time: u64,
    },
    /// Something has changed, and the event that is to tell of it is one that nobody can apply.
    BadEvent {
        service: usize,
        name: String,
        how: usize,
    },
    /// The page of a client stands still.
    FreezePage {
        client: usize,
        time: u64,
    },
    /// The whole machine does, and finds its clock ahead.
    Sleep {
        client: usize,
        time: u64,
    },
    /// No timer of the page comes for a while, as in one that nobody looks at.
    Throttle {
        client: usize,
        time: u64,
    },
    /// So many changes at once.
    Burst {
        service: usize,
        name: String,
        count: usize,
    },
    /// So many resets at once.
    ResetStorm {
        service: usize,
        count: usize,
    },
    /// Somebody sends frames that are none to a gateway.
    Attack {
        gateway: usize,
        count: usize,
    },
}

/// Directions of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    Both,
    ToGateway,
    ToClient,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    ToClient,
    ToGateway,
    ToNobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    BeforePersisting,
    BeforeTheEvent,
    AfterTheEvent,
}

/// How an answer is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoiled {
    /// It never comes.
    Lost,
    Junk,
    Empty,
    /// An internal error.
    Error,
    /// A list where there is a model, and the other way round.
    OtherKind,
    /// It comes twice.
    Twice,
    /// It is announced, and comes late.
    Announced,
    /// It comes when nobody waits any longer.
    Late,
}

impl Fault {
    /// The word in the debug form, by which faults are counted.
    pub fn kind(&self) -> String {
        let text = format!("{self:?}");
        text.split([' ', '{']).next().unwrap_or_default().to_owned()
    }
}

/// When the last step of a script is done.
pub const LENGTH: u64 = 60_000;

impl Script {
    /// The script that belongs to a seed.
    pub fn from_seed(seed: u64) -> Script {
        writer::write(seed)
    }
}

impl fmt::Display for Script {
    /// One line for each step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Script { seed, clients, gateways, services, steps } = self;
        writeln!(f, "seed {seed}: {clients} clients, {gateways} gateways, {services} services")?;
        steps.iter().try_for_each(|Step { at, act }| match act {
            Act::Client(client, what) => writeln!(f, "{at:>6} ms  client {client}: {what:?}"),
            Act::Service(service, what) => writeln!(f, "{at:>6} ms  service {}: {what:?}", names::SERVICES[*service]),
            Act::Visit(gateway, rid) => writeln!(f, "{at:>6} ms  gateway {gateway} is asked for {rid}"),
            Act::Fault(fault) => writeln!(f, "{at:>6} ms  {fault:?}"),
        })
    }
}

/// How many ways there are for an event to be bad.
pub const BAD_EVENTS: usize = 8;
