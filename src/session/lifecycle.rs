//! Connecting, the handshake, losing the connection, and trying again.

use super::connection::{Connection, Phase};
use super::engine::Engine;
use super::output::{ConnectionId, ConnectionState, Failure, Output};
use super::requests::{Purpose, Queued};
use super::time::{Time, Timer};
use crate::bug;
use crate::cache::ResourceId;
use crate::protocol::frame::WireError;
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

    /// Whether a first attempt that fails is to be followed by others, as it is with any later one.
    pub fn persist(&mut self, persistent: bool) {
        self.connection.persistent = persistent;
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
            self.set_state(ConnectionState::Closed);
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
        if (connection == self.connection.id || bug!("late-close")) && self.connection.has_socket() {
            self.lost(self.failure());
        }
    }

    /// The gateway has closed the socket in a way that says not to come back. Nothing is tried until something is asked for.
    pub fn handle_final_close(&mut self, now: Time, connection: ConnectionId) {
        if connection == self.connection.id && self.connection.has_socket() && !bug!("final-close-ignored") {
            self.connection.wanted = false;
        }
        self.handle_close(now, connection);
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
        self.timers.cancel(&mut self.connection.timer);
        self.connection.ready(self.now);
        self.subscribe_stale();
        self.set_state(match self.connection.comparing {
            0 => ConnectionState::Connected,
            _ => ConnectionState::Stale,
        });
        let queued = std::mem::take(&mut self.requests.queued);
        if !bug!("queue-forgotten") {
            self.send(queued);
        }
        self.outputs.push_back(Output::Connected);
    }

    /// While the hook runs: whether it is the hook that asks from now on. What others ask for waits for its end, so that nothing
    /// is asked for without the authentication it is to bring. When it begins nothing is the hook's;
    /// authentication requests never wait, nor does what is given back. What may be the hook's own, for it was made while the hook runs, waits for no longer than
    /// [`Options::handshake_timeout`](super::Options::handshake_timeout): it may be what the hook waits for.
    pub fn admit(&mut self, admitted: bool) {
        self.connection.admitted = admitted;
    }

    /// Whether the driver knows of every request whether it is the hook's, and says so by [`Engine::admit`]. Then what others ask
    /// for waits for the hook's end, also if it authenticates, and however long that takes.
    pub fn admit_exactly(&mut self, exact: bool) {
        self.connection.exact = exact;
    }

    /// Whether a request is one the hook cannot end without, or tells no more than what the gateway knows.
    pub(super) fn is_of_hook(&self, method: &str) -> bool {
        let Connection { phase, admitted, exact, .. } = self.connection;
        let is_free = method.starts_with("unsubscribe.") || !exact && method.starts_with("auth.");
        phase == Phase::Hook && (admitted || is_free || bug!("hook-not-waited-for"))
    }

    /// A request waits for the hook, but not for ever, or the two could wait for each other.
    pub(super) fn wait_for_hook(&mut self) {
        if self.connection.timer.is_none() && !self.connection.exact {
            let deadline = self.now + self.options.handshake_timeout;
            self.connection.timer = Some(self.timers.set(deadline, Timer::Hook));
        }
    }

    /// Someone asks for what is being got already: while the hook runs it may be the hook.
    pub(super) fn asked_again(&mut self, id: ResourceId) {
        if self.connection.phase == Phase::Hook
            && let Some(at) = self.requests.queued.iter().position(|q| q.purpose == Purpose::Subscribe(id))
        {
            self.connection.waiting_before -= usize::from(at < self.connection.waiting_before);
            let queued = self.requests.queued.remove(at);
            self.request(queued.purpose, queued.method, queued.params.as_deref());
        }
    }

    /// Sends what was asked for while the hook runs.
    fn send_doubtful(&mut self) {
        let doubtful = self.requests.queued.split_off(self.connection.waiting_before);
        self.send(doubtful);
    }

    fn send(&mut self, requests: Vec<Queued>) {
        let admitted = std::mem::replace(&mut self.connection.admitted, true);
        for Queued { purpose, method, params, .. } in requests {
            if purpose != Purpose::Obsolete {
                self.request(purpose, method, params.as_deref());
            }
        }
        self.connection.admitted = admitted;
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
                Timer::Hook => {
                    self.connection.timer = None;
                    self.send_doubtful();
                }
                Timer::Linger(id) => self.linger_over(id),
                Timer::Resubscribe(id) => self.resubscribe(id),
                Timer::Recover(id) => self.recover(id),
            }
        }
    }

    /// The gateway answered the version request.
    pub(super) fn handshake_done(&mut self, protocol: Option<&str>) {
        self.timers.cancel(&mut self.connection.timer);
        self.connection.protocol = protocol.and_then(|p| p.parse().ok()).unwrap_or(Version::LEGACY);
        self.connection.phase = Phase::Hook;
        self.connection.admitted = false;
        self.connection.waiting_before = self.requests.queued.len();
        self.start_heartbeat();
        self.outputs.push_back(Output::Hook);
    }

    /// The gateway refused the version request. One that does not know it speaks the legacy protocol.
    pub(super) fn handshake_refused(&mut self, error: &WireError) {
        if error.code == ResError::INVALID_REQUEST.code {
            return self.handshake_done(None);
        }
        self.outputs.push_back(Output::HandshakeRefused(error.span));
        self.outputs.push_back(Output::Close(self.connection.id));
        if error.code == ResError::UNSUPPORTED_PROTOCOL.code {
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

    /// What the end of the socket means for what waits.
    pub(super) fn failure(&self) -> Failure {
        match self.connection.phase {
            Phase::Ready => Failure::Disconnected,
            _ => Failure::NoConnection,
        }
    }

    /// There is no connection any more: everything that waits for it fails, what is listened to becomes stale.
    pub(super) fn lost(&mut self, failure: Failure) {
        let was_ready = self.connection.phase == Phase::Ready;
        self.timers.cancel(&mut self.connection.timer);
        self.heartbeat.stop();
        let delay = self.connection.backoff(self.now, self.options.reconnect_delay, self.options.reconnect_delay_max);
        self.connection.phase = Phase::Idle;
        self.fail_requests(failure);
        self.lose_subscriptions(failure);
        self.outputs.push_back(match was_ready {
            true => Output::Disconnected,
            false => Output::ConnectFailed(failure),
        });
        // A first attempt that fails is reported and left at that, unless something waits to be kept up to date.
        let waited_for = self.connection.established || self.connection.persistent || !self.graph.is_empty();
        if self.connection.wanted && waited_for && !bug!("no-reconnect") {
            self.connection.phase = Phase::Waiting;
            let until = self.now + delay;
            self.connection.timer = Some(self.timers.set(until, Timer::Reconnect));
            self.set_state(ConnectionState::Waiting { until });
        } else {
            self.connection.wanted = false;
            self.connection.established = false;
            self.set_state(ConnectionState::Closed);
        }
    }

    /// Requests that are not answered, or not even sent, will not be.
    fn fail_requests(&mut self, failure: Failure) {
        let sent = std::mem::take(&mut self.requests.sent).into_values();
        let queued = std::mem::take(&mut self.requests.queued).into_iter().map(|q| q.purpose);
        for purpose in sent.chain(queued) {
            if let Some(request) = purpose.of_application().filter(|_| !bug!("calls-not-failed")) {
                self.fail(request, failure);
            }
        }
    }

    pub(super) fn set_state(&mut self, state: ConnectionState) {
        if self.state != state {
            self.state = state;
            if !bug!("state-untold") {
                self.outputs.push_back(Output::State(state));
            }
        }
    }
}

impl Engine {
    /// The number of the present connection attempt.
    pub fn connection(&self) -> ConnectionId {
        self.connection.id
    }
}
