//! The processes of services.

use serde_json::Value;

use crate::bus::Up;
use crate::names;
use crate::service::{Answer, Message, Served, Service};
use crate::world::{Happening, Host, World};

/// The service that a resource is of.
pub fn owner<'a>(services: &'a [Host], rid: &str) -> &'a Service {
    &services[names::service_of(rid).expect("a service's")].service
}

impl World {
    /// Starts a service, or connects one that runs to the bus again. What it missed or forgot is made good by a reset.
    pub fn start_service(&mut self, service: usize) {
        if self.services[service].peer.is_some() {
            return;
        }
        if !self.bus.is_up {
            return self.agenda.put(self.now() + 250, Happening::StartService(service));
        }
        let host = &mut self.services[service];
        let peer = self.bus.connect();
        host.peer = Some(peer);
        host.is_up = true;
        let (patterns, reset) = (host.service.patterns(), host.service.reset());
        patterns.into_iter().for_each(|pattern| self.to_bus(peer, Up::Subscribe(pattern)));
        self.say(service, reset);
    }

    /// A service publishes something, if it can.
    pub fn say(&mut self, service: usize, message: Message) {
        if let Host { peer: Some(peer), is_up: true, .. } = self.services[service] {
            self.to_bus(peer, Up::Publish(message));
        }
    }

    pub fn serve(&mut self, service: usize, number: u64) {
        let now = self.now();
        let Answer { messages, is_repeated, is_false } = self.services[service].service.serve(now, number);
        if is_repeated && let Some(last) = messages.last() {
            let at = self.now() + self.rng.u64(..500);
            self.agenda.put(at, Happening::Say(service, last.clone()));
        }
        messages.into_iter().for_each(|message| self.say(service, message));
        if is_false {
            self.agenda.put(self.now() + 1_000, Happening::EndLie(service));
        }
    }

    /// A service says that what it said may not have been true.
    pub fn end_lie(&mut self, service: usize) {
        let host = &mut self.services[service];
        host.service.lies = false;
        let reset = host.service.reset();
        self.say(service, reset);
    }

    /// A call has the token of who calls.
    fn check_token(&self, payload: &[u8]) {
        let payload: Value = serde_json::from_slice(payload).expect("requests are JSON");
        let link = self.links.iter().find(|link| payload["cid"] == *link.cid).expect("a client calls");
        let has_token = self.gateways[link.gateway].access.has_token(&link.cid);
        assert_eq!(!payload["token"].is_null(), has_token, "the token in a call of {}", link.cid);
    }

    /// A request comes for a service.
    pub fn ask(&mut self, service: usize, request: Message) {
        if self.is_settled && request.subject.starts_with("call.") {
            self.check_token(&request.payload);
        }
        let now = self.now();
        let Served { number, after, announcement } = self.services[service].service.ask(now, request);
        if let Some(announcement) = announcement {
            self.say(service, announcement);
        }
        self.agenda.put(now + after, Happening::Serve(service, number));
    }
}
