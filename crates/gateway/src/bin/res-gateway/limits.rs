//! The limits of the configuration file.

use std::time::Duration;

use res_gateway::GatewayConfig;
use res_gateway::server::ServerConfig;
use serde::{Deserialize, Serialize};

/// Each limit is named once: the library says what it is, has the default, and heeds it under the same name.
macro_rules! limits {
    (server { $($server:ident: $s:ty,)* } gateway { $($gateway:ident: $g:ty,)* } connection { $($conn:ident: $c:ty,)* }) => {
        /// What clients may take at most.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "camelCase")]
        pub struct Limits {
            $($server: $s,)*
            $($gateway: $g,)*
            $($conn: $c,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                let (gateway, server) = (GatewayConfig::default(), ServerConfig::default());
                Limits {
                    $($server: server.$server.into(),)*
                    $($gateway: gateway.$gateway.into(),)*
                    $($conn: gateway.limits.$conn.into(),)*
                }
            }
        }

        impl Limits {
            /// Puts the limits where they are heeded.
            pub fn apply(&self, gateway: &mut GatewayConfig, server: &mut ServerConfig) {
                $(server.$server = self.$server.into();)*
                $(gateway.$gateway = self.$gateway.into();)*
                $(gateway.limits.$conn = self.$conn.into();)*
            }
        }
    };
}

limits! {
    server {
        connections: usize,
        connections_per_address: usize,
        frame_bytes: usize,
        message_bytes: usize,
        ping_interval: Milliseconds,
        header_bytes: usize,
        first_byte_time: Milliseconds,
        header_time: Milliseconds,
        write_time: Milliseconds,
        body_bytes: u64,
        body_time: Milliseconds,
        response_bytes: usize,
        http_request_rate: u32,
        http_request_burst: u32,
    }
    gateway {
        requests_in_flight: usize,
        request_rate: u32,
        request_burst: u32,
        request_patience: Milliseconds,
        queue_bytes: usize,
        queue_frames: usize,
    }
    connection {
        rid_bytes: usize,
        direct_count: usize,
        direct_resources: usize,
        held_resources: usize,
        reference_depth: usize,
        reference_count: usize,
        references_in_flight: usize,
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
}

/// A time as the file has it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
struct Milliseconds(u32);

impl From<Duration> for Milliseconds {
    fn from(time: Duration) -> Milliseconds {
        Milliseconds(time.as_millis().try_into().unwrap_or(u32::MAX))
    }
}

impl From<Milliseconds> for Duration {
    fn from(time: Milliseconds) -> Duration {
        Duration::from_millis(time.0.into())
    }
}
