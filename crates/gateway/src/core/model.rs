//! The members of a model.

use std::sync::Arc;

use super::chunks::Chunks;
use super::value::{Change, Value};

/// In the order of their names, so that gateways which heard different events of one model write it alike.
#[derive(Debug, Clone, Default)]
pub struct Model(Chunks<(Arc<str>, Value)>);

impl FromIterator<(Arc<str>, Value)> for Model {
    /// Of a name that is there twice, the last counts.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(members: I) -> Self {
        let mut members: Vec<_> = members.into_iter().collect();
        // The sort keeps the order of equals, and of those the first stays.
        members.reverse();
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        members.dedup_by(|(a, _), (b, _)| a == b);
        Model(members.into_iter().collect())
    }
}

impl Model {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// See [`Chunks::bytes_apart`].
    pub fn bytes_apart(&self) -> usize {
        self.0.bytes_apart()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find(key).1
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub fn apply(&mut self, key: &Arc<str>, change: &Change) {
        match (self.find(key), change) {
            ((idx, None), Change::Set(value)) => self.0.insert(idx, (key.clone(), value.clone())),
            ((idx, Some(_)), Change::Set(value)) => self.0.replace(idx, (key.clone(), value.clone())),
            ((idx, Some(_)), Change::Delete) => self.0.remove(idx),
            ((_, None), Change::Delete) => {}
        }
    }

    /// The value of a member, and where it is or would be.
    fn find(&self, key: &str) -> (usize, Option<&Value>) {
        let (idx, found) = self.0.find(|(other, _)| **other < *key);
        (idx, found.filter(|(other, _)| **other == *key).map(|(_, value)| value))
    }
}
