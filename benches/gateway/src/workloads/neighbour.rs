//! How long one client has to wait beside others that are as much of a burden as they can.

use std::io;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::events::milliseconds;
use super::{Figures, Stage, clients, percentile, wrong};
use crate::client::Client;
use crate::service::{REFERENCES, tick_frame};

/// Clients that get lists from the cache, one after another, and take nothing but the answers.
pub async fn gets(stage: Stage) -> io::Result<Figures> {
    let mut neighbour = Neighbour::connect(&stage).await?;
    let mut keepers = clients(&stage, LISTS.div_ceil(LISTS_OF_A_CLIENT)).await?;
    for list in 0..LISTS {
        subscribe(&mut keepers[list / LISTS_OF_A_CLIENT], list).await?;
    }
    let mut hostile = JoinSet::new();
    for (at, mut client) in clients(&stage, HOSTILE).await?.into_iter().enumerate() {
        hostile.spawn_local(async move {
            for list in at.. {
                let id = client.push(&format!("get.bench.refs.{}", list % LISTS), "");
                client.flush().await?;
                let frame = client.frame().await?;
                if frame.len() < REFERENCES * 60 || !frame.ends_with(&format!(r#","id":{id}}}"#)) {
                    return Err(wrong(format!("a list is {} bytes", frame.len())));
                }
            }
            Ok(())
        });
    }
    let mut times = neighbour.watch(&stage, hostile).await?;
    Ok(vec![
        ("beside-gets-half", milliseconds(percentile(&mut times.calls, 50))),
        ("beside-gets", milliseconds(percentile(&mut times.calls, 99))),
        ("beside-gets-max", milliseconds(percentile(&mut times.calls, 100))),
        ("beside-gets-event", milliseconds(percentile(&mut times.events, 99))),
    ])
}

/// A client that has as much loaded as it may hold, and leaves; then it all leaves the cache.
pub async fn leaves(stage: Stage) -> io::Result<Figures> {
    let mut neighbour = Neighbour::connect(&stage).await?;
    let mut client = Client::connect(stage.gateway.address).await?;
    let mut loading: JoinSet<io::Result<Client>> = JoinSet::new();
    loading.spawn_local(async move {
        for list in 0..LISTS_OF_A_CLIENT {
            subscribe(&mut client, list).await?;
        }
        Ok(client)
    });
    let mut load = Times::default();
    let mut client = loop {
        neighbour.exchange(&stage, &mut load).await?;
        if let Some(loaded) = loading.try_join_next() {
            break Some(loaded??);
        }
    };
    let (mut leave, begun) = (Times::default(), Instant::now());
    while begun.elapsed() < UNTIL_OUT_OF_THE_CACHE {
        neighbour.exchange(&stage, &mut leave).await?;
        client = None;
    }
    drop(client);
    let longest = |times: &mut Times| milliseconds(percentile(&mut times.calls, 100));
    Ok(vec![("beside-load", longest(&mut load)), ("beside-leave", longest(&mut leave))])
}

/// Clients whose requests are all refused, as many at a time as are read.
pub async fn bad_requests(stage: Stage) -> io::Result<Figures> {
    let mut neighbour = Neighbour::connect(&stage).await?;
    let mut hostile = JoinSet::new();
    for mut client in clients(&stage, HOSTILE).await? {
        hostile.spawn_local(async move {
            loop {
                for (method, params) in BAD.iter().cycle().take(64) {
                    client.push(method, params);
                }
                client.flush().await?;
                for _ in 0..64 {
                    let frame = client.frame().await?;
                    if !frame.starts_with(r#"{"error":{"code":"system."#) {
                        return Err(wrong(format!("a bad request was answered with {frame}")));
                    }
                }
            }
        });
    }
    let mut times = neighbour.watch(&stage, hostile).await?;
    Ok(vec![("beside-bad", milliseconds(percentile(&mut times.calls, 99)))])
}

/// Clients that begin a message and go on with it for ever, with nothing.
pub async fn empty_fragments(stage: Stage) -> io::Result<Figures> {
    let mut neighbour = Neighbour::connect(&stage).await?;
    let mut hostile = JoinSet::new();
    let clients = clients(&stage, HOSTILE).await?;
    let before = stage.gateway.memory().await?;
    for mut client in clients {
        hostile.spawn_local(async move {
            client.write(&[0x01, 0x81, 0, 0, 0, 0, b'{']).await?;
            let fragments = [0x00, 0x80, 0, 0, 0, 0].repeat(4_096);
            loop {
                client.write(&fragments).await?;
            }
        });
    }
    let mut times = neighbour.watch(&stage, hostile).await?;
    let memory = stage.gateway.peak()?.saturating_sub(before);
    Ok(vec![("beside-empty", milliseconds(percentile(&mut times.calls, 99))), ("empty-memory", memory as f64 / 1e6)])
}

/// A client that makes a call, waits for an event, and makes the next call.
struct Neighbour {
    client: Client,
}

#[derive(Default)]
struct Times {
    calls: Vec<Duration>,
    events: Vec<Duration>,
}

impl Neighbour {
    async fn connect(stage: &Stage) -> io::Result<Neighbour> {
        let mut client = Client::connect(stage.gateway.address).await?;
        client.request("subscribe.bench.tick", "").await?;
        Ok(Neighbour { client })
    }

    async fn exchange(&mut self, stage: &Stage, times: &mut Times) -> io::Result<()> {
        let begun = Instant::now();
        self.client.request("call.bench.model.7.echo", r#"{"number":7}"#).await?;
        times.calls.push(begun.elapsed());
        let begun = Instant::now();
        let expected = tick_frame(stage.service.tick());
        let frame = self.client.frame().await?;
        if frame != expected {
            return Err(wrong(format!("{frame} came in place of {expected}")));
        }
        times.events.push(begun.elapsed());
        sleep(Duration::from_millis(1)).await;
        Ok(())
    }

    /// Says how long it has to wait, which is also for the driver: how long that keeps its own tasks waiting goes to the
    /// terminal.
    async fn watch(&mut self, stage: &Stage, mut hostile: JoinSet<io::Result<()>>) -> io::Result<Times> {
        let driver = tokio::task::spawn_local(lateness());
        sleep(WARM).await;
        let (mut times, begun) = (Times::default(), Instant::now());
        while begun.elapsed() < WATCHED {
            self.exchange(stage, &mut times).await?;
        }
        let mut late = driver.await?;
        eprintln!(
            "{} calls; tasks of the driver wait {:.1} ms, the slowest 1 % {:.1} ms",
            times.calls.len(),
            milliseconds(percentile(&mut late, 50)),
            milliseconds(percentile(&mut late, 99))
        );
        match hostile.try_join_next() {
            Some(ended) => ended?.and(Err(wrong("a hostile client has ended"))),
            None => Ok(times),
        }
    }
}

/// How late a task of this process gets its turn, for as long as the neighbour is watched.
async fn lateness() -> Vec<Duration> {
    let (mut late, begun) = (Vec::new(), Instant::now());
    let mut times = interval(Duration::from_millis(2));
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while begun.elapsed() < WARM + WATCHED {
        late.push(times.tick().await.elapsed());
    }
    late
}

async fn subscribe(client: &mut Client, list: usize) -> io::Result<()> {
    let rid = format!("bench.refs.{list}");
    let result = client.request(&format!("subscribe.{rid}"), "").await?;
    let (items, models) = (result["collections"][&rid].as_array(), result["models"].as_object());
    match (items.map(Vec::len), models.map(|models| models.len())) {
        (Some(REFERENCES), Some(REFERENCES)) => Ok(()),
        found => Err(wrong(format!("{rid} came with {found:?}"))),
    }
}

const HOSTILE: usize = 20;
const LISTS: usize = 8;
/// It may hold 20,000 resources, and the lists are some too.
const LISTS_OF_A_CLIENT: usize = 3;
const BAD: &[(&str, &str)] = &[
    ("subscribe.bench..model", ""),
    ("call.bench..model.echo", ""),
    ("unsubscribe.bench.tick", r#"{"count":0}"#),
    ("unsubscribe.bench.nothing", ""),
    ("nothing", r#"{"much":[1,2,3,{"of":"it"}]}"#),
];
const WARM: Duration = Duration::from_secs(1);
const WATCHED: Duration = Duration::from_secs(6);
/// Resources are kept for five seconds after the last client.
const UNTIL_OUT_OF_THE_CACHE: Duration = Duration::from_secs(7);
