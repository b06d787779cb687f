//! Checks events as a listener would: folded over the value a resource had first, they give the value it has.

use std::collections::{BTreeMap, BTreeSet};

use resclient::cache::ResourceId;
use resclient::mirror::{Content, Event, Item, Mirror};

/// The values listeners would have, had they only the first value and the events.
#[derive(Default)]
pub struct Fold {
    values: BTreeMap<ResourceId, Content>,
    /// Resources that are another object now. References to them change although the rid is the same.
    replaced: BTreeSet<ResourceId>,
}

impl Fold {
    /// A resource was read for the first time, or anew.
    pub fn start(&mut self, mirror: &Mirror, id: ResourceId) {
        if let Some(resource) = mirror.get(id)
            && self.values.insert(id, resource.content.clone()).is_some()
        {
            self.replaced.insert(id);
        }
    }

    pub fn replaced(&mut self, id: ResourceId) {
        self.replaced.insert(id);
    }

    pub fn end(&mut self, id: ResourceId) {
        self.values.remove(&id);
        self.replaced.remove(&id);
    }

    /// Applies an event, which has just been applied to the mirror.
    pub fn apply(&mut self, mirror: &Mirror, id: ResourceId, event: &Event) {
        if matches!(event, Event::Custom { .. } | Event::Unsubscribed(_)) {
            return;
        }
        let now = &mirror.get(id).expect("an event is about something mirrored").content;
        let before = self.values.get_mut(&id).expect("events follow the first value");
        match (event, before, now) {
            (Event::Change(old), Content::Model(before), Content::Model(now)) => {
                assert!(!old.is_empty(), "a change of nothing");
                for (key, old) in old {
                    assert_eq!(before.get(key), old.as_ref(), "the old value of {key}");
                    let new = now.get(key);
                    // Written out, for 0.0 and -0.0 are equal.
                    let changed = format!("{new:?}") != format!("{:?}", old.as_ref());
                    assert!(changed || self.replaced.contains(&target(new)), "{key} did not change");
                    match new {
                        Some(new) => before.insert(key.clone(), new.clone()),
                        None => before.remove(key),
                    };
                }
            }
            (Event::Add { idx }, Content::Collection(before), Content::Collection(now)) => {
                before.insert(*idx, now[*idx].clone());
            }
            (Event::Remove { idx, item }, Content::Collection(before), Content::Collection(_)) => {
                assert_eq!(before.remove(*idx), *item, "the removed item");
            }
            (event, before, _) => panic!("{event:?} does not fit {before:?}"),
        }
    }

    /// Fails unless the folded values are the mirrored ones.
    pub fn assert_equals(&self, mirror: &Mirror) {
        for (id, value) in &self.values {
            let resource = mirror.get(*id).expect("what is followed is mirrored");
            assert_eq!(*value, resource.content, "events of {}", resource.rid);
        }
    }
}

fn target(item: Option<&Item>) -> ResourceId {
    match item {
        Some(Item::Reference(id)) => *id,
        _ => ResourceId(u32::MAX),
    }
}
