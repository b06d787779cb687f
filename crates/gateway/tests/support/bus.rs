//! The bus of tests that run on both: in memory, and where `on_nats.rs` has them run again, with a NATS server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use res_gateway::bus::{Bus, Connection, MemoryBus, Refusal};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::unbounded_channel;

use super::nats::{NatsServer, PATIENCE};

/// A bus of its own for a test. Clones are the same bus.
#[derive(Clone)]
pub enum TestBus {
    Memory(MemoryBus),
    Nats(Arc<Served>),
}

impl TestBus {
    /// The one that the file is compiled for.
    pub fn new() -> TestBus {
        if module_path!().starts_with("on_nats::") {
            TestBus::Nats(Arc::new(Served::start()))
        } else {
            TestBus::Memory(MemoryBus::new())
        }
    }

    pub fn connect(&self) -> Connection {
        match self {
            TestBus::Memory(bus) => bus.connect(),
            TestBus::Nats(served) => served.clone().connect(),
        }
    }

    /// How many subscriptions all connections hold together.
    pub fn subscription_count(&self) -> usize {
        match self {
            TestBus::Memory(bus) => bus.subscription_count(),
            TestBus::Nats(served) => served.links().iter().map(|link| link.subscriptions.load(Ordering::Relaxed)).sum(),
        }
    }
}

impl From<MemoryBus> for TestBus {
    fn from(bus: MemoryBus) -> TestBus {
        TestBus::Memory(bus)
    }
}

impl From<&MemoryBus> for TestBus {
    fn from(bus: &MemoryBus) -> TestBus {
        TestBus::Memory(bus.clone())
    }
}

impl From<&TestBus> for TestBus {
    fn from(bus: &TestBus) -> TestBus {
        bus.clone()
    }
}

/// A NATS server whose connections return from a call when its effect is there: what was published is in the queues of
/// all who listen. So the time of a test may be virtual although there are sockets, which live on a runtime of their own.
pub struct Served {
    server: NatsServer,
    links: Mutex<Vec<Weak<Link>>>,
    /// One call at a time.
    turn: Mutex<()>,
}

impl Served {
    fn start() -> Served {
        let server = outside(async { NatsServer::start("").await });
        Served { server, links: Mutex::default(), turn: Mutex::default() }
    }

    fn connect(self: Arc<Self>) -> Connection {
        let options = self.server.options();
        let Connection { bus, mut deliveries } = outside(super::nats::connect(options));
        let (sender, queue) = unbounded_channel();
        let (came_back, echoes) = mpsc::channel();
        SOCKETS.spawn(async move {
            loop {
                tokio::select! {
                    delivery = deliveries.recv() => match delivery {
                        // Nobody waits any more if these fail.
                        Some(delivery) if delivery.subject.starts_with(ECHO) => drop(came_back.send(())),
                        Some(delivery) => drop(sender.send(delivery)),
                        None => return,
                    },
                    () = sender.closed() => return,
                }
            }
        });
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let echo = format!("{ECHO}{}", NEXT.fetch_add(1, Ordering::Relaxed));
        bus.subscribe(&echo);
        let echoes = Mutex::new(echoes);
        let link = Arc::new(Link { bus, echo, echoes, served: self.clone(), subscriptions: AtomicUsize::new(0) });
        lock(&self.links).push(Arc::downgrade(&link));
        Connection { bus: link, deliveries: queue.into() }
    }

    fn links(&self) -> Vec<Arc<Link>> {
        let mut links = lock(&self.links);
        links.retain(|link| link.strong_count() > 0);
        links.iter().filter_map(Weak::upgrade).collect()
    }
}

/// A connection to the server.
struct Link {
    bus: Arc<dyn Bus>,
    /// What is published on this subject comes back, behind all that the server has for the connection.
    echo: String,
    echoes: Mutex<Receiver<()>>,
    served: Arc<Served>,
    subscriptions: AtomicUsize,
}

impl Link {
    fn ask_back(&self) {
        self.bus.publish(&self.echo, None, Arc::from([])).expect("a short message");
    }

    fn wait(&self) {
        // A connection that is lost has nothing to wait for.
        if lock(&self.echoes).recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            panic!("the server does not answer");
        }
    }

    /// Waits until the server has dealt with all that this connection sent.
    fn settle(&self) {
        self.ask_back();
        self.wait();
    }
}

impl Bus for Link {
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) -> Result<(), Refusal> {
        let _turn = lock(&self.served.turn);
        self.bus.publish(subject, reply, payload)?;
        self.settle();
        // The server has it for the others; now it comes to them.
        let links = self.served.links();
        links.iter().for_each(|link| link.ask_back());
        links.iter().for_each(|link| link.wait());
        Ok(())
    }

    fn is_congested(&self) -> bool {
        self.bus.is_congested()
    }

    fn subscribe(&self, pattern: &str) {
        let _turn = lock(&self.served.turn);
        self.bus.subscribe(pattern);
        self.subscriptions.fetch_add(1, Ordering::Relaxed);
        self.settle();
    }

    fn unsubscribe(&self, pattern: &str) {
        let _turn = lock(&self.served.turn);
        self.bus.unsubscribe(pattern);
        self.subscriptions.fetch_sub(1, Ordering::Relaxed);
        self.settle();
    }
}

/// Waits for something on the runtime of the sockets, whatever the time of the test is.
fn outside<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let task = SOCKETS.spawn(future);
    SOCKETS.spawn(async move { sender.send(task.await) });
    receiver.recv().expect("it ends").expect("it succeeds")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

static SOCKETS: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("there are threads"));

const ECHO: &str = "_ECHO.";
