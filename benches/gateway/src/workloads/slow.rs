//! Clients that stop reading, among others that do not.

use std::io;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use super::{Figures, Stage, clients, percentile, wrong};
use crate::client::Client;

/// Sends texts to clients, of which some then stop reading while the others go on.
pub async fn run(stage: Stage) -> io::Result<Figures> {
    let mut readers = clients(&stage, READERS).await?;
    let mut paused = clients(&stage, PAUSED).await?;
    for client in readers.iter_mut().chain(&mut paused) {
        client.request("subscribe.bench.tick", "").await?;
    }
    let text = "x".repeat(TEXT);
    let mut alone = shout(&stage, &mut readers, &mut paused, &text, ALONE, true).await?;
    let before = stage.gateway.resident()?;
    let mut late = shout(&stage, &mut readers, &mut paused, &text, TOGETHER, false).await?;
    let memory = stage.gateway.peak()?.saturating_sub(before);
    let (alone, late) = (percentile(&mut alone, 99).unwrap_or_default(), percentile(&mut late, 99).unwrap_or_default());
    Ok(vec![("slow-memory", memory as f64 / 1e6), ("slow-p99", late.as_secs_f64() / alone.as_secs_f64())])
}

/// Publishes texts and gives how late each was for those who read.
async fn shout(
    stage: &Stage,
    readers: &mut Vec<Client>,
    paused: &mut Vec<Client>,
    text: &str,
    events: usize,
    all_read: bool,
) -> io::Result<Vec<Duration>> {
    let expected = format!(r#"{{"event":"bench.tick.shout","data":"{text}"}}"#);
    let (publish, times) = tokio::sync::watch::channel(Vec::new());
    let mut reading = JoinSet::new();
    let awake = if all_read { std::mem::take(paused) } else { Vec::new() };
    let counted = readers.len();
    for (at, mut client) in readers.drain(..).chain(awake).enumerate() {
        let (expected, times) = (expected.clone(), times.clone());
        reading.spawn_local(async move {
            let mut late = Vec::with_capacity(events);
            for event in 0..events {
                if client.frame().await? != expected {
                    return Err(wrong("a text is not what was published"));
                }
                let published: Instant = times.borrow()[event];
                late.push(published.elapsed());
            }
            Ok((at, client, late))
        });
    }
    let mut pace = interval(PAUSE);
    for _ in 0..events {
        pace.tick().await;
        publish.send_modify(|times: &mut Vec<Instant>| times.push(Instant::now()));
        stage.service.shout(text);
    }
    let mut all = Vec::new();
    while let Some(done) = reading.join_next().await {
        let (at, client, late) = done??;
        if at < counted {
            all.extend(late);
            readers.push(client);
        } else {
            paused.push(client);
        }
    }
    Ok(all)
}

const READERS: usize = 900;
const PAUSED: usize = 100;
const TEXT: usize = 4 << 10;
/// So many texts before some stop reading, and then enough to fill what the kernel keeps for them and the gateway may.
const ALONE: usize = 100;
const TOGETHER: usize = 500;
const PAUSE: Duration = Duration::from_millis(40);
