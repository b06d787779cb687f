//! The state of the connection, and a stream of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::shared::Shared;
use crate::session::{ConnectionState, Time};

/// How a client is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Nothing has been asked for yet.
    Idle,
    Connecting,
    /// Connected again, while what is held is being compared.
    Stale,
    Connected,
    /// The connection was lost, or could not be made; the next attempt is that far away.
    Waiting(Duration),
    /// Not connected, and not about to be until something is asked for.
    Closed,
}

impl State {
    pub(super) fn of(state: ConnectionState, now: Time) -> State {
        match state {
            ConnectionState::Idle => State::Idle,
            ConnectionState::Connecting => State::Connecting,
            ConnectionState::Stale => State::Stale,
            ConnectionState::Connected => State::Connected,
            ConnectionState::Closed => State::Closed,
            ConnectionState::Waiting { until } => State::Waiting(Duration::from_millis(until.0.saturating_sub(now.0))),
        }
    }
}

/// The states of a connection, beginning with the present one. Only the newest is kept: who is slow misses those
/// between. Ends when the client is closed.
#[derive(Debug)]
pub struct States {
    shared: Arc<Shared>,
    key: u64,
    /// The number of the state that was given last.
    seen: Option<u64>,
}

impl States {
    pub(super) fn new(shared: Arc<Shared>) -> States {
        let key = shared.step(|hub| hub.next_key());
        States { shared, key, seen: None }
    }

    /// Waits for the next state: what `StreamExt::next` does, without the crate it is from.
    pub async fn next(&mut self) -> Option<State> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for States {
    type Item = State;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<State>> {
        let this = &mut *self;
        this.shared.step(|hub| {
            if hub.is_closed() {
                return Poll::Ready(None);
            }
            if this.seen.replace(hub.states.number) != Some(hub.states.number) {
                return Poll::Ready(Some(hub.state()));
            }
            let spent = hub.states.watchers.insert(this.key, cx.waker().clone());
            hub.spend(spent);
            Poll::Pending
        })
    }
}

impl Drop for States {
    fn drop(&mut self) {
        self.shared.step(|hub| {
            let spent = hub.states.watchers.remove(&self.key);
            hub.spend(spent);
        });
    }
}
