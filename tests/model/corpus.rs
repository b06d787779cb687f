//! Bad frames of every kind, one after the other, in a world whose every resource is listened to or referred to.
//!
//! The frame comes in the place of a true one: what that would have told is lost, unless the bad one can be understood.
//! Answers to nothing and events about nothing come besides.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::gateway::number;
use super::service::{Content, Mutation, NAMES, Rid, Value};
use super::support::{Sent, Settled};
use super::world::{Action, World};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const FRAMES: &str = include_str!("../fixtures/bad-frames/frames.jsonl");
const WORLD: &str = include_str!("../fixtures/bad-frames/world.json");

#[derive(Deserialize)]
struct Case {
    /// The kind of frame it should have been.
    frame: String,
    damage: String,
    text: Recipe,
    /// Whether it comes besides the true frame, and not in its place.
    #[serde(default)]
    besides: bool,
    /// What the engine counts because of it.
    counters: BTreeMap<String, u64>,
    /// How the request ends that it should have answered: `resource`, `value`, or the code of an error. The npm package reads more of
    /// an answer to `get`, and has its own end in `fetched`.
    #[serde(default)]
    settled: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Recipe {
    Text(String),
    Pieces(Vec<Piece>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Piece {
    Once(String),
    Repeated(String, usize),
}

impl Case {
    /// The frame, with `$id` for the number of the request, and `$result` or `$data` for what the true frame says.
    fn text(&self) -> String {
        match &self.text {
            Recipe::Text(text) => text.clone(),
            Recipe::Pieces(pieces) => pieces.iter().map(Piece::text).collect(),
        }
    }

    fn play(&self, lazy: bool) {
        let mut world = World::new(contents(), "1.2.3", lazy, 7);
        for rid in [MODEL, COLLECTION] {
            for action in [Action::Get(rid), Action::Deliver, Action::Listen(rid)] {
                world.act(action);
            }
        }
        world.misbehaved = true;
        let text = self.text();
        match self.frame.strip_suffix(" event") {
            Some(event) => self.tell(&mut world, event, &text),
            None => self.answer(&mut world, text),
        }
        self.check_counters(&world);
        world.quiesce();
        world.check();
        self.check_counters(&world);
        if let Some(expected) = &self.settled {
            let request = world.asked.last().expect("something was asked for");
            assert_eq!(outcome(&world.client.settled[request]), expected);
        }
        world.leave();
    }

    fn answer(&self, world: &mut World, mut text: String) {
        let asks: &[Action] = match &*self.frame {
            "version" => &[Action::Cut, Action::Advance(1_000), Action::Accept],
            "subscribe" => &[Action::Get(OTHER)],
            "unsubscribe" => &[Action::Get(UNUSED), Action::Deliver, Action::Advance(5_000)],
            "call" => &[Action::CallForResource(OTHER)],
            "auth" => &[Action::Call],
            "get" => &[Action::Fetch(OTHER)],
            other => panic!("there is no request {other}"),
        };
        asks.iter().for_each(|action| world.act(action.clone()));
        let request = world.gateway.inbox.pop_back().expect("a request was sent");
        assert!(request.method.starts_with(&self.frame) || self.frame == "call", "{}", request.method);
        assert!(world.gateway.inbox.is_empty());
        text = text.replace("$id", &request.id.to_string());
        // Whatever it hears of it, a client that gives something back has given it back.
        let truth =
            (self.besides || text.contains("$result") || self.frame == "unsubscribe").then(|| serve(world, request));
        if let Some(truth) = &truth {
            text = text.replace("$result", &read(truth)["result"].to_string());
        }
        // What makes no sense is given back, though nothing was taken.
        world.gateway.revoked.insert(OTHER);
        self.hand_over(world, &text);
        world.gateway.outbox.extend(truth.filter(|_| self.besides));
    }

    fn tell(&self, world: &mut World, event: &str, text: &str) {
        let usual = if matches!(event, "add" | "remove") { COLLECTION } else { MODEL };
        let named = text.rsplit_once("\"event\":\"").and_then(|(_, rest)| rest.split_once(&format!(".{event}\"")));
        let rid = named.and_then(|(name, _)| NAMES.iter().position(|&n| n == name)).unwrap_or(usual);
        let mutation = match (event, &world.gateway.service[rid]) {
            ("delete", _) => Mutation::Delete,
            ("custom", _) => Mutation::Custom,
            ("remove", Content::Collection(_)) => Mutation::Remove(0),
            (_, Content::Collection(_)) => Mutation::Add(0, Value::Text(2)),
            _ => Mutation::Change([(0, Some(Value::Number(2)))].into()),
        };
        let mut text = text.to_owned();
        if !self.besides {
            match event {
                "unsubscribe" if rid != MODEL => {}
                "unsubscribe" => world.act(Action::Revoke(rid)),
                _ => world.act(Action::Mutate(rid, mutation)),
            }
            if let Some(truth) = world.gateway.outbox.pop_front() {
                text = text.replace("$data", &read(&truth)["data"].to_string());
            }
        }
        assert!(!text.contains("$data"), "there is a true event");
        self.hand_over(world, &text);
    }

    fn hand_over(&self, world: &mut World, text: &str) {
        world.client.take_events();
        world.receive(text);
        if !self.counters.is_empty() {
            assert_eq!(world.client.take_events(), [], "nothing of a frame is told that is not taken for good");
        }
    }

    fn check_counters(&self, world: &World) {
        let counters = world.client.engine.counters();
        let counted = [
            ("malformed", counters.malformed),
            ("unmatched", counters.unmatched),
            ("unknown", counters.unknown),
            ("misfits", counters.misfits),
            ("resets", counters.resets),
        ];
        let counted = counted.into_iter().filter(|&(_, count)| count > 0);
        assert_eq!(counted.map(|(name, count)| (name.to_owned(), count)).collect::<BTreeMap<_, _>>(), self.counters);
    }
}

impl Piece {
    fn text(&self) -> String {
        match self {
            Piece::Once(text) => text.clone(),
            Piece::Repeated(text, times) => text.repeat(*times),
        }
    }
}

/// Lets the gateway do what is asked for, and takes away the answer.
fn serve(world: &mut World, request: Sent) -> String {
    world.gateway.inbox.push_front(request);
    world.gateway.accept();
    world.gateway.complete(0);
    world.gateway.outbox.pop_back().expect("every request is answered")
}

fn read(frame: &str) -> Json {
    serde_json::from_str(frame).expect("true frames are JSON")
}

fn outcome(settled: &Settled) -> &str {
    match settled {
        Settled::Resource(_) => "resource",
        Settled::Payload(_) | Settled::Result(_) => "value",
        Settled::Error(error) | Settled::Failed(error) => &error.code,
    }
}

/// Listened to, with a reference, a soft one, and a data value.
const MODEL: Rid = 0;
/// Listened to, with an error among its items.
const COLLECTION: Rid = 6;
/// Not cached until it is asked for.
const OTHER: Rid = 4;
const UNUSED: Rid = 3;

/// The contents of [`WORLD`], by number.
fn contents() -> Vec<Content> {
    let world: BTreeMap<String, BTreeMap<String, Json>> = serde_json::from_str(WORLD).expect("the fixture is JSON");
    let mut contents = vec![Content::Missing; NAMES.len()];
    for (name, kinds) in world {
        let (kind, wire) = kinds.into_iter().next().expect("a resource has a kind");
        let content = Content::read(&kind, &wire);
        assert_eq!(content.wire(false), wire, "{name} is what the fixture says");
        contents[number(&name)] = content;
    }
    contents
}

fn cases() -> impl Iterator<Item = Case> {
    FRAMES.lines().map(|line| serde_json::from_str(line).expect("every line is a case"))
}

#[test]
fn every_bad_frame_has_a_defined_result_and_leaves_the_client_as_the_service_is() {
    for case in cases() {
        println!("{}: {}", case.frame, case.damage);
        case.play(false);
        case.play(true);
    }
}
