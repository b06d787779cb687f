//! A WebSocket byte by byte, for what a library of clients would not send.

use std::net::SocketAddr;
use std::time::Duration;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub const FIN: u8 = 0x80;
/// What says that a message is compressed.
pub const RSV1: u8 = 0x40;
pub const CONTINUATION: u8 = 0;
pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// A client's end.
pub struct Wire {
    pub stream: TcpStream,
    /// Bytes of all frames that were read.
    pub read: usize,
}

impl Wire {
    /// Connects with header lines, each with its line break. Returns what the server says of extensions.
    pub async fn connect(address: SocketAddr, headers: &str) -> (Option<String>, Wire) {
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
        let upgrade = format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{key}{headers}\r\n");
        stream.set_nodelay(true).expect("a socket");
        stream.write_all(format!("GET / HTTP/1.1\r\nHost: {address}\r\n{upgrade}").as_bytes()).await.expect("open");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.expect("an answer in time").expect("an answer"));
        }
        let head = String::from_utf8(head).expect("UTF-8").to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        let agreed = head.lines().find_map(|line| line.strip_prefix("sec-websocket-extensions: ")).map(str::to_owned);
        (agreed, Wire { stream, read: 0 })
    }

    /// Connects with compression.
    pub async fn compressed(address: SocketAddr) -> Wire {
        let (agreed, wire) = Wire::connect(address, "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
        assert!(agreed.is_some(), "compression is agreed on");
        wire
    }

    pub async fn send(&mut self, frame: &[u8]) {
        self.stream.write_all(frame).await.expect("the connection is open");
    }

    /// The next frame: its first byte, and its payload.
    pub async fn frame(&mut self) -> (u8, Vec<u8>) {
        timeout(PATIENCE, self.read_frame()).await.expect("a frame in time").expect("the connection is open")
    }

    async fn read_frame(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let (first, second) = (self.stream.read_u8().await?, self.stream.read_u8().await?);
        let (head, length) = match second {
            126 => (4, self.stream.read_u16().await?.into()),
            127 => (10, self.stream.read_u64().await?),
            length => (2, length.into()),
        };
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await?;
        self.read += head + payload.len();
        Ok((first, payload))
    }

    /// The text of the next message, and whether it came compressed.
    pub async fn text(&mut self) -> (String, bool) {
        loop {
            let (first, payload) = self.frame().await;
            let text = match first {
                first if first == FIN | TEXT => payload,
                first if first == FIN | RSV1 | TEXT => inflated(&payload),
                first if first == FIN | PING => continue,
                _ => panic!("expected a text: {first:#x} {}", String::from_utf8_lossy(&payload)),
            };
            return (String::from_utf8(text).expect("UTF-8"), first & RSV1 != 0);
        }
    }

    pub async fn json(&mut self) -> Value {
        serde_json::from_str(&self.text().await.0).expect("frames are JSON")
    }

    /// Waits until the server closes, and returns the code and the reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            let (first, payload) = self.frame().await;
            if first == FIN | CLOSE {
                let (code, reason) = payload.split_at(2);
                let code = u16::from_be_bytes(code.try_into().expect("two bytes"));
                return (code, String::from_utf8(reason.to_vec()).expect("UTF-8"));
            }
        }
    }
}

/// A masked frame as clients send it.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The payload of a compressed message.
pub fn deflated(text: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::with_capacity(text.len() + 64);
    let mut compress = Compress::new(Compression::default(), false);
    compress.compress_vec(text, &mut deflated, FlushCompress::Sync).expect("it can be compressed");
    assert!(deflated.ends_with(&[0, 0, 0xff, 0xff]), "all of it");
    deflated.truncate(deflated.len() - 4);
    deflated
}

/// What is in the payload of a compressed message.
pub fn inflated(payload: &[u8]) -> Vec<u8> {
    let input = [payload, &[0, 0, 0xff, 0xff]].concat();
    let mut inflate = Decompress::new(false);
    let (mut inflated, mut is_complete) = (Vec::new(), false);
    while !is_complete {
        inflated.reserve(4096);
        let rest = &input[inflate.total_in() as usize..];
        inflate.decompress_vec(rest, &mut inflated, FlushDecompress::None).expect("it is compressed");
        is_complete = inflated.len() < inflated.capacity();
    }
    inflated
}

const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
/// After this a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(20);
