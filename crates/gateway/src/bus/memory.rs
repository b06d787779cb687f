//! The bus inside one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::mpsc::{self, UnboundedSender};

use super::{Bus, Connection, Delivery, Dial, Dialing, Refusal};
use crate::core::subject;

/// A bus in memory: publishing puts the message straight into the queues of all who listen, so there is one order of
/// all messages. Clones are the same bus.
#[derive(Clone, Default)]
pub struct MemoryBus {
    inner: Arc<Mutex<Inner>>,
}

impl MemoryBus {
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a connection. It ends, with all its subscriptions, when the queue of deliveries is dropped.
    pub fn connect(&self) -> Connection {
        let (sender, deliveries) = mpsc::unbounded_channel();
        let mut inner = self.lock();
        inner.next += 1;
        let id = inner.next;
        inner.members.insert(id, sender);
        Connection { bus: Arc::new(Member { bus: self.clone(), id }), deliveries: deliveries.into() }
    }

    /// How many subscriptions all connections hold together.
    pub fn subscription_count(&self) -> usize {
        let inner = self.lock();
        inner.exact.values().map(Vec::len).sum::<usize>() + inner.by_head.values().map(Vec::len).sum::<usize>()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Dial for MemoryBus {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(std::future::ready(Ok(self.connect())))
    }
}

struct Member {
    bus: MemoryBus,
    id: u64,
}

impl Bus for Member {
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) -> Result<(), Refusal> {
        let mut inner = self.bus.lock();
        let delivery =
            Delivery { subject: subject.into(), reply: reply.map(Into::into), payload, no_responders: false };
        if let Some(reply) = reply
            && inner.deliver(&delivery) == 0
        {
            let refusal = Delivery { subject: reply.into(), reply: None, payload: Arc::from([]), no_responders: true };
            inner.deliver(&refusal);
        } else if reply.is_none() {
            inner.deliver(&delivery);
        }
        Ok(())
    }

    fn subscribe(&self, pattern: &str) {
        let mut inner = self.bus.lock();
        inner.list(pattern).push((pattern.into(), self.id));
    }

    fn unsubscribe(&self, pattern: &str) {
        let mut inner = self.bus.lock();
        let list = inner.list(pattern);
        if let Some(at) = list.iter().position(|(p, id)| &**p == pattern && *id == self.id) {
            list.remove(at);
        }
        if list.is_empty() {
            inner.forget(pattern);
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.bus.lock().remove(self.id);
    }
}

type Subscriptions = Vec<(Arc<str>, u64)>;

#[derive(Default)]
struct Inner {
    next: u64,
    members: HashMap<u64, UnboundedSender<Delivery>>,
    /// `a.b.c` and `a.b.*` by their text before the last part's wildcard: nearly all there are, found by hashing.
    exact: HashMap<Arc<str>, Subscriptions>,
    /// Patterns with other wildcards, by their first part.
    by_head: HashMap<Arc<str>, Subscriptions>,
}

impl Inner {
    fn list(&mut self, pattern: &str) -> &mut Subscriptions {
        match index(pattern) {
            Index::Exact(key) => self.exact.entry(key.into()).or_default(),
            Index::Head(key) => self.by_head.entry(key.into()).or_default(),
        }
    }

    fn forget(&mut self, pattern: &str) {
        match index(pattern) {
            Index::Exact(key) => self.exact.remove(key),
            Index::Head(key) => self.by_head.remove(key),
        };
    }

    /// Puts the message into the queue of every listener, and counts them. Who is gone is forgotten.
    fn deliver(&mut self, delivery: &Delivery) -> usize {
        let subject = &*delivery.subject;
        let parent = subject.rsplit_once('.').map_or("", |(parent, _)| parent);
        let head = subject.split('.').next().unwrap_or("");
        let lists = [self.exact.get(subject), self.exact.get(parent), self.by_head.get(head), self.by_head.get("")];
        let (mut count, mut gone) = (0, Vec::new());
        for (pattern, id) in lists.into_iter().flatten().flatten() {
            if !subject::matches(pattern, subject) {
                continue;
            }
            match self.members.get(id).map(|member| member.send(delivery.clone())) {
                Some(Ok(())) => count += 1,
                _ => gone.push(*id),
            }
        }
        for id in gone {
            self.remove(id);
        }
        count
    }

    fn remove(&mut self, id: u64) {
        self.members.remove(&id);
        for lists in [&mut self.exact, &mut self.by_head] {
            lists.retain(|_, list| {
                list.retain(|&(_, member)| member != id);
                !list.is_empty()
            });
        }
    }
}

enum Index<'a> {
    Exact(&'a str),
    Head(&'a str),
}

fn index(pattern: &str) -> Index<'_> {
    if let Some(parent) = pattern.strip_suffix(".*")
        && !parent.contains(['*', '>'])
    {
        Index::Exact(parent)
    } else if pattern.contains(['*', '>']) {
        let head = pattern.split('.').next().unwrap_or("");
        Index::Head(if head.contains(['*', '>']) { "" } else { head })
    } else {
        Index::Exact(pattern)
    }
}
