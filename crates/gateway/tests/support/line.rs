//! A gateway in the process of the test and clients of it without a socket between, for virtual time.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use res_gateway::bus::MemoryBus;
use res_gateway::service::{Access, Reply, Service, ServiceHandle};
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use resclient::client::{Client, Clock, SocketEvent, Transport};
use resclient::session::{Options, Time};
use serde_json::{Value, json};
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep, sleep_until};

/// What the way to a gateway is like.
#[derive(Clone, Copy, PartialEq)]
pub enum Wire {
    Up,
    Down,
    /// Open, and nothing gets through.
    Mute,
    /// The same of what was open before.
    Dead,
}

/// A gateway in this process, and the way to it.
pub struct Net {
    pub bus: MemoryBus,
    gateway: Gateway,
    pub service: ServiceHandle,
    /// The methods of all requests there were.
    pub requests: Arc<Mutex<Vec<String>>>,
    pub state: watch::Sender<Wire>,
    /// The network is there again, as far as the machine knows.
    pub back: Arc<Notify>,
}

impl Net {
    pub fn new() -> Net {
        let bus = MemoryBus::new();
        let service = Service::new("notes")
            .model("notes.first", json!({ "text": "one" }))
            .access("notes.>", |_| Ok(Access::ALL))
            .call("notes.first", "echo", |request| Ok(Reply::value(request.params::<Value>()?)))
            .start(bus.connect());
        let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
        Net {
            bus,
            gateway,
            service,
            requests: Arc::default(),
            state: watch::Sender::new(Wire::Up),
            back: Arc::default(),
        }
    }

    pub fn client(&self) -> Client {
        self.client_with(Options::default())
    }

    pub fn client_with(&self, options: Options) -> Client {
        let (client, driver) = Client::builder().options(options).build(self.line());
        tokio::spawn(driver);
        client
    }

    pub fn line(&self) -> Line {
        Line {
            gateway: self.gateway.clone(),
            requests: self.requests.clone(),
            state: self.state.subscribe(),
            start: Instant::now(),
            end: None,
            sleep: None,
            back: self.back.clone(),
            returning: None,
        }
    }

    /// How often something was asked for.
    pub fn asked(&self, method: &str) -> usize {
        self.requests.lock().unwrap().iter().filter(|m| *m == method).count()
    }
}

/// A connection to a gateway in this process.
pub struct Line {
    gateway: Gateway,
    requests: Arc<Mutex<Vec<String>>>,
    state: watch::Receiver<Wire>,
    start: Instant,
    end: Option<End>,
    sleep: Option<std::pin::Pin<Box<Sleep>>>,
    back: Arc<Notify>,
    returning: Option<std::pin::Pin<Box<OwnedNotified>>>,
}

struct End {
    to: mpsc::UnboundedSender<String>,
    from: mpsc::UnboundedReceiver<SocketEvent<String>>,
    carrier: JoinHandle<()>,
}

impl Drop for End {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

impl Transport for Line {
    type Text = String;

    fn clock(&self) -> Clock {
        let start = self.start;
        Box::new(move || Time(start.elapsed().as_millis() as u64))
    }

    fn random(&self) -> u64 {
        7
    }

    fn open(&mut self) {
        let (to, mut frames) = mpsc::unbounded_channel::<String>();
        let (events, from) = mpsc::unbounded_channel();
        let (gateway, requests, mut state) = (self.gateway.clone(), self.requests.clone(), self.state.clone());
        let carrier = tokio::spawn(async move {
            let carry = async {
                let wire = *state.borrow();
                match wire {
                    Wire::Up => {}
                    Wire::Down => return,
                    Wire::Mute | Wire::Dead => {
                        let _ = events.send(SocketEvent::Opened);
                        return std::future::pending().await;
                    }
                }
                let (sender, mut receiver) = gateway.connect(Default::default()).await.split();
                let _ = events.send(SocketEvent::Opened);
                loop {
                    tokio::select! {
                        frame = frames.recv() => {
                            let Some(frame) = frame else { return };
                            let request: Value = serde_json::from_str(&frame).expect("frames are JSON");
                            requests.lock().unwrap().push(request["method"].as_str().unwrap().to_owned());
                            sender.send(&frame).await;
                        }
                        outgoing = receiver.recv() => match outgoing {
                            Outgoing::Frame(frame) => drop(events.send(SocketEvent::Frame(frame.to_string()))),
                            Outgoing::Close(..) => return,
                        },
                        () = async { let _ = state.wait_for(|state| *state != Wire::Up).await; } => {
                            if *state.borrow() == Wire::Dead {
                                return std::future::pending().await;
                            }
                            return;
                        }
                    }
                }
            };
            carry.await;
            let _ = events.send(SocketEvent::Closed { code: None, reason: "the line is down".to_owned() });
        });
        self.end = Some(End { to, from, carrier });
    }

    fn send(&mut self, frame: String) {
        if let Some(end) = &self.end {
            let _ = end.to.send(frame);
        }
    }

    fn close(&mut self) {
        self.end = None;
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent<String>> {
        // A line that is down says nothing more.
        match self.end.as_mut().map(|end| end.from.poll_recv(cx)) {
            Some(Poll::Ready(Some(event))) => Poll::Ready(event),
            _ => Poll::Pending,
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Time) -> Poll<()> {
        let mut sleep = Box::pin(sleep_until(self.start + Duration::from_millis(deadline.0)));
        let polled = sleep.as_mut().poll(cx);
        self.sleep = Some(sleep);
        polled
    }

    fn poll_return(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let returning = self.returning.get_or_insert_with(|| Box::pin(self.back.clone().notified_owned()));
        let polled = returning.as_mut().poll(cx);
        if polled.is_ready() {
            self.returning = None;
        }
        polled
    }

    fn poll_closed(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// Whether a future does not end at once. It is dropped then.
pub fn begun_and_dropped(future: impl Future) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending()
}
