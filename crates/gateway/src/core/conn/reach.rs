//! Which Subs of a graph nothing keeps alive any more.

use std::collections::{BTreeSet, HashMap};

use super::Conn;
use super::sub::{Edge, Sub};
use crate::core::border::SubId;

/// Looks for Subs at and below some that no root is above of, in steps. It looks upwards from each, and only below those
/// that are not reached: what lives is told by a root or two, however large the graph around it. No reference is
/// followed twice.
#[derive(Debug)]
pub struct Search {
    pub reach: Reach,
    asked: Vec<SubId>,
    seen: HashMap<SubId, Seen>,
    /// Seen, but not yet what is above them.
    unknown: Vec<SubId>,
    /// What was looked for.
    pub dead: BTreeSet<SubId>,
}

/// What it means to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The client, which has seen the references, holds it.
    Seen,
    /// Anything keeps it.
    Any,
    /// Something asks for it or is about to send it, or refers to it and is not sent.
    Unseen,
}

#[derive(Debug, Default)]
struct Seen {
    is_alive: bool,
    /// What was seen to be referred to from here.
    below: Vec<SubId>,
}

impl Reach {
    fn is_root(self, sub: &Sub) -> bool {
        match self {
            Reach::Seen => sub.direct > 0 || !sub.sent,
            Reach::Any => sub.is_root(),
            Reach::Unseen => sub.is_root() || sub.awaited > 0 || !sub.is_unsent(),
        }
    }

    fn counts(self, parent: &Sub, edge: &Edge) -> bool {
        match self {
            Reach::Seen => edge.sent,
            Reach::Any => true,
            Reach::Unseen => !edge.sent || parent.is_replacement(),
        }
    }
}

impl Search {
    pub fn new(reach: Reach, asked: Vec<SubId>) -> Search {
        Search { reach, asked, seen: HashMap::new(), unknown: Vec::new(), dead: BTreeSet::new() }
    }

    /// Whether all is found.
    pub fn is_over(&self) -> bool {
        self.asked.is_empty()
    }

    fn is_alive(&self, id: SubId) -> bool {
        self.seen.get(&id).is_some_and(|seen| seen.is_alive)
    }

    fn see(&mut self, id: SubId) -> &mut Seen {
        self.seen.entry(id).or_insert_with(|| {
            self.unknown.push(id);
            Seen::default()
        })
    }

    /// All that was seen below it lives as well.
    fn revive(&mut self, id: SubId) {
        let mut stack = vec![id];
        while let Some(seen) = stack.pop().and_then(|id| self.seen.get_mut(&id)) {
            if !std::mem::replace(&mut seen.is_alive, true) {
                stack.append(&mut seen.below);
            }
        }
    }
}

impl Conn {
    /// Goes one step on with a search.
    pub(super) fn search(&mut self, search: &mut Search) {
        self.credit -= 1;
        let Some(&id) = search.asked.last() else { return };
        let is_candidate = self.subs.get(&id).is_some_and(|sub| !search.reach.is_root(sub));
        if !is_candidate || search.is_alive(id) || search.dead.contains(&id) {
            search.asked.pop();
            return;
        }
        search.see(id);
        match search.unknown.pop() {
            Some(next) if search.is_alive(next) => {}
            Some(next) => self.look_above(search, next),
            // All above it is known, and there is no root.
            None => {
                search.asked.pop();
                search.dead.insert(id);
                let sub = &self.subs[&id];
                let edges = sub.refs.iter().filter(|(_, edge)| search.reach.counts(sub, edge));
                search.asked.extend(edges.map(|(&child, _)| child));
            }
        }
    }

    fn look_above(&self, search: &mut Search, id: SubId) {
        let reach = search.reach;
        let counted = |parent: &&SubId| {
            let parent = &self.subs[*parent];
            reach.counts(parent, &parent.refs[&id])
        };
        let parents = &self.subs[&id].parents;
        let is_alive = |parent: &SubId| reach.is_root(&self.subs[parent]) || search.is_alive(*parent);
        if parents.iter().filter(counted).any(is_alive) {
            return search.revive(id);
        }
        // The oldest is looked at first: mostly it was there before what it refers to, and leads to a root.
        for &parent in parents.iter().rev().filter(counted) {
            search.see(parent).below.push(id);
        }
    }
}
