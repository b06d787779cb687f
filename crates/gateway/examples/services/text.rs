//! Edit text: one text that all write.

use res_gateway::service::{Access, Reply, Request, Service, invalid_params};
use resclient::protocol::ResError;
use serde::Deserialize;
use serde_json::json;

pub fn service() -> Service {
    Service::new("text")
        .model("text.shared", json!({ "message": "Edit me!" }))
        .access("text.shared", |_| Ok(Access { get: true, call: "set".into() }))
        .call("text.shared", "set", set)
}

fn set(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        message: String,
    }
    let Params { message } = request.params()?;
    if message.chars().count() > LONGEST {
        return Err(invalid_params(format!("message must be a text of at most {LONGEST} characters")));
    }
    // The change and its event are one step.
    request.service().change("text.shared", json!({ "message": message }))?;
    Ok(Reply::null())
}

const LONGEST: usize = 1_000;
