//! Futures that wait for an answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::connection::Client;
use super::error::Error;
use super::hub::Hub;
use super::shared::Owner;
use super::waits::{Answer, Place, Wanted};

/// A wait for an answer. Dropped before that, the request is given up.
#[derive(Debug)]
pub(super) struct Wait {
    owner: Arc<Owner>,
    place: Option<Place>,
    early: Option<Result<Answer, Error>>,
}

/// What asking for something leads to.
pub(super) enum Asked {
    Wait(Wanted),
    Answered(Result<Answer, Error>),
}

impl Wait {
    /// Asks for something; nothing is asked of a client that is closed.
    pub fn ask(client: &Client, ask: impl FnOnce(&mut Hub) -> Asked) -> Wait {
        let asked = client.step(|hub| match hub.is_closed() {
            true => Err(Err(Error::Closed)),
            false => match ask(hub) {
                Asked::Answered(answer) => Err(answer),
                Asked::Wait(wanted) => Ok(hub.await_one(wanted)),
            },
        });
        let (place, early) = match asked {
            Ok(place) => (Some(place), None),
            Err(answer) => (None, Some(answer)),
        };
        Wait { owner: client.owner.clone(), place, early }
    }

    /// Waits for the end of the driver, which a closed client has too.
    pub fn for_the_end(owner: &Arc<Owner>) -> Wait {
        let place = owner.shared.step(|hub| (!hub.has_ended()).then(|| hub.await_one(Wanted::End)));
        Wait { owner: owner.clone(), place, early: place.is_none().then_some(Ok(Answer::Done)) }
    }
}

impl Future for Wait {
    type Output = Result<Answer, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(answer) = self.early.take() {
            return Poll::Ready(answer);
        }
        let Some(place) = self.place else { return Poll::Ready(Err(Error::Closed)) };
        let polled = self.owner.shared.step(|hub| hub.poll_wait(place, cx.waker()));
        if polled.is_ready() {
            self.place = None;
        }
        polled
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let (place, early) = (self.place.take(), self.early.take());
        if place.is_none() && early.is_none() {
            return;
        }
        self.owner.shared.step(|hub| {
            let unclaimed = early.or_else(|| hub.drop_wait(place?));
            if let Some(Ok(Answer::Resource(id))) = unclaimed {
                let now = hub.now();
                hub.engine.unlisten(now, id);
            } else if let Some((wanted @ Wanted::Request(request), _)) = place
                && unclaimed.is_none()
                && !hub.waits.is_awaited(wanted)
            {
                hub.fetches.remove(&request);
                hub.engine.give_up(request);
            }
        });
    }
}

impl Hub {
    fn await_one(&mut self, wanted: Wanted) -> Place {
        let place = (wanted, self.next_key());
        self.waits.add(place);
        place
    }
}
