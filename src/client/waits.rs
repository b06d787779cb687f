//! Who waits for which answer.

use std::collections::BTreeMap;
use std::task::{Poll, Waker};

use serde_json::Value as Json;

use super::error::Error;
use crate::cache::ResourceId;
use crate::session::{RequestId, Time};

/// What may be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    Request(RequestId),
    /// A usable connection.
    Connection,
    /// A moment.
    Moment(Time),
    /// The end of the driver.
    End,
}

/// What comes of waiting.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// A resource, listened to once by whoever gets this.
    Resource(ResourceId),
    /// JSON text, or empty.
    Payload(String),
    /// The value of a resource that was asked for once.
    Value(Json),
    Done,
}

/// One who waits, by what for and a number of its own.
pub(super) type Place = (Wanted, u64);

/// All who wait, by what for.
#[derive(Debug, Default)]
pub(super) struct Waits {
    seats: BTreeMap<Place, Seat>,
}

#[derive(Debug, Default)]
struct Seat {
    answer: Option<Result<Answer, Error>>,
    waker: Option<Waker>,
}

impl Waits {
    pub fn add(&mut self, place: Place) {
        self.seats.insert(place, Seat::default());
    }

    /// Whether someone waits for this.
    pub fn is_awaited(&self, wanted: Wanted) -> bool {
        self.seats.range((wanted, 0)..=(wanted, u64::MAX)).any(|(_, seat)| seat.answer.is_none())
    }

    /// The next moment that someone waits for.
    pub fn next_moment(&self) -> Option<Time> {
        let moments = (Wanted::Moment(Time(0)), 0)..(Wanted::End, 0);
        self.seats.range(moments).find(|(_, seat)| seat.answer.is_none()).and_then(|((wanted, _), _)| match wanted {
            Wanted::Moment(time) => Some(*time),
            _ => None,
        })
    }

    /// Answers all who wait for this.
    pub fn answer(&mut self, wanted: Wanted, answer: &Result<Answer, Error>, woken: &mut Vec<Waker>) {
        for (_, seat) in self.seats.range_mut((wanted, 0)..=(wanted, u64::MAX)) {
            seat.answer(answer.clone(), woken);
        }
    }

    /// Answers the first who waits for this.
    pub fn answer_one(&mut self, wanted: Wanted, answer: Result<Answer, Error>, woken: &mut Vec<Waker>) {
        let mut seats = self.seats.range_mut((wanted, 0)..=(wanted, u64::MAX));
        if let Some((_, seat)) = seats.find(|(_, seat)| seat.answer.is_none()) {
            seat.answer(answer, woken);
        }
    }

    /// Answers all who wait for anything but the end.
    pub fn answer_all(&mut self, error: &Error, woken: &mut Vec<Waker>) {
        for ((wanted, _), seat) in &mut self.seats {
            if *wanted != Wanted::End {
                seat.answer(Err(error.clone()), woken);
            }
        }
    }

    /// Takes the answer at a place, which is gone then; with the waker that is not needed any more.
    pub fn poll(&mut self, at: Place, waker: &Waker) -> (Poll<Result<Answer, Error>>, Option<Waker>) {
        let Some(seat) = self.seats.get_mut(&at) else { return (Poll::Ready(Err(Error::Closed)), None) };
        match seat.answer.take() {
            Some(answer) => (Poll::Ready(answer), self.seats.remove(&at).and_then(|seat| seat.waker)),
            None => (Poll::Pending, seat.waker.replace(waker.clone())),
        }
    }

    /// Takes a place away; gives the answer that came and was not taken, and the waker that is not needed any more.
    pub fn remove(&mut self, at: Place) -> (Option<Result<Answer, Error>>, Option<Waker>) {
        self.seats.remove(&at).map_or((None, None), |seat| (seat.answer, seat.waker))
    }
}

impl Seat {
    fn answer(&mut self, answer: Result<Answer, Error>, woken: &mut Vec<Waker>) {
        if self.answer.is_none() {
            self.answer = Some(answer);
            woken.extend(self.waker.take());
        }
    }
}
