//! Requests to services, until they are answered.

use resclient::protocol::ResError;
use tracing::{debug, warn};

use super::border::{Address, ConnId, Ticket};
use super::response::{self, Failure, NoCopy};
use super::timers::{Time, TimerId};
use super::turns::Task;
use super::value::Invalid;
use super::{Core, Output};

/// A request to a service that is not answered yet.
pub struct InFlight {
    pub subject: String,
    sent: Time,
    pub timer: TimerId,
    asker: Asker,
}

/// Who waits for the answer.
pub enum Asker {
    Conn(ConnId, Ticket),
    Get(Address, u64),
    Query(Address, u64),
}

impl Core {
    pub(super) fn reply(&mut self, now: Time, rest: &str, payload: &[u8], no_responders: bool) {
        let number = rest.rsplit_once('.').and_then(|(_, number)| number.parse::<u64>().ok());
        let Some(number) = number else { return };
        let Some(request) = self.requests.get_mut(&number) else { return };
        if !no_responders && let Some(more) = response::read_pre_response(payload) {
            if let Some(ms) = more {
                self.timers.cancel(request.timer);
                let mut until = now.after(ms.min(LONGEST_TIMEOUT));
                if let Asker::Query(..) = request.asker {
                    until = until.min(request.sent.after(LONGEST_QUERY));
                }
                request.timer = self.timers.set(until, number);
            }
            return;
        }
        let request = self.requests.remove(&number).expect("found above");
        self.timers.cancel(request.timer);
        self.answer(now, request, if no_responders { Err(ResError::NOT_FOUND) } else { Ok(payload) });
    }

    pub(super) fn answer(&mut self, now: Time, request: InFlight, answer: Result<&[u8], ResError>) {
        self.stats.service_time.observe(request.sent, now);
        match request.asker {
            Asker::Conn(id, ticket) => {
                // Behind a query event of its resource it waits as the events do: what it tells of may be in one of
                // them.
                if let Ok(payload) = answer
                    && self.cache.defer(name_in(&request.subject), id, ticket, payload)
                {
                    return;
                }
                self.conns.push(id, Task::Answer(ticket, answer.map(Into::into)));
            }
            Asker::Get(address, serial) => {
                let answer = self.read(&request.subject, answer, response::read_get);
                self.cache.handle_get(now, &address, serial, answer);
            }
            Asker::Query(address, serial) => {
                let answer = self.read(&request.subject, answer, response::read_query);
                self.cache.handle_query(now, &address, serial, answer);
            }
        }
    }

    fn read<T>(
        &mut self,
        subject: &str,
        answer: Result<&[u8], ResError>,
        read: fn(&[u8]) -> Result<T, Failure>,
    ) -> Result<T, NoCopy> {
        let read = read(answer.map_err(NoCopy::Unknown)?);
        if let Err(Failure::Unusable(reason)) = &read {
            self.unusable(subject, *reason);
        }
        Ok(read?)
    }

    /// Tells the operator of an answer that a service should not have given.
    pub(super) fn unusable(&mut self, subject: &str, reason: Invalid) {
        let reason = reason.0;
        if self.warnings.is_due(self.now, reason) {
            warn!(subject, reason, "the answer of a service cannot be used");
        } else {
            debug!(subject, reason, "the answer of a service cannot be used");
        }
    }

    pub(super) fn request(&mut self, subject: String, payload: String, asker: Asker) {
        self.next += 1;
        let number = self.next;
        let timer = self.timers.set(self.now.after(self.config.request_timeout), number);
        let reply = format!("_INBOX.{}.{number}", self.config.inbox);
        self.requests.insert(number, InFlight { subject: subject.clone(), timer, asker, sent: self.now });
        self.outputs.push_back(Output::Publish { subject, reply: Some(reply), payload: payload.into_bytes() });
    }
}

/// The resource name in the subject of a request: `access.<name>`, `call.<name>.<method>` or `auth.<name>.<method>`.
fn name_in(subject: &str) -> &str {
    match subject.split_once('.') {
        Some(("access", name)) => name,
        Some((_, rest)) => rest.rsplit_once('.').map_or(rest, |(name, _)| name),
        None => "",
    }
}

/// However much more time a service asks for, in milliseconds.
const LONGEST_TIMEOUT: u64 = 300_000;
/// The same in all for a request about a query event, in milliseconds: what comes for the name waits for its answer.
const LONGEST_QUERY: u64 = 30_000;
