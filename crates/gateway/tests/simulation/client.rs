//! A client that does this and that.

use serde_json::json;

use crate::Random;
use crate::service;
use crate::wire::Wire;

/// What it says first.
pub const VERSION: &str = r#"{"id":0,"method":"version","params":{"protocol":"1.2.3"}}"#;

pub struct Client {
    next: u64,
    pub wire: Wire,
}

impl Client {
    pub fn new() -> Client {
        let mut wire = Wire::default();
        wire.sent(VERSION);
        Client { next: 0, wire }
    }

    /// Makes a request.
    pub fn act(&mut self, random: &mut Random) -> String {
        self.next += 1;
        let rid = service::random_rid(random);
        let method = match random.below(10) {
            0..=3 => format!("subscribe.{rid}"),
            4..=6 => format!("unsubscribe.{rid}"),
            7 => format!("get.{rid}"),
            8 => format!("call.{}.open", service::random_name(random)),
            _ => format!("auth.{}.token", service::random_name(random)),
        };
        let frame = json!({ "id": self.next, "method": method, "params": null }).to_string();
        self.wire.sent(&frame);
        frame
    }
}
