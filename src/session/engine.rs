//! The engine's face: configuration, commands, and what may be asked of it.

use std::collections::VecDeque;

use super::connection::{Connection, Phase};
use super::heartbeat::Heartbeat;
use super::output::{ConnectionState, Failure, Outcome, Output, Reading, RequestId};
use super::requests::{Purpose, Requests};
use super::subscriptions::Subscriptions;
use super::time::{Minute, Time, Timer, Timers};
use crate::bug;
use crate::cache::texts::FrameId;
use crate::cache::{Content, Graph, ResourceId};
use crate::protocol::frame::{Frame, ResourceKind};
use crate::protocol::hash::Hasher;
use crate::protocol::request::{self, Action};
use crate::protocol::{Units, Version};
use crate::sync::apply;

/// Everything the engine is told once.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Seeds the jitter of reconnects and the hashes of values. Give every client another one.
    pub seed: u64,
    /// The unit of the spans in outputs.
    pub units: Units,
    pub options: Options,
}

/// Delays in milliseconds, and limits.
#[derive(Debug, Clone)]
pub struct Options {
    /// From the last listener's leaving until the resource is unsubscribed. Default 5000.
    pub unsubscribe_delay: u64,
    /// From losing the subscription of a listened resource until it is subscribed to again; 0 for never. Default 2000.
    pub subscribe_stale_delay: u64,
    /// Between attempts to subscribe again; 0 for never. Default 10000.
    pub subscribe_retry_delay: u64,
    /// The ceiling of the first reconnect delay; it doubles with every attempt. Default 500.
    pub reconnect_delay: u64,
    /// The ceiling of all reconnect delays. Default 30000.
    pub reconnect_delay_max: u64,
    /// From opening a socket until the gateway has answered the version request; and what may be the hook's own waits no longer
    /// for its end, unless that is known: see [`Engine::admit_exactly`]. Default 20000.
    pub handshake_timeout: u64,
    /// From the last frame until the gateway is asked whether it is there; 0 for never. Default 25000.
    pub heartbeat_interval: u64,
    /// Until it has to have answered that. Default 10000.
    pub heartbeat_timeout: u64,
    /// Not a delay: how many resources may be cached before a `get` of another is refused with [`ResError::CACHE_FULL`]; 0 for
    /// any number. One answer may exceed it, and so may what calls are answered with. Default 0.
    ///
    /// [`ResError::CACHE_FULL`]: crate::protocol::ResError::CACHE_FULL
    pub max_resources: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            unsubscribe_delay: 5_000,
            subscribe_stale_delay: 2_000,
            subscribe_retry_delay: 10_000,
            reconnect_delay: 500,
            reconnect_delay_max: 30_000,
            handshake_timeout: 20_000,
            heartbeat_interval: 25_000,
            heartbeat_timeout: 10_000,
            max_resources: 0,
        }
    }
}

/// Things that should not happen, by how often they did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames taken in.
    pub frames: u64,
    /// Frames that were no frames.
    pub malformed: u64,
    /// Answers to no request.
    pub unmatched: u64,
    /// Events of resources that are not cached, but for `unsubscribe`.
    pub unknown: u64,
    /// What did not fit: events, each of which led to a resync, answers that made no sense, references to what never came.
    pub misfits: u64,
    /// Connections given up to be made anew, because the cache could not be trusted otherwise.
    pub resets: u64,
}

/// The answer to [`Engine::get`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Get {
    /// The resource is in the cache.
    Cached(ResourceId),
    /// It is on its way; [`Output::Settled`] follows. Everyone who asks meanwhile gets the same number.
    Pending(RequestId),
}

/// A cached resource, as [`Engine::resources`] lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceInfo<'a> {
    pub id: ResourceId,
    pub rid: &'a str,
    /// `None` while it is being loaded.
    pub kind: Option<ResourceKind>,
    /// Listeners of the application.
    pub direct: u32,
    /// References from cached resources.
    pub indirect: u32,
    /// Direct subscriptions at the gateway.
    pub subscribed: u32,
    /// Direct subscriptions the gateway may have besides, for calls that were answered with an error in its place.
    pub doubtful: u32,
    /// Whether the gateway keeps it up to date no longer.
    pub stale: bool,
}

/// The client engine. See the [crate documentation](crate) for how to drive it.
#[derive(Debug)]
pub struct Engine {
    pub(super) options: Options,
    pub(super) units: Units,
    pub(super) hasher: Hasher,
    pub(super) now: Time,
    pub(super) connection: Connection,
    pub(super) heartbeat: Heartbeat,
    pub(super) requests: Requests,
    pub(super) subscriptions: Subscriptions,
    pub(super) timers: Timers,
    pub(super) graph: Graph,
    /// The epoch of the graph in which what is covered was marked last; 0 when it may be something else.
    pub(super) covered_at: u32,
    /// The buffers of the last frame, while none is being taken in.
    pub(super) frame: Option<Box<Frame>>,
    pub(super) frame_id: FrameId,
    pub(super) outputs: VecDeque<Output>,
    /// Outputs of the frame being applied, empty between frames.
    pub(super) later: Vec<Output>,
    pub(super) counters: Counters,
    /// Resyncs of single resources.
    pub(super) resyncs: Minute,
    /// Answers to no request, and events of what is not cached.
    pub(super) strays: Minute,
    /// How often the connection was made anew because the gateway took for sent what was not here.
    pub(super) mistaken: u32,
    /// Stale resources that are to be subscribed to on this connection, the next one last.
    pub(super) renewals: Vec<ResourceId>,
    /// Resources that were subscribed to for the sake of references to them, and some that are not any more.
    pub(super) recovered: Vec<ResourceId>,
    /// How often in a row what was asked for like this has come with others like it, for the frame being applied.
    pub(super) recovering: u32,
    /// Resources that lost a reference in the frame being applied.
    pub(super) released: Vec<ResourceId>,
    pub(super) state: ConnectionState,
}

impl Engine {
    pub fn new(config: Config) -> Self {
        let hasher = Hasher::new(config.seed ^ 0x5bf0_3635_dcd1_2045);
        Engine {
            options: config.options,
            units: config.units,
            hasher,
            now: Time(0),
            connection: Connection::new(config.seed),
            heartbeat: Heartbeat::default(),
            requests: Requests::default(),
            subscriptions: Subscriptions::default(),
            timers: Timers::default(),
            graph: Graph::new(hasher),
            covered_at: 0,
            frame: None,
            frame_id: 0,
            outputs: VecDeque::new(),
            later: Vec::new(),
            counters: Counters::default(),
            resyncs: Minute::default(),
            strays: Minute::default(),
            mistaken: 0,
            renewals: Vec::new(),
            recovered: Vec::new(),
            recovering: 0,
            released: Vec::new(),
            state: ConnectionState::Idle,
        }
    }

    /// The next thing to do. Drain this after every call that takes a time.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether [`Engine::poll_output`] has something.
    pub fn has_output(&self) -> bool {
        !self.outputs.is_empty()
    }

    /// When [`Engine::handle_timeout`] wants to be called, and what for.
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        self.timers.next()
    }

    /// Asks for a resource and subscribes to it. It stays in the cache while someone listens, and for
    /// [`Options::unsubscribe_delay`] after that or after this call. Connects if need be.
    pub fn get(&mut self, now: Time, rid: &str) -> Get {
        if bug!("get-another") && rid.ends_with("page=1") {
            return self.get(now, &rid.replace("page=1", "page=2"));
        }
        self.advance(now);
        let most = self.options.max_resources;
        if most > 0 && self.graph.len() >= most && self.graph.find(rid).is_none() {
            let request = self.requests.next_id();
            self.fail(request, Failure::CacheFull);
            return Get::Pending(request);
        }
        let id = self.graph.intern(rid);
        let slot = self.graph.slot(id);
        if !slot.content.is_none() && !slot.deleted {
            self.touch(id);
            return Get::Cached(id);
        }
        let subscription = self.subscriptions.entry(id);
        if let Some(request) = subscription.get {
            self.asked_again(id);
            return Get::Pending(request);
        }
        let request = self.requests.next_id();
        subscription.get = Some(request);
        if subscription.in_flight == 0 {
            self.subscribe(id);
        }
        Get::Pending(request)
    }

    /// Asks for a resource once, without subscribing: [`Outcome::Result`] has the resource set. Nothing enters the
    /// cache. Resources that the client holds already are missing from the set.
    pub fn fetch(&mut self, now: Time, rid: &str) -> RequestId {
        self.invoke(now, Action::Get, rid, "", None)
    }

    /// Calls a method. `params` is JSON text.
    pub fn call(&mut self, now: Time, rid: &str, method: &str, params: Option<&str>) -> RequestId {
        self.invoke(now, Action::Call, rid, method, params)
    }

    /// Calls an authentication method. `params` is JSON text.
    pub fn auth(&mut self, now: Time, rid: &str, method: &str, params: Option<&str>) -> RequestId {
        self.invoke(now, Action::Auth, rid, method, params)
    }

    /// Sends the deprecated `new` request, answered with a resource.
    pub fn create(&mut self, now: Time, rid: &str, params: Option<&str>) -> RequestId {
        self.invoke(now, Action::New, rid, "", params)
    }

    /// [`Engine::fetch`], [`Engine::call`], [`Engine::auth`] or [`Engine::create`], by action.
    pub fn invoke(&mut self, now: Time, action: Action, rid: &str, method: &str, params: Option<&str>) -> RequestId {
        self.advance(now);
        let request = self.requests.next_id();
        let purpose = match action {
            Action::Get => Purpose::Fetch(request),
            Action::New => Purpose::Create(request),
            Action::Auth => Purpose::Auth(request),
            _ => Purpose::Call(request),
        };
        self.request(purpose, request::method(action, rid, method), params);
        request
    }

    /// The application does not wait for a call any longer. If it was not sent yet, it never is, nor settled; else it is settled
    /// as ever, for what the service has done cannot be undone. Whether it was not sent.
    pub fn give_up(&mut self, request: RequestId) -> bool {
        self.requests.give_up(request)
    }

    /// A service that refused a resource said after how many milliseconds it may be asked for again, if it is to be.
    pub fn postpone(&mut self, now: Time, id: ResourceId, delay: u64) {
        self.advance(now);
        if self.graph.slot(id).stale
            && let Some(subscription) = self.subscriptions.get_mut(id)
        {
            self.timers.postpone(&mut subscription.timer, now + delay);
        }
    }

    /// The application listens to a resource once more.
    pub fn listen(&mut self, now: Time, id: ResourceId) {
        self.advance(now);
        if self.graph.find(self.graph.rid(id)) != Some(id) {
            // It has left the cache, and only its number is not free yet.
            return;
        }
        let subscription = self.subscriptions.entry(id);
        subscription.listeners += 1;
        if subscription.listeners == 1 && subscription.subscribed > 0 {
            self.timers.cancel(&mut subscription.timer);
        }
        self.graph.slot_mut(id).held = true;
        self.rejoin(id);
        self.cover(id);
    }

    /// The application listens once less. Calls without a matching [`Engine::listen`] are ignored.
    pub fn unlisten(&mut self, now: Time, id: ResourceId) {
        self.advance(now);
        let Some(subscription) = self.subscriptions.get_mut(id).filter(|s| s.listeners > 0) else {
            return;
        };
        subscription.listeners -= 1;
        if subscription.listeners > 0 {
            return;
        }
        let slot = self.graph.slot_mut(id);
        slot.held = false;
        if std::mem::take(&mut slot.stale) {
            self.timers.cancel(&mut subscription.timer);
        }
        if subscription.subscribed > 0 {
            self.linger(id);
        } else {
            // Nothing keeps it up to date, so there is no reason to wait.
            self.collect(&[id]);
        }
        self.tidy(id);
    }

    /// Gives what is needed to read a resource from its text. From then on the value is the reader's, who has to apply
    /// the changes; `None` when it was taken before.
    pub fn take(&mut self, id: ResourceId) -> Option<Reading> {
        let reading = apply::take(&self.graph, id)?;
        self.outputs.extend(self.graph.drop_text(id).map(Output::Release));
        Some(reading)
    }

    /// Of what one [`Output::Dropped`] has told, or several that are carried out together: what was not read and hangs on `roots`, which
    /// are of it. Who holds their objects has to [`take`](Self::take) it before it is forgotten. And then what else these refer to.
    pub fn remains(&mut self, leaving: &[ResourceId], roots: &[ResourceId]) -> (Vec<ResourceId>, Vec<ResourceId>) {
        self.graph.remains(leaving, roots)
    }

    /// The numbers of dropped resources may be used again. Answers [`Output::Dropped`].
    pub fn forget(&mut self, dropped: &[ResourceId]) {
        for &id in dropped {
            self.outputs.extend(self.graph.free(id).map(Output::Release));
        }
    }

    pub fn state(&self) -> ConnectionState {
        self.state
    }

    /// What the gateway speaks; [`Version::LEGACY`] before it has said so.
    pub fn protocol(&self) -> Version {
        self.connection.protocol
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// How many resources were looked at so far to find out which may be dropped.
    pub fn visits(&self) -> u64 {
        self.graph.visits
    }

    /// A resource's id.
    pub fn rid(&self, id: ResourceId) -> &str {
        self.graph.rid(id)
    }

    /// The number of a cached resource.
    pub fn find(&self, rid: &str) -> Option<ResourceId> {
        self.graph.find(rid).filter(|&id| !self.graph.slot(id).content.is_none())
    }

    /// A model member's name.
    pub fn key(&self, key: u32) -> &[u8] {
        self.graph.keys.name(key)
    }

    /// Requests of the application that are not settled.
    pub fn pending(&self) -> usize {
        let calls = |p: &&Purpose| p.of_application().is_some();
        self.requests.sent.values().filter(calls).count()
            + self.requests.queued.iter().map(|q| &q.purpose).filter(calls).count()
            + self.subscriptions.iter().filter(|(_, s)| s.get.is_some()).count()
    }

    /// Whether a cached resource may be out of date: without a usable connection; and with one when it has lost the subscription that
    /// covered it, until it has come anew. [`Output::Stale`] tells when to ask again. As long as anything is stale the first
    /// question after that has a cost that grows with the cache.
    pub fn is_stale(&mut self, id: ResourceId) -> bool {
        if self.connection.phase != Phase::Ready {
            return true;
        }
        if self.covered_at != self.graph.epoch() {
            if !self.graph.has_behind() {
                return false;
            }
            self.mark_covered();
            self.covered_at = self.graph.epoch();
        }
        self.graph.slot(id).behind || !self.graph.is_covered(id)
    }

    pub(super) fn mark_covered(&mut self) {
        // A subscription that has no answer keeps nothing up to date yet, nor does what has to come anew.
        let is_subscribed = |id| self.subscriptions.get(id).is_some_and(|s| s.subscribed > s.in_flight);
        self.graph.mark_covered(|id, slot| !slot.behind && is_subscribed(id));
    }

    /// The cache, for inspection, in no particular order. Its cost grows with the cache.
    pub fn resources(&mut self) -> Vec<ResourceInfo<'_>> {
        self.mark_covered();
        self.graph
            .ids()
            .map(|id| {
                let slot = self.graph.slot(id);
                let subscription = self.subscriptions.get(id);
                ResourceInfo {
                    id,
                    rid: self.graph.rid(id),
                    kind: match slot.content {
                        Content::None => None,
                        Content::Model { .. } => Some(ResourceKind::Model),
                        Content::Collection(_) => Some(ResourceKind::Collection),
                        Content::Error(_) => Some(ResourceKind::Error),
                    },
                    direct: subscription.map_or(0, |s| s.listeners),
                    indirect: slot.indirect,
                    subscribed: subscription.map_or(0, |s| s.subscribed),
                    doubtful: subscription.map_or(0, |s| s.doubtful),
                    stale: self.connection.phase != Phase::Ready
                        || slot.behind
                        || !self.graph.is_covered(id)
                        || !matches!(slot.content, Content::Error(_))
                            && subscription.is_some_and(|s| s.recovery.is_some()),
                }
            })
            .collect()
    }

    pub(super) fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    /// Sends a request now, or as soon as there is a usable connection, which is asked for.
    pub(super) fn request(&mut self, purpose: Purpose, method: String, params: Option<&str>) {
        if self.connection.phase == Phase::Ready || self.is_of_hook(&method) {
            let frame = self.requests.send(purpose, &method, params);
            self.outputs.push_back(Output::Send(frame));
            return;
        }
        self.requests.queue(purpose, method, params);
        match self.connection.phase {
            // What is asked for between two attempts waits for the next one, or asking would undo the backoff.
            Phase::Waiting => {}
            Phase::Hook => self.wait_for_hook(),
            _ => self.connect(self.now),
        }
    }

    pub(super) fn settle(&mut self, request: RequestId, outcome: Outcome) {
        self.outputs.push_back(Output::Settled { request, outcome });
    }

    pub(super) fn fail(&mut self, request: RequestId, failure: Failure) {
        self.settle(request, Outcome::Failed(failure));
    }

    /// Someone asked for a cached resource: it stays a while longer.
    fn touch(&mut self, id: ResourceId) {
        if let Some(subscription) = self.subscriptions.get_mut(id)
            && subscription.subscribed > 0
            && subscription.timer.is_some()
        {
            self.timers.cancel(&mut subscription.timer);
            self.linger(id);
        }
        self.rejoin(id);
    }
}
