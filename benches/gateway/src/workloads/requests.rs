//! Requests of one client, fifty of them on their way.

use std::io;

use tokio::time::Instant;

use super::{Figures, Stage, wrong};
use crate::client::Client;
use crate::service::small_model;

/// Gets of a resource that another client keeps in the cache. What the one who asks may do, the service is asked each time.
pub async fn gets(stage: Stage) -> io::Result<Figures> {
    let mut keeper = Client::connect(stage.gateway.address).await?;
    keeper.request("subscribe.bench.model.7", "").await?;
    let model = small_model("7");
    let answer = |id| format!(r#"{{"result":{{"models":{{"bench.model.7":{model}}}}},"id":{id}}}"#);
    let rate = rate(&stage, |_| ("get.bench.model.7", String::new()), answer).await?;
    Ok(vec![("get", rate)])
}

/// Calls whose results are their parameters. May they be made, the service is asked each time.
pub async fn calls(stage: Stage) -> io::Result<Figures> {
    let answer = |id| format!(r#"{{"result":{{"payload":{{"number":{id}}}}},"id":{id}}}"#);
    let rate = rate(&stage, |id| ("call.bench.model.7.echo", format!(r#"{{"number":{id}}}"#)), answer).await?;
    Ok(vec![("call", rate)])
}

/// How many requests are answered in a second. The answers may come in any order, but each exactly once and right.
async fn rate(
    stage: &Stage,
    request: impl Fn(u64) -> (&'static str, String),
    answer: impl Fn(u64) -> String,
) -> io::Result<f64> {
    let mut client = Client::connect(stage.gateway.address).await?;
    let mut waiting = std::collections::BTreeMap::new();
    let mut begun = Instant::now();
    for answered in 0..WARM + COUNT {
        if answered == WARM {
            begun = Instant::now();
        }
        if waiting.len() <= DEPTH / 2 {
            while waiting.len() < DEPTH {
                let id = client.last_id() + 1;
                let (method, params) = request(id);
                client.push(method, &params);
                waiting.insert(id, answer(id));
            }
            client.flush().await?;
        }
        let frame = client.frame().await?;
        let id = frame.rsplit_once(":").and_then(|(_, id)| id.trim_end_matches('}').parse().ok()).unwrap_or(0);
        if waiting.remove(&id).as_deref() != Some(frame) {
            return Err(wrong(format!("an answer is {frame}")));
        }
    }
    Ok(f64::from(COUNT) / begun.elapsed().as_secs_f64())
}

const DEPTH: usize = 50;
const WARM: u32 = 5_000;
const COUNT: u32 = 40_000;
