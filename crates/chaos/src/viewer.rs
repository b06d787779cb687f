//! A client: the real one, with what it listens to and what it has asked for.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use resclient::client::{Client, Error, Resource};
use resclient::session::{Counters, Options};
use serde_json::{Value, json};

use crate::log::{Content, Log};
use crate::owner::{Deed, Order};
use crate::proxy::{Proxy, Targets};
use crate::{lock, names};

/// A client behind a proxy of its own, which leads to one gateway after the other.
pub struct Viewer {
    pub proxy: Proxy,
    client: Client,
    /// The logs of what it listens to.
    held: Mutex<BTreeMap<String, Log>>,
    asked: Arc<Asked>,
}

/// What all clients have asked for.
#[derive(Default)]
pub struct Asked {
    next_order: AtomicU64,
    open: AtomicUsize,
    answers: Mutex<BTreeMap<String, u64>>,
    orders: Mutex<Vec<Ordered>>,
    wrong: Mutex<Vec<String>>,
}

/// An order that was answered, or not.
#[derive(Debug, Clone, Copy)]
pub struct Ordered {
    pub service: usize,
    pub number: u64,
    /// The answer was that it is done.
    pub is_done: bool,
}

impl Viewer {
    /// A client that connects when it is first asked for something; `turn` is the gateway it comes to first.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn start(gateways: Targets, turn: usize, asked: Arc<Asked>) -> io::Result<Viewer> {
        let proxy = Proxy::start(gateways, turn).await?;
        let options = Options {
            unsubscribe_delay: 200,
            subscribe_stale_delay: 200,
            subscribe_retry_delay: 1_000,
            reconnect_delay: 100,
            reconnect_delay_max: 1_000,
            handshake_timeout: 2_000,
            heartbeat_interval: 1_000,
            heartbeat_timeout: 1_000,
            ..Options::default()
        };
        // Logs are taken in now and then, and nothing may be missing in them.
        let builder = Client::builder().options(options).event_capacity(1 << 20);
        let client = builder.start(&format!("ws://{}/", proxy.address));
        Ok(Viewer { proxy, client, held: Mutex::default(), asked })
    }

    /// Listens to a resource, from when it has come; nothing if it does not.
    pub async fn follow(&self, rid: &str) {
        if self.lock().contains_key(rid) {
            return;
        }
        let got = self.asked.wait(self.client.get::<Resource>(rid)).await;
        if let Some(resource) = got {
            self.lock().entry(rid.to_owned()).or_insert_with(|| Log::begin(resource));
        }
    }

    /// Listens to a resource no more.
    pub fn leave(&self, rid: &str) {
        let held = self.lock().remove(rid);
        drop(held);
    }

    /// Reads a value once.
    pub async fn look(&self, rid: &str) {
        self.asked.wait(self.client.fetch::<Value>(rid)).await;
    }

    /// Has a service change something.
    pub async fn order(&self, rid: &str, deed: Deed) {
        let number = self.asked.next_order.fetch_add(1, Ordering::Relaxed);
        let order = Order { number, deed };
        let answer = self.asked.wait(self.client.call::<()>(rid, "order", &order)).await;
        let ordered = Ordered { service: names::service_of(rid), number, is_done: answer.is_some() };
        lock(&self.asked.orders).push(ordered);
    }

    /// Has a service say something, which has to be what it was told.
    pub async fn echo(&self, rid: &str, value: Value) {
        let params = json!({ "said": value });
        let answer = self.asked.wait(self.client.call::<Value>(rid, "echo", &params)).await;
        if answer.is_some_and(|answer| answer != params) {
            lock(&self.asked.wrong).push(format!("the answer to a call of {rid} is that to another"));
        }
    }

    /// Looks whether each log, put together, is the value there is. That holds at any time.
    ///
    /// # Errors
    /// A sentence about one that is not.
    pub fn read_logs(&self) -> Result<(), String> {
        self.lock().iter_mut().try_for_each(|(rid, log)| {
            log.take_in().map_err(|error| format!("the log of {rid}: {error}"))?;
            let present = log.present();
            match log.content == present {
                true => Ok(()),
                false => Err(format!("the log of {rid} comes to {:?}, not {present:?}", log.content)),
            }
        })
    }

    /// Looks whether everything that is held is what services have.
    ///
    /// # Errors
    /// A sentence about something that is not.
    pub fn compare(&self, truth: impl Fn(&str) -> Option<Value>) -> Result<(), String> {
        let truth = |rid: &str| truth(rid).map(|value| Content::of_service(&value));
        for (rid, log) in self.lock().iter() {
            let (has, true_one) = (log.present(), truth(rid));
            if Some(&has) != true_one.as_ref() {
                return Err(format!("{rid} is {has:?}, not {true_one:?}"));
            }
            for referred in has.references() {
                let has = match self.client.cached::<Resource>(referred) {
                    Ok(Some(resource)) => Content::of(&resource),
                    other => return Err(format!("{referred}, to which {rid} refers, is {other:?}")),
                };
                if Some(&has) != truth(referred).as_ref() {
                    return Err(format!("{referred}, to which {rid} refers, is {has:?}, not {:?}", truth(referred)));
                }
            }
        }
        Ok(())
    }

    /// Lets go of everything.
    pub fn release(&self) {
        let held = std::mem::take(&mut *self.lock());
        drop(held);
    }

    /// A resource that is still in the cache, though it was let go of.
    pub fn left_over(&self) -> Option<String> {
        names::all().into_iter().find(|rid| !matches!(self.client.cached::<Resource>(rid), Ok(None)))
    }

    pub fn held(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// How many events the listeners of now were told.
    pub fn events(&self) -> u64 {
        self.lock().values().map(|log| log.count).sum()
    }

    pub fn counters(&self) -> Counters {
        self.client.counters()
    }

    pub async fn close(&self) {
        self.client.close().await;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Log>> {
        lock(&self.held)
    }
}

impl Asked {
    /// Waits for an answer, and counts it; an error that none of the faults leads to is wrong.
    async fn wait<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Option<T> {
        self.open.fetch_add(1, Ordering::Relaxed);
        let answer = answer.await;
        self.open.fetch_sub(1, Ordering::Relaxed);
        let name = match &answer {
            Ok(_) => "answered".to_owned(),
            Err(Error::Res(error)) => error.code.to_string(),
            Err(Error::Disconnected) => "disconnected".to_owned(),
            Err(Error::Unreachable(_)) => "unreachable".to_owned(),
            Err(other) => {
                lock(&self.wrong).push(format!("a request ended with {other:?}"));
                "wrong".to_owned()
            }
        };
        if let Err(Error::Res(error)) = &answer
            && !EXPECTED.contains(&&*error.code)
        {
            lock(&self.wrong).push(format!("a request was refused: {error:?}"));
        }
        *lock(&self.answers).entry(name).or_default() += 1;
        answer.ok()
    }

    /// How many requests have no answer yet.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// How requests ended, by how often.
    pub fn answers(&self) -> BTreeMap<String, u64> {
        lock(&self.answers).clone()
    }

    /// Orders that were answered since this was last asked for.
    pub fn take_orders(&self) -> Vec<Ordered> {
        std::mem::take(&mut lock(&self.orders))
    }

    /// What was wrong since this was last asked for.
    pub fn take_wrong(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.wrong))
    }
}

/// What a gateway says when a service does not answer, or is not there.
const EXPECTED: [&str; 2] = ["system.timeout", "system.notFound"];
