//! One cached resource: its value, who listens, and how events and fresh copies change it.

use std::sync::Arc;

use resclient::bug;

use super::subscribers::Subscribers;
use crate::core::border::{Event, EventKind};
use crate::core::diff::{Edit, diff};
use crate::core::response::{Mutation, model_changes};
use crate::core::throttle::Slot;
use crate::core::timers::TimerId;
use crate::core::value::{Body, Change, Invalid, Snapshot};

/// A resource for one normalised query of a name; the empty query is the plain resource.
#[derive(Debug)]
pub struct Resource {
    pub state: State,
    pub subscribers: Subscribers,
    /// Counts the changes since loading.
    pub version: u64,
    pub reset: Reset,
    /// Held while what a `system.reset` asked for is under way.
    pub slots: Vec<Slot>,
}

#[derive(Debug)]
pub enum State {
    /// The get request `serial` is in flight. With `reset_after`, its answer may be older than a reset.
    Requested {
        serial: u64,
        reset_after: bool,
    },
    Loaded(Arc<Snapshot>),
}

/// Whether a fresh copy is being fetched to replace the value.
#[derive(Debug, Clone, Copy)]
pub enum Reset {
    Idle,
    /// The get request `serial` is in flight; `again` if another reset came since.
    InFlight {
        serial: u64,
        again: bool,
        delay: u64,
    },
    /// The last attempt failed; the value is suspect until the next one.
    Retry {
        timer: TimerId,
        delay: u64,
    },
}

impl Resource {
    pub fn requested(serial: u64) -> Resource {
        Resource {
            state: State::Requested { serial, reset_after: false },
            subscribers: Subscribers::None,
            version: 0,
            reset: Reset::Idle,
            slots: Vec::new(),
        }
    }

    pub fn loaded(body: Body) -> Resource {
        Resource { state: State::Loaded(Snapshot::new(body)), ..Resource::requested(0) }
    }

    pub fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        match &self.state {
            State::Loaded(snapshot) => Some(snapshot),
            State::Requested { .. } => None,
        }
    }

    /// Applies a mutation; `data` is its payload as sent. `Ok(None)` when it changes nothing.
    pub fn apply(&mut self, mutation: Mutation, data: &str) -> Result<Option<Arc<Event>>, Invalid> {
        let State::Loaded(snapshot) = &self.state else { return Ok(None) };
        let (kind, after) = match (snapshot.body(), mutation) {
            (Body::Model(members), Mutation::Change(mut changes)) => {
                changes.retain(|(key, change)| match change {
                    Change::Set(value) => members.get(key) != Some(value),
                    Change::Delete => members.contains_key(key),
                });
                if changes.is_empty() {
                    return Ok(None);
                }
                let mut members = members.clone();
                for (key, change) in &changes {
                    members.apply(key, change);
                }
                let after = Snapshot::new(Body::Model(members));
                (EventKind::Change { changes, before: snapshot.clone(), after: after.clone() }, after)
            }
            (Body::Collection(items), Mutation::Add(idx, value)) if idx <= items.len() => {
                let mut items = items.clone();
                items.insert(idx, value.clone());
                let after = Snapshot::new(Body::Collection(items));
                (EventKind::Add { idx, value, after: after.clone() }, after)
            }
            (Body::Collection(items), Mutation::Remove(idx)) if idx < items.len() => {
                let mut items = items.clone();
                let value = items.get(idx).expect("within the list").clone();
                items.remove(idx);
                let after = Snapshot::new(Body::Collection(items));
                (EventKind::Remove { value, data: data.into(), after: after.clone() }, after)
            }
            (Body::Collection(_), Mutation::Add(..) | Mutation::Remove(_)) => {
                return Err(Invalid("index out of range"));
            }
            _ => return Err(Invalid("event of the wrong type for the resource")),
        };
        self.state = State::Loaded(after);
        Ok(Some(self.event(kind)))
    }

    fn event(&mut self, kind: EventKind) -> Arc<Event> {
        let event = Event::new(self.version, kind);
        self.version += 1;
        Arc::new(event)
    }

    /// Replaces the value; the events are those that turn the one before into it.
    pub fn replace(&mut self, body: Body) -> Result<Vec<Arc<Event>>, Invalid> {
        let State::Loaded(base) = &self.state else { return Ok(Vec::new()) };
        let base = base.clone();
        match (base.body(), &body) {
            (Body::Model(old), Body::Model(new)) => {
                let changes = model_changes(old, new);
                if changes.is_empty() {
                    return Ok(Vec::new());
                }
                let after = Snapshot::new(body);
                self.state = State::Loaded(after.clone());
                if bug!("silent-replacement") {
                    return Ok(Vec::new());
                }
                Ok(vec![self.event(EventKind::Change { changes, before: base, after })])
            }
            (Body::Collection(old), Body::Collection(new)) => {
                let [old, new] = [old, new].map(|items| items.iter().cloned().collect::<Vec<_>>());
                let edits: Arc<[Edit]> = diff(&old, &new).into();
                if edits.is_empty() {
                    return Ok(Vec::new());
                }
                let last = Snapshot::new(body);
                self.state = State::Loaded(last.clone());
                let event = |(at, edit): (usize, &Edit)| {
                    let is_last = at + 1 == edits.len();
                    let after = if is_last { last.clone() } else { Snapshot::on_the_way(&base, &edits, at + 1) };
                    self.event(match edit {
                        // All removes come first, from the end to the start: the position is still that in the old one.
                        Edit::Remove(idx) => {
                            let data = format!("{{\"idx\":{idx}}}").into();
                            EventKind::Remove { value: old[*idx].clone(), data, after }
                        }
                        Edit::Add(idx, value) => EventKind::Add { idx: *idx, value: value.clone(), after },
                    })
                };
                Ok(edits.iter().enumerate().map(event).collect())
            }
            _ => Err(Invalid("the resource has another type than before")),
        }
    }
}
