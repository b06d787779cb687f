//! Plays scripts of faults to real processes, or does so for long; see the library.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use chaos::program::Programs;
use chaos::seeds::{self, Outcome};
use chaos::soak::{Growth, Report, Soak};
use clap::{Args, Parser, Subcommand, value_parser};
use tokio::runtime::Builder;
use tokio::signal::ctrl_c;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Real processes in real trouble.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays the scripts of seeds, and closes with how many passed
    Seeds(Seeds),
    /// Runs a mixed load with a fault every five seconds, and reports on the memory
    Soak(Long),
}

#[derive(Args)]
struct Seeds {
    /// So many of them; without this, those that `npm test` plays
    #[arg(long, value_parser = value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    /// The first of so many
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// This one alone
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// How many are played at a time
    #[arg(long, default_value_t = 3)]
    jobs: usize,
}

#[derive(Args)]
struct Long {
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u64).range(1..))]
    minutes: u64,
    #[arg(long, default_value_t = 300, value_parser = value_parser!(u16).range(1..))]
    clients: u16,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// It is wrong if memory at rest certainly grows by more than so many percent in an hour. Allocators that keep what
    /// is given back, as glibc's does, have it grow without a leak
    #[arg(long)]
    most_growth: Option<f64>,
    /// Where to write the report as JSON
    #[arg(long)]
    out: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let (worlds, end) = watch::channel(());
    let work = async {
        match options.command {
            Command::Seeds(seeds) => play(programs, seeds, &end).await,
            Command::Soak(long) => soak(programs, long).await,
        }
    };
    // Worlds that are dropped end their programs.
    let is_well = tokio::select! {
        is_well = work => is_well,
        () = told_to_end() => false,
    };
    drop(worlds);
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Somebody ends this program.
async fn told_to_end() {
    #[cfg(unix)]
    let terminated = async {
        let mut signal = signal(SignalKind::terminate()).expect("the system has signals");
        signal.recv().await
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = ctrl_c() => {}
        _ = terminated => {}
    }
}

/// Runs a world to its end, or until all are to end. It has this thread alone, for a look at it has to be of one moment.
fn in_a_thread<T>(world: impl Future<Output = T>, mut end: watch::Receiver<()>) -> Option<T> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("the system has what a runtime needs");
    runtime.block_on(async {
        tokio::select! {
            result = world => Some(result),
            _ = end.changed() => None,
        }
    })
}

async fn play(programs: Programs, options: Seeds, end: &watch::Receiver<()>) -> bool {
    let mut waiting = match options {
        Seeds { seed: Some(seed), .. } => vec![seed],
        Seeds { seeds: Some(count), first, .. } => (first..first + count).collect(),
        _ => USUAL.to_vec(),
    }
    .into_iter();
    let mut playing = JoinSet::new();
    let (mut passed, mut failed) = (0, 0);
    let (mut faults, mut answers) = (BTreeMap::new(), BTreeMap::new());
    loop {
        while playing.len() < options.jobs.max(1)
            && let Some(seed) = waiting.next()
        {
            let (programs, end) = (programs.clone(), end.clone());
            playing.spawn_blocking(move || in_a_thread(seeds::play(programs, seed), end));
        }
        let Some(outcome) = playing.join_next().await else { break };
        let Some(outcome) = outcome.expect("a script does not panic") else { return false };
        show(&outcome);
        add(&mut faults, &outcome.faults);
        add(&mut answers, &outcome.answers);
        if outcome.wrong.is_empty() { passed += 1 } else { failed += 1 }
    }
    println!("\nfaults survived, by kind:\n{}", list(&faults));
    println!("\nrequests of clients:\n{}", list(&answers));
    println!("\n{passed} passed, {failed} failed");
    failed == 0
}

fn show(Outcome { script, wrong, recovery, events, faults, .. }: &Outcome) {
    let seed = script.seed;
    if wrong.is_empty() {
        let count: u64 = faults.values().sum();
        println!("ok seed {seed}: {count} faults, {events} events, current {} ms after the last", recovery.as_millis());
        return;
    }
    println!("not ok {script}\n  {}\nagain: npm run test:chaos -- --seed {seed}", wrong.join("\n  "));
}

async fn soak(programs: Programs, options: Long) -> bool {
    let Long { minutes, clients, seed, most_growth, out } = options;
    let mut report = Soak { minutes, clients: clients.into(), seed }.run(programs, |line| println!("{line}")).await;
    report.wrong.extend(most_growth.and_then(|most| report.grows(most)));
    println!("{}", table(&report));
    if let Some(file) = out {
        let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        let text = serde_json::to_string_pretty(&report).expect("a report is JSON");
        if let Err(error) = folder.and_then(|()| std::fs::write(&file, text)) {
            eprintln!("the report cannot be written: {error}");
            return false;
        }
    }
    report.wrong.is_empty()
}

fn table(report: &Report) -> String {
    let Report { minutes, clients, settled, events, wrong, memory, .. } = report;
    let longest = settled.iter().max().copied().unwrap_or_default();
    let mut text = format!("\n{minutes} minutes, {clients} clients, {events} events\n");
    text += &format!("\nfaults survived, by kind:\n{}\n", list(&report.faults));
    text += &format!("\nrequests of clients:\n{}\n", list(&report.answers));
    text += &format!("\nsettled {} times, after {longest} ms at most\n", settled.len());
    for (name, memory) in memory {
        let megabytes = |of: &[(f64, u64)]| of.iter().map(|s| format!("{:.1}", s.1 as f64 / 1e6)).collect::<Vec<_>>();
        let most = memory.samples.iter().map(|s| s.1).max().unwrap_or_default() as f64 / 1e6;
        text += &format!("\n{name}: {most:.1} MB at most; at rest {} MB\n", megabytes(&memory.at_rest).join(", "));
        let Some(Growth { mean, per_hour, error }) = memory.growth() else { continue };
        let percent = |bytes: f64| bytes / mean * 100.0;
        text += &format!(
            "  at rest {:+.2} ± {:.2} MB in an hour ({:+.1} ± {:.1} %)\n",
            per_hour / 1e6,
            error / 1e6,
            percent(per_hour),
            percent(error)
        );
    }
    match wrong.is_empty() {
        true => text + "\nall invariants hold",
        false => text + &format!("\nwrong:\n  {}", wrong.join("\n  ")),
    }
}

fn add(sum: &mut BTreeMap<String, u64>, counts: &BTreeMap<String, u64>) {
    for (name, count) in counts {
        *sum.entry(name.clone()).or_default() += count;
    }
}

fn list(counts: &BTreeMap<String, u64>) -> String {
    let total: u64 = counts.values().sum();
    let line = |(name, count): (&String, &u64)| format!("{count:>8}  {name}");
    counts.iter().map(line).chain([format!("{total:>8}  in all")]).collect::<Vec<_>>().join("\n")
}

/// What `npm test` plays.
const USUAL: [u64; 6] = [4, 11, 16, 1, 2, 3];
