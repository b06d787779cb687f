//! What services said while somebody used an application, kept in a file and said again without them.
//!
//! A [`Recorder`] listens to a gateway's connection to its bus; a [`Recording`] is read from the file and answers in
//! place of the services. `docs/gateway.md` describes the file.
//!
//! ```no_run
//! use res_gateway::bus::MemoryBus;
//! use res_gateway::recording::Recording;
//! use res_gateway::{Gateway, GatewayConfig};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), String> {
//! let bus = MemoryBus::new();
//! Recording::read("shop.jsonl".as_ref())?.replay(bus.connect());
//! let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
//! # Ok(()) }
//! ```

mod held;
mod labels;
mod line;
mod reader;
mod recorder;
mod replay;
mod transcript;

pub use reader::Recording;
pub use recorder::Recorder;
