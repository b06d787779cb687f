//! The bus that carries requests, responses and events between services and the gateway.
//!
//! A bus has one guarantee that everything else rests on: what one connection publishes reaches every other connection
//! in the order it was published, requests, responses and events alike. Therefore a connection has a single queue of
//! deliveries, and a response is an ordinary message on the subject its requester chose.

mod memory;

use std::sync::Arc;

use tokio::sync::mpsc;

pub use memory::MemoryBus;

/// The sending side of one connection to a bus.
pub trait Bus: Send + Sync + 'static {
    /// Sends a message. With `reply`, somebody is waiting for answers on that subject: if nobody listens to `subject`,
    /// a [`Delivery`] with [`Delivery::no_responders`] set comes back on it at once.
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>);

    /// Starts to deliver messages whose subject matches `pattern` (`*` one part, `>` all further parts).
    fn subscribe(&self, pattern: &str);

    /// Ends what [`Bus::subscribe`] with the same pattern began.
    fn unsubscribe(&self, pattern: &str);
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

/// A connection to a bus: a sender that may be shared, and the one queue of deliveries. The queue ends when the bus is lost.
pub struct Connection {
    pub bus: Arc<dyn Bus>,
    pub deliveries: mpsc::UnboundedReceiver<Delivery>,
}
