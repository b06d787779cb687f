//! What both ends of the wire agree on: resource ids, versions, errors, frames.

mod content;
pub mod error;
mod escape;
pub mod frame;
pub mod hash;
mod number;
pub mod request;
pub mod rid;
pub mod scan;
pub mod value;
pub mod version;

pub use error::ResError;
pub use scan::{Span, Units};
pub use version::Version;
