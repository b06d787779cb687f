//! Recordings that are made by a gateway without a server, and replayed.

use std::time::Duration;

use res_gateway::bus::{Connection, MemoryBus};
use res_gateway::recording::{Recorder, Recording};
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::fixture;
use super::hand::{send, session};
use super::program::File;

/// A client does something every so often.
pub const STEP: Duration = Duration::from_millis(100);

/// A request of a client: its method and parameters.
pub type Step = (&'static str, Value);

/// A recording that is being made.
pub struct Studio {
    pub file: File,
    pub recorder: Recorder,
    pub gateway: Gateway,
}

impl Studio {
    /// On the services of the fixture.
    pub fn new(name: &str) -> Studio {
        let bus = MemoryBus::new();
        fixture::start(&bus);
        Studio::on(name, bus.connect())
    }

    pub fn on(name: &str, connection: Connection) -> Studio {
        let file = File::none(name);
        let recorder = Recorder::create(&file.0).unwrap();
        let gateway = Gateway::start(recorder.connection(connection), GatewayConfig::default());
        Studio { file, recorder, gateway }
    }

    /// The file, when all is in it.
    pub async fn finish(self) -> File {
        drop(self.gateway);
        self.recorder.finished().await;
        self.file
    }
}

/// A gateway before the replay of a file.
pub fn replayed(file: &File) -> Gateway {
    let bus = MemoryBus::new();
    Recording::read(&file.0).unwrap().replay(bus.connect());
    Gateway::start(bus.connect(), GatewayConfig::default())
}

/// Sends these requests, one every step, and gives the answers and the events that came.
pub async fn play(gateway: &Gateway, steps: &[Step]) -> (Vec<Value>, Vec<Value>) {
    let mut client = session(gateway).await;
    let (mut answers, mut events) = (vec![Value::Null; steps.len()], Vec::new());
    for (number, (method, params)) in steps.iter().enumerate() {
        let end = Instant::now() + STEP;
        send(&client, number as u64, method, params.clone()).await;
        while let Ok(next) = timeout_at(end, client.recv()).await {
            let Outgoing::Frame(text) = next else { panic!("{next:?}") };
            let frame: Value = serde_json::from_str(&text).unwrap();
            match frame["id"].as_u64() {
                Some(id) => answers[id as usize] = frame,
                None => events.push(frame),
            }
        }
    }
    (answers, events)
}

/// Records a client that takes these steps, and has another take them in the replay: both have to see the same.
pub async fn same(studio: Studio, steps: &[Step]) -> (File, Vec<Value>, Vec<Value>) {
    let (answers, events) = play(&studio.gateway, steps).await;
    let file = studio.finish().await;
    let (again, events_again) = play(&replayed(&file), steps).await;
    for ((step, answer), again) in steps.iter().zip(&answers).zip(&again) {
        assert_eq!(answer, again, "{step:?}");
    }
    // In the order of each resource; the answers to query events may come between those of others elsewhere.
    let by_resource = |events: &[Value]| {
        let resource = |event: &Value| event["event"].as_str().unwrap().rsplit_once('.').unwrap().0.to_owned();
        let mut events = events.to_vec();
        if steps.iter().any(|(method, _)| method.contains('?')) {
            events.sort_by_key(resource);
        }
        events
    };
    assert_eq!(by_resource(&events), by_resource(&events_again));
    (file, answers, events)
}

pub fn ctl(method: &'static str, params: Value) -> Step {
    (method, params)
}
