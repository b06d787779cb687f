//! What both ends of the wire agree on: resource ids, versions, errors, frames.

pub mod error;
pub mod rid;
pub mod version;

pub use error::ResError;
pub use version::Version;
