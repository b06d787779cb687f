//! A file of resources, and what is served of it when it is saved again.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tracing::{info, warn};

use super::{Resources, owner, owners, resource, resources, service};
use crate::bus::MemoryBus;
use crate::inspector::Inspector;
use crate::service::{Service, ServiceHandle};

/// A file of resources, as it was when it was read.
pub struct File {
    path: PathBuf,
    text: String,
    resources: Resources,
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the file, and where.
    pub fn read(path: &Path) -> Result<File, String> {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        Ok(File { path: path.to_owned(), resources: understand(path, &text)?, text })
    }

    /// The first parts of the names in it, which its service owns.
    pub fn names(&self) -> BTreeSet<String> {
        owners(&self.resources)
    }

    /// A service of what is in it.
    pub fn service(&self) -> Service {
        service(&self.resources).expect("it was made once when the file was read")
    }

    /// Takes over what the file says each time it is saved, also if it was since it was read, and goes on until it is dropped.
    /// `service` is what was made of it, `check` is given the first parts of the names in it and says which of them others serve,
    /// `inspector` lists what is new. What cannot be served is logged, and what was served before stays.
    pub async fn watch(
        self,
        bus: &MemoryBus,
        service: ServiceHandle,
        check: impl Fn(&BTreeSet<String>) -> Result<(), String>,
        inspector: Option<&Inspector>,
    ) {
        let mut served = Served { services: vec![(self.names(), service)], resources: self.resources };
        let mut last = Ok(self.text);
        let mut seen = None;
        loop {
            tokio::time::sleep(LOOK).await;
            // While it is replaced it may not be there for a moment.
            let Some(stamp) = Stamp::of(&self.path).await else { continue };
            let is_saved = seen.is_some_and(|seen| seen != stamp);
            // What could not be read may be readable now, as it is.
            if seen == Some(stamp) && !stamp.is_fresh() && last.is_ok() {
                continue;
            }
            seen = Some(stamp);
            let now = tokio::fs::read_to_string(&self.path).await.map_err(|error| unreadable(&self.path, &error));
            if now == last && !is_saved {
                continue;
            }
            let taken = now.as_ref().map_err(String::clone).and_then(|text| {
                let resources = understand(&self.path, text)?;
                check(&owners(&resources)).map_err(|error| format!("{}: {error}", self.path.display()))?;
                served.take_over(resources, bus, inspector)
            });
            match taken {
                Ok(()) => info!("{} was saved: it is served as it is now", self.path.display()),
                Err(error) => warn!("{error}; what was served before stays"),
            }
            last = now;
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

/// What a file says, if it can be served.
fn understand(path: &Path, text: &str) -> Result<Resources, String> {
    resources(text)
        .and_then(|resources| service(&resources).map(|_| resources))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// What tells that a file is another, once it is not fresh any more.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    bytes: u64,
}

impl Stamp {
    async fn of(path: &Path) -> Option<Stamp> {
        let metadata = tokio::fs::metadata(path).await.ok()?;
        Some(Stamp { modified: metadata.modified().ok()?, bytes: metadata.len() })
    }

    /// Whether the file may be saved again without another stamp; also where the clock of its drive is ahead of this one.
    fn is_fresh(self) -> bool {
        self.modified.elapsed().map_or(true, |age| age <= COARSEST)
    }
}

/// What is served of a file that may be saved again.
struct Served {
    resources: Resources,
    /// Services, with the first parts of the names that they own.
    services: Vec<(BTreeSet<String>, ServiceHandle)>,
}

impl Served {
    /// Serves these resources, and no others.
    fn take_over(
        &mut self,
        resources: Resources,
        bus: &MemoryBus,
        inspector: Option<&Inspector>,
    ) -> Result<(), String> {
        let is_new = |rid: &str| !self.services.iter().any(|(names, _)| names.contains(owner(rid)));
        let new: Resources =
            resources.iter().filter(|(rid, _)| is_new(rid)).map(|(rid, v)| (rid.clone(), v.clone())).collect();
        // Nothing is changed before all of it is known to be right.
        let added = service(&new)?;
        service(&resources)?;
        for (names, handle) in &self.services {
            let is_own = |rid: &&String| names.contains(owner(rid));
            for rid in self.resources.keys().filter(is_own).filter(|rid| !resources.contains_key(*rid)) {
                handle.delete(rid).map_err(|error| error.to_string())?;
            }
            let mut changed = Vec::new();
            for (rid, value) in resources.iter().filter(|(rid, _)| is_own(rid)) {
                if handle.value(rid).as_ref() != Some(value) {
                    handle.put(rid, resource(rid, value.clone())?).map_err(|error| error.to_string())?;
                    changed.push(rid);
                }
            }
            if !changed.is_empty() {
                handle.reset(&changed, &[""; 0]);
            }
        }
        if !new.is_empty() {
            let handle = added.start(bus.connect());
            if let Some(inspector) = inspector {
                inspector.list(&handle);
            }
            self.services.push((owners(&new), handle));
        }
        self.resources = resources;
        Ok(())
    }
}

/// How often a file that may be saved is looked at. Editors replace files, and containers and network drives tell of nothing.
const LOOK: Duration = Duration::from_millis(200);
/// More than the coarsest time of a change that file systems keep, which is two seconds on FAT, and a look after that.
const COARSEST: Duration = Duration::from_secs(3);
