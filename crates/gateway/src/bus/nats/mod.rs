//! NATS as the bus.
//!
//! The order in which messages arrive is what RES rests on, so there is one reader of the socket and one queue for all
//! that it reads, whatever the subscription. Nothing is ever dropped from it: when it is full, by messages or by bytes,
//! reading waits. A connection that is lost stays lost, for nobody knows what was missed meanwhile; whoever needs the
//! bus opens another, and starts anew.
//!
//! A connection whose [`Bus`](super::Bus) is dropped sends what was published before, waits up to two seconds for the
//! server to have it, and closes; [`NatsBus::closed`] waits for that.

mod address;
mod auth;
mod dispatch;
mod error;
mod handshake;
mod info;
mod options;
mod outbound;
mod pool;
pub mod protocol;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;
use tracing::{info, warn};

use super::{Connection, Dial, DialError, Dialing};
use address::ServerAddress;
use auth::Credentials;
use dispatch::{Dispatch, Room};
pub use error::NatsError;
use handshake::Opened;
pub use options::{Auth, NatsOptions, Secret, TlsOptions};
use outbound::{Outbound, Sender};
use pool::Pool;

/// The way to NATS: opens connections to one of several servers. Clones share what is learnt of the servers.
#[derive(Clone)]
pub struct NatsBus {
    options: Arc<NatsOptions>,
    pool: Arc<Pool>,
    /// How many connections there are.
    open: watch::Sender<usize>,
}

impl NatsBus {
    /// Takes the options, and connects to nothing yet.
    ///
    /// # Errors
    /// If an address is none, or if a file with credentials, certificates or keys cannot be used.
    pub fn new(options: NatsOptions) -> Result<NatsBus, NatsError> {
        let servers = ServerAddress::parse_list(&options.servers)?;
        for auth in servers.iter().filter_map(|server| server.auth.as_ref()).chain([&options.auth]) {
            Credentials::load(auth)?;
        }
        if options.tls.is_required() || options.tls.key.is_some() || servers.iter().any(|server| server.tls) {
            tls::load(&options.tls)?;
        }
        let pool = Arc::new(Pool::new(servers, options.in_order));
        Ok(NatsBus { options: Arc::new(options), pool, open: watch::Sender::new(0) })
    }

    /// Opens a connection to the first server that lets us in.
    ///
    /// # Errors
    /// If none does; all of them have been tried.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn connect(&self) -> Result<Connection, NatsError> {
        let mut reasons = Vec::new();
        for server in self.pool.to_try() {
            match self.reach(&server).await {
                Ok(opened) => return Ok(self.start(server, opened)),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(if reasons.len() == 1 { reasons.remove(0) } else { NatsError::NoServer(reasons) })
    }

    /// Ready when no connection is open any more: each that was dropped has sent what was published before, or has been
    /// lost. A program that ends before may cut off its last words.
    pub async fn closed(&self) {
        // There is a sender as long as this is borrowed.
        let _ = self.open.subscribe().wait_for(|&open| open == 0).await;
    }

    /// Tries each address of a server, and says why the last of them cannot be used.
    async fn reach(&self, server: &ServerAddress) -> Result<Opened, NatsError> {
        let unreachable = |reason: String| NatsError::Unreachable { server: server.to_string(), reason };
        let patience = self.options.connect_timeout;
        let late = |_| NatsError::TimedOut { server: server.to_string() };
        let lookup = lookup_host((server.host.as_str(), server.port));
        let addresses = timeout(patience, lookup).await.map_err(late)?;
        let mut result = Err(unreachable("the host has no address".to_owned()));
        for address in addresses.map_err(|error| unreachable(error.to_string()))? {
            let opening = handshake::open(server, address, &self.options);
            result = timeout(patience, opening).await.map_err(late).and_then(|opened| opened);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    fn start(&self, server: ServerAddress, opened: Opened) -> Connection {
        info!(%server, "connected to NATS");
        if !opened.info.headers {
            warn!(%server, "this NATS server has no headers: requests to nobody end by their timeout only");
        }
        self.pool.learn(&server, &opened.info);
        let outbound = Arc::new(Outbound::new(self.options.outbound_bytes, opened.info.max_payload));
        let (sender, receiver) = mpsc::channel(self.options.buffer_size.clamp(1, Semaphore::MAX_PERMITS));
        let dispatch = Dispatch {
            server,
            pool: self.pool.clone(),
            outbound: outbound.clone(),
            deliveries: sender,
            room: Room::new(self.options.buffer_bytes),
            ping_interval: self.options.ping_interval.clamp(MIN_PING_INTERVAL, MAX_PING_INTERVAL),
        };
        let open = Open::new(&self.open);
        tokio::spawn(async move {
            dispatch.run(opened).await;
            drop(open);
        });
        Connection { bus: Arc::new(Sender(outbound)), deliveries: receiver.into() }
    }
}

impl Dial for NatsBus {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(async { self.connect().await.map_err(|error| DialError(error.to_string())) })
    }
}

/// One that counts among the open connections.
struct Open(watch::Sender<usize>);

impl Open {
    fn new(count: &watch::Sender<usize>) -> Open {
        count.send_modify(|open| *open += 1);
        Open(count.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

const MIN_PING_INTERVAL: Duration = Duration::from_millis(1);

/// As good as never, and far from where sums of times overflow.
const MAX_PING_INTERVAL: Duration = Duration::from_secs(86_400);
