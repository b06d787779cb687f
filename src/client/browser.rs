//! The driver for browsers.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, MessageEvent, PageTransitionEvent, Performance, WebSocket};

use super::builder::Builder;
use super::connection::Client;
use super::driver::{Hook, SocketEvent, Transport};
use super::error::Error;
use super::hub::Clock;
use super::returns::{Returns, page};
use crate::session::Time;

impl Client {
    /// Connects to a gateway at an address such as `wss://example.com`.
    ///
    /// Waits as [`Client::open`] does, for the hook too.
    ///
    /// # Errors
    /// As [`Client::open`].
    pub async fn connect(url: &str) -> Result<Client, Error> {
        Client::builder().connect(url).await
    }
}

impl<H> Builder<H>
where
    H: Hook + 'static,
{
    /// As [`Client::connect`].
    ///
    /// # Errors
    /// As [`Client::open`].
    pub async fn connect(self, url: &str) -> Result<Client, Error> {
        let client = self.start(url);
        client.open().await?;
        Ok(client)
    }

    /// A client that connects when something is asked for.
    pub fn start(self, url: &str) -> Client {
        let (client, driver) = self.build(Browser::new(url));
        wasm_bindgen_futures::spawn_local(driver);
        client
    }
}

/// A WebSocket and a clock of the browser, in a page or a worker.
pub struct Browser {
    url: String,
    inbox: Rc<RefCell<Inbox>>,
    socket: Option<Socket>,
    timer: Option<Timer>,
    returns: Option<Returns>,
}

impl Browser {
    /// Opens sockets to this address.
    pub fn new(url: &str) -> Browser {
        Browser { url: url.to_owned(), inbox: Rc::default(), socket: None, timer: None, returns: None }
    }
}

impl Transport for Browser {
    type Text = String;

    fn clock(&self) -> Clock {
        Box::new(now)
    }

    fn random(&self) -> u64 {
        (js_sys::Math::random() * (1u64 << 53) as f64) as u64
    }

    fn open(&mut self) {
        self.returns = None;
        self.socket = None;
        self.inbox.borrow_mut().events.clear();
        match WebSocket::new(&self.url) {
            Ok(socket) => self.socket = Some(Socket::attach(socket, &self.inbox)),
            // The address is none, or a page loaded over TLS may not connect without.
            Err(error) => {
                let why = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
                self.inbox
                    .borrow_mut()
                    .events
                    .push_back(SocketEvent::Closed { code: None, reason: why.unwrap_or_default() });
            }
        }
    }

    fn send(&mut self, frame: String) {
        if let Some(socket) = &self.socket {
            // A socket that is closing may refuse it, and then reports that it has closed.
            let _ = socket.socket.send_with_str(&frame);
        }
    }

    fn close(&mut self) {
        self.returns = None;
        self.socket = None;
        self.inbox.borrow_mut().events.clear();
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent<String>> {
        let mut inbox = self.inbox.borrow_mut();
        match inbox.events.pop_front() {
            Some(event) => Poll::Ready(event),
            None => {
                inbox.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()> {
        let wait = deadline.0.saturating_sub(now().0);
        if wait == 0 {
            self.timer = None;
            return Poll::Ready(());
        }
        // One that has fired a moment early is set once more.
        if self.timer.as_ref().is_none_or(|timer| timer.deadline != deadline || timer.fired.get()) {
            self.timer = Some(Timer::new(deadline, wait, cx.waker().clone()));
        }
        Poll::Pending
    }

    fn poll_return(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.returns.get_or_insert_with(Returns::listen).poll(cx)
    }

    fn poll_closed(&mut self, _: &mut Context<'_>) -> Poll<()> {
        // The browser goes on with that.
        Poll::Ready(())
    }
}

struct Timer {
    deadline: Time,
    fired: Rc<Cell<bool>>,
    _timeout: Timeout,
}

impl Timer {
    fn new(deadline: Time, wait: u64, waker: Waker) -> Timer {
        let fired = Rc::new(Cell::new(false));
        let fire = fired.clone();
        // A browser's timer reaches no further than 24 days.
        let timeout = Timeout::new(wait.min(LONGEST) as u32, move || {
            fire.set(true);
            waker.wake();
        });
        Timer { deadline, fired, _timeout: timeout }
    }
}

/// What sockets reported and was not taken in yet.
#[derive(Default)]
struct Inbox {
    events: VecDeque<SocketEvent<String>>,
    waker: Option<Waker>,
}

/// A socket whose reports go to an inbox. Dropping it closes it, and nothing is heard of it any more.
struct Socket {
    socket: WebSocket,
    _open: Closure<dyn FnMut()>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
    leave: Closure<dyn FnMut(PageTransitionEvent)>,
}

impl Socket {
    fn attach(socket: WebSocket, inbox: &Rc<RefCell<Inbox>>) -> Socket {
        let report = |inbox: &Rc<RefCell<Inbox>>| {
            let inbox = inbox.clone();
            move |event| {
                let waker = {
                    let mut inbox = inbox.borrow_mut();
                    inbox.events.push_back(event);
                    inbox.waker.take()
                };
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
        };
        let (opened, received, closed) = (report(inbox), report(inbox), report(inbox));
        let open = Closure::<dyn FnMut()>::new(move || opened(SocketEvent::Opened));
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // What is no text is no frame of the protocol, which the engine is to deal with as it does with any other.
            received(SocketEvent::Frame(event.data().as_string().unwrap_or_default()));
        });
        let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            let why = match event.reason() {
                reason if reason.is_empty() => format!("the socket closed with code {}", event.code()),
                reason => reason,
            };
            closed(SocketEvent::Closed { code: Some(event.code()), reason: why });
        });
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        // An error is followed by a close.
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        let closing = socket.clone();
        let leave = Closure::<dyn FnMut(PageTransitionEvent)>::new(move |event: PageTransitionEvent| {
            // A page is kept for whoever comes back to it, but not with a connection. The socket reports that it has closed.
            if event.persisted() {
                let _ = closing.close();
            }
        });
        // A worker is never left, and tells so of nothing.
        let _ = page().map(|page| page.add_event_listener_with_callback(LEFT, leave.as_ref().unchecked_ref()));
        Socket { socket, _open: open, _message: message, _close: close, leave }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let leave = self.leave.as_ref().unchecked_ref();
        let _ = page().map(|page| page.remove_event_listener_with_callback(LEFT, leave));
        // Closing a socket twice, or one that never opened, is no error here.
        let _ = self.socket.close();
    }
}

/// Milliseconds on a clock that is never set back.
fn now() -> Time {
    thread_local! {
        static CLOCK: Option<Performance> =
            js_sys::Reflect::get(&js_sys::global(), &"performance".into()).ok().and_then(|clock| clock.dyn_into().ok());
    }
    // Every browser has one. What has none tells the time of day, and the engine bears a clock that is set back.
    Time(CLOCK.with(|clock| clock.as_ref().map_or_else(js_sys::Date::now, Performance::now)) as u64)
}

/// The event of a page that is left.
const LEFT: &str = "pagehide";
/// Milliseconds.
const LONGEST: u64 = i32::MAX as u64;
