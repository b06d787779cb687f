//! Whether the simulation would notice: deliberate bugs, switched on one by one.

use std::process::ExitCode;

/// One of the deliberate bugs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bug {
    /// As the code asks for it.
    pub name: String,
    /// A seed that finds it.
    pub seed: u64,
    /// What is broken by it.
    pub what: String,
}

/// The list: one in a line, a name, a seed and what is broken.
pub fn list() -> Vec<Bug> {
    let words = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        let (seed, what) = rest.trim().split_once(' ')?;
        Some(Bug { name: name.into(), seed: seed.parse().ok()?, what: what.trim().into() })
    };
    LIST.lines().map(|line| words(line).expect("a name, a seed and what is broken")).collect()
}

const LIST: &str = include_str!("../bugs.txt");

/// Switches the bugs on, each in a run of the seed that is known for it and then of others until one of them fails; says which.
#[cfg(bugs)]
pub fn hunt(seeds: u64, jobs: usize, write: bool) -> ExitCode {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let bugs = list();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(vec![None; bugs.len()]));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(bug) = bugs.get(at) else { return };
                    let complaint = find(bug, seeds);
                    match &complaint {
                        Some((seed, complaint)) => {
                            let listed = if *seed == bug.seed { "" } else { ", which the list does not say" };
                            println!("found    {} by seed {seed}{listed}: {complaint}", bug.name);
                        }
                        None => println!("not found {} in {seeds} seeds", bug.name),
                    }
                    found.lock().expect("nobody panics with it")[at] = complaint;
                }
            });
        }
    });
    let found = found.into_inner().expect("all threads have ended");
    if write {
        let line = |(bug, found): (&Bug, &Option<(u64, String)>)| {
            format!("{:<34} {:>5}  {}\n", bug.name, found.as_ref().map_or(0, |(seed, _)| *seed), bug.what)
        };
        let text: String = bugs.iter().zip(&found).map(line).collect();
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/bugs.txt"), text).expect("the list can be written");
    }
    // A list that says another seed has to be written anew.
    let is_as_listed = |(bug, found): &(&Bug, &Option<(u64, String)>)| {
        found.as_ref().is_some_and(|(seed, _)| write || *seed == bug.seed)
    };
    let passed = bugs.iter().zip(&found).filter(is_as_listed).count();
    println!("{passed} passed, {} failed", bugs.len() - passed);
    if passed == bugs.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(bugs)]
fn find(bug: &Bug, seeds: u64) -> Option<(u64, String)> {
    use crate::run::run;
    use crate::script::Script;

    let name: &'static str = Box::leak(bug.name.clone().into_boxed_str());
    let fails = |seed: u64| {
        resclient::bugs::switch_on(name);
        let outcome = run(&Script::from_seed(seed));
        resclient::bugs::switch_on("");
        let complaint = outcome.err()?;
        // A seed that fails without the bug has not found it.
        run(&Script::from_seed(seed)).ok()?;
        Some((seed, complaint.lines().next().unwrap_or_default().chars().take(120).collect()))
    };
    Some(bug.seed).filter(|seed| *seed > 0).into_iter().chain(1..=seeds).find_map(fails)
}

/// Without `--cfg bugs` there are none.
#[cfg(not(bugs))]
pub fn hunt(_: u64, _: usize, _: bool) -> ExitCode {
    println!("this is a build without deliberate bugs: npm run sim -- --bugs makes one with them");
    ExitCode::FAILURE
}
