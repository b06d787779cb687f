//! The future that carries out what the engine wants, over whatever transport there is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use super::connection::Client;
use super::error::Error;
use super::hub::{Clock, Io};
use super::shared::{Owner, Shared};
use super::state::State;
use crate::session::{ConnectionId, Time};

/// A WebSocket, a clock, and a source of randomness: what a platform has to bring.
pub trait Transport {
    /// The text of a frame.
    type Text: AsRef<str>;

    /// A clock, by which [`Transport::poll_deadline`] goes too.
    fn clock(&self) -> Clock;

    /// Something that no other client is likely to have.
    fn random(&self) -> u64;

    /// Begins to open a socket. One that is open is forgotten.
    fn open(&mut self);

    /// Sends a frame on the open socket, in order.
    fn send(&mut self, frame: String);

    /// Begins to close the socket, of which nothing is to be heard any more.
    fn close(&mut self);

    /// What the socket reports next. After [`SocketEvent::Closed`] it is pending until another is opened.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent<Self::Text>>;

    /// Ready when it is so late.
    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()>;

    /// Ready when there is no use in waiting any longer for the next attempt to connect, as when the network is there
    /// again. Asked only between two attempts.
    fn poll_return(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Pending
    }

    /// Ready when no socket is closing any more. Must come to an end.
    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// What a socket reports.
#[derive(Debug)]
pub enum SocketEvent<T> {
    Opened,
    /// A text frame.
    Frame(T),
    /// It has closed, or could not be opened.
    Closed {
        /// The code it was closed with, if the gateway closed it and said one.
        code: Option<u16>,
        /// Why, for people.
        reason: String,
    },
}

/// What is done on each new connection: any function that takes a [`Client`] and gives a future.
pub trait Hook {
    type Future: Future<Output = Result<(), Error>>;

    fn run(&mut self, client: Client) -> Self::Future;
}

impl<F, Fut> Hook for F
where
    F: FnMut(Client) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    type Future = Fut;

    fn run(&mut self, client: Client) -> Fut {
        self(client)
    }
}

/// The future without which a client does nothing. It ends when the client is closed; dropped before, it closes the
/// client.
#[must_use = "a client does nothing unless its driver is run"]
pub struct Driver<T: Transport, H: Hook> {
    shared: Arc<Shared>,
    owner: Weak<Owner>,
    transport: T,
    hook: H,
    hooked: Option<Pin<Box<H::Future>>>,
    connection: ConnectionId,
    /// A socket that is closed with one of these is not opened again.
    fatal_close_codes: Vec<u16>,
}

impl<T: Transport, H: Hook> Driver<T, H> {
    pub(super) fn new(owner: &Arc<Owner>, transport: T, hook: H, fatal_close_codes: Vec<u16>) -> Self {
        Driver {
            shared: owner.shared.clone(),
            owner: Arc::downgrade(owner),
            transport,
            hook,
            hooked: None,
            connection: ConnectionId(0),
            fatal_close_codes,
        }
    }

    fn carry_out(&mut self) {
        for io in self.shared.step(|hub| std::mem::take(&mut hub.io)) {
            match io {
                Io::Open(connection) => {
                    self.hooked = None;
                    self.connection = connection;
                    self.transport.open();
                }
                Io::Send(frame) => self.transport.send(frame),
                Io::Close => {
                    self.hooked = None;
                    self.transport.close();
                }
                Io::Hook => {
                    let client = self.owner.upgrade().map(|owner| Client::of_hook(owner, self.connection));
                    self.hooked = client.map(|client| Box::pin(self.hook.run(client)));
                }
            }
        }
    }

    fn take_in(&mut self, event: SocketEvent<T::Text>) {
        let (connection, fatal) = (self.connection, &self.fatal_close_codes);
        if matches!(event, SocketEvent::Closed { .. }) {
            self.hooked = None;
        }
        self.shared.step(|hub| match event {
            SocketEvent::Opened => hub.engine.handle_open(hub.now(), connection),
            SocketEvent::Frame(text) => hub.handle_frame(connection, text.as_ref()),
            SocketEvent::Closed { code, reason } => {
                hub.failure = Some(Error::Unreachable(reason));
                match code.is_some_and(|code| fatal.contains(&code)) {
                    true => hub.engine.handle_final_close(hub.now(), connection),
                    false => hub.engine.handle_close(hub.now(), connection),
                }
            }
        });
    }

    fn poll_hook(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(hooked) = &mut self.hooked else { return Poll::Pending };
        let result = ready!(hooked.as_mut().poll(cx));
        self.hooked = None;
        self.shared.step(|hub| {
            hub.failure = result.err();
            hub.engine.hook_done(hub.now(), hub.failure.is_none());
        });
        Poll::Ready(())
    }

    /// Connects if it is no use to wait any longer.
    fn poll_return(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.shared.step(|hub| matches!(hub.state(), State::Waiting(_))) {
            return Poll::Pending;
        }
        ready!(self.transport.poll_return(cx));
        self.shared.step(|hub| hub.engine.connect(hub.now()));
        Poll::Ready(())
    }

    /// Hands in what is due; when nothing is, gives the moment to wait for, if there is one.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Option<Option<Time>> {
        let Some(deadline) = self.shared.step(|hub| hub.next_timeout()) else { return Some(None) };
        if self.transport.poll_deadline(cx, deadline).is_pending() {
            return Some(Some(deadline));
        }
        self.shared.step(|hub| hub.handle_timeout(deadline));
        None
    }

    /// Waits to be woken, unless something has come up: from then on it wakes this task.
    fn rest(&self, cx: &Context<'_>, armed: Option<Time>) -> bool {
        self.shared.step(|hub| {
            let idle = hub.io.is_empty() && !hub.is_closed() && hub.next_timeout() == armed;
            let spent = if idle { hub.driver.replace(cx.waker().clone()) } else { None };
            hub.spend(spent);
            idle
        })
    }
}

// Nothing in it is pinned but what is in a box.
impl<T: Transport, H: Hook> Unpin for Driver<T, H> {}

impl<T: Transport, H: Hook> Future for Driver<T, H> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        // What is asked for while this runs is seen before it ends.
        this.shared.step(|hub| {
            let spent = hub.driver.take();
            hub.spend(spent);
        });
        loop {
            this.carry_out();
            if this.shared.step(|hub| hub.is_closed()) {
                ready!(this.transport.poll_closed(cx));
                this.shared.step(|hub| hub.end());
                return Poll::Ready(());
            }
            if this.poll_hook(cx).is_ready() {
                continue;
            }
            if let Poll::Ready(event) = this.transport.poll_event(cx) {
                this.take_in(event);
                continue;
            }
            if this.poll_return(cx).is_ready() {
                continue;
            }
            if let Some(armed) = this.poll_timer(cx)
                && this.rest(cx, armed)
            {
                return Poll::Pending;
            }
        }
    }
}

impl<T: Transport, H: Hook> Drop for Driver<T, H> {
    fn drop(&mut self) {
        // What the hook holds may be the last of the client.
        self.hooked = None;
        self.shared.step(|hub| hub.end());
    }
}

impl<T: Transport, H: Hook> fmt::Debug for Driver<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("connection", &self.connection).finish_non_exhaustive()
    }
}
