#![forbid(unsafe_code)]
//! The client engine of the RES protocol.

pub mod protocol;
