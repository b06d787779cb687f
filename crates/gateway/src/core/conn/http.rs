//! One HTTP request on a connection: authentication by its header, access, and the resource or method it is for.

use std::collections::HashMap;
use std::sync::Arc;

use resclient::protocol::{ResError, rid};
use serde_json::value::RawValue;

use super::request::Verb;
use super::sub::Access;
use super::{Conn, Kind, Output, Purpose};
use crate::core::meta::Meta;
use crate::core::response::{self, Answer, Failure};
use crate::core::value::Snapshot;

/// What an HTTP request asks for.
#[derive(Debug)]
pub struct HttpRequest {
    /// The method that is called before anything else is asked, so that the token it sets counts for the rest.
    pub header_auth: Option<AuthMethod>,
    pub target: Target,
}

impl HttpRequest {
    /// The name of the resource it is about, without its query; empty for a WebSocket.
    pub fn name(&self) -> &str {
        match &self.target {
            Target::Upgrade => "",
            Target::Resource(rid) | Target::Method { rid, .. } => rid::split_query(rid).0,
        }
    }
}

/// What an HTTP request is for.
#[derive(Debug)]
pub enum Target {
    /// A WebSocket on the same connection: once the header is looked at, frames may come.
    Upgrade,
    /// A resource, with all it refers to.
    Resource(Arc<str>),
    Method {
        rid: Arc<str>,
        method: Arc<str>,
        params: Option<Box<RawValue>>,
    },
}

/// A method of a service that looks at the header of HTTP requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthMethod {
    rid: Arc<str>,
    method: Arc<str>,
}

impl AuthMethod {
    /// Reads a resource id and a method with a dot between, such as `auth.session.header`.
    ///
    /// # Errors
    /// A sentence, if it is not that.
    pub fn parse(text: &str) -> Result<AuthMethod, String> {
        rid::split_last(text)
            .filter(|(rid, method)| rid::is_valid(rid) && rid::is_valid_part(method))
            .map(|(rid, method)| AuthMethod { rid: rid.into(), method: method.into() })
            .ok_or_else(|| format!("{text:?} is not a resource id and a method, such as auth.session.header"))
    }
}

/// What there is to be answered to an HTTP request.
#[derive(Debug)]
pub struct HttpAnswer {
    /// What the services said about the response. With a status, they were asked no further.
    pub meta: Meta,
    pub outcome: Result<Outcome, ResError>,
    /// The header was to be looked at, and there was nobody to do so, or nothing to be made of what was answered.
    pub header_failure: Option<Box<ResError>>,
}

/// What an HTTP request led to.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing to write: a status, or the way to a WebSocket.
    Done,
    Tree(Tree),
    Payload(Box<RawValue>),
    /// The resource to go on to.
    Resource(Arc<str>),
}

/// A resource with all that it refers to.
#[derive(Debug)]
pub struct Tree {
    pub root: Arc<str>,
    pub resources: HashMap<Arc<str>, Result<Arc<Snapshot>, ResError>>,
}

/// An HTTP request that is not answered yet.
#[derive(Debug)]
pub(super) struct Http {
    /// `None` once it is asked for.
    target: Option<Target>,
    meta: Meta,
    header_failure: Option<Box<ResError>>,
}

impl Conn {
    /// An HTTP request; leads to one [`Output::Http`]. Before that there must be no frame and no other request, and
    /// after it neither, unless the request was for a WebSocket.
    pub fn handle_http(&mut self, request: HttpRequest) {
        self.http = Some(Http { target: Some(request.target), meta: Meta::default(), header_failure: None });
        let auth = request.header_auth.and_then(|auth| Some((self.address(&auth.rid)?, auth.method)));
        match auth {
            Some((address, method)) => {
                let payload = self.payload(&address.query, None, true);
                self.bus_request(format!("auth.{}.{method}", address.name), payload, Purpose::HeaderAuth);
            }
            None => self.header_known(),
        }
        self.settle();
    }

    /// A service has looked at the header. One that could not tell who this is leaves it without a token; that it could
    /// not be asked is something else.
    pub(super) fn header_heeded(&mut self, answer: Result<&[u8], ResError>) {
        let failure = match answer.map(|payload| response::read_call(payload, "")) {
            Ok(Err(Failure::Refused(error))) if error.code == ResError::METHOD_NOT_FOUND.code => Some(error),
            Ok(Err(Failure::Unusable(reason))) => Some(reason.into()),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        if let Some(http) = &mut self.http {
            http.header_failure = failure.map(Box::new);
        }
        self.header_known();
    }

    /// Goes on to what the request is for.
    fn header_known(&mut self) {
        let target = self.http.as_mut().and_then(|http| http.target.take());
        match target {
            None => {}
            Some(Target::Upgrade) => self.http_done(Ok(Outcome::Done)),
            Some(Target::Resource(rid) | Target::Method { rid, .. }) if self.address(&rid).is_none() => {
                let is_long = rid::is_valid(&rid);
                self.http_done(Err(if is_long { ResError::SUBJECT_TOO_LONG } else { ResError::NOT_FOUND }));
            }
            Some(Target::Resource(rid)) => self.direct(0, Kind::Fetch, &rid),
            Some(Target::Method { rid, method, params }) => self.call(0, Verb::Call, &rid, method, params),
        }
    }

    /// Takes note of what a service says about the response. Returns whether that is the response already.
    pub(super) fn heed_meta(&mut self, purpose: Purpose, payload: &[u8]) -> bool {
        let counts = match purpose {
            // What is asked for again was answered too early.
            Purpose::Access(id) => {
                self.subs.get(&id).is_some_and(|sub| matches!(sub.access, Access::InFlight { again: false }))
            }
            Purpose::HeaderAuth | Purpose::CallAccess(_) | Purpose::Call(_) => true,
            Purpose::TokenReset => false,
        };
        let Some(http) = self.http.as_mut().filter(|_| counts) else { return false };
        let (meta, rest) = Meta::read(payload);
        http.meta.merge(meta);
        if http.meta.status.is_none() {
            return false;
        }
        self.http_done(rest.map(|resource| resource.map_or(Outcome::Done, Outcome::Resource)));
        true
    }

    pub(super) fn http_called(&mut self, answer: Result<Answer, ResError>) {
        self.http_done(answer.map(|answer| match answer {
            Answer::Payload(payload) => Outcome::Payload(payload),
            Answer::Resource(rid) | Answer::LegacyResource(rid) => Outcome::Resource(rid),
        }));
    }

    /// Answers the request, unless a status has been the answer.
    pub(super) fn http_done(&mut self, outcome: Result<Outcome, ResError>) {
        if let Some(http) = self.http.take() {
            let Http { meta, header_failure, .. } = http;
            self.output(Output::Http(HttpAnswer { meta, outcome, header_failure }));
        }
    }
}
