//! What holds of an engine between any two inputs, found from scratch.

use std::collections::{BTreeMap, BTreeSet};

use resclient::cache::texts::FrameId;
use resclient::protocol::frame::ResourceKind;
use resclient::session::{ConnectionState, ResourceInfo};

use super::Play;
use super::values::{Content, Values};
use crate::support::Client;

impl Play {
    pub fn check(&mut self) {
        let Play { client, values, listened, waiting, .. } = self;
        assert_eq!(client.engine.pending(), waiting.len(), "requests that are not settled");
        let frames: BTreeSet<FrameId> = client.unread.values().map(|frame| frame.expect("it is kept")).collect();
        assert_eq!(
            client.kept.keys().copied().collect::<BTreeSet<_>>(),
            frames,
            "what is kept, and what is to be read"
        );
        client.assert_events_explain_values();

        let is_ready = matches!(client.engine.state(), ConnectionState::Stale | ConnectionState::Connected);
        let Client { engine, mirror, unread, .. } = client;
        values.retain(|rid| engine.find(rid).is_some());
        let resources = engine.resources();
        let rids = resources.iter().map(|resource| (resource.id, resource.rid)).collect();
        let cached: BTreeMap<&str, &ResourceInfo<'_>> = resources
            .iter()
            .filter(|resource| resource.kind.is_some())
            .map(|resource| (resource.rid, resource))
            .collect();
        assert_eq!(cached.len(), values.len(), "what is cached, and what was sent");
        let mut referred: BTreeMap<&str, u32> = BTreeMap::new();
        for (rid, resource) in &cached {
            let content = values.get(rid).expect("what is cached was sent");
            assert_eq!(resource.kind, Some(kind(content)), "the kind of {rid}");
            content.references().into_iter().for_each(|target| *referred.entry(target).or_default() += 1);
            if unread.contains_key(&resource.id) {
                continue;
            }
            let mirrored = Content::mirrored(&mirror.get(resource.id).expect("it was read").content, &rids);
            assert!(mirrored.is_same(content), "{rid} is {content:?}, mirrored as {mirrored:?}");
        }
        let covered = reached(values, cached.values().filter(|resource| resource.subscribed > 0));
        let wanted = reached(values, cached.values().filter(|resource| resource.subscribed > 0 || resource.direct > 0));
        for (rid, resource) in &cached {
            assert_eq!(resource.indirect, referred.remove(rid).unwrap_or_default(), "references to {rid}");
            assert_eq!(resource.direct, listened.get(&resource.id).copied().unwrap_or_default(), "listeners of {rid}");
            assert!(wanted.contains(rid), "{rid} is cached for nothing");
            assert!(resource.stale || is_ready && covered.contains(rid), "{rid} passes for what is kept up to date");
        }
        assert_eq!(referred, BTreeMap::new(), "what is referred to, and not cached");
        for resource in resources.iter().filter(|resource| resource.kind.is_none()) {
            assert!(resource.subscribed > 0 && resource.indirect == 0, "{resource:?} is loaded for nothing");
        }
        let listened = listened.keys().filter(|id| !resources.iter().any(|resource| resource.id == **id));
        assert_eq!(listened.count(), 0, "what is listened to stays");
    }

    /// What is listened to is kept up to date once there is nothing left to wait for.
    pub fn check_listened(&mut self) {
        let lost = |resource: &&ResourceInfo<'_>| resource.direct > 0 && resource.stale;
        for resource in self.client.engine.resources().iter().filter(lost) {
            assert!(!self.is_patient || self.denied.contains(resource.rid), "{} is not asked for again", resource.rid);
        }
    }

    /// Takes for the values of all that is cached what the mirror has.
    pub fn believe(&mut self) {
        self.client.read_all();
        let Client { engine, mirror, .. } = &self.client;
        self.values = Values::default();
        let rids = mirror.iter().map(|(id, resource)| (id, &*resource.rid)).collect();
        for (id, resource) in mirror.iter().filter(|(id, resource)| engine.find(&resource.rid) == Some(*id)) {
            self.values.insert(engine.rid(id), Content::mirrored(&resource.content, &rids));
        }
    }
}

fn reached<'a>(values: &'a Values, from: impl Iterator<Item = &'a &'a ResourceInfo<'a>>) -> BTreeSet<&'a str> {
    let mut todo: Vec<&str> = from.map(|resource| resource.rid).collect();
    let mut reached = BTreeSet::new();
    while let Some(rid) = todo.pop() {
        if reached.insert(rid) {
            todo.extend(values.get(rid).map(Content::references).unwrap_or_default());
        }
    }
    reached
}

fn kind(content: &Content) -> ResourceKind {
    match content {
        Content::Model(_) => ResourceKind::Model,
        Content::Collection(_) => ResourceKind::Collection,
        Content::Error(_) => ResourceKind::Error,
    }
}
