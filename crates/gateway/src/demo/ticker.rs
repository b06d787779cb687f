//! A price that moves, and its history.

use std::time::Duration;

use serde_json::{Value, json};

use super::millis;
use crate::bus::MemoryBus;
use crate::service::{Access, Service, ServiceHandle};

const MAIN: &str = "ticker.main";
const HISTORY: &str = "ticker.history";

/// Starts the service and the clock that moves the price.
pub fn start(bus: &MemoryBus) -> ServiceHandle {
    let mut price = Price { value: 100.0, state: millis() | 1 };
    let points: Vec<Value> = (1..=POINTS)
        .rev()
        .map(|ago| point(millis().saturating_sub(ago * EVERY.as_millis() as u64), price.step()))
        .collect();
    let service = Service::new("ticker")
        .model(MAIN, json!({ "symbol": "RES", "price": price.value, "at": millis() }))
        .collection(HISTORY, points.into())
        .access("ticker.>", |_| Ok(Access::READ))
        .start(bus.connect());
    let moved = service.clone();
    tokio::spawn(async move {
        let mut clock = tokio::time::interval(EVERY);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            clock.tick().await;
            tick(&moved, &mut price);
        }
    });
    service
}

fn tick(service: &ServiceHandle, price: &mut Price) {
    let (at, value) = (millis(), price.step());
    let steps = [
        service.change(MAIN, json!({ "price": value, "at": at })),
        service.add(HISTORY, POINTS as usize, point(at, value)),
        service.remove(HISTORY, 0).map(drop),
    ];
    debug_assert!(steps.iter().all(Result::is_ok), "the history keeps its length");
}

fn point(t: u64, v: f64) -> Value {
    json!({ "data": { "t": t, "v": v } })
}

/// A random walk that is drawn back to 100.
struct Price {
    value: f64,
    state: u64,
}

impl Price {
    fn step(&mut self) -> f64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = (self.state >> 33) as f64 / f64::from(1u32 << 31) - 0.5;
        let next = self.value + 2.0 * random + (100.0 - self.value) * 0.02;
        self.value = (next * 100.0).round() / 100.0;
        self.value
    }
}

const EVERY: Duration = Duration::from_millis(250);
const POINTS: u64 = 120;
