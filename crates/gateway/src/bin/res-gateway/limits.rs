//! The limits of the configuration file.

use std::time::Duration;

use res_gateway::GatewayConfig;
use res_gateway::server::ServerConfig;
use serde::{Deserialize, Serialize};

/// What clients may take at most; times in milliseconds. The library says what each is, and has the defaults.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Limits {
    connections: usize,
    connections_per_address: usize,
    frame_bytes: usize,
    message_bytes: usize,
    ping_interval: u32,
    header_bytes: usize,
    first_byte_time: u32,
    header_time: u32,
    write_time: u32,
    body_bytes: u64,
    body_time: u32,
    response_bytes: usize,
    /// 0 is no limit, here and in the other rate only.
    http_request_rate: u32,
    http_request_burst: u32,
    requests_in_flight: usize,
    request_rate: u32,
    request_burst: u32,
    request_patience: u32,
    queue_bytes: usize,
    queue_frames: usize,
    rid_bytes: usize,
    direct_count: usize,
    direct_resources: usize,
    held_resources: usize,
    reference_depth: usize,
    reference_count: usize,
    references_in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let (gateway, server) = (GatewayConfig::default(), ServerConfig::default());
        Limits {
            connections: server.connections,
            connections_per_address: server.connections_per_address,
            frame_bytes: server.frame_bytes,
            message_bytes: server.message_bytes,
            ping_interval: milliseconds(server.ping_interval),
            header_bytes: server.header_bytes,
            first_byte_time: milliseconds(server.first_byte_time),
            header_time: milliseconds(server.header_time),
            write_time: milliseconds(server.write_time),
            body_bytes: server.body_bytes,
            body_time: milliseconds(server.body_time),
            response_bytes: server.response_bytes,
            http_request_rate: server.http_request_rate,
            http_request_burst: server.http_request_burst,
            requests_in_flight: gateway.requests_in_flight,
            request_rate: gateway.request_rate,
            request_burst: gateway.request_burst,
            request_patience: milliseconds(gateway.request_patience),
            queue_bytes: gateway.queue_bytes,
            queue_frames: gateway.queue_frames,
            rid_bytes: gateway.limits.rid_bytes,
            direct_count: gateway.limits.direct_count,
            direct_resources: gateway.limits.direct_resources,
            held_resources: gateway.limits.held_resources,
            reference_depth: gateway.limits.reference_depth,
            reference_count: gateway.limits.reference_count,
            references_in_flight: gateway.limits.references_in_flight,
        }
    }
}

impl Limits {
    /// # Errors
    /// A sentence, if one is 0 that would leave nothing to do.
    pub fn check(&self) -> Result<(), String> {
        let all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        let may_be_0 = |key: &str| matches!(key, "requestRate" | "httpRequestRate");
        match all.as_object().into_iter().flatten().find(|(key, value)| *value == 0 && !may_be_0(key)) {
            Some((key, _)) => Err(format!("limits.{key}: 0 would leave nothing to do; take a number above it")),
            None => Ok(()),
        }
    }

    /// Puts the limits where they are heeded.
    pub fn apply(&self, gateway: &mut GatewayConfig, server: &mut ServerConfig) {
        server.connections = self.connections;
        server.connections_per_address = self.connections_per_address;
        server.frame_bytes = self.frame_bytes;
        server.message_bytes = self.message_bytes;
        server.ping_interval = duration(self.ping_interval);
        server.header_bytes = self.header_bytes;
        server.first_byte_time = duration(self.first_byte_time);
        server.header_time = duration(self.header_time);
        server.write_time = duration(self.write_time);
        server.body_bytes = self.body_bytes;
        server.body_time = duration(self.body_time);
        server.response_bytes = self.response_bytes;
        server.http_request_rate = self.http_request_rate;
        server.http_request_burst = self.http_request_burst;
        gateway.requests_in_flight = self.requests_in_flight;
        gateway.request_rate = self.request_rate;
        gateway.request_burst = self.request_burst;
        gateway.request_patience = duration(self.request_patience);
        gateway.queue_bytes = self.queue_bytes;
        gateway.queue_frames = self.queue_frames;
        gateway.limits.rid_bytes = self.rid_bytes;
        gateway.limits.direct_count = self.direct_count;
        gateway.limits.direct_resources = self.direct_resources;
        gateway.limits.held_resources = self.held_resources;
        gateway.limits.reference_depth = self.reference_depth;
        gateway.limits.reference_count = self.reference_count;
        gateway.limits.references_in_flight = self.references_in_flight;
    }
}

fn milliseconds(duration: Duration) -> u32 {
    duration.as_millis().try_into().unwrap_or(u32::MAX)
}

fn duration(milliseconds: u32) -> Duration {
    Duration::from_millis(milliseconds.into())
}
