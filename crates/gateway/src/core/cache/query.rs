//! Query events: each resource with a query is asked about, and what comes meanwhile waits.

use std::sync::Arc;

use resclient::bug;

use super::entry::Queued;
use super::resource::Reset;
use super::{Cache, Output};
use crate::core::border::{Address, ConnId, Ticket};
use crate::core::json;
use crate::core::response::{NoCopy, QueryAnswer, read_mutation};
use crate::core::subject;
use crate::core::timers::Time;
use crate::core::value::Invalid;

impl Cache {
    pub(super) fn query_event(&mut self, name: &Arc<str>, text: &str) {
        #[derive(serde::Deserialize)]
        struct Wire {
            subject: String,
        }
        let wire =
            json::read_object::<Wire>(text.as_bytes()).filter(|wire| subject::is_for_services(&wire.subject, false));
        let Some(wire) = wire else { return self.unreadable_query_event(name) };
        let entry = self.entries.get_mut(name).expect("checked by the caller");
        for (query, resource) in entry.resources.queries() {
            if resource.snapshot().is_some() {
                self.serial += 1;
                entry.locks.insert(self.serial);
                let address = Address { name: name.clone(), query: query.clone() };
                self.outputs.push_back(Output::Query { subject: wire.subject.clone(), address, serial: self.serial });
            }
        }
    }

    /// Something has changed, and there is no way to learn what.
    pub(super) fn unreadable_query_event(&mut self, name: &Arc<str>) {
        let Some(entry) = self.entries.get(name) else { return };
        let queries: Vec<Arc<str>> = entry.resources.queries().map(|(query, _)| query.clone()).collect();
        for query in queries {
            let address = Address { name: name.clone(), query };
            self.inapplicable(&address, "query", Invalid("it has no subject to ask on"));
        }
    }

    /// One request of a query event is answered; after the last one what waited goes on.
    fn unlock(&mut self, now: Time, name: &Arc<str>, serial: u64) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.locks.remove(&serial);
        while let Some(entry) = self.entries.get_mut(name)
            && !entry.is_locked()
            && let Some(queued) = entry.next_queued()
        {
            match queued {
                Queued::Event(event, payload) => self.handle_event(now, name, &event, &payload),
                Queued::Answer(conn, ticket, payload) => self.outputs.push_back(Output::Answer(conn, ticket, payload)),
                Queued::Get(query, serial, result) => {
                    self.handle_get(now, &Address { name: name.clone(), query }, serial, result);
                }
            }
        }
        if let Some(entry) = self.entries.get_mut(name)
            && std::mem::take(&mut entry.has_lost_events)
        {
            let name = [name.to_string()];
            self.handle_reset(&name, &name);
        }
    }

    /// The answer to [`Output::Query`].
    pub fn handle_query(&mut self, now: Time, address: &Address, serial: u64, result: Result<QueryAnswer, NoCopy>) {
        if !self.entries.get(&address.name).is_some_and(|entry| entry.locks.contains(&serial)) {
            return;
        }
        let is_resetting = self.resource(address).is_some_and(|r| matches!(r.reset, Reset::InFlight { .. }));
        match result {
            Ok(QueryAnswer::Unchanged) => {}
            // The copy that is on its way was made after the query event and includes it.
            Ok(_) if is_resetting => {}
            Ok(QueryAnswer::Events(events)) => {
                for (event, data) in events {
                    let text = data.as_ref().map_or("null", |d| d.get());
                    match read_mutation(&event, text) {
                        Ok(mutation) => self.mutate(address, &event, mutation, text),
                        Err(error) => self.inapplicable(address, &event, error),
                    }
                }
            }
            Ok(QueryAnswer::Replaced(body)) => {
                if let Err(error) = self.replace(address, body) {
                    self.inapplicable(address, "query", error);
                }
            }
            Err(NoCopy::Gone(_)) => self.delete(now, address),
            // Without the answer the value may be old: fetch it.
            Err(NoCopy::Unknown(_)) if bug!("query-failure-ignored") => {}
            Err(NoCopy::Unknown(_)) => self.start_reset(address),
        }
        self.unlock(now, &address.name, serial);
    }

    /// Takes in the answer to a request about a resource whose events wait for those of query requests; `false` if they
    /// do not. It comes back as [`Output::Answer`], after them.
    pub fn defer(&mut self, name: &str, conn: ConnId, ticket: Ticket, payload: &[u8]) -> bool {
        let Some(entry) = self.entries.get_mut(name).filter(|entry| entry.is_locked()) else { return false };
        entry.queue.push_back(Queued::Answer(conn, ticket, payload.into()));
        true
    }
}
