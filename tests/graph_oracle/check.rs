//! What holds of a graph, found from scratch.

use std::collections::{BTreeMap, BTreeSet};

use resclient::cache::collect::Collected;
use resclient::cache::texts::FrameId;
use resclient::cache::{Graph, ResourceId};

use super::{Node, Play, rid};

impl Play {
    pub fn check_counts(&mut self) {
        let mut referred: BTreeMap<u8, u32> = BTreeMap::new();
        self.nodes.values().flat_map(|node| &node.references).for_each(|&name| *referred.entry(name).or_default() += 1);
        for (&name, node) in &self.nodes {
            let slot = self.graph.slot(node.id);
            assert_eq!((self.graph.find(&rid(name)), self.graph.rid(node.id)), (Some(node.id), &*rid(name)));
            assert_eq!(slot.indirect, referred.remove(&name).unwrap_or_default(), "references to {name}");
            assert_eq!((slot.root, slot.held, slot.stale), (node.root, node.held, node.stale), "{name}");
            assert_eq!(slot.content.is_none(), !node.is_loaded, "whether {name} is here");
            assert_eq!(slot.text.map(|text| text.frame), node.text, "where {name} is to be read");
            let references: Vec<ResourceId> = Graph::references(slot.content.cells()).collect();
            assert_eq!(references, self.ids(&node.references), "what {name} refers to");
        }
        assert_eq!(referred, BTreeMap::new(), "what is referred to, and not there");
        assert_eq!(self.graph.len(), self.nodes.len());
        let ids: BTreeSet<ResourceId> = self.nodes.values().map(|node| node.id).collect();
        assert_eq!(self.graph.ids().collect::<BTreeSet<_>>(), ids);
        let frames: BTreeSet<FrameId> = self.nodes.values().filter_map(|node| node.text).collect();
        assert_eq!(self.graph.texts.len(), frames.len(), "frames whose texts are needed");
        assert_eq!(self.graph.has_stale(), self.nodes.values().any(|node| node.stale));
    }

    /// What is there once everything is collected.
    pub fn check_reachability(&mut self) {
        let covered = self.covered();
        let roots: BTreeSet<ResourceId> = self.nodes.values().filter(|node| node.root).map(|node| node.id).collect();
        self.graph.mark_covered(|id, _| roots.contains(&id));
        for (name, node) in &self.nodes {
            assert_eq!(self.graph.is_covered(node.id), covered.contains(name), "whether {name} is covered");
        }
        let needed = self.reached(|node| node.root || node.held);
        assert_eq!(self.nodes.keys().copied().collect::<BTreeSet<_>>(), needed, "what is there for a reason");
        let will_be = self.reached(|node| node.stale && !node.refused);
        for (name, node) in self.nodes.iter().filter(|(name, node)| node.held && !covered.contains(name)) {
            assert!(node.stale || will_be.contains(name), "nothing will cover {name}");
        }
    }

    /// What a collection finds, before anything is done about it.
    pub fn check_uncovered(&self, found: &Collected) {
        let needed = self.reached(|node| node.root || node.held);
        let expected = self.nodes.iter().filter(|(name, _)| !needed.contains(name)).map(|(_, node)| node.id);
        assert_eq!(sorted(&found.dropped), expected.collect(), "what cannot be reached");
        assert_eq!(sorted(&found.dropped).len(), found.dropped.len(), "something leaves twice");
        let covered = self.covered();
        let stale: Vec<(u8, &Node)> = self.stale(found).collect();
        assert_eq!(stale.len(), found.stale.len());
        for (name, node) in &stale {
            assert!(node.held && !covered.contains(name), "{name} need not be subscribed to");
            let below = self.reached_from(&node.references);
            let other = stale.iter().find(|(other, node)| other != name && below.contains(other) && !node.refused);
            // Who is in a circle may come after what is below it.
            assert!(node.refused || other.is_none() || below.contains(name), "{name} covers another one");
        }
    }

    /// What of a set that has just been put nothing else refers to.
    pub fn check_loose(&mut self, set: &[u8]) -> Vec<u8> {
        let outside: Vec<u8> =
            self.nodes.iter().filter(|(n, node)| node.root || !set.contains(n)).map(|(&n, _)| n).collect();
        let reached = self.reached_from(&outside);
        let loose: Vec<u8> = set.iter().copied().filter(|name| !reached.contains(name)).collect();
        let ids = self.ids(set);
        assert_eq!(sorted(&self.graph.loose(&ids)), sorted(&self.ids(&loose)), "what nothing else refers to");
        loose
    }

    fn stale<'a>(&'a self, found: &'a Collected) -> impl Iterator<Item = (u8, &'a Node)> {
        self.nodes.iter().filter(|(_, node)| found.stale.contains(&node.id)).map(|(&name, node)| (name, node))
    }

    fn covered(&self) -> BTreeSet<u8> {
        self.reached(|node| node.root)
    }

    fn reached(&self, is_start: impl Fn(&Node) -> bool) -> BTreeSet<u8> {
        let start: Vec<u8> = self.nodes.iter().filter(|(_, node)| is_start(node)).map(|(&name, _)| name).collect();
        self.reached_from(&start)
    }

    fn reached_from(&self, start: &[u8]) -> BTreeSet<u8> {
        let (mut todo, mut reached) = (start.to_vec(), BTreeSet::new());
        while let Some(name) = todo.pop() {
            if reached.insert(name) {
                todo.extend(self.nodes.get(&name).into_iter().flat_map(|node| &node.references));
            }
        }
        reached
    }
}

fn sorted(ids: &[ResourceId]) -> BTreeSet<ResourceId> {
    ids.iter().copied().collect()
}
