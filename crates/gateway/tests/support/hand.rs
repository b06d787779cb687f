//! Sessions without a WebSocket, and a service that answers by hand.

use std::time::Duration;

use res_gateway::bus::Connection;
use res_gateway::{Gateway, GatewayConfig, Outgoing, Session};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::bus::TestBus;

pub async fn session(gateway: &Gateway) -> Session {
    let mut session = gateway.connect(Default::default()).await;
    request(&mut session, 0, "version", json!({ "protocol": "1.2.3" })).await;
    session
}

pub async fn send(session: &Session, id: u64, method: &str, params: Value) {
    session.send(&json!({ "id": id, "method": method, "params": params }).to_string()).await;
}

pub async fn frame(session: &mut Session) -> Value {
    match next(session).await {
        Outgoing::Frame(frame) => serde_json::from_str(&frame).expect("frames are JSON"),
        close => panic!("{close:?}"),
    }
}

/// What comes next, if that is before the test has failed.
pub async fn next(session: &mut Session) -> Outgoing {
    timeout(PATIENCE, session.recv()).await.expect("something in time")
}

/// Sends a request; the next frame must be its answer.
pub async fn request(session: &mut Session, id: u64, method: &str, params: Value) -> Value {
    send(session, id, method, params).await;
    let answer = frame(session).await;
    assert_eq!(answer["id"], id, "{answer}");
    answer
}

/// Whether nothing comes for a second, which on virtual time means that nothing can.
pub async fn is_silent(session: &mut Session) -> bool {
    timeout(Duration::from_secs(1), session.recv()).await.is_err()
}

/// A gateway, a service that answers by hand, and a client that holds a resource of it, whose get request had this answer.
pub async fn holding(rid: &str, answer: &Value) -> (Gateway, Hand, Session) {
    let bus = TestBus::new();
    let mut hand = Hand::new(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let mut client = session(&gateway).await;
    send(&client, 1, &format!("subscribe.{rid}"), Value::Null).await;
    let name = rid.split('?').next().unwrap_or(rid);
    let (reply, _) = hand.asked(&format!("get.{name}")).await;
    hand.say(&reply, answer);
    assert!(frame(&mut client).await.get("result").is_some());
    (gateway, hand, client)
}

/// A service that answers by hand.
pub struct Hand {
    pub connection: Connection,
}

impl Hand {
    pub fn new(bus: impl Into<TestBus>) -> Hand {
        let connection = bus.into().connect();
        for kind in ["get", "access", "call"] {
            connection.bus.subscribe(&format!("{kind}.hand.>"));
        }
        Hand { connection }
    }

    /// The next request, if there is one before a second has passed: its subject, payload and where its answer goes.
    pub async fn next(&mut self) -> Option<(String, Value, String)> {
        let request = timeout(Duration::from_secs(1), self.connection.deliveries.recv()).await.ok()??;
        let payload = serde_json::from_slice(&request.payload).expect("requests are JSON");
        Some((request.subject.to_string(), payload, request.reply.expect("a request").to_string()))
    }

    /// Waits for a request with this subject and returns where its answer goes. Access is granted to everything.
    pub async fn asked(&mut self, subject: &str) -> (String, Value) {
        loop {
            let request = self.connection.deliveries.recv().await.expect("the bus is there");
            let reply = request.reply.expect("a request").to_string();
            if *request.subject == *subject {
                return (reply, serde_json::from_slice(&request.payload).expect("requests are JSON"));
            }
            assert!(request.subject.starts_with("access."), "{} instead of {subject}", request.subject);
            self.say(&reply, &json!({ "result": { "get": true, "call": "*" } }));
        }
    }

    /// Answers requests until none comes for a second, by their subjects.
    pub async fn answer_all(&mut self, mut answer: impl FnMut(&str) -> Value) {
        while let Some((subject, _, reply)) = self.next().await {
            self.say(&reply, &answer(&subject));
        }
    }

    /// Asks for so many milliseconds to answer.
    pub fn pre_respond(&self, reply: &str, ms: u64) {
        let text = format!("timeout:\"{ms}\"");
        self.connection.bus.publish(reply, None, text.into_bytes().into()).expect("the bus carries it");
    }

    pub fn say(&self, subject: &str, payload: &Value) {
        self.connection
            .bus
            .publish(subject, None, payload.to_string().into_bytes().into())
            .expect("a memory bus carries all");
    }
}

/// Longer than what is waited for on virtual time.
const PATIENCE: Duration = Duration::from_secs(600);
