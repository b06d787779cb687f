//! What is measured, each in a gateway process of its own.

mod events;
mod memory;
mod neighbour;
mod requests;
mod reset;

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::task::JoinSet;

use crate::client::Client;
use crate::process::Process;
use crate::service::Service;

/// A gateway that nobody has used yet, and the service behind it.
pub struct Stage {
    pub gateway: Process,
    pub service: Service,
}

/// Figures by the names of their rows.
pub type Figures = Vec<(&'static str, f64)>;

/// One run that gives the figures of some rows.
pub struct Workload {
    pub rows: &'static [&'static str],
    /// Runs of which the median is taken; fewer where one takes long.
    pub rounds: usize,
    pub run: fn(Stage) -> Running,
}

type Running = Pin<Box<dyn Future<Output = io::Result<Figures>>>>;

pub const WORKLOADS: &[Workload] = &[
    Workload { rows: &["latency"], rounds: 3, run: |stage| Box::pin(events::latency(stage)) },
    Workload { rows: &["events", "cpu"], rounds: 3, run: |stage| Box::pin(events::flood(stage)) },
    Workload { rows: &["cpu-paced", "p99-paced"], rounds: 3, run: |stage| Box::pin(events::paced(stage)) },
    Workload { rows: &["idle", "subscribed"], rounds: 3, run: |stage| Box::pin(memory::connections(stage)) },
    Workload { rows: &["cached"], rounds: 3, run: |stage| Box::pin(memory::resources(stage)) },
    Workload { rows: &["get"], rounds: 3, run: |stage| Box::pin(requests::gets(stage)) },
    Workload { rows: &["call"], rounds: 3, run: |stage| Box::pin(requests::calls(stage)) },
    Workload { rows: &["reset-time", "reset-memory"], rounds: 3, run: |stage| Box::pin(reset::run(stage)) },
    Workload {
        rows: &["beside-gets-half", "beside-gets", "beside-gets-max", "beside-gets-event"],
        rounds: 3,
        run: |stage| Box::pin(neighbour::gets(stage)),
    },
    Workload { rows: &["beside-load", "beside-leave"], rounds: 3, run: |stage| Box::pin(neighbour::leaves(stage)) },
    Workload { rows: &["beside-bad"], rounds: 3, run: |stage| Box::pin(neighbour::bad_requests(stage)) },
    Workload {
        rows: &["beside-empty", "empty-memory"],
        rounds: 3,
        run: |stage| Box::pin(neighbour::empty_fragments(stage)),
    },
    Workload { rows: &["held"], rounds: 1, run: |stage| Box::pin(memory::held(stage)) },
];

/// Opens clients, some at a time.
async fn clients(stage: &Stage, count: usize) -> io::Result<Vec<Client>> {
    let mut clients = Vec::with_capacity(count);
    let mut opening = JoinSet::new();
    while clients.len() < count {
        if opening.len() < OPENING && clients.len() + opening.len() < count {
            opening.spawn(Client::connect(stage.gateway.address));
        } else if let Some(opened) = opening.join_next().await {
            clients.push(opened??);
        }
    }
    Ok(clients)
}

/// Fewer than a listener's backlog.
const OPENING: usize = 64;

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}

/// The value that so many of a hundred are not above. Sorts.
fn percentile<T: Copy + Ord>(values: &mut [T], percent: usize) -> Option<T> {
    values.sort_unstable();
    values.get((values.len() * percent / 100).min(values.len().saturating_sub(1))).copied()
}
