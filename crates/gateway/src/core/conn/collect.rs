//! Dropping what nothing refers to any more.

use resclient::bug;
use resclient::protocol::ResError;

use super::reach::{Reach, Search};
use super::sub::{Body, WaitId};
use super::{Conn, Output};
use crate::core::border::{Command, SubId};

/// A collection that has begun.
#[derive(Debug)]
pub struct Collection {
    start: Vec<SubId>,
    search: Search,
    /// What waited for Subs that are gone.
    waits: Vec<WaitId>,
}

impl Collection {
    /// Starts from Subs that may have lost their last reason to live.
    pub fn new(start: Vec<SubId>) -> Collection {
        Collection { search: Search::new(Reach::Seen, start.clone()), start, waits: Vec::new() }
    }
}

impl Conn {
    /// Goes one step on with dropping what lost its last reason to live. Cycles do not keep themselves. Returns whether
    /// there is more to do.
    pub(super) fn collect(&mut self, collection: &mut Collection) -> bool {
        let search = &mut collection.search;
        if !search.is_over() {
            self.search(search);
            return true;
        }
        self.credit -= 1;
        match (search.reach, search.dead.pop_first()) {
            (Reach::Seen, Some(id)) => self.forget(id),
            (Reach::Seen, None) => *search = Search::new(Reach::Any, collection.start.clone()),
            (Reach::Any, Some(id)) if bug!("cycles-kept") && self.subs[&id].parents.len() > 1 => {}
            (Reach::Any, Some(id)) => {
                collection.start.extend(self.subs[&id].refs.keys());
                collection.waits.extend(self.dispose(id));
            }
            (Reach::Any, None) => {
                self.resolve_waits(std::mem::take(&mut collection.waits), &[]);
                *search = Search::new(Reach::Unseen, std::mem::take(&mut collection.start));
            }
            (Reach::Unseen, Some(id)) => self.relinquish(id),
            (Reach::Unseen, None) => return false,
        }
        true
    }

    /// What the client drops now, it must be sent again should something unsent still refer to it.
    fn forget(&mut self, id: SubId) {
        let sub = self.sub(id);
        sub.sent = false;
        sub.refs.values_mut().for_each(|edge| edge.sent = false);
        // What was kept of a deleted resource was kept because the client had it.
        let mut relics: Vec<_> = sub.replaced.take().into_iter().collect();
        if let Body::Deleted(held) = &sub.body {
            relics.push(held.clone());
            sub.body = Body::Failed(Box::new(ResError::DELETED));
        }
        for rid in relics.iter().flat_map(|relic| relic.body().references()) {
            let child = self.release_reference(id, rid);
            self.garbage.extend(child);
        }
    }

    /// Removes a Sub; returns the waits that were waiting for it.
    fn dispose(&mut self, id: SubId) -> Vec<WaitId> {
        let sub = *self.subs.remove(&id).expect("disposed once");
        self.by_rid.remove(&sub.rid);
        self.waiting -= sub.queue.bytes();
        if sub.is_subscribed() {
            self.output(Output::Cache(Command::Unsubscribe(self.subscriber(id, sub.nth), sub.address)));
        }
        for child in sub.refs.keys() {
            // A child may be gone already, or be the Sub itself.
            if let Some(child) = self.subs.get_mut(child) {
                child.parents.remove(&id);
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

    /// Lets go of what was fetched again for a request that did not lead to the client holding it. What refers to it
    /// was sent with an error or a deleted resource in its place: the client does not expect more, and events would
    /// queue for ever.
    fn relinquish(&mut self, id: SubId) {
        let sub = self.sub(id);
        if !sub.is_wanted() {
            return;
        }
        let nth = sub.nth;
        // What it refers to may have been there for that only.
        let children: Vec<SubId> = sub.refs.keys().copied().collect();
        // Nothing that is on its way counts any more.
        sub.nth += 1;
        let before = sub.replaced.take().map_or_else(|| Body::Failed(Box::new(ResError::NOT_FOUND)), Body::Deleted);
        let body = std::mem::replace(&mut sub.body, before);
        let (address, waits) = (sub.address.clone(), std::mem::take(&mut sub.waits));
        sub.loading.clear();
        let was_queued = std::mem::take(&mut sub.queued);
        self.forget_events(id);
        self.forget_access(id);
        if !was_queued {
            self.output(Output::Cache(Command::Unsubscribe(self.subscriber(id, nth), address)));
        }
        if let Body::Loaded(snapshot) = body {
            for rid in snapshot.body().references() {
                self.release_reference(id, rid);
            }
        }
        self.garbage.extend(children);
        self.resolve_waits(waits, &[]);
    }
}
