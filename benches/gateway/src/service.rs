//! The service behind the gateway: small models, one that ticks, a long list, and lists of references.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::nats::{Message, Nats};

/// A service on a NATS server, with the resources `bench.model.<n>`, `bench.tick`, `bench.list`, and `bench.refs.<n>`,
/// which refers to [`REFERENCES`] models `bench.item.<n>.<m>`.
pub struct Service {
    nats: Nats,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    count: u64,
    list: Vec<u32>,
}

impl Service {
    pub async fn start(server: SocketAddr) -> io::Result<Service> {
        let state = Arc::new(Mutex::new(State::default()));
        let own = state.clone();
        let patterns = ["access.bench.>", "get.bench.>", "call.bench.>"];
        let nats = Nats::connect(server, &patterns, move |nats, message| {
            let Some(reply) = message.reply else { return };
            let state = own.lock().unwrap_or_else(PoisonError::into_inner);
            nats.publish(reply, answer(&state, message).as_bytes());
        });
        Ok(Service { nats: nats.await?, state })
    }

    /// Counts on: an event of `bench.tick`, which clients get as [`tick_frame`] of the number.
    pub fn tick(&self) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.count += 1;
        self.nats.publish("event.bench.tick.change", format!(r#"{{"values":{{"count":{}}}}}"#, state.count).as_bytes());
        state.count
    }

    /// Replaces the list without an event, as a service that was restarted does.
    pub fn set_list(&self, list: Vec<u32>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).list = list;
    }

    pub fn reset(&self) {
        self.nats.publish("system.reset", br#"{"resources":["bench.>"]}"#);
    }
}

/// What a client is sent for a tick.
pub fn tick_frame(count: u64) -> String {
    format!(r#"{{"event":"bench.tick.change","data":{{"values":{{"count":{count}}}}}}}"#)
}

/// The value of `bench.model.<number>`.
pub fn small_model(number: &str) -> String {
    format!(r#"{{"id":{number},"name":"Resource number {number}","open":true}}"#)
}

fn answer(state: &State, message: &Message<'_>) -> String {
    #[derive(Deserialize)]
    struct Call<'a> {
        #[serde(borrow)]
        params: &'a RawValue,
    }
    let (kind, name) = message.subject.split_once('.').unwrap_or_default();
    match (kind, name.strip_prefix("bench.").unwrap_or_default()) {
        ("access", _) => r#"{"result":{"get":true,"call":"*"}}"#.into(),
        ("call", _) => match serde_json::from_slice::<Call<'_>>(message.payload) {
            Ok(call) => format!(r#"{{"result":{}}}"#, call.params),
            Err(error) => format!(r#"{{"error":{{"code":"system.invalidParams","message":"{error}"}}}}"#),
        },
        ("get", "tick") => format!(r#"{{"result":{{"model":{{"count":{}}}}}}}"#, state.count),
        ("get", "list") => format!(r#"{{"result":{{"collection":{:?}}}}}"#, state.list),
        ("get", name) => match name.split_once('.') {
            Some(("model", number)) => format!(r#"{{"result":{{"model":{}}}}}"#, small_model(number)),
            Some(("item", _)) => r#"{"result":{"model":{"name":"one of thousands","open":true}}}"#.into(),
            Some(("refs", list)) => {
                let items: Vec<_> =
                    (0..REFERENCES).map(|item| format!(r#"{{"rid":"bench.item.{list}.{item}"}}"#)).collect();
                format!(r#"{{"result":{{"collection":[{}]}}}}"#, items.join(","))
            }
            _ => r#"{"error":{"code":"system.notFound","message":"Not found"}}"#.into(),
        },
        _ => String::new(),
    }
}

/// As many as one request may lead to.
pub const REFERENCES: usize = 5_000;
