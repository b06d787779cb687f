//! What connections and resources take of memory.

use std::io;
use std::time::Duration;

use tokio::time::sleep;

use super::{Figures, Stage, clients, wrong};
use crate::client::Client;
use crate::service::small_model;

/// Connections that do nothing, and then with a resource each.
pub async fn connections(stage: Stage) -> io::Result<Figures> {
    // What is made once, for the first of them, is not counted.
    let mut first = clients(&stage, 20).await?;
    subscribe(&mut first, 1, 1_000_000).await?;
    let before = stage.gateway.memory().await?;
    let mut clients = clients(&stage, CLIENTS).await?;
    let idle = stage.gateway.memory().await?;
    subscribe(&mut clients, 1, 0).await?;
    let subscribed = stage.gateway.memory().await?;
    Ok(vec![("idle", each(before, idle, CLIENTS)), ("subscribed", each(before, subscribed, CLIENTS))])
}

/// Small resources that few clients hold.
pub async fn resources(stage: Stage) -> io::Result<Figures> {
    let mut clients = clients(&stage, 20).await?;
    subscribe(&mut clients, 10, 1_000_000).await?;
    let before = stage.gateway.memory().await?;
    subscribe(&mut clients, 950, 0).await?;
    let after = stage.gateway.memory().await?;
    Ok(vec![("cached", each(before, after, 20 * 950))])
}

/// As many connections as Resgate was seen to hold, for longer than it takes to notice one that is dead.
pub async fn held(stage: Stage) -> io::Result<Figures> {
    let clients = clients(&stage, HELD).await?;
    let mut holding = tokio::task::JoinSet::new();
    for mut client in clients {
        holding.spawn_local(async move {
            tokio::select! {
                // Nothing but pings comes, and they are answered in there.
                frame = client.frame() => Err(wrong(format!("an idle connection got {frame:?}"))),
                () = sleep(PINGS) => client.request("unsubscribe.bench.tick", "").await.map_or_else(
                    // It is alive: it says what is right.
                    |error| if error.to_string().contains("system.noSubscription") { Ok(()) } else { Err(error) },
                    |_| Err(wrong("there was no subscription to take back")),
                ),
            }
        });
    }
    let mut alive = 0;
    while let Some(held) = holding.join_next().await {
        alive += usize::from(held?.is_ok());
    }
    Ok(vec![("held", alive as f64)])
}

/// Has every client subscribe to resources that no other has.
async fn subscribe(clients: &mut [Client], each: usize, offset: usize) -> io::Result<()> {
    for (at, client) in clients.iter_mut().enumerate() {
        for number in 0..each {
            let number = (offset + at * each + number).to_string();
            let rid = format!("bench.model.{number}");
            let result = client.request(&format!("subscribe.{rid}"), "").await?;
            let model: serde_json::Value = serde_json::from_str(&small_model(&number))?;
            if result["models"][&rid] != model {
                return Err(wrong(format!("{rid} is {result}")));
            }
        }
    }
    Ok(())
}

fn each(before: u64, after: u64, count: usize) -> f64 {
    after.saturating_sub(before) as f64 / count as f64 / 1e3
}

const CLIENTS: usize = 2_000;
const HELD: usize = 8_000;
const PINGS: Duration = Duration::from_secs(60);
