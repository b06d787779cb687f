#![forbid(unsafe_code)]
//! The client engine of the RES protocol: models and collections of a RES API, kept in sync.
//!
//! The engine does no I/O, reads no clock and spawns nothing. A driver tells it what happened and what time it is, and
//! does what it asks for. The same engine runs in browsers as WebAssembly and natively.
//!
//! Applications in Rust have a client with its driver in the module `client`: it comes with the features `native`
//! (tokio), `tls` (and `wss://`), `browser` (for front ends in WebAssembly), or `client` (over a transport of one's
//! own). What follows is the engine alone.
//!
//! ```
//! use resclient::mirror::Mirror;
//! use resclient::session::{Config, Engine, Get, Outcome, Output, Time};
//!
//! let mut engine = Engine::new(Config { seed: 1, ..Config::default() });
//! let mut mirror = Mirror::default();
//! let mut now = Time(0);
//! let Get::Pending(wanted) = engine.get(now, "example.model") else { panic!("nothing is cached yet") };
//!
//! // A gateway that knows one model. A driver would have a socket here.
//! let mut inbox: Vec<String> = Vec::new();
//! let mut found = None;
//! let mut text = String::new();
//! loop {
//!     while let Some(output) = engine.poll_output() {
//!         mirror.apply(&mut engine, &output, &text);
//!         match output {
//!             Output::Open(connection) => engine.handle_open(now, connection),
//!             Output::Hook => engine.hook_done(now, true),
//!             Output::Send(frame) if frame.contains(r#""method":"version""#) => {
//!                 inbox.push(r#"{"result":{"protocol":"1.2.3"},"id":1}"#.to_owned());
//!             }
//!             Output::Send(frame) if frame.contains(r#""method":"subscribe.example.model""#) => {
//!                 inbox.push(r#"{"result":{"models":{"example.model":{"message":"Hello"}}},"id":2}"#.to_owned());
//!             }
//!             Output::Settled { request, outcome: Outcome::Resource(id) } if request == wanted => found = Some(id),
//!             _ => {}
//!         }
//!     }
//!     // A driver would now wait for the socket, or until `engine.poll_timeout()`.
//!     let Some(frame) = inbox.pop() else { break };
//!     now = now + 1;
//!     text = frame;
//!     engine.handle_frame(now, engine.connection(), &text);
//! }
//! assert_eq!(mirror.to_json(found.unwrap()).unwrap(), serde_json::json!({ "message": "Hello" }));
//! ```

#[doc(hidden)]
pub mod bugs;
pub mod cache;
#[cfg(feature = "client")]
pub mod client;
mod growth;
#[doc(hidden)]
pub mod index;
mod ledger;
pub mod mirror;
pub mod protocol;
pub mod session;
mod sort;
pub mod sync;
