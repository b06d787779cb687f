//! A counter for those who know the password.

use res_gateway::service::{Access, Reply, Request, Service};
use resclient::protocol::ResError;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ticker::TICKER;

/// A real service keeps a hash of it, and compares that.
const PASSWORD: &str = "secret";

pub fn service() -> Service {
    Service::owning(["passwd", "ticker"])
        .model(TICKER, json!({ "seconds": 0 }))
        .access(TICKER, |request| Ok(if request.token()["role"] == "reader" { Access::READ } else { Access::NONE }))
        .auth("passwd", "login", login)
        .auth("passwd", "logout", logout)
}

fn login(request: &Request) -> Result<Reply, ResError> {
    #[derive(Deserialize)]
    struct Params {
        password: String,
    }
    let Params { password } = request.params()?;
    if password != PASSWORD {
        return Err(ResError::new("passwd.wrong", "Wrong password"));
    }
    // The token stays with the gateway, which sends it along with every request of this client; the client never sees it.
    request.service().token(request.cid(), &json!({ "role": "reader" }), None);
    Ok(Reply::null())
}

fn logout(request: &Request) -> Result<Reply, ResError> {
    // The gateway asks anew for access to all that the client has, and takes away what it may not see any more.
    request.service().token(request.cid(), &Value::Null, None);
    Ok(Reply::null())
}
