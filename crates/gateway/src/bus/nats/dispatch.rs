//! The task of a connection: everything that arrives goes through one loop into one queue, in the order it arrived.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tracing::{debug, error, warn};

use super::address::ServerAddress;
use super::error::{NatsError, printable};
use super::handshake::{Opened, Stream, parse_info};
use super::outbound::{Outbound, Work};
use super::pool::Pool;
use super::protocol::{Malformed, Parser, ServerOp};
use crate::bus::Delivery;

/// What the task needs to know of its connection.
pub(super) struct Dispatch {
    pub server: ServerAddress,
    pub pool: Arc<Pool>,
    pub outbound: Arc<Outbound>,
    pub deliveries: mpsc::Sender<(Delivery, OwnedSemaphorePermit)>,
    pub room: Room,
    pub ping_interval: Duration,
}

impl Dispatch {
    /// Carries messages until the connection ends, which the queue of deliveries tells by its end.
    pub async fn run(self, opened: Opened) {
        let (from, to) = split(opened.stream);
        let reason = tokio::select! {
            reason = self.read(from, opened.parser) => reason,
            reason = self.write(to) => reason,
            reason = self.end() => reason,
        };
        self.outbound.discard(reason.clone());
        match reason {
            NatsError::Closed => debug!(server = %self.server, "left NATS"),
            reason => {
                warn!(server = %self.server, %reason, "lost NATS");
                self.pool.leave(&self.server);
            }
        }
    }

    async fn read(&self, mut from: ReadHalf<Box<dyn Stream>>, mut parser: Parser) -> NatsError {
        let mut heartbeat = interval_at(Instant::now() + self.ping_interval, self.ping_interval);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // While the queue is full, nothing is read and no time passes here.
        let mut unanswered = 0;
        loop {
            loop {
                match parser.next_op() {
                    Ok(Some(op)) => {
                        if let Err(reason) = self.take(op).await {
                            return reason;
                        }
                    }
                    Ok(None) => break,
                    Err(Malformed(reason)) => return NatsError::Protocol(reason),
                }
            }
            parser.buffer().reserve(READ_BYTES);
            tokio::select! {
                read = from.read_buf(parser.buffer()) => match read {
                    Ok(0) => return NatsError::Broken("the server closed it".to_owned()),
                    Ok(_) => unanswered = 0,
                    Err(error) => return NatsError::Broken(error.to_string()),
                },
                _ = heartbeat.tick() => {
                    if unanswered == UNANSWERED_PINGS {
                        return NatsError::Silent;
                    }
                    self.outbound.ping();
                    unanswered += 1;
                }
            }
        }
    }

    async fn take(&self, op: ServerOp) -> Result<(), NatsError> {
        match op {
            ServerOp::Message(message) => {
                let no_responders = message.status == Some(503) && message.payload.is_empty();
                let (subject, reply, payload) = (message.subject, message.reply, message.payload);
                // Here reading waits while the queue is full.
                let room = self.room.take(payload.len()).await;
                // An error means that nobody wants messages any more, while the sending side may still be of use.
                let _ = self.deliveries.send((Delivery { subject, reply, payload, no_responders }, room)).await;
            }
            ServerOp::Ping => self.outbound.pong(),
            ServerOp::Pong => self.outbound.ponged(),
            ServerOp::Ok => {}
            ServerOp::Info(json) => {
                let info = parse_info(&json)?;
                self.outbound.set_max_payload(info.max_payload);
                self.pool.learn(&self.server, &info);
                if info.lame_duck {
                    self.leave_lame_duck();
                }
            }
            ServerOp::Err(reason) if is_permission(&reason) => {
                let reason = printable(&reason);
                error!(server = %self.server, reason, "NATS does not permit something that is needed (docs/nats.md)");
            }
            ServerOp::Err(reason) => return Err(NatsError::Server(printable(&reason))),
        }
        Ok(())
    }

    /// A server that is about to end takes no new clients. If there is another, it is better to go there now than to be
    /// cut off in the middle of something; if not, what time is left is of use.
    fn leave_lame_duck(&self) {
        if self.pool.has_other(&self.server) {
            self.outbound.close(NatsError::LameDuck);
        } else {
            warn!(server = %self.server, "the only NATS server known is about to end");
        }
    }

    async fn write(&self, mut to: WriteHalf<Box<dyn Stream>>) -> NatsError {
        let mut batch = Vec::new();
        loop {
            let written = match self.outbound.next(&mut batch) {
                Work::Write => to.write_all(&batch).await,
                // Before waiting, and not after each batch, TLS gives away what it holds back.
                Work::Wait => match to.flush().await {
                    Ok(()) => {
                        self.outbound.woken().await;
                        Ok(())
                    }
                    failed => failed,
                },
                Work::End(reason) => {
                    // The server has everything already; an error is that it was quicker to close.
                    let _ = to.shutdown().await;
                    return reason;
                }
            };
            if let Err(error) = written {
                return NatsError::Broken(error.to_string());
            }
        }
    }

    /// Ends what does not end by itself: a server that does not take what was published before the end.
    async fn end(&self) -> NatsError {
        let reason = self.outbound.ending().await;
        if !matches!(reason, NatsError::Backlog(_)) {
            sleep(LAST_WORDS).await;
        }
        reason
    }
}

/// Room for the bytes of messages that wait to be dealt with.
pub(super) struct Room {
    free: Arc<Semaphore>,
    bytes: u32,
}

impl Room {
    pub fn new(bytes: usize) -> Room {
        let bytes = u32::try_from(bytes.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Room { free: Arc::new(Semaphore::new(bytes as usize)), bytes }
    }

    /// Waits for room for a message. One that is bigger than all there is takes all.
    async fn take(&self, bytes: usize) -> OwnedSemaphorePermit {
        let bytes = u32::try_from(bytes).map_or(self.bytes, |bytes| bytes.min(self.bytes));
        self.free.clone().acquire_many_owned(bytes).await.expect("it is never closed")
    }
}

/// The server refuses one subject and goes on.
fn is_permission(reason: &str) -> bool {
    reason.get(..PERMISSION.len()).is_some_and(|start| start.eq_ignore_ascii_case(PERMISSION))
}

const PERMISSION: &str = "permissions violation";

/// Pings that may be without an answer.
const UNANSWERED_PINGS: u32 = 2;

/// How much is read at once.
const READ_BYTES: usize = 64 << 10;

/// Time for the server to take what was published before the end.
const LAST_WORDS: Duration = Duration::from_secs(2);
