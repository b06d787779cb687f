//! Events on their way from the bus to clients.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use super::{Figures, Stage, clients, percentile, wrong};
use crate::client::Client;
use crate::service::tick_frame;

/// One client, one event at a time.
pub async fn latency(stage: Stage) -> io::Result<Figures> {
    let mut client = Client::connect(stage.gateway.address).await?;
    client.request("subscribe.bench.tick", "").await?;
    let mut times = Vec::new();
    for _ in 0..1_500 {
        let begun = Instant::now();
        let expected = tick_frame(stage.service.tick());
        if client.frame().await? != expected {
            return Err(wrong("an event is not what was published"));
        }
        times.push(begun.elapsed());
        // Events that come one by one find everybody asleep.
        sleep(Duration::from_millis(1)).await;
    }
    Ok(vec![("latency", milliseconds(percentile(&mut times[500..], 50)))])
}

/// As many events as 1,000 clients can be sent, a few on their way at a time.
pub async fn flood(stage: Stage) -> io::Result<Figures> {
    let audience = Audience::gather(&stage, CLIENTS, WARM + FLOOD).await?;
    audience.publish(&stage, WARM).await?;
    let (begun, cpu) = (Instant::now(), stage.gateway.cpu()?);
    audience.publish(&stage, FLOOD).await?;
    let (wall, cpu) = (begun.elapsed(), stage.gateway.cpu()? - cpu);
    audience.leave().await?;
    let delivered = (FLOOD * CLIENTS as u64) as f64;
    Ok(vec![("events", delivered / wall.as_secs_f64()), ("cpu", cpu.as_secs_f64() * 1e6 / delivered)])
}

/// Events with pauses, so that each is sent by itself.
pub async fn paced(stage: Stage) -> io::Result<Figures> {
    let audience = Audience::gather(&stage, CLIENTS, WARM + PACED).await?;
    audience.publish(&stage, WARM).await?;
    let cpu = stage.gateway.cpu()?;
    audience.publish_every(&stage, PACED, Duration::from_millis(20)).await?;
    let cpu = stage.gateway.cpu()? - cpu;
    let mut late = audience.leave().await?;
    let delivered = (PACED * CLIENTS as u64) as f64;
    let p99 = milliseconds(percentile(&mut late, 99));
    Ok(vec![("cpu-paced", cpu.as_secs_f64() * 1e6 / delivered), ("p99-paced", p99)])
}

/// Clients that subscribe to `bench.tick` and each check every event of it.
pub struct Audience {
    size: u64,
    received: Rc<Received>,
    listeners: JoinSet<io::Result<()>>,
    /// When each event was published.
    published: Rc<std::cell::RefCell<Vec<Instant>>>,
    late: Rc<std::cell::RefCell<Vec<Duration>>>,
}

#[derive(Default)]
struct Received {
    events: AtomicU64,
    more: Notify,
}

impl Audience {
    /// `events` is how many there will be: the clients leave after the last.
    pub async fn gather(stage: &Stage, size: usize, events: u64) -> io::Result<Audience> {
        let expected: Arc<[String]> = (1..=events).map(tick_frame).collect();
        let mut audience = Audience {
            size: size as u64,
            received: Rc::default(),
            listeners: JoinSet::new(),
            published: Rc::default(),
            late: Rc::default(),
        };
        for mut client in clients(stage, size).await? {
            client.request("subscribe.bench.tick", "").await?;
            let (expected, received) = (expected.clone(), audience.received.clone());
            let (published, late) = (audience.published.clone(), audience.late.clone());
            audience.listeners.spawn_local(async move {
                for (at, expected) in expected.iter().enumerate() {
                    let frame = client.frame().await?;
                    if frame != expected {
                        return Err(wrong(format!("{frame} came in place of {expected}")));
                    }
                    late.borrow_mut().push(published.borrow()[at].elapsed());
                    if (received.events.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(size as u64) {
                        received.more.notify_one();
                    }
                }
                Ok(())
            });
        }
        Ok(audience)
    }

    /// Publishes so many events with [`WINDOW`] of them on their way, and waits until all clients have them.
    pub async fn publish(&self, stage: &Stage, events: u64) -> io::Result<()> {
        for _ in 0..events {
            self.until_behind(WINDOW - 1).await;
            self.tick(stage);
        }
        self.until_behind(0).await;
        Ok(())
    }

    pub async fn publish_every(&self, stage: &Stage, events: u64, pause: Duration) -> io::Result<()> {
        self.late.borrow_mut().clear();
        let mut times = interval(pause);
        for _ in 0..events {
            times.tick().await;
            self.tick(stage);
        }
        self.until_behind(0).await;
        Ok(())
    }

    /// The clients have all events they wait for. Gives how late each event came.
    pub async fn leave(mut self) -> io::Result<Vec<Duration>> {
        while let Some(left) = self.listeners.join_next().await {
            left??;
        }
        Ok(self.late.take())
    }

    fn tick(&self, stage: &Stage) {
        self.published.borrow_mut().push(Instant::now());
        stage.service.tick();
    }

    /// Waits until at most so many events are still on their way to somebody.
    async fn until_behind(&self, most: u64) {
        let wanted = (self.published.borrow().len() as u64).saturating_sub(most) * self.size;
        while self.received.events.load(Ordering::Relaxed) < wanted {
            self.received.more.notified().await;
        }
    }
}

pub fn milliseconds(time: Option<Duration>) -> f64 {
    time.unwrap_or_default().as_secs_f64() * 1e3
}

const CLIENTS: usize = 1_000;
const WARM: u64 = 200;
const FLOOD: u64 = 1_000;
const PACED: u64 = 200;
const WINDOW: u64 = 32;
