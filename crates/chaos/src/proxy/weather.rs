//! What a proxy does to the bytes that pass it.

use std::num::NonZeroU32;
use std::time::Duration;

/// What a proxy does, to connections that are there and to those that come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weather {
    /// From whoever connected.
    pub up: Flow,
    /// To them.
    pub down: Flow,
    pub newcomers: Newcomers,
}

/// How bytes pass in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    /// How much later each piece arrives.
    pub delay: Duration,
    pub bytes_per_second: Option<NonZeroU32>,
    /// Connections whose number is below this pass nothing, not even that the other end has gone. Whether a peer is
    /// silent or the network is gone cannot be told from outside.
    pub held_below: u64,
    /// After so many bytes, the connection that carried the last of them is reset.
    pub cut_after: Option<u64>,
}

/// What becomes of a connection that is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Newcomers {
    #[default]
    Served,
    /// Reset at once.
    Reset,
    /// Answered as by an HTTP proxy that cannot reach its server.
    BadGateway,
}

/// One of the two directions, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    Up,
    Down,
    Both,
}

impl Weather {
    /// The flows of these ways.
    pub fn flows(&mut self, ways: Ways) -> impl Iterator<Item = &mut Flow> {
        let (up, down) = (ways != Ways::Down, ways != Ways::Up);
        [(up, &mut self.up), (down, &mut self.down)].into_iter().filter(|(wanted, _)| *wanted).map(|(_, flow)| flow)
    }
}
