//! The limits of one connection.

/// How much one connection may ask for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a resource id with `{cid}` replaced; default 1024.
    pub rid_bytes: usize,
    /// Direct subscriptions of one resource; default 256.
    pub direct_count: usize,
    /// Resources subscribed directly; default 1 000.
    pub direct_resources: usize,
    /// Resources held in all; default 20 000.
    pub held_resources: usize,
    /// Levels of references below each other in the answer to one request, or in one event; default 64. A resource that
    /// is deeper is in the set with the error `system.subscriptionLimitExceeded`.
    pub reference_depth: usize,
    /// Resources that are loaded through references for one request or one event; default 5 000. For those beyond,
    /// there is the same error in the set.
    pub reference_count: usize,
    /// Resources that load at a time through the references of one request or one event; 0 is no limit, which is the
    /// default.
    pub reference_throttle: usize,
    /// Resources that load at a time through references, for all requests of the connection together, so that others do
    /// not wait for thousands of them; default 256, 0 is no limit.
    pub references_in_flight: usize,
    /// Bytes of events that may wait for an answer about access, or for what they refer to, all together; beyond, the
    /// connection is closed with code 1013. Default 16 MiB.
    pub waiting_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            rid_bytes: 1024,
            direct_count: 256,
            direct_resources: 1_000,
            held_resources: 20_000,
            reference_depth: 64,
            reference_count: 5_000,
            reference_throttle: 0,
            references_in_flight: 256,
            waiting_bytes: 16 << 20,
        }
    }
}
