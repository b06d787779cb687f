//! What has to hold when everything is quiet: clients, gateways and services agree; and when nobody wants anything any
//! more, nothing is left.

use std::collections::BTreeSet;

use res_gateway::core::timers::Time;
use resclient::protocol::frame::ResourceKind;
use resclient::session::{ConnectionState, ResourceInfo};
use serde_json::Value;

use crate::client::Proof;
use crate::gateways::DEEPEST;
use crate::hosts::owner;
use crate::names;
use crate::script::{Deed, Json, Use};
use crate::world::{Link, World};

impl World {
    /// Lets what is under way arrive, now that nothing new is begun.
    pub fn settle(&mut self) {
        for _ in 0..500 {
            if self.is_quiet() {
                return;
            }
            let until = self.now() + 20;
            self.go_until(until);
        }
        panic!("it does not come to rest");
    }

    fn is_quiet(&self) -> bool {
        let is_idle = |gateway: &crate::world::Gateway| {
            gateway.core.as_ref().is_some_and(|core| !core.is_busy() && core.waiting() == 0)
        };
        self.bus.is_quiet()
            && self.services.iter().all(|host| !host.service.is_asked())
            && self.gateways.iter().all(is_idle)
            && self.clients.iter().filter_map(|client| client.link).all(|link| {
                let link = &self.links[link];
                link.up.is_empty() && link.down.is_empty() && link.waiting.is_empty()
            })
    }

    /// Clients hold what their gateways say that they hold, and it is what the services have.
    pub fn check_agreement(&mut self) {
        for gateway in &self.gateways {
            gateway.core.as_ref().expect("all gateways run").check();
        }
        (0..self.clients.len()).for_each(|client| self.check_client(client));
    }

    fn check_client(&mut self, n: usize) {
        let client = &mut self.clients[n];
        assert!(client.is_connected(), "client {n} is not connected: {:?}", client.engine.state());
        client.check();
        let link = &self.links[client.link.expect("it is connected")];
        let conn = link.conn.expect("the gateway knows it");
        let gateway = &self.gateways[link.gateway];
        let conn = gateway.core.as_ref().and_then(|core| core.conn(conn)).expect("the core knows it");
        let wire = &link.wire;
        assert!(wire.unfounded.is_empty(), "client {n}: it unsubscribed from {:?} for nothing", wire.unfounded);
        assert!(wire.requests.is_empty(), "client {n}: requests without an answer: {:?}", wire.requests);

        let said: BTreeSet<&str> = wire.held.keys().map(String::as_str).collect();
        let held = conn.held();
        assert_eq!(held.keys().copied().collect::<BTreeSet<_>>(), said, "client {n}: what the gateway takes for held");
        let reached = wire.reached();
        assert_eq!(conn.sub_count(), reached.len(), "client {n}: what the gateway has in memory, of {reached:?}");

        let resources = client.engine.resources();
        let (stale, live): (Vec<_>, Vec<_>) = resources.into_iter().filter(|r| r.kind.is_some()).partition(|r| r.stale);
        let values = live.iter().filter(|r| r.kind != Some(ResourceKind::Error));
        // What is deleted may be asked for again.
        let is_there = |rid: &&str| !wire.held.get(*rid).is_some_and(|held| held.is_deleted);
        let cached: BTreeSet<&str> = values.map(|r| r.rid).filter(is_there).collect();
        let said = said.into_iter().filter(is_there).collect();
        assert_eq!(cached, said, "client {n}: what it takes for live");
        let is_allowed = |rid: &str| {
            let has_token = gateway.access.has_token(&link.cid);
            owner(&self.services, rid).allows(rid, has_token)
        };
        let truth = |rid: &str| owner(&self.services, rid).value(rid);
        // Those that are not listened to are there for references of those that are.
        for r in stale.iter().filter(|r| r.direct > 0) {
            let can_be_had = truth(r.rid).is_some() && is_allowed(r.rid) && !wire.refused.contains(r.rid);
            assert!(!can_be_had, "client {n}: {} is stale although it can be had", r.rid);
        }
        let ids: Vec<_> = live.iter().map(|r| (r.id, r.rid.to_owned(), r.kind, r.direct)).collect();
        for (id, rid, kind, direct) in ids {
            assert_eq!(direct, client.listened.get(&id).copied().unwrap_or(0), "client {n}: listeners of {rid}");
            if kind == Some(ResourceKind::Error) {
                let code = wire.errors.get(&rid).unwrap_or_else(|| panic!("client {n}: an error {rid}"));
                // Of what is missing any error says that it cannot be had. What may not be subscribed to by itself cannot be
                // asked for again.
                let is_right = truth(&rid).is_none()
                    || !is_allowed(&rid)
                    || wire.refused.contains(&rid)
                    || code == "system.subscriptionLimitExceeded" && rid.contains(".endless.");
                assert!(is_right, "client {n}: {rid} is an error {code}, and should be {:?}", truth(&rid));
                continue;
            }
            let held_here = &wire.held[&rid];
            assert_eq!(
                client.wire_value(id).as_ref(),
                Some(&held_here.value),
                "client {n}: {rid}, and what it was told"
            );
            let at_gateway: Value = serde_json::from_str(&held[&*rid]).expect("JSON");
            assert_eq!(at_gateway, held_here.value, "client {n}: {rid} at the gateway, and what it told");
            if held_here.is_deleted {
                let service = owner(&self.services, &rid);
                // What the gateway knows may be older than the connection.
                let gone = service.was_gone(&rid).is_some_and(|at| at + OLD > link.since);
                assert!(truth(&rid).is_none() || gone, "client {n}: {rid} was not deleted");
            } else {
                assert_eq!(Some(&held_here.value), truth(&rid).as_ref(), "client {n}: {rid}, and the truth");
                self.tally.compared += 1;
            }
        }
        let endless = wire.held.keys().filter(|rid| rid.contains(".endless.")).count();
        let most = names::SERVICES.len() * 10 * (DEEPEST + 1);
        assert!(endless <= most, "client {n}: {endless} links of chains without an end");
        for rid in wire.subscribed() {
            assert!(is_allowed(rid), "client {n}: {rid} is subscribed to, and not to be seen");
        }
    }

    /// What a gateway says may not be had is what a service says may not be had.
    pub fn check_denials(&mut self, link: usize) {
        let Link { wire, cid, .. } = &mut self.links[link];
        for rid in wire.denials.drain(..) {
            let service = owner(&self.services, &rid);
            assert!(service.has_denied(cid, &rid), "no service denied {rid} to {cid}");
        }
    }

    /// Whether each client has what it listens to, as far as it may be had.
    pub fn is_caught_up(&mut self) -> bool {
        let World { clients, links, services, gateways, .. } = self;
        clients.iter_mut().all(|client| {
            let Some(link) = client.link.map(|link| &links[link]).filter(|_| client.is_connected()) else {
                return false;
            };
            let has_token = gateways[link.gateway].access.has_token(&link.cid);
            // What came as an error is asked for again after twice as long each time.
            let is_wanted = |r: &ResourceInfo<'_>| r.direct > 0 && r.kind != Some(ResourceKind::Error);
            let listened = client.engine.resources().into_iter().filter(is_wanted);
            let listened: Vec<_> = listened.map(|r| (r.id, r.rid.to_owned(), r.stale)).collect();
            listened.into_iter().all(|(id, rid, is_stale)| {
                let service = owner(services, &rid);
                let truth = service.value(&rid).filter(|_| service.allows(&rid, has_token));
                let is_excused =
                    link.wire.refused.contains(&rid) || link.wire.held.get(&rid).is_some_and(|h| h.is_deleted);
                truth.is_none() || is_excused || !is_stale && client.wire_value(id) == truth
            })
        })
    }

    /// Whoever asks for something gets it, if they may have it.
    pub fn check_asking(&mut self) {
        self.is_settled = true;
        for client in 0..self.clients.len() {
            for service in 0..self.services.len() {
                let names = self.services[service].service.names();
                let pages = [names::page(service, 0, true), names::page(service, 1, false)];
                for name in &names {
                    self.demand(client, Proof::Call(name.clone()));
                }
                for rid in names.into_iter().chain(pages) {
                    self.demand(client, Proof::Fetch(rid.clone()));
                    self.demand(client, Proof::Get(rid));
                }
            }
        }
        let until = self.now() + SOON;
        self.go_until(until);
        self.settle();
        self.is_settled = false;
        for n in 0..self.clients.len() {
            let proofs = std::mem::take(&mut self.clients[n].proofs);
            let link = &self.links[self.clients[n].link.expect("it is connected")];
            let has_token = self.gateways[link.gateway].access.has_token(&link.cid);
            for (what, outcome) in proofs {
                let (Proof::Get(rid) | Proof::Fetch(rid) | Proof::Call(rid)) = &what;
                let service = owner(&self.services, rid);
                let is_there = matches!(what, Proof::Call(_)) || service.value(rid).is_some();
                let can = is_there && service.allows(rid, has_token);
                assert_eq!(outcome.is_ok(), can, "client {n}: {what:?} is answered by {outcome:?}");
                if let (Proof::Fetch(_), Ok(set)) = (&what, &outcome) {
                    self.check_set(set);
                }
                self.tally.compared += 1;
            }
        }
        // What was too deep below it is asked for by itself.
        let until = self.now() + DEEP;
        self.go_until(until);
        self.settle();
    }

    fn demand(&mut self, client: usize, what: Proof) {
        let now = self.now();
        self.clients[client].ask(now, what);
        self.carry_out(client);
    }

    /// What comes with what is fetched is true, too.
    fn check_set(&self, set: &Value) {
        let truth = |rid: &str| owner(&self.services, rid).value(rid);
        let members = |group| set[group].as_object().into_iter().flatten();
        for (rid, value) in members("models").chain(members("collections")) {
            assert_eq!(Some(value), truth(rid).as_ref(), "{rid} in what is fetched, and the truth");
        }
        for (rid, error) in members("errors") {
            let is_deep = error["code"] == "system.subscriptionLimitExceeded";
            assert!(is_deep || truth(rid).is_none(), "{rid} in what is fetched is {error}");
        }
    }

    /// It was not by chance: events still come, and after changes everything agrees again.
    pub fn check_liveliness(&mut self) {
        self.do_to_all(|name| vec![Deed::Custom(name.to_owned())]);
        let until = self.now() + SOON;
        self.go_until(until);
        for (n, client) in self.clients.iter().enumerate() {
            let wire = &self.links[client.link.expect("it is connected")].wire;
            for rid in wire.held.iter().filter(|(_, held)| !held.is_deleted).map(|(rid, _)| rid) {
                let service = names::service_of(rid).and_then(|service| self.services.get(service));
                if let Some(last) = service.and_then(|host| host.service.last_rung(rid)) {
                    assert_eq!(wire.rung.get(rid), Some(&last), "client {n}: the last custom event of {rid}");
                }
            }
        }
        self.do_to_all(|name| {
            // One of the first two is possible.
            let set = Deed::Set(name.to_owned(), names::MEMBERS[0], Some(Json("changed".into())));
            vec![set, Deed::Insert(name.to_owned(), 0, Json("added".into())), Deed::PutItem(0, 3), Deed::PutItem(0, 7)]
        });
        let until = self.now() + DEEP;
        self.go_until(until);
        self.settle();
        self.check_agreement();
    }

    /// Has services do something with everything they have.
    fn do_to_all(&mut self, deeds: impl Fn(&str) -> Vec<Deed>) {
        let now = self.now();
        for service in 0..self.services.len() {
            for name in self.services[service].service.names() {
                for deed in deeds(&name) {
                    let messages = self.services[service].service.act(now, &deed);
                    messages.into_iter().for_each(|message| self.say(service, message));
                }
            }
        }
    }

    /// Nobody wants anything any more: clients, gateways and the bus are empty.
    pub fn check_release(&mut self) {
        for client in 0..self.clients.len() {
            let now = self.now();
            self.clients[client].leave_all(now);
            self.carry_out(client);
        }
        let until = self.now() + 30_000;
        self.go_until(until);
        self.settle();
        for (n, client) in self.clients.iter_mut().enumerate() {
            client.check();
            assert!(client.mirror.is_empty(), "client {n}: values without a listener");
            assert_eq!(client.engine.resources(), [], "client {n}: resources without a listener");
            let link = &self.links[client.link.expect("it is connected")];
            assert!(link.wire.held.is_empty(), "client {n}: held without a listener: {:?}", link.wire.held.keys());
        }
        for client in 0..self.clients.len() {
            let now = self.now();
            self.clients[client].act(now, &Use::Disconnect);
            assert_eq!(self.clients[client].engine.state(), ConnectionState::Closed);
            self.carry_out(client);
        }
        for gateway in 0..self.gateways.len() {
            for attacker in std::mem::take(&mut self.gateways[gateway].attackers) {
                let now = Time(self.now());
                self.gateways[gateway].core.as_mut().expect("it runs").handle_disconnect(now, attacker);
            }
            self.drain(gateway);
        }
        let until = self.now() + 60_000;
        self.go_until(until);
        self.settle();
        for (n, gateway) in self.gateways.iter().enumerate() {
            let core = gateway.core.as_ref().expect("it runs");
            core.check();
            assert_eq!(core.cache().counts(), (0, 0), "gateway {n}: cached for nobody");
            assert!(gateway.links.is_empty(), "gateway {n}: clients that have gone: {:?}", gateway.links);
            assert_eq!(core.poll_timeout(), None, "gateway {n}: it waits for something");
            let patterns = self.bus.patterns(gateway.peer.expect("it has a bus"));
            let own = |pattern: &&&str| pattern.starts_with("_INBOX.") || **pattern == "system.*";
            assert_eq!(patterns.iter().filter(own).count(), patterns.len(), "gateway {n}: subscriptions {patterns:?}");
        }
    }
}

/// Milliseconds after which what came as an error has been asked for again, some levels deep.
const DEEP: u64 = 60_000;
/// Milliseconds after which events have come, where nothing goes wrong.
const SOON: u64 = 5_000;
/// Milliseconds for which a gateway may keep what nobody holds, and then some.
const OLD: u64 = 20_000;
