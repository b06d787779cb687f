//! The difference of two collections as remove and add events.

use std::collections::HashMap;

use super::value::Value;

/// One step of an edit script; positions count in the collection as the steps before have left it.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    Remove(usize),
    Add(usize, Value),
}

/// Turns `old` into `new`: removes from the end to the start, then adds from the start to the end. The script is the
/// shortest there is, unless that is longer than 1000 steps: then everything between the common ends is replaced.
pub fn diff(old: &[Value], new: &[Value]) -> Vec<Edit> {
    let mut ids = HashMap::new();
    let a: Vec<u32> = old.iter().map(|v| intern(&mut ids, v)).collect();
    let b: Vec<u32> = new.iter().map(|v| intern(&mut ids, v)).collect();
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let kept = longest_common(a, b).unwrap_or_default();

    let mut edits = Vec::new();
    let mut keep = kept.iter().rev().peekable();
    for i in (0..a.len()).rev() {
        if keep.next_if(|&&(x, _)| x == i).is_none() {
            edits.push(Edit::Remove(head + i));
        }
    }
    let mut keep = kept.iter().peekable();
    for j in 0..b.len() {
        if keep.next_if(|&&(_, y)| y == j).is_none() {
            edits.push(Edit::Add(head + j, new[head + j].clone()));
        }
    }
    edits
}

fn intern<'a>(ids: &mut HashMap<std::borrow::Cow<'a, str>, u32>, value: &'a Value) -> u32 {
    let next = ids.len() as u32;
    *ids.entry(value.canonical()).or_insert(next)
}

/// The pairs of equal positions of a longest common subsequence (Myers' greedy algorithm), or `None` when more than
/// [`MAX_EDITS`] steps lie between the two. Memory is the square of the steps, so the limit bounds that too.
fn longest_common(a: &[u32], b: &[u32]) -> Option<Vec<(usize, usize)>> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    // For each number of steps, how far along `a` each diagonal x - y = k can be followed.
    let mut rounds: Vec<Round> = Vec::new();
    for d in 0..=(n + m).min(MAX_EDITS) {
        let mut round = Round::new(d);
        for k in (-d..=d).step_by(2) {
            let mut x = rounds.last().map_or(0, |last| last.step(k).0);
            while x < n && x - k < m && a[x as usize] == b[(x - k) as usize] {
                x += 1;
            }
            round.set(k, x);
            if x >= n && x - k >= m {
                return Some(walk_back(&rounds, n, m));
            }
        }
        rounds.push(round);
    }
    None
}

/// Collects the diagonal moves on the way from the end back to the start.
fn walk_back(rounds: &[Round], mut x: isize, mut y: isize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for last in rounds.iter().rev() {
        let (start, from) = last.step(x - y);
        while x > start {
            (x, y) = (x - 1, y - 1);
            pairs.push((x as usize, y as usize));
        }
        // The one step off the diagonal.
        (x, y) = if from < x - y { (x - 1, y) } else { (x, y - 1) };
    }
    while x > 0 {
        (x, y) = (x - 1, y - 1);
        pairs.push((x as usize, y as usize));
    }
    pairs.reverse();
    pairs
}

struct Round {
    d: isize,
    furthest: Vec<isize>,
}

impl Round {
    fn new(d: isize) -> Round {
        Round { d, furthest: vec![0; (2 * d + 1) as usize] }
    }

    fn set(&mut self, k: isize, x: isize) {
        self.furthest[(k + self.d) as usize] = x;
    }

    fn at(&self, k: isize) -> Option<isize> {
        (k.abs() <= self.d).then(|| self.furthest[(k + self.d) as usize])
    }

    /// Where one more step first lands on diagonal `k`, and the diagonal it comes from: down from `k + 1` or right from `k - 1`.
    fn step(&self, k: isize) -> (isize, isize) {
        let down = self.at(k + 1).map(|x| (x, k + 1));
        let right = self.at(k - 1).map(|x| (x + 1, k - 1));
        down.max(right).expect("a diagonal of the next round has a neighbour in this one")
    }
}

const MAX_EDITS: isize = 1000;
