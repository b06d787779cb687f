//! Everything there is.

mod suffer;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex as StdMutex;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::owner::Owner;
use crate::program::{Figures, Gateway, NatsServer, Programs};
use crate::proxy::{Proxy, Targets};
use crate::script::Cast;
use crate::viewer::{Asked, Viewer};
use crate::{lock, names};

/// Three gateways, a NATS server, two services and clients, with a proxy on every connection between them.
pub struct World {
    pub viewers: Vec<Viewer>,
    pub owners: Vec<Owner>,
    pub asked: Arc<Asked>,
    programs: Programs,
    folder: TempDir,
    nats: Mutex<Option<NatsServer>>,
    bus: Targets,
    gateways: Vec<Slot>,
    front: Targets,
    /// How often each kind of fault happened.
    faults: StdMutex<BTreeMap<String, u64>>,
    wrong: StdMutex<Vec<String>>,
}

/// The place of a gateway, which may be about to be started.
struct Slot {
    gateway: Mutex<Option<Gateway>>,
    /// Its way to the bus.
    proxy: Proxy,
}

impl World {
    /// Starts everything, with so many clients.
    ///
    /// # Errors
    /// If a program does not start.
    pub async fn start(programs: Programs, clients: usize) -> io::Result<World> {
        let folder = tempfile::Builder::new().prefix("chaos-").tempdir()?;
        let nats = NatsServer::start(&programs, folder.path()).await?;
        let bus = Targets::new(vec![nats.address]);
        let (mut gateways, mut addresses) = (Vec::new(), Vec::new());
        for number in 0..GATEWAYS {
            let proxy = Proxy::start(bus.clone(), 0).await?;
            let gateway = started(&programs, &proxy, folder.path(), number).await?;
            addresses.push(gateway.address);
            gateways.push(Slot { gateway: Mutex::new(Some(gateway)), proxy });
        }
        let front = Targets::new(addresses);
        let mut owners = Vec::new();
        for service in 0..names::SERVICES.len() {
            owners.push(Owner::start(service, bus.clone()).await?);
        }
        let asked = Arc::new(Asked::default());
        let mut viewers = Vec::new();
        for turn in 0..clients {
            viewers.push(Viewer::start(front.clone(), turn, asked.clone()).await?);
        }
        let nats = Mutex::new(Some(nats));
        let (faults, wrong) = Default::default();
        Ok(World { viewers, owners, asked, programs, folder, nats, bus, gateways, front, faults, wrong })
    }

    /// To whom faults can happen.
    pub fn cast(&self) -> Cast {
        Cast {
            clients: self.viewers.len(),
            gateways: self.gateways.len(),
            services: self.owners.len(),
            spare_first: false,
        }
    }

    /// Ends all that faults began.
    pub fn calm(&self) {
        let wires = self.viewers.iter().map(|viewer| &viewer.proxy).chain(self.gateways.iter().map(|slot| &slot.proxy));
        wires.chain(self.owners.iter().map(|owner| &*owner.proxy)).for_each(Proxy::calm);
    }

    /// The value of a resource as it has to be with everybody.
    pub fn truth(&self, rid: &str) -> Option<Value> {
        self.owners[names::service_of(rid)].value(rid)
    }

    /// Something that does not fit is wrong.
    pub fn note<E: std::fmt::Display>(&self, result: Result<(), E>) {
        if let Err(error) = result {
            lock(&self.wrong).push(error.to_string());
        }
    }

    /// What was wrong since this was last asked for.
    pub async fn take_wrong(&self) -> Vec<String> {
        let mut wrong = std::mem::take(&mut *lock(&self.wrong));
        wrong.extend(self.asked.take_wrong());
        for (number, slot) in self.gateways.iter().enumerate() {
            if slot.gateway.lock().await.as_mut().is_none_or(Gateway::has_ended) {
                wrong.push(format!("gateway {number} has ended"));
            }
            let log = std::fs::read_to_string(self.folder.path().join(format!("gateway-{number}.log")));
            if log.is_ok_and(|log| log.contains("panicked")) {
                wrong.push(format!("gateway {number} panicked: see its log"));
            }
        }
        wrong
    }

    /// What each gateway has.
    ///
    /// # Errors
    /// A sentence, if one does not say so.
    pub async fn figures(&self) -> Result<Vec<Figures>, String> {
        let mut all = Vec::new();
        for (number, slot) in self.gateways.iter().enumerate() {
            let gateway = slot.gateway.lock().await;
            let gateway = gateway.as_ref().ok_or_else(|| format!("gateway {number} is not there"))?;
            all.push(gateway.figures().await.map_err(|error| format!("gateway {number}: {error}"))?);
        }
        Ok(all)
    }

    /// What gateways are subscribed to at the bus.
    ///
    /// # Errors
    /// If the server does not say so.
    pub async fn bus_subscriptions(&self) -> Result<Vec<Vec<String>>, String> {
        let nats = self.nats.lock().await;
        let nats = nats.as_ref().ok_or("the NATS server is not there")?;
        nats.subscriptions().await.map_err(|error| error.to_string())
    }

    /// The ids of the gateways' processes; 0 for one that is not there.
    pub async fn process_ids(&self) -> Vec<u32> {
        let mut ids = Vec::new();
        for slot in &self.gateways {
            ids.push(slot.gateway.lock().await.as_ref().map_or(0, Gateway::id));
        }
        ids
    }

    /// How often each kind of fault happened.
    pub fn faults(&self) -> BTreeMap<String, u64> {
        lock(&self.faults).clone()
    }

    /// Keeps configurations and logs; gives where they are.
    pub fn keep_logs(self) -> std::path::PathBuf {
        let World { folder, .. } = self;
        folder.keep()
    }
}

/// Starts a gateway until it stays: it ends where there is no bus, or where another program has taken its port.
async fn started(programs: &Programs, proxy: &Proxy, folder: &Path, number: usize) -> io::Result<Gateway> {
    let begun = Instant::now();
    loop {
        match Gateway::start(programs, proxy.address, folder, &format!("gateway-{number}")).await {
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_) => sleep(PAUSE).await,
            started => return started,
        }
    }
}

const GATEWAYS: usize = 3;
/// Between attempts to start a program.
const PAUSE: Duration = Duration::from_millis(100);
/// For a program to start.
const PATIENCE: Duration = Duration::from_secs(60);
