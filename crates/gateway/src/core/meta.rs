//! What services say about the HTTP response (RES-Service protocol, "Meta object").

use std::sync::Arc;

use indexmap::IndexMap;
use resclient::protocol::{ResError, rid};
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::warn;

use super::json;

/// Status and header fields for the HTTP response that a request leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// From 300 to 599: the response, whatever else there was to be asked.
    pub status: Option<u16>,
    /// Values by the name in lower case. What may not be set by services is still in it.
    pub header: IndexMap<String, Vec<String>>,
}

impl Meta {
    /// The meta object of a service's answer, with what belongs to the response if the status makes it one: the error,
    /// or the resource to go on to. What cannot be read of it is as if it were not there.
    pub fn read(payload: &[u8]) -> (Meta, Result<Option<Arc<str>>, ResError>) {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            meta: Option<&'a RawValue>,
            #[serde(borrow)]
            error: Option<&'a RawValue>,
            #[serde(borrow)]
            resource: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Reference {
            rid: String,
        }
        let Some(wire) = json::read_object::<Wire<'_>>(payload) else { return (Meta::default(), Ok(None)) };
        let meta = wire.meta.map(|meta| Meta::parse(meta.get())).unwrap_or_default();
        let error = wire.error.and_then(|error| json::read_error(error.get()));
        let resource = wire.resource.and_then(|resource| json::read_object::<Reference>(resource.get().as_bytes()));
        let resource = resource.map(|resource| resource.rid).filter(|rid| rid::is_valid(rid));
        (meta, error.map_or(Ok(resource.map(Arc::from)), Err))
    }

    /// Adds what a later answer says: its fields take the place of those before, except for cookies, which add up.
    pub fn merge(&mut self, later: Meta) {
        self.status = later.status.or(self.status);
        for (name, values) in later.header {
            self.add(name, values);
        }
    }

    fn parse(text: &str) -> Meta {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            status: Option<&'a RawValue>,
            #[serde(borrow)]
            header: Option<&'a RawValue>,
        }
        let wire = match json::is_object(text).then(|| serde_json::from_str::<Wire<'_>>(text)) {
            Some(Ok(wire)) => wire,
            _ => {
                warn!("a service answered with a meta object that cannot be read");
                return Meta::default();
            }
        };
        let mut meta = Meta::default();
        if let Some(status) = wire.status {
            meta.status = status.get().parse().ok().filter(|status| (300..600).contains(status));
            if meta.status.is_none() {
                warn!(status = status.get(), "a service answered with a status that is none of a redirect or an error");
            }
        }
        let header = wire.header.map(|header| serde_json::from_str::<IndexMap<String, Vec<String>>>(header.get()));
        match header {
            Some(Ok(header)) => {
                for (name, values) in header {
                    meta.add(name.to_ascii_lowercase(), values);
                }
            }
            Some(Err(_)) => warn!("a service answered with header fields that cannot be read"),
            None => {}
        }
        meta
    }

    fn add(&mut self, name: String, values: Vec<String>) {
        if name == "set-cookie" {
            self.header.entry(name).or_default().extend(values);
        } else {
            self.header.insert(name, values);
        }
    }
}
