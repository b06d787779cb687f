//! The engine with its values, and who waits for what it says.

use std::collections::{BTreeMap, VecDeque};
use std::task::{Poll, Waker};

use super::error::Error;
use super::events::{Audience, Change, Event, Item, Queue};
use super::state::State;
use super::waits::{Answer, Place, Waits, Wanted};
use crate::cache::ResourceId;
use crate::mirror::{self, Content, Mirror};
use crate::protocol::escape::mend;
use crate::protocol::frame::read_error;
use crate::session::{ConnectionId, Engine, Failure, Outcome, Output, RequestId, Time};

/// Tells milliseconds on a clock that is never set back.
pub type Clock = Box<dyn Fn() -> Time + Send + Sync>;

/// What the driver has to do.
#[derive(Debug)]
pub(super) enum Io {
    Open(ConnectionId),
    Send(String),
    Close,
    Hook,
}

/// One client's engine, its values, and all who wait.
pub(super) struct Hub {
    pub engine: Engine,
    pub mirror: Mirror,
    pub waits: Waits,
    pub audience: Audience,
    pub states: States,
    /// What is asked for without subscribing.
    pub fetches: BTreeMap<RequestId, String>,
    pub io: VecDeque<Io>,
    /// Wakes the driver.
    pub driver: Option<Waker>,
    clock: Clock,
    event_capacity: usize,
    last_key: u64,
    /// Whoever has to be woken when the lock is released.
    woken: Vec<Waker>,
    /// Wakers to be dropped when the lock is released: one may be all that keeps a task, and with it handles of this
    /// client.
    spent: Vec<Waker>,
    /// Why the last attempt to connect came to nothing.
    pub failure: Option<Error>,
    closed: bool,
    /// Whether nobody carries anything out any more.
    ended: bool,
}

/// Who watches the state of the connection.
#[derive(Debug, Default)]
pub(super) struct States {
    /// Counts the states there were.
    pub number: u64,
    pub watchers: BTreeMap<u64, Waker>,
}

impl Hub {
    pub fn new(engine: Engine, clock: Clock, event_capacity: usize) -> Hub {
        Hub {
            engine,
            mirror: Mirror::default(),
            waits: Waits::default(),
            audience: Audience::default(),
            states: States::default(),
            fetches: BTreeMap::new(),
            io: VecDeque::new(),
            driver: None,
            clock,
            event_capacity,
            last_key: 0,
            woken: Vec::new(),
            spent: Vec::new(),
            failure: None,
            closed: false,
            ended: false,
        }
    }

    pub fn now(&self) -> Time {
        (self.clock)()
    }

    pub fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    pub fn state(&self) -> State {
        State::of(self.engine.state(), self.now())
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    pub fn next_timeout(&self) -> Option<Time> {
        let timer = self.engine.poll_timeout().map(|(at, _)| at);
        timer.into_iter().chain(self.engine.poll_heartbeat()).chain(self.waits.next_moment()).min()
    }

    /// The time that [`Hub::next_timeout`] gave has come.
    pub fn handle_timeout(&mut self, deadline: Time) {
        // A timer may fire a moment early; what it was set for is due all the same.
        let now = self.now().max(deadline);
        self.engine.handle_timeout(now);
        self.engine.handle_heartbeat(now);
        while let Some(moment) = self.waits.next_moment().filter(|&moment| moment <= now) {
            self.waits.answer(Wanted::Moment(moment), &Ok(Answer::Done), &mut self.woken);
        }
    }

    /// A frame has arrived.
    pub fn handle_frame(&mut self, connection: ConnectionId, text: &str) {
        self.engine.handle_frame(self.now(), connection, text);
        self.drain(text);
    }

    /// Ends everything, for good.
    pub fn close(&mut self) {
        if self.closed {
            return;
        }
        self.engine.disconnect(self.now());
        // So that what fails for it says so.
        self.closed = true;
        self.settle();
        self.waits.answer_all(&Error::Closed, &mut self.woken);
        self.woken.extend(self.audience.values_mut().filter_map(|queue| queue.waker.take()));
        self.wake_watchers();
    }

    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// The driver has ended: nobody carries anything out any more.
    pub fn end(&mut self) {
        self.close();
        self.ended = true;
        self.waits.answer(Wanted::End, &Ok(Answer::Done), &mut self.woken);
    }

    /// Answers those who wait for a connection.
    pub fn answer_connecting(&mut self, answer: &Result<Answer, Error>) {
        self.waits.answer(Wanted::Connection, answer, &mut self.woken);
    }

    /// A resource that is cached, listened to for whoever asked for it.
    pub fn hold(&mut self, id: ResourceId) -> Result<Answer, Error> {
        match self.mirror.get(id).map(|resource| &resource.content) {
            Some(Content::Error(error)) => Err(Error::Res(error.clone())),
            Some(_) => {
                self.engine.listen(self.now(), id);
                Ok(Answer::Resource(id))
            }
            None => Err(Error::Senseless),
        }
    }

    /// A place for the events of a resource.
    pub fn attend(&mut self, id: ResourceId) -> u64 {
        let key = self.next_key();
        if !self.closed {
            self.audience.insert((id, key), Queue::new(self.event_capacity));
        }
        key
    }

    pub fn item(&self, item: &mirror::Item) -> Item {
        match item {
            mirror::Item::Value(json) => Item::Data(json.clone()),
            mirror::Item::Reference(id) => Item::Reference(self.engine.rid(*id).to_owned()),
            mirror::Item::Soft(rid) => Item::Soft(rid.clone()),
        }
    }

    /// Takes out what the engine wants after anything but a frame.
    pub fn settle(&mut self) {
        self.drain("");
    }

    /// Who is to be woken; the driver too, if it has something to do or another moment to wait for than `before`. And
    /// the wakers to be dropped.
    pub fn take_wakers(&mut self, before: Option<Time>) -> (Vec<Waker>, Vec<Waker>) {
        if !self.io.is_empty() || self.closed || self.next_timeout() != before {
            self.woken.extend(self.driver.take());
        }
        (std::mem::take(&mut self.woken), std::mem::take(&mut self.spent))
    }

    /// A waker that is not needed any more.
    pub fn spend(&mut self, waker: Option<Waker>) {
        self.spent.extend(waker);
    }

    /// Waits for the answer at a place.
    pub fn poll_wait(&mut self, at: Place, waker: &Waker) -> Poll<Result<Answer, Error>> {
        let (polled, spent) = self.waits.poll(at, waker);
        self.spend(spent);
        polled
    }

    /// Gives up the wait at a place; gives the answer that came and was not taken.
    pub fn drop_wait(&mut self, at: Place) -> Option<Result<Answer, Error>> {
        let (answer, spent) = self.waits.remove(at);
        self.spend(spent);
        answer
    }

    /// Takes out all that the engine wants. `text` is the frame it was just handed, if it was.
    fn drain(&mut self, text: &str) {
        while self.engine.has_output() {
            let mut settled = Vec::new();
            while let Some(output) = self.engine.poll_output() {
                if let Some((id, event)) = self.mirror.apply(&mut self.engine, &output, text) {
                    self.tell_of(id, event);
                }
                self.carry_out(output, text, &mut settled);
            }
            // Only now it is certain that what is held is still there.
            for (request, outcome) in settled {
                self.answer(request, outcome);
            }
        }
    }

    fn carry_out(&mut self, output: Output, text: &str, settled: &mut Vec<(RequestId, Settled)>) {
        match output {
            Output::Open(connection) => {
                self.failure = None;
                self.io.push_back(Io::Open(connection));
            }
            Output::Send(frame) => self.io.push_back(Io::Send(frame)),
            Output::Close(_) => self.io.push_back(Io::Close),
            Output::Hook => self.io.push_back(Io::Hook),
            Output::State(_) => {
                self.states.number += 1;
                self.wake_watchers();
            }
            Output::Replaced(id) => self.tell(id, &Event::Replaced),
            Output::Connected => self.answer_connecting(&Ok(Answer::Done)),
            Output::ConnectFailed(failure) => {
                let error = self.fail(failure);
                self.answer_connecting(&Err(error));
            }
            Output::Refused { resource, unsubscribe: false, error } => {
                let reason = read_error(error.of(text));
                if let Some(delay) = reason.retry_after() {
                    self.engine.postpone(self.now(), resource, delay.as_millis().try_into().unwrap_or(u64::MAX));
                }
                self.tell(resource, &Event::Stale { reason });
            }
            Output::Settled { request, outcome } => {
                let fetched = self.fetches.remove(&request);
                let outcome = match outcome {
                    Outcome::Resource(id) => Settled::Resource(id),
                    Outcome::Payload(span) | Outcome::Result(span) => Settled::Other(match fetched {
                        Some(rid) => self.fetched(&rid, span.of(text)).map(Answer::Value),
                        None => Ok(Answer::Payload(mend(span.of(text)).into_owned())),
                    }),
                    Outcome::Error(span) => Settled::Other(Err(Error::Res(read_error(span.of(text))))),
                    Outcome::Failed(failure) => Settled::Other(Err(self.fail(failure))),
                };
                settled.push((request, outcome));
            }
            _ => {}
        }
    }

    fn answer(&mut self, request: RequestId, outcome: Settled) {
        let wanted = Wanted::Request(request);
        match outcome {
            Settled::Other(answer) => self.waits.answer(wanted, &answer, &mut self.woken),
            // Each of those who wait listens for itself.
            Settled::Resource(id) => {
                while self.waits.is_awaited(wanted) {
                    let answer = self.hold(id);
                    self.waits.answer_one(wanted, answer, &mut self.woken);
                }
            }
        }
    }

    fn fail(&self, failure: Failure) -> Error {
        match (&self.failure, failure) {
            _ if self.closed => Error::Closed,
            (Some(error), Failure::NoConnection) => error.clone(),
            _ => Error::of(failure, ""),
        }
    }

    /// Tells the streams of a resource, with the values it has now.
    fn tell_of(&mut self, id: ResourceId, event: mirror::Event) {
        if self.audience_of(id).next().is_none() {
            return;
        }
        let event = match event {
            mirror::Event::Change(old) => {
                let Some(Content::Model(model)) = self.mirror.get(id).map(|r| &r.content) else { return };
                let change = |(key, old): (String, Option<mirror::Item>)| {
                    let new = model.get(&key).map(|new| self.item(new));
                    (key, Change { old: old.map(|old| self.item(&old)), new })
                };
                Event::Change(old.into_iter().map(change).collect())
            }
            mirror::Event::Add { idx } => {
                let Some(Content::Collection(list)) = self.mirror.get(id).map(|r| &r.content) else { return };
                let Some(item) = list.get(idx) else { return };
                Event::Add { idx, item: self.item(item) }
            }
            mirror::Event::Remove { idx, item } => Event::Remove { idx, item: self.item(&item) },
            mirror::Event::Custom { name, data } => Event::Custom { name, data },
            mirror::Event::Unsubscribed(reason) => Event::Unsubscribe { reason },
        };
        self.tell(id, &event);
    }

    fn tell(&mut self, id: ResourceId, event: &Event) {
        for (_, queue) in self.audience.range_mut((id, 0)..=(id, u64::MAX)) {
            queue.push(event.clone());
            self.woken.extend(queue.waker.take());
        }
    }

    fn audience_of(&self, id: ResourceId) -> impl Iterator<Item = &Queue> {
        self.audience.range((id, 0)..=(id, u64::MAX)).map(|(_, queue)| queue)
    }

    fn wake_watchers(&mut self) {
        self.woken.extend(std::mem::take(&mut self.states.watchers).into_values());
    }
}

/// How a request ended.
enum Settled {
    Resource(ResourceId),
    Other(Result<Answer, Error>),
}
