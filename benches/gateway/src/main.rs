//! Measures the gateway as its clients and services see it: its release binary, over loopback, with services on a NATS
//! server. `npm run bench:gateway` builds, places and starts everything; docs/performance.md says what is measured.

#![forbid(unsafe_code)]

mod client;
mod nats;
mod process;
mod report;
mod rows;
mod service;
mod workloads;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use process::Process;
use report::Results;
use service::Service;
use tokio::process::Command;
use tokio::task::LocalSet;
use workloads::{Stage, WORKLOADS, Workload};

/// Measures a gateway.
#[derive(Debug, Parser)]
struct Args {
    /// The program nats-server
    #[arg(long, default_value = "nats-server")]
    nats_server: String,
    /// Only the workloads of these rows, with commas between
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Rounds of each workload, in place of its own number
    #[arg(long)]
    rounds: Option<usize>,
    /// Where to write the figures
    #[arg(long)]
    out: Option<PathBuf>,
    /// The command that starts a gateway; {nats} stands for the address of the NATS server
    #[arg(last = true, required = true)]
    gateway: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    match LocalSet::new().run_until(run(args)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gateway-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A missed target is reported, not a failure; a wrong result is a failure.
async fn run(args: Args) -> io::Result<()> {
    if let Some(unknown) = args.only.iter().find(|only| !rows::ROWS.iter().any(|row| row.name == **only)) {
        let names: Vec<&str> = rows::ROWS.iter().map(|row| row.name).collect();
        return Err(io::Error::other(format!("there is no row {unknown}: choose among {}", names.join(", "))));
    }
    let mut results = Results::default();
    let chosen = |workload: &&Workload| {
        args.only.is_empty() || args.only.iter().any(|only| workload.rows.contains(&only.as_str()))
    };
    for workload in WORKLOADS.iter().filter(chosen) {
        for round in 0..args.rounds.unwrap_or(workload.rounds) {
            let figures = play(&args, workload).await;
            let figures = figures.map_err(|error| io::Error::other(format!("{}: {error}", workload.rows[0])))?;
            for (row, value) in figures {
                eprintln!("{row} {}: {value:.3}", round + 1);
                results.add(row, value);
            }
        }
    }
    results.print();
    args.out.map_or(Ok(()), |path| results.write(&path))
}

/// One round: fresh processes, one workload.
async fn play(args: &Args, workload: &Workload) -> io::Result<workloads::Figures> {
    let nats = Process::nats(&args.nats_server).await?;
    let address = nats.address.to_string();
    let mut words = args.gateway.iter().map(|word| word.replace("{nats}", &address));
    let mut command = Command::new(words.next().unwrap_or_default());
    // What else it says would stand between the figures.
    command.args(words).env("RUST_LOG", "warn");
    let gateway = Process::gateway(command).await?;
    let service = Service::start(nats.address).await?;
    (workload.run)(Stage { gateway, service }).await
}
