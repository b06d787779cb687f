//! The resources a service keeps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use resclient::protocol::rid;
use serde_json::{Map, Value};
use tokio::sync::Notify;

use super::{Resource, ServiceError};
use crate::core::value::{Body, Change};

#[derive(Debug, Default)]
pub struct Store {
    resources: BTreeMap<String, Resource>,
    /// Who is told that there are other names.
    listed: Option<Arc<Notify>>,
}

/// The store, also after a handler panicked while it held it: every change is made in one step.
pub fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Store {
    pub fn get(&self, rid: &str) -> Option<&Resource> {
        self.resources.get(rid)
    }

    pub fn value(&self, rid: &str) -> Option<Value> {
        match self.resources.get(rid)? {
            Resource::Model(value) | Resource::Collection(value) => Some(value.clone()),
            Resource::Query { .. } => None,
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.resources.keys()
    }

    /// Tells from now on of names that come and go.
    pub fn list_in(&mut self, listed: Arc<Notify>) {
        self.listed = Some(listed);
    }

    pub fn put(&mut self, rid: &str, resource: Resource) -> Result<(), ServiceError> {
        if !rid::is_valid_name(rid) {
            return Err(ServiceError::InvalidName(rid.to_owned()));
        }
        let raw = |value: &Value| serde_json::value::to_raw_value(value).expect("a JSON value is JSON");
        let check = match &resource {
            Resource::Model(value) => Body::parse_model(&raw(value)),
            Resource::Collection(value) => Body::parse_collection(&raw(value)),
            Resource::Query { .. } => return Err(ServiceError::InvalidValue("a query resource is not kept".into())),
        };
        check.map_err(|error| ServiceError::InvalidValue(format!("{rid}: {}", error.0)))?;
        if self.resources.insert(rid.to_owned(), resource).is_none() {
            self.tell();
        }
        Ok(())
    }

    pub fn remove_resource(&mut self, rid: &str) -> Result<(), ServiceError> {
        self.resources.remove(rid).map(drop).ok_or_else(|| ServiceError::NotFound(rid.to_owned()))?;
        self.tell();
        Ok(())
    }

    /// Sets members, and removes those whose value is `{"action":"delete"}`.
    pub fn change(&mut self, rid: &str, values: &Map<String, Value>) -> Result<(), ServiceError> {
        let deleted = values.iter().map(|(key, value)| Ok((key, is_delete(key, value)?)));
        let deleted = deleted.collect::<Result<Vec<_>, ServiceError>>()?;
        let members = match self.resources.get_mut(rid) {
            Some(Resource::Model(Value::Object(members))) => members,
            Some(_) => return Err(ServiceError::WrongType(rid.to_owned())),
            None => return Err(ServiceError::NotFound(rid.to_owned())),
        };
        for (key, delete) in deleted {
            if delete {
                members.remove(key);
            } else {
                members.insert(key.clone(), values[key].clone());
            }
        }
        Ok(())
    }

    pub fn add(&mut self, rid: &str, idx: usize, value: Value) -> Result<(), ServiceError> {
        if is_delete("value", &value)? {
            return Err(ServiceError::InvalidValue("a delete action is not a value".into()));
        }
        let items = self.items(rid)?;
        if idx > items.len() {
            return Err(ServiceError::OutOfRange(rid.to_owned()));
        }
        items.insert(idx, value);
        Ok(())
    }

    pub fn remove(&mut self, rid: &str, idx: usize) -> Result<Value, ServiceError> {
        let items = self.items(rid)?;
        if idx >= items.len() {
            return Err(ServiceError::OutOfRange(rid.to_owned()));
        }
        Ok(items.remove(idx))
    }

    fn tell(&self) {
        if let Some(listed) = &self.listed {
            listed.notify_one();
        }
    }

    fn items(&mut self, rid: &str) -> Result<&mut Vec<Value>, ServiceError> {
        match self.resources.get_mut(rid) {
            Some(Resource::Collection(Value::Array(items))) => Ok(items),
            Some(_) => Err(ServiceError::WrongType(rid.to_owned())),
            None => Err(ServiceError::NotFound(rid.to_owned())),
        }
    }
}

fn is_delete(key: &str, value: &Value) -> Result<bool, ServiceError> {
    let raw = serde_json::value::to_raw_value(value).expect("a JSON value is JSON");
    match Change::parse(&raw) {
        Ok(change) => Ok(matches!(change, Change::Delete)),
        Err(error) => Err(ServiceError::InvalidValue(format!("{key}: {}", error.0))),
    }
}
