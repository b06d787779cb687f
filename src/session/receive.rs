//! Frames from the gateway: which request they answer, which resource they concern.

use super::connection::Phase;
use super::engine::Engine;
use super::output::{ConnectionId, Failure, Outcome, Output, RequestId};
use super::requests::Purpose;
use super::time::{Minute, Time};
use crate::bug;
use crate::cache::{Content, ResourceId};
use crate::protocol::frame::{EventKind, Frame, Parts, ResourceKind, Source, WireError};
use crate::protocol::scan::Span;
use crate::protocol::value::Cell;
use crate::protocol::{ResError, Version};
use crate::sync::apply::{Apply, Misfit};

impl Engine {
    /// A text frame has arrived.
    pub fn handle_frame(&mut self, now: Time, connection: ConnectionId, text: &str) {
        self.handle_text(now, connection, Parts { rest: text, most: PART });
    }

    /// [`Engine::handle_frame`] for a text that comes part by part.
    pub fn handle_text(&mut self, now: Time, connection: ConnectionId, text: impl Source) {
        self.advance(now);
        let listening = matches!(self.connection.phase, Phase::Handshake | Phase::Hook | Phase::Ready);
        if connection != self.connection.id && !bug!("late-frames") || !listening {
            return;
        }
        self.counters.frames += 1;
        self.heartbeat.hear(self.now);
        self.frame_id = self.frame_id.wrapping_add(1);
        let mut frame = self.frame.take().unwrap_or_default();
        let scanned = frame.scan(text, self.units, self.hasher, &mut self.graph);
        for (key, name) in std::mem::take(&mut self.graph.new_keys) {
            self.outputs.push_back(Output::Key { key, name });
        }
        match scanned {
            Ok(()) if frame.id.is_some() => self.handle_response(&mut frame),
            Ok(()) if frame.event.is_some() => self.handle_event(&frame),
            _ => {
                // It may have been an event, which is lost now.
                self.counters.malformed += 1;
                self.reset_connection();
            }
        }
        self.graph.settle();
        frame.reset();
        self.frame = Some(frame);
    }

    fn handle_response(&mut self, frame: &mut Frame) {
        let Some(purpose) = frame.id.and_then(|id| self.requests.answered(id)) else {
            self.counters.unmatched += 1;
            return self.stray();
        };
        match &frame.error {
            Some(error) => self.handle_refusal(purpose, error),
            None => self.handle_result(purpose, frame),
        }
    }

    fn handle_result(&mut self, purpose: Purpose, frame: &mut Frame) {
        match purpose {
            Purpose::Version => self.handshake_done(frame.body.protocol.as_deref()),
            Purpose::Subscribe(id) => {
                self.recovering = self.subscriptions.get(id).filter(|s| s.recovers).map_or(0, |s| s.failures + 1);
                let is_whole = self.apply_set(frame);
                self.recovering = 0;
                let is_here = !matches!(self.graph.slot(id).content, Content::None | Content::Error(Cell::UNKNOWN));
                if is_whole && is_here {
                    self.subscribed(id);
                } else {
                    self.counters.misfits += 1;
                    if is_whole && self.mistaken < MISTAKES {
                        // The gateway holds for sent what is not here.
                        self.mistaken += 1;
                        return self.reset_connection();
                    }
                    self.subscribe_misfit(id);
                }
                self.collect_uncovered();
            }
            Purpose::Unsubscribe { resource, count } => self.unsubscribe_answered(resource, count),
            Purpose::Obsolete => {}
            Purpose::Fetch(request) => self.settle_result(request, frame),
            Purpose::Call(request) | Purpose::Auth(request) if self.connection.protocol < Version::CALL_RESOURCE => {
                self.settle_result(request, frame);
            }
            Purpose::Call(request) | Purpose::Auth(request) | Purpose::Create(request) => {
                self.handle_call_result(request, frame);
            }
        }
        if matches!(purpose, Purpose::Auth(_)) {
            self.ask_refused();
        }
    }

    fn settle_result(&mut self, request: RequestId, frame: &Frame) {
        self.settle(request, Outcome::Result(frame.body.span));
    }

    #[inline(never)]
    fn handle_call_result(&mut self, request: RequestId, frame: &mut Frame) {
        let Some(id) = frame.body.rid.map(ResourceId) else {
            if frame.body.malformed == Some("rid") {
                // A resource, but which one? The gateway counts a subscription that nobody could give back.
                self.counters.malformed += 1;
                self.fail(request, Failure::Senseless);
                return self.reset_connection();
            }
            return self.settle(request, Outcome::Payload(frame.body.payload.unwrap_or_default()));
        };
        if !self.is_whole(frame) {
            self.counters.misfits += 1;
            self.fail(request, Failure::Senseless);
            return self.doubt(id);
        }
        // An error where the resource should be means that it could not be had, although the call succeeded. What is known
        // of the resource by other ways stays as it is.
        let refused = frame.set.iter().any(|e| e.resource == id.0 && e.kind == ResourceKind::Error);
        if refused && !self.graph.slot(id).content.is_none() {
            self.settle(request, Outcome::Resource(id));
            return self.doubt(id);
        }
        if !refused {
            let subscription = self.subscriptions.entry(id);
            subscription.subscribed += 1;
            subscription.in_flight += 1;
            self.graph.slot_mut(id).root = true;
        }
        self.apply_set(frame);
        self.settle(request, Outcome::Resource(id));
        match refused {
            true => self.doubt(id),
            false => self.subscribed(id),
        }
        self.collect_uncovered();
    }

    #[cold]
    fn handle_refusal(&mut self, purpose: Purpose, error: &WireError) {
        let span = error.span;
        match purpose {
            Purpose::Version => self.handshake_refused(error),
            Purpose::Subscribe(id) => {
                let denied = [ResError::ACCESS_DENIED, ResError::DELETED].iter().any(|e| e.code == error.code);
                self.subscribe_refused(id, Outcome::Error(span), denied);
            }
            Purpose::Unsubscribe { resource, count } => {
                self.outputs.push_back(Output::Refused { resource, unsubscribe: true, error: span });
                self.unsubscribe_answered(resource, count);
            }
            Purpose::Obsolete => {}
            Purpose::Fetch(request) | Purpose::Call(request) | Purpose::Auth(request) | Purpose::Create(request) => {
                self.settle(request, Outcome::Error(span));
            }
        }
    }

    fn handle_event(&mut self, frame: &Frame) {
        let Some(event) = frame.event else { return };
        let known = event.resource.map(ResourceId).filter(|&id| !self.graph.slot(id).content.is_none());
        let Some(id) = known else {
            // An end may cross the client's own unsubscribe request; there is nothing to lose by it.
            if event.kind != EventKind::Unsubscribe {
                self.counters.unknown += 1;
                self.stray();
            }
            return;
        };
        let applied = match event.kind {
            EventKind::Change | EventKind::Add | EventKind::Remove => self.apply_mutation(id, event.kind, frame),
            EventKind::Unsubscribe => {
                self.unsubscribed_by_gateway(id, frame.body.reason.unwrap_or_default());
                Ok(())
            }
            EventKind::Delete | EventKind::Other => {
                self.graph.slot_mut(id).deleted |= event.kind == EventKind::Delete;
                let data = frame.body.span;
                if !bug!("event-untold") {
                    self.outputs.push_back(Output::Event { resource: id, name: event.span, data });
                }
                Ok(())
            }
        };
        if applied.is_err() {
            self.resync(id);
        }
    }

    /// Something came that nothing here is concerned with. Where that is the rule, the gateway takes something for held here that is
    /// not, and may not send it when it is needed.
    #[cold]
    fn stray(&mut self) {
        if self.strays.count(self.now) >= STRAYS {
            self.strays = Minute::default();
            self.reset_connection();
        }
    }

    /// Applies an event's resource set and then the event.
    fn apply_mutation(&mut self, id: ResourceId, kind: EventKind, frame: &Frame) -> Result<(), Misfit> {
        // What is missing may be why the event makes no sense. The answer to a request is then to say what there is.
        if frame.body.malformed.is_some() || !self.missing(frame).is_empty() {
            return Err(Misfit);
        }
        let applied = self.apply(frame, Some((id, kind)));
        if bug!("event-twice") {
            let _ = self.apply(frame, Some((id, kind)));
        }
        self.collect_uncovered();
        applied
    }

    /// Applies a response's resource set; false when it is not whole.
    fn apply_set(&mut self, frame: &mut Frame) -> bool {
        self.is_whole(frame) && self.apply(frame, None).is_ok()
    }

    /// Whether a response has what it should have, before anything of it is applied. What is referred to and did not come is an
    /// error from then on, and asked for by itself.
    fn is_whole(&mut self, frame: &mut Frame) -> bool {
        if frame.body.malformed.is_some() {
            return false;
        }
        for (id, span) in self.missing(frame) {
            self.counters.misfits += 1;
            frame.stand_in(id.0, span);
        }
        true
    }

    fn missing(&mut self, frame: &Frame) -> Vec<(ResourceId, Span)> {
        self.graph.missing(frame.set.iter().map(|e| ResourceId(e.resource)))
    }

    /// Applies a resource set, and then an event if there is one.
    fn apply(&mut self, frame: &Frame, event: Option<(ResourceId, EventKind)>) -> Result<(), Misfit> {
        let mut apply = Apply {
            graph: &mut self.graph,
            out: &mut self.outputs,
            later: std::mem::take(&mut self.later),
            frame_id: self.frame_id,
            released: std::mem::take(&mut self.released),
            received: Vec::with_capacity(frame.set.len()),
            loaded: Vec::new(),
            replaced: Vec::new(),
            retained: false,
        };
        apply.set(frame);
        let result = event.map_or(Ok(()), |(id, kind)| apply.event(id, kind, frame));
        let Apply { mut released, received, mut later, .. } = apply;
        self.outputs.extend(later.drain(..));
        self.later = later;
        released.extend(self.graph.loose(&received));
        // What has come is up to date, and what is referred to again by what is.
        if std::mem::take(&mut self.graph.linked) || !received.is_empty() {
            self.tell_stale();
        }
        for id in received {
            let slot = self.graph.slot_mut(id);
            slot.deleted = false;
            slot.behind = false;
            // Up to date again, whoever asked for it; unless nothing covers it, which is to be found out.
            if std::mem::take(&mut slot.stale) {
                released.push(id);
                if let Some(subscription) = self.subscriptions.get_mut(id) {
                    self.timers.cancel(&mut subscription.timer);
                }
            }
            match slot.content {
                Content::Error(_) => self.recover_later(id, self.recovering),
                _ => self.came(id),
            }
        }
        self.released = released;
        result
    }

    fn collect_uncovered(&mut self) {
        let mut released = std::mem::take(&mut self.released);
        if !released.is_empty() {
            self.collect(&released);
            released.clear();
        }
        self.released = released;
    }
}

/// Bytes of a text that are read at a time: few enough to be near at hand.
const PART: usize = 1 << 15;
/// How many strays in a minute make a new connection.
const STRAYS: u32 = 10;
/// How often a gateway is believed that it has sent what is not here.
const MISTAKES: u32 = 3;
