//! What calls are answered with.

use serde::de::DeserializeOwned;

use super::error::Error;
use super::live::{Collection, FromResource, Model, Resource};

/// An answer to a call as it came.
#[derive(Debug, Clone)]
pub enum Reply {
    /// JSON text; `null` when the answer had none.
    Payload(String),
    /// A resource, held from now on.
    Resource(Resource),
}

/// What a call can be answered with: any type that serde reads; `()`, whatever comes, for who does not look at it; a
/// [`Model`], a [`Collection`] or a [`Resource`]; or the [`Reply`] itself. Where serde's type is asked for and a resource
/// comes, it is read from the resource's value. A resource that could not be had is an error for all of them.
pub trait FromReply: Sized {
    /// # Errors
    /// If the answer is of another type.
    fn from_reply(reply: Reply) -> Result<Self, Error>;
}

impl<T: DeserializeOwned> FromReply for T {
    fn from_reply(reply: Reply) -> Result<Self, Error> {
        let read = match reply {
            Reply::Payload(text) => serde_json::from_str(&text).map_err(Error::decode),
            Reply::Resource(resource) => resource.value(),
        };
        read.or_else(|error| nothing().ok_or(error))
    }
}

impl FromReply for Reply {
    fn from_reply(reply: Reply) -> Result<Self, Error> {
        Ok(reply)
    }
}

impl FromReply for Resource {
    fn from_reply(reply: Reply) -> Result<Self, Error> {
        resource(reply)
    }
}

impl FromReply for Model {
    fn from_reply(reply: Reply) -> Result<Self, Error> {
        resource(reply)
    }
}

impl FromReply for Collection {
    fn from_reply(reply: Reply) -> Result<Self, Error> {
        resource(reply)
    }
}

/// A type that holds nothing and stands for null, such as `()`, loses nothing of an answer that is not null.
fn nothing<T: DeserializeOwned>() -> Option<T> {
    (size_of::<T>() == 0).then(|| serde_json::from_str("null").ok()).flatten()
}

fn resource<R: FromResource>(reply: Reply) -> Result<R, Error> {
    match reply {
        Reply::Resource(resource) => R::from_resource(resource),
        Reply::Payload(_) => Err(Error::Mismatch { expected: "a resource", found: "the answer".to_owned() }),
    }
}
