//! Resources as they are at a point of a replay.

use std::collections::HashMap;

use resclient::protocol::{ResError, Version};

use super::line::{Kind, Line};
use crate::core::cache::resource::Resource;
use crate::core::json;
use crate::core::response::{self, Failure, QueryAnswer};
use crate::core::value::Body;

/// A name and a query in its normal form, which is empty for a resource without.
pub type Key = (String, String);

/// All resources of a recording.
#[derive(Debug, Default)]
pub struct Held {
    states: HashMap<Key, State>,
    /// Normal forms of queries.
    links: HashMap<Key, String>,
}

#[derive(Debug)]
enum State {
    Value(Resource),
    /// An answer without a value.
    Answer(String),
}

impl Held {
    /// Learns the normal form of a query from the answer to it. That to a request of a query event need not have one.
    pub fn link(&mut self, line: &Line) {
        let (name, query) = (line.name(), line.query.as_deref().unwrap_or_default());
        if let Ok(fetched) = response::read_get(line.answer().as_bytes())
            && (line.kind == Kind::Get || !fetched.query.is_empty())
        {
            self.links.insert((name.to_owned(), query.to_owned()), fetched.query);
        }
    }

    pub fn key(&self, name: &str, query: &str) -> Key {
        let key = (name.to_owned(), query.to_owned());
        match self.links.get(&key) {
            Some(normal) => (key.0, normal.clone()),
            None => key,
        }
    }

    pub fn contains(&self, key: &Key) -> bool {
        self.states.contains_key(key)
    }

    /// The answer to a get request.
    pub fn answer(&self, key: &Key) -> Option<String> {
        Some(match self.states.get(key)? {
            State::Answer(answer) => answer.clone(),
            State::Value(resource) => {
                let snapshot = resource.snapshot()?;
                let kind = if snapshot.body().is_model() { "model" } else { "collection" };
                let mut out = format!("{{\"result\":{{\"{kind}\":");
                snapshot.push(&mut out, Version::SUPPORTED);
                if !key.1.is_empty() {
                    out.push_str(",\"query\":");
                    json::push_string(&mut out, &key.1);
                }
                out + "}}"
            }
        })
    }

    /// Takes in the answer to a get request; whether it says something else than before.
    pub fn get(&mut self, key: Key, answer: &str) -> bool {
        match response::read_get(answer.as_bytes()) {
            Ok(fetched) => self.replace(key, fetched.body),
            Err(failure) => self.fail(key, answer, failure),
        }
    }

    /// Takes in the answer to a request of a query event; whether it changed something.
    pub fn query(&mut self, key: Key, answer: &str) -> bool {
        match response::read_query(answer.as_bytes()) {
            Ok(QueryAnswer::Unchanged) => false,
            Ok(QueryAnswer::Events(events)) => {
                for (event, data) in &events {
                    self.event(&key, event, data.as_ref().map_or("null", |data| data.get()));
                }
                !events.is_empty()
            }
            Ok(QueryAnswer::Replaced(body)) => self.replace(key, body),
            Err(failure) => self.fail(key, answer, failure),
        }
    }

    /// Takes in an event. One that does not fit was made up for by another answer.
    pub fn event(&mut self, key: &Key, event: &str, data: &str) {
        let Some(state) = self.states.get_mut(key) else { return };
        match (event, state) {
            ("change" | "add" | "remove", State::Value(resource)) => {
                if let Ok(mutation) = response::read_mutation(event, data) {
                    let _ = resource.apply(mutation, data);
                }
            }
            ("delete", state) => *state = State::Answer(json::error_answer(&ResError::NOT_FOUND)),
            _ => {}
        }
    }

    fn replace(&mut self, key: Key, body: Body) -> bool {
        if let Some(State::Value(resource)) = self.states.get_mut(&key)
            && let Ok(events) = resource.replace(body.clone())
        {
            return !events.is_empty();
        }
        self.states.insert(key, State::Value(Resource::loaded(body)));
        true
    }

    /// As for the gateway, an error means that a value is gone only if the service says so.
    fn fail(&mut self, key: Key, answer: &str, failure: Failure) -> bool {
        let is_value = matches!(self.states.get(&key), Some(State::Value(_)));
        if is_value && ResError::from(failure).code != ResError::NOT_FOUND.code {
            return false;
        }
        self.states.insert(key, State::Answer(answer.to_owned()));
        is_value
    }
}
