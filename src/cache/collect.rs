//! Which resources leave the cache (RES-Client protocol, "Indirect subscriptions").
//!
//! A resource is covered while the gateway holds a direct subscription to it, or to something it can be reached from;
//! the gateway forgets what is not covered at that same moment, so the client must not rely on it any longer. What the
//! application listens to is kept as stale, with everything below it, until it is subscribed to again.
//!
//! Only the part of the graph below the candidates is looked at: references from inside it are subtracted from the
//! counts, what has references left is covered from outside. There is no recursion; cycles need no special case.

use super::graph::{Graph, ResourceId, Slot};

/// Marks of one run over a slot.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Visit {
    pub(super) epoch: u32,
    /// References from outside of what is looked at; while a frame is applied, the last place in its set.
    pub(super) outside: u32,
    kept: bool,
}

/// What a collection found.
#[derive(Debug, Default)]
pub struct Collected {
    /// No longer covered and not listened to.
    pub dropped: Vec<ResourceId>,
    /// Listened to and no longer covered, without those that will be covered by another one of these.
    pub stale: Vec<ResourceId>,
    /// Whether anything is kept for a reference from elsewhere, which may be something stale.
    pub referred: bool,
}

impl Graph {
    /// Finds what is not covered any more among `candidates` and below them. Nothing is changed.
    pub fn uncovered(&mut self, candidates: &[ResourceId]) -> Collected {
        self.next_epoch();
        let order = self.visit(candidates);
        let mut todo: Vec<ResourceId> = Vec::new();
        let mut collected = Collected::default();
        for &id in &order {
            if self.slot(id).visit.outside > 0 {
                collected.referred = true;
                self.keep(id, &mut todo);
            }
        }
        // Ancestors first, so that a listened resource covers the listened ones below it.
        for &id in order.iter().rev() {
            let slot = self.slot(id);
            if slot.held && !slot.visit.kept && !slot.refused {
                collected.stale.push(id);
                self.keep(id, &mut todo);
            }
        }
        // One that was refused covers nothing: it may be refused for ever.
        let refused = |&id: &ResourceId| self.slot(id).held && !self.slot(id).visit.kept;
        let first = collected.stale.len();
        collected.stale.extend(order.iter().copied().rev().filter(refused));
        for &id in &collected.stale[first..] {
            self.keep(id, &mut todo);
        }
        collected.dropped = order.into_iter().filter(|&id| !self.slot(id).visit.kept).collect();
        collected
    }

    /// Of the resources in a set that has been applied, those that no subscription of their own covers and nothing outside the
    /// set refers to, not even by way of others in it. There are none if the gateway knows what it does. Nothing but the set is
    /// looked at.
    pub fn loose(&mut self, set: &[ResourceId]) -> Vec<ResourceId> {
        self.next_epoch();
        let mut order = set.to_vec();
        order.retain(|&id| self.enter(id));
        for &id in &order {
            for at in 0..self.slots_cells(id).len() {
                let Some(target) = self.slots_cells(id)[at].as_reference().map(ResourceId) else { continue };
                if self.slot(target).visit.epoch == self.epoch {
                    self.slot_mut(target).visit.outside -= 1;
                }
            }
        }
        let mut todo = Vec::new();
        for &id in &order {
            if self.slot(id).visit.outside > 0 {
                self.keep(id, &mut todo);
            }
        }
        order.retain(|&id| !self.slot(id).visit.kept);
        order
    }

    /// Whether anything is stale.
    pub fn has_stale(&mut self) -> bool {
        self.has_behind() && self.behind.iter().any(|&id| self.slot(id).stale)
    }

    /// Whether anything is behind.
    #[inline(never)]
    pub fn has_behind(&mut self) -> bool {
        let mut behind = std::mem::take(&mut self.behind);
        behind.retain(|&id| self.slot(id).behind);
        self.behind = behind;
        !self.behind.is_empty()
    }

    /// A resource is not what it should be, until it comes anew.
    pub fn fall_behind(&mut self, id: ResourceId) {
        if !std::mem::replace(&mut self.slot_mut(id).behind, true) {
            self.behind.push(id);
        }
    }

    /// [`Graph::uncovered`], knowing that what is stale keeps in the cache what it refers to, but covers nothing.
    pub fn uncovered_by_stale(&mut self, candidates: &[ResourceId]) -> Collected {
        let collected = self.uncovered(candidates);
        if !collected.referred || !self.has_stale() {
            return collected;
        }
        let candidates = [candidates, &self.behind].concat();
        self.uncovered(&candidates)
    }

    /// Drops what was found to be uncovered; of what is stale, the result has what was not before. Dropped slots are
    /// unlinked but stay readable until [`Graph::free`].
    pub fn collect(&mut self, mut collected: Collected) -> Collected {
        for &id in &collected.dropped {
            for at in 0..self.slot(id).content.cells().len() {
                let cell = self.slot(id).content.cells()[at];
                self.unrefer(cell);
            }
            let slot = self.slot_mut(id);
            slot.stale = false;
            slot.behind = false;
        }
        self.unlink(&collected.dropped);
        collected.stale.retain(|&id| self.grow_stale(id));
        collected
    }

    /// Has what is listened to subscribed to again, though it may be covered by something else that is.
    pub fn renew(&mut self, listened: &[ResourceId]) {
        for &id in listened {
            self.grow_stale(id);
        }
    }

    /// Whether it was not stale before.
    fn grow_stale(&mut self, id: ResourceId) -> bool {
        self.fall_behind(id);
        !std::mem::replace(&mut self.slot_mut(id).stale, true)
    }

    /// Marks what is reached from these, for [`Graph::is_covered`]. The cost grows with the cache.
    pub fn mark_covered(&mut self, is_subscribed: impl Fn(ResourceId, &Slot) -> bool) {
        let epoch = self.next_epoch();
        let mut todo: Vec<ResourceId> = self.ids().filter(|&id| is_subscribed(id, self.slot(id))).collect();
        while let Some(id) = todo.pop() {
            let visit = &mut self.slot_mut(id).visit;
            if visit.epoch != epoch {
                *visit = Visit { epoch, outside: 0, kept: true };
                todo.extend(Graph::references(self.slots_cells(id)));
            }
        }
    }

    /// Another number whenever the graph was looked at anew, so that [`Graph::is_covered`] says something else.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether the last [`Graph::mark_covered`] came by.
    pub fn is_covered(&self, id: ResourceId) -> bool {
        self.slot(id).visit.epoch == self.epoch
    }

    /// Of resources that leave the cache together, those that were not read and can be reached from `roots` by what was not read: these by
    /// themselves, and then what else they and the roots refer to, be it in the cache or leave it at another time.
    pub fn remains(&mut self, leaving: &[ResourceId], roots: &[ResourceId]) -> (Vec<ResourceId>, Vec<ResourceId>) {
        let epoch = self.next_epoch();
        for &id in leaving {
            self.slot_mut(id).visit = Visit { epoch, outside: 0, kept: false };
        }
        for &root in roots {
            self.slot_mut(root).visit = Visit { epoch, outside: 0, kept: true };
        }
        let (mut unread, mut others) = (Vec::new(), Vec::new());
        let mut todo = roots.to_vec();
        while let Some(id) = todo.pop() {
            if self.slot(id).text.is_some() {
                unread.push(id);
            }
            for at in 0..self.slots_cells(id).len() {
                let Some(target) = self.slots_cells(id)[at].as_reference().map(ResourceId) else { continue };
                let slot = self.slot_mut(target);
                let leaves = slot.visit.epoch == epoch;
                if leaves && slot.visit.kept {
                    continue;
                }
                slot.visit = Visit { epoch, outside: 0, kept: true };
                match leaves && slot.text.is_some() {
                    true => todo.push(target),
                    false => others.push(target),
                }
            }
        }
        (unread, others)
    }

    /// Everything below the candidates that no subscription of its own covers, children before parents as far as there
    /// are no cycles, with the number of references from outside in `visit.outside`.
    fn visit(&mut self, candidates: &[ResourceId]) -> Vec<ResourceId> {
        let mut order = Vec::new();
        let mut path: Vec<(ResourceId, usize)> = Vec::new();
        for &candidate in candidates {
            if self.enter(candidate) {
                path.push((candidate, 0));
            }
            while let Some((id, at)) = path.last_mut() {
                let cells = self.slots_cells(*id);
                let Some(offset) = cells[*at..].iter().position(|c| c.as_reference().is_some()) else {
                    order.push(*id);
                    path.pop();
                    continue;
                };
                let target = ResourceId(cells[*at + offset].as_reference().expect("just found"));
                *at += offset + 1;
                if self.slot(target).root {
                    continue;
                }
                if self.enter(target) {
                    path.push((target, 0));
                }
                self.slot_mut(target).visit.outside -= 1;
            }
        }
        order
    }

    /// Marks a slot as visited; false when it was, or is a root of its own.
    fn enter(&mut self, id: ResourceId) -> bool {
        let epoch = self.epoch;
        let slot = self.slot_mut(id);
        if slot.root || slot.visit.epoch == epoch {
            return false;
        }
        slot.visit = Visit { epoch, outside: slot.indirect, kept: false };
        self.visits += 1;
        true
    }

    /// Keeps a visited slot and everything below it.
    fn keep(&mut self, id: ResourceId, todo: &mut Vec<ResourceId>) {
        todo.push(id);
        while let Some(id) = todo.pop() {
            let epoch = self.epoch;
            let visit = &mut self.slot_mut(id).visit;
            if visit.epoch != epoch || visit.kept {
                continue;
            }
            visit.kept = true;
            todo.extend(Graph::references(self.slots_cells(id)));
        }
    }

    fn slots_cells(&self, id: ResourceId) -> &[crate::protocol::value::Cell] {
        self.slot(id).content.cells()
    }
}
