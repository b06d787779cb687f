//! Services of the program itself.

use res_gateway::bus::MemoryBus;
use res_gateway::inspector::{self, Inspector};
use res_gateway::recording::Recording;
use res_gateway::{demo, resources};
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
    if let Some(file) = &config.resources {
        let (service, names) = resources::load(file).map_err(|error| format!("resources (--resources): {error}"))?;
        if config.demo
            && let Some(name) = demo::NAMES.iter().find(|name| names.contains(**name))
        {
            return Err(format!(
                "resources (--resources): {}: the demo has resources named {name:?} too; rename those or leave out --demo",
                file.display()
            ));
        }
        if inspector.is_some() && names.contains(inspector::NAME) {
            return Err(format!(
                "resources (--resources): {}: names that begin with {:?} are those of the page for developers; rename \
                 the resources or do without the page, with --inspector=false",
                file.display(),
                inspector::NAME
            ));
        }
        let service = service.start(bus.connect());
        if let Some(inspector) = &inspector {
            inspector.list(&service);
        }
        if config.watch {
            let (file, bus, inspector) = (file.clone(), bus.clone(), inspector.clone());
            let mut taken = if config.demo { demo::NAMES.to_vec() } else { Vec::new() };
            taken.extend(inspector.is_some().then_some(inspector::NAME));
            tokio::spawn(async move {
                resources::watch(&file, &bus, service, names, &taken, inspector.as_ref()).await;
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
