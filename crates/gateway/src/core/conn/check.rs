//! What holds of a connection whenever it waits for input, counted from scratch in the plainest way there is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::graph::Goal;
use super::sub::{Access, Body, Edge, Level, Sub, WaitId};
use super::{Conn, Purpose, Request};
use crate::core::border::{EventKind, SubId};

impl Conn {
    /// Panics if something that is counted as one goes is not what there is, or something is kept that nothing needs:
    /// for assertions in tests.
    pub fn check(&self) {
        // What was begun goes on with the next turn, before anything else is taken in.
        if !self.is_settled() {
            return;
        }
        self.check_counts();
        self.check_reachability();
        self.check_requests();
        self.check_waits();
    }

    /// The Subs that the cache has as subscribers once all its notices are taken in.
    pub fn subscribed(&self) -> impl Iterator<Item = (SubId, u32)> {
        let is_over = |sub: &Sub| sub.events().any(|event| matches!(event, EventKind::Delete));
        self.subs.iter().filter(move |(_, sub)| sub.is_subscribed() && !is_over(sub)).map(|(&id, sub)| (id, sub.nth))
    }

    fn check_counts(&self) {
        let mut referred: BTreeMap<SubId, BTreeSet<SubId>> = BTreeMap::new();
        let mut awaited: BTreeMap<SubId, u32> = BTreeMap::new();
        for (&id, sub) in &self.subs {
            assert_eq!(self.by_rid.get(&sub.rid), Some(&id), "{}", sub.rid);
            let mut counts: BTreeMap<SubId, u32> = BTreeMap::new();
            sub.references().for_each(|rid| *counts.entry(self.by_rid[rid]).or_default() += 1);
            let edges: BTreeMap<SubId, u32> = sub.refs.iter().map(|(&child, edge)| (child, edge.count)).collect();
            assert_eq!(edges, counts, "references of {}", sub.rid);
            let added = sub.current.iter().flat_map(|(event, _)| &event.added);
            added.for_each(|rid| *awaited.entry(self.by_rid[rid]).or_default() += 1);
            for (&child, edge) in &sub.refs {
                assert!(sub.sent || !edge.sent, "the client knows a reference of {}, but not that", sub.rid);
                referred.entry(child).or_default().insert(id);
            }
        }
        for (id, sub) in &self.subs {
            let parents: BTreeSet<SubId> = sub.parents.iter().copied().collect();
            assert_eq!(parents, referred.remove(id).unwrap_or_default(), "references to {}", sub.rid);
            assert_eq!(sub.awaited, awaited.get(id).copied().unwrap_or_default(), "events with {}", sub.rid);
        }
        assert_eq!(self.by_rid.len(), self.subs.len());
        let bytes: usize = self.subs.values().flat_map(|sub| sub.queue.iter()).map(|event| event.bytes).sum();
        assert_eq!(self.waiting, bytes, "bytes of events that wait");
        assert_eq!(self.direct_rids, self.subs.values().filter(|sub| sub.direct > 0).count());
    }

    /// A Sub lives, is held by the client, or is kept up to date for what is not sent yet, exactly as long as there is
    /// a way to it from something that is for its own sake.
    fn check_reachability(&self) {
        let living = self.reached(self.having(Sub::is_root), |_, _| true);
        let held = self.reached(self.having(|sub| sub.direct > 0), |_, edge| edge.sent);
        let needs = self.having(|sub| sub.is_root() || sub.awaited > 0 || !sub.is_unsent());
        let needed = self.reached(needs, |sub, edge| !edge.sent || sub.is_replacement());
        for (id, sub) in &self.subs {
            assert!(living.contains(id), "{} lives for nothing", sub.rid);
            assert!(!sub.sent || held.contains(id), "the client has dropped {}", sub.rid);
            assert!(sub.sent || sub.direct == 0, "the client subscribes to {} without holding it", sub.rid);
            assert!(!sub.is_unsent() || !sub.is_wanted() || needed.contains(id), "{} waits for nothing", sub.rid);
        }
    }

    fn having(&self, what: impl Fn(&Sub) -> bool) -> Vec<SubId> {
        self.subs.iter().filter(|(_, sub)| what(sub)).map(|(&id, _)| id).collect()
    }

    fn reached(&self, mut stack: Vec<SubId>, counts: impl Fn(&Sub, &Edge) -> bool) -> BTreeSet<SubId> {
        let mut reached = BTreeSet::new();
        while let Some(id) = stack.pop() {
            if reached.insert(id) {
                let sub = &self.subs[&id];
                stack.extend(sub.refs.iter().filter(|(_, edge)| counts(sub, edge)).map(|(&child, _)| child));
            }
        }
        reached
    }

    fn check_requests(&self) {
        for (id, request) in &self.requests {
            let Request::Direct { sub, .. } = request else { continue };
            assert!(self.subs[sub].requests.contains(id), "{} does not know of its request", self.subs[sub].rid);
        }
        for (id, sub) in &self.subs {
            let all = || sub.requests.iter().chain(&sub.calls);
            assert!(all().all(|request| self.requests.contains_key(request)), "{} lives for an old request", sub.rid);
            let is_asked = self.tickets.values().any(|purpose| matches!(purpose, Purpose::Access(sub) if sub == id));
            let waits = matches!(sub.access, Access::InFlight { .. });
            assert_eq!(waits, is_asked, "whether access to {} is asked for", sub.rid);
            assert!(waits || !sub.held && sub.calls.is_empty() && sub.slots.is_empty(), "{} waits for access", sub.rid);
        }
    }

    fn check_waits(&self) {
        let mut pending: BTreeMap<WaitId, usize> = BTreeMap::new();
        for sub in self.subs.values() {
            assert!(sub.waits.is_empty() || matches!(sub.body, Body::Loading(_)), "{} is waited for", sub.rid);
            sub.waits.iter().for_each(|&id| *pending.entry(id).or_default() += 1);
        }
        let throttled = self.subs.values().filter(|sub| sub.queued).filter_map(|sub| sub.level.as_ref());
        let is_settled = throttled.map(Level::following).all(|following| following.throttle.is_settled());
        assert!(is_settled && self.references.is_settled(), "a reference waits for its turn, and nothing has it");
        for (id, wait) in &self.waits {
            assert_eq!(pending.get(id), Some(&wait.pending), "what {:?} waits for", wait.goal);
            let goal = match &wait.goal {
                Goal::Request(request) => match self.requests.get(request) {
                    Some(Request::Direct { wait, .. }) => *wait,
                    _ => None,
                },
                Goal::Event(sub) => self.subs[sub].current.as_ref().and_then(|(_, wait)| *wait),
            };
            assert_eq!(goal, Some(*id), "{:?} waits for something else", wait.goal);
        }
    }
}

impl Sub {
    /// All references that it counts: those of what the client holds, of what it is to hold, and of the event it waits
    /// for.
    fn references(&self) -> impl Iterator<Item = &Arc<str>> {
        let body = match &self.body {
            Body::Loaded(snapshot) | Body::Deleted(snapshot) => Some(snapshot),
            Body::Loading(_) | Body::Failed(_) => None,
        };
        let bodies = body.into_iter().chain(&self.replaced).flat_map(|snapshot| snapshot.body().references());
        bodies.chain(self.current.iter().flat_map(|(event, _)| &event.added))
    }

    fn events(&self) -> impl Iterator<Item = &EventKind> {
        self.current.iter().map(|(event, _)| event.as_ref()).chain(self.queue.iter()).map(|event| &event.kind)
    }
}
