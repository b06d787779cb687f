//! Carrying out what the engine asks for.

use resclient::cache::ResourceId;
use resclient::protocol::frame::read_error;
use resclient::protocol::{ResError, Span};
use resclient::session::{Outcome, Output};
use serde_json::Value as Json;

use super::{Client, Notice, Refusal, Sent, Settled};

impl Client {
    /// Reads what was not read so far.
    pub fn read_all(&mut self) {
        for (id, frame) in std::mem::take(&mut self.unread) {
            let text = self.kept[&frame.expect("the engine says which frame to keep")].clone();
            self.mirror.apply(&mut self.engine, &Output::Loaded(vec![id]), &text);
            self.fold.start(&self.mirror, id);
        }
        self.drain();
    }

    /// Fails unless the events so far explain the values.
    pub fn assert_events_explain_values(&self) {
        self.fold.assert_equals(&self.mirror);
    }

    /// Does what the engine asks for.
    pub fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            self.obey(output);
        }
    }

    /// Does one thing the engine has asked for.
    pub fn obey(&mut self, output: Output) {
        self.apply(&output);
        self.carry_out(output);
    }

    /// Reads a resource, if that was not done before.
    pub fn read(&mut self, id: ResourceId) {
        let Some(frame) = self.unread.remove(&id) else { return };
        let text = frame.map_or_else(|| self.text.clone(), |frame| self.kept[&frame].clone());
        self.mirror.apply(&mut self.engine, &Output::Loaded(vec![id]), &text);
        assert!(self.mirror.get(id).is_some(), "what is unread can be read");
        self.fold.start(&self.mirror, id);
    }

    fn apply(&mut self, output: &Output) {
        match output {
            Output::Loaded(ids) if self.lazy => self.unread.extend(ids.iter().map(|&id| (id, None))),
            Output::Replaced(id) if self.lazy => {
                self.fold.replaced(*id);
                self.unread.insert(*id, None);
            }
            Output::Retain(frame) => {
                self.kept.insert(*frame, self.text.clone());
                self.unread.values_mut().for_each(|f| *f = f.or(Some(*frame)));
            }
            Output::Release(frame) => {
                assert!(self.kept.remove(frame).is_some() || !self.lazy, "a frame was released that was not kept");
            }
            Output::Touch(reading) => {
                self.unread.remove(&reading.resource);
                let text = self.kept.get(&reading.frame).unwrap_or(&self.text);
                self.mirror.apply(&mut self.engine, output, text);
                self.fold.start(&self.mirror, reading.resource);
            }
            Output::Dropped(ids) => {
                for id in ids {
                    self.dropped.push(self.engine.rid(*id).to_owned());
                    self.unread.remove(id);
                    self.fold.end(*id);
                }
                self.mirror.apply(&mut self.engine, output, &self.text);
            }
            _ => {
                self.read_targets(output);
                let event = self.mirror.apply(&mut self.engine, output, &self.text);
                match output {
                    Output::Loaded(ids) => ids.iter().for_each(|&id| self.fold.start(&self.mirror, id)),
                    Output::Replaced(id) => self.fold.start(&self.mirror, *id),
                    _ => {}
                }
                if let Some((id, event)) = event {
                    self.fold.apply(&self.mirror, id, &event);
                    self.events.push((self.engine.rid(id).to_owned(), event));
                }
            }
        }
    }

    /// Reads what a change refers to, as somebody does who hands it to listeners.
    fn read_targets(&mut self, output: &Output) {
        let values = match output {
            Output::Change { members, .. } => members.iter().map(|member| member.value).collect(),
            Output::Insert { value, .. } => vec![*value],
            _ => return,
        };
        values.iter().filter_map(|value| value.cell.as_reference()).for_each(|id| self.read(ResourceId(id)));
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Open(connection) => self.opened.push(connection),
            Output::Close(connection) => {
                self.closed.push(connection);
                self.sent.clear();
            }
            Output::Send(frame) => {
                let json: Json = serde_json::from_str(&frame).expect("a request is JSON");
                self.sent.push(Sent {
                    id: json["id"].as_u64().expect("a request has an id"),
                    method: json["method"].as_str().expect("a request has a method").to_owned(),
                    params: json.get("params").cloned(),
                });
                self.frames.push(frame);
            }
            Output::Hook => {
                self.hooks += 1;
                if self.auto_hook {
                    self.engine.hook_done(self.now, true);
                }
            }
            Output::State(state) => self.notices.push(Notice::State(state)),
            Output::Connected => self.notices.push(Notice::Connected),
            Output::Disconnected => self.notices.push(Notice::Disconnected),
            Output::ConnectFailed(failure) => self.notices.push(Notice::ConnectFailed(failure.error())),
            Output::Refused { resource, unsubscribe, error } => {
                let rid = self.engine.rid(resource).to_owned();
                self.refusals.push(Refusal { rid, unsubscribe, error: self.error(error) });
            }
            Output::Settled { request, outcome } => {
                let settled = match outcome {
                    Outcome::Resource(id) => Settled::Resource(id),
                    Outcome::Payload(span) if span.is_empty() => Settled::Payload(None),
                    // There may be none, or half a character in it, which no Rust string holds.
                    Outcome::Result(span) => {
                        Settled::Result(serde_json::from_str(span.of(&self.text)).unwrap_or_default())
                    }
                    Outcome::Payload(span) => Settled::Payload(serde_json::from_str(span.of(&self.text)).ok()),
                    Outcome::Error(span) => Settled::Error(self.error(span)),
                    Outcome::Failed(failure) => Settled::Failed(failure.error()),
                };
                assert_eq!(self.settled.insert(request, settled), None, "{request:?} was settled twice");
            }
            _ => {}
        }
    }

    fn error(&self, span: Span) -> ResError {
        read_error(span.of(&self.text))
    }
}
