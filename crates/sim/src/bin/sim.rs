//! Runs the simulation for many seeds, or one of them again.

use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use clap::{Parser, value_parser};
use resclient_sim::bugs;
use resclient_sim::campaign::Campaign;
use resclient_sim::run::{run, shrink, traced};
use resclient_sim::script::Script;

/// Runs clients, gateways, a bus and services on virtual time, and breaks what can be broken.
#[derive(Parser)]
struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Only this one, and tell what happens: in the shortest script that fails, if it does.
    #[arg(long)]
    seed: Option<u64>,
    /// With `--seed`: in the whole script.
    #[arg(long)]
    whole: bool,
    /// Only say how the scripts fail, without looking for a shorter one.
    #[arg(long)]
    brief: bool,
    /// Switch deliberate bugs on, one by one, and tell by which seed each is found. Needs a build with `--cfg bugs`.
    #[arg(long)]
    bugs: bool,
    /// With `--bugs`: write the seeds into the list.
    #[arg(long)]
    write: bool,
    /// Threads; default as many as there are processors.
    #[arg(long, value_parser = value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let processors = || thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.map_or_else(processors, usize::from);
    match args.seed {
        Some(seed) => replay(seed, args.whole),
        None if args.bugs => bugs::hunt(args.seeds, jobs, args.write),
        None => many(&args, jobs),
    }
}

fn replay(seed: u64, whole: bool) -> ExitCode {
    let mut script = Script::from_seed(seed);
    if !whole && run(&script).is_err() {
        script = shrink(&script);
    }
    let (outcome, trace) = traced(&script, true);
    trace.iter().for_each(|line| println!("{line}"));
    println!("\n{script}");
    match outcome {
        Ok(tally) => {
            println!("{tally:#?}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn many(args: &Args, jobs: usize) -> ExitCode {
    let begun = Instant::now();
    let campaign = Campaign::run(args.from..args.from + args.seeds, jobs, |so_far, failure| {
        if let Some((seed, error)) = failure {
            println!("seed {seed}: {error}");
        } else if so_far.passed.is_multiple_of(SOME) {
            eprintln!("{} passed, {} failed so far", so_far.passed, so_far.failures.len());
        }
    });
    if let Some((seed, error)) = campaign.failures.first().filter(|_| !args.brief) {
        let shortest = shrink(&Script::from_seed(*seed));
        println!("\nthe shortest script that fails too, in place of seed {seed} ({error}):\n{shortest}");
        println!("again: npm run sim -- --seed {seed}");
    }
    print!("{campaign}");
    println!("{:.1} s", begun.elapsed().as_secs_f64());
    println!("{} passed, {} failed", campaign.passed, campaign.failures.len());
    if campaign.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// After so many seeds that passed, it says that it is still at it.
const SOME: u64 = 10_000;
