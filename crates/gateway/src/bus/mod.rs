//! The bus that carries requests, responses and events between services and the gateway.
//!
//! A bus has one guarantee that everything else rests on: what one connection publishes reaches every other connection
//! in the order it was published, requests, responses and events alike. Therefore a connection has a single queue of
//! deliveries, and a response is an ordinary message on the subject its requester chose.
//!
//! [`MemoryBus`] is the bus inside one process, [`NatsBus`] the way to one outside. Another one is made by implementing
//! [`Bus`], the sending side of a connection, and [`Dial`], which opens connections.

mod memory;
pub mod nats;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, mpsc};

pub use memory::MemoryBus;
pub use nats::{NatsBus, NatsOptions};

/// The sending side of one connection to a bus. Dropping it ends the connection and all its subscriptions.
pub trait Bus: Send + Sync + 'static {
    /// Sends a message. With `reply`, somebody is waiting for answers on that subject: if nobody listens to `subject`,
    /// a [`Delivery`] with [`Delivery::no_responders`] set comes back on it at once.
    ///
    /// Never waits. On a connection that is lost it does nothing: the end of [`Connection::deliveries`] says so.
    ///
    /// # Errors
    /// If the bus would not carry the message; nothing was sent then.
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) -> Result<(), Refusal>;

    /// Whether so much waits to be sent that requests of clients are better not taken in for a while. Default: never.
    fn is_congested(&self) -> bool {
        false
    }

    /// Starts to deliver messages whose subject matches `pattern` (`*` one part, `>` all further parts). A message that
    /// is published by anybody who knows of this subscription, because of something published after it, is delivered.
    fn subscribe(&self, pattern: &str);

    /// Ends what [`Bus::subscribe`] with the same pattern began. What is on its way may still be delivered.
    fn unsubscribe(&self, pattern: &str);
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The subject is longer than the bus can carry, or is none.
    Subject,
    /// The payload is bigger than the bus can carry.
    Payload,
}

/// One message as it arrives.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub subject: Arc<str>,
    /// Where the sender waits for answers.
    pub reply: Option<Arc<str>>,
    pub payload: Arc<[u8]>,
    /// Nobody listens to the subject of the request that had this delivery's subject as its reply.
    pub no_responders: bool,
}

/// A connection to a bus: a sender that may be shared, and the one queue of deliveries.
pub struct Connection {
    pub bus: Arc<dyn Bus>,
    pub deliveries: Deliveries,
}

/// The messages of a connection in the order they arrived. They end when the connection is lost.
pub struct Deliveries {
    queue: Queue,
    listener: Option<Listener>,
}

type Listener = Box<dyn FnMut(&Delivery) + Send + Sync>;

enum Queue {
    Bounded(mpsc::Receiver<Delivery>),
    /// Each with the room that it takes until it is handed out.
    Weighed(mpsc::Receiver<(Delivery, OwnedSemaphorePermit)>),
    Unbounded(mpsc::UnboundedReceiver<Delivery>),
}

impl Deliveries {
    /// The next message; `None` when the connection is lost. May be dropped while waiting without losing any.
    pub async fn recv(&mut self) -> Option<Delivery> {
        let delivery = match &mut self.queue {
            Queue::Bounded(queue) => queue.recv().await,
            Queue::Weighed(queue) => queue.recv().await.map(|(delivery, _)| delivery),
            Queue::Unbounded(queue) => queue.recv().await,
        };
        self.heard(delivery)
    }

    /// The next message if it has arrived.
    pub fn try_recv(&mut self) -> Option<Delivery> {
        let delivery = match &mut self.queue {
            Queue::Bounded(queue) => queue.try_recv().ok(),
            Queue::Weighed(queue) => queue.try_recv().ok().map(|(delivery, _)| delivery),
            Queue::Unbounded(queue) => queue.try_recv().ok(),
        };
        self.heard(delivery)
    }

    /// Has each message told to `listener` when it is handed out, which is in the order that it is dealt with.
    #[must_use]
    pub fn heard_by(self, listener: impl FnMut(&Delivery) + Send + Sync + 'static) -> Deliveries {
        Deliveries { listener: Some(Box::new(listener)), ..self }
    }

    fn heard(&mut self, delivery: Option<Delivery>) -> Option<Delivery> {
        if let (Some(listener), Some(delivery)) = (&mut self.listener, &delivery) {
            listener(delivery);
        }
        delivery
    }
}

impl From<Queue> for Deliveries {
    fn from(queue: Queue) -> Deliveries {
        Deliveries { queue, listener: None }
    }
}

impl From<mpsc::Receiver<Delivery>> for Deliveries {
    fn from(queue: mpsc::Receiver<Delivery>) -> Deliveries {
        Queue::Bounded(queue).into()
    }
}

impl From<mpsc::Receiver<(Delivery, OwnedSemaphorePermit)>> for Deliveries {
    fn from(queue: mpsc::Receiver<(Delivery, OwnedSemaphorePermit)>) -> Deliveries {
        Queue::Weighed(queue).into()
    }
}

impl From<mpsc::UnboundedReceiver<Delivery>> for Deliveries {
    fn from(queue: mpsc::UnboundedReceiver<Delivery>) -> Deliveries {
        Queue::Unbounded(queue).into()
    }
}

/// Opens connections to a bus.
pub trait Dial: Send + Sync + 'static {
    /// Tries once to open a connection.
    fn dial(&self) -> Dialing<'_>;
}

/// A connection that is being opened.
pub type Dialing<'a> = Pin<Box<dyn Future<Output = Result<Connection, DialError>> + Send + 'a>>;

/// Why a connection could not be opened: a sentence for people, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialError(pub String);

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DialError {}
