//! A TCP proxy that cuts, delays and holds what passes it.

mod link;
mod weather;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use weather::{Flow, Newcomers, Ways, Weather};

/// A port of this machine that leads to one of several others. It goes with this.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

/// Where proxies lead to. Connections go to one after the other, as a balancer has it.
#[derive(Clone)]
pub struct Targets(watch::Sender<Vec<Option<SocketAddr>>>);

struct Shared {
    targets: Targets,
    weather: watch::Sender<Weather>,
    /// How all connections of now are to end.
    ends: watch::Sender<Option<End>>,
    /// How many there have been, so that each has a number.
    count: AtomicU64,
    resets: AtomicU64,
}

/// How a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Reset,
    Close,
}

impl Proxy {
    /// Listens on a free port. The first connection goes to the target with this index.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn start(targets: Targets, first: usize) -> io::Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            targets,
            weather: watch::Sender::default(),
            ends: watch::Sender::default(),
            count: AtomicU64::new(0),
            resets: AtomicU64::new(0),
        });
        let listening = tokio::spawn(listen(listener, shared.clone(), first));
        Ok(Proxy { address, shared, listening })
    }

    /// Changes what is done to what passes.
    pub fn change(&self, change: impl FnOnce(&mut Weather)) {
        self.shared.weather.send_modify(change);
    }

    /// Lets everything pass. What was to be cut after some more bytes is cut now.
    pub fn calm(&self) {
        let weather = self.shared.weather.send_replace(Weather::default());
        if weather.up.cut_after.or(weather.down.cut_after).is_some() {
            self.reset();
        }
    }

    /// Resets all connections of now, at both ends.
    pub fn reset(&self) {
        self.shared.end_all(End::Reset);
    }

    /// Closes all connections of now, as a peer does that has nothing more to say.
    pub fn close(&self) {
        self.shared.end_all(End::Close);
    }

    /// The number of the next connection: see [`Flow::held_below`].
    pub fn next_number(&self) -> u64 {
        self.shared.count.load(Ordering::Relaxed)
    }

    /// How many connections were reset because of [`Flow::cut_after`].
    pub fn cuts(&self) -> u64 {
        self.shared.resets.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.reset();
    }
}

impl Targets {
    pub fn new(addresses: Vec<SocketAddr>) -> Targets {
        Targets(watch::Sender::new(addresses.into_iter().map(Some).collect()))
    }

    /// Another address in the place of one, for connections to come. While a program is gone there is none: another may
    /// be given its port.
    pub fn replace(&self, index: usize, address: Option<SocketAddr>) {
        self.0.send_modify(|addresses| addresses[index] = address);
    }

    /// A connection to the next target that accepts it.
    async fn connect(&self, turn: usize) -> io::Result<TcpStream> {
        let addresses = self.0.borrow().clone();
        let mut result = Err(io::ErrorKind::AddrNotAvailable.into());
        for at in 0..addresses.len() {
            if let Some(address) = addresses[(turn + at) % addresses.len()] {
                result = TcpStream::connect(address).await;
            }
            if result.is_ok() {
                break;
            }
        }
        result
    }
}

impl Shared {
    fn end_all(&self, end: End) {
        self.ends.send_replace(Some(end));
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>, first: usize) {
    let mut turn = first;
    loop {
        // Out of files, perhaps; connections that end give some back.
        let Ok((client, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        tokio::spawn(link::run(client, shared.clone(), turn));
        turn += 1;
    }
}
