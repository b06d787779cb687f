//! What has to hold once everything works again.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::names;
use crate::program::Figures;
use crate::world::World;

/// Ends all trouble and waits until everybody has what services have; gives what is wrong then.
pub async fn settle(world: &World, mut asked: JoinSet<()>) -> Vec<String> {
    world.calm();
    let answered = async { while asked.join_next().await.is_some() {} };
    let is_answered = timeout(PATIENCE, answered).await.is_ok();
    let mut wrong = Vec::new();
    if !is_answered {
        wrong.push(format!("{} requests have no answer", world.asked.open()));
    }
    wrong.extend(until(TICK, async || all_current(world)).await.err());
    wrong.extend(until(TICK, async || all_at_rest(&world.figures().await?)).await.err());
    wrong.extend(world.take_wrong().await);
    for ordered in world.asked.take_orders() {
        let times = world.owners[ordered.service].times_done(ordered.number);
        match (ordered.is_done, times) {
            (true, 1) | (false, 0 | 1) => {}
            _ => wrong.push(format!("{ordered:?} was carried out {times} times")),
        }
    }
    world.owners.iter().for_each(|owner| owner.forget_orders());
    for viewer in &world.viewers {
        let counters = viewer.counters();
        if (counters.malformed, counters.unmatched, counters.unknown, counters.misfits) != (0, 0, 0, 0) {
            wrong.push(format!("a client was told what makes no sense: {counters:?}"));
        }
    }
    wrong
}

/// Whoever asks for something gets it, now that everything works, and it is what services have; gives what is wrong.
pub async fn serve(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, viewer) in world.viewers.iter().enumerate() {
        let wanted = names::some_of_each_service(number);
        for rid in &wanted {
            viewer.follow(rid).await;
        }
        let held = viewer.held();
        let missing = wanted.iter().filter(|rid| !held.contains(rid));
        wrong.extend(missing.map(|rid| format!("client {number} asks for {rid} in vain")));
    }
    wrong.extend(until(TICK, async || all_current(world)).await.err());
    if world.viewers.iter().all(|viewer| viewer.events() == 0) {
        wrong.push("nobody was told of any event".to_owned());
    }
    wrong
}

/// Lets go of everything but the connections, and looks whether anything is left of it; gives what.
pub async fn let_go(world: &World) -> Vec<String> {
    world.viewers.iter().for_each(|viewer| viewer.release());
    let left_over = || world.viewers.iter().find_map(|viewer| viewer.left_over());
    let mut wrong = Vec::new();
    let is_empty = async || left_over().map_or(Ok(()), |rid| Err(format!("{rid} is still in the cache of a client")));
    wrong.extend(until(LEAVING, is_empty).await.err());
    wrong.extend(until(TICK, async || all_without_resources(&world.figures().await?)).await.err());
    wrong
}

/// Lets go of everything, and looks whether anything is left of it; gives what.
pub async fn release(world: &World) -> Vec<String> {
    let mut wrong = let_go(world).await;
    for viewer in &world.viewers {
        viewer.close().await;
    }
    wrong.extend(until(TICK, async || all_empty(&world.figures().await?)).await.err());
    wrong.extend(until(TICK, async || only_of_the_system(&world.bus_subscriptions().await?)).await.err());
    wrong.extend(world.take_wrong().await);
    wrong
}

fn all_current(world: &World) -> Result<(), String> {
    world.viewers.iter().enumerate().try_for_each(|(number, viewer)| {
        let result = viewer.read_logs().and_then(|()| viewer.compare(|rid| world.truth(rid)));
        result.map_err(|error| format!("client {number}: {error}"))
    })
}

fn all_at_rest(figures: &[Figures]) -> Result<(), String> {
    match figures.iter().all(|gateway| (gateway.queued, gateway.waiting) == (0, 0)) {
        true => Ok(()),
        false => Err(format!("gateways are not at rest: {figures:?}")),
    }
}

fn all_without_resources(figures: &[Figures]) -> Result<(), String> {
    match figures.iter().all(|gateway| Figures { connections: 0, ..*gateway } == Figures::default()) {
        true => Ok(()),
        false => Err(format!("gateways still have resources: {figures:?}")),
    }
}

fn all_empty(figures: &[Figures]) -> Result<(), String> {
    match figures.iter().all(|gateway| *gateway == Figures::default()) {
        true => Ok(()),
        false => Err(format!("gateways are not empty: {figures:?}")),
    }
}

fn only_of_the_system(gateways: &[Vec<String>]) -> Result<(), String> {
    let is_of_the_system = |subject: &String| subject.starts_with("system.") || subject.starts_with("_INBOX.");
    match gateways.iter().flatten().all(is_of_the_system) {
        true => Ok(()),
        false => Err(format!("gateways are still subscribed to {gateways:?}")),
    }
}

/// Looks with such pauses until something is so; gives the last reason why it is not.
async fn until(pause: Duration, mut look: impl AsyncFnMut() -> Result<(), String>) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        match look().await {
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_) => sleep(pause).await,
            Ok(()) => return Ok(()),
        }
    }
}

/// A gateway tries again what failed after half a minute at the latest.
const PATIENCE: Duration = Duration::from_secs(45);
const TICK: Duration = Duration::from_millis(50);
/// To look into a cache is to listen for a moment: who looks too often keeps it from leaving.
const LEAVING: Duration = Duration::from_millis(1_000);
