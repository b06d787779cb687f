//! Keeping cached resources equal to the gateway's: events, and the differences found after a reconnect.

pub mod apply;
pub mod diff;
