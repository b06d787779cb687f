//! The difference of two versions of a collection, as the removes and adds that turn the old one into the new one.
//!
//! A longest common subsequence is kept and everything else replaced, so the script is the shortest there is. What the
//! two lists begin and end with alike is set aside, then one of two methods, chosen by the number of matches (pairs of
//! equal items), finds what to keep:
//! - few matches, as in lists of references: Hunt and Szymanski's, O((n + r) log n) for n items with r matches;
//! - many, as in long lists of few different values: Hirschberg's division with Hyyrö's bit vectors, which costs the n · m
//!   of the textbook's table divided by 32, and no table.
//!
//! Memory is linear in the length of the lists. Work has a limit ([`Limits`]); beyond it, lists are cut in halves that
//! are compared on their own, so that the script is still right but may be longer than needed.

use std::ops::Range;

use crate::index::Index;

/// One step that turns the old list into the new one, to be applied in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Take away the item at `index`.
    Remove { index: u32 },
    /// Put the item that stands at `from` in the new list at `index`.
    Insert { index: u32, from: u32 },
}

/// Appends to `edits` what turns `old` into `new`: all removes, from the highest index to the lowest, then all inserts,
/// from the lowest to the highest. Each index counts in the list as the steps before have left it. The lists are shorter
/// than 2^32 items.
///
/// Of several shortest scripts it takes the one Resgate takes, unless there are very many matches.
pub fn diff(old: &[u64], new: &[u64], edits: &mut Vec<Edit>) {
    diff_within(Limits::default(), old, new, edits);
}

/// How much a diff may spend. For tests, which need small limits and a measure that does not depend on the machine.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Matches that are listed whatever the length of the lists.
    pub matches: u64,
    /// And as many more for each item of both lists; at least 1.
    pub matches_per_item: u64,
    /// Steps on words of 64 items in the comparison by bit vectors: the limit above which scripts may be too long.
    pub words: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // The words are enough for two lists of 20,000 items, and take a few hundredths of a second.
        Limits { matches: 512, matches_per_item: 2, words: 1 << 24 }
    }
}

/// As [`diff`], within `limits`. Returns the number of steps it took.
#[doc(hidden)]
pub fn diff_within(limits: Limits, old: &[u64], new: &[u64], edits: &mut Vec<Edit>) -> u64 {
    let (head, tail) = common_ends(old, new);
    let old = &old[head..old.len() - tail];
    let new = &new[head..new.len() - tail];
    let mut differ = Differ::new(limits, old, new);
    differ.run();
    let gone = (0..old.len()).rev().filter(|&i| !differ.kept_old[i]);
    edits.extend(gone.map(|i| Edit::Remove { index: (head + i) as u32 }));
    let added = (0..new.len()).filter(|&j| !differ.kept_new[j]).map(|j| (head + j) as u32);
    // Everything before an insert is final already, so an item is inserted where it stands in the end.
    edits.extend(added.map(|index| Edit::Insert { index, from: index }));
    differ.steps + (head + tail + old.len() + new.len()) as u64
}

/// A comparison under way. Items are numbers counted from 0, equal for equal cells.
struct Differ {
    limits: Limits,
    steps: u64,
    old: Vec<u32>,
    new: Vec<u32>,
    kept_old: Vec<bool>,
    kept_new: Vec<bool>,
    /// For each item of the new list, where the same item stands before it.
    previous: Vec<u32>,
    /// For each number, how often it is in the part of the new list that is being compared, and where last.
    count: Vec<u32>,
    last: Vec<u32>,
    /// For each number, where its bits begin in `masks`.
    mask: Vec<u32>,
    masks: Vec<u64>,
    matches: Vec<Match>,
}

/// Sections of both lists that are to be matched with each other.
struct Part {
    old: Range<usize>,
    new: Range<usize>,
    /// Steps on words that may be spent on it.
    words: u64,
}

/// A pair of equal items as the end of a chain, in which both positions increase from match to match.
struct Match {
    old: u32,
    new: u32,
    /// Matches before it in the longest chain that it ends.
    rank: u32,
    /// The one right before it in that chain.
    before: u32,
}

impl Differ {
    fn new(limits: Limits, old: &[u64], new: &[u64]) -> Self {
        let (kept_old, kept_new) = (vec![false; old.len()], vec![false; new.len()]);
        // With one side empty nothing is kept, and the items need no numbers.
        let (old, new, numbers) = if old.is_empty() || new.is_empty() { Default::default() } else { number(old, new) };
        let mut last = vec![NONE; numbers];
        let previous = (0..).zip(&new).map(|(j, &item)| std::mem::replace(&mut last[item as usize], j)).collect();
        Differ {
            limits,
            steps: 0,
            old,
            new,
            kept_old,
            kept_new,
            previous,
            count: vec![0; numbers],
            last,
            mask: vec![NONE; numbers],
            masks: Vec::new(),
            matches: Vec::new(),
        }
    }

    /// Marks what is kept.
    fn run(&mut self) {
        let whole = Part { old: 0..self.old.len(), new: 0..self.new.len(), words: self.limits.words };
        // Of two halves the first waits for the second, so no more parts wait than a list can be halved times.
        let mut parts = vec![whole];
        while let Some(part) = parts.pop() {
            let part = self.trim(part);
            let items = (part.old.len() + part.new.len()) as u64;
            let matches = self.tally(&part);
            self.steps += items;
            if matches <= self.limits.matches + self.limits.matches_per_item * items {
                self.match_few(&part);
                continue;
            }
            // All divisions of a part together cost twice the first.
            let cost = 2 * part.old.len() as u64 * part.new.len().div_ceil(64) as u64;
            let (old, new, words) = if cost <= part.words {
                let (old, new) = self.divide(&part);
                (old, new, u64::MAX)
            } else {
                // Two halves cost half of the whole, so a few cuts bring any length within the limit.
                (middle(&part.old), middle(&part.new), part.words / 2)
            };
            parts.push(Part { old: part.old.start..old, new: part.new.start..new, words });
            parts.push(Part { old: old..part.old.end, new: new..part.new.end, words });
        }
    }

    /// Keeps what both sections begin and end with.
    fn trim(&mut self, Part { old, new, words }: Part) -> Part {
        let (head, tail) = common_ends(&self.old[old.clone()], &self.new[new.clone()]);
        let trimmed = Part { old: old.start + head..old.end - tail, new: new.start + head..new.end - tail, words };
        self.kept_old[old.start..trimmed.old.start].fill(true);
        self.kept_old[trimmed.old.end..old.end].fill(true);
        self.kept_new[new.start..trimmed.new.start].fill(true);
        self.kept_new[trimmed.new.end..new.end].fill(true);
        trimmed
    }

    /// Finds where the items of a part's old section are in its new section, and returns the number of matches.
    fn tally(&mut self, part: &Part) -> u64 {
        for &item in &self.old[part.old.clone()] {
            self.count[item as usize] = 0;
        }
        for j in part.new.clone() {
            let item = self.new[j] as usize;
            self.count[item] += 1;
            self.last[item] = j as u32;
        }
        // Items only the new section has were counted onto what an earlier part left. Nobody asks for them.
        self.old[part.old.clone()].iter().map(|&item| u64::from(self.count[item as usize])).sum()
    }

    /// Keeps a longest common subsequence, by listing all matches.
    fn match_few(&mut self, part: &Part) {
        let Differ { old, previous, count, last, matches, .. } = self;
        matches.clear();
        // For each rank, the match that leaves most of the new list to those after it: its position there, and its index.
        let mut ends: Vec<(u32, u32)> = Vec::new();
        for i in part.old.clone() {
            let item = old[i] as usize;
            // From the last to the first, so that no match can come after another one of the same old item.
            for new in places(previous, last[item], count[item]) {
                let rank = match ends.last() {
                    Some(end) if new > end.0 => ends.len(),
                    _ => ends.partition_point(|end| end.0 < new),
                };
                let before = if rank == 0 { NONE } else { ends[rank - 1].1 };
                let end = (new, matches.len() as u32);
                matches.push(Match { old: i as u32, new, rank: rank as u32, before });
                match ends.get_mut(rank) {
                    Some(worse) => *worse = end,
                    None => ends.push(end),
                }
            }
        }
        self.steps += matches.len() as u64;
        self.keep_chain(part, ends.last().map_or(NONE, |end| end.1));
    }

    /// Keeps a longest chain of matches, given the end of one. Resgate walks back through a table and, where the old
    /// item before can be kept as well as another, keeps it; so does this.
    fn keep_chain(&mut self, part: &Part, mut end: u32) {
        let (mut old, mut new) = (part.old.end as u32, part.new.end as u32);
        let mut rest = self.matches.as_slice();
        while let Some(found) = self.matches.get(end as usize) {
            let mut kept = found;
            // The matches of one old item stand together, later places in the new list first.
            while let Some((candidate, others)) = rest.split_last().filter(|(m, _)| m.old + 1 == old) {
                if candidate.rank == found.rank && candidate.new < new {
                    (kept, end) = (candidate, others.len() as u32);
                }
                rest = others;
            }
            (old, new) = (kept.old, kept.new);
            self.kept_old[old as usize] = true;
            self.kept_new[new as usize] = true;
            rest = &self.matches[..end as usize];
            while let Some((_, others)) = rest.split_last().filter(|(m, _)| m.old == old) {
                rest = others;
            }
            end = kept.before;
        }
    }

    /// Where to divide a part so that the longest common subsequences of both halves make up one of the whole.
    fn divide(&mut self, part: &Part) -> (usize, usize) {
        let half = middle(&part.old);
        let (start, end) = (part.new.start, part.new.end);
        let front = self.common(part.old.start..half, part.new.len(), |place| place as usize - start);
        let back = self.common((half..part.old.end).rev(), part.new.len(), |place| end - 1 - place as usize);
        // The length they have in common when the new list is divided at its start, then one item on, and so on.
        let mut length: u32 = back.iter().map(|word| word.count_zeros()).sum();
        let (mut best, mut divide) = (length, start);
        for j in start..end {
            length += u32::from(!bit(&front, j - start));
            length -= u32::from(!bit(&back, end - 1 - j));
            if length > best {
                (best, divide) = (length, j + 1);
            }
        }
        (half, divide)
    }

    /// The last line of the table of common lengths for the items at `rows` and a section of the new list, as bits: a 0
    /// where the length is one more than before. `column` says which bit stands for a place in the new list.
    fn common(
        &mut self,
        rows: impl Iterator<Item = usize> + Clone,
        len: usize,
        column: impl Fn(u32) -> usize,
    ) -> Vec<u64> {
        let words = len.div_ceil(64);
        let mut line = vec![u64::MAX; words];
        let mut rare = vec![0; words];
        self.masks.clear();
        rows.clone().for_each(|i| self.mask[self.old[i] as usize] = NONE);
        for item in rows.map(|i| self.old[i] as usize) {
            let count = self.count[item];
            let columns = places(&self.previous, self.last[item], count).map(&column);
            // At most 64 items are frequent enough to have their masks remembered, which bounds the memory.
            if count as usize <= words {
                columns.clone().for_each(|at| rare[at / 64] |= 1 << (at % 64));
                advance(&mut line, &rare);
                columns.for_each(|at| rare[at / 64] = 0);
            } else {
                if self.mask[item] == NONE {
                    self.mask[item] = self.masks.len() as u32;
                    self.masks.resize(self.masks.len() + words, 0);
                    let mask = &mut self.masks[self.mask[item] as usize..];
                    columns.for_each(|at| mask[at / 64] |= 1 << (at % 64));
                }
                advance(&mut line, &self.masks[self.mask[item] as usize..]);
            }
            self.steps += words as u64;
        }
        line
    }
}

/// One line of the table from the one above; `mask` has the columns whose item is that of the new line (Hyyrö 2004).
fn advance(line: &mut [u64], mask: &[u64]) {
    let mut carry = false;
    for (word, &mask) in line.iter_mut().zip(mask) {
        let (sum, over) = word.overflowing_add(*word & mask);
        let (sum, more) = sum.overflowing_add(u64::from(carry));
        carry = over | more;
        *word = sum | (*word & !mask);
    }
}

/// Numbers for the items of both lists, and how many numbers there are. Items the new list lacks share the last one.
fn number(old: &[u64], new: &[u64]) -> (Vec<u32>, Vec<u32>, usize) {
    let mut index = Index::with_capacity(new.len());
    let mut distinct: Vec<u64> = Vec::new();
    let mut intern = |&cell: &u64| {
        index.find(hash(cell), |number| distinct[number as usize] == cell).unwrap_or_else(|| {
            let number = distinct.len() as u32;
            index.insert(hash(cell), number);
            distinct.push(cell);
            number
        })
    };
    let new = new.iter().map(&mut intern).collect();
    let absent = distinct.len() as u32;
    let find = |&cell: &u64| index.find(hash(cell), |number| distinct[number as usize] == cell).unwrap_or(absent);
    (old.iter().map(find).collect(), new, distinct.len() + 1)
}

/// Cells are seeded hashes and small numbers: one multiplication spreads them.
fn hash(cell: u64) -> u64 {
    let product = cell.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ product >> 32
}

/// The last `count` places of an item, from the last one on.
fn places(previous: &[u32], last: u32, count: u32) -> impl Iterator<Item = u32> + Clone {
    std::iter::successors(Some(last), |&place| Some(previous[place as usize])).take(count as usize)
}

/// How many items two lists have in common at the start, and at the end of what then remains.
fn common_ends<T: PartialEq>(old: &[T], new: &[T]) -> (usize, usize) {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[head..], &new[head..]);
    (head, old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count())
}

fn middle(range: &Range<usize>) -> usize {
    range.start + range.len() / 2
}

fn bit(words: &[u64], at: usize) -> bool {
    words[at / 64] >> (at % 64) & 1 == 1
}

const NONE: u32 = u32::MAX;
