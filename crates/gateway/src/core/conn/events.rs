//! What the cache tells a connection, and the events the client gets of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use resclient::bug;
use resclient::protocol::{ResError, Version};
use tracing::{error, warn};

use super::graph::Goal;
use super::set::ResourceSet;
use super::sub::{Access, Body, Level, RequestId};
use super::work::{Count, Work};
use super::{Conn, Output, Purpose};
use crate::core::Frame;
use crate::core::border::{Event, EventKind, Notice, SubId, Subscriber};
use crate::core::json;
use crate::core::response;
use crate::core::throttle::Slot;
use crate::core::value::separate;

impl Conn {
    /// Something happened to a resource that this connection subscribes to in the cache.
    pub fn handle_notice(&mut self, who: Subscriber, notice: Notice) {
        let id = who.sub;
        // A notice may cross the end of the subscription, also where there is another by now.
        if self.subs.get(&id).is_none_or(|sub| sub.nth != who.nth && !bug!("late-notice")) {
            return;
        }
        match notice {
            Notice::Loaded { snapshot, version } => {
                let references: Vec<_> = snapshot.body().references().cloned().collect();
                let sub = self.sub(id);
                sub.body = Body::Loaded(snapshot);
                sub.loading.clear();
                sub.version = version;
                let level = sub.level.take().unwrap_or_else(|| Level::top(&self.limits));
                self.begin_work(Work::Count(Count::new(id, level, references)));
            }
            Notice::Failed(error) => {
                let sub = self.sub(id);
                sub.loading.clear();
                sub.body = match sub.replaced.take() {
                    Some(held) => Body::Deleted(held),
                    None => Body::Failed(Box::new(error.clone())),
                };
                let waits = std::mem::take(&mut sub.waits);
                // Who asked is told why this attempt failed, whatever the Sub was before.
                for request in sub.requests.clone() {
                    self.load_failed(request, &error);
                }
                self.forget_access(id);
                self.resolve_waits(waits, &[]);
            }
            Notice::Event(event) => {
                self.wait(id, event);
                self.flushable.push_back(id);
            }
            Notice::Reaccess(slot) => self.reaccess(id, slot),
        }
        self.settle();
    }

    /// Has an event wait for its turn. Should too many wait already, for services that take long to say who may see
    /// what, the client is better off with a new beginning.
    fn wait(&mut self, id: SubId, event: Arc<Event>) {
        let before = self.waiting;
        self.waiting += event.bytes;
        self.sub(id).queue.push(event);
        let most = self.limits.waiting_bytes;
        if before <= most && self.waiting > most {
            warn!(
                conn = self.id.0,
                bytes = self.waiting,
                "closing a client for which too many events wait for access or references"
            );
            self.output(Output::Close(1013, "too many events wait"));
        }
    }

    /// Forgets the events that wait for a resource.
    pub(super) fn forget_events(&mut self, id: SubId) {
        let queue = std::mem::take(&mut self.sub(id).queue);
        self.waiting -= queue.bytes();
    }

    /// Sends the events that wait, in order, until one has to wait for references or access.
    pub(super) fn flush(&mut self, id: SubId) {
        while let Some(sub) = self.subs.get_mut(&id)
            && sub.is_current()
        {
            if self.credit <= 0 || !self.garbage.is_empty() || !self.work.is_empty() {
                return self.flushable.push_front(id);
            }
            self.credit -= 1;
            let event = match sub.current.take() {
                Some((event, None)) => event,
                Some(waiting) => return sub.current = Some(waiting),
                None => match sub.queue.pop() {
                    Some(event) => {
                        self.waiting -= event.bytes;
                        self.begin(id, &event);
                        event
                    }
                    None => return,
                },
            };
            let children = event.added.iter().map(|rid| self.by_rid[rid]).collect();
            match self.start_wait(children, Goal::Event(id)) {
                None => self.deliver(id, &event),
                wait => return self.sub(id).current = Some((event, wait)),
            }
        }
    }

    /// Counts an event's references, so that they load and live.
    fn begin(&mut self, id: SubId, event: &Event) {
        let sub = self.sub(id);
        if event.version != sub.version {
            error!(rid = %sub.rid, event = event.version, held = sub.version, "event for another version");
            debug_assert!(false, "an event for another version");
        }
        if event.added.is_empty() {
            return;
        }
        let level = Level::top(&self.limits);
        for rid in &event.added {
            let child = self.add_reference(id, rid, &level);
            self.sub(child).awaited += 1;
        }
    }

    /// Sends an event whose references are all there.
    fn deliver(&mut self, id: SubId, event: &Event) {
        let version = self.version;
        let rid = self.sub(id).rid.clone();
        if let EventKind::Delete = event.kind {
            return self.deleted(id);
        }
        let frame = if event.added.is_empty() {
            event.frame(&rid, version, || write(&rid, event, version, &ResourceSet::default()))
        } else {
            // What goes along depends on what the client has.
            let (mut set, mut failed) = (ResourceSet::default(), BTreeSet::new());
            for rid in &event.added {
                let child = self.mark_sent(id, rid);
                self.sub(child).awaited -= 1;
                let mut stack = vec![child];
                while self.send(&mut stack, &mut failed, &mut set) {}
            }
            write(&rid, event, version, &set)
        };
        self.output(Output::Event(frame));
        if let Some(after) = event.kind.after() {
            let sub = self.sub(id);
            sub.body = Body::Loaded(after.clone());
            sub.version += 1;
        }
        for rid in &event.removed {
            let child = self.release_reference(id, rid);
            self.garbage.extend(child.filter(|_| !bug!("reference-kept")));
        }
    }

    /// The client keeps what it holds of a deleted resource for as long as something refers to it.
    fn deleted(&mut self, id: SubId) {
        let sub = self.sub(id);
        let rid = sub.rid.clone();
        if let Body::Loaded(snapshot) = &sub.body {
            sub.body = Body::Deleted(snapshot.clone());
        }
        self.forget_events(id);
        self.send_event(&rid, "delete", "null");
        self.end_direct(id, &ResError::DELETED);
        // Requests that came after the answer to this one began to wait are for a resource that is no more.
        for request in self.sub_requests(id) {
            let error = if bug!("deleted-for-good") { ResError::DELETED } else { ResError::NOT_FOUND };
            self.load_failed(request, &error);
        }
        self.forget_access(id);
        self.garbage.push(id);
    }

    /// What is not subscribed to may be taken away from the client without anybody being told.
    pub(super) fn forget_access(&mut self, id: SubId) {
        if let Some(sub) = self.subs.get_mut(&id)
            && matches!(sub.access, Access::Known(_))
            && !sub.is_subscribed()
            && !bug!("access-kept")
        {
            sub.access = Access::Unknown;
        }
    }

    /// Ends all direct subscriptions of a Sub and tells the client why.
    fn end_direct(&mut self, id: SubId, reason: &ResError) {
        let sub = self.sub(id);
        if sub.direct == 0 {
            return;
        }
        sub.direct = 0;
        let rid = sub.rid.clone();
        self.direct_rids -= 1;
        let mut data = String::from("{\"reason\":");
        json::push_error(&mut data, reason);
        data.push('}');
        self.send_event(&rid, "unsubscribe", &data);
    }

    fn send_event(&mut self, rid: &str, name: &str, data: &str) {
        let frame = event_frame(rid, name, |frame| frame.push_str(data));
        self.output(Output::Event(frame));
    }

    /// Access has to be asked for again; until the answer the resource's events wait.
    pub(super) fn reaccess(&mut self, id: SubId, slot: Option<Slot>) {
        let Some(sub) = self.subs.get_mut(&id) else { return };
        sub.held = sub.direct > 0;
        match &mut sub.access {
            Access::InFlight { again } => *again = !bug!("access-during-access-forgotten"),
            access => {
                *access = Access::Unknown;
                if !sub.is_root() {
                    return;
                }
                self.ask_access(id);
            }
        }
        self.sub(id).slots.extend(slot);
    }

    /// Asks the service what this connection may do with the resource.
    pub(super) fn ask_access(&mut self, id: SubId) {
        let sub = self.sub(id);
        sub.access = Access::InFlight { again: false };
        let address = sub.address.clone();
        self.request_access(&address, Purpose::Access(id));
    }

    pub(super) fn access_answered(&mut self, id: SubId, answer: Result<response::Access, ResError>) {
        let Some(sub) = self.subs.get_mut(&id) else { return };
        if let Access::InFlight { again: true } = sub.access {
            return self.ask_access(id);
        }
        // A service that is away or confused says nothing about what the client may do: such answers are not kept.
        let keep = answer.as_ref().err().is_none_or(|error| error.code == ResError::ACCESS_DENIED.code);
        sub.access = if keep { Access::Known(answer.clone().map_err(Box::new)) } else { Access::Unknown };
        let denial = match &answer {
            Ok(access) if access.get && !(bug!("denied-by-chance") && id.0.is_multiple_of(7)) => None,
            Ok(_) => Some(ResError::ACCESS_DENIED),
            Err(error) => Some(error.clone()),
        };
        sub.slots.clear();
        let calls = std::mem::take(&mut sub.calls);
        let requests = sub.requests.clone();
        if std::mem::take(&mut sub.held) {
            if let Some(reason) = denial.as_ref().filter(|_| !bug!("denial-ignored")) {
                if bug!("one-more-event")
                    && self.sub(id).current.is_none()
                    && let Some(event) = self.sub(id).queue.pop()
                {
                    self.waiting -= event.bytes;
                    if event.added.is_empty() {
                        self.deliver(id, &event);
                    }
                }
                self.end_direct(id, reason);
                self.garbage.push(id);
            }
            self.flushable.push_back(id);
        }
        for request in requests {
            match &denial {
                Some(error) => self.fail_request(request, error),
                None => self.try_request(request),
            }
        }
        for request in calls {
            self.call_granted(request, &answer);
        }
        self.forget_access(id);
        self.garbage.push(id);
    }

    fn sub_requests(&self, id: SubId) -> Vec<RequestId> {
        self.subs.get(&id).map(|sub| sub.requests.clone()).unwrap_or_default()
    }
}

/// The frame of an event, with the resources that go along.
fn write(rid: &str, event: &Event, version: Version, set: &ResourceSet) -> Frame {
    match &event.kind {
        EventKind::Change { changes, .. } => event_frame(rid, "change", |frame| {
            frame.push_str("{\"values\":{");
            for (key, change) in changes {
                separate(frame, '{');
                json::push_string(frame, key);
                frame.push(':');
                change.push(frame, version);
            }
            frame.push('}');
            set.push_members(frame);
            frame.push('}');
        }),
        EventKind::Add { idx, value, .. } => event_frame(rid, "add", |frame| {
            let _ = write!(frame, "{{\"idx\":{idx},\"value\":");
            value.push(frame, version);
            set.push_members(frame);
            frame.push('}');
        }),
        EventKind::Remove { data, .. } => event_frame(rid, "remove", |frame| frame.push_str(data)),
        EventKind::Custom { name, data } => event_frame(rid, name, |frame| frame.push_str(data)),
        EventKind::Delete => event_frame(rid, "delete", |frame| frame.push_str("null")),
    }
}

fn event_frame(rid: &str, name: &str, data: impl FnOnce(&mut String)) -> Frame {
    let mut frame = String::from("{\"event\":");
    json::push_string(&mut frame, rid);
    frame.pop();
    frame.push('.');
    frame.push_str(&json::string(name)[1..]);
    frame.push_str(",\"data\":");
    data(&mut frame);
    frame.push('}');
    frame.into()
}
