//! What an engine asks for has to make sense where things stand.

use resclient::cache::ResourceId;
use resclient::session::{ConnectionState, Outcome, Output};

use super::{Dice, Play, Socket};

impl Play {
    /// Does what the engine asks for. Whoever is called may call back in.
    pub fn drain(&mut self, dice: &mut Dice<'_>) {
        while let Some(output) = self.client.engine.poll_output() {
            self.outputs += 1;
            self.observe(&output);
            match output {
                Output::Dropped(ids) if self.is_tidy_late => self.dropped.extend(ids),
                output => {
                    let is_heard = is_heard(&output);
                    self.client.obey(output);
                    if is_heard && dice.below(8) == 7 {
                        self.command(dice);
                    }
                }
            }
            if !self.client.engine.has_output() {
                for id in std::mem::take(&mut self.dropped) {
                    // Whoever has it in hand takes it along.
                    if dice.below(2) == 1 {
                        self.client.read(id);
                    }
                    self.client.obey(Output::Dropped(vec![id]));
                }
            }
        }
        self.client.take_events();
        self.assert_stale_told();
    }

    /// Who looks at what is stale when told so, and at no other time, knows it.
    fn assert_stale_told(&mut self) {
        if self.state != ConnectionState::Connected {
            return;
        }
        let stale = self.client.stale_ids();
        if std::mem::take(&mut self.tells_stale) {
            self.stale = stale;
        } else {
            assert_eq!(self.stale, stale, "what is stale has changed untold");
        }
    }

    /// Fails if it makes no sense.
    fn observe(&mut self, output: &Output) {
        match output {
            Output::Open(id) => {
                assert!(self.socket.is_none() && self.former.last().is_none_or(|last| last < id), "a second socket");
                self.socket = Some(Socket { id: *id, is_open: false });
                self.denied.clear();
            }
            Output::Close(id) => {
                let socket = self.socket.take().expect("there is a socket to close");
                assert_eq!(socket.id, *id);
                self.former.push(*id);
            }
            Output::Send(frame) => {
                assert!(self.socket.as_ref().is_some_and(|socket| socket.is_open), "nowhere to send {frame}");
            }
            Output::Hook => self.has_hook = true,
            Output::Connected => {
                assert!(self.socket.is_some() && !std::mem::replace(&mut self.is_usable, true), "connected twice");
            }
            Output::Disconnected => assert!(std::mem::take(&mut self.is_usable), "disconnected twice"),
            Output::ConnectFailed(_) => assert!(!self.is_usable, "it had not failed"),
            Output::State(state) => {
                assert_ne!(std::mem::replace(&mut self.state, *state), *state);
                self.tells_stale = true;
            }
            Output::Stale => self.tells_stale = true,
            Output::Loaded(ids) => ids.iter().for_each(|id| assert!(!self.dropped.contains(id), "it has left")),
            Output::Dropped(ids) => {
                for id in ids {
                    assert!(!self.listened.contains_key(id), "{} was listened to", self.client.engine.rid(*id));
                    assert!(!self.dropped.contains(id), "{} left twice", self.client.engine.rid(*id));
                }
            }
            Output::Change { resource, .. }
            | Output::Insert { resource, .. }
            | Output::Remove { resource, .. }
            | Output::Event { resource, .. }
            | Output::Unsubscribed { resource, .. }
            | Output::Replaced(resource) => self.assert_known(*resource),
            Output::Touch(reading) => self.assert_known(reading.resource),
            Output::Settled { request, outcome } => {
                assert!(self.waiting.remove(request), "nobody waits for {request:?}");
                if let Outcome::Resource(id) = outcome {
                    self.assert_known(*id);
                }
            }
            Output::HandshakeRefused(_)
            | Output::Retain(_)
            | Output::Release(_)
            | Output::Key { .. }
            | Output::Refused { .. } => {}
        }
    }

    fn assert_known(&self, id: ResourceId) {
        let is_here = self.client.mirror.get(id).is_some() || self.client.unread.contains_key(&id);
        assert!(is_here && !self.dropped.contains(&id), "{} is not here", self.client.engine.rid(id));
    }
}

/// Whether somebody is told of it who may do something thereupon.
fn is_heard(output: &Output) -> bool {
    !matches!(
        output,
        Output::Key { .. }
            | Output::Loaded(_)
            | Output::Retain(_)
            | Output::Release(_)
            | Output::Touch(_)
            | Output::Replaced(_)
            | Output::Dropped(_)
    )
}
