//! What goes over the bus to services.

use std::sync::Arc;

use res_gateway::bus::{Bus, Deliveries};
use serde_json::Value;

use super::bus::TestBus;

/// Hears all requests to services.
pub struct Spy {
    deliveries: Deliveries,
    /// Nothing is delivered once it is gone.
    _bus: Arc<dyn Bus>,
}

impl Spy {
    pub fn on(bus: impl Into<TestBus>) -> Spy {
        let connection = bus.into().connect();
        for kind in ["access", "get", "call", "auth"] {
            connection.bus.subscribe(&format!("{kind}.>"));
        }
        Spy { deliveries: connection.deliveries, _bus: connection.bus }
    }

    /// Subjects and payloads of the requests since the last time, in order.
    pub fn take(&mut self) -> Vec<(String, Value)> {
        let next = || self.deliveries.try_recv();
        let requests = std::iter::from_fn(next).filter(|delivery| delivery.reply.is_some());
        let read = |payload: &[u8]| serde_json::from_slice(payload).expect("requests are JSON");
        requests.map(|delivery| (delivery.subject.to_string(), read(&delivery.payload))).collect()
    }

    /// The subjects alone, in alphabetical order where several were asked at a time.
    pub fn requests(&mut self) -> Vec<String> {
        self.take().into_iter().map(|(subject, _)| subject).collect()
    }
}
