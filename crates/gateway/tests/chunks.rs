//! Lists and models whose copies share what they have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use res_gateway::core::chunks::Chunks;
use res_gateway::core::model::Model;
use res_gateway::core::value::{Change, Value};
use serde_json::value::RawValue;

#[derive(Debug, Clone)]
enum Step {
    Insert(usize, u16),
    Replace(usize, u16),
    Remove(usize),
    /// A removal of each from here to the end but every so many-th.
    Thin(usize, usize),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_list_in_chunks_is_a_list_and_its_copies_stay_as_they_were(length in 0..600_usize, steps in vec(step(), 0..200)) {
        let mut list: Vec<u16> = (0..length as u16).collect();
        let mut chunks: Chunks<u16> = list.iter().copied().collect();
        for step in steps {
            let (before, copy) = (list.clone(), chunks.clone());
            match step {
                Step::Insert(at, item) => {
                    let at = at % (list.len() + 1);
                    list.insert(at, item);
                    chunks.insert(at, item);
                }
                Step::Replace(at, item) if !list.is_empty() => {
                    let at = at % list.len();
                    list[at] = item;
                    chunks.replace(at, item);
                }
                Step::Remove(at) if !list.is_empty() => {
                    let at = at % list.len();
                    list.remove(at);
                    chunks.remove(at);
                }
                Step::Thin(from, every) => {
                    for at in (from % (list.len() + 1)..list.len()).rev().filter(|at| at % every != 0) {
                        list.remove(at);
                        chunks.remove(at);
                    }
                }
                _ => {}
            }
            prop_assert!(chunks.iter().eq(&list), "{chunks:?} is not {list:?}");
            prop_assert_eq!(chunks.len(), list.len());
            prop_assert!((0..=list.len()).all(|at| chunks.get(at) == list.get(at)));
            prop_assert!(copy.iter().eq(&before));
            prop_assert!(chunks.chunk_count() <= 1 + list.len() / 32, "{} in {} chunks", list.len(), chunks.chunk_count());
        }
    }

    #[test]
    fn a_model_has_its_members_in_the_order_of_their_names(
        members in vec((0..300_u16, 0..9_u16), 0..300), steps in vec((0..300_u16, proptest::option::of(0..9_u16)), 0..300)
    ) {
        let name = |key: u16| Arc::<str>::from(key.to_string());
        let mut expected: BTreeMap<Arc<str>, String> = members.iter().map(|&(key, n)| (name(key), n.to_string())).collect();
        let mut model: Model = members.iter().map(|&(key, n)| (name(key), value(n))).collect();
        for (key, n) in steps {
            let key = name(key);
            match n {
                Some(n) => drop(expected.insert(key.clone(), n.to_string())),
                None => drop(expected.remove(&key)),
            }
            model.apply(&key, &n.map_or(Change::Delete, |n| Change::Set(value(n))));
            prop_assert_eq!(model.get(&key).map(|value| value.plain().to_owned()), expected.get(&key).cloned());
        }
        prop_assert!(model.iter().map(|(key, value)| (key, value.plain())).eq(expected.iter().map(|(key, n)| (key, &**n))));
        prop_assert_eq!(model.len(), expected.len());
    }
}

fn step() -> impl Strategy<Value = Step> {
    let at = || any::<proptest::sample::Index>().prop_map(|at| at.index(1 << 16));
    prop_oneof![
        4 => (at(), any::<u16>()).prop_map(|(at, item)| Step::Insert(at, item)),
        1 => (at(), any::<u16>()).prop_map(|(at, item)| Step::Replace(at, item)),
        4 => at().prop_map(Step::Remove),
        1 => (at(), 2..90_usize).prop_map(|(from, every)| Step::Thin(from, every)),
    ]
}

fn value(n: u16) -> Value {
    Value::parse(&RawValue::from_string(n.to_string()).expect("a number is JSON")).expect("and a value")
}
