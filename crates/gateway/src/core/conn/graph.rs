//! The graph of a connection's Subs: references, waiting for a part of it to load, and sending it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use resclient::protocol::ResError;

use super::set::ResourceSet;
use super::sub::{Body, Level, RequestId, Sub, WaitId};
use super::work::Work;
use super::{Conn, Output};
use crate::core::border::{Address, Command, SubId};
use crate::core::throttle::Slot;
use crate::core::value::Snapshot;

/// Something that goes on once everything it refers to is there.
#[derive(Debug)]
pub struct Wait {
    /// Subs that are still loading.
    pub pending: usize,
    visited: HashSet<SubId>,
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
        let sub = self.sub(id);
        sub.queued = false;
        sub.loading = slots;
        sub.nth += 1;
        let (nth, address) = (sub.nth, sub.address.clone());
        self.output(Output::Cache(Command::Subscribe(self.subscriber(id, nth), address)));
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
        self.credit -= 1;
        let child = self.acquire(rid, Some(level));
        let edge = self.sub(parent).refs.entry(child).or_default();
        edge.count += 1;
        if edge.count == 1 {
            self.sub(child).parents.insert(parent);
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
            refs.remove(&child);
            self.sub(child).parents.remove(&parent);
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
        let mut wait = Wait { pending: 0, visited: HashSet::new(), goal };
        self.visit(id, &mut wait, roots);
        if wait.pending == 0 {
            return None;
        }
        self.waits.insert(id, wait);
        Some(id)
    }

    /// Something that was waited for is there: what it refers to is waited for in its place.
    pub(super) fn extend_wait(&mut self, id: WaitId, references: Vec<SubId>) {
        // What waited for it may be gone.
        let Some(mut wait) = self.waits.remove(&id) else { return };
        self.visit(id, &mut wait, references);
        wait.pending -= 1;
        if wait.pending == 0 {
            self.ready.push_back(wait.goal);
        } else {
            self.waits.insert(id, wait);
        }
    }

    /// In one go: what is found to be there must not change before it is sent.
    fn visit(&mut self, id: WaitId, wait: &mut Wait, mut stack: Vec<SubId>) {
        let before = wait.visited.len();
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
        self.credit -= 1 + ((wait.visited.len() - before) / VISITS) as isize;
    }

    /// The Sub is loaded, failed or gone: what waited for it may go on, or waits for its references.
    pub(super) fn resolve_waits(&mut self, waits: Vec<WaitId>, references: &[SubId]) {
        for id in waits {
            self.begin_work(Work::Visit(id, references.to_vec()));
        }
    }

    /// Adds to the set the next of what the client does not hold of all that can be reached from the Subs, and takes note
    /// that it holds it now. What could not be had goes into `failed`, and into the set once. Returns whether there was
    /// something left.
    pub(super) fn send(&mut self, stack: &mut Vec<SubId>, failed: &mut BTreeSet<SubId>, set: &mut ResourceSet) -> bool {
        let Some(id) = stack.pop() else { return false };
        self.credit -= 1;
        let version = self.version;
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
                if failed.insert(id) {
                    set.add_error(&sub.rid, error);
                }
            }
            Body::Deleted(_) => {}
            Body::Loading(None) => unreachable!("sent before it was ready"),
        }
        true
    }

    /// The client has seen the reference.
    pub(super) fn mark_sent(&mut self, parent: SubId, rid: &Arc<str>) -> SubId {
        let child = self.by_rid[rid];
        let edge = self.sub(parent).refs.get_mut(&child).expect("references of a loaded Sub are counted");
        edge.sent = true;
        child
    }

    /// What [`Conn::send`] would add, without the client holding any of it afterwards.
    pub(super) fn peek(
        &mut self,
        stack: &mut Vec<SubId>,
        visited: &mut BTreeSet<SubId>,
        found: impl FnOnce(&Arc<str>, Result<&Arc<Snapshot>, &ResError>),
    ) -> bool {
        let Some(id) = stack.pop() else { return false };
        self.credit -= 1;
        let sub = &self.subs[&id];
        if !visited.insert(id) {
            return true;
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
        true
    }
}

/// What takes as long as anything else that counts.
const VISITS: usize = 4;
