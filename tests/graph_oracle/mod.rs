//! The resource graph against one that is gone through from scratch: whatever is put, referred to, subscribed to, listened
//! to and read in any order, what leaves the cache is what cannot be reached, and what is counted is what there is. Each
//! check panics on a difference. The fuzz target and `graph_fuzz.rs` share them.

mod check;

use std::collections::{BTreeMap, BTreeSet};

use resclient::cache::texts::FrameId;
use resclient::cache::{Content, Graph, ResourceId, Text};
use resclient::protocol::hash::{Digest, Hasher};
use resclient::protocol::scan::Span;
use resclient::protocol::value::{Cell, Names};

use super::dice::Dice;

/// Does what the bytes stand for.
pub fn play(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let mut play = Play { graph: Graph::new(Hasher::new(7)), nodes: BTreeMap::new(), lost: BTreeSet::new(), frame: 0 };
    while !dice.is_empty() {
        play.step(&mut dice);
    }
    play.end();
}

struct Play {
    graph: Graph,
    /// The resources in the graph, by what their ids are made of.
    nodes: BTreeMap<u8, Node>,
    /// What may have lost what kept it, since the last collection.
    lost: BTreeSet<u8>,
    frame: FrameId,
}

struct Node {
    id: ResourceId,
    is_loaded: bool,
    references: Vec<u8>,
    root: bool,
    held: bool,
    stale: bool,
    refused: bool,
    text: Option<FrameId>,
}

impl Node {
    fn new(id: ResourceId) -> Self {
        Node {
            id,
            is_loaded: false,
            references: Vec::new(),
            root: false,
            held: false,
            stale: false,
            refused: false,
            text: None,
        }
    }
}

impl Play {
    fn step(&mut self, dice: &mut Dice<'_>) {
        let name = dice.below(NAMES);
        match dice.below(16) {
            0..=5 => self.frame(dice, name),
            6 | 7 => self.subscribe(name),
            8..=10 => self.unsubscribe(name),
            11 | 12 => self.listen(name),
            13 => self.unlisten(name),
            14 => self.refuse(name),
            _ => self.read(name),
        }
        self.check_counts();
        // Several things may have lost what keeps them before it is looked what leaves.
        if dice.below(4) != 3 {
            self.collect();
            self.check_reachability();
            self.check_counts();
        }
    }

    /// A frame brings a resource, with those it refers to that are not there yet; or it is dropped before it is applied.
    fn frame(&mut self, dice: &mut Dice<'_>, name: u8) {
        self.collect();
        self.frame += 1;
        if dice.below(16) == 15 {
            number(&mut self.graph, name);
            return self.graph.settle();
        }
        let (mut set, mut todo) = (Vec::new(), vec![name]);
        while let Some(name) = todo.pop() {
            if !set.contains(&name) {
                let references: Vec<u8> = (0..dice.below(4)).map(|_| dice.below(NAMES)).collect();
                todo.extend(references.iter().filter(|name| self.nodes.get(name).is_none_or(|node| !node.is_loaded)));
                set.push(name);
                self.put(dice, name, references);
            }
        }
        self.graph.settle();
        let loose = self.check_loose(&set);
        self.lost.extend(loose);
        for name in set {
            let node = self.nodes.get_mut(&name).expect("just put");
            self.graph.slot_mut(node.id).stale = false;
            if std::mem::take(&mut node.stale) {
                self.lost.insert(name);
            }
        }
    }

    fn put(&mut self, dice: &mut Dice<'_>, name: u8, references: Vec<u8>) {
        let id = number(&mut self.graph, name);
        let mut cells: Vec<Cell> =
            references.iter().map(|&name| Cell::reference(number(&mut self.graph, name).0)).collect();
        cells.push(Cell::hash(dice.below(u8::MAX).into()));
        let content = match (dice.below(3), &cells[..]) {
            (0, _) => Content::Collection(cells),
            (1, &[error]) => Content::Error(error),
            _ => {
                // In any order, and two may be the same.
                let keys: Vec<u32> =
                    cells.iter().map(|_| Names::key(&mut self.graph, &[dice.below(6)], Span::default())).collect();
                let (shape, cells) = self.graph.sorted_model(&keys, &cells);
                Content::Model { shape, digest: Digest::NONE, cells }
            }
        };
        let numbers = self.nodes.iter().map(|(&name, node)| (node.id, name));
        let numbers: BTreeMap<ResourceId, u8> =
            numbers.chain(references.iter().map(|&n| (number(&mut self.graph, n), n))).collect();
        let references = Graph::references(content.cells()).map(|id| numbers[&id]).collect();
        self.graph.put(id, content);
        let node = self.nodes.entry(name).or_insert_with(|| Node::new(id));
        node.is_loaded = true;
        self.lost.extend(std::mem::replace(&mut node.references, references));
        if dice.below(2) == 1 {
            let before = node.text.replace(self.frame);
            let text = Text { frame: self.frame, rid: Span::default(), value: Span::default() };
            let released = self.graph.set_text(id, text);
            assert_eq!(released, self.released(before), "the text that nothing needs now");
        }
    }

    fn subscribe(&mut self, name: u8) {
        let id = self.graph.intern(&rid(name));
        let node = self.nodes.entry(name).or_insert_with(|| Node::new(id));
        (node.root, node.stale) = (true, false);
        let slot = self.graph.slot_mut(id);
        (slot.root, slot.stale) = (true, false);
    }

    fn unsubscribe(&mut self, name: u8) {
        if let Some(node) = self.nodes.get_mut(&name) {
            node.root = false;
            self.graph.slot_mut(node.id).root = false;
            self.lost.insert(name);
        }
    }

    fn listen(&mut self, name: u8) {
        if let Some(node) = self.nodes.get_mut(&name).filter(|node| node.is_loaded) {
            node.held = true;
            self.graph.slot_mut(node.id).held = true;
            self.lost.insert(name);
        }
    }

    fn unlisten(&mut self, name: u8) {
        if let Some(node) = self.nodes.get_mut(&name) {
            (node.held, node.stale) = (false, false);
            let slot = self.graph.slot_mut(node.id);
            (slot.held, slot.stale) = (false, false);
            self.lost.insert(name);
        }
    }

    fn refuse(&mut self, name: u8) {
        if let Some(node) = self.nodes.get_mut(&name) {
            node.refused = !node.refused;
            self.graph.slot_mut(node.id).refused = node.refused;
            self.lost.insert(name);
        }
    }

    fn read(&mut self, name: u8) {
        if let Some(node) = self.nodes.get_mut(&name) {
            let before = node.text.take();
            let released = self.graph.drop_text(node.id);
            assert_eq!(released, self.released(before), "the text that nothing needs now");
        }
    }

    /// The frame whose text was needed for a resource until now, unless it is needed for another one.
    fn released(&self, frame: Option<FrameId>) -> Option<FrameId> {
        frame.filter(|_| self.nodes.values().all(|node| node.text != frame))
    }

    /// What is not needed leaves, and is what cannot be reached.
    fn collect(&mut self) {
        let lost = std::mem::take(&mut self.lost);
        let uncovered = self.graph.uncovered_by_stale(&self.ids(&lost));
        self.check_uncovered(&uncovered);
        let collected = self.graph.collect(uncovered);
        for node in self.nodes.values_mut() {
            node.stale |= collected.stale.contains(&node.id);
        }
        for id in collected.dropped {
            let (&name, _) = self.nodes.iter().find(|(_, node)| node.id == id).expect("it was there");
            assert_eq!((self.graph.find(&rid(name)), self.graph.rid(id)), (None, &*rid(name)), "what has left");
            let node = self.nodes.remove(&name).expect("just found");
            assert_eq!(self.graph.free(id), self.released(node.text));
        }
    }

    /// All is let go of, and all is gone.
    fn end(&mut self) {
        for name in 0..NAMES {
            self.unsubscribe(name);
            self.unlisten(name);
        }
        self.collect();
        self.check_counts();
        assert!(self.graph.is_empty() && self.nodes.is_empty() && self.graph.texts.is_empty(), "something stays");
        // Names are kept for outputs that speak of them, until the frame after the next.
        (0..2).for_each(|_| self.graph.settle());
        assert!(self.graph.keys.is_empty(), "members' names that no model has");
    }

    fn ids<'a>(&self, names: impl IntoIterator<Item = &'a u8>) -> Vec<ResourceId> {
        names.into_iter().filter_map(|name| self.nodes.get(name)).map(|node| node.id).collect()
    }
}

/// Its number, as a frame gets it that has the id in it.
fn number(graph: &mut Graph, name: u8) -> ResourceId {
    ResourceId(Names::rid(graph, &rid(name), Span::default()))
}

fn rid(name: u8) -> String {
    format!("r.{name}")
}

const NAMES: u8 = 12;
