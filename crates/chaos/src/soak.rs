//! A mixed load for long, with a fault every five seconds, and an eye on the memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::check;
use crate::load::Load;
use crate::program::{Programs, resident_bytes};
use crate::script::{Cast, Fault};
use crate::slope::slope;
use crate::world::World;

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Soak {
    pub minutes: u64,
    pub clients: usize,
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub minutes: u64,
    pub clients: usize,
    pub seed: u64,
    /// By how often they happened.
    pub faults: BTreeMap<String, u64>,
    /// How requests of clients ended, by how often.
    pub answers: BTreeMap<String, u64>,
    /// Events that listeners were told.
    pub events: u64,
    /// Times that all faults ended, and how long it took each time until everybody was current, in milliseconds.
    pub settled: Vec<u64>,
    pub wrong: Vec<String>,
    /// Of the first gateway, which was never ended, and of the process with clients, services and proxies.
    pub memory: BTreeMap<&'static str, Memory>,
}

/// Bytes that a process has, each with the seconds since the beginning.
#[derive(Debug, Default, Serialize)]
pub struct Memory {
    pub samples: Vec<(f64, u64)>,
    /// When everybody has let go of everything but the connections.
    pub at_rest: Vec<(f64, u64)>,
}

/// How memory at rest grew, after the first time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    pub mean: f64,
    pub per_hour: f64,
    /// One standard error of that.
    pub error: f64,
}

impl Growth {
    fn is_certainly_over(&self, percent: f64) -> bool {
        self.per_hour - 3.0 * self.error > self.mean * percent / 100.0
    }
}

impl Memory {
    /// `None` with too few samples.
    pub fn growth(&self) -> Option<Growth> {
        let points: Vec<_> = self.at_rest.iter().skip(1).map(|s| (s.0 / 3600.0, s.1 as f64)).collect();
        let (per_hour, error) = slope(&points)?;
        Some(Growth { mean: points.iter().map(|p| p.1).sum::<f64>() / points.len() as f64, per_hour, error })
    }
}

impl Soak {
    /// Runs it to its end; `tell` is told now and then how it goes.
    pub async fn run(self, programs: Programs, mut tell: impl FnMut(&str)) -> Report {
        let Soak { minutes, clients, seed } = self;
        let mut report = Report { minutes, clients, seed, ..Report::default() };
        let world = match World::start(programs, clients).await {
            Ok(world) => Arc::new(world),
            Err(error) => {
                report.wrong.push(format!("it cannot start: {error}"));
                return report;
            }
        };
        let cast = Cast { spare_first: true, ..world.cast() };
        let mut rng = Rng::with_seed(seed);
        let begun = Instant::now();
        for minute in 1..=minutes {
            let load = Load::start(world.clone(), rng.u64(..), PAUSE);
            let mut suffering = JoinSet::new();
            let mut ticks = interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks.tick().await;
            while begun.elapsed() < MINUTE * minute as u32 {
                let (sufferer, fault) = (world.clone(), Fault::any(&mut rng, &cast));
                suffering.spawn(async move { sufferer.suffer(fault).await });
                ticks.tick().await;
                // Taken in so often, they take no memory that grows.
                world.viewers.iter().for_each(|viewer| world.note(viewer.read_logs()));
                report.sample(&world, begun.elapsed()).await;
            }
            suffering.join_all().await;
            let asked = load.stop().await;
            let healed = Instant::now();
            let mut wrong = check::settle(&world, asked).await;
            let current_after = healed.elapsed().as_millis() as u64;
            report.settled.push(current_after);
            wrong.extend(check::serve(&world).await);
            tell(&format!(
                "minute {minute}: current again after {current_after} ms, {} wrong, {}",
                wrong.len(),
                report.memory_now()
            ));
            report.wrong.extend(wrong);
            if minute.is_multiple_of(REST) {
                report.wrong.extend(check::let_go(&world).await);
                report.rest(&world, begun).await;
            }
        }
        report.events = world.viewers.iter().map(|viewer| viewer.events()).sum();
        report.wrong.extend(check::release(&world).await);
        (report.faults, report.answers) = (world.faults(), world.asked.answers());
        if !report.wrong.is_empty()
            && let Ok(world) = Arc::try_unwrap(world)
        {
            report.wrong.push(format!("the logs are in {}", world.keep_logs().display()));
        }
        report
    }
}

impl Report {
    /// What certainly has a memory at rest that grows by more than so many percent in an hour; `None` if nothing has.
    pub fn grows(&self, percent: f64) -> Option<String> {
        let growths = self.memory.iter().filter_map(|(name, memory)| Some((name, memory.growth()?)));
        let mut grown = growths.filter(|(_, growth)| growth.is_certainly_over(percent));
        grown.next().map(|(name, growth)| format!("the memory of {name} grows: {growth:?}"))
    }

    async fn sample(&mut self, world: &World, at: Duration) {
        for (name, bytes) in resident(world).await {
            self.memory.entry(name).or_default().samples.push((at.as_secs_f64(), bytes));
        }
    }

    /// Takes the least there is for a while, for allocators give memory back when they find the time.
    async fn rest(&mut self, world: &World, begun: Instant) {
        let mut least = BTreeMap::new();
        for _ in 0..LOOKS {
            sleep(BETWEEN_LOOKS).await;
            for (name, bytes) in resident(world).await {
                let known = least.entry(name).or_insert(bytes);
                *known = bytes.min(*known);
            }
        }
        for (name, bytes) in least {
            self.memory.entry(name).or_default().at_rest.push((begun.elapsed().as_secs_f64(), bytes));
        }
    }

    fn memory_now(&self) -> String {
        let now = self.memory.iter().filter_map(|(name, memory)| Some((name, memory.samples.last()?.1)));
        now.map(|(name, bytes)| format!("{name} {:.1} MB", bytes as f64 / 1e6)).collect::<Vec<_>>().join(", ")
    }
}

async fn resident(world: &World) -> Vec<(&'static str, u64)> {
    let gateway = world.process_ids().await.first().copied().unwrap_or_default();
    let processes = [(GATEWAY, gateway), (SELF, std::process::id())];
    processes.into_iter().filter_map(|(name, id)| Some((name, resident_bytes(id)?))).collect()
}

const GATEWAY: &str = "gateway";
const SELF: &str = "clients, services and proxies";
const MINUTE: Duration = Duration::from_secs(60);
/// Between faults.
const EVERY: Duration = Duration::from_secs(5);
/// Minutes after which everybody lets go of everything, again and again.
const REST: u64 = 2;
const LOOKS: usize = 15;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// Between two things that are done.
const PAUSE: Duration = Duration::from_millis(4);
