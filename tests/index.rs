//! The index against a plain list: numbers are found as long as they are in it, however their hashes collide.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use proptest::prelude::*;
use resclient::index::Index;

#[derive(Debug, Clone)]
enum Step {
    Insert(u64),
    Remove(usize),
    Clear,
}

/// Few different hashes, some of which belong to the end of a small table, so that they collide and go around it.
fn any_hash() -> impl Strategy<Value = u64> {
    prop_oneof![0..4u64, 13..18u64, Just(u64::from(u32::MAX)), any::<u64>()]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![30 => any_hash().prop_map(Step::Insert), 20 => any::<usize>().prop_map(Step::Remove), 1 => Just(Step::Clear)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_in_it_is_found_and_nothing_else(steps in prop::collection::vec(any_step(), 0..200), capacity in 0..40usize) {
        let mut index = Index::with_capacity(capacity);
        let mut list: Vec<(u64, u32)> = Vec::new();
        let mut gone: Vec<(u64, u32)> = Vec::new();
        for (id, step) in (0..).zip(steps) {
            match step {
                Step::Insert(hash) => {
                    index.insert(hash, id);
                    list.push((hash, id));
                }
                Step::Remove(which) if !list.is_empty() => {
                    let (hash, id) = list.swap_remove(which % list.len());
                    index.remove(hash, id);
                    gone.push((hash, id));
                }
                Step::Remove(_) => {}
                Step::Clear => {
                    index.clear();
                    gone.append(&mut list);
                }
            }
        }
        prop_assert_eq!(index.len(), list.len());
        for (hash, id) in list {
            prop_assert_eq!(index.find(hash, |found| found == id), Some(id));
        }
        for (hash, id) in gone {
            prop_assert_eq!(index.find(hash, |found| found == id), None);
            index.remove(hash, id);
        }
    }
}

#[test]
fn an_empty_index_has_nothing() {
    let mut index = Index::default();
    assert_eq!(index.find(7, |_| true), None);
    index.remove(7, 7);
    assert!(index.is_empty());
}
