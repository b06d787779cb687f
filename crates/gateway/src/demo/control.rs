//! Stops the library for a moment, so that one can watch clients heal.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use resclient::protocol::ResError;
use serde_json::json;

use super::library;
use crate::bus::MemoryBus;
use crate::service::{Access, Reply, Request, Resource, Service, ServiceHandle};

const CONTROL: &str = "demo.control";

/// The service; `library` is what it stops and starts.
pub fn service(library: ServiceHandle, bus: MemoryBus) -> Service {
    // Empty while the library is away.
    let running = Arc::new(Mutex::new(Some(library)));
    Service::new("demo")
        .model(CONTROL, json!({ "library": "running", "restarts": 0 }))
        .access("demo.>", |_| Ok(Access::ALL))
        .call(CONTROL, "restart", move |request| restart(request, &running, &bus))
}

type Running = Arc<Mutex<Option<ServiceHandle>>>;

fn restart(request: &Request, running: &Running, bus: &MemoryBus) -> Result<Reply, ResError> {
    let library = running.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    let library = library.ok_or(ResError::new("demo.restarting", "The library is restarting already."))?;
    let (control, running, bus) = (request.service().clone(), running.clone(), bus.clone());
    control.change(CONTROL, json!({ "library": "away" }))?;
    tokio::spawn(async move {
        let library = library.stop().await;
        let restarts = control.value(CONTROL).and_then(|c| c["restarts"].as_u64()).unwrap_or(0) + 1;
        edit_unseen(&library, restarts);
        tokio::time::sleep(AWAY).await;
        // Starting resets the library's resources, so what changed meanwhile reaches everybody.
        let library = library.start(bus.connect());
        *running.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(library);
        let back = control.change(CONTROL, json!({ "library": "running", "restarts": restarts }));
        debug_assert!(back.is_ok(), "the control model is always there");
    });
    Ok(Reply::null())
}

/// Changes the title of the first book while nobody can be told.
fn edit_unseen(library: &Service, restarts: u64) {
    let books = library.value("library.books").unwrap_or_default();
    let Some(rid) = books[0]["rid"].as_str() else { return };
    let Some(mut book) = library.value(rid) else { return };
    let title = book["title"].as_str().unwrap_or_default();
    let title = title.split(" (edition ").next().unwrap_or_default().to_owned();
    book["title"] = format!("{title} (edition {})", restarts + 1).into();
    let edited = library.put(rid, Resource::Model(book));
    debug_assert!(edited.is_ok(), "only the title of {} has changed", library::rid(1));
}

const AWAY: Duration = Duration::from_millis(1_500);
