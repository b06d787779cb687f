//! The difference of two collections: right, in the order clients expect, shortest, and bounded in work and memory.

mod diff_oracle;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use diff_oracle::{BITS_ONLY, apply, check_bytes, fewest_edits, is_ordered};
use proptest::collection::vec;
use proptest::prelude::*;
use resclient::sync::diff::{Edit, Limits, diff, diff_within};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn edits(old: &[u64], new: &[u64]) -> Vec<Edit> {
    let mut edits = Vec::new();
    diff(old, new, &mut edits);
    edits
}

fn edits_within(limits: Limits, old: &[u64], new: &[u64]) -> Vec<Edit> {
    let mut edits = Vec::new();
    diff_within(limits, old, new, &mut edits);
    edits
}

/// The table of the lengths of the longest common subsequences of all heads: `table[i][j]` for `i` and `j` items.
fn table(old: &[u64], new: &[u64]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
    for (i, a) in old.iter().enumerate() {
        for (j, b) in new.iter().enumerate() {
            table[i + 1][j + 1] = if a == b { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
        }
    }
    table
}

/// The script of Resgate: equal ends are set aside, then it walks back through the table, and rather inserts than
/// removes where both are equally good.
fn resgate(old: &[u64], new: &[u64]) -> Vec<Edit> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let table = table(a, b);
    let (mut i, mut j) = (a.len(), b.len());
    let (mut removes, mut inserts) = (Vec::new(), Vec::new());
    while i > 0 || j > 0 {
        if i > 0 && j > 0 && a[i - 1] == b[j - 1] {
            (i, j) = (i - 1, j - 1);
        } else if j > 0 && (i == 0 || table[i][j - 1] >= table[i - 1][j]) {
            j -= 1;
            inserts.push(Edit::Insert { index: (head + j) as u32, from: (head + j) as u32 });
        } else {
            i -= 1;
            removes.push(Edit::Remove { index: (head + i) as u32 });
        }
    }
    removes.into_iter().chain(inserts.into_iter().rev()).collect()
}

/// Every list of up to `longest` items out of `symbols` different ones.
fn all_lists(longest: usize, symbols: u64) -> Vec<Vec<u64>> {
    let mut lists = vec![vec![]];
    let mut from = 0;
    for _ in 0..longest {
        let until = lists.len();
        for i in from..until {
            for symbol in 0..symbols {
                let mut list = lists[i].clone();
                list.push(symbol);
                lists.push(list);
            }
        }
        from = until;
    }
    lists
}

/// A fixed sequence of numbers that look random.
fn scattered(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ x >> 31) % below
    }
}

/// A list of references in which one in a hundred is elsewhere.
fn with_moves(items: u64) -> (Vec<u64>, Vec<u64>) {
    let old: Vec<u64> = (0..items).map(|i| 1 << 63 | i).collect();
    let mut new = old.clone();
    let mut random = scattered(items);
    for _ in 0..items / 100 {
        let item = new.remove(random(items) as usize);
        new.insert(random(items) as usize, item);
    }
    (old, new)
}

fn few_values(items: u64, values: u64, seed: u64) -> Vec<u64> {
    let mut random = scattered(seed);
    (0..items).map(|_| random(values)).collect()
}

#[test]
fn the_recorded_reset_of_a_collection_is_reproduced() {
    // [a, b, c, d] → [x, b, d, c, a], as Resgate 1.8.0 sent it.
    let (a, b, c, d, x) = (1, 2, 3, 4, 5);
    let edits = edits(&[a, b, c, d], &[x, b, d, c, a]);
    assert_eq!(
        edits,
        [
            Edit::Remove { index: 2 },
            Edit::Remove { index: 0 },
            Edit::Insert { index: 0, from: 0 },
            Edit::Insert { index: 3, from: 3 },
            Edit::Insert { index: 4, from: 4 },
        ]
    );
}

#[test]
fn equal_and_empty_lists_need_the_obvious() {
    assert_eq!(edits(&[], &[]), []);
    assert_eq!(edits(&[7, 7, 8], &[7, 7, 8]), []);
    assert_eq!(edits(&[], &[7, 8]), [Edit::Insert { index: 0, from: 0 }, Edit::Insert { index: 1, from: 1 }]);
    assert_eq!(edits(&[7, 8], &[]), [Edit::Remove { index: 1 }, Edit::Remove { index: 0 }]);
}

#[test]
fn edits_are_appended() {
    let mut edits = vec![Edit::Remove { index: 9 }];
    diff(&[1], &[], &mut edits);
    assert_eq!(edits, [Edit::Remove { index: 9 }, Edit::Remove { index: 0 }]);
}

#[test]
fn every_pair_of_short_lists_gets_the_script_of_resgate() {
    let lists = all_lists(5, 3);
    assert_eq!(lists.len(), 364);
    for old in &lists {
        for new in &lists {
            let edits = edits(old, new);
            assert_eq!(apply(old, new, &edits), *new, "{old:?} → {new:?}");
            assert_eq!(edits, resgate(old, new), "{old:?} → {new:?}");
        }
    }
}

#[test]
fn every_pair_of_short_lists_gets_a_shortest_script_from_bit_vectors() {
    let lists = all_lists(7, 2);
    for old in &lists {
        for new in &lists {
            let edits = edits_within(BITS_ONLY, old, new);
            assert_eq!(apply(old, new, &edits), *new, "{old:?} → {new:?}");
            assert!(is_ordered(&edits), "{old:?} → {new:?}: {edits:?}");
            assert_eq!(edits.len(), fewest_edits(old, new), "{old:?} → {new:?}");
        }
    }
}

/// Two lists out of a few values, or with every value once, or one made from the other, or one with long foreign runs.
fn two_lists(longest: usize) -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
    let free = (1..12u64).prop_flat_map(move |n| (vec(0..n, 0..longest), vec(0..n, 0..longest)));
    let unique = (0..longest as u64).prop_flat_map(|n| {
        let all: Vec<u64> = (0..n).collect();
        (Just(all.clone()).prop_shuffle(), Just(all).prop_shuffle(), 0..=n as usize)
            .prop_map(|(old, new, keep)| (old, new[..keep].to_vec()))
    });
    let edited =
        (vec(0..6u64, 0..longest), vec((any::<prop::sample::Index>(), 0..12u64), 0..8)).prop_map(|(old, at)| {
            let mut new = old.clone();
            for (index, value) in at {
                match value {
                    0..6 => new.insert(index.index(new.len() + 1), value),
                    _ if new.is_empty() => {}
                    _ => drop(new.remove(index.index(new.len()))),
                }
            }
            (old, new)
        });
    // A foreign run fills whole words of bits, which carries then have to cross.
    let island = || vec(0..2u64, 0..longest * 3 / 10);
    let diluted = (vec(0..2u64, 0..longest / 2), island(), 0..longest * 7 / 10, island())
        .prop_map(|(old, head, foreign, tail)| (old, [head, vec![99; foreign], tail].concat()));
    prop_oneof![free, unique, edited, diluted]
}

proptest! {
    #[test]
    fn the_script_leads_from_the_old_list_to_the_new_one_and_is_a_shortest((old, new) in two_lists(200)) {
        diff_oracle::check(&old, &new);
    }

    #[test]
    fn so_it_is_with_any_bytes_of_the_fuzz_target(input in vec(any::<u8>(), 0..100)) {
        check_bytes(&input);
    }

    #[test]
    fn lists_with_few_matches_get_the_script_of_resgate((old, new) in two_lists(20)) {
        prop_assert_eq!(edits(&old, &new), resgate(&old, &new));
    }

    #[test]
    fn values_that_differ_in_any_bit_are_different(values in vec(any::<u64>(), 1..50), bit in 0..64u32) {
        let flipped: Vec<u64> = values.iter().map(|v| v ^ 1 << bit).collect();
        let edits = edits(&values, &flipped);
        prop_assert_eq!(edits.len(), fewest_edits(&values, &flipped));
        prop_assert_eq!(apply(&values, &flipped, &edits), flipped);
    }
}

/// Makes the script, checks it, and compares the number of edits, the steps and the bytes with what is allowed.
fn check(old: &[u64], new: &[u64], most_edits: usize, most_steps: u64) {
    let items = old.len() + new.len();
    let mut edits = Vec::with_capacity(items);
    let (steps, bytes) = peak_memory(|| diff_within(Limits::default(), old, new, &mut edits));
    assert_eq!(apply(old, new, &edits), new);
    assert!(is_ordered(&edits));
    assert!(edits.len() <= most_edits, "{} edits instead of at most {most_edits}", edits.len());
    assert!(steps <= most_steps, "{steps} steps instead of at most {most_steps}");
    // In the worst case 64 for the table of numbers, 16 for each of four matches, and the numbers themselves.
    assert!(bytes <= 160 * items + 50_000, "{bytes} bytes for {items} items");
}

#[test]
fn moved_items_cost_a_remove_and_an_insert_each() {
    for items in [1_000, 5_000] {
        let (old, new) = with_moves(items);
        check(&old, &new, 2 * items as usize / 100, 6 * items);
    }
}

#[test]
fn a_window_shifted_by_one_costs_two_edits() {
    let old: Vec<u64> = (0..8_000).collect();
    let new: Vec<u64> = (1..8_001).collect();
    check(&old, &new, 2, 48_000);
}

#[test]
fn disjoint_lists_are_replaced_in_linear_time() {
    let old: Vec<u64> = (0..12_000).collect();
    let new: Vec<u64> = (12_000..24_000).collect();
    check(&old, &new, 24_000, 72_000);
}

#[test]
fn a_reversed_list_keeps_one_item() {
    let old: Vec<u64> = (0..10_000).collect();
    let new: Vec<u64> = old.iter().rev().copied().collect();
    check(&old, &new, 19_998, 60_000);
}

#[test]
fn lists_of_few_values_cost_a_thirty_second_of_the_table() {
    let (old, new) = (few_values(10_000, 10, 1), few_values(10_000, 10, 2));
    // Listing matches alone would list 10,000,000. Random lists of ten values have 47 % in common.
    check(&old, &new, 10_600, 5_000_000);
    let (old, new) = (&old[..1_000], &new[..1_000]);
    assert_eq!(edits(old, new).len(), fewest_edits(old, new));
}

#[test]
fn few_edits_of_a_list_of_few_values_are_found() {
    let old = few_values(10_000, 10, 3);
    let mut new = old.clone();
    new.remove(100);
    new.insert(5_000, 11);
    new.remove(9_900);
    check(&old, &new, 3, 5_000_000);
}

#[test]
fn work_has_a_limit_whatever_the_lists() {
    // The table would have 3,600,000,000 cells, the bit vectors 112,500,000 words.
    let old = few_values(60_000, 10, 4);
    let mut new = old.clone();
    let mut random = scattered(5);
    for _ in 0..300 {
        new.remove(random(new.len() as u64) as usize);
        new.insert(random(new.len() as u64) as usize, 10);
    }
    check(&old, &new, 1_200, 24_000_000);
    // Nothing in common in the order it is in, and one value most of the time.
    let ramp = |down: bool| (0..60_000).map(move |i| if down { 59_999 - i } else { i } / 600).collect::<Vec<u64>>();
    check(&ramp(false), &ramp(true), 120_000, 24_000_000);
}

/// Counts what a thread holds, to measure memory without asking the system.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn peak_memory<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = work();
    (result, (PEAK.get() - before) as usize)
}

fn hold(bytes: isize) {
    HELD.set(HELD.get() + bytes);
    PEAK.set(PEAK.get().max(HELD.get()));
}

// SAFETY: every call is handed on to the system's allocator as it is; the counters do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        hold(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        hold(-(layout.size() as isize));
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
