//! The difference of two collections as remove and add events.

use std::borrow::Cow;
use std::collections::HashMap;

use resclient::sync::diff;

use super::value::Value;

/// One step of an edit script; positions count in the collection as the steps before have left it.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    Remove(usize),
    Add(usize, Value),
}

/// Turns `old` into `new`: removes from the end to the start, then adds from the start to the end. Clients compare
/// lists in the same way, see [`resclient::sync::diff`].
pub fn diff(old: &[Value], new: &[Value]) -> Vec<Edit> {
    let mut ids = HashMap::new();
    let old: Vec<u64> = old.iter().map(|value| intern(&mut ids, value)).collect();
    let numbered: Vec<u64> = new.iter().map(|value| intern(&mut ids, value)).collect();
    let mut edits = Vec::new();
    diff::diff(&old, &numbered, &mut edits);
    let edit = |edit| match edit {
        diff::Edit::Remove { index } => Edit::Remove(index as usize),
        diff::Edit::Insert { index, from } => Edit::Add(index as usize, new[from as usize].clone()),
    };
    edits.into_iter().map(edit).collect()
}

fn intern<'a>(ids: &mut HashMap<Cow<'a, str>, u64>, value: &'a Value) -> u64 {
    let next = ids.len() as u64;
    *ids.entry(value.canonical()).or_insert(next)
}
