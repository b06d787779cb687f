//! What a service does wrong, and how that ends.

use serde_json::{Value, json};

use super::{Message, Service};
use crate::names;
use crate::script::Spoiled;

impl Service {
    /// The next answers are not what they should be.
    pub fn spoil(&mut self, how: &[Spoiled]) {
        self.spoilt.extend(how);
    }

    /// Changes something, with an event that nobody can apply.
    pub fn bad_event(&mut self, name: &str, how: usize) -> Message {
        if how == 4 {
            self.items.insert(0, self.next % 30);
            let name = format!("{}.pages", names::SERVICES[self.index]);
            self.touch(&name);
            return Message::new(format!("event.{name}.query"), &json!({ "subject": "_Q.* >" }));
        }
        let value = json!(format!("after {}", self.next));
        let mut is_model = names::is_model(name);
        match self.store.get_mut(name) {
            Some(Value::Object(model)) => {
                is_model = true;
                model.insert("title".into(), value);
            }
            Some(Value::Array(list)) => {
                is_model = false;
                list.push(value);
            }
            _ => {}
        }
        self.touch(name);
        let (kind, data) = match how {
            0 => ("remove", json!({ "idx": 1_000 })),
            1 => ("add", json!({ "value": 1 })),
            2 => ("change", json!({ "values": { "a": { "b": 1 } } })),
            3 if is_model => ("add", json!({ "idx": 0, "value": 1 })),
            3 => ("change", json!({ "values": { "a": 1 } })),
            5 => ("change", json!({ "values": { "a": [1] } })),
            6 => ("add", json!({ "idx": -1, "value": { "rid": 3 } })),
            _ => {
                let subject = format!("event.{name}.change");
                return Message { subject, reply: None, payload: b"{\"values\":{\"a\":".to_vec() };
            }
        };
        Message::new(format!("event.{name}.{kind}"), &data)
    }

    /// Everything may be another.
    pub fn reset(&self) -> Message {
        let all = format!("{}.>", names::SERVICES[self.index]);
        Message::new("system.reset", &json!({ "resources": [all], "access": [all] }))
    }

    /// What was not persisted is lost.
    pub fn die(&mut self) {
        self.requests.clear();
        self.spoilt.clear();
        self.lies = false;
    }

    /// Nothing is wrong any more.
    pub fn heal(&mut self) {
        self.spoilt.clear();
        self.slow = (0, 0);
        self.lies = false;
    }
}
