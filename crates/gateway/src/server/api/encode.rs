//! A resource as one JSON text, with all it refers to in place.

use super::path;
use crate::core::conn::Tree;
use crate::core::json;
use crate::core::value::{Body, Snapshot, Value, separate};

/// How resources that are referred to are written into the one that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// `{"href":"/api/library/book/1","model":{…}}`, with `collection` or `error` in place of `model`.
    #[default]
    Json,
    /// The model, the collection or the error alone.
    JsonFlat,
}

impl Encoding {
    /// Reads `json` or `jsonflat`.
    ///
    /// # Errors
    /// A sentence, if it is none of them.
    pub fn parse(text: &str) -> Result<Encoding, String> {
        match &*text.to_ascii_lowercase() {
            "json" => Ok(Encoding::Json),
            "jsonflat" => Ok(Encoding::JsonFlat),
            _ => Err(format!("{text:?} is not an encoding: json or jsonflat")),
        }
    }

    /// Writes a resource; `None` as soon as that is longer than `limit` bytes, for what two resources refer to is
    /// written twice, and what those are in four times. References that would be inside themselves, soft ones, and
    /// those nested deeper than [`MAX_DEPTH`] are links only.
    pub(super) fn encode(self, tree: &Tree, api_path: &str, limit: usize) -> Option<String> {
        let mut encoder = Encoder { encoding: self, tree, api_path, limit, out: String::new(), path: vec![&tree.root] };
        let root = tree.resources.get(&tree.root)?.as_ref().ok()?;
        encoder.resource(root)?;
        Some(encoder.out)
    }
}

struct Encoder<'a> {
    encoding: Encoding,
    tree: &'a Tree,
    api_path: &'a str,
    limit: usize,
    out: String,
    /// The resources that the one being written is inside of.
    path: Vec<&'a str>,
}

impl<'a> Encoder<'a> {
    fn resource(&mut self, snapshot: &'a Snapshot) -> Option<()> {
        match snapshot.body() {
            Body::Model(members) => {
                self.out.push('{');
                for (key, value) in members.iter() {
                    separate(&mut self.out, '{');
                    json::push_string(&mut self.out, key);
                    self.out.push(':');
                    self.value(value)?;
                }
                self.out.push('}');
            }
            Body::Collection(items) => {
                self.out.push('[');
                for item in items.iter() {
                    separate(&mut self.out, '[');
                    self.value(item)?;
                }
                self.out.push(']');
            }
        }
        self.check(0)
    }

    fn value(&mut self, value: &'a Value) -> Option<()> {
        let Some(rid) = value.reference().or(value.soft_reference()) else {
            let text = value.plain();
            self.check(text.len())?;
            self.out.push_str(text);
            return Some(());
        };
        let nests = value.reference().is_some() && !self.path.contains(&&**rid) && self.path.len() < MAX_DEPTH;
        let found = self.tree.resources.get(rid).filter(|_| nests);
        let wraps = self.encoding == Encoding::Json || found.is_none();
        if wraps {
            self.out.push_str("{\"href\":");
            json::push_string(&mut self.out, &path::of(self.api_path, rid));
        }
        if let Some(found) = found {
            if wraps {
                self.out.push_str(match found {
                    Err(_) => ",\"error\":",
                    Ok(snapshot) if snapshot.body().is_model() => ",\"model\":",
                    Ok(_) => ",\"collection\":",
                });
            }
            match found {
                Err(error) => json::push_error(&mut self.out, error),
                Ok(snapshot) => {
                    self.path.push(rid);
                    self.resource(snapshot)?;
                    self.path.pop();
                }
            }
        }
        if wraps {
            self.out.push('}');
        }
        self.check(0)
    }

    /// Whether there is place for so many bytes more.
    fn check(&self, more: usize) -> Option<()> {
        (self.out.len() + more <= self.limit).then_some(())
    }
}

/// Levels of resources inside each other.
const MAX_DEPTH: usize = 64;
