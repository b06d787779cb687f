//! Services inside the process: what owns resources and answers for them.
//!
//! A [`Service`] is defined by its resources and handlers, then started on a connection to a bus. It speaks the
//! RES-Service protocol there, so it does not matter whether the gateway is in the same process.
//!
//! ```
//! use res_gateway::bus::MemoryBus;
//! use res_gateway::service::{Access, Reply, Service};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let bus = MemoryBus::new();
//! let service = Service::new("example")
//!     .model("example.model", json!({ "message": "Hello, World!" }))
//!     .access("example.>", |_| Ok(Access::ALL))
//!     .call("example.model", "set", |request| {
//!         request.service().change("example.model", request.params()?)?;
//!         Ok(Reply::null())
//!     })
//!     .start(bus.connect());
//! service.change("example.model", json!({ "message": "Hello again" })).unwrap();
//! # service.stop().await;
//! # }
//! ```

mod error;
mod handle;
mod pattern;
mod request;
mod store;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use resclient::protocol::ResError;
use serde_json::Value;

use crate::bus::Connection;
pub use error::{ServiceError, invalid_params};
pub use handle::ServiceHandle;
use pattern::Pattern;
pub use request::{Access, Reply, Request, Resource};
use store::Store;

/// A service that is not running: its resources and what it does with requests.
///
/// Patterns are resource names whose parts may be `$name`, which matches one part and gives it a name
/// ([`Request::part`]), `*`, which matches one part, or at the end `>`, which matches one or more. Of several
/// patterns that match, the one registered first counts.
pub struct Service {
    names: Vec<String>,
    store: Arc<Mutex<Store>>,
    routes: Arc<Vec<Arc<Route>>>,
}

impl Service {
    /// A service that owns the resource `name` and all whose names begin with `name.`.
    pub fn new(name: &str) -> Service {
        Service::owning([name])
    }

    /// A service that owns several names and all below them.
    pub fn owning<'a>(names: impl IntoIterator<Item = &'a str>) -> Service {
        Service { names: names.into_iter().map(str::to_owned).collect(), store: Arc::default(), routes: Arc::default() }
    }

    /// Adds a model, an object of RES values.
    ///
    /// # Panics
    /// If `rid` is not a resource name or `value` no model: use [`Service::put`] for what is not known beforehand.
    #[must_use]
    pub fn model(self, rid: &str, value: Value) -> Service {
        self.put(rid, Resource::Model(value)).expect("a model of RES values");
        self
    }

    /// Adds a collection, an array of RES values.
    ///
    /// # Panics
    /// If `rid` is not a resource name or `value` no collection.
    #[must_use]
    pub fn collection(self, rid: &str, value: Value) -> Service {
        self.put(rid, Resource::Collection(value)).expect("a collection of RES values");
        self
    }

    /// Adds or replaces a resource. No event tells of it: the service is not running.
    ///
    /// # Errors
    /// If `rid` is not a resource name, or there is a value in the resource that RES does not have.
    pub fn put(&self, rid: &str, resource: Resource) -> Result<(), ServiceError> {
        store::lock(&self.store).put(rid, resource)
    }

    /// The value of a resource that the service keeps.
    pub fn value(&self, rid: &str) -> Option<Value> {
        store::lock(&self.store).value(rid)
    }

    /// Adds resources that are made when they are asked for. Events for them are sent with [`ServiceHandle::event`].
    /// Of a resource that the service keeps, these are the ones with a query; the one without is as it is kept.
    #[must_use]
    pub fn get<F>(self, pattern: &str, handler: F) -> Service
    where
        F: Fn(&Request) -> Result<Resource, ResError> + Send + Sync + 'static,
    {
        self.route(Kind::Get, pattern, "", now(move |request| handler(request).map(Resource::into_reply)))
    }

    /// Adds resources that take time to make. An event that is sent between the making and the answer is lost: send a
    /// [`ServiceHandle::reset`] after it if that can be.
    #[must_use]
    pub fn get_async<F, R>(self, pattern: &str, handler: F) -> Service
    where
        F: Fn(Request) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Resource, ResError>> + Send + 'static,
    {
        self.route(Kind::Get, pattern, "", later(handler, Resource::into_reply))
    }

    /// Decides what clients may do. Without a matching handler they may do nothing.
    #[must_use]
    pub fn access<F>(self, pattern: &str, handler: F) -> Service
    where
        F: Fn(&Request) -> Result<Access, ResError> + Send + Sync + 'static,
    {
        self.route(Kind::Access, pattern, "", now(move |request| handler(request).map(Access::into_reply)))
    }

    /// Decides what clients may do, where that takes time to find out.
    #[must_use]
    pub fn access_async<F, R>(self, pattern: &str, handler: F) -> Service
    where
        F: Fn(Request) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Access, ResError>> + Send + 'static,
    {
        self.route(Kind::Access, pattern, "", later(handler, Access::into_reply))
    }

    /// Adds a method; `*` stands for all methods. Requests are handled one after the other, and a handler must not
    /// block: see [`Service::call_async`].
    #[must_use]
    pub fn call<F>(self, pattern: &str, method: &str, handler: F) -> Service
    where
        F: Fn(&Request) -> Result<Reply, ResError> + Send + Sync + 'static,
    {
        self.route(Kind::Call, pattern, method, now(handler))
    }

    /// Adds a method whose answer takes time. It runs beside other requests; [`Request::extend_timeout`] asks the
    /// gateway for patience.
    #[must_use]
    pub fn call_async<F, R>(self, pattern: &str, method: &str, handler: F) -> Service
    where
        F: Fn(Request) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Reply, ResError>> + Send + 'static,
    {
        self.route(Kind::Call, pattern, method, later(handler, |reply| reply))
    }

    /// Adds an auth method, which may set the token of the client with [`ServiceHandle::token`].
    #[must_use]
    pub fn auth<F>(self, pattern: &str, method: &str, handler: F) -> Service
    where
        F: Fn(&Request) -> Result<Reply, ResError> + Send + Sync + 'static,
    {
        self.route(Kind::Auth, pattern, method, now(handler))
    }

    /// Adds an auth method whose answer takes time.
    #[must_use]
    pub fn auth_async<F, R>(self, pattern: &str, method: &str, handler: F) -> Service
    where
        F: Fn(Request) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Reply, ResError>> + Send + 'static,
    {
        self.route(Kind::Auth, pattern, method, later(handler, |reply| reply))
    }

    /// Starts to answer requests, and tells gateways to fetch again what they have of the service's resources.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(self, connection: Connection) -> ServiceHandle {
        handle::start(self, connection)
    }

    fn route(mut self, kind: Kind, pattern: &str, method: &str, handler: Handler) -> Service {
        let route = Route { kind, pattern: Pattern::new(pattern), method: method.to_owned(), handler };
        // Handles of earlier runs share the routes they began with.
        Arc::make_mut(&mut self.routes).push(Arc::new(route));
        self
    }
}

/// What requests of a kind lead to.
struct Route {
    kind: Kind,
    pattern: Pattern,
    /// For call and auth; `*` for all.
    method: String,
    handler: Handler,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Get,
    Access,
    Call,
    Auth,
}

impl Kind {
    const ALL: [(Kind, &'static str); 4] =
        [(Kind::Get, "get"), (Kind::Access, "access"), (Kind::Call, "call"), (Kind::Auth, "auth")];
}

enum Handler {
    Now(Box<dyn Fn(&Request) -> Answer + Send + Sync>),
    Later(Box<dyn Fn(Request) -> FutureAnswer + Send + Sync>),
}

type Answer = Result<Reply, ResError>;
type FutureAnswer = Pin<Box<dyn Future<Output = Answer> + Send>>;

fn now(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Handler {
    Handler::Now(Box::new(handler))
}

fn later<F, R, T: 'static>(handler: F, into_reply: fn(T) -> Reply) -> Handler
where
    F: Fn(Request) -> R + Send + Sync + 'static,
    R: Future<Output = Result<T, ResError>> + Send + 'static,
{
    Handler::Later(Box::new(move |request| {
        let answer = handler(request);
        Box::pin(async move { answer.await.map(into_reply) })
    }))
}
