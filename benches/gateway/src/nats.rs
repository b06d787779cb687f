//! As much of the NATS protocol as a service needs: publishing and subscribing on one connection.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A connection to a NATS server. Clones are the same connection; what they publish keeps its order.
#[derive(Clone)]
pub struct Nats {
    lines: UnboundedSender<Vec<u8>>,
}

/// A message as it arrives.
pub struct Message<'a> {
    pub subject: &'a str,
    pub reply: Option<&'a str>,
    pub payload: &'a [u8],
}

impl Nats {
    /// Connects, subscribes to the patterns, and hands every message to `handle` in the order of arrival.
    pub async fn connect(
        server: SocketAddr,
        patterns: &[&str],
        mut handle: impl FnMut(&Nats, &Message<'_>) + Send + 'static,
    ) -> io::Result<Nats> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let (read, write) = stream.into_split();
        let (lines, queue) = unbounded_channel();
        let nats = Nats { lines };
        nats.send(b"CONNECT {\"verbose\":false,\"pedantic\":false,\"name\":\"bench\"}\r\n".to_vec());
        for (at, pattern) in patterns.iter().enumerate() {
            nats.send(format!("SUB {pattern} {}\r\n", at + 1).into_bytes());
        }
        tokio::spawn(write_all(write, queue));
        let own = nats.clone();
        tokio::spawn(async move {
            let mut reader = Reader { stream: read, buffer: Vec::with_capacity(READ), start: 0 };
            while let Ok(true) = reader.next(&own, &mut handle).await {}
        });
        Ok(nats)
    }

    pub fn publish(&self, subject: &str, payload: &[u8]) {
        let mut line = format!("PUB {subject} {}\r\n", payload.len()).into_bytes();
        line.extend_from_slice(payload);
        line.extend_from_slice(b"\r\n");
        self.send(line);
    }

    fn send(&self, line: Vec<u8>) {
        // A connection that is lost shows in the workload, which waits for an answer.
        let _ = self.lines.send(line);
    }
}

/// Writes what is queued, all of it at once.
async fn write_all(mut stream: OwnedWriteHalf, mut queue: UnboundedReceiver<Vec<u8>>) {
    let (mut lines, mut batch) = (Vec::new(), Vec::new());
    while queue.recv_many(&mut lines, 1024).await > 0 {
        batch.clear();
        lines.drain(..).for_each(|line| batch.extend_from_slice(&line));
        if stream.write_all(&batch).await.is_err() {
            return;
        }
    }
}

struct Reader {
    stream: OwnedReadHalf,
    buffer: Vec<u8>,
    start: usize,
}

impl Reader {
    /// Reads once and handles what is complete; `false` at the end.
    async fn next(&mut self, nats: &Nats, handle: &mut impl FnMut(&Nats, &Message<'_>)) -> io::Result<bool> {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.reserve(READ);
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Ok(false);
        }
        while let Some(rest) = self.buffer.get(self.start..)
            && let Some(end) = rest.windows(2).position(|two| two == b"\r\n")
        {
            let line = std::str::from_utf8(&rest[..end]).map_err(io::Error::other)?;
            let body = end + 2;
            let mut words = line.split(' ');
            match words.next() {
                Some("PING") => nats.send(b"PONG\r\n".to_vec()),
                Some("-ERR") => return Err(io::Error::other(line.to_owned())),
                Some("MSG") => {
                    let words: Vec<&str> = words.collect();
                    let (subject, reply, length) = match words[..] {
                        [subject, _, length] => (subject, None, length),
                        [subject, _, reply, length] => (subject, Some(reply), length),
                        _ => return Err(io::Error::other(line.to_owned())),
                    };
                    let length: usize = length.parse().map_err(io::Error::other)?;
                    let Some(payload) = rest.get(body..body + length) else { break };
                    if rest.len() < body + length + 2 {
                        break;
                    }
                    handle(nats, &Message { subject, reply, payload });
                    self.start += length + 2;
                }
                // INFO and +OK.
                _ => {}
            }
            self.start += body;
        }
        Ok(true)
    }
}

const READ: usize = 64 << 10;
