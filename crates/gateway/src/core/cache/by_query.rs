//! The resources of one name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::resource::Resource;

/// Resources by normalised query. Nearly all names have the one without a query only, and need no tree, which makes
/// room for eleven at once.
#[derive(Debug, Default)]
pub struct ByQuery {
    plain: Option<Box<Resource>>,
    queries: BTreeMap<Arc<str>, Box<Resource>>,
}

impl ByQuery {
    pub fn get(&self, query: &str) -> Option<&Resource> {
        if query.is_empty() { self.plain.as_deref() } else { self.queries.get(query).map(Box::as_ref) }
    }

    pub fn get_mut(&mut self, query: &str) -> Option<&mut Resource> {
        if query.is_empty() { self.plain.as_deref_mut() } else { self.queries.get_mut(query).map(Box::as_mut) }
    }

    pub fn get_or_insert_with(&mut self, query: &Arc<str>, make: impl FnOnce() -> Resource) -> &mut Resource {
        let make = || Box::new(make());
        if query.is_empty() {
            self.plain.get_or_insert_with(make)
        } else {
            self.queries.entry(query.clone()).or_insert_with(make)
        }
    }

    pub fn remove(&mut self, query: &str) -> Option<Resource> {
        let removed = if query.is_empty() { self.plain.take() } else { self.queries.remove(query) };
        removed.map(|resource| *resource)
    }

    /// Those with a query, in the order of queries.
    pub fn queries(&self) -> impl Iterator<Item = (&Arc<str>, &Resource)> {
        self.queries.iter().map(|(query, resource)| (query, &**resource))
    }

    /// All with their queries, the one without first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Arc<str>, &mut Resource)> {
        let plain = self.plain.iter_mut().map(|resource| ("".into(), &mut **resource));
        plain.chain(self.queries.iter_mut().map(|(query, resource)| (query.clone(), &mut **resource)))
    }

    /// All, the one without a query first.
    pub fn values(&self) -> impl Iterator<Item = &Resource> {
        self.plain.iter().chain(self.queries.values()).map(Box::as_ref)
    }
}
