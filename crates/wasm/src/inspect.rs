//! The connection and the cache as JSON, to look at.

use resclient::protocol::frame::ResourceKind;
use resclient::protocol::request::{json_string, push_number};
use resclient::session::{ConnectionState, Counters, Engine};

/// Writes out what an engine holds. The cost grows with the cache.
pub fn inspect(engine: &mut Engine) -> String {
    let mut json = String::from(r#"{"state":""#);
    json.push_str(match engine.state() {
        ConnectionState::Idle => "idle",
        ConnectionState::Connecting => "connecting",
        ConnectionState::Stale => "stale",
        ConnectionState::Connected => "connected",
        ConnectionState::Waiting { .. } => "waiting",
        ConnectionState::Closed => "closed",
    });
    json.push_str(r#"","protocol":""#);
    engine.protocol().write(&mut json);
    let Counters { frames, malformed, unmatched, unknown, misfits, resets } = engine.counters();
    numbers(
        &mut json,
        &[
            (r#"","counters":{"frames":"#, frames),
            (r#","malformed":"#, malformed),
            (r#","unmatched":"#, unmatched),
            (r#","unknown":"#, unknown),
            (r#","misfits":"#, misfits),
            (r#","resets":"#, resets),
        ],
    );
    json.push_str(r#"},"resources":["#);
    let mut comma = "";
    for resource in engine.resources() {
        json.push_str(comma);
        comma = ",";
        json.push_str(r#"{"rid":"#);
        json.push_str(&json_string(resource.rid));
        json.push_str(match resource.kind {
            Some(ResourceKind::Model) => r#","kind":"model""#,
            Some(ResourceKind::Collection) => r#","kind":"collection""#,
            Some(ResourceKind::Error) => r#","kind":"error""#,
            None => r#","kind":"loading""#,
        });
        numbers(
            &mut json,
            &[
                (r#","direct":"#, resource.direct.into()),
                (r#","indirect":"#, resource.indirect.into()),
                (r#","subscribed":"#, resource.subscribed.into()),
            ],
        );
        json.push_str(if resource.stale { r#","stale":true}"# } else { r#","stale":false}"# });
    }
    json.push_str("]}");
    json
}

fn numbers(json: &mut String, members: &[(&str, u64)]) {
    for &(name, number) in members {
        json.push_str(name);
        push_number(json, number);
    }
}
