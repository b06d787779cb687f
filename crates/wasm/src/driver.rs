//! The driver: has the engine's outputs carried out, and tells it what the socket, the clock and the shell say.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use resclient::cache::ResourceId;
use resclient::protocol::Units;
use resclient::protocol::request::Action;
use resclient::session::{
    Config, ConnectionId, ConnectionState, Engine, Get, Options, Output, Reading, RequestId, Time,
};
use wasm_bindgen::prelude::*;

use crate::host::Host;
use crate::inspect::inspect;
use crate::tape::Tape;
use crate::text::Text;

/// One client's engine, as the shell drives it.
#[wasm_bindgen]
pub struct Driver {
    inner: Inner,
    record: RefCell<Tape>,
}

#[wasm_bindgen]
impl Driver {
    /// Delays are in milliseconds, the limit is a count; the two halves of the seed are random.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::too_many_arguments, reason = "numbers cross to WebAssembly without any decoding")]
    pub fn new(
        host: Host,
        unsubscribe_delay: f64,
        subscribe_stale_delay: f64,
        subscribe_retry_delay: f64,
        reconnect_delay: f64,
        reconnect_delay_max: f64,
        handshake_timeout: f64,
        heartbeat_interval: f64,
        heartbeat_timeout: f64,
        max_resources: u32,
        seed_high: u32,
        seed_low: u32,
    ) -> Driver {
        // The casts saturate: a negative delay is none.
        let options = Options {
            unsubscribe_delay: unsubscribe_delay as u64,
            subscribe_stale_delay: subscribe_stale_delay as u64,
            subscribe_retry_delay: subscribe_retry_delay as u64,
            reconnect_delay: reconnect_delay as u64,
            reconnect_delay_max: reconnect_delay_max as u64,
            handshake_timeout: handshake_timeout as u64,
            heartbeat_interval: heartbeat_interval as u64,
            heartbeat_timeout: heartbeat_timeout as u64,
            max_resources: max_resources as usize,
        };
        let seed = u64::from(seed_high) << 32 | u64::from(seed_low);
        let config = Config { seed, units: Units::Utf16, options };
        let inner = Inner {
            engine: RefCell::new(Engine::new(config)),
            host,
            timer: Cell::new(None),
            heartbeat: Cell::new(None),
            tape: RefCell::new(Tape::default()),
            leaving: RefCell::default(),
            inbox: RefCell::new(VecDeque::new()),
            pumping: Cell::new(false),
        };
        Driver { inner, record: RefCell::new(Tape::default()) }
    }

    pub fn connect(&self) {
        self.inner.step(|engine, now| engine.connect(now));
    }

    pub fn disconnect(&self) {
        self.inner.step(|engine, now| engine.disconnect(now));
    }

    /// Whether a first attempt that fails is to be followed by others.
    pub fn persist(&self, persistent: bool) {
        self.inner.engine.borrow_mut().persist(persistent);
    }

    /// The hook asked for by the operation HOOK has ended.
    pub fn hook_done(&self, ok: bool) {
        self.inner.step(|engine, now| engine.hook_done(now, ok));
    }

    /// While the hook runs: whether it is the hook that asks from now on.
    pub fn admit(&self, admitted: bool) {
        self.inner.engine.borrow_mut().admit(admitted);
    }

    /// The socket of a connection opened (0), failed (1), closed (2) or got a message (3): the event of it, or the data. Whether
    /// nothing is needed of that any more; if not, a call that is under way deals with it, and tells so with `frame_done`.
    pub fn receive(&self, connection: u32, kind: u32, event: JsValue) -> bool {
        self.inner.receive((ConnectionId(connection), kind, event))
    }

    /// What was asked for by `await_timeout` is due, or as much of it as a timer can wait for.
    pub fn timeout(&self, due: bool) {
        let Some(at) = self.inner.timer.take() else { return };
        // A timer may fire a moment early; what it was set for is due all the same.
        self.inner.step(|engine, now| engine.handle_timeout(if due { now.max(at) } else { now }));
    }

    /// What was asked for by `await_heartbeat` is due.
    pub fn heartbeat(&self) {
        let Some(at) = self.inner.heartbeat.take() else { return };
        // A timer may fire a moment early.
        self.inner.step(|engine, now| engine.handle_heartbeat(now.max(at)));
    }

    /// The number of a cached resource, or minus the number of the request that will bring it.
    pub fn get(&self, rid: &str) -> i32 {
        match self.inner.step(|engine, now| engine.get(now, rid)) {
            Get::Cached(id) => id.0 as i32,
            Get::Pending(RequestId(request)) => -(request as i32),
        }
    }

    /// The number of a cached resource, or -1.
    pub fn find(&self, rid: &str) -> i32 {
        self.inner.engine.borrow().find(rid).map_or(-1, |id| id.0 as i32)
    }

    /// Calls a method (0), an authentication method (1), creates a resource (2), or gets one without subscribing (3). `params` is JSON, or empty for none.
    /// Gives the number of the request.
    pub fn request(&self, action: u32, rid: &str, method: &str, params: &str) -> u32 {
        let action = match action {
            0 => Action::Call,
            1 => Action::Auth,
            2 => Action::New,
            _ => Action::Get,
        };
        let params = Some(params).filter(|params| !params.is_empty());
        self.inner.step(|engine, now| engine.invoke(now, action, rid, method, params)).0
    }

    /// Nobody waits for a request any longer. Whether it is not sent, nor settled, for that.
    pub fn give_up(&self, request: u32) -> bool {
        self.inner.step(|engine, _| engine.give_up(RequestId(request)))
    }

    /// A resource that was refused may be asked for again after so many milliseconds, and not before.
    pub fn postpone(&self, resource: u32, delay: u32) {
        self.inner.step(|engine, now| engine.postpone(now, ResourceId(resource), delay.into()));
    }

    pub fn listen(&self, resource: u32) {
        self.inner.step(|engine, now| engine.listen(now, ResourceId(resource)));
    }

    pub fn unlisten(&self, resource: u32) {
        self.inner.step(|engine, now| engine.unlisten(now, ResourceId(resource)));
    }

    /// The address of what is needed to read a resource, or 0 when it has been read. What its text no longer being
    /// needed leads to comes with the next operations, so the text is still there when this returns.
    pub fn take(&self, resource: u32) -> *const u32 {
        let Some(reading) = self.inner.engine.borrow_mut().take(ResourceId(resource)) else {
            return std::ptr::null();
        };
        let mut record = self.record.borrow_mut();
        record.words.clear();
        record.reading(&reading);
        record.words.as_ptr()
    }

    /// The same for many: the address of a number of words, and of the records of those that had not been read.
    pub fn take_all(&self, resources: &[u32]) -> *const u32 {
        let mut engine = self.inner.engine.borrow_mut();
        let mut record = self.record.borrow_mut();
        record.words.clear();
        record.words.push(0);
        record.readings(&readings(&mut engine, &ids(resources)));
        record.words.as_ptr()
    }

    /// Whether a resource may be out of date.
    pub fn is_stale(&self, resource: u32) -> bool {
        self.inner.engine.borrow_mut().is_stale(ResourceId(resource))
    }

    /// While resources leave the cache: takes what is needed to read, later on, what these lead to. Gives the address of a number of
    /// words, of three lists behind their lengths, and of the records: what else is referred to, and the frames and the members' names
    /// that stand in records, some of them more than once.
    pub fn remains(&self, roots: &[u32]) -> *const u32 {
        let mut engine = self.inner.engine.borrow_mut();
        let (unread, others) = engine.remains(&self.inner.leaving.borrow(), &ids(roots));
        let mut record = self.record.borrow_mut();
        let readings = readings(&mut engine, &unread);
        record.words.clear();
        record.list(0, &others);
        record.surroundings(&readings);
        record.readings(&readings);
        record.words.as_ptr()
    }

    /// Puts off what the engine wants until `release`, for what is under way is not to be disturbed. Whether it was not put off
    /// already: only then `release` is to be called.
    pub fn hold(&self) -> bool {
        !self.inner.pumping.replace(true)
    }

    pub fn release(&self) {
        self.inner.carry_on();
    }

    /// Connection and cache as JSON.
    pub fn inspect(&self) -> String {
        inspect(&mut self.inner.engine.borrow_mut())
    }
}

fn ids(numbers: &[u32]) -> Vec<ResourceId> {
    numbers.iter().copied().map(ResourceId).collect()
}

fn readings(engine: &mut Engine, resources: &[ResourceId]) -> Vec<Reading> {
    resources.iter().filter_map(|&id| engine.take(id)).collect()
}

struct Inner {
    engine: RefCell<Engine>,
    host: Host,
    /// When the shell will see to the timers.
    timer: Cell<Option<Time>>,
    /// When it will see to the heartbeat.
    heartbeat: Cell<Option<Time>>,
    tape: RefCell<Tape>,
    /// Resources that leave the cache by the operations that are being carried out, and any that were not let go of.
    leaving: RefCell<Vec<ResourceId>>,
    /// What sockets reported while outputs were being carried out: spans in those outputs are of the frame before.
    inbox: RefCell<VecDeque<Inbound>>,
    pumping: Cell<bool>,
}

/// What a socket reported; see [`Driver::receive`].
type Inbound = (ConnectionId, u32, JsValue);

impl Inner {
    /// Steps the engine, and then carries out what it wants.
    fn step<T>(&self, f: impl FnOnce(&mut Engine, Time) -> T) -> T {
        let now = self.now();
        let result = f(&mut self.engine.borrow_mut(), now);
        self.pump();
        result
    }

    fn receive(&self, inbound: Inbound) -> bool {
        if self.pumping.replace(true) {
            self.inbox.borrow_mut().push_back(inbound);
            return false;
        }
        self.take_in(inbound);
        self.carry_on();
        true
    }

    /// Carries out outputs until there are none. Calls from inside find it busy and leave theirs to it.
    fn pump(&self) {
        if !self.pumping.replace(true) {
            self.carry_on();
        }
    }

    #[inline(never)]
    fn carry_on(&self) {
        let mut taken = false;
        loop {
            self.carry_out();
            // What the shell asked for while it was handed operations comes before what the sockets reported meanwhile.
            if self.engine.borrow().has_output() {
                continue;
            }
            let next = self.inbox.borrow_mut().pop_front();
            match next {
                Some(inbound) => self.take_in(inbound),
                None => break,
            }
            taken = true;
        }
        if taken {
            self.host.frame_done();
        }
        self.pumping.set(false);
        self.arm();
    }

    fn carry_out(&self) {
        loop {
            let Some(output) = self.engine.borrow_mut().poll_output() else { break };
            let Some(output) = self.tape.borrow_mut().write(output) else { continue };
            self.flush();
            match output {
                Output::Open(id) => self.open(id),
                Output::Close(_) => self.host.close(),
                Output::Send(text) => self.host.send(&text),
                _ => {}
            }
        }
        self.flush();
    }

    /// Hands the operations written so far to the shell.
    fn flush(&self) {
        if self.tape.borrow().words.is_empty() {
            return;
        }
        let mut tape = self.tape.take();
        self.leaving.borrow_mut().append(&mut tape.dropped);
        // Numbers that something may still be known by are not given to others, until they are let go of with what leaves later.
        if self.host.apply(tape.words.as_ptr(), tape.words.len()) {
            self.engine.borrow_mut().forget(&self.leaving.take());
        }
        tape.words.clear();
        tape.words.shrink_to(KEPT_WORDS);
        self.tape.replace(tape);
    }

    fn take_in(&self, (id, kind, event): Inbound) {
        // A socket that has been given up may have reported something before that.
        if id != self.engine.borrow().connection() {
            return;
        }
        if kind == MESSAGE {
            let now = self.now();
            // The shell copies the text meanwhile, and does nothing else.
            self.engine.borrow_mut().handle_text(now, id, Text::new(&self.host, &event));
            return;
        }
        let ended = self.host.socket_event(kind, &event);
        let now = self.now();
        let mut engine = self.engine.borrow_mut();
        match kind {
            OPEN => engine.handle_open(now, id),
            ERROR => {
                // A socket that is open reports its end by closing.
                if engine.state() == ConnectionState::Connecting {
                    drop(engine);
                    self.host.close();
                    self.engine.borrow_mut().handle_close(now, id);
                }
            }
            _ if ended => engine.handle_final_close(now, id),
            _ => engine.handle_close(now, id),
        }
    }

    fn open(&self, id: ConnectionId) {
        if !self.host.open(id.0) {
            let now = self.now();
            self.engine.borrow_mut().handle_close(now, id);
        }
    }

    /// Sets the timers for the engine's next deadlines.
    fn arm(&self) {
        let engine = self.engine.borrow();
        let heartbeat = engine.poll_heartbeat();
        let next = engine.poll_timeout().map(|(at, _)| at);
        drop(engine);
        if self.heartbeat.replace(heartbeat) != heartbeat {
            self.host.await_heartbeat(self.wait(heartbeat));
        }
        if self.timer.replace(next) != next {
            self.host.await_timeout(self.wait(next));
        }
    }

    /// Milliseconds until then, or -1 for never.
    fn wait(&self, until: Option<Time>) -> f64 {
        until.map_or(-1.0, |at| at.0.saturating_sub(self.now().0) as f64)
    }

    fn now(&self) -> Time {
        Time(self.host.now() as u64)
    }
}

const OPEN: u32 = 0;
const ERROR: u32 = 1;
const MESSAGE: u32 = 3;
/// Words the tape keeps room for.
const KEPT_WORDS: usize = 4096;
