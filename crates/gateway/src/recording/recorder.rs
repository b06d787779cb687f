//! Listens to a gateway's connection to its bus, and has what matters written into a file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{error, info};

use super::line::{Header, Line};
use super::transcript::Transcript;
use crate::bus::{Bus, Connection, Delivery, Dial, Dialing, Refusal};

/// A recording that is being made. The gateway never waits for the file: a thread writes it, line by line.
pub struct Recorder {
    tap: Tap,
    written: oneshot::Receiver<()>,
}

impl Recorder {
    /// Makes the file, for nobody else to read where the system has such permissions.
    ///
    /// # Errors
    /// A sentence, if there is such a file already, which stays as it is, or it cannot be made.
    pub fn create(path: &Path) -> Result<Recorder, String> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let name = path.display();
        let failed = |error| format!("cannot write {name}: {error}");
        let mut file = options.open(path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => format!("there is a {name} already; remove it, or take another name"),
            _ => failed(error),
        })?;
        let header = serde_json::to_string(&Header::new()).expect("a text and a number");
        writeln!(file, "{header}").map_err(failed)?;
        let (messages, queue) = sync_channel(ROOM);
        let (done, written) = oneshot::channel();
        let writer = Writer { file, path: path.to_owned(), _done: done };
        let thread = thread::Builder::new().name("recording".into()).spawn(move || writer.write_all(&queue));
        thread.map_err(failed)?;
        info!("recording into {name}");
        Ok(Recorder { tap: Tap { messages, is_incomplete: Arc::default() }, written })
    }

    /// The same connection, listened to.
    pub fn connection(&self, connection: Connection) -> Connection {
        self.tap.connection(connection)
    }

    /// The same way to connections, which are listened to.
    pub fn dial(&self, dial: impl Dial) -> impl Dial {
        Tapped { dial, tap: self.tap.clone() }
    }

    /// Ready when all is written, after the connections are gone.
    pub async fn finished(self) {
        let Recorder { tap, written } = self;
        drop(tap);
        // An error is the end of the thread, which is what is waited for.
        let _ = written.await;
    }
}

enum Message {
    Request { subject: Box<str>, reply: Box<str>, payload: Arc<[u8]> },
    Delivery(Delivery),
}

#[derive(Clone)]
struct Tap {
    messages: SyncSender<(Instant, Message)>,
    /// A message was lost: with a hole the rest would not be true.
    is_incomplete: Arc<AtomicBool>,
}

impl Tap {
    fn connection(&self, connection: Connection) -> Connection {
        let tap = self.clone();
        let listener = move |delivery: &Delivery| tap.take(|| Message::Delivery(delivery.clone()));
        let bus = Arc::new(TappedBus { bus: connection.bus, tap: self.clone() });
        Connection { bus, deliveries: connection.deliveries.heard_by(listener) }
    }

    fn take(&self, message: impl FnOnce() -> Message) {
        if self.is_incomplete.load(Ordering::Relaxed) {
            return;
        }
        // Without a writer there has been an error, which was said.
        if let Err(TrySendError::Full(_)) = self.messages.try_send((Instant::now(), message())) {
            self.is_incomplete.store(true, Ordering::Relaxed);
            error!("the recording ends here: it cannot be written as fast as messages come");
        }
    }
}

struct TappedBus {
    bus: Arc<dyn Bus>,
    tap: Tap,
}

impl Bus for TappedBus {
    fn publish(&self, subject: &str, reply: Option<&str>, payload: Arc<[u8]>) -> Result<(), Refusal> {
        if let Some(reply) = reply {
            let payload = payload.clone();
            self.tap.take(|| Message::Request { subject: subject.into(), reply: reply.into(), payload });
        }
        self.bus.publish(subject, reply, payload)
    }

    fn is_congested(&self) -> bool {
        self.bus.is_congested()
    }

    fn subscribe(&self, pattern: &str) {
        self.bus.subscribe(pattern);
    }

    fn unsubscribe(&self, pattern: &str) {
        self.bus.unsubscribe(pattern);
    }
}

struct Tapped<D> {
    dial: D,
    tap: Tap,
}

impl<D: Dial> Dial for Tapped<D> {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(async { Ok(self.tap.connection(self.dial.dial().await?)) })
    }
}

struct Writer {
    file: File,
    path: PathBuf,
    /// Dropped with it.
    _done: oneshot::Sender<()>,
}

impl Writer {
    fn write_all(mut self, messages: &Receiver<(Instant, Message)>) {
        let (mut transcript, mut start, mut count) = (Transcript::default(), None, 0);
        for (at, message) in messages {
            let line = match (message, start) {
                (Message::Request { subject, reply, payload }, _) => {
                    start.get_or_insert(at);
                    transcript.request(&subject, &reply, &payload);
                    None
                }
                (Message::Delivery(delivery), Some(start)) => transcript
                    .delivery(&delivery)
                    .map(|line| Line { at: at.saturating_duration_since(start).as_millis() as u64, ..line }),
                // Nobody has asked for anything.
                (Message::Delivery(_), None) => None,
            };
            let Some(line) = line else { continue };
            let text = serde_json::to_string(&line).expect("texts, numbers and JSON");
            if let Err(error) = self.file.write_all(format!("{text}\n").as_bytes()) {
                return error!("the recording ends here: cannot write {}: {error}", self.path.display());
            }
            count += 1;
        }
        info!("{} has {count} messages", self.path.display());
    }
}

/// Messages that may wait to be written.
const ROOM: usize = 1 << 16;
