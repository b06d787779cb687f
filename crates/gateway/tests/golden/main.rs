//! A conversation recorded with a real Resgate 1.8.0, held again with this gateway.
//!
//! The client frames of the recording are sent at the recorded times, on virtual time. The answers must be the recorded
//! ones, by request; the events must be the recorded ones, by resource and in order; the messages on the bus must be the
//! recorded ones, by subject; all up to the order of members. Differences are in `deviations.rs`, each with its reason;
//! one that does not occur any more fails the test.

mod compare;
mod deviations;
mod recording;
mod replay;
#[path = "../support/mod.rs"]
mod support;

use deviations::{CLOSING, DEVIATIONS, MESSAGES};
use recording::Recording;

#[tokio::test(start_paused = true)]
async fn answers_events_and_messages_on_the_bus_are_those_of_resgate() {
    let recording = Recording::load();
    let (frames, messages) = replay::replay(&recording).await;
    let mut wrong = Vec::new();
    for section in &recording.sections {
        wrong.extend(compare::frames(section, &recording.frames, &frames));
        wrong.extend(compare::messages(section, &recording.messages, &messages));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_document_of_deviations_has_every_reason() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gateway-deviations.md");
    let document = std::fs::read_to_string(path).expect("the document is in the repository");
    let deviations = DEVIATIONS.iter().map(|deviation| (deviation.section, deviation.reason));
    let closing = CLOSING.iter().map(|closing| (closing.section, closing.reason));
    let messages = MESSAGES.iter().map(|message| (message.section, message.reason));
    for (section, reason) in deviations.chain(closing).chain(messages) {
        let row = document.lines().find(|line| line.starts_with(&format!("| {section} ")) && line.contains(reason));
        assert!(row.is_some(), "no row of {section} in the document says: {reason}");
    }
}
