//! What goes to the bus, and what comes from it.

use crate::bus::{Peer, Up};
use crate::world::{Happening, World};

impl World {
    /// Sends something to the bus.
    pub fn to_bus(&mut self, peer: Peer, what: Up) {
        if let Up::Publish(message) = &what {
            self.tally.messages += 1;
            self.digest(message.subject.as_bytes());
            self.digest(&message.payload);
            self.note(|| format!("bus {}: {} {}", peer.0, message.subject, String::from_utf8_lossy(&message.payload)));
        }
        if let Some(at) = self.bus.send(self.now(), peer, what) {
            self.agenda.put(at, Happening::AtBus(peer));
        }
    }

    /// Something has arrived from one peer at another.
    pub fn from_bus(&mut self, from: Peer, to: Peer) {
        let gateway = self.gateways.iter().position(|gateway| gateway.peer == Some(to));
        let service = self.services.iter().position(|host| host.peer == Some(to));
        if gateway.is_some_and(|gateway| self.gateways[gateway].is_frozen) {
            return;
        }
        loop {
            match self.bus.receive(self.now(), from, to) {
                Ok(delivery) => match (gateway, service) {
                    (Some(gateway), _) => self.deliver(gateway, &delivery),
                    (_, Some(service)) => self.ask(service, delivery.message),
                    _ => {}
                },
                Err(Some(at)) => return self.agenda.put(at, Happening::FromBus(from, to)),
                Err(None) => return,
            }
        }
    }
}
