//! What both ends of the wire agree on: resource ids, versions, errors, frames.

mod content;
pub mod error;
pub(crate) mod escape;
pub mod frame;
mod frame_scanner;
pub mod hash;
mod number;
pub mod request;
pub mod rid;
pub mod scan;
pub mod value;
pub mod version;
mod words;

pub use error::ResError;
pub use scan::{Span, Units};
pub use version::Version;
