//! The recorded conversation, held with this gateway.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use res_gateway::bus::MemoryBus;
use res_gateway::core::conn::ClientInfo;
use res_gateway::{Gateway, GatewayConfig, Outgoing};
use tokio::time::{Instant, sleep_until};

use crate::deviations::CLOSING;
use crate::recording::{Act, Bus, Frame, Message, Recording, hide};
use crate::support;

/// Sends what the clients sent when they sent it, and collects the frames that come back and the messages on the bus.
pub async fn replay(recording: &Recording) -> (Vec<Frame>, Vec<Message>) {
    let bus = MemoryBus::new();
    support::fixture::start(&bus);
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let start = Instant::now();
    let frames: Rc<RefCell<Vec<Frame>>> = Rc::default();
    let messages: Rc<RefCell<Vec<Message>>> = Rc::default();
    let current = Rc::new(RefCell::new(String::new()));
    let mut clients = HashMap::new();
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            tap(&bus, current.clone(), messages.clone());
            for step in &recording.steps {
                // Nothing moves on paused time until everything that can happen has happened.
                sleep_until(start + step.at).await;
                current.replace(step.section.clone());
                match &step.act {
                    Act::Open => {
                        let (sender, mut receiver) = gateway.connect(client()).await.split();
                        let (conn, frames, current) = (step.conn.clone(), frames.clone(), current.clone());
                        let reading = tokio::task::spawn_local(async move {
                            while let Outgoing::Frame(frame) = receiver.recv().await {
                                let mut frame = serde_json::from_str(&frame).expect("frames are JSON");
                                hide(&mut frame);
                                let section = current.borrow().clone();
                                frames.borrow_mut().push(Frame { section, conn: conn.clone(), frame });
                            }
                        });
                        clients.insert(step.conn.clone(), (sender, reading));
                    }
                    Act::Send(frame) => match CLOSING.iter().find(|closing| closing.frame == frame) {
                        // It would end what is to be compared: it gets a connection of its own.
                        Some(closing) => {
                            let mut session = gateway.connect(client()).await;
                            session.send(frame).await;
                            let end = session.recv().await;
                            assert!(
                                matches!(end, Outgoing::Close(code, _) if code == closing.code),
                                "{frame}: {end:?}"
                            );
                        }
                        None => clients[&step.conn].0.send(frame).await,
                    },
                    Act::Close => {
                        if let Some((_, reading)) = clients.remove(&step.conn) {
                            reading.abort();
                        }
                    }
                }
                // The frames of the last step belong to its section.
                sleep_until(Instant::now() + Duration::from_micros(1)).await;
            }
        })
        .await;
    let mut frames = frames.borrow().clone();
    frames.retain(|f| f.frame.get("event").is_some() || recording.has_answer(&f.conn, &f.frame["id"]));
    let messages = messages.borrow().clone();
    (frames, messages)
}

/// Listens to what was listened to when the recording was made: not to everything, or there would be no request without
/// a responder.
fn tap(bus: &MemoryBus, current: Rc<RefCell<String>>, messages: Rc<RefCell<Vec<Message>>>) {
    let mut connection = bus.connect();
    for kind in ["access", "get", "call", "auth", "event"] {
        connection.bus.subscribe(&format!("{kind}.fix.>"));
    }
    for kind in ["access", "get", "call"] {
        connection.bus.subscribe(&format!("{kind}.fixlegacy.>"));
    }
    for pattern in ["conn.>", "system.>", "_FIXQ.>", "_INBOX.>"] {
        connection.bus.subscribe(pattern);
    }
    tokio::task::spawn_local(async move {
        // The end of the sender would be the end of the subscriptions.
        let _bus = connection.bus;
        let mut bus = Bus::default();
        while let Some(delivery) = connection.deliveries.recv().await {
            let payload = String::from_utf8_lossy(&delivery.payload);
            let section = current.borrow().clone();
            // That nobody listens is no message on a bus.
            if !delivery.no_responders {
                let message = bus.message(section, &delivery.subject, delivery.reply.as_deref(), &payload);
                messages.borrow_mut().push(message);
            }
        }
    });
}

/// The clients of the recording, as the server told the gateway of them.
fn client() -> ClientInfo {
    let header = [
        ("Connection", "Upgrade"),
        ("Sec-Websocket-Key", "KEY"),
        ("Sec-Websocket-Version", "13"),
        ("Upgrade", "websocket"),
    ];
    ClientInfo {
        header: header.into_iter().map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).collect(),
        host: "127.0.0.1:8080".into(),
        remote_addr: "127.0.0.1:1".into(),
        uri: "/".into(),
    }
}
