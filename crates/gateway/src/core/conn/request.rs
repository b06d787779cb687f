//! Client frames (RES-Client protocol, "Requests").

use std::sync::Arc;

use resclient::protocol::{Version, rid};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::core::json;
use crate::core::stats::RequestKind;

/// A request of a client.
#[derive(Debug)]
pub struct ClientRequest {
    pub id: u64,
    pub action: Action,
}

#[derive(Debug)]
pub enum Action {
    Version(Option<Version>),
    Subscribe(Arc<str>),
    Unsubscribe(Arc<str>, u32),
    Get(Arc<str>),
    Call {
        verb: Verb,
        rid: Arc<str>,
        method: Arc<str>,
        params: Option<Box<RawValue>>,
    },
    /// Answered with the error.
    Invalid(Fault),
}

/// Which of the three request types that invoke a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Call,
    Auth,
    New,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Request,
    Params,
}

/// A frame that cannot be answered, and the WebSocket close code it deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswerable {
    pub code: u16,
    pub reason: &'static str,
}

impl ClientRequest {
    /// Reads a frame. What has an id is answered, if only with an error.
    pub fn parse(text: &str) -> Result<ClientRequest, Unanswerable> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            id: Option<&'a RawValue>,
            #[serde(borrow)]
            method: Option<&'a RawValue>,
            params: Option<Box<RawValue>>,
        }
        let wire = match json::is_object(text).then(|| serde_json::from_str::<Wire<'_>>(text)) {
            Some(Ok(wire)) => wire,
            _ => return Err(Unanswerable { code: 1007, reason: "a frame must be one JSON object" }),
        };
        let id = wire.id.and_then(|id| id.get().parse().ok());
        let id = id.ok_or(Unanswerable { code: 1002, reason: "a request needs an id, an unsigned integer" })?;
        let method = wire.method.and_then(|m| serde_json::from_str::<String>(m.get()).ok());
        let action = match method {
            Some(method) if json::depth(text) <= MAX_DEPTH => Action::parse(&method, wire.params),
            _ => Action::Invalid(Fault::Request),
        };
        Ok(ClientRequest { id, action })
    }
}

impl Action {
    /// As what it is counted.
    pub fn kind(&self) -> Option<RequestKind> {
        match self {
            Action::Get(_) => Some(RequestKind::Get),
            Action::Subscribe(_) => Some(RequestKind::Subscribe),
            Action::Unsubscribe(..) => Some(RequestKind::Unsubscribe),
            Action::Call { verb: Verb::Auth, .. } => Some(RequestKind::Auth),
            Action::Call { .. } => Some(RequestKind::Call),
            Action::Version(_) | Action::Invalid(_) => None,
        }
    }

    fn parse(method: &str, params: Option<Box<RawValue>>) -> Action {
        let (kind, rest) = match method.split_once('.') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (method, None),
        };
        let resource = || rest.filter(|rid| rid::is_valid(rid)).map(Arc::<str>::from);
        let action = match kind {
            "version" if rest.is_none() => version(params.as_deref()).map(Action::Version).ok_or(Fault::Params),
            "subscribe" => resource().map(Action::Subscribe).ok_or(Fault::Request),
            "get" => resource().map(Action::Get).ok_or(Fault::Request),
            "unsubscribe" => match (resource(), count(params.as_deref())) {
                (None, _) => Err(Fault::Request),
                (_, None) => Err(Fault::Params),
                (Some(rid), Some(count)) => Ok(Action::Unsubscribe(rid, count)),
            },
            "new" => resource()
                .map(|rid| Action::Call { verb: Verb::New, rid, method: "new".into(), params })
                .ok_or(Fault::Request),
            // The method follows the last dot: a query may hold dots too.
            "call" | "auth" => rest
                .and_then(rid::split_last)
                .filter(|(rid, method)| rid::is_valid(rid) && rid::is_valid_part(method))
                .map(|(rid, method)| Action::Call {
                    verb: if kind == "call" { Verb::Call } else { Verb::Auth },
                    rid: rid.into(),
                    method: method.into(),
                    params,
                })
                .ok_or(Fault::Request),
            _ => Err(Fault::Request),
        };
        action.unwrap_or_else(Action::Invalid)
    }
}

fn version(params: Option<&RawValue>) -> Option<Option<Version>> {
    #[derive(Deserialize)]
    struct Wire {
        protocol: Option<String>,
    }
    let Some(params) = params else { return Some(None) };
    let wire: Wire = json::is_object(params.get()).then(|| serde_json::from_str(params.get()).ok())??;
    match wire.protocol.as_deref() {
        None | Some("") => Some(None),
        Some(text) => text.parse().ok().map(Some),
    }
}

fn count(params: Option<&RawValue>) -> Option<u32> {
    #[derive(Deserialize)]
    struct Wire {
        count: Option<u32>,
    }
    let Some(params) = params else { return Some(1) };
    let wire: Wire = json::is_object(params.get()).then(|| serde_json::from_str(params.get()).ok())??;
    Some(wire.count.unwrap_or(1)).filter(|&count| count > 0)
}

/// Levels of arrays and objects in a frame.
const MAX_DEPTH: usize = 64;
