//! All subscriptions, by resource.

use super::subscription::Subscription;
use crate::cache::ResourceId;

/// Subscriptions in a list by the numbers of their resources, which are small and reused.
#[derive(Debug, Default)]
pub struct Subscriptions {
    slots: Vec<Option<Box<Subscription>>>,
}

impl Subscriptions {
    pub fn get(&self, id: ResourceId) -> Option<&Subscription> {
        self.slots.get(id.0 as usize)?.as_deref()
    }

    pub fn get_mut(&mut self, id: ResourceId) -> Option<&mut Subscription> {
        self.slots.get_mut(id.0 as usize)?.as_deref_mut()
    }

    /// The subscription of a resource, made if there is none.
    pub fn entry(&mut self, id: ResourceId) -> &mut Subscription {
        let at = id.0 as usize;
        if at >= self.slots.len() {
            self.slots.resize_with(at + 1, || None);
        }
        self.slots[at].get_or_insert_default()
    }

    pub fn remove(&mut self, id: ResourceId) -> Option<Box<Subscription>> {
        self.slots.get_mut(id.0 as usize)?.take()
    }

    pub fn iter(&self) -> impl Iterator<Item = (ResourceId, &Subscription)> {
        (0..).map(ResourceId).zip(&self.slots).filter_map(|(id, slot)| Some((id, slot.as_deref()?)))
    }
}
