//! A conversation recorded with Resgate 1.8.0, replayed: every frame it sent is taken in without an error, and in the
//! end of each section every client has what the services had.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[path = "golden/replay.rs"]
mod replay;
mod support;
#[path = "golden/truth.rs"]
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use resclient::mirror::{Content, Item};
use resclient::protocol::Version;
use serde_json::Value as Json;

use replay::{Deviation, Replay};
use truth::Truth;

const RECORDING: &str = include_str!("fixtures/resgate-1.8.0.jsonl");

/// Connections of which the recording does not have every frame: 258 subscriptions, of which the first and the last few
/// were kept.
const INCOMPLETE: [&str; 1] = ["E"];

/// What of a section was compared.
#[derive(Default, Debug)]
struct Section {
    frames: usize,
    resources: usize,
    deviations: BTreeMap<Deviation, usize>,
}

/// Replays everything. Compares where nothing was under way: at the end of each section, and before a resource is given
/// back.
fn replay() -> BTreeMap<String, Section> {
    let mut truth = Truth::default();
    let mut open: BTreeMap<String, Replay> = BTreeMap::new();
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut name = String::new();
    for line in lines() {
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        let section = text("sec").expect("every line belongs to a section");
        if section != name {
            open.values_mut().for_each(|replay| compare(replay, &truth, sections.entry(name.clone()).or_default()));
            name = section;
        }
        let conn = text("conn").filter(|conn| !INCOMPLETE.contains(&conn.as_str()));
        let section = sections.entry(name.clone()).or_default();
        match (line["dir"].as_str(), conn) {
            (Some("open"), Some(conn)) => {
                open.insert(conn, Replay::new());
            }
            (Some("close"), Some(conn)) => {
                let mut replay = open.remove(&conn).expect("it was open");
                compare(&mut replay, &truth, section);
            }
            (Some("c>g"), Some(conn)) => {
                let frame = line.get("frame").cloned().or_else(|| odd_request(line["raw"].as_str()?));
                let replay = open.get_mut(&conn).expect("it is open");
                if frame.as_ref().is_some_and(is_unsubscribe) {
                    compare(replay, &truth, section);
                }
                replay.sent(frame.as_ref());
            }
            (Some("g>c"), Some(conn)) => {
                open.get_mut(&conn).expect("it is open").received(&line["frame"]);
                section.frames += 1;
            }
            (Some("nats"), _) => {
                let payload = line.get("payload").unwrap_or(&Json::Null);
                truth.message(line["subj"].as_str().expect("a message has a subject"), line["reply"].as_str(), payload);
            }
            _ => {}
        }
    }
    sections
}

/// The recording, in an order in which what caused something precedes it. The recorder listened to the bus beside the
/// gateway and heard of messages a little later than it, so these move up, as far as they can: to the last request that
/// can have caused them. A request to unsubscribe causes none.
fn lines() -> Vec<Json> {
    let mut lines: Vec<Json> = Vec::new();
    let mut cause = 0;
    for line in RECORDING.lines() {
        let line: Json = serde_json::from_str(line).expect("a recording is JSON lines");
        if line["dir"] == "nats" {
            lines.insert(cause, line);
            cause += 1;
        } else {
            let is_cause = line["dir"] == "c>g" && !is_unsubscribe(&line["frame"]);
            lines.push(line);
            if is_cause {
                cause = lines.len();
            }
        }
    }
    lines
}

fn is_unsubscribe(frame: &Json) -> bool {
    frame["method"].as_str().is_some_and(|method| method.starts_with("unsubscribe."))
}

/// Fails unless the client has what the services have.
fn compare(replay: &mut Replay, truth: &Truth, section: &mut Section) {
    replay.check();
    for (deviation, count) in std::mem::take(&mut replay.deviations) {
        *section.deviations.entry(deviation).or_default() += count;
    }
    let client = &replay.client;
    let legacy = client.engine.protocol() < Version::UNSUBSCRIBE_COUNT;
    let rid = |item: &Item| match item {
        Item::Reference(id) => Some(client.engine.rid(*id).to_owned()),
        _ => None,
    };
    for (_, resource) in client.mirror.iter() {
        // The services know the connection's id by its name, not by its tag.
        if resource.rid.contains("{cid}") {
            continue;
        }
        match (truth.resource(&resource.rid), &resource.content) {
            (None, Content::Error(_)) => {}
            (Some(had), has) => assert!(truth::agrees(had, has, &rid, legacy), "{}: {had} {has:?}", resource.rid),
            (None, has) => panic!("{} is {has:?} from nowhere", resource.rid),
        }
        section.resources += 1;
    }
}

#[test]
fn every_recorded_frame_is_taken_in_and_every_client_has_what_the_services_had() {
    let sections = replay();
    let compared = |name: &str| {
        let section = &sections[name];
        (section.frames, section.resources)
    };
    let with_resources = [
        "subscribe-refs",
        "cycles",
        "ref-errors",
        "model-events",
        "custom-events",
        "collection-events",
        "delete-event",
        "query",
        "call",
        "auth-token-reaccess",
        "system-reset",
        "legacy-1.1.1",
        "pipelined",
    ];
    for name in with_resources {
        let (frames, resources) = compared(name);
        assert!(frames > 5 && resources > 0, "{name}: {frames} frames, {resources} resources compared");
    }
    let (frames, resources) = compared("get-basic");
    assert!(frames > 5 && resources == 0, "a fetch leaves nothing in the cache");
    let frames: usize = sections.values().map(|s| s.frames).sum();
    assert_eq!(frames, recorded_frames());
}

/// The table of what could not be replayed as it was; the reasons are with [`Deviation`].
#[test]
fn only_known_things_are_replayed_otherwise() {
    use Deviation::*;
    let mut found: BTreeMap<Deviation, BTreeSet<String>> = BTreeMap::new();
    for (name, section) in replay() {
        for deviation in section.deviations.into_keys() {
            found.entry(deviation).or_default().insert(name.clone());
        }
    }
    let table: [(Deviation, &[&str]); 10] = [
        (
            SubscribedAsCall,
            &[
                "auth-token-reaccess",
                "cycles",
                "delete-event",
                "pipelined",
                "ref-errors",
                "subscribe-refs",
                "system-reset",
                "unsubscribe-count",
                "unsubscribe-while-pending",
            ],
        ),
        (UnsubscribedPartly, &["auth-token-reaccess", "call", "system-reset", "unsubscribe-count"]),
        (
            UnsubscribedTooMuch,
            &[
                "auth-token-reaccess",
                "bad-requests",
                "call",
                "delete-event",
                "legacy-1.1.1",
                "pipelined",
                "query",
                "sticky-get-error",
                "subscribe-refs",
                "system-reset",
                "unsubscribe-count",
                "unsubscribe-while-pending",
            ],
        ),
        (SentNoRequest, &["silently-ignored"]),
        (RequestNotRecorded, &["silently-ignored"]),
        (OddRequestAsCall, &["bad-requests", "pipelined", "silently-ignored", "version"]),
        (NoHandshake, &["legacy-1.1.1"]),
        (AskedForOlder, &["legacy-1.1.1"]),
        (EngineGaveBack, &["call"]),
        (SpoofedUnsubscribe, &["model-events"]),
    ];
    let expected = table.map(|(deviation, sections)| (deviation, sections.iter().map(|&s| s.to_owned()).collect()));
    assert_eq!(found, BTreeMap::from(expected));
}

/// A request that was not written as requests usually are. Resgate takes names of members in any case.
fn odd_request(raw: &str) -> Option<Json> {
    let request: serde_json::Map<String, Json> = serde_json::from_str(raw).ok()?;
    Some(request.into_iter().map(|(key, value)| (key.to_lowercase(), value)).collect())
}

/// Frames of the gateway in the recording, without those of incomplete connections.
fn recorded_frames() -> usize {
    let lines = RECORDING.lines().filter(|line| line.contains(r#""dir":"g>c""#));
    lines.filter(|line| !INCOMPLETE.iter().any(|conn| line.contains(&format!(r#""conn":"{conn}""#)))).count()
}
