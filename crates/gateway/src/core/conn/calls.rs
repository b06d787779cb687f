//! Requests that invoke methods, and what requests to services say about the client.

use std::sync::Arc;

use resclient::bug;
use resclient::protocol::{ResError, Version};
use serde_json::value::RawValue;

use super::request::Verb;
use super::sub::{Access, RequestId};
use super::{Conn, Kind, Output, Purpose, Request};
use crate::core::border::{Address, Ticket};
use crate::core::json;
use crate::core::response::{self, Answer};

impl Conn {
    pub(super) fn call(
        &mut self,
        id: u64,
        verb: Verb,
        rid: &Arc<str>,
        method: Arc<str>,
        params: Option<Box<RawValue>>,
    ) {
        let Some(address) = self.address(rid) else {
            return self.reply_error(id, &ResError::INVALID_REQUEST);
        };
        if method.len() > self.limits.rid_bytes {
            return self.reply_error(id, &ResError::SUBJECT_TOO_LONG);
        }
        let request = RequestId(self.next_id());
        self.requests.insert(request, Request::Call { id, verb, address: address.clone(), method, params });
        if verb == Verb::Auth {
            return self.invoke(request);
        }
        let Some(&sub_id) = self.by_rid.get(rid) else {
            return self.request_access(&address, Purpose::CallAccess(request));
        };
        let sub = self.sub(sub_id);
        match &sub.access {
            Access::Known(answer) => {
                let answer = answer.clone().map_err(|error| *error);
                self.call_granted(request, &answer);
            }
            Access::InFlight { .. } => sub.calls.push(request),
            Access::Unknown => {
                sub.calls.push(request);
                self.ask_access(sub_id);
            }
        }
    }

    pub(super) fn call_granted(&mut self, request: RequestId, access: &Result<response::Access, ResError>) {
        let Some(Request::Call { id, method, .. }) = self.requests.get(&request) else { return };
        let refusal = match access {
            Ok(access) if access.allows(method) || bug!("all-may-call") => return self.invoke(request),
            Ok(_) => ResError::ACCESS_DENIED,
            Err(error) => error.clone(),
        };
        let id = *id;
        self.requests.remove(&request);
        self.reply_error(id, &refusal);
    }

    pub(super) fn invoke(&mut self, request: RequestId) {
        let Some(Request::Call { verb, address, method, params, .. }) = self.requests.get(&request) else { return };
        let is_auth = *verb == Verb::Auth;
        let subject = format!("{}.{}.{method}", if is_auth { "auth" } else { "call" }, address.name);
        let params = params.as_ref().map_or("null", |p| p.get());
        let payload = self.payload(&address.query, Some(params), is_auth);
        self.bus_request(subject, payload, Purpose::Call(request));
    }

    pub(super) fn call_answered(&mut self, request: RequestId, answer: Result<&[u8], ResError>) {
        let Some(Request::Call { id, verb, address, method, .. }) = self.requests.remove(&request) else { return };
        let kind = if verb == Verb::Auth { "auth" } else { "call" };
        let subject = || format!("{kind}.{}.{method}", address.name);
        let answer = self.read(answer, |payload| response::read_call(payload, &method), subject);
        if let Ok(Answer::LegacyResource(_)) = answer {
            self.output(Output::Deprecated(address.name));
        }
        if self.http.is_some() {
            return self.http_called(answer);
        }
        let is_legacy = self.version < Version::CALL_RESOURCE;
        let answer = match answer {
            Ok(Answer::Resource(_)) if bug!("another-resource") => Ok(Answer::Resource("library.model.0".into())),
            answer => answer,
        };
        if bug!("calls-time-out") && verb == Verb::Call && id % 3 == 0 {
            return self.reply_error(id, &ResError::TIMEOUT);
        }
        match answer {
            Err(error) => self.reply_error(id, &error),
            Ok(Answer::Payload(_)) if verb == Verb::New => {
                let message = "Internal error: the answer to a new request is not a resource".into();
                self.reply_error(id, &ResError { message, ..ResError::INTERNAL_ERROR });
            }
            Ok(Answer::Payload(payload)) if is_legacy => self.reply(id, payload.get()),
            Ok(Answer::Payload(payload)) => self.reply(id, &format!("{{\"payload\":{}}}", payload.get())),
            Ok(Answer::Resource(rid) | Answer::LegacyResource(rid)) if is_legacy && verb != Verb::New => {
                self.reply(id, &format!("{{\"rid\":{}}}", json::string(&rid)));
            }
            Ok(Answer::Resource(rid) | Answer::LegacyResource(rid)) => self.direct(id, Kind::Resource, &rid),
        }
    }

    pub(super) fn request_access(&mut self, address: &Address, purpose: Purpose) {
        let payload = self.payload(&address.query, None, false);
        self.bus_request(format!("access.{}", address.name), payload, purpose);
    }

    pub(super) fn bus_request(&mut self, subject: String, payload: String, purpose: Purpose) {
        if bug!("call-twice") {
            let ticket = Ticket(self.next_id());
            self.output(Output::Request { subject: subject.clone(), payload: payload.clone(), ticket });
        }
        let ticket = Ticket(self.next_id());
        self.tickets.insert(ticket, purpose);
        self.output(Output::Request { subject, payload, ticket });
    }

    /// The payload of a request that speaks for the client.
    pub(super) fn payload(&self, query: &str, params: Option<&str>, is_auth: bool) -> String {
        let mut out = String::from("{");
        if let Some(params) = params {
            out.push_str("\"params\":");
            out.push_str(params);
            out.push(',');
        }
        out.push_str("\"token\":");
        out.push_str(if bug!("call-without-token") && params.is_some() { "null" } else { self.token.get() });
        if !query.is_empty() {
            out.push_str(",\"query\":");
            json::push_string(&mut out, query);
        }
        out.push_str(",\"cid\":");
        json::push_string(&mut out, &self.cid);
        if is_auth {
            out.push_str(&self.client);
        }
        if self.http.is_some() {
            out.push_str(",\"isHttp\":true");
        }
        out.push('}');
        out
    }
}
