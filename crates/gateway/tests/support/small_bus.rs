//! A bus of one's own, written from the documentation of `bus` alone. It can be cut, as a network can.

use std::sync::{Arc, Mutex};

use res_gateway::bus::{Bus, Connection, Delivery, Dial, DialError, Dialing, Refusal};
use res_gateway::core::subject;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// The queues of all connections, each with the patterns it listens to; `None` while the bus is down.
#[derive(Clone)]
pub struct SmallBus(pub Arc<Mutex<Option<Vec<Arc<Member>>>>>);

pub struct Member(UnboundedSender<Delivery>, Mutex<Vec<String>>);

impl SmallBus {
    pub fn up() -> SmallBus {
        SmallBus(Arc::new(Mutex::new(Some(Vec::new()))))
    }

    pub fn connect(&self) -> Result<Connection, DialError> {
        let (sender, queue) = unbounded_channel();
        let member = Arc::new(Member(sender, Mutex::default()));
        let down = || DialError("the small bus is down".into());
        self.0.lock().unwrap().as_mut().ok_or_else(down)?.push(member.clone());
        let bus = Arc::new(Link { bus: self.clone(), listens: Arc::downgrade(&member) });
        Ok(Connection { bus, deliveries: queue.into() })
    }

    fn deliver(&self, message: &Delivery) -> usize {
        let matches = |pattern: &String| subject::matches(pattern, &message.subject);
        let members = self.0.lock().unwrap().clone().unwrap_or_default();
        let listeners = members.iter().filter(|member| member.1.lock().unwrap().iter().any(matches));
        listeners.filter(|member| member.0.send(message.clone()).is_ok()).count()
    }
}

impl Dial for SmallBus {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(async { self.connect() })
    }
}

struct Link {
    bus: SmallBus,
    listens: std::sync::Weak<Member>,
}

impl Bus for Link {
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) -> Result<(), Refusal> {
        if payload.len() > 100_000 {
            return Err(Refusal::Payload);
        }
        let reply: Option<Arc<str>> = reply.map(Into::into);
        let message = Delivery { subject: subject.into(), reply: reply.clone(), payload, no_responders: false };
        if let (0, Some(subject)) = (self.bus.deliver(&message), reply) {
            self.bus.deliver(&Delivery { subject, reply: None, payload: Arc::from([]), no_responders: true });
        }
        Ok(())
    }

    fn subscribe(&self, pattern: &str) {
        if let Some(member) = self.listens.upgrade() {
            member.1.lock().unwrap().push(pattern.into());
        }
    }

    fn unsubscribe(&self, pattern: &str) {
        if let Some(member) = self.listens.upgrade() {
            member.1.lock().unwrap().retain(|other| other != pattern);
        }
    }
}
