//! One run, for a page to look at: who holds what, and whether it is true, at any moment of it.

use resclient::protocol::frame::ResourceKind;
use resclient::session::ConnectionState;
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::names;
use crate::script::{Act, LENGTH, Script};
use crate::world::World;

/// Runs the script of a seed with everything that is checked; gives the digest of all that was sent, which is the one that
/// `npm run sim -- --seed` says.
#[wasm_bindgen]
pub fn digest(seed: f64) -> String {
    let mut world = World::new(Script::from_seed(seed as u64));
    world.run();
    world.tally.digest.to_string()
}

/// A run that can be looked at while it goes on.
#[wasm_bindgen]
pub struct Simulation {
    world: World,
    is_at_peace: bool,
}

/// What goes wrong in here is an error for whoever called, with its text.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| wasm_bindgen::throw_str(&info.to_string())));
}

#[wasm_bindgen]
impl Simulation {
    /// The run of a seed, at its beginning.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: f64) -> Simulation {
        Simulation { world: World::new(Script::from_seed(seed as u64)), is_at_peace: false }
    }

    /// What is going to be done, as JSON: a list of `{at, who, text}`, with times in milliseconds.
    pub fn script(&self) -> String {
        let steps = self.world.script.steps.iter().map(|step| {
            let (who, text) = match &step.act {
                Act::Client(client, what) => (format!("Client {client}"), format!("{what:?}")),
                Act::Service(service, deed) => (names::SERVICES[*service].to_owned(), format!("{deed:?}")),
                Act::Visit(gateway, rid) => (format!("Gateway {gateway}"), format!("HTTP {rid:?}")),
                Act::Fault(fault) => ("fault".to_owned(), format!("{fault:?}")),
            };
            json!({ "at": step.at, "who": who, "text": text })
        });
        steps.collect::<Value>().to_string()
    }

    /// When the script ends and everything is made to work again, in milliseconds.
    pub fn length(&self) -> f64 {
        LENGTH as f64
    }

    /// Goes on until so many milliseconds since the beginning; what there is then, as JSON.
    pub fn advance(&mut self, until: f64) -> String {
        let until = until as u64;
        self.world.go_until(until.min(LENGTH));
        if until >= LENGTH && !self.is_at_peace {
            self.is_at_peace = true;
            self.world.heal();
        }
        self.world.go_until(until);
        self.state().to_string()
    }

    fn state(&mut self) -> Value {
        let now = self.world.now();
        let services = self.world.services.iter().enumerate().map(|(n, host)| {
            let state = match (host.is_up, host.peer) {
                (false, _) => "down",
                (true, None) => "cut off",
                (true, Some(_)) if host.service.lies => "lies",
                (true, Some(_)) if now < host.service.slow.1 => "slow",
                (true, Some(_)) => "up",
            };
            json!({ "name": names::SERVICES[n], "state": state })
        });
        let services: Value = services.collect();
        let gateways = self.world.gateways.iter().map(|gateway| {
            let state = match &gateway.core {
                None => "down",
                Some(_) if gateway.is_frozen => "frozen",
                Some(_) if gateway.peer.is_none() => "no bus",
                Some(_) => "up",
            };
            let cached = gateway.core.as_ref().map_or(0, |core| core.cache().counts().0);
            json!({ "state": state, "clients": gateway.links.len(), "cached": cached })
        });
        let gateways: Value = gateways.collect();
        let clients: Vec<Value> = (0..self.world.clients.len()).map(|n| self.client(n)).collect();
        json!({ "now": now, "bus": self.world.bus.is_up, "services": services, "gateways": gateways, "clients": clients })
    }

    fn client(&mut self, n: usize) -> Value {
        let World { clients, links, services, .. } = &mut self.world;
        let client = &mut clients[n];
        let state = match client.engine.state() {
            _ if client.is_frozen => "asleep",
            ConnectionState::Connected => "connected",
            ConnectionState::Stale => "comparing",
            ConnectionState::Connecting => "connecting",
            ConnectionState::Waiting { .. } => "waiting",
            ConnectionState::Idle | ConnectionState::Closed => "closed",
        };
        let gateway = client.link.map(|link| links[link].gateway);
        let held = client.engine.resources().into_iter().filter(|r| r.kind.is_some());
        let mut held: Vec<_> = held.map(|r| (r.rid.to_owned(), r.id, r.kind, r.stale, r.direct)).collect();
        held.sort_by(|a, b| a.0.cmp(&b.0));
        let resources = held.into_iter().map(|(rid, id, kind, is_stale, direct)| {
            let truth = names::service_of(&rid).and_then(|service| services.get(service)?.service.value(&rid));
            let value = client.wire_value(id);
            let link = client.link.map(|link| &links[link]);
            let is_refused = link.is_some_and(|link| link.wire.refused.contains(&rid));
            let is_deleted = link.is_some_and(|link| link.wire.held.get(&rid).is_some_and(|held| held.is_deleted));
            let is_denied = names::service_of(&rid).is_some_and(|n| !services[n].service.allows(&rid, true));
            let state = match (kind == Some(ResourceKind::Error), value == truth) {
                (true, _) => "error",
                _ if is_deleted || is_stale && (truth.is_none() || is_denied || is_refused) => "gone",
                // It is not listened to: what refers to it is gone itself.
                (_, false) if !is_stale || direct > 0 || state != "connected" => "other",
                _ if is_stale => "stale",
                _ => "same",
            };
            json!({ "rid": rid, "state": state, "direct": direct, "value": value, "truth": truth })
        });
        json!({ "state": state, "gateway": gateway, "resources": resources.collect::<Value>() })
    }
}
