//! What a script of edits has to be, found in the plainest way. The fuzz target and `diff.rs` share it.

use resclient::sync::diff::{Edit, Limits, diff_within};

/// Hardly any matches may be listed, so the comparison by bit vectors is used even for short lists.
pub const BITS_ONLY: Limits = Limits { matches: 0, matches_per_item: 1, words: u64::MAX };

/// Nothing may be spent, so that long lists with many matches are cut.
pub const NO_BUDGET: Limits = Limits { matches: 0, matches_per_item: 1, words: 0 };

/// Any two lists: the first byte says how many different values there are, the second where the first list ends; each other
/// byte is one item or, when bit 7 is set, the item and a run of consecutive values after it.
#[allow(dead_code, reason = "the fuzz target's")]
pub fn check_bytes(input: &[u8]) {
    let [values, split, bytes @ ..] = input else { return };
    let (old, new) = bytes.split_at(bytes.len() * usize::from(*split) / 255);
    check(&list(old, *values), &list(new, *values));
}

/// Whatever it may spend, the script leads from one to the other, and it is a shortest one unless that may cost nothing.
pub fn check(old: &[u64], new: &[u64]) {
    let fewest = fewest_edits(old, new);
    assert_eq!(edits(Limits::default(), old, new), fewest, "{old:?} → {new:?}");
    assert_eq!(edits(BITS_ONLY, old, new), fewest, "{old:?} → {new:?}");
    assert!(edits(NO_BUDGET, old, new) >= fewest);
}

/// Makes the script, checks what it leads to, and returns its length.
fn edits(limits: Limits, old: &[u64], new: &[u64]) -> usize {
    let mut edits = Vec::new();
    diff_within(limits, old, new, &mut edits);
    assert_eq!(apply(old, new, &edits), new, "{old:?} → {new:?}");
    assert!(is_ordered(&edits), "{old:?} → {new:?}: {edits:?}");
    edits.len()
}

/// What a client does with the script: one step after the other, each of which must fit.
pub fn apply(old: &[u64], new: &[u64], edits: &[Edit]) -> Vec<u64> {
    let mut list = old.to_vec();
    for edit in edits {
        match *edit {
            Edit::Remove { index } => drop(list.remove(index as usize)),
            Edit::Insert { index, from } => list.insert(index as usize, new[from as usize]),
        }
    }
    list
}

/// Removes from high to low, then inserts from low to high.
pub fn is_ordered(edits: &[Edit]) -> bool {
    edits.windows(2).all(|pair| match (pair[0], pair[1]) {
        (Edit::Remove { index: a }, Edit::Remove { index: b }) => a > b,
        (Edit::Remove { .. }, Edit::Insert { .. }) => true,
        (Edit::Insert { index: a, .. }, Edit::Insert { index: b, .. }) => a < b,
        (Edit::Insert { .. }, Edit::Remove { .. }) => false,
    })
}

pub fn fewest_edits(old: &[u64], new: &[u64]) -> usize {
    old.len() + new.len() - 2 * common(old, new)
}

/// The length of a longest common subsequence, line by line of the table.
fn common(old: &[u64], new: &[u64]) -> usize {
    let mut line = vec![0; new.len() + 1];
    for a in old {
        let mut corner = 0;
        for (j, b) in new.iter().enumerate() {
            let above = line[j + 1];
            line[j + 1] = if a == b { corner + 1 } else { above.max(line[j]) };
            corner = above;
        }
    }
    line[new.len()]
}

fn list(bytes: &[u8], values: u8) -> Vec<u64> {
    let values = u64::from(values) + 1;
    let run = |&b: &u8| {
        let first = u64::from(b & 0x7f);
        (0..if b & 0x80 != 0 { 9 } else { 1 }).map(move |i| (first + i) % values)
    };
    bytes.iter().flat_map(run).take(LONGEST).collect()
}

/// Long enough for several words of bits, short enough for the table.
const LONGEST: usize = 600;
