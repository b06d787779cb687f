//! Those who ask a gateway over HTTP: for a resource with all it refers to, once.

use res_gateway::core::border::ConnId;
use res_gateway::core::conn::{HttpAnswer, HttpRequest, Outcome, Target};
use res_gateway::core::timers::Time;
use resclient::protocol::{ResError, Version};
use serde_json::Value;

use crate::gateways::DEEPEST;
use crate::hosts::owner;
use crate::names;
use crate::world::World;

impl World {
    /// Somebody asks a gateway for a resource, if it can be reached.
    pub fn visit(&mut self, gateway: usize, rid: &str) {
        let now = Time(self.now());
        let this = &mut self.gateways[gateway];
        if this.peer.is_none() || this.is_frozen {
            return;
        }
        let Some(core) = this.core.as_mut() else { return };
        self.tally.visits += 1;
        let conn = core.handle_connect(&format!("visitor{}", self.tally.visits), Default::default());
        this.visitors.insert(conn, rid.to_owned());
        core.handle_http(now, conn, HttpRequest { header_auth: None, target: Target::Resource(rid.into()) });
        self.drain(gateway);
    }

    /// A visitor is answered, and goes.
    pub fn answer_visitor(&mut self, gateway: usize, conn: ConnId, answer: &HttpAnswer) {
        let rid = self.gateways[gateway].visitors.remove(&conn).expect("a visitor has one answer");
        self.note(|| format!("gateway {gateway}: {rid} for a visitor: {:?}", answer.outcome));
        if self.is_settled {
            self.check_answer(&rid, answer);
        }
        self.leave(gateway, conn);
    }

    /// What a visitor gets when everything is quiet is what the services have.
    fn check_answer(&self, rid: &str, answer: &HttpAnswer) {
        let service = owner(&self.services, rid);
        let truth = service.value(rid).filter(|_| service.allows(rid, false));
        let tree = match &answer.outcome {
            Ok(Outcome::Tree(tree)) => tree,
            Ok(other) => panic!("a visitor who asks for {rid} gets {other:?}"),
            Err(error) => return assert_eq!(truth, None, "a visitor who asks for {rid} is told {error:?}"),
        };
        assert!(truth.is_some() && *tree.root == *rid, "a visitor who asks for {rid} gets {}", tree.root);
        for rid in tree.resources.values().flatten().flat_map(|snapshot| snapshot.body().references()) {
            assert!(tree.resources.contains_key(rid), "{rid} is missing for a visitor");
        }
        for (rid, snapshot) in &tree.resources {
            let service = owner(&self.services, rid);
            match snapshot {
                Ok(snapshot) => {
                    let mut text = String::new();
                    snapshot.push(&mut text, Version::SUPPORTED);
                    let value: Value = serde_json::from_str(&text).expect("JSON");
                    assert_eq!(Some(value), service.value(rid), "{rid} for a visitor, and the truth");
                }
                // So deep do gateways not go.
                Err(error) if *error == ResError::SUBSCRIPTION_LIMIT && tree.resources.len() > DEEPEST => {}
                Err(error) => assert_eq!(service.value(rid), None, "{rid} for a visitor is {error:?}"),
            }
        }
    }

    /// Asks each gateway for everything.
    pub fn check_visits(&mut self) {
        self.is_settled = true;
        for gateway in 0..self.gateways.len() {
            for service in 0..self.services.len() {
                let names = self.services[service].service.names();
                let more = [names::page(service, 0, true), names::secret(service), names::endless(service, 0)];
                names.into_iter().chain(more).for_each(|rid| self.visit(gateway, &rid));
            }
        }
        let until = self.now() + SOON;
        self.go_until(until);
        self.settle();
        self.is_settled = false;
        let waiting = self.gateways.iter().find_map(|gateway| gateway.visitors.values().next());
        assert_eq!(waiting, None, "a visitor without an answer");
    }
}

/// Milliseconds after which there are answers, where nothing goes wrong.
const SOON: u64 = 5_000;
