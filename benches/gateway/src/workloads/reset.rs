//! A long list that has changed while nobody was told.

use std::io;

use serde_json::Value;
use tokio::time::Instant;

use super::{Figures, Stage, wrong};
use crate::client::Client;

/// The list is put into another order, at random: hardly two items stay where they were.
pub async fn run(stage: Stage) -> io::Result<Figures> {
    stage.service.set_list((0..ITEMS).collect());
    let mut client = Client::connect(stage.gateway.address).await?;
    let first = client.request("subscribe.bench.list", "").await?;
    let mut list: Vec<u64> = serde_json::from_value(first["collections"]["bench.list"].clone())?;
    let shuffled = shuffle(ITEMS);
    let wanted: Vec<u64> = shuffled.iter().copied().map(u64::from).collect();
    let before = stage.gateway.memory().await?;
    stage.service.set_list(shuffled);
    let begun = Instant::now();
    stage.service.reset();
    while list.len() != wanted.len() || list != wanted {
        apply(&mut list, client.frame().await?)?;
    }
    let time = begun.elapsed().as_secs_f64();
    let memory = stage.gateway.peak()?.saturating_sub(before);
    Ok(vec![("reset-time", time), ("reset-memory", memory as f64 / 1e6)])
}

fn apply(list: &mut Vec<u64>, frame: &str) -> io::Result<()> {
    let mut event: Value = serde_json::from_str(frame)?;
    let data = event["data"].take();
    let idx = data["idx"].as_u64().map(|idx| idx as usize);
    match (event["event"].as_str(), idx, data["value"].as_u64()) {
        (Some("bench.list.remove"), Some(idx), _) if idx < list.len() => drop(list.remove(idx)),
        (Some("bench.list.add"), Some(idx), Some(value)) if idx <= list.len() => list.insert(idx, value),
        _ => return Err(wrong(format!("the list got {frame}"))),
    }
    Ok(())
}

/// The numbers below `count` in an order that is always the same (xorshift32).
fn shuffle(count: u32) -> Vec<u32> {
    let mut list: Vec<u32> = (0..count).collect();
    let mut random: u32 = 0x9e37_79b9;
    for at in (1..list.len()).rev() {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        list.swap(at, random as usize % (at + 1));
    }
    list
}

const ITEMS: u32 = 12_000;
