//! What is counted around the gateway and in it, for whoever watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::core::stats::Stats;

/// What a gateway has done and holds; see [`Gateway::snapshot`](super::Gateway::snapshot).
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub core: Stats,
    /// Names in the cache, and subscriptions of all of them.
    pub cached: (usize, usize),
    /// Requests that services have not answered.
    pub waiting: usize,
    pub traffic: Traffic,
    /// Bytes and frames of events that wait to be sent, over all clients.
    pub queued: (usize, usize),
    /// Clients closed because they read too slowly.
    pub slow_readers: u64,
    /// How often the bus was lost and came back.
    pub reconnects: u64,
}

/// Frames of clients and to them, with their bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traffic {
    pub frames_in: u64,
    pub bytes_in: u64,
    pub frames_out: u64,
    pub bytes_out: u64,
}

impl Traffic {
    pub(super) fn count_out(&mut self, bytes: usize) {
        self.frames_out += 1;
        self.bytes_out += bytes as u64;
    }
}

/// What servers count. They run on threads of their own, so these are atomic.
#[derive(Debug, Default)]
pub struct Counters {
    websockets: AtomicU64,
    open_websockets: AtomicU64,
    http_requests: [AtomicU64; METHODS.len() + 1],
    refused_in_all: AtomicU64,
    refused_per_address: AtomicU64,
}

/// A WebSocket is open as long as this is there.
pub struct OpenWebSocket(Arc<Counters>);

impl Counters {
    /// A WebSocket begins.
    pub fn websocket(self: &Arc<Self>) -> OpenWebSocket {
        self.websockets.fetch_add(1, Ordering::Relaxed);
        self.open_websockets.fetch_add(1, Ordering::Relaxed);
        OpenWebSocket(self.clone())
    }

    /// A request for a resource over HTTP. Methods that nobody knows are counted as one: clients make them up.
    pub fn http_request(&self, method: &str) {
        let index = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len());
        self.http_requests[index].fetch_add(1, Ordering::Relaxed);
    }

    /// A connection is refused because there are too many, in all or from its address.
    pub fn refused(&self, in_all: bool) {
        let counter = if in_all { &self.refused_in_all } else { &self.refused_per_address };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// WebSockets so far, and those that are open.
    pub fn websockets(&self) -> (u64, u64) {
        (self.websockets.load(Ordering::Relaxed), self.open_websockets.load(Ordering::Relaxed))
    }

    pub fn http_requests(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = METHODS.iter().copied().chain(["other"]);
        names.zip(&self.http_requests).map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }

    /// Connections refused, in all and from one address.
    pub fn refusals(&self) -> (u64, u64) {
        (self.refused_in_all.load(Ordering::Relaxed), self.refused_per_address.load(Ordering::Relaxed))
    }
}

impl Drop for OpenWebSocket {
    fn drop(&mut self) {
        self.0.open_websockets.fetch_sub(1, Ordering::Relaxed);
    }
}

const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"];
