//! INTERIM: the gateway as a library on the bench's own NATS client, until the binary speaks NATS.
use res_gateway::bus::{Bus, Connection, Delivery};
use res_gateway::server::{self, ServerConfig};
use res_gateway::{Gateway, GatewayConfig};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

struct B {
    nats: crate::nats::Nats,
    sids: Mutex<(u64, std::collections::HashMap<String, u64>)>,
}
impl Bus for B {
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) {
        match reply {
            Some(reply) => {
                let mut line = format!("PUB {subject} {reply} {}\r\n", payload.len()).into_bytes();
                line.extend_from_slice(&payload);
                line.extend_from_slice(b"\r\n");
                self.nats.send(line);
            }
            None => self.nats.publish(subject, &payload),
        }
    }
    fn subscribe(&self, pattern: &str) {
        let mut sids = self.sids.lock().unwrap();
        sids.0 += 1;
        let sid = sids.0;
        sids.1.insert(pattern.to_owned(), sid);
        self.nats.send(format!("SUB {pattern} {sid}\r\n").into_bytes());
    }
    fn unsubscribe(&self, pattern: &str) {
        let sid = self.sids.lock().unwrap().1.remove(pattern).unwrap();
        self.nats.send(format!("UNSUB {sid}\r\n").into_bytes());
    }
}
pub async fn run(nats: SocketAddr) {
    let (sender, deliveries) = tokio::sync::mpsc::unbounded_channel();
    let nats = crate::nats::Nats::connect(nats, &[], move |_, m| {
        let _ = sender.send(Delivery {
            subject: m.subject.into(),
            reply: m.reply.map(Into::into),
            payload: m.payload.into(),
            no_responders: false,
        });
    })
    .await
    .unwrap();
    let bus = B { nats, sids: Mutex::default() };
    let mut config = GatewayConfig::default();
    config.request_rate = 0;
    let gateway = Gateway::start(Connection { bus: Arc::new(bus), deliveries }, config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    let server = ServerConfig { connections_per_address: 50_000, ..ServerConfig::default() };
    server::run(listener, gateway, server, std::future::pending()).await.unwrap();
}
