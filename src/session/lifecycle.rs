//! Connecting, the handshake, losing the connection, and trying again.

use super::connection::Phase;
use super::engine::Engine;
use super::output::{ConnectionId, ConnectionState, Failure, Output};
use super::requests::Purpose;
use super::time::{Time, Timer};
use crate::protocol::request::Action;
use crate::protocol::{ResError, Version};

impl Engine {
    /// Connects, now, and again whenever the connection is lost.
    pub fn connect(&mut self, now: Time) {
        self.advance(now);
        self.connection.wanted = true;
        if !self.connection.has_socket() {
            self.open();
        }
    }

    /// Disconnects, and stays disconnected until something is asked for. Pending requests fail.
    pub fn disconnect(&mut self, now: Time) {
        self.advance(now);
        self.connection.wanted = false;
        if self.connection.has_socket() {
            self.outputs.push_back(Output::Close(self.connection.id));
            self.lost(Failure::Disconnected);
        } else {
            self.connection.phase = Phase::Idle;
            self.timers.cancel(&mut self.connection.timer);
            self.fail_requests(Failure::Disconnected);
            self.lose_subscriptions(Failure::Disconnected);
            self.set_state(ConnectionState::Idle);
        }
        self.connection.established = false;
        self.connection.calm();
    }

    /// The socket has opened.
    pub fn handle_open(&mut self, now: Time, connection: ConnectionId) {
        self.advance(now);
        if connection != self.connection.id || self.connection.phase != Phase::Opening {
            return;
        }
        self.connection.phase = Phase::Handshake;
        self.connection.protocol = Version::LEGACY;
        let mut params = String::from(r#"{"protocol":""#);
        Version::SUPPORTED.write(&mut params);
        params.push_str(r#""}"#);
        let frame = self.requests.send(Purpose::Version, Action::Version.as_str(), Some(&params));
        self.outputs.push_back(Output::Send(frame));
    }

    /// The socket has closed, or could not be opened.
    pub fn handle_close(&mut self, now: Time, connection: ConnectionId) {
        self.advance(now);
        if connection == self.connection.id && self.connection.has_socket() {
            let failure = match self.connection.phase {
                Phase::Ready => Failure::Disconnected,
                _ => Failure::NoConnection,
            };
            self.lost(failure);
        }
    }

    /// The application's hook, asked for by [`Output::Hook`], has ended. When it failed, the connection is closed and
    /// made again later.
    pub fn hook_done(&mut self, now: Time, ok: bool) {
        self.advance(now);
        if self.connection.phase != Phase::Hook {
            return;
        }
        if !ok {
            self.outputs.push_back(Output::Close(self.connection.id));
            return self.lost(Failure::NoConnection);
        }
        self.connection.ready(self.now);
        self.set_state(ConnectionState::Connected);
        self.subscribe_stale();
        for queued in std::mem::take(&mut self.requests.queued) {
            if queued.purpose == Purpose::Obsolete {
                continue;
            }
            self.request(queued.purpose, queued.method, queued.params.as_deref());
        }
        self.outputs.push_back(Output::Connected);
    }

    /// A deadline of [`Engine::poll_timeout`] has passed.
    pub fn handle_timeout(&mut self, now: Time) {
        self.advance(now);
        while let Some(timer) = self.timers.pop_due(self.now) {
            match timer {
                Timer::Handshake => {
                    self.connection.timer = None;
                    self.outputs.push_back(Output::Close(self.connection.id));
                    self.lost(Failure::NoConnection);
                }
                Timer::Reconnect => {
                    self.connection.timer = None;
                    self.open();
                }
                Timer::Linger(id) => self.linger_over(id),
                Timer::Resubscribe(id) => self.resubscribe(id),
            }
        }
    }

    /// The gateway answered the version request.
    pub(super) fn handshake_done(&mut self, protocol: Option<&str>) {
        self.timers.cancel(&mut self.connection.timer);
        self.connection.protocol = protocol.and_then(|p| p.parse().ok()).unwrap_or(Version::LEGACY);
        self.connection.phase = Phase::Hook;
        self.outputs.push_back(Output::Hook);
    }

    /// The gateway refused the version request. One that does not know it speaks the legacy protocol.
    pub(super) fn handshake_refused(&mut self, code: &str) {
        if code == ResError::INVALID_REQUEST.code {
            return self.handshake_done(None);
        }
        self.outputs.push_back(Output::Close(self.connection.id));
        if code == ResError::UNSUPPORTED_PROTOCOL.code {
            // Asking again would be answered the same way.
            self.connection.wanted = false;
            self.lost(Failure::UnsupportedProtocol);
        } else {
            self.lost(Failure::NoConnection);
        }
    }

    /// Gives the connection up and makes it anew, because it cannot be known any more what the gateway has sent.
    pub(super) fn reset_connection(&mut self) {
        if self.connection.has_socket() {
            self.counters.resets += 1;
            self.outputs.push_back(Output::Close(self.connection.id));
            self.lost(Failure::Disconnected);
        }
    }

    fn open(&mut self) {
        self.timers.cancel(&mut self.connection.timer);
        self.connection.id.0 += 1;
        self.connection.phase = Phase::Opening;
        let deadline = self.now + self.options.handshake_timeout;
        self.connection.timer = Some(self.timers.set(deadline, Timer::Handshake));
        self.set_state(ConnectionState::Connecting);
        self.outputs.push_back(Output::Open(self.connection.id));
    }

    /// There is no connection any more: everything that waits for it fails, what is listened to becomes stale.
    fn lost(&mut self, failure: Failure) {
        let was_ready = self.connection.phase == Phase::Ready;
        self.timers.cancel(&mut self.connection.timer);
        let delay = self.connection.backoff(self.now, self.options.reconnect_delay, self.options.reconnect_delay_max);
        self.connection.phase = Phase::Idle;
        self.fail_requests(failure);
        self.lose_subscriptions(failure);
        self.outputs.push_back(match was_ready {
            true => Output::Disconnected,
            false => Output::ConnectFailed(failure),
        });
        // A first attempt that fails is reported and left at that, unless something waits to be kept up to date.
        if self.connection.wanted && (self.connection.established || !self.graph.is_empty()) {
            self.connection.phase = Phase::Waiting;
            let until = self.now + delay;
            self.connection.timer = Some(self.timers.set(until, Timer::Reconnect));
            self.set_state(ConnectionState::Waiting { until });
        } else {
            self.connection.wanted = false;
            self.connection.established = false;
            self.set_state(ConnectionState::Idle);
        }
    }

    /// Requests that are not answered, or not even sent, will not be.
    fn fail_requests(&mut self, failure: Failure) {
        let sent = std::mem::take(&mut self.requests.sent).into_values();
        let queued = std::mem::take(&mut self.requests.queued).into_iter().map(|q| q.purpose);
        for purpose in sent.chain(queued) {
            if let Purpose::Call(request) | Purpose::Create(request) | Purpose::Fetch(request) = purpose {
                self.fail(request, failure);
            }
        }
    }

    fn set_state(&mut self, state: ConnectionState) {
        if self.state != state {
            self.state = state;
            self.outputs.push_back(Output::State(state));
        }
    }
}

impl Engine {
    /// The number of the present connection attempt.
    pub fn connection(&self) -> ConnectionId {
        self.connection.id
    }
}
