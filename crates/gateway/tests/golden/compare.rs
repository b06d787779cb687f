//! What was recorded beside what was seen now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::deviations::{DEVIATIONS, MESSAGES};
use crate::recording::{Frame, Message};

type Groups = BTreeMap<(String, String), Vec<Value>>;

/// Answers by connection and request, events by connection and resource: across resources no order is promised.
pub fn frames(section: &str, theirs: &[Frame], ours: &[Frame]) -> Vec<String> {
    let group = |frames: &[Frame]| {
        let mut groups = Groups::new();
        for Frame { conn, frame, .. } in frames.iter().filter(|f| f.section == section) {
            let key = match frame["event"].as_str() {
                Some(event) => event.rsplit_once('.').map_or("", |(rid, _)| rid).to_owned(),
                None => format!("{:>6}", frame["id"].to_string()),
            };
            groups.entry((conn.clone(), key)).or_default().push(frame.clone());
        }
        groups
    };
    let (mut theirs, mut ours) = (group(theirs), group(ours));
    let mut wrong = Vec::new();
    for deviation in DEVIATIONS.iter().filter(|d| d.section == section) {
        let found = (deviation.theirs.is_empty() || take(&mut theirs, &ours, deviation.conn, deviation.theirs))
            && (deviation.ours.is_empty() || take(&mut ours, &theirs, deviation.conn, deviation.ours));
        if !found {
            wrong.push(format!("{section}: a deviation that does not occur: {} {}", deviation.theirs, deviation.ours));
        }
    }
    let keys = theirs.keys().chain(ours.keys().filter(|key| !theirs.contains_key(*key)));
    for key in keys {
        let none = Vec::new();
        let (theirs, ours) = (theirs.get(key).unwrap_or(&none), ours.get(key).unwrap_or(&none));
        if theirs != ours {
            let list = |frames: &[Value]| frames.iter().map(|f| format!("\n    {f}")).collect::<String>();
            wrong.push(format!("{section} {key:?}\n  Resgate:{}\n  ours:{}", list(theirs), list(ours)));
        }
    }
    wrong
}

/// Takes a frame out, where the others have another one.
fn take(groups: &mut Groups, others: &Groups, conn: &str, text: &str) -> bool {
    let wanted: Value = serde_json::from_str(text).expect("deviations are JSON");
    for (key, frames) in groups.iter_mut().filter(|((of, _), _)| of == conn) {
        let others = others.get(key).map_or(&[][..], Vec::as_slice);
        let found = (0..frames.len()).find(|&at| frames[at] == wanted && others.get(at) != Some(&wanted));
        if let Some(at) = found {
            frames.remove(at);
            return true;
        }
    }
    false
}

/// Messages by subject, in any order: those of different requests cross each other. How often something is answered is how
/// often it was asked, so of answers only the different ones count.
pub fn messages(section: &str, theirs: &[Message], ours: &[Message]) -> Vec<String> {
    let group = |messages: &[Message]| {
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Message { subject, payload, .. } in messages.iter().filter(|m| m.section == section) {
            groups.entry(subject.clone()).or_default().push(payload.to_string());
        }
        for (subject, payloads) in &mut groups {
            payloads.sort();
            if subject.starts_with("answer to ") {
                payloads.dedup();
            }
        }
        groups
    };
    let (mut theirs, mut ours) = (group(theirs), group(ours));
    let mut wrong = Vec::new();
    let deviations = MESSAGES.iter().filter(|deviation| deviation.section == section);
    let mut more: BTreeMap<&str, isize> = deviations.map(|deviation| (deviation.subject, deviation.more)).collect();
    let known: BTreeSet<&str> = more.keys().copied().collect();
    let subjects: BTreeSet<String> = theirs.keys().chain(ours.keys()).cloned().collect();
    for subject in subjects {
        let theirs = theirs.remove(&subject).unwrap_or_default();
        let mut ours = ours.remove(&subject).unwrap_or_default();
        let take =
            |payload: &String| ours.iter().position(|other| other == payload).map(|at| ours.remove(at)).is_none();
        let missing: Vec<String> = theirs.into_iter().filter(take).collect();
        // The answers to messages that Resgate does not send, or this gateway.
        let is_known = subject.strip_prefix("answer to ").is_some_and(|asked| known.contains(asked));
        let expected = more.remove(&*subject).unwrap_or(0);
        if !is_known && (missing.len() != (-expected).max(0) as usize || ours.len() != expected.max(0) as usize) {
            wrong.push(format!("{section}: {subject}\n  Resgate: {}\n  ours: {}", missing.join(" "), ours.join(" ")));
        }
    }
    wrong.extend(more.keys().map(|subject| format!("{section}: a deviation that does not occur: {subject}")));
    wrong
}
