//! A client for applications: models and collections of a RES API as values that keep themselves up to date.
//!
//! ```no_run
//! # #[cfg(feature = "native")]
//! # async fn example() -> Result<(), resclient::client::Error> {
//! use resclient::client::{Client, Collection, Event, Model};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Book {
//!     title: String,
//!     author: String,
//! }
//!
//! #[derive(Serialize)]
//! struct Edit<'a> {
//!     title: &'a str,
//! }
//!
//! let client = Client::connect("ws://localhost:8080").await?;
//!
//! let book: Model = client.get("library.book.1").await?;
//! let Book { title, author } = book.value()?;
//! println!("{title} by {author}");
//!
//! book.call::<()>("set", &Edit { title: "Animal Farm" }).await?;
//!
//! let books: Collection = client.get("library.books").await?;
//! let first: Model = books.follow(0)?;
//!
//! let mut changes = first.changes();
//! while let Some(event) = changes.next().await {
//!     if let Event::Change(members) = event {
//!         println!("{members:?} changed; now it is {}", first.value::<Book>()?.title);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - Holding a [`Model`], a [`Collection`] or its [`Events`] is what `on` and `off` are in JavaScript: while one is
//!   there, the resource is subscribed to, over lost connections and restarts; when the last is dropped, it is
//!   unsubscribed from after a while.
//! - A value is what it was when the last frame was taken in. Events tell what became of it; whoever is too slow for
//!   them gets [`Event::Lagged`], and the value is right all the same.
//! - [`Client::fetch`] reads a value once and leaves nothing behind; [`Client::cached`] gives what is there already.
//! - After a lost connection, what is held is compared with what the gateway has, and only what differs is told, as
//!   ordinary events.
//! - Whatever a gateway sends, nothing here panics. What `serde_json` cannot hold is replaced: numbers beyond the reach of
//!   an `f64` and what is nested deeper than 127 levels by null, lone surrogates by U+FFFD.
//!
//! # With tokio
//!
//! The feature `native` brings `Client::connect`, [`Builder::connect`](Builder) and `Tokio`, the transport they use. A
//! client, its handles and its streams can be used from all threads. `wss://` needs the feature `tls`.
//!
//! # In browsers
//!
//! The feature `browser` brings the same for `wasm32-unknown-unknown`, with the browser's WebSocket. It depends on no
//! framework, and goes with all that run futures with `wasm_bindgen_futures::spawn_local`. Handles are `Send` and `Sync`
//! there too, as signals of Leptos want it. `examples/browser.rs` keeps a page up to date without a framework, which
//! would be too heavy for this project's tests; in Leptos its loops would set a signal, in Yew a `use_state` handle, in
//! Dioxus a `Signal`.
//!
//! # Elsewhere
//!
//! With the feature `client` alone, [`Builder::build`] takes any [`Transport`] and gives a [`Driver`], a future to run
//! on any executor.

#[cfg(all(feature = "browser", target_arch = "wasm32"))]
mod browser;
mod builder;
mod commands;
mod connection;
mod driver;
mod error;
mod events;
mod fetched;
mod hub;
mod live;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
mod native;
mod reply;
#[cfg(all(feature = "browser", target_arch = "wasm32"))]
mod returns;
mod shared;
mod state;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
mod tls;
mod wait;
mod waits;

#[cfg(all(feature = "browser", target_arch = "wasm32"))]
pub use browser::Browser;
pub use builder::{Builder, NoHook};
pub use connection::Client;
pub use driver::{Driver, Hook, SocketEvent, Transport};
pub use error::Error;
pub use events::{Change, Event, Events, Item};
pub use hub::Clock;
pub use live::{Collection, FromResource, Live, Model, Resource};
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub use native::Tokio;
pub use reply::{FromReply, Reply};
pub use state::{State, States};
