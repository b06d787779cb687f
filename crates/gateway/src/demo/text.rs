//! A text that everybody edits.

use resclient::protocol::ResError;
use serde::Deserialize;
use serde_json::json;

use crate::service::{Access, Reply, Request, Service, invalid_params};

/// The service.
pub fn service() -> Service {
    Service::new("text")
        .model("text.shared", json!({ "message": "Edit this text in two windows." }))
        .access("text.>", |_| Ok(Access::ALL))
        .call("text.shared", "set", set)
}

/// Sets the message of the model that is asked.
pub fn set(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        message: String,
    }
    let Params { message } = request.params()?;
    if message.chars().count() > LONGEST {
        return Err(invalid_params(format!("The message must not be longer than {LONGEST} characters.")));
    }
    request.service().change(request.name(), json!({ "message": message }))?;
    Ok(Reply::null())
}

const LONGEST: usize = 5_000;
