//! A running service.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use resclient::protocol::ResError;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tracing::error;

use super::request::Payload;
use super::store::{self, Store};
use super::{Handler, Kind, Reply, Request, Resource, Route, Service, ServiceError};
use crate::bus::{Bus, Connection, Delivery};
use crate::core::json::error_answer;

/// A running service: for changing its resources, which sends the events that tell of it, and for stopping it.
///
/// A change and its event are one step: no request is answered in between.
#[derive(Clone)]
pub struct ServiceHandle {
    bus: Arc<dyn Bus>,
    store: Arc<Mutex<Store>>,
    routes: Arc<Vec<Arc<Route>>>,
    names: Arc<[String]>,
    control: Arc<Control>,
}

struct Control {
    stop: Notify,
    ended: watch::Receiver<bool>,
}

pub(super) fn start(service: Service, connection: Connection) -> ServiceHandle {
    let (done, ended) = watch::channel(false);
    let handle = ServiceHandle {
        bus: connection.bus,
        store: service.store,
        routes: service.routes,
        names: service.names.into(),
        control: Arc::new(Control { stop: Notify::new(), ended }),
    };
    for pattern in handle.patterns() {
        handle.bus.subscribe(&pattern);
    }
    let resources: Vec<String> = handle.names.iter().flat_map(|name| [name.clone(), format!("{name}.>")]).collect();
    handle.reset(&resources, &resources);
    let runner = handle.clone();
    let mut deliveries = connection.deliveries;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                delivery = deliveries.recv() => match delivery {
                    Some(delivery) => runner.handle(delivery),
                    None => break,
                },
                () = runner.control.stop.notified() => {
                    for pattern in runner.patterns() {
                        runner.bus.unsubscribe(&pattern);
                    }
                    // What arrived before is still answered.
                    while let Some(delivery) = deliveries.try_recv() {
                        runner.handle(delivery);
                    }
                    break;
                }
            }
        }
        done.send_replace(true);
    });
    handle
}

impl ServiceHandle {
    /// Changes members of a model; `{"action":"delete"}` as a value removes a member.
    ///
    /// # Errors
    /// If there is no such model, `values` is not an object, or there is a value in it that RES does not have.
    pub fn change(&self, rid: &str, values: Value) -> Result<(), ServiceError> {
        let Value::Object(members) = &values else {
            return Err(ServiceError::InvalidValue("the values of a change must be an object".into()));
        };
        let mut store = store::lock(&self.store);
        store.change(rid, members)?;
        self.event(rid, "change", &json!({ "values": values }));
        Ok(())
    }

    /// Adds an item to a collection, before the one at `idx` or at the end.
    ///
    /// # Errors
    /// If there is no such collection, `idx` is beyond its end, or the value is not one that RES has.
    pub fn add(&self, rid: &str, idx: usize, value: Value) -> Result<(), ServiceError> {
        let mut store = store::lock(&self.store);
        store.add(rid, idx, value.clone())?;
        self.event(rid, "add", &json!({ "idx": idx, "value": value }));
        Ok(())
    }

    /// Removes the item at `idx` from a collection and returns it.
    ///
    /// # Errors
    /// If there is no such collection or item.
    pub fn remove(&self, rid: &str, idx: usize) -> Result<Value, ServiceError> {
        let mut store = store::lock(&self.store);
        let value = store.remove(rid, idx)?;
        self.event(rid, "remove", &json!({ "idx": idx }));
        Ok(value)
    }

    /// Adds a resource that was not there.
    ///
    /// # Errors
    /// As for [`Service::put`].
    pub fn create(&self, rid: &str, resource: Resource) -> Result<(), ServiceError> {
        let mut store = store::lock(&self.store);
        store.put(rid, resource)?;
        self.event(rid, "create", &Value::Null);
        Ok(())
    }

    /// Adds or replaces a resource. No event tells of it: gateways are to fetch it again by a [`reset`](Self::reset).
    ///
    /// # Errors
    /// As for [`Service::put`].
    pub fn put(&self, rid: &str, resource: Resource) -> Result<(), ServiceError> {
        store::lock(&self.store).put(rid, resource)
    }

    /// Removes a resource.
    ///
    /// # Errors
    /// If there is none.
    pub fn delete(&self, rid: &str) -> Result<(), ServiceError> {
        let mut store = store::lock(&self.store);
        store.remove_resource(rid)?;
        self.event(rid, "delete", &Value::Null);
        Ok(())
    }

    /// The value of a resource that the service keeps.
    pub fn value(&self, rid: &str) -> Option<Value> {
        store::lock(&self.store).value(rid)
    }

    /// The names of the resources that the service keeps, in their order.
    pub fn resources(&self) -> Vec<String> {
        store::lock(&self.store).names().cloned().collect()
    }

    /// Has somebody told whenever those names become others.
    pub(crate) fn list_in(&self, listed: Arc<Notify>) {
        store::lock(&self.store).list_in(listed);
    }

    /// Sends an event as it stands: one of the service's own, or one for a resource it does not keep.
    pub fn event(&self, rid: &str, event: &str, data: &Value) {
        let payload = if data.is_null() { String::new() } else { data.to_string() };
        self.publish(&format!("event.{rid}.{event}"), payload);
    }

    /// Tells gateways to ask anew what clients may do with a resource.
    pub fn reaccess(&self, rid: &str) {
        self.publish(&format!("event.{rid}.reaccess"), "");
    }

    /// Tells gateways to fetch resources again, and to ask anew for access; both by patterns with `*` and `>`.
    pub fn reset(&self, resources: &[impl AsRef<str>], access: &[impl AsRef<str>]) {
        let list = |patterns: &[&str]| patterns.iter().map(|p| Value::from(*p)).collect::<Vec<_>>();
        let resources: Vec<&str> = resources.iter().map(AsRef::as_ref).collect();
        let access: Vec<&str> = access.iter().map(AsRef::as_ref).collect();
        let payload = json!({ "resources": list(&resources), "access": list(&access) });
        self.publish("system.reset", payload.to_string());
    }

    /// Sets, or with `Null` takes away, the token of a client's connection. `tid` names the token for
    /// [`ServiceHandle::token_reset`].
    pub fn token(&self, cid: &str, token: &Value, tid: Option<&str>) {
        let mut payload = json!({ "token": token });
        if let Some(tid) = tid {
            payload["tid"] = tid.into();
        }
        self.publish(&format!("conn.{cid}.token"), payload.to_string());
    }

    /// Has gateways send an auth request on `subject` for every client whose token has one of the ids.
    pub fn token_reset(&self, tids: &[&str], subject: &str) {
        self.publish("system.tokenReset", json!({ "tids": tids, "subject": subject }).to_string());
    }

    /// Publishes anything on the service's connection to the bus, in order with its events and answers. What the bus
    /// cannot carry is logged and not sent: a resource whose event was too big needs a [`ServiceHandle::reset`].
    pub fn publish(&self, subject: &str, payload: impl Into<Vec<u8>>) {
        if let Err(refusal) = self.bus.publish(subject, None, payload.into().into()) {
            error!(subject, ?refusal, "the bus does not carry a message of a service");
        }
    }

    /// Stops to listen, answers what has arrived, and gives back the service, so that it can be started again. Handles
    /// that are left send events but answer no requests.
    pub async fn stop(&self) -> Service {
        self.control.stop.notify_one();
        self.ended().await;
        Service { names: self.names.to_vec(), store: self.store.clone(), routes: self.routes.clone() }
    }

    /// Ready when the service answers no more: it was stopped, or its connection to the bus is lost. Then
    /// [`ServiceHandle::stop`] gives it back, to be started on another.
    pub async fn ended(&self) {
        // An error means that the task is gone, which is what is waited for.
        let _ = self.control.ended.clone().wait_for(|ended| *ended).await;
    }

    fn patterns(&self) -> Vec<String> {
        let of = |name: &String| {
            let own = ["get", "access"].map(|kind| format!("{kind}.{name}"));
            own.into_iter().chain(Kind::ALL.map(|(_, kind)| format!("{kind}.{name}.>")))
        };
        self.names.iter().flat_map(of).collect()
    }

    fn handle(&self, delivery: Delivery) {
        let Some(reply) = delivery.reply else { return };
        let Some((word, rest)) = delivery.subject.split_once('.') else { return };
        let Some(&(kind, _)) = Kind::ALL.iter().find(|(_, name)| *name == word) else { return };
        let (name, method) = match kind {
            Kind::Call | Kind::Auth => rest.rsplit_once('.').unwrap_or((rest, "")),
            Kind::Get | Kind::Access => (rest, ""),
        };
        // A gateway sends valid requests; whatever else comes is a request without anything.
        let payload = serde_json::from_slice::<Payload>(&delivery.payload).unwrap_or_default();
        let found = self.routes.iter().find_map(|route| {
            let fits = route.kind == kind && (route.method == method || route.method == "*");
            Some((route.pattern.matches(name).filter(|_| fits)?, route))
        });
        if kind == Kind::Get && (payload.query.as_deref().is_none_or(str::is_empty) || found.is_none()) {
            // Held until the answer is on the bus, so that a change comes either before it and is in it, or after.
            let store = store::lock(&self.store);
            if let Some(resource) = store.get(name) {
                return self.answer(&reply, Ok(resource.clone().into_reply()));
            }
        }
        let Some((parts, route)) = found else {
            let error = match kind {
                Kind::Get => ResError::NOT_FOUND,
                Kind::Access => ResError::ACCESS_DENIED,
                Kind::Call | Kind::Auth => ResError::METHOD_NOT_FOUND,
            };
            return self.answer(&reply, Err(error));
        };
        let request = Request {
            service: self.clone(),
            reply: reply.clone(),
            name: name.to_owned(),
            method: method.to_owned(),
            parts,
            payload,
        };
        match &route.handler {
            Handler::Now(handler) => self.answer(&reply, guarded(|| handler(&request))),
            Handler::Later(handler) => match guarded(|| Ok(handler(request))) {
                Ok(answer) => {
                    let service = self.clone();
                    tokio::spawn(async move {
                        let answer = AssertUnwindSafe(answer).catch_unwind().await;
                        service.answer(&reply, answer.unwrap_or_else(|cause| Err(panicked(cause))));
                    });
                }
                Err(error) => self.answer(&reply, Err(error)),
            },
        }
    }

    fn answer(&self, reply: &str, answer: Result<Reply, ResError>) {
        let payload = answer.map_or_else(|error| error_answer(&error).into_bytes(), Reply::into_payload);
        if self.bus.publish(reply, None, payload.into()).is_err() {
            error!("the bus does not carry an answer of a service");
            // Whoever asked is told, rather than left to wait.
            self.publish(reply, error_answer(&ResError::INTERNAL_ERROR));
        }
    }
}

/// A handler that panics has made a mistake in one request; the others are none the worse for it.
fn guarded<T>(handler: impl FnOnce() -> Result<T, ResError>) -> Result<T, ResError> {
    catch_unwind(AssertUnwindSafe(handler)).unwrap_or_else(|cause| Err(panicked(cause)))
}

/// What was said about the panic is on the standard error already, and is not for clients.
fn panicked(_: Box<dyn Any + Send>) -> ResError {
    error!("a handler of a service panicked");
    ResError::INTERNAL_ERROR
}
