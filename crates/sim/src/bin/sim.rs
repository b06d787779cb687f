//! Runs the simulation for many seeds, or one of them again.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use clap::Parser;
use resclient_sim::bugs;
use resclient_sim::run::{run, shrink, traced};
use resclient_sim::script::Script;
use resclient_sim::world::Tally;

/// Runs clients, gateways, a bus and services on virtual time, and breaks what can be broken.
#[derive(Parser)]
struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
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
    #[arg(long)]
    jobs: Option<usize>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let jobs = args.jobs.or_else(|| thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
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
    let next = AtomicU64::new(args.from);
    let failures = Mutex::new(Vec::new());
    let sum = Mutex::new((Tally::default(), u64::MAX));
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= args.from + args.seeds
                        || failures.lock().is_ok_and(|failures| failures.len() >= MOST_FAILURES)
                    {
                        return;
                    }
                    match run(&Script::from_seed(seed)) {
                        Ok(tally) => {
                            let mut sum = sum.lock().expect("nobody panics with it");
                            sum.1 = sum.1.min(tally.steps);
                            sum.0.add(&tally);
                        }
                        Err(error) => failures.lock().expect("nobody panics with it").push((seed, error)),
                    }
                }
            });
        }
    });
    let (tally, fewest) = sum.into_inner().expect("all threads have ended");
    let mut failures = failures.into_inner().expect("all threads have ended");
    failures.sort();
    for (seed, error) in &failures {
        println!("seed {seed}: {error}");
    }
    if let Some((seed, error)) = failures.first().filter(|_| !args.brief) {
        let shortest = shrink(&Script::from_seed(*seed));
        println!("\nthe shortest script that fails too, in place of seed {seed} ({error}):\n{shortest}");
        println!("again: npm run sim -- --seed {seed}");
    }
    let ran = args.seeds.min(next.load(Ordering::Relaxed) - args.from);
    let seconds = begun.elapsed().as_secs_f64();
    println!("{ran} seeds, {} steps (at least {fewest} each), {seconds:.1} s", tally.steps);
    println!(
        "{} frames, {} messages, {} events handled, {} requests settled, {} connections",
        tally.frames, tally.messages, tally.events, tally.settled, tally.connections
    );
    println!("faults: {:?}", tally.faults);
    println!("closed by gateways: {:?}", tally.closes);
    println!("{} passed, {} failed", ran - failures.len() as u64, failures.len());
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// With so many, there is enough to look at.
const MOST_FAILURES: usize = 30;
