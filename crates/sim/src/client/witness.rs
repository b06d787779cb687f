//! Whether the application is told what it has to be, and shown what has arrived.

use resclient::cache::ResourceId;
use resclient::mirror::{Content, Event, Item};
use resclient::protocol::frame::ResourceKind;
use resclient::session::{ConnectionId, ConnectionState, Counters};
use serde_json::{Value, json};

use super::Client;
use crate::wire::Wire;

/// What has arrived, and what the application was told of it.
pub(super) struct Witness {
    /// What has arrived on this connection, to a client that knows nothing but the protocol.
    pub heard: Wire,
    /// The last state of the connection that the application was told.
    pub state: ConnectionState,
    frames: u64,
    /// What handlers were told since the last frame, but for changes.
    told: Vec<(ResourceId, String)>,
}

impl Default for Witness {
    fn default() -> Witness {
        Witness { heard: Wire::default(), state: ConnectionState::Idle, frames: 0, told: Vec::new() }
    }
}

impl Witness {
    /// Handlers are called with an event.
    pub fn tell(&mut self, id: ResourceId, event: &Event) {
        match event {
            Event::Custom { name, .. } => self.told.push((id, name.clone())),
            Event::Unsubscribed(_) => self.told.push((id, "unsubscribe".to_owned())),
            _ => {}
        }
    }
}

impl Client {
    /// Whether what comes on a connection is heeded.
    pub(super) fn hears(&self, connection: ConnectionId) -> bool {
        use ConnectionState::{Connected, Connecting, Stale};
        connection == self.engine.connection() && matches!(self.engine.state(), Connecting | Stale | Connected)
    }

    /// What a listener has to be told because of a frame that comes now, but for changes.
    pub(super) fn news(&mut self, text: &str) -> Option<(ResourceId, String)> {
        self.witness.told.clear();
        let event = text.strip_prefix("{\"event\":\"").filter(|_| !text.contains("\\"))?.split('"').next()?;
        let (rid, name) = event.rsplit_once('.').filter(|(_, name)| !["change", "add", "remove"].contains(name))?;
        let id = self.engine.find(rid).filter(|id| self.listened.contains_key(id))?;
        Some((id, name.to_owned()))
    }

    /// What passes for kept up to date is what has arrived.
    pub(super) fn check_heard(&mut self, text: &str) {
        self.witness.heard.take_in(text);
        self.witness.frames += 1;
        if !self.is_connected() || !self.witness.frames.is_multiple_of(CHECK_EVERY) {
            return;
        }
        let live = self.engine.resources().into_iter().filter(|r| !r.stale && r.kind.is_some());
        let live: Vec<_> =
            live.filter(|r| r.kind != Some(ResourceKind::Error)).map(|r| (r.id, r.rid.to_owned())).collect();
        for (id, rid) in live {
            let heard = self.witness.heard.held.get(&rid).map(|held| &held.value);
            assert_eq!(self.wire_value(id).as_ref(), heard, "{rid}, and what has arrived of it");
        }
    }

    /// Handlers were told of what they have to be because of a frame.
    pub(super) fn check_told(&self, news: Option<(ResourceId, String)>, text: &str) {
        assert!(news.is_none_or(|news| self.witness.told.contains(&news)), "nobody is told of {text}");
    }

    /// The application knows the state of the connection, and nothing passes for kept up to date without one.
    pub(super) fn check_state(&mut self, before: ConnectionState) {
        let state = self.witness.state;
        assert_eq!(state, self.engine.state(), "what the application knows of the connection");
        if state != before && !matches!(state, ConnectionState::Connected | ConnectionState::Stale) {
            let live = self.engine.resources().into_iter().find(|resource| !resource.stale);
            assert_eq!(live, None, "what passes for kept up to date without a connection");
        }
    }

    /// Fails unless events explain the values, and nothing is waited for.
    pub fn check(&self) {
        self.fold.assert_equals(&self.mirror);
        assert!(self.pending.is_empty(), "requests that were never settled: {:?}", self.pending);
        assert_eq!(self.engine.pending(), 0, "requests of the engine");
        let Counters { frames, resets, .. } = self.engine.counters();
        assert_eq!(
            self.engine.counters(),
            Counters { frames, resets, ..Counters::default() },
            "complaints of the engine"
        );
        assert_eq!(resets, 0, "connections that were given up");
    }

    /// The mirrored value of a resource, as it is written on the wire.
    pub fn wire_value(&self, id: ResourceId) -> Option<Value> {
        Some(match &self.mirror.get(id)?.content {
            Content::Model(model) => model.iter().map(|(name, item)| (name.clone(), self.wire_item(item))).collect(),
            Content::Collection(list) => list.iter().map(|item| self.wire_item(item)).collect(),
            Content::Error(error) => json!({ "code": error.code }),
        })
    }

    fn wire_item(&self, item: &Item) -> Value {
        match item {
            Item::Reference(id) => json!({ "rid": self.engine.rid(*id) }),
            Item::Soft(rid) => json!({ "rid": rid, "soft": true }),
            Item::Value(value) if value.is_object() || value.is_array() => json!({ "data": value }),
            Item::Value(value) => value.clone(),
        }
    }
}

/// Frames after which everything that a client has is compared with what it has heard.
const CHECK_EVERY: u64 = 8;
