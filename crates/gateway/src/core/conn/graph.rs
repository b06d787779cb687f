//! The graph of a connection's Subs: references, waiting for a part of it to load, sending it, and dropping what
//! nothing refers to any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use resclient::protocol::ResError;

use super::set::ResourceSet;
use super::sub::{Body, Edge, Level, RequestId, Sub, WaitId};
use super::{Conn, Output};
use crate::core::border::{Address, Command, SubId};
use crate::core::throttle::Slot;
use crate::core::value::Snapshot;

/// Something that goes on once everything it refers to is there.
#[derive(Debug)]
pub struct Wait {
    /// Subs that are still loading.
    pub pending: usize,
    visited: BTreeSet<SubId>,
    pub goal: Goal,
}

#[derive(Debug, Clone, Copy)]
pub enum Goal {
    Request(RequestId),
    /// The current event of the Sub.
    Event(SubId),
}

impl Conn {
    /// The Sub for a resource; it is created and asked for if there is none, and asked for again if it could not be
    /// had. With a `parent`, it is for a reference from there, and asked for only within the limits of references.
    pub(super) fn acquire(&mut self, rid: &Arc<str>, parent: Option<&Level>) -> SubId {
        let level = |limits| parent.map_or_else(|| Some(Level::top(limits)), |parent| parent.below(limits));
        if let Some(&id) = self.by_rid.get(rid) {
            let sub = &self.subs[&id];
            if sub.queued && parent.is_none() {
                // What is asked for itself does not wait for what others are referred from.
                self.load(id, Vec::new());
            } else if !sub.is_wanted()
                && let Some(level) = level(&self.limits)
            {
                self.sub(id).level = Some(level);
                self.reload(id);
            }
            return id;
        }
        let level = level(&self.limits);
        let id = SubId(self.next_id());
        let is_over = level.is_none() || self.subs.len() >= self.limits.held_resources;
        let level = level.unwrap_or_else(|| Level::top(&self.limits));
        let (address, body) = match self.address(rid) {
            None => (Address::plain(rid.clone()), Body::Failed(Box::new(ResError::INVALID_REQUEST))),
            Some(address) if is_over => {
                self.stats.refused += 1;
                (address, Body::Failed(Box::new(ResError::SUBSCRIPTION_LIMIT)))
            }
            Some(address) => (address, Body::Loading(None)),
        };
        self.subs.insert(id, Box::new(Sub::new(rid.clone(), address, body, level)));
        self.by_rid.insert(rid.clone(), id);
        if self.subs[&id].is_wanted() {
            self.queue_load(id);
        }
        id
    }

    /// Asks again for what failed before or was deleted.
    fn reload(&mut self, id: SubId) {
        let sub = self.sub(id);
        match &sub.body {
            Body::Failed(error) => sub.body = Body::Loading(Some(error.clone())),
            Body::Deleted(held) => {
                sub.replaced = Some(held.clone());
                sub.body = Body::Loading(Some(Box::new(ResError::DELETED)));
            }
            _ => return,
        }
        self.queue_load(id);
    }

    /// Has the resource loaded: at once if it is asked for itself, else when it is its turn among what is referred to.
    fn queue_load(&mut self, id: SubId) {
        let Some(level) = self.subs[&id].level.clone().filter(Level::is_below) else {
            return self.load(id, Vec::new());
        };
        self.sub(id).queued = true;
        level.following().throttle.push(id);
        self.load_next(&level);
        let mut following = level.following();
        let waits = !following.throttle.is_empty() || !self.references.is_empty();
        if waits && !std::mem::replace(&mut following.is_known, true) {
            self.throttled.push(level.clone());
        }
    }

    fn load(&mut self, id: SubId, slots: Vec<Slot>) {
        let subscriber = self.subscriber(id);
        let sub = self.sub(id);
        sub.queued = false;
        sub.loading = slots;
        let address = sub.address.clone();
        self.output(Output::Cache(Command::Subscribe(subscriber, address)));
    }

    /// Loads what waits for its turn, as far as its request and the connection may. Returns whether some passed their
    /// turn on, so that others may have theirs.
    fn load_next(&mut self, level: &Level) -> bool {
        loop {
            // A statement of its own, or the lock would be held while it is taken again.
            let next = level.following().throttle.admit();
            let Some(next) = next else { break };
            self.references.push(next);
        }
        let mut has_passed = false;
        while let Some(((id, slot), own)) = self.references.admit() {
            // It may be gone by now, or have been asked for itself.
            if self.subs.get(&id).is_some_and(|sub| sub.queued) {
                self.load(id, vec![slot, own]);
            } else {
                has_passed = true;
            }
        }
        has_passed
    }

    /// Goes on with the references that wait.
    pub(super) fn follow(&mut self) {
        let mut goes_on = !self.throttled.is_empty();
        while std::mem::take(&mut goes_on) {
            for level in std::mem::take(&mut self.throttled) {
                goes_on |= self.load_next(&level);
                let is_known = !level.following().throttle.is_empty() || !self.references.is_empty();
                level.following().is_known = is_known;
                if is_known {
                    self.throttled.push(level);
                }
            }
        }
    }

    /// Counts a reference from `parent`, which is at the level, to the resource.
    pub(super) fn add_reference(&mut self, parent: SubId, rid: &Arc<str>, level: &Level) -> SubId {
        self.effort += 1;
        let child = self.acquire(rid, Some(level));
        let edge = self.sub(parent).refs.entry(child).or_default();
        edge.count += 1;
        if edge.count == 1 {
            self.sub(child).indirect += 1;
        }
        child
    }

    /// Takes one reference back.
    pub(super) fn release_reference(&mut self, parent: SubId, rid: &Arc<str>) -> Option<SubId> {
        let child = *self.by_rid.get(rid)?;
        let refs = &mut self.sub(parent).refs;
        let edge = refs.get_mut(&child)?;
        edge.count -= 1;
        if edge.count == 0 {
            let sent = edge.sent;
            refs.remove(&child);
            self.sub(child).indirect -= 1;
            self.sub(child).sent_indirect -= u32::from(sent);
        }
        Some(child)
    }

    /// Waits until all that can be reached from `roots` without passing over what the client has is loaded or failed.
    /// `None` when it is already.
    pub(super) fn start_wait(&mut self, roots: Vec<SubId>, goal: Goal) -> Option<WaitId> {
        if roots.is_empty() {
            return None;
        }
        let id = WaitId(self.next_id());
        self.waits.insert(id, Wait { pending: 0, visited: BTreeSet::new(), goal });
        self.extend_wait(id, roots);
        if self.waits[&id].pending == 0 {
            self.waits.remove(&id);
            return None;
        }
        Some(id)
    }

    fn extend_wait(&mut self, id: WaitId, mut stack: Vec<SubId>) {
        let Some(wait) = self.waits.get_mut(&id) else { return };
        while let Some(next) = stack.pop() {
            if !wait.visited.insert(next) {
                continue;
            }
            let Some(sub) = self.subs.get_mut(&next) else { continue };
            match &sub.body {
                Body::Loading(_) => {
                    wait.pending += 1;
                    sub.waits.push(id);
                }
                Body::Loaded(_) if sub.is_unsent() => stack.extend(sub.refs.keys()),
                _ => {}
            }
        }
    }

    /// The Sub is loaded, failed or gone: what waited for it may go on, or waits for its references.
    pub(super) fn resolve_waits(&mut self, waits: Vec<WaitId>, references: Vec<SubId>) {
        for id in waits {
            self.extend_wait(id, references.clone());
            let Some(wait) = self.waits.get_mut(&id) else { continue };
            wait.pending -= 1;
            if wait.pending == 0 {
                let wait = self.waits.remove(&id).expect("found above");
                self.ready.push_back(wait.goal);
            }
        }
    }

    /// Adds to the set what the client does not hold of all that can be reached from `root`, and takes note that it
    /// holds it now.
    pub(super) fn send(&mut self, root: SubId, set: &mut ResourceSet) {
        let version = self.version;
        let mut errors = BTreeSet::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            self.effort += 1;
            let sub = self.subs.get_mut(&id).expect("referenced Subs exist");
            match &sub.body {
                Body::Loaded(snapshot) if sub.is_unsent() => {
                    let snapshot = snapshot.clone();
                    set.add(&sub.rid, &snapshot, version);
                    sub.sent = true;
                    let replaced = sub.replaced.take();
                    let references: Vec<_> = snapshot.body().references().cloned().collect();
                    let children = references.iter().map(|rid| self.mark_sent(id, rid)).collect::<Vec<_>>();
                    stack.extend(children.into_iter().rev());
                    if let Some(old) = replaced {
                        let released = old.body().references().filter_map(|rid| self.release_reference(id, rid));
                        let released: Vec<_> = released.collect();
                        self.garbage.extend(released);
                    }
                    self.flushable.push_back(id);
                }
                Body::Loaded(_) => {}
                Body::Loading(Some(_)) if sub.sent => {}
                Body::Failed(error) | Body::Loading(Some(error)) => {
                    if errors.insert(id) {
                        set.add_error(&sub.rid, error);
                    }
                }
                Body::Deleted(_) => {}
                Body::Loading(None) => unreachable!("sent before it was ready"),
            }
        }
    }

    /// The client has seen the reference.
    pub(super) fn mark_sent(&mut self, parent: SubId, rid: &Arc<str>) -> SubId {
        let child = self.by_rid[rid];
        let edge = self.sub(parent).refs.get_mut(&child).expect("references of a loaded Sub are counted");
        if !edge.sent {
            edge.sent = true;
            self.sub(child).sent_indirect += 1;
        }
        child
    }

    /// What [`Conn::send`] would add, without the client holding any of it afterwards.
    pub(super) fn peek(&self, root: SubId, mut found: impl FnMut(&Arc<str>, Result<&Arc<Snapshot>, &ResError>)) {
        let mut visited = BTreeSet::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            let sub = &self.subs[&id];
            if !visited.insert(id) {
                continue;
            }
            match &sub.body {
                Body::Loaded(snapshot) if sub.is_unsent() => {
                    found(&sub.rid, Ok(snapshot));
                    let references: Vec<_> = snapshot.body().references().map(|rid| self.by_rid[rid]).collect();
                    stack.extend(references.into_iter().rev());
                }
                Body::Loaded(_) => {}
                Body::Loading(Some(_)) if sub.sent => {}
                Body::Failed(error) | Body::Loading(Some(error)) => found(&sub.rid, Err(error)),
                Body::Deleted(_) => {}
                Body::Loading(None) => unreachable!("read before it was ready"),
            }
        }
    }

    /// Drops what lost its last reason to live, starting from Subs that lost one. Cycles do not keep themselves.
    pub(super) fn collect(&mut self, start: &[SubId]) {
        // What the client drops now, it must be sent again should something unsent still refer to it.
        let dropped =
            self.unreachable(start, |sub| sub.direct > 0 || !sub.sent, |sub| sub.sent_indirect, |edge| edge.sent);
        for id in dropped {
            let sub = self.sub(id);
            sub.sent = false;
            let seen: Vec<SubId> = sub.refs.iter().filter(|(_, edge)| edge.sent).map(|(&child, _)| child).collect();
            sub.refs.values_mut().for_each(|edge| edge.sent = false);
            // What was kept of a deleted resource was kept because the client had it.
            let mut relics: Vec<_> = sub.replaced.take().into_iter().collect();
            if let Body::Deleted(held) = &sub.body {
                relics.push(held.clone());
                sub.body = Body::Failed(Box::new(ResError::DELETED));
            }
            for child in seen {
                self.sub(child).sent_indirect -= 1;
            }
            for rid in relics.iter().flat_map(|relic| relic.body().references()) {
                let child = self.release_reference(id, rid);
                self.garbage.extend(child);
            }
        }
        let (mut freed, mut touched) = (Vec::new(), start.to_vec());
        for id in self.unreachable(start, |sub| sub.is_root(), |sub| sub.indirect, |_| true) {
            touched.extend(self.subs[&id].refs.keys());
            freed.extend(self.dispose(id));
        }
        self.resolve_waits(freed, Vec::new());
        let unwanted = self.unreachable(
            &touched,
            |sub| sub.is_root() || sub.awaited > 0 || !sub.is_unsent(),
            |sub| sub.indirect - sub.sent_indirect,
            |edge| !edge.sent,
        );
        for id in unwanted {
            self.relinquish(id);
        }
    }

    /// Lets go of what was fetched again for a request that did not lead to the client holding it. What refers to it
    /// was sent with an error or a deleted resource in its place: the client does not expect more, and events would
    /// queue for ever.
    fn relinquish(&mut self, id: SubId) {
        let subscriber = self.subscriber(id);
        let sub = self.sub(id);
        if !sub.is_wanted() {
            return;
        }
        let before = sub.replaced.take().map_or_else(|| Body::Failed(Box::new(ResError::NOT_FOUND)), Body::Deleted);
        let body = std::mem::replace(&mut sub.body, before);
        let (address, waits) = (sub.address.clone(), std::mem::take(&mut sub.waits));
        sub.loading.clear();
        let was_queued = std::mem::take(&mut sub.queued);
        self.forget_events(id);
        if !was_queued {
            self.output(Output::Cache(Command::Unsubscribe(subscriber, address)));
        }
        if let Body::Loaded(snapshot) = body {
            for rid in snapshot.body().references() {
                let child = self.release_reference(id, rid);
                self.garbage.extend(child);
            }
        }
        self.resolve_waits(waits, Vec::new());
    }

    /// The Subs at and below `start` that are reached neither from a root nor from outside.
    fn unreachable(
        &self,
        start: &[SubId],
        is_root: impl Fn(&Sub) -> bool,
        references: impl Fn(&Sub) -> u32,
        counts: impl Fn(&Edge) -> bool,
    ) -> Vec<SubId> {
        let children = |id: SubId| self.subs[&id].refs.iter().filter(|(_, e)| counts(e)).map(|(&child, _)| child);
        let candidate = |id: &SubId| self.subs.get(id).is_some_and(|sub| !is_root(sub));
        // How often each candidate is referred to by other candidates.
        let mut inside: BTreeMap<SubId, u32> = BTreeMap::new();
        let mut stack: Vec<SubId> = Vec::new();
        for id in start.iter().copied().filter(candidate) {
            if inside.insert(id, 0).is_none() {
                stack.push(id);
            }
        }
        while let Some(id) = stack.pop() {
            for child in children(id).filter(candidate) {
                *inside.entry(child).or_insert_with(|| {
                    stack.push(child);
                    0
                }) += 1;
            }
        }
        let outside = inside.iter().filter(|&(id, &count)| references(&self.subs[id]) > count).map(|(&id, _)| id);
        let mut stack: Vec<SubId> = outside.collect();
        while let Some(id) = stack.pop() {
            if inside.remove(&id).is_some() {
                stack.extend(children(id));
            }
        }
        inside.into_keys().collect()
    }

    /// Removes a Sub; returns the waits that were waiting for it.
    fn dispose(&mut self, id: SubId) -> Vec<WaitId> {
        let sub = *self.subs.remove(&id).expect("disposed once");
        self.by_rid.remove(&sub.rid);
        self.waiting -= sub.queue.bytes();
        if sub.is_subscribed() {
            self.output(Output::Cache(Command::Unsubscribe(self.subscriber(id), sub.address)));
        }
        for child in sub.refs.keys() {
            // A child may be gone already, or be the Sub itself.
            if let Some(child) = self.subs.get_mut(child) {
                child.indirect -= 1;
            }
        }
        if let Some((event, wait)) = sub.current {
            wait.and_then(|wait| self.waits.remove(&wait));
            for child in event.added.iter().filter_map(|rid| self.by_rid.get(rid)) {
                self.subs.get_mut(child).expect("it has its id").awaited -= 1;
            }
        }
        sub.waits
    }
}
