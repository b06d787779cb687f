//! A chat: everybody reads, and whoever has said a name writes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use resclient::protocol::ResError;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::millis;
use crate::service::{Access, Reply, Request, Resource, Service, invalid_params};

const MESSAGES: &str = "chat.messages";

/// The service with its first messages.
pub fn service() -> Service {
    let first = [
        ("Ada", "Hello! Is anybody there?"),
        ("Grace", "I am. Every window that is open has this message at once."),
        ("Ada", "Then say a name below and write something."),
    ];
    let references: Vec<Value> = (1..=first.len()).map(|id| json!({ "rid": rid(id as u64) })).collect();
    let last_id = first.len() as u64;
    let service = Service::new("chat").collection(MESSAGES, references.into());
    let service = first.iter().zip(1..).fold(service, |service, (&(author, text), id)| {
        let minutes_ago = last_id + 1 - id;
        service.model(&rid(id), message(id, author, text, millis().saturating_sub(minutes_ago * 60_000)))
    });
    let room = Mutex::new(Room { last_id, recent: Recent::default() });
    service
        .access(MESSAGES, |request| Ok(if name(request).is_some() { WRITE } else { Access::READ }))
        .access("chat.message.$id", |_| Ok(Access::READ))
        .auth("chat", "login", login)
        .auth("chat", "logout", logout)
        .call(MESSAGES, "post", move |request| {
            room.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).post(request)
        })
}

fn login(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        name: String,
    }
    let Params { name } = request.params()?;
    let name = name.trim();
    if !is_shown(name, LONGEST_NAME) {
        return Err(invalid_params(format!("The name must be one line of 1 to {LONGEST_NAME} characters that show.")));
    }
    // The gateway sends the token along with all that this connection asks for. The next connection has none.
    request.service().token(request.cid(), &json!({ "name": name }), None);
    Ok(Reply::value(json!({ "name": name })))
}

fn logout(request: &Request) -> Result<Reply, ResError> {
    request.service().token(request.cid(), &Value::Null, None);
    Ok(Reply::null())
}

/// The name that a client has said.
fn name(request: &Request) -> Option<&str> {
    request.token()["name"].as_str()
}

/// Whether a text is one line that people see as it is.
fn is_shown(text: &str, longest: usize) -> bool {
    let is_seen = |c: char| !c.is_whitespace() && c != JOINER;
    text.chars().count() <= longest && text.contains(is_seen) && !text.contains(is_hidden)
}

/// What is not seen, or has what stands around it seen in another place. Emoji are joined by one of these.
fn is_hidden(c: char) -> bool {
    let is_format = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    c.is_control() || is_format && c != JOINER
}

struct Room {
    last_id: u64,
    recent: Recent,
}

impl Room {
    fn post(&mut self, request: &Request) -> Result<Reply, ResError> {
        #[derive(Deserialize)]
        struct Params {
            text: String,
        }
        let author = name(request).ok_or(ResError::ACCESS_DENIED)?;
        let Params { text } = request.params()?;
        let text = text.trim();
        if !is_shown(text, LONGEST_TEXT) {
            return Err(invalid_params(format!(
                "The text must be one line of 1 to {LONGEST_TEXT} characters that show."
            )));
        }
        self.recent.count(request.cid())?;

        let service = request.service();
        self.last_id += 1;
        let rid = rid(self.last_id);
        service.create(&rid, Resource::Model(message(self.last_id, author, text, millis())))?;
        let count = service.value(MESSAGES).and_then(|messages| messages.as_array().map(Vec::len)).unwrap_or(0);
        service.add(MESSAGES, count, json!({ "rid": rid }))?;
        if count >= MOST_MESSAGES {
            let oldest = service.remove(MESSAGES, 0)?;
            service.delete(oldest["rid"].as_str().unwrap_or_default())?;
        }
        Ok(Reply::null())
    }
}

/// When each connection wrote its last messages.
#[derive(Default)]
struct Recent(HashMap<String, Vec<Instant>>);

impl Recent {
    /// Counts one more message of a connection, unless it is too fast.
    fn count(&mut self, cid: &str) -> Result<(), ResError> {
        let now = Instant::now();
        // Nobody tells of connections that are gone: they are forgotten with what they wrote.
        self.0.retain(|_, times| {
            times.retain(|&time| now.duration_since(time) < WINDOW);
            !times.is_empty()
        });
        let of_all: usize = self.0.values().map(Vec::len).sum();
        let times = self.0.entry(cid.to_owned()).or_default();
        // Who connects anew is counted anew, but not for the room.
        if times.len() >= MOST_IN_WINDOW || of_all >= MOST_OF_ALL {
            return Err(ResError::new(
                "chat.tooFast",
                "Take a breath: five messages in five seconds are the most, and fifty of all together.",
            ));
        }
        times.push(now);
        Ok(())
    }
}

fn rid(id: u64) -> String {
    format!("chat.message.{id}")
}

fn message(id: u64, author: &str, text: &str, at: u64) -> Value {
    json!({ "id": id, "author": author, "text": text, "at": at })
}

const WRITE: Access = Access { get: true, call: Cow::Borrowed("post") };

const LONGEST_NAME: usize = 30;
const LONGEST_TEXT: usize = 500;
const MOST_MESSAGES: usize = 100;
const MOST_IN_WINDOW: usize = 5;
const MOST_OF_ALL: usize = 50;
const JOINER: char = '\u{200d}';
const WINDOW: Duration = Duration::from_secs(5);
