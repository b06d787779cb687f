//! What clients and services do meanwhile.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::names;
use crate::owner::Deed;
use crate::world::World;

/// Something that is going on until it is told to stop.
pub struct Load {
    stop: watch::Sender<bool>,
    task: JoinHandle<JoinSet<()>>,
}

impl Load {
    /// Begins to do something after each pause.
    pub fn start(world: Arc<World>, seed: u64, pause: Duration) -> Load {
        let stop = watch::Sender::new(false);
        let mut stopped = stop.subscribe();
        let task = tokio::spawn(async move {
            let mut rng = Rng::with_seed(seed);
            let mut asked = JoinSet::new();
            while !*stopped.borrow() {
                step(&world, &mut rng, &mut asked);
                while asked.try_join_next().is_some() {}
                tokio::select! {
                    () = sleep(pause) => {}
                    // An error means that it is stopped, too.
                    _ = stopped.changed() => break,
                }
            }
            asked
        });
        Load { stop, task }
    }

    /// Begins nothing more; gives what was asked for and has not been answered.
    pub async fn stop(self) -> JoinSet<()> {
        self.stop.send_replace(true);
        self.task.await.expect("it does not panic")
    }
}

/// Does one thing.
fn step(world: &Arc<World>, rng: &mut Rng, asked: &mut JoinSet<()>) {
    let number = rng.usize(..world.viewers.len());
    let viewer = &world.viewers[number];
    let mut ask = |what: Ask| {
        let world = world.clone();
        asked.spawn(async move { what.of(&world, number).await });
    };
    // Half of the clients have items only through what refers to them.
    let may_follow = |rid: &String| number.is_multiple_of(2) || !rid.contains(".item.");
    let all: Vec<String> = names::all().into_iter().filter(may_follow).collect();
    let any = &all[rng.usize(..all.len())];
    match rng.u8(0..100) {
        0..20 => ask(Ask::Follow(any.clone())),
        20..28 => {
            let held = viewer.held();
            if let Some(rid) = rng.choice(&held) {
                viewer.leave(rid);
            }
        }
        28..30 => ask(Ask::Look(any.clone())),
        30..55 => {
            let (rid, deed) = change(rng);
            ask(Ask::Order(rid, deed));
        }
        55..60 => ask(Ask::Echo(names::any_item(rng), rng.u64(..))),
        60..98 => {
            let (rid, deed) = change(rng);
            world.note(world.owners[names::service_of(&rid)].change(&rid, &deed));
        }
        98 => world.owners[rng.usize(..world.owners.len())].reset(),
        _ => world.note(viewer.read_logs()),
    }
}

/// What a client asks for and has to get an answer to.
enum Ask {
    Follow(String),
    Look(String),
    Order(String, Deed),
    Echo(String, u64),
}

impl Ask {
    async fn of(self, world: &World, viewer: usize) {
        let viewer = &world.viewers[viewer];
        match self {
            Ask::Follow(rid) => viewer.follow(&rid).await,
            Ask::Look(rid) => viewer.look(&rid).await,
            Ask::Order(rid, deed) => viewer.order(&rid, deed).await,
            Ask::Echo(rid, number) => viewer.echo(&rid, number.into()).await,
        }
    }
}

/// A change of something.
fn change(rng: &mut Rng) -> (String, Deed) {
    if rng.bool() {
        let member = names::MEMBERS[rng.usize(..names::MEMBERS.len())];
        let value = match member {
            "count" => rng.u8(0..12).into(),
            "text" => format!("text {}", rng.u32(..)).into(),
            _ => names::value(rng),
        };
        return (names::any_item(rng), Deed::Set { member: member.to_owned(), value });
    }
    let (list, idx) = (names::any_list(rng), rng.usize(..16));
    // So that lists do not grow.
    match rng.u8(0..20) < 9 {
        true => (list, Deed::Add { idx, value: names::value(rng) }),
        false => (list, Deed::Remove { idx }),
    }
}
