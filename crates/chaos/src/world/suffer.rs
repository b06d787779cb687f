//! What faults do to the world.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::{World, started};
use crate::lock;
use crate::names;
use crate::owner::{Deed, Owner};
use crate::program::{Gateway, NatsServer, Signal};
use crate::proxy::{Newcomers, Proxy, Weather};
use crate::script::{Fault, Mishap, Program, Trouble, Wire};

impl World {
    /// Has a fault happen, and waits until it is over.
    pub async fn suffer(&self, fault: Fault) {
        *lock(&self.faults).entry(fault.kind()).or_default() += 1;
        match fault {
            Fault::Wire(wire, trouble) => self.trouble(self.proxy(wire), trouble).await,
            Fault::Program(Program::Gateway(number), mishap) => self.gateway_mishap(number, mishap).await,
            Fault::Program(Program::Nats, mishap) => self.nats_mishap(mishap).await,
            Fault::RollingRestart => {
                for number in 0..self.gateways.len() {
                    self.gateway_mishap(number, Mishap::Restarted).await;
                }
            }
            Fault::Crash { service, when } => self.owners[service].crash(when).await,
            Fault::Slow { service, latency, lasting } => {
                self.owners[service].set_latency(latency);
                sleep(lasting).await;
                self.owners[service].set_latency(Duration::ZERO);
            }
            Fault::ResetStorm { times } => {
                for _ in 0..times {
                    self.owners.iter().for_each(Owner::reset);
                }
            }
            Fault::Burst { service, changes } => {
                let rid = names::item(service, 0);
                for n in 0..changes {
                    let deed = Deed::Set { member: "text".into(), value: Value::from(format!("burst {n}")) };
                    self.note(self.owners[service].change(&rid, &deed));
                }
            }
            Fault::ReconnectStorm => self.viewers.iter().for_each(|viewer| viewer.proxy.reset()),
        }
    }

    fn proxy(&self, wire: Wire) -> &Proxy {
        match wire {
            Wire::Client(number) => &self.viewers[number].proxy,
            Wire::Gateway(number) => &self.gateways[number].proxy,
            Wire::Service(number) => &self.owners[number].proxy,
        }
    }

    async fn trouble(&self, proxy: &Proxy, trouble: Trouble) {
        let change = |change: &dyn Fn(&mut Weather)| proxy.change(|weather| change(weather));
        match trouble {
            Trouble::Cut { ways, after } => {
                change(&|weather| weather.flows(ways).for_each(|flow| flow.cut_after = Some(after)));
            }
            Trouble::Closed => proxy.close(),
            Trouble::HalfOpen { ways, lasting } => {
                let next = proxy.next_number();
                change(&|weather| weather.flows(ways).for_each(|flow| flow.held_below = next));
                sleep(lasting).await;
                change(&|weather| weather.flows(ways).for_each(|flow| flow.held_below = 0));
            }
            Trouble::Partition { ways, lasting } => {
                change(&|weather| weather.flows(ways).for_each(|flow| flow.held_below = u64::MAX));
                sleep(lasting).await;
                change(&|weather| weather.flows(ways).for_each(|flow| flow.held_below = 0));
            }
            Trouble::Delay { by, lasting } => {
                change(&|weather| (weather.up.delay, weather.down.delay) = (by, by));
                sleep(lasting).await;
                change(&|weather| (weather.up.delay, weather.down.delay) = Default::default());
            }
            Trouble::Trickle { bytes_per_second, lasting } => {
                let rate = NonZeroU32::new(bytes_per_second);
                change(&|weather| (weather.up.bytes_per_second, weather.down.bytes_per_second) = (rate, rate));
                sleep(lasting).await;
                change(&|weather| (weather.up.bytes_per_second, weather.down.bytes_per_second) = (None, None));
            }
            Trouble::Refused { lasting } => turned_away(proxy, Newcomers::Reset, lasting).await,
            Trouble::BadGateway { lasting } => turned_away(proxy, Newcomers::BadGateway, lasting).await,
        }
    }

    async fn gateway_mishap(&self, number: usize, mishap: Mishap) {
        let slot = &self.gateways[number];
        match mishap {
            Mishap::Frozen { lasting } => {
                let signal = async |signal| {
                    if let Some(gateway) = &*slot.gateway.lock().await {
                        gateway.signal(signal);
                    }
                };
                signal(Signal::Stop).await;
                sleep(lasting).await;
                signal(Signal::Continue).await;
            }
            Mishap::Killed { lasting } => {
                let mut gateway = slot.gateway.lock().await;
                self.front.replace(number, None);
                if let Some(gateway) = gateway.take() {
                    gateway.kill().await;
                }
                sleep(lasting).await;
                *gateway = self.restart(number).await;
            }
            Mishap::Restarted => {
                let mut gateway = slot.gateway.lock().await;
                self.front.replace(number, None);
                if let Some(gateway) = gateway.take()
                    && !gateway.end().await
                {
                    self.note(Err(format!("gateway {number} did not end when it was told to")));
                }
                *gateway = self.restart(number).await;
            }
        }
    }

    async fn restart(&self, number: usize) -> Option<Gateway> {
        let proxy = &self.gateways[number].proxy;
        let started = started(&self.programs, proxy, self.folder.path(), number).await;
        match &started {
            Ok(gateway) => self.front.replace(number, Some(gateway.address)),
            Err(error) => self.note(Err(format!("gateway {number} cannot be started again: {error}"))),
        }
        started.ok()
    }

    async fn nats_mishap(&self, mishap: Mishap) {
        let mut nats = self.nats.lock().await;
        match (mishap, nats.take()) {
            (Mishap::Frozen { lasting }, Some(server)) => {
                server.signal(Signal::Stop);
                sleep(lasting).await;
                server.signal(Signal::Continue);
                *nats = Some(server);
            }
            (Mishap::Killed { .. } | Mishap::Restarted, server) => {
                self.bus.replace(0, None);
                if let Some(server) = server {
                    server.kill().await;
                }
                if let Mishap::Killed { lasting } = mishap {
                    sleep(lasting).await;
                }
                match NatsServer::start(&self.programs, self.folder.path()).await {
                    Ok(server) => {
                        self.bus.replace(0, Some(server.address));
                        *nats = Some(server);
                    }
                    Err(error) => self.note(Err(error)),
                }
            }
            (Mishap::Frozen { .. }, None) => {}
        }
    }
}

async fn turned_away(proxy: &Proxy, newcomers: Newcomers, lasting: Duration) {
    proxy.change(|weather| weather.newcomers = newcomers);
    proxy.reset();
    sleep(lasting).await;
    proxy.change(|weather| weather.newcomers = Newcomers::Served);
}
