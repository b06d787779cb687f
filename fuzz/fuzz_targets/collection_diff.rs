//! Any two lists: the script must lead from one to the other in the order clients expect, and be a shortest one.
//!
//! The first byte says how many different values there are, the second where the first list ends; each other byte is one
//! item or, when bit 7 is set, the item and a run of consecutive values after it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use resclient::sync::diff::{Edit, Limits, diff_within};

fuzz_target!(|input: (u8, u8, Vec<u8>)| {
    let (values, split, bytes) = input;
    let (old, new) = bytes.split_at(bytes.len() * usize::from(split) / 255);
    let (old, new) = (list(old, values), list(new, values));
    let bits_only = Limits { matches: 0, matches_per_item: 1, words: u64::MAX };
    let no_budget = Limits { words: 0, ..bits_only };

    let fewest = old.len() + new.len() - 2 * common(&old, &new);
    assert_eq!(edits(Limits::default(), &old, &new), fewest);
    assert_eq!(edits(bits_only, &old, &new), fewest);
    assert!(edits(no_budget, &old, &new) >= fewest);
});

fn list(bytes: &[u8], values: u8) -> Vec<u64> {
    let values = u64::from(values) + 1;
    let run = |&b: &u8| {
        let first = u64::from(b & 0x7f);
        (0..if b & 0x80 != 0 { 9 } else { 1 }).map(move |i| (first + i) % values)
    };
    bytes.iter().flat_map(run).take(LONGEST).collect()
}

/// Checks the script and returns its length.
fn edits(limits: Limits, old: &[u64], new: &[u64]) -> usize {
    let mut edits = Vec::new();
    diff_within(limits, old, new, &mut edits);
    let mut list = old.to_vec();
    let (mut lowest, mut next) = (old.len() as u32, None);
    for edit in &edits {
        match *edit {
            Edit::Remove { index } => {
                assert!(next.is_none() && index < lowest);
                lowest = index;
                list.remove(index as usize);
            }
            Edit::Insert { index, from } => {
                assert!(next.is_none_or(|next| index >= next));
                next = Some(index + 1);
                list.insert(index as usize, new[from as usize]);
            }
        }
    }
    assert_eq!(list, new);
    edits.len()
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

/// Long enough for several words of bits, short enough for the table.
const LONGEST: usize = 600;
