//! A service over NATS, whose state is the truth, and which can crash.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use res_gateway::bus::{NatsBus, NatsOptions};
use res_gateway::service::{Access, Reply, Request, Resource, Service, ServiceError, ServiceHandle};
use resclient::protocol::ResError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::names;
use crate::proxy::{Proxy, Targets};

/// A service that is started again whenever it has lost its connection to the bus, or crashed.
///
/// Its resources outlive it, as on a disk. Starting, it tells gateways to fetch them again.
pub struct Owner {
    /// The way to the bus.
    pub proxy: Arc<Proxy>,
    disk: Arc<Disk>,
    running: JoinHandle<()>,
}

/// What a change does. Whoever asks for one gives it a number, by which it is seen to be made once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Deed {
    Set {
        member: String,
        value: Value,
    },
    /// At this index or the end, whichever comes first.
    Add {
        idx: usize,
        value: Value,
    },
    /// Nothing, if there is no such item.
    Remove {
        idx: usize,
    },
}

/// A change as a method's parameters.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    pub number: u64,
    pub deed: Deed,
}

/// When a service crashes that is asked for a change: no answer and no event tells of it in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    BeforePersisting,
    AfterPersisting,
}

/// What outlives a crash, and what is to happen.
struct Disk {
    service: usize,
    state: Mutex<State>,
    crash: Notify,
}

#[derive(Default)]
struct State {
    /// Of the run that was started last; there is always one, though it may not answer any more.
    handle: Option<ServiceHandle>,
    /// How often each order was carried out.
    done: HashMap<u64, u32>,
    doom: Option<Crash>,
    /// Made when it is started again, without an event.
    unsaid: Option<(String, Order)>,
    /// How long answers to calls take.
    latency: Duration,
    restarts: u64,
}

impl Owner {
    /// Starts the service with this number, in front of the bus at `targets`.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn start(service: usize, targets: Targets) -> io::Result<Owner> {
        let proxy = Arc::new(Proxy::start(targets, 0).await?);
        let disk = Arc::new(Disk { service, state: Mutex::default(), crash: Notify::new() });
        let running = tokio::spawn(run(disk.clone(), proxy.clone()));
        Ok(Owner { proxy, disk, running })
    }

    /// The value of a resource as it has to be with everybody.
    pub fn value(&self, rid: &str) -> Option<Value> {
        let handle = self.disk.lock().handle.clone()?;
        match rid.split_once('?') {
            Some((_, query)) => Some(found(&handle, self.disk.service, query)),
            None => handle.value(rid),
        }
    }

    /// Makes a change of its own accord. One that is not there does nothing.
    pub fn change(&self, rid: &str, deed: &Deed) -> Result<(), ServiceError> {
        let handle = self.disk.lock().handle.clone();
        handle.map_or(Ok(()), |handle| self.disk.change(&handle, rid, deed))
    }

    /// Tells gateways to fetch everything again, also what is another's, who may not be there.
    pub fn reset(&self) {
        if let Some(handle) = &self.disk.lock().handle {
            handle.reset(&[">"], &[">"]);
        }
    }

    /// Crashes when it is asked for a change, or soon if nobody does.
    pub async fn crash(&self, when: Crash) {
        self.disk.lock().doom = Some(when);
        if timeout(FOR_A_CALL, async {
            while self.disk.lock().doom.is_some() {
                sleep(TICK).await
            }
        })
        .await
        .is_err()
        {
            self.disk.lock().doom = None;
            self.disk.crash.notify_one();
        }
    }

    pub fn set_latency(&self, latency: Duration) {
        self.disk.lock().latency = latency;
    }

    /// How often an order was carried out.
    pub fn times_done(&self, number: u64) -> u32 {
        self.disk.lock().done.get(&number).copied().unwrap_or_default()
    }

    /// Forgets which orders were carried out.
    pub fn forget_orders(&self) {
        self.disk.lock().done.clear();
    }

    /// How often it was started after the first time.
    pub fn restarts(&self) -> u64 {
        self.disk.lock().restarts
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Runs the service, and again when it has ended.
async fn run(disk: Arc<Disk>, proxy: Arc<Proxy>) {
    let mut service = define(&disk);
    let options = NatsOptions {
        servers: format!("nats://{}", proxy.address),
        name: names::SERVICES[disk.service].to_owned(),
        ping_interval: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(1),
        ..NatsOptions::default()
    };
    let bus = NatsBus::new(options).expect("the options are good");
    loop {
        let connection = loop {
            match bus.connect().await {
                Ok(connection) => break connection,
                Err(_) => sleep(TICK).await,
            }
        };
        // What an earlier run wanted to say and could not is not said after this: nothing in RES would tell it from news.
        let handle = service.start(connection);
        disk.lock().handle = Some(handle.clone());
        tokio::select! {
            () = handle.ended() => {}
            () = disk.crash.notified() => {}
        }
        proxy.reset();
        handle.ended().await;
        service = handle.stop().await;
        let unsaid = disk.lock().unsaid.take();
        if let Some((rid, order)) = unsaid {
            apply_unsaid(&service, &rid, &order.deed);
            disk.count(order.number);
        }
        disk.lock().restarts += 1;
        sleep(TICK).await;
    }
}

fn define(disk: &Arc<Disk>) -> Service {
    let name = names::SERVICES[disk.service];
    let of_order = disk.clone();
    let of_query = disk.clone();
    let service = Service::new(name)
        .access(&format!("{name}.>"), |_| Ok(Access::ALL))
        .get(&names::found(disk.service), move |request| {
            let query = request.query().unwrap_or_default();
            let items = found(request.service(), of_query.service, query);
            Ok(Resource::Query { resource: Box::new(Resource::Collection(items)), query: query.to_owned() })
        })
        .call_async(&format!("{name}.>"), "order", move |request| order(of_order.clone(), request))
        .call(&format!("{name}.>"), "echo", |request| Ok(Reply::value(request.params::<Value>()?)));
    let service = names::models(disk.service).fold(service, |service, (rid, value)| service.model(&rid, value));
    names::collections(disk.service).fold(service, |service, (rid, value)| service.collection(&rid, value))
}

/// Carries out an order, unless it is to crash.
async fn order(disk: Arc<Disk>, request: Request) -> Result<Reply, ResError> {
    let order: Order = request.params()?;
    let latency = disk.lock().latency;
    if !latency.is_zero() {
        sleep(latency).await;
    }
    // By now it may have been started again, and only that run can tell of a change.
    let (doom, handle) = {
        let mut state = disk.lock();
        (state.doom.take(), state.handle.clone())
    };
    if let Some(when) = doom {
        if when == Crash::AfterPersisting {
            disk.lock().unsaid = Some((request.name().to_owned(), order));
        }
        disk.crash.notify_one();
        return std::future::pending().await;
    }
    if let Some(handle) = handle {
        disk.change(&handle, request.name(), &order.deed)?;
        disk.count(order.number);
    }
    Ok(Reply::null())
}

impl Disk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, number: u64) {
        *self.lock().done.entry(number).or_default() += 1;
    }

    fn change(&self, handle: &ServiceHandle, rid: &str, deed: &Deed) -> Result<(), ServiceError> {
        match deed {
            Deed::Set { member, value } => handle.change(rid, json!({ member: value }))?,
            Deed::Add { idx, value } => handle.add(rid, (*idx).min(length(handle.value(rid))), value.clone())?,
            Deed::Remove { idx } => match handle.remove(rid, *idx) {
                Err(ServiceError::OutOfRange(_)) => {}
                result => result.map(drop)?,
            },
        }
        if matches!(deed, Deed::Set { member, .. } if member == "count") {
            handle.reset(&[names::found(self.service)], &[] as &[&str]);
        }
        Ok(())
    }
}

/// Makes a change of which nobody is told.
fn apply_unsaid(service: &Service, rid: &str, deed: &Deed) {
    let Some(mut value) = service.value(rid) else { return };
    match (deed, &mut value) {
        (Deed::Set { member, value: new }, Value::Object(members)) => drop(members.insert(member.clone(), new.clone())),
        (Deed::Add { idx, value: new }, Value::Array(items)) => items.insert((*idx).min(items.len()), new.clone()),
        (Deed::Remove { idx }, Value::Array(items)) if *idx < items.len() => drop(items.remove(*idx)),
        _ => return,
    }
    let resource = if value.is_array() { Resource::Collection(value) } else { Resource::Model(value) };
    service.put(rid, resource).expect("it was a resource, and its values are those of RES");
}

/// The items that a query finds: those with a count of at least the number in it.
fn found(handle: &ServiceHandle, service: usize, query: &str) -> Value {
    let least = query.strip_prefix("least=").and_then(|least| least.parse().ok()).unwrap_or(0);
    let count = |rid: &str| handle.value(rid).and_then(|model| model["count"].as_u64());
    let items = names::models(service).map(|(rid, _)| rid).filter(|rid| count(rid).is_some_and(|count| count >= least));
    items.map(|rid| json!({ "rid": rid })).collect()
}

fn length(value: Option<Value>) -> usize {
    value.and_then(|value| value.as_array().map(Vec::len)).unwrap_or_default()
}

/// For which a service that is to crash while it is asked for something waits to be asked.
const FOR_A_CALL: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(20);
