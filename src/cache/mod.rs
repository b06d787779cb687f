//! What the gateway has sent: resources, the references between them, and which of them may be dropped.

pub mod collect;
pub mod graph;
pub mod names;
pub mod shape;
pub mod texts;

pub use graph::{Content, Graph, ResourceId, Text};
