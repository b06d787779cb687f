//! The list of what services of this process keep, which is a resource itself: the page for developers shows it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::bus::MemoryBus;
use crate::service::{Access, Resource, Service, ServiceHandle};

/// The first part of the name of the list, which nobody else may own.
pub const NAME: &str = "_inspector";
/// The collection of soft references to all resources there are.
pub const LIST: &str = "_inspector.resources";

/// The list; everybody may read it.
#[derive(Clone)]
pub struct Inspector {
    list: ServiceHandle,
    /// Held while the list is made, so that no older one comes after a newer one.
    listed: Arc<Mutex<Vec<ServiceHandle>>>,
    changed: Arc<Notify>,
}

impl Inspector {
    /// Starts the service of the list, which runs as long as the runtime.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(bus: &MemoryBus) -> Inspector {
        let list = Service::new(NAME).collection(LIST, json!([])).access(LIST, |_| Ok(Access::READ));
        let inspector = Inspector { list: list.start(bus.connect()), listed: Arc::default(), changed: Arc::default() };
        tokio::spawn(inspector.clone().keep());
        inspector
    }

    /// Lists what a service keeps, also what comes later and after it was stopped and started again. What it makes when it is
    /// asked is not listed.
    pub fn list(&self, service: &ServiceHandle) {
        self.listed().push(service.clone());
        service.list_in(self.changed.clone());
        self.make();
    }

    async fn keep(self) {
        loop {
            self.changed.notified().await;
            self.make();
            // Services that make resources one after the other do not have the list made for each.
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn make(&self) {
        let listed = self.listed();
        let mut names: Vec<String> = listed.iter().flat_map(ServiceHandle::resources).collect();
        names.sort_unstable();
        let list: Value = names.iter().map(|rid| json!({ "rid": rid, "soft": true })).collect();
        if self.list.value(LIST).as_ref() != Some(&list) {
            let kept = self.list.put(LIST, Resource::Collection(list));
            debug_assert!(kept.is_ok(), "soft references are values");
            // Gateways compare it with what it was, so that clients hear of the difference.
            self.list.reset(&[LIST], &[""; 0]);
        }
    }

    fn listed(&self) -> MutexGuard<'_, Vec<ServiceHandle>> {
        self.listed.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

const PAUSE: Duration = Duration::from_millis(50);
