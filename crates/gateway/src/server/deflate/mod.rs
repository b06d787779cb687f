//! Compressed messages: the extension permessage-deflate of WebSockets (RFC 7692), for which their library leaves room.
//! Neither side refers to earlier messages, so that nothing is kept for a connection that is idle, and what goes to
//! many clients is compressed once.

mod inflated;
mod message;
mod offer;
mod sending;

pub use inflated::Inflated;
pub use message::Corrupt;
pub use offer::Terms;
pub use sending::compress;
