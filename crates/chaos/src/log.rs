//! The log of a listener: what it was told, put together.

use std::collections::BTreeMap;

use resclient::client::{Event, Events, Item, Resource};
use serde_json::Value;

/// What a listener has who takes the value there was at first and does with it what events say.
pub struct Log {
    resource: Resource,
    events: Events,
    pub content: Content,
    /// How many events there were.
    pub count: u64,
}

/// A resource by itself: what it refers to is not in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Model(BTreeMap<String, Item>),
    Collection(Vec<Item>),
    /// The code of what came in its place.
    Error(String),
}

impl Log {
    /// Begins with the present value.
    pub fn begin(resource: Resource) -> Log {
        Log { events: resource.changes(), content: Content::of(&resource), resource, count: 0 }
    }

    /// The present value, whatever events said.
    pub fn present(&self) -> Content {
        Content::of(&self.resource)
    }

    /// Takes in what there is.
    ///
    /// # Errors
    /// A sentence, if an event does not fit what came before it.
    pub fn take_in(&mut self) -> Result<(), String> {
        let mut begins_anew = false;
        while let Some(event) = poll_once(&mut self.events) {
            self.count += 1;
            begins_anew |= event == Event::Replaced;
            if !begins_anew && !self.content.apply(&event) {
                return Err(format!("{event:?} does not fit {:?}", self.content));
            }
        }
        // Where there was a model there is an error, or the other way round: whoever is told that reads the value anew.
        if begins_anew {
            self.content = self.present();
        }
        Ok(())
    }
}

impl Content {
    /// What a client has of a resource now.
    pub fn of(resource: &Resource) -> Content {
        match resource.value::<Value>() {
            Err(error) => Content::Error(error.to_string()),
            Ok(Value::Object(members)) => {
                let Resource::Model(model) = resource else { return Content::Error("not a model".to_owned()) };
                let items = members.into_iter().filter_map(|(key, _)| model.get(&key).map(|item| (key, item)));
                Content::Model(items.collect())
            }
            Ok(_) => match resource {
                Resource::Collection(list) => Content::Collection(list.items()),
                Resource::Model(_) => Content::Error("not a collection".to_owned()),
            },
        }
    }

    /// What a service says that a resource is.
    pub fn of_service(value: &Value) -> Content {
        match value {
            Value::Object(members) => {
                Content::Model(members.iter().map(|(key, value)| (key.clone(), item(value))).collect())
            }
            Value::Array(items) => Content::Collection(items.iter().map(item).collect()),
            other => Content::Collection(vec![item(other)]),
        }
    }

    /// The resources that this one brings with it.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        let items: Box<dyn Iterator<Item = &Item>> = match self {
            Content::Model(members) => Box::new(members.values()),
            Content::Collection(items) => Box::new(items.iter()),
            Content::Error(_) => Box::new(std::iter::empty()),
        };
        items.filter_map(|item| if let Item::Reference(rid) = item { Some(&**rid) } else { None })
    }

    /// Does what an event says; false if that cannot be done, or would do nothing.
    pub fn apply(&mut self, event: &Event) -> bool {
        match (self, event) {
            (Content::Model(members), Event::Change(changes)) => changes.iter().all(|(key, change)| {
                let old = match change.new.clone() {
                    Some(new) => members.insert(key.clone(), new),
                    None => members.remove(key),
                };
                // The same reference is told again when it leads to an error now, or no longer does.
                old == change.old && (old != change.new || matches!(old, Some(Item::Reference(_))))
            }),
            (Content::Collection(items), Event::Add { idx, item }) => {
                let fits = *idx <= items.len();
                items.insert((*idx).min(items.len()), item.clone());
                fits
            }
            (Content::Collection(items), Event::Remove { idx, item }) => {
                *idx < items.len() && items.remove(*idx) == *item
            }
            // They say something of the subscription, not of the value.
            (_, Event::Unsubscribe { .. } | Event::Stale { .. } | Event::Custom { .. }) => true,
            _ => false,
        }
    }
}

/// An item as a service writes it.
fn item(value: &Value) -> Item {
    match (value["rid"].as_str(), value.get("data")) {
        (Some(rid), _) if value["soft"] == true => Item::Soft(rid.to_owned()),
        (Some(rid), _) => Item::Reference(rid.to_owned()),
        (None, Some(data)) => Item::Data(data.clone()),
        (None, None) => Item::Data(value.clone()),
    }
}

/// The next event if there is one.
fn poll_once(events: &mut Events) -> Option<Event> {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    match pin!(events.next()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(event) => event,
        Poll::Pending => None,
    }
}
