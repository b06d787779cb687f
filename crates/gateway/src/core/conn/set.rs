//! Resource sets: the resources that go along with a response or an event.

use std::sync::Arc;

use resclient::protocol::{ResError, Version};

use crate::core::json;
use crate::core::value::{Snapshot, separate};

/// A resource set being written.
#[derive(Debug, Default)]
pub struct ResourceSet {
    models: String,
    collections: String,
    errors: String,
}

impl ResourceSet {
    pub fn add(&mut self, rid: &str, snapshot: &Arc<Snapshot>, version: Version) {
        let group = if snapshot.body().is_model() { &mut self.models } else { &mut self.collections };
        push_key(group, rid);
        snapshot.push(group, version);
    }

    pub fn add_error(&mut self, rid: &str, error: &ResError) {
        push_key(&mut self.errors, rid);
        json::push_error(&mut self.errors, error);
    }

    /// Appends the members of the set to an object that has been opened and may have members already.
    pub fn push_members(&self, out: &mut String) {
        let groups = [("models", &self.models), ("collections", &self.collections), ("errors", &self.errors)];
        for (name, members) in groups.into_iter().filter(|(_, members)| !members.is_empty()) {
            separate(out, '{');
            out.push('"');
            out.push_str(name);
            out.push_str("\":{");
            out.push_str(members);
            out.push('}');
        }
    }
}

fn push_key(group: &mut String, rid: &str) {
    if !group.is_empty() {
        group.push(',');
    }
    json::push_string(group, rid);
    group.push(':');
}
