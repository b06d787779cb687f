//! A WebSocket client that costs little beside what it measures. Frames of a server are short and never masked; those of
//! this client are masked with zeros, which the protocol allows and which leaves them as they are.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// One client of the gateway.
pub struct Client {
    stream: TcpStream,
    input: Vec<u8>,
    /// Where in `input` the next frame begins.
    start: usize,
    output: Vec<u8>,
    next: u64,
}

impl Client {
    /// Opens a WebSocket with the headers that browsers send, and agrees on a version of the protocol.
    pub async fn connect(gateway: SocketAddr) -> io::Result<Client> {
        let mut stream = TcpStream::connect(gateway).await?;
        stream.set_nodelay(true)?;
        let head = format!(
            "GET / HTTP/1.1\r\nHost: {gateway}\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
             User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
             Accept-Language: en-GB,en;q=0.9\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut client = Client { stream, input: Vec::with_capacity(512), start: 0, output: Vec::new(), next: 0 };
        while !client.input.windows(4).any(|four| four == b"\r\n\r\n") {
            client.fill().await?;
        }
        if !client.input.starts_with(b"HTTP/1.1 101 ") {
            return Err(io::Error::other(String::from_utf8_lossy(&client.input).into_owned()));
        }
        let end = client.input.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_default();
        client.start = end + 4;
        client.request("version", r#"{"protocol":"1.2.3"}"#).await?;
        Ok(client)
    }

    /// Sends a request and gives its id. It is on its way with the next [`Client::flush`].
    pub fn push(&mut self, method: &str, params: &str) -> u64 {
        self.next += 1;
        let text = match params {
            "" => format!(r#"{{"id":{},"method":"{method}"}}"#, self.next),
            _ => format!(r#"{{"id":{},"method":"{method}","params":{params}}}"#, self.next),
        };
        self.output.push(0x81);
        match text.len() {
            length @ ..126 => self.output.push(0x80 | length as u8),
            length => {
                self.output.push(0x80 | 126);
                self.output.extend_from_slice(&(length as u16).to_be_bytes());
            }
        }
        self.output.extend_from_slice(&[0; 4]);
        self.output.extend_from_slice(text.as_bytes());
        self.next
    }

    /// The id of the request that was made last; 0 before the first.
    pub fn last_id(&self) -> u64 {
        self.next
    }

    pub async fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.output).await?;
        self.output.clear();
        Ok(())
    }

    /// Sends bytes as they are, frames or not.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Makes a request and waits for its result.
    pub async fn request(&mut self, method: &str, params: &str) -> io::Result<Value> {
        let id = self.push(method, params);
        self.flush().await?;
        let frame = self.frame().await?.to_owned();
        let mut answer: Value = serde_json::from_str(&frame)?;
        if answer["id"] != id || answer.get("result").is_none() {
            return Err(io::Error::other(format!("{method} was answered with {frame}")));
        }
        Ok(answer["result"].take())
    }

    /// The next text frame; pings are answered.
    pub async fn frame(&mut self) -> io::Result<&str> {
        loop {
            if let Some((code, payload)) = self.complete() {
                match code {
                    1 => return std::str::from_utf8(&self.input[payload]).map_err(io::Error::other),
                    9 => {
                        self.output.extend_from_slice(&[0x8a, 0x80, 0, 0, 0, 0]);
                        self.flush().await?;
                    }
                    10 => {}
                    _ => return Err(io::Error::other(format!("a frame with opcode {code}, or fragmented"))),
                }
            } else {
                self.fill().await?;
            }
        }
    }

    /// Whether a whole frame is there already, so that the next one costs no system call.
    fn complete(&mut self) -> Option<(u8, std::ops::Range<usize>)> {
        let rest = &self.input[self.start..];
        let (&[first, short], rest) = rest.split_first_chunk::<2>()?;
        let (length, header) = match short {
            126 => (u16::from_be_bytes(*rest.first_chunk()?) as usize, 4),
            127 => (u64::from_be_bytes(*rest.first_chunk()?) as usize, 10),
            length => (usize::from(length), 2),
        };
        let payload = self.start + header..self.start + header + length;
        if payload.end > self.input.len() {
            return None;
        }
        self.start = payload.end;
        // A fragment is no text frame of its own.
        Some((if first & 0x80 == 0 { 0 } else { first & 0x0f }, payload))
    }

    async fn fill(&mut self) -> io::Result<()> {
        self.input.drain(..self.start);
        self.start = 0;
        match timeout(SILENCE, self.stream.read_buf(&mut self.input)).await {
            Err(_) => Err(io::Error::other("the gateway is silent")),
            Ok(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read.map(drop),
        }
    }
}

/// Longer than anything takes that is measured, pings included.
const SILENCE: Duration = Duration::from_secs(60);
