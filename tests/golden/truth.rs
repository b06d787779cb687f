//! What the recorded services had, from the messages on their bus: answers to `get` requests, and the events after them.

use std::collections::BTreeMap;

use resclient::mirror::{Content, Item};
use serde_json::Value as Json;

/// Resources by rid, as `{"model":…}` or `{"collection":…}`.
#[derive(Default)]
pub struct Truth {
    resources: BTreeMap<String, Json>,
    /// Spellings of queries that the service answered with a normalised one.
    aliases: BTreeMap<String, String>,
    /// Requests that wait, by reply subject: the resource that is asked for.
    asked: BTreeMap<String, String>,
    /// The same for requests that follow a query event: the query.
    queried: BTreeMap<String, String>,
}

impl Truth {
    /// Takes in one message on the bus.
    pub fn message(&mut self, subject: &str, reply: Option<&str>, payload: &Json) {
        if let Some(name) = subject.strip_prefix("get.") {
            let rid = with_query(name, &payload["query"]);
            self.asked.extend(reply.map(|reply| (reply.to_owned(), rid)));
        } else if subject.starts_with("_FIXQ.") {
            let query = payload["query"].as_str().unwrap_or_default().to_owned();
            self.queried.extend(reply.map(|reply| (reply.to_owned(), query)));
        } else if let Some((rid, event)) = subject.strip_prefix("event.").and_then(|s| s.rsplit_once('.')) {
            self.event(rid, event, payload);
        } else if !payload["result"].is_null() {
            if let Some(rid) = self.asked.remove(subject) {
                self.loaded(rid, &payload["result"]);
            } else if let Some(query) = self.queried.remove(subject) {
                self.query_answered(&query, &payload["result"]);
            }
        }
    }

    /// What a resource was last; `None` for those the services never answered for.
    pub fn resource(&self, rid: &str) -> Option<&Json> {
        self.resources.get(self.aliases.get(rid).map_or(rid, String::as_str))
    }

    fn loaded(&mut self, rid: String, result: &Json) {
        let name = rid.split('?').next().expect("a split has a first part");
        let normalised = with_query(name, &result["query"]);
        self.resources.insert(normalised.clone(), result.clone());
        if normalised != rid {
            self.aliases.insert(rid, normalised);
        }
    }

    fn query_answered(&mut self, query: &str, result: &Json) {
        let rid = ["fix.items", "fix.qmodel"].map(|name| format!("{name}?{query}"));
        let Some(rid) = rid.into_iter().find(|rid| self.resources.contains_key(rid)) else { return };
        if let Some(events) = result["events"].as_array() {
            for event in events {
                self.event(&rid, event["event"].as_str().expect("an event has a name"), &event["data"]);
            }
        } else if result.get("collection").is_some() || result.get("model").is_some() {
            self.resources.insert(rid, result.clone());
        }
    }

    /// Applies an event that fits; one that does not is dropped by the gateway.
    fn event(&mut self, rid: &str, event: &str, data: &Json) {
        let Some(resource) = self.resources.get_mut(rid) else { return };
        let idx = data["idx"].as_u64().map(|idx| idx as usize);
        let kind = if resource.get("model").is_some() { "model" } else { "collection" };
        match (event, &mut resource[kind]) {
            ("change", Json::Object(model)) => {
                // The first version of the protocol had the members in the place of `values`.
                let Some(values) = data.get("values").unwrap_or(data).as_object() else { return };
                if !values.values().all(|value| is_value(value) || value["action"] == "delete") {
                    return;
                }
                for (key, value) in values {
                    match value["action"] == "delete" {
                        true => model.remove(key),
                        false => model.insert(key.clone(), value.clone()),
                    };
                }
            }
            ("add", Json::Array(list)) => {
                let value = data.get("value").filter(|value| is_value(value));
                if let (Some(idx), Some(value)) = (idx.filter(|&idx| idx <= list.len()), value) {
                    list.insert(idx, value.clone());
                }
            }
            ("remove", Json::Array(list)) => {
                if let Some(idx) = idx.filter(|&idx| idx < list.len()) {
                    list.remove(idx);
                }
            }
            _ => {}
        }
    }
}

/// Whether a client has what the services had. `rid` tells the rid of a reference; `legacy` clients know neither soft
/// references nor data values.
pub fn agrees(truth: &Json, content: &Content, rid: &dyn Fn(&Item) -> Option<String>, legacy: bool) -> bool {
    let same = |wire: &Json, item: &Item| match item {
        Item::Reference(_) => rid(item).as_deref() == wire["rid"].as_str() && wire["soft"] != true,
        Item::Soft(soft) => wire["soft"] == true && wire["rid"] == soft.as_str(),
        Item::Value(value) if legacy && wire["soft"] == true => *value == wire["rid"],
        // A primitive that a service wraps travels bare.
        Item::Value(value) => match wire.get("data") {
            Some(data) if legacy && (data.is_object() || data.is_array()) => value == "[Data]",
            Some(data) => value == data,
            None => value == wire,
        },
    };
    match content {
        Content::Model(model) => {
            let Some(truth) = truth["model"].as_object() else { return false };
            truth.len() == model.len() && truth.iter().all(|(k, v)| model.get(k).is_some_and(|item| same(v, item)))
        }
        Content::Collection(list) => {
            let Some(truth) = truth["collection"].as_array() else { return false };
            truth.len() == list.len() && truth.iter().zip(list).all(|(v, item)| same(v, item))
        }
        Content::Error(_) => false,
    }
}

fn with_query(name: &str, query: &Json) -> String {
    match query.as_str() {
        Some(query) => format!("{name}?{query}"),
        None => name.to_owned(),
    }
}

fn is_value(value: &Json) -> bool {
    match value {
        Json::Object(wrapper) => wrapper.contains_key("rid") || wrapper.contains_key("data"),
        Json::Array(_) => false,
        _ => true,
    }
}
