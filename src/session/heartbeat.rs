//! The heartbeat, which finds out that a connection is dead although its socket is open.

use super::engine::Engine;
use super::output::Output;
use super::requests::Purpose;
use super::time::Time;
use crate::bug;
use crate::protocol::request::Action;

/// When the gateway was heard and asked last.
#[derive(Debug, Default)]
pub struct Heartbeat {
    /// When to look next.
    due: Option<Time>,
    heard: Time,
    /// When the question was sent that nothing has followed yet.
    asked: Option<Time>,
}

impl Heartbeat {
    /// A frame has arrived.
    pub fn hear(&mut self, now: Time) {
        self.heard = now;
    }

    pub fn stop(&mut self) {
        self.due = None;
        self.asked = None;
    }
}

impl Engine {
    /// When [`Engine::handle_heartbeat`] wants to be called. This is apart from the other deadlines so that it can be waited
    /// for on a clock of its own: a test that turns the clock of an application does not mean that its network was silent.
    pub fn poll_heartbeat(&self) -> Option<Time> {
        self.heartbeat.due
    }

    /// The deadline of [`Engine::poll_heartbeat`] has passed. A gateway that was silent for long is asked, by a version request
    /// without parameters, which changes nothing; one that does not answer is given up.
    pub fn handle_heartbeat(&mut self, now: Time) {
        self.advance(now);
        let Some(due) = self.heartbeat.due.filter(|&due| due <= self.now) else { return };
        let (interval, timeout) = (self.options.heartbeat_interval, self.options.heartbeat_timeout);
        let silent = self.heartbeat.asked.take().is_some_and(|asked| self.heartbeat.heard < asked);
        // Who comes much too late was asleep, and so may the answer's arrival have been.
        if silent && !bug!("no-heartbeat") && self.now < due + timeout.max(ASLEEP) {
            self.outputs.push_back(Output::Close(self.connection.id));
            return self.lost(self.failure());
        }
        if self.now >= self.heartbeat.heard + interval {
            let frame = self.requests.send(Purpose::Obsolete, Action::Version.as_str(), None);
            self.outputs.push_back(Output::Send(frame));
            self.heartbeat.asked = Some(self.now);
            self.heartbeat.due = Some(self.now + timeout);
        } else {
            self.heartbeat.due = Some(self.heartbeat.heard + interval);
        }
    }

    /// The gateway has been heard for the first time on this connection.
    pub(super) fn start_heartbeat(&mut self) {
        self.heartbeat.stop();
        if self.options.heartbeat_interval > 0 {
            self.heartbeat.due = Some(self.now + self.options.heartbeat_interval);
        }
    }
}

/// Milliseconds by which a deadline is missed at least when a machine was asleep.
const ASLEEP: u64 = 1_000;
