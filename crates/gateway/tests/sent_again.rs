//! What the client holds through one resource only is sent again when it drops that one while another that refers to it
//! is on its way: 19 cases, each against a client that looks for what it still reaches from scratch after every frame.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use res_gateway::{Gateway, GatewayConfig, Outgoing, Session};
use serde_json::{Value, json};
use support::bus::TestBus;
use support::hand::{Hand, frame, send, session};
use tokio::time::{Duration, timeout};

/// How the client comes to drop `hand.old`, or what it says of `hand.child`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Unsubscribed,
    MemberReplaced,
    MemberDeleted,
    ItemRemoved,
    Deleted,
    AccessLost,
}

/// How `hand.new`, which refers to `hand.child` too, comes to be sent.
#[derive(Debug, Clone, Copy)]
enum Arrival {
    Subscribed,
    AnswerOfMethod,
    InEvent,
}

const ENDINGS: [Ending; 6] = [
    Ending::Unsubscribed,
    Ending::MemberReplaced,
    Ending::MemberDeleted,
    Ending::ItemRemoved,
    Ending::Deleted,
    Ending::AccessLost,
];
const ARRIVALS: [Arrival; 3] = [Arrival::Subscribed, Arrival::AnswerOfMethod, Arrival::InEvent];

#[tokio::test(start_paused = true)]
async fn what_was_held_through_a_resource_that_is_dropped_comes_again_with_the_next_that_refers_to_it() {
    for arrival in ARRIVALS {
        for ending in ENDINGS {
            let mut scene = Scene::new(ending).await;
            scene.arrive(arrival).await;
            scene.end(ending).await;
            assert!(!scene.client.held.contains_key("hand.child"), "{ending:?}, {arrival:?}: it is dropped");
            // An event of what the client has dropped is not for it; it comes after the value it belongs to.
            assert!(scene.change_child(2).await.is_empty(), "{ending:?}, {arrival:?}: it is not subscribed to");
            let expected = ["hand.below", "hand.child", "hand.new", "hand.slow"].map(str::to_owned).into();
            assert_eq!(scene.deliver().await, expected, "{ending:?}, {arrival:?}");
            assert_eq!(scene.change_child(3).await.len(), 1, "{ending:?}, {arrival:?}: it is subscribed to again");
            scene.check();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_subscribed_to_itself_stays_and_is_not_sent_again() {
    let mut scene = Scene::new(Ending::Unsubscribed).await;
    scene.ask("subscribe.hand.child").await;
    scene.arrive(Arrival::Subscribed).await;
    scene.end(Ending::Unsubscribed).await;
    assert_eq!(scene.change_child(2).await.len(), 1);
    assert_eq!(scene.deliver().await, ["hand.new", "hand.slow"].map(str::to_owned).into());
    scene.check();
}

#[tokio::test(start_paused = true)]
async fn what_is_loaded_for_what_is_sent_again_comes_along_though_another_reference_to_it_goes() {
    let reference = json!({ "rid": "hand.child" });
    let list = |items: Value| json!({ "result": { "collection": items } });
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    send(&client, 1, "subscribe.hand.list", Value::Null).await;
    hand.answer_all(|subject| match subject {
        "get.hand.list" => list(json!([reference, { "rid": "hand.deleted" }])),
        "get.hand.deleted" => list(json!([reference])),
        "get.hand.child" => json!({ "error": { "code": "system.notFound", "message": "Not found" } }),
        _ => json!({ "result": { "get": true } }),
    })
    .await;
    assert_eq!(frame(&mut client).await["result"]["errors"]["hand.child"]["code"], "system.notFound");
    hand.say("event.hand.deleted.delete", &Value::Null);
    assert_eq!(frame(&mut client).await["event"], "hand.deleted.delete");
    send(&client, 2, "subscribe.hand.deleted", Value::Null).await;
    let mut withheld = BTreeMap::new();
    while let Some((subject, _, reply)) = hand.next().await {
        match &*subject {
            "get.hand.deleted" => hand.say(&reply, &list(json!([reference]))),
            _ => drop(withheld.insert(subject, reply)),
        }
    }
    hand.say("event.hand.list.remove", &json!({ "idx": 0 }));
    assert_eq!(frame(&mut client).await["event"], "hand.list.remove");
    hand.say(&withheld["get.hand.child"], &json!({ "result": { "model": { "v": 1 } } }));
    hand.say(&withheld["access.hand.deleted"], &json!({ "result": { "get": true } }));
    let expected = json!({ "collections": { "hand.deleted": [reference] }, "models": { "hand.child": { "v": 1 } } });
    assert_eq!(frame(&mut client).await["result"], expected);
}

/// A gateway with one client, and a service that withholds `hand.slow`.
struct Scene {
    _gateway: Gateway,
    hand: Hand,
    session: Session,
    client: Client,
    values: BTreeMap<&'static str, Value>,
    denied: Option<&'static str>,
    /// Where the service has to answer what it withholds.
    withheld: Option<String>,
    id: u64,
}

impl Scene {
    /// The client holds `hand.old`, with `hand.child` and `hand.below`, and an empty list.
    async fn new(ending: Ending) -> Scene {
        let bus = TestBus::new();
        let hand = Hand::new(&bus);
        let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
        let session = session(&gateway).await;
        let reference = |rid: &str| json!({ "rid": rid });
        let old = match ending {
            Ending::ItemRemoved => json!([0, reference("hand.child")]),
            _ => json!({ "child": reference("hand.child") }),
        };
        let values = BTreeMap::from([
            ("hand.old", old),
            ("hand.child", json!({ "v": 1, "below": reference("hand.below") })),
            ("hand.below", json!({ "v": 1 })),
            ("hand.list", json!([])),
            ("hand.new", json!({ "child": reference("hand.child"), "slow": reference("hand.slow") })),
            ("hand.slow", json!({ "v": 1 })),
        ]);
        let client = Client::default();
        let mut scene = Scene { _gateway: gateway, hand, session, client, values, denied: None, withheld: None, id: 1 };
        scene.ask("subscribe.hand.old").await;
        scene.ask("subscribe.hand.list").await;
        assert_eq!(scene.client.held.len(), 4);
        scene
    }

    /// Sends a request, has the service answer what it is asked, and takes in what comes.
    async fn ask(&mut self, method: &str) -> Vec<Value> {
        self.id += 1;
        self.client.requests.insert(self.id, method.to_owned());
        send(&self.session, self.id, method, Value::Null).await;
        self.settle().await
    }

    /// Publishes an event, likewise.
    async fn say(&mut self, event: &str, data: Value) -> Vec<Value> {
        self.hand.say(&format!("event.{event}"), &data);
        self.settle().await
    }

    async fn arrive(&mut self, arrival: Arrival) {
        let new = json!({ "rid": "hand.new" });
        let frames = match arrival {
            Arrival::Subscribed => self.ask("subscribe.hand.new").await,
            Arrival::AnswerOfMethod => self.ask("call.hand.list.open").await,
            Arrival::InEvent => {
                self.values.insert("hand.list", json!([new]));
                self.say("hand.list.add", json!({ "idx": 0, "value": new })).await
            }
        };
        assert!(self.withheld.is_some() && frames.is_empty(), "it waits: {frames:?}");
    }

    async fn end(&mut self, ending: Ending) {
        let after = match ending {
            Ending::Unsubscribed | Ending::Deleted | Ending::AccessLost => None,
            Ending::MemberReplaced => Some(json!({ "child": 5 })),
            Ending::MemberDeleted => Some(json!({})),
            Ending::ItemRemoved => Some(json!([0])),
        };
        self.values.extend(after.map(|after| ("hand.old", after)));
        let frames = match ending {
            Ending::Unsubscribed => self.ask("unsubscribe.hand.old").await,
            Ending::MemberReplaced => self.say("hand.old.change", json!({ "values": { "child": 5 } })).await,
            Ending::MemberDeleted => {
                self.say("hand.old.change", json!({ "values": { "child": { "action": "delete" } } })).await
            }
            Ending::ItemRemoved => self.say("hand.old.remove", json!({ "idx": 1 })).await,
            Ending::Deleted => self.say("hand.old.delete", Value::Null).await,
            Ending::AccessLost => {
                self.denied = Some("hand.old");
                self.say("hand.old.reaccess", Value::Null).await
            }
        };
        assert_eq!(frames.len(), if ending == Ending::Deleted { 2 } else { 1 }, "{frames:?}");
    }

    async fn change_child(&mut self, v: u32) -> Vec<Value> {
        self.values.insert("hand.child", json!({ "v": v, "below": { "rid": "hand.below" } }));
        self.say("hand.child.change", json!({ "values": { "v": v } })).await
    }

    /// The service answers what it withheld; the resources that come with `hand.new`.
    async fn deliver(&mut self) -> BTreeSet<String> {
        let reply = self.withheld.take().expect("it was asked for");
        self.hand.say(&reply, &json!({ "result": { "model": self.values["hand.slow"] } }));
        let frames = self.settle().await;
        self.check();
        let set = frames[0].get("result").unwrap_or(&frames[0]["data"]);
        set["models"].as_object().expect("models").keys().cloned().collect()
    }

    async fn settle(&mut self) -> Vec<Value> {
        while let Some((subject, _, reply)) = self.hand.next().await {
            let (kind, name) = subject.split_once('.').expect("a type and a name");
            let answer = match kind {
                "access" => json!({ "result": { "get": self.denied != Some(name), "call": "*" } }),
                "call" => json!({ "resource": { "rid": "hand.new" } }),
                _ if name == "hand.slow" => {
                    // Longer than the test takes.
                    self.hand.pre_respond(&reply, 300_000);
                    self.withheld = Some(reply);
                    continue;
                }
                _ => {
                    let value = &self.values[name];
                    json!({ "result": { if value.is_array() { "collection" } else { "model" }: value } })
                }
            };
            self.hand.say(&reply, &answer);
        }
        let mut frames = Vec::new();
        while let Ok(Outgoing::Frame(frame)) = timeout(Duration::from_secs(1), self.session.recv()).await {
            let frame: Value = serde_json::from_str(&frame).expect("frames are JSON");
            self.client.receive(&frame);
            frames.push(frame);
        }
        frames
    }

    /// What the client holds is what the service has.
    fn check(&self) {
        for (rid, value) in &self.client.held {
            assert_eq!(value, &self.values[rid.as_str()], "{rid}");
        }
    }
}

/// What a client holds, by the rules of the protocol.
#[derive(Default)]
struct Client {
    requests: BTreeMap<u64, String>,
    direct: BTreeSet<String>,
    held: BTreeMap<String, Value>,
}

impl Client {
    fn receive(&mut self, frame: &Value) {
        match frame["event"].as_str().and_then(|event| event.rsplit_once('.')) {
            Some((rid, name)) => {
                assert!(self.held.contains_key(rid), "{frame}, which is not held");
                self.take(&frame["data"]);
                self.event(rid, name, &frame["data"]);
            }
            None => {
                let method = self.requests.remove(&frame["id"].as_u64().expect("an id")).expect("one answer");
                let (kind, rid) = method.split_once('.').expect("a type and a resource");
                match kind {
                    "unsubscribe" => drop(self.direct.remove(rid)),
                    _ => {
                        self.take(&frame["result"]);
                        self.direct.insert(frame["result"]["rid"].as_str().unwrap_or(rid).to_owned());
                    }
                }
            }
        }
        self.drop_unreached();
    }

    fn event(&mut self, rid: &str, name: &str, data: &Value) {
        let value = self.held.get_mut(rid).expect("checked by the caller");
        let at = data["idx"].as_u64().unwrap_or(0) as usize;
        match (name, value) {
            ("unsubscribe", _) => drop(self.direct.remove(rid)),
            ("change", Value::Object(members)) => {
                members.extend(data["values"].as_object().expect("values").clone());
                members.retain(|_, value| value["action"] != "delete");
            }
            ("add", Value::Array(items)) => items.insert(at, data["value"].clone()),
            ("remove", Value::Array(items)) => drop(items.remove(at)),
            ("delete", _) => {}
            _ => panic!("{name} of {rid}"),
        }
    }

    fn take(&mut self, set: &Value) {
        for group in ["models", "collections"] {
            for (rid, value) in set[group].as_object().into_iter().flatten() {
                assert!(self.held.insert(rid.clone(), value.clone()).is_none(), "{rid} is held already");
            }
        }
        assert!(set.get("errors").is_none(), "{set}");
    }

    fn drop_unreached(&mut self) {
        let mut stack: Vec<String> = self.direct.iter().cloned().collect();
        let mut reached = BTreeSet::new();
        while let Some(rid) = stack.pop() {
            let value = self.held.get(&rid).unwrap_or_else(|| panic!("{rid} never came"));
            let values: Vec<&Value> = match value {
                Value::Object(members) => members.values().collect(),
                items => items.as_array().into_iter().flatten().collect(),
            };
            if reached.insert(rid) {
                stack.extend(values.iter().filter_map(|value| value["rid"].as_str()).map(str::to_owned));
            }
        }
        self.held.retain(|rid, _| reached.contains(rid));
    }
}
