//! What a gateway was told of who may see what.

use std::collections::BTreeMap;

use serde_json::Value;

/// What has come from the bus about tokens, and about access to what only access opens.
#[derive(Default)]
pub struct Access {
    /// Connections that have a token, or have none any more.
    tokens: BTreeMap<String, bool>,
    /// Requests about access, by where the answers go: their numbers, of which connection, and to what.
    asked: BTreeMap<String, (u64, (String, String))>,
    /// The last request of each of these. For a call it is asked besides, so that an answer may be older than another.
    last: BTreeMap<(String, String), u64>,
    next: u64,
    /// What was denied by an answer that the gateway may not have looked at.
    pub denials: Vec<(String, String)>,
}

impl Access {
    pub fn has_token(&self, cid: &str) -> bool {
        self.tokens.get(cid).copied().unwrap_or_default()
    }

    /// The gateway asks something.
    pub fn ask(&mut self, subject: &str, reply: &str, payload: &[u8]) {
        if let Some(rid) = subject.strip_prefix("access.")
            && rid.ends_with(".secret")
        {
            let request: Value = serde_json::from_slice(payload).unwrap_or_default();
            let cid = request["cid"].as_str().unwrap_or_default().to_owned();
            self.next += 1;
            self.last.insert((cid.clone(), rid.to_owned()), self.next);
            self.asked.insert(reply.to_owned(), (self.next, (cid, rid.to_owned())));
        }
    }

    /// Something comes for the gateway. If it opens something for a connection, which, and for whom.
    pub fn deliver(&mut self, subject: &str, payload: &[u8]) -> Option<(String, String)> {
        if let Some(cid) = subject.strip_prefix("conn.").and_then(|rest| rest.strip_suffix(".token")) {
            let token: Value = serde_json::from_slice(payload).unwrap_or_default();
            self.tokens.insert(cid.to_owned(), !token["token"].is_null());
        }
        if payload.starts_with(b"timeout:") {
            return None;
        }
        let (number, what) = self.asked.remove(subject)?;
        let answer: Value = serde_json::from_slice(payload).unwrap_or_default();
        match answer["result"]["get"].as_bool() {
            Some(true) => {
                self.denials.retain(|denial| *denial != what);
                return Some(what);
            }
            Some(false) if self.last.get(&what) == Some(&number) => self.denials.push(what),
            _ => {}
        }
        None
    }
}
