//! Scripts from seeds, each with a world of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::check;
use crate::load::Load;
use crate::program::Programs;
use crate::script::Script;
use crate::world::World;

/// What came of a script.
pub struct Outcome {
    pub script: Script,
    /// What did not hold; nothing, if all is well.
    pub wrong: Vec<String>,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<String, u64>,
    /// How requests of clients ended, by how often.
    pub answers: BTreeMap<String, u64>,
    /// Events that the listeners of the end were told.
    pub events: u64,
    /// From the last fault until all was well.
    pub recovery: Duration,
}

/// Plays the script of a seed.
pub async fn play(programs: Programs, seed: u64) -> Outcome {
    let world = match World::start(programs, CLIENTS).await {
        Ok(world) => Arc::new(world),
        Err(error) => {
            let script = Script { seed, faults: Vec::new() };
            let (faults, answers, events, recovery) = Default::default();
            let wrong = vec![format!("it cannot start: {error}")];
            return Outcome { script, wrong, faults, answers, events, recovery };
        }
    };
    let script = Script::from_seed(seed, &world.cast(), LENGTH);
    let load = Load::start(world.clone(), seed, PAUSE);
    let begun = Instant::now();
    let mut suffering = JoinSet::new();
    for &(at, fault) in &script.faults {
        sleep_until(begun + at).await;
        let world = world.clone();
        suffering.spawn(async move { world.suffer(fault).await });
    }
    suffering.join_all().await;
    let asked = load.stop().await;
    let healed = Instant::now();
    let mut wrong = check::settle(&world, asked).await;
    let recovery = healed.elapsed();
    wrong.extend(check::serve(&world).await);
    let events = world.viewers.iter().map(|viewer| viewer.events()).sum();
    wrong.extend(check::release(&world).await);
    let (faults, answers) = (world.faults(), world.asked.answers());
    if !wrong.is_empty()
        && let Ok(world) = Arc::try_unwrap(world)
    {
        wrong.push(format!("the logs are in {}", world.keep_logs().display()));
    }
    Outcome { script, wrong, faults, answers, events, recovery }
}

const CLIENTS: usize = 8;
/// In which the faults begin.
const LENGTH: Duration = Duration::from_secs(6);
/// Between two things that are done.
const PAUSE: Duration = Duration::from_millis(2);
