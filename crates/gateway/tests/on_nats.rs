//! The tests that drive a whole gateway, once more with a NATS server between it and the services; as files of their own
//! they run in memory. Those of what no bus has a part in (WebSockets, origins, memory) run there only.

#![allow(clippy::duplicate_mod, reason = "each file brings what it shares with others")]

#[path = "bad_input.rs"]
mod bad_input;
#[path = "bad_messages.rs"]
mod bad_messages;
#[path = "fan_out.rs"]
mod fan_out;
#[path = "holes.rs"]
mod holes;
#[path = "http.rs"]
mod http;
#[path = "http_api.rs"]
mod http_api;
#[path = "http_auth.rs"]
mod http_auth;
#[path = "http_limits.rs"]
mod http_limits;
#[path = "sent_again.rs"]
mod sent_again;
#[path = "service_side.rs"]
mod service_side;
#[path = "session.rs"]
mod session;
#[path = "throttles.rs"]
mod throttles;
#[path = "tokens.rs"]
mod tokens;
