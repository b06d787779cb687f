//! Sessions that outlive the connection: a key makes the next connection one of the session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use res_gateway::service::{Access, Reply, Request, Resource, Service, ServiceHandle};
use resclient::protocol::ResError;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ticker::TICKER;

/// User names, which are also the passwords here, with what is known of them.
const USERS: [(&str, &str, &str); 2] = [("admin", "Administrator", "admin"), ("jane", "Jane Doe", "user")];

/// A session lives as long as given after its last key was handed out.
pub fn service(lifetime: Duration) -> Service {
    let sessions = Sessions { lifetime, list: Arc::default() };
    let (one, two, three, four, five) =
        (sessions.clone(), sessions.clone(), sessions.clone(), sessions.clone(), sessions);
    Service::owning(["session", "ticker"])
        .model(TICKER, json!({ "seconds": 0 }))
        .auth("session", "login", move |request| one.login(request))
        .auth("session", "resume", move |request| two.resume(request))
        .auth("session", "logout", move |request| {
            three.end(request.service(), |session| session.cid == request.cid());
            Ok(Reply::null())
        })
        // A client asks for session.user.{cid} as it stands: the gateway puts in the id of its connection, which only they know.
        .access("session.user.$cid", |request| {
            Ok(if request.part("cid") == Some(request.cid()) { Access::READ } else { Access::NONE })
        })
        .get("session.user.$cid", move |request| {
            let user = four.user(request.part("cid").unwrap_or_default());
            Ok(Resource::Model(user.unwrap_or_else(nobody)))
        })
        // A token outlives a service that has lost its sessions, so it is not enough that there is one.
        .access(TICKER, move |request| {
            let is_in = !request.token().is_null() && five.user(request.cid()).is_some();
            Ok(if is_in { Access::READ } else { Access::NONE })
        })
}

/// From the environment variable `SESSION_SECONDS`; two minutes by default.
pub fn seconds() -> Duration {
    let given = std::env::var("SESSION_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(given.unwrap_or(120))
}

#[derive(Clone)]
struct Sessions {
    lifetime: Duration,
    list: Arc<Mutex<HashMap<String, Session>>>,
}

/// A user who is logged in, on one connection after the other.
struct Session {
    user: Value,
    cid: String,
    /// All keys that were handed out, the latest last. Each is used once.
    keys: Vec<String>,
    /// The last key that was used: it is taken again, for the answer with its successor may have been lost with the connection.
    used: Option<String>,
}

impl Sessions {
    fn login(&self, request: &Request) -> Result<Reply, ResError> {
        #[derive(Deserialize)]
        struct Params {
            name: String,
            password: String,
        }
        let Params { name, password } = request.params()?;
        let user = USERS.iter().find(|user| user.0 == name && user.0 == password);
        let (_, name, role) = user.ok_or(ResError::new("session.wrong", "Wrong name or password"))?;
        self.end(request.service(), |session| session.cid == request.cid());
        let user = json!({ "name": name, "role": role });
        let session = Session { user, cid: String::new(), keys: Vec::new(), used: None };
        let id = random();
        self.list().insert(id.clone(), session);
        Ok(self.attach(request, &id))
    }

    fn resume(&self, request: &Request) -> Result<Reply, ResError> {
        #[derive(Deserialize)]
        struct Params {
            key: String,
        }
        let Params { key } = request.params()?;
        let ended = ResError::new("session.ended", "The session has ended");
        let found = self.list().iter_mut().find(|(_, session)| session.keys.contains(&key)).map(|(id, session)| {
            if session.keys.last() == Some(&key) {
                session.used = Some(key.clone());
            }
            (id.clone(), session.used.as_ref() == Some(&key))
        });
        match found {
            Some((id, true)) => Ok(self.attach(request, &id)),
            // Somebody else has used the key. Nobody can know which of the two is the thief, so the session ends for both.
            Some((_, false)) => {
                self.end(request.service(), |session| session.keys.contains(&key));
                Err(ended)
            }
            None => Err(ended),
        }
    }

    /// Makes the connection that asks the one of the session, and answers with the key by which the next may take it over.
    fn attach(&self, request: &Request, id: &str) -> Reply {
        let (service, key) = (request.service(), random());
        if let Some(session) = self.list().get_mut(id) {
            if session.cid != request.cid() {
                detach(service, &session.cid);
                session.cid = request.cid().to_owned();
            }
            session.keys.push(key.clone());
            service.token(&session.cid, &json!({ "session": id, "role": session.user["role"] }), None);
            service.event(&user_rid(&session.cid), "change", &json!({ "values": session.user }));
        }
        let (sessions, service, latest) = (self.clone(), service.clone(), key.clone());
        tokio::spawn(async move {
            tokio::time::sleep(sessions.lifetime).await;
            sessions.end(&service, |session| session.keys.last() == Some(&latest));
        });
        Reply::value(json!({ "key": key, "seconds": self.lifetime.as_secs() }))
    }

    fn end(&self, service: &ServiceHandle, ends: impl Fn(&Session) -> bool) {
        self.list().retain(|_, session| {
            let ends = ends(session);
            if ends {
                detach(service, &session.cid);
            }
            !ends
        });
    }

    fn user(&self, cid: &str) -> Option<Value> {
        self.list().values().find(|session| session.cid == cid).map(|session| session.user.clone())
    }

    fn list(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.list.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn detach(service: &ServiceHandle, cid: &str) {
    if !cid.is_empty() {
        service.token(cid, &Value::Null, None);
        // A session may end while an answer that still has its user is on the way: after a reset it is asked for again.
        service.reset(&[user_rid(cid)], &[""; 0]);
    }
}

fn user_rid(cid: &str) -> String {
    format!("session.user.{cid}")
}

fn nobody() -> Value {
    json!({ "name": null, "role": null })
}

fn random() -> String {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).expect("the operating system has random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
