//! What a connection has begun and not finished. It stops when its turn is over and goes on with the next, before
//! anything else is taken in.

use std::sync::Arc;

use super::Conn;
use super::collect::Collection;
use super::direct::Answer;
use super::graph::Goal;
use super::sub::{Level, WaitId};
use crate::core::border::SubId;

#[derive(Debug)]
pub enum Work {
    /// The references of a resource that has come.
    Count(Count),
    /// Something that was waited for refers to these.
    Visit(WaitId, Vec<SubId>),
    Answer(Box<Answer>),
    Collect(Box<Collection>),
}

/// A resource has come, and its references are counted.
#[derive(Debug)]
pub struct Count {
    sub: SubId,
    level: Level,
    references: std::vec::IntoIter<Arc<str>>,
    counted: Vec<SubId>,
}

impl Count {
    pub fn new(sub: SubId, level: Level, references: Vec<Arc<str>>) -> Count {
        Count { sub, level, counted: Vec::with_capacity(references.len()), references: references.into_iter() }
    }
}

impl Conn {
    /// Lets go on what may: requests and events whose resources are there, and queues that nothing holds any more.
    pub(in crate::core) fn settle(&mut self) {
        while !self.is_settled() {
            if self.credit <= 0 {
                return;
            }
            if let Some(work) = self.work.pop_front() {
                let rest = self.go_on_with(work);
                rest.into_iter().for_each(|rest| self.work.push_front(rest));
            // First what the client has dropped by now: nothing of it must be sent any more.
            } else if !self.garbage.is_empty() {
                let garbage = std::mem::take(&mut self.garbage);
                self.work.push_back(Work::Collect(Box::new(Collection::new(garbage))));
            } else if let Some(id) = self.flushable.pop_front() {
                self.flush(id);
            } else if let Some(goal) = self.ready.pop_front() {
                match goal {
                    Goal::Request(request) => self.request_ready(request),
                    Goal::Event(id) => {
                        if let Some((_, wait)) = self.subs.get_mut(&id).and_then(|sub| sub.current.as_mut()) {
                            *wait = None;
                            self.flushable.push_back(id);
                        }
                    }
                }
            }
        }
        self.follow();
    }

    /// Whether nothing is left that was begun.
    pub(in crate::core) fn is_settled(&self) -> bool {
        self.work.is_empty() && self.garbage.is_empty() && self.flushable.is_empty() && self.ready.is_empty()
    }

    /// Does what can be done of it now.
    pub(super) fn begin_work(&mut self, work: Work) {
        let rest = if self.work.is_empty() { self.go_on_with(work) } else { Some(work) };
        self.work.extend(rest);
    }

    /// Works until the turn is over; returns what is left.
    fn go_on_with(&mut self, mut work: Work) -> Option<Work> {
        while self.credit > 0 {
            let is_left = match &mut work {
                Work::Count(count) => self.count(count),
                Work::Visit(id, stack) => {
                    self.extend_wait(*id, std::mem::take(stack));
                    false
                }
                Work::Answer(answer) => self.write(answer),
                Work::Collect(collection) => self.collect(collection),
            };
            if !is_left {
                return None;
            }
        }
        Some(work)
    }

    /// Counts the next reference; after the last one, those who waited for the resource wait for what it refers to.
    fn count(&mut self, count: &mut Count) -> bool {
        let Some(rid) = count.references.next() else {
            let waits = std::mem::take(&mut self.sub(count.sub).waits);
            self.resolve_waits(waits, &count.counted);
            return false;
        };
        count.counted.push(self.add_reference(count.sub, &rid, &count.level));
        true
    }
}
