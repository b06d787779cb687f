//! Services of the program itself.

use std::collections::BTreeSet;

use res_gateway::bus::MemoryBus;
use res_gateway::demo;
use res_gateway::inspector::{self, Inspector};
use res_gateway::recording::Recording;
use res_gateway::resources::File;
use tracing::info;

use crate::config::Config;

/// Starts them on a bus in memory, or a recording in their place.
///
/// # Errors
/// A sentence that names the option whose file cannot be served.
pub fn start(config: &Config) -> Result<MemoryBus, String> {
    let bus = MemoryBus::new();
    if let Some(file) = &config.replay {
        let recording = Recording::read(file).map_err(|error| format!("replay (--replay): {error}"))?;
        recording.replay(bus.connect());
    }
    let inspector = config.server.inspector.then(|| Inspector::start(&bus));
    if let Some(path) = &config.resources {
        let in_words = |error| format!("resources (--resources): {error}");
        let file = File::read(path).map_err(in_words)?;
        let (has_demo, has_page) = (config.demo, inspector.is_some());
        let check = move |names: &BTreeSet<String>| free(names, has_demo, has_page);
        check(&file.names()).map_err(|error| in_words(format!("{}: {error}", path.display())))?;
        let service = file.service().start(bus.connect());
        if let Some(inspector) = &inspector {
            inspector.list(&service);
        }
        if config.watch {
            let (bus, inspector) = (bus.clone(), inspector.clone());
            tokio::spawn(async move {
                file.watch(&bus, service, check, inspector.as_ref()).await;
            });
        }
    }
    if config.demo {
        info!("serving the demo");
        let services = demo::start(&bus);
        if let Some(inspector) = &inspector {
            services.iter().for_each(|service| inspector.list(service));
        }
    }
    Ok(bus)
}

/// Whether nobody else here serves names of a file, at the start and whenever it is saved.
fn free(names: &BTreeSet<String>, has_demo: bool, has_page: bool) -> Result<(), String> {
    if has_demo && let Some(name) = demo::NAMES.iter().find(|name| names.contains(**name)) {
        return Err(format!("the demo has resources named {name:?} too; rename those or leave out --demo"));
    }
    if has_page && names.contains(inspector::NAME) {
        return Err(format!(
            "names that begin with {:?} are those of the page for developers; rename the resources or do without the \
             page, with --inspector=false",
            inspector::NAME
        ));
    }
    Ok(())
}
