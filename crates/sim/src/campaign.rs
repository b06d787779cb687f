//! Many seeds, on several threads.

use std::fmt;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::run::run;
use crate::script::Script;
use crate::tally::Tally;

/// What many seeds came to.
#[derive(Debug, Default)]
pub struct Campaign {
    /// Runs in which nothing was wrong.
    pub passed: u64,
    /// The others, with what was wrong, in the order of their seeds. With so many that there is enough to look at, no more
    /// are run.
    pub failures: Vec<(u64, String)>,
    /// The sum of the runs that passed.
    pub tally: Tally,
    /// Steps of the shortest script of them.
    pub fewest: Option<u64>,
}

impl Campaign {
    /// Runs seeds on so many threads; `tell` is told after each what there is so far, and what was wrong with it.
    pub fn run(seeds: Range<u64>, jobs: usize, tell: impl Fn(&Campaign, Option<&(u64, String)>) + Sync) -> Campaign {
        let (next, campaign) = (AtomicU64::new(seeds.start), Mutex::new(Campaign::default()));
        let work = || {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if !seeds.contains(&seed) {
                    return;
                }
                let outcome = run(&Script::from_seed(seed));
                let mut campaign = campaign.lock().expect("nobody panics with it");
                let is_wrong = outcome.is_err();
                campaign.add(seed, outcome);
                tell(&campaign, campaign.failures.last().filter(|_| is_wrong));
                if campaign.failures.len() >= ENOUGH {
                    return;
                }
            }
        };
        thread::scope(|scope| (0..jobs).for_each(|_| drop(scope.spawn(work))));
        let mut campaign = campaign.into_inner().expect("all threads have ended");
        campaign.failures.sort();
        campaign
    }

    fn add(&mut self, seed: u64, outcome: Result<Tally, String>) {
        match outcome {
            Ok(tally) => {
                self.passed += 1;
                self.fewest =
                    Some(self.fewest.map_or(tally.steps_of_script, |fewest| fewest.min(tally.steps_of_script)));
                self.tally.add(&tally);
            }
            Err(error) => self.failures.push((seed, error)),
        }
    }
}

impl fmt::Display for Campaign {
    /// The figures, in some lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { steps, steps_of_script, frames, messages, events, settled, .. } = &self.tally;
        let Tally { connections, visits, compared, closes, faults, slowest, .. } = &self.tally;
        let least = self.fewest.unwrap_or_default();
        writeln!(
            f,
            "{} seeds, {steps} steps, {steps_of_script} of them in scripts, at least {least} in each",
            self.passed
        )?;
        writeln!(f, "{frames} frames, {messages} messages on the bus, {connections} connections")?;
        writeln!(f, "{events} events handled, {settled} requests settled, {visits} requests over HTTP")?;
        writeln!(f, "{compared} values compared in the end; current again after {} s at most", *slowest as f64 / 1e3)?;
        let list = |counts: Vec<String>| if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
        let by_kind = faults.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        writeln!(f, "{} faults: {}", faults.values().sum::<u64>(), list(by_kind))?;
        let by_code = closes.iter().map(|(code, count)| format!("{count} with {code}")).collect();
        writeln!(f, "closed by gateways: {}", list(by_code))
    }
}

/// Failures to look at.
const ENOUGH: usize = 20;
