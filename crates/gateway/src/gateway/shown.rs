//! Messages as a trace shows them: what they are about, and nothing of what they carry, which may be secret.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A frame from or to a client: its request or event, and how long the rest is. Parameters, results and data may be
/// passwords and tokens.
pub struct Frame<'a>(pub &'a str);

/// A subject of the bus. Ids of clients and inboxes must not be known by others.
pub struct Subject<'a>(pub &'a str);

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[derive(Deserialize)]
        struct Wire<'a> {
            id: Option<u64>,
            method: Option<String>,
            event: Option<String>,
            error: Option<Error>,
            #[serde(borrow)]
            params: Option<&'a RawValue>,
            #[serde(borrow)]
            result: Option<&'a RawValue>,
            #[serde(borrow)]
            data: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Error {
            code: String,
        }
        let Ok(wire) = serde_json::from_str::<Wire<'_>>(self.0) else {
            return write!(f, "{} bytes that cannot be read", self.0.len());
        };
        if let Some(id) = wire.id {
            write!(f, "id {id} ")?;
        }
        // As a client wrote them: with control characters, if it likes. A query is a parameter.
        for (kind, name) in [("", wire.method), ("event ", wire.event), ("error ", wire.error.map(|e| e.code))] {
            if let Some(name) = name {
                match name.split_once('?') {
                    Some((name, _)) => write!(f, "{kind}{:?} ", format!("{name}?…"))?,
                    None => write!(f, "{kind}{name:?} ")?,
                }
            }
        }
        for (kind, rest) in [("params", wire.params), ("result", wire.result), ("data", wire.data)] {
            if let Some(rest) = rest {
                write!(f, "{kind} of {} bytes ", rest.get().len())?;
            }
        }
        write!(f, "({} bytes)", self.0.len())
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.0.splitn(3, '.');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(kind @ ("conn" | "_INBOX")), Some(_), Some(rest)) => write!(f, "{:?}", format!("{kind}.….{rest}")),
            _ => write!(f, "{:?}", self.0),
        }
    }
}
