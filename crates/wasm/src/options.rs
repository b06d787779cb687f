//! The client's options, as the shell hands them over.

use resclient::protocol::Units;
use resclient::session::{Config, Options};
use serde::Deserialize;

/// Options as JSON. Delays are in milliseconds; what is missing has the engine's default.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Wire {
    unsubscribe_delay: Option<f64>,
    subscribe_stale_delay: Option<f64>,
    subscribe_retry_delay: Option<f64>,
    reconnect_delay: Option<f64>,
    reconnect_delay_max: Option<f64>,
    handshake_timeout: Option<f64>,
    seed: [u32; 2],
}

/// Reads the options; an error says what is wrong with them.
pub fn parse(json: &str) -> Result<Config, String> {
    let wire: Wire = serde_json::from_str(json).map_err(|e| format!("invalid options: {e}"))?;
    let mut options = Options::default();
    for (field, value) in [
        (&mut options.unsubscribe_delay, wire.unsubscribe_delay),
        (&mut options.subscribe_stale_delay, wire.subscribe_stale_delay),
        (&mut options.subscribe_retry_delay, wire.subscribe_retry_delay),
        (&mut options.reconnect_delay, wire.reconnect_delay),
        (&mut options.reconnect_delay_max, wire.reconnect_delay_max),
        (&mut options.handshake_timeout, wire.handshake_timeout),
    ] {
        if let Some(value) = value {
            // The cast saturates: a negative delay is none.
            *field = value as u64;
        }
    }
    let seed = u64::from(wire.seed[0]) << 32 | u64::from(wire.seed[1]);
    Ok(Config { seed, units: Units::Utf16, options })
}
