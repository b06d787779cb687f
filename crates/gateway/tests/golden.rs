//! A conversation recorded with a real Resgate 1.8.0, held again with this gateway.
//!
//! The client frames of the recording are sent at the recorded times, on virtual time. The answers must be the recorded
//! ones, by request; the events must be the recorded ones, by resource and in order; both up to the order of members.
//! Differences are in [`DEVIATIONS`], each with its reason; one that does not occur any more fails the test.

mod support;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use res_gateway::bus::MemoryBus;
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

/// The sections whose frames are compared.
const COMPARED: [&str; 15] = [
    "version",
    "sticky-get-error",
    "system-reset",
    "bad-requests",
    "get-basic",
    "subscribe-refs",
    "cycles",
    "ref-errors",
    "model-events",
    "custom-events",
    "collection-events",
    "delete-event",
    "call",
    "unsubscribe-count",
    "pipelined",
];

/// A frame of Resgate's that this gateway does not send, one of this gateway's that Resgate did not, or both for one that
/// differs.
struct Deviation {
    section: &'static str,
    conn: &'static str,
    theirs: &'static str,
    ours: &'static str,
    reason: &'static str,
}

const DEVIATIONS: &[Deviation] = &[
    Deviation {
        section: "version",
        conn: "V",
        theirs: r#"{"error":{"code":"system.unsupportedProtocol","message":"Unsupported protocol"},"id":15}"#,
        ours: r#"{"error":{"code":"system.invalidParams","message":"Invalid parameters"},"id":15}"#,
        reason: VERSION,
    },
    Deviation {
        section: "sticky-get-error",
        conn: "B",
        theirs: r#"{"error":{"code":"system.notFound","message":"Not found"},"id":4}"#,
        ours: r#"{"result":{"models":{"fix.later":{"a":1}}},"id":4}"#,
        reason: NOT_STICKY,
    },
    Deviation {
        section: "sticky-get-error",
        conn: "B",
        theirs: r#"{"error":{"code":"system.notFound","message":"Not found"},"id":5}"#,
        ours: r#"{"result":{"models":{"fix.later":{"a":1}}},"id":5}"#,
        reason: NOT_STICKY,
    },
    Deviation {
        section: "model-events",
        conn: "A",
        theirs: "",
        ours: r#"{"event":"fix.model.change","data":{"values":{"legacyProp":{"action":"delete"}}}}"#,
        reason: REPAIRED,
    },
    Deviation {
        section: "model-events",
        conn: "A",
        theirs: r#"{"event":"fix.model.patch","data":{"reserved":true}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "A",
        theirs: r#"{"event":"fix.model.reset","data":{"reserved":true}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "A",
        theirs: r#"{"event":"fix.model.unsubscribe","data":{"reason":{"code":"x","message":"spoof"}}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "B",
        theirs: "",
        ours: r#"{"event":"fix.model.change","data":{"values":{"legacyProp":{"action":"delete"}}}}"#,
        reason: REPAIRED,
    },
    Deviation {
        section: "model-events",
        conn: "B",
        theirs: r#"{"event":"fix.model.patch","data":{"reserved":true}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "B",
        theirs: r#"{"event":"fix.model.reset","data":{"reserved":true}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "model-events",
        conn: "B",
        theirs: r#"{"event":"fix.model.unsubscribe","data":{"reason":{"code":"x","message":"spoof"}}}"#,
        ours: "",
        reason: RESERVED,
    },
    Deviation {
        section: "call",
        conn: "A",
        theirs: r#"{"error":{"code":"system.internalError","message":"Internal error: invalid character 'o' in literal null (expecting 'u')"},"id":145}"#,
        ours: r#"{"error":{"code":"system.internalError","message":"Internal error: the response is not a JSON object"},"id":145}"#,
        reason: SENTENCE,
    },
    Deviation {
        section: "call",
        conn: "A",
        theirs: r#"{"error":{"code":"system.internalError","message":"Internal error: unexpected end of JSON input"},"id":146}"#,
        ours: r#"{"error":{"code":"system.internalError","message":"Internal error: the response is not a JSON object"},"id":146}"#,
        reason: SENTENCE,
    },
    Deviation {
        section: "bad-requests",
        conn: "A",
        theirs: r#"{"error":{"code":"system.subjectTooLong","message":"Subject too long"},"id":241}"#,
        ours: r#"{"error":{"code":"system.invalidRequest","message":"Invalid request"},"id":241}"#,
        reason: LONG_RID,
    },
    Deviation {
        section: "bad-requests",
        conn: "A",
        theirs: r#"{"result":{},"id":9002}"#,
        ours: "",
        reason: EXACT_NAMES,
    },
    Deviation {
        section: "bad-requests",
        conn: "A",
        theirs: r#"{"result":{},"id":18446744073709552000}"#,
        ours: "",
        reason: AFTER_CLOSE,
    },
    Deviation { section: "bad-requests", conn: "A", theirs: r#"{"result":{},"id":0}"#, ours: "", reason: AFTER_CLOSE },
];

const RESERVED: &str = "Reserved words of the gateway. A service that sent `unsubscribe` would make clients forget what they still receive.";
const REPAIRED: &str = "An event that cannot be applied means that cache and service have parted: the resource is fetched again, which shows that the service never had this member.";
const SENTENCE: &str = "The sentence is this gateway's own; the code is the same.";
const NOT_STICKY: &str = "An error is not remembered: the resource is there now.";
const LONG_RID: &str = "A resource id has at most 1024 bytes, so no subject can be too long for the bus.";
const EXACT_NAMES: &str = "Member names are compared exactly, as JSON has them. A request without an id cannot be answered: the connection is closed with 1002.";
const AFTER_CLOSE: &str = "Came after the frame that closed the connection.";
const VERSION: &str = "A version is three numbers; `-2` is none.";

#[tokio::test(start_paused = true)]
async fn answers_and_events_are_those_of_resgate() {
    let recording = Recording::load();
    let ours = replay(&recording).await;
    let mut wrong = Vec::new();
    for section in COMPARED {
        let theirs = recording.frames.iter().filter(|f| f.section == section).cloned().collect::<Vec<_>>();
        assert!(!theirs.is_empty(), "the recording has no section {section}");
        let ours = ours.iter().filter(|f| f.section == section).cloned().collect::<Vec<_>>();
        compare(section, theirs, ours, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_document_of_deviations_has_every_reason() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gateway-deviations.md");
    let document = std::fs::read_to_string(path).expect("the document is in the repository");
    for deviation in DEVIATIONS {
        let row = document.lines().find(|line| line.contains(deviation.reason));
        let row = row.unwrap_or_else(|| panic!("not in the document: {}", deviation.reason));
        assert!(row.contains(deviation.section), "the row does not name {}: {row}", deviation.section);
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Frame {
    section: String,
    conn: String,
    frame: Value,
}

/// What a client does in the recording.
#[derive(Debug)]
enum Act {
    Open,
    Send(String),
    Close,
}

struct Step {
    at: Duration,
    section: String,
    conn: String,
    act: Act,
}

struct Recording {
    steps: Vec<Step>,
    frames: Vec<Frame>,
}

impl Recording {
    fn load() -> Recording {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/resgate-1.8.0.jsonl");
        let text = std::fs::read_to_string(path).expect("the recording is in the repository");
        let mut recording = Recording { steps: Vec::new(), frames: Vec::new() };
        let mut last_id: HashMap<String, u64> = HashMap::new();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("each line is JSON");
            let section = line["sec"].as_str().unwrap_or_default().to_owned();
            let at = Duration::from_micros((line["t"].as_f64().expect("each line has a time") * 1000.0) as u64);
            let Some(conn) = line["conn"].as_str().map(str::to_owned) else { continue };
            let step = |act| Step { at, section: section.clone(), conn: conn.clone(), act };
            match line["dir"].as_str() {
                Some("open") => recording.steps.push(step(Act::Open)),
                Some("close") => recording.steps.push(step(Act::Close)),
                Some("c>g") => {
                    let frame = &line["frame"];
                    let last = last_id.entry(conn.clone()).or_default();
                    let id = frame["id"].as_u64().unwrap_or(*last);
                    // Of the 258 equal requests of one connection only the first and the last were recorded.
                    for missing in *last + 1..id {
                        if section == "unsubscribe-count" {
                            let frame = json!({ "id": missing, "method": frame["method"] }).to_string();
                            recording.steps.push(step(Act::Send(frame)));
                        }
                    }
                    *last = id;
                    let text = line["raw"].as_str().map_or_else(|| frame.to_string(), str::to_owned);
                    recording.steps.push(step(Act::Send(text)));
                }
                Some("g>c") => recording.frames.push(Frame { section, conn, frame: line["frame"].clone() }),
                _ => {}
            }
        }
        recording
    }

    /// Whether the answer to a request was recorded.
    fn has_answer(&self, conn: &str, id: &Value) -> bool {
        self.frames.iter().any(|f| f.conn == conn && f.frame["id"] == *id)
    }
}

/// Sends what the clients sent, in the compared sections and the handshakes before them, and collects what comes back.
async fn replay(recording: &Recording) -> Vec<Frame> {
    let bus = MemoryBus::new();
    support::fixture::start(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let start = Instant::now();
    let received: Rc<RefCell<Vec<Frame>>> = Rc::default();
    let current = Rc::new(RefCell::new(String::new()));
    let mut senders = HashMap::new();
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            for step in &recording.steps {
                let is_handshake = matches!(&step.act, Act::Open) || step.section == "version";
                if !is_handshake && !COMPARED.contains(&&*step.section) {
                    continue;
                }
                // Nothing moves on paused time until everything that can happen has happened.
                sleep_until(start + step.at).await;
                current.replace(step.section.clone());
                match &step.act {
                    Act::Open => {
                        let (sender, mut receiver) = gateway.connect(Default::default()).await.split();
                        senders.insert(step.conn.clone(), sender);
                        let (conn, received, current) = (step.conn.clone(), received.clone(), current.clone());
                        tokio::task::spawn_local(async move {
                            while let Outgoing::Frame(frame) = receiver.recv().await {
                                let frame = serde_json::from_str(&frame).expect("frames are JSON");
                                let section = current.borrow().clone();
                                received.borrow_mut().push(Frame { section, conn: conn.clone(), frame });
                            }
                        });
                    }
                    Act::Send(frame) => senders[&step.conn].send(frame).await,
                    Act::Close => drop(senders.remove(&step.conn)),
                }
                // The frames of the last step belong to its section.
                sleep_until(Instant::now() + Duration::from_micros(1)).await;
            }
        })
        .await;
    let mut received = received.borrow().clone();
    received.retain(|f| f.frame.get("event").is_some() || recording.has_answer(&f.conn, &f.frame["id"]));
    received
}

fn compare(section: &str, mut theirs: Vec<Frame>, mut ours: Vec<Frame>, wrong: &mut Vec<String>) {
    for deviation in DEVIATIONS.iter().filter(|d| d.section == section) {
        for (text, frames) in [(deviation.theirs, &mut theirs), (deviation.ours, &mut ours)] {
            if text.is_empty() {
                continue;
            }
            let frame: Value = serde_json::from_str(text).expect("deviations are JSON");
            match frames.iter().position(|f| f.conn == deviation.conn && f.frame == frame) {
                Some(at) => drop(frames.remove(at)),
                None => {
                    wrong.push(format!("{section}: a deviation that does not occur: {text} ({})", deviation.reason))
                }
            }
        }
    }
    let (theirs, ours) = (group(theirs), group(ours));
    for key in theirs.keys().chain(ours.keys().filter(|key| !theirs.contains_key(*key))) {
        let none = Vec::new();
        let (theirs, ours) = (theirs.get(key).unwrap_or(&none), ours.get(key).unwrap_or(&none));
        if theirs != ours {
            let list = |frames: &[Value]| frames.iter().map(|f| format!("\n    {f}")).collect::<String>();
            wrong.push(format!("{section} {key:?}\n  Resgate:{}\n  ours:{}", list(theirs), list(ours)));
        }
    }
}

/// Answers by connection and request, events by connection and resource: across resources no order is promised.
fn group(frames: Vec<Frame>) -> BTreeMap<(String, String), Vec<Value>> {
    let mut groups: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for Frame { conn, frame, .. } in frames {
        let key = match frame["event"].as_str() {
            Some(event) => event.rsplit_once('.').map_or("", |(rid, _)| rid).to_owned(),
            None => format!("{:>6}", frame["id"].to_string()),
        };
        groups.entry((conn, key)).or_default().push(frame);
    }
    groups
}
