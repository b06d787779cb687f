//! What was asked for once, written as the value of what is held would be.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::error::Error;
use super::hub::Hub;
use crate::mirror::{self, MAX_EXPANDED, MAX_LEVELS};
use crate::protocol::frame::read_error;

impl Hub {
    /// The value of a resource, from the resource set it was answered with. The gateway leaves out what is held already.
    pub fn fetched(&self, rid: &str, set: &str) -> Result<Json, Error> {
        let set = match mirror::read(set) {
            Json::Object(set) => set,
            _ => Map::new(),
        };
        let mut fetched = Fetched { hub: self, set, path: BTreeSet::new(), budget: MAX_EXPANDED };
        if fetched.of("models", rid).or(fetched.of("collections", rid)).is_none() {
            if let Some(error) = fetched.of("errors", rid) {
                return Err(Error::Res(read_error(&error.to_string())));
            }
            if let Some(id) = self.engine.find(rid) {
                return self.json(id);
            }
            return Err(Error::Senseless);
        }
        Ok(fetched.resolve(rid))
    }
}

struct Fetched<'a> {
    hub: &'a Hub,
    set: Map<String, Json>,
    /// The resources that are being written.
    path: BTreeSet<String>,
    /// Resources that may still be.
    budget: usize,
}

impl Fetched<'_> {
    fn of(&self, kind: &str, rid: &str) -> Option<&Json> {
        self.set.get(kind)?.get(rid)
    }

    fn resolve(&mut self, rid: &str) -> Json {
        if self.path.len() == MAX_LEVELS || self.budget == 0 || !self.path.insert(rid.to_owned()) {
            return json!({ "rid": rid });
        }
        let json = if let Some(Json::Object(model)) = self.of("models", rid).cloned() {
            self.budget -= 1;
            Json::Object(model.into_iter().map(|(key, value)| (key, self.item(value))).collect())
        } else if let Some(Json::Array(list)) = self.of("collections", rid).cloned() {
            self.budget -= 1;
            Json::Array(list.into_iter().map(|value| self.item(value)).collect())
        } else if let Some(error) = self.of("errors", rid) {
            json!({ "code": error["code"], "message": error["message"] })
        } else {
            // What is held refers to nothing that is not.
            let held = self.hub.engine.find(rid);
            let json = held.and_then(|id| self.hub.mirror.resolve(id, &mut BTreeSet::new(), &mut self.budget));
            json.unwrap_or_else(|| json!({ "rid": rid }))
        };
        self.path.remove(rid);
        json
    }

    fn item(&mut self, value: Json) -> Json {
        let Json::Object(mut wrapper) = value else { return value };
        match (wrapper.remove("rid"), wrapper.remove("data")) {
            (Some(Json::String(rid)), _) if wrapper.get("soft") == Some(&Json::Bool(true)) => json!({ "rid": rid }),
            (Some(Json::String(rid)), _) => self.resolve(&rid),
            (_, data) => data.unwrap_or_else(|| json!({})),
        }
    }
}
