//! Messages from clients.

use std::io::{self, Cursor};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::message::Message;

/// A connection from which compressed messages are read as if they had been sent without compression, for a WebSocket
/// that knows of none. They come in pieces, so that its limits are those of what is in them. Whatever else comes is
/// handed on, also what is wrong, which the WebSocket refuses.
pub struct Inflated<S> {
    socket: S,
    /// `None` where no compression was agreed on.
    incoming: Option<Box<Incoming>>,
}

impl<S> Inflated<S> {
    /// Frames of more than `frame_bytes`, as they are sent, are left to the WebSocket, which has the same limit.
    pub fn new(socket: S, is_agreed: bool, frame_bytes: usize) -> Inflated<S> {
        Inflated { socket, incoming: is_agreed.then(|| Box::new(Incoming::new(frame_bytes))) }
    }

    /// The socket, without what was read of it.
    pub fn into_inner(self) -> S {
        self.socket
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Inflated<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context, buf: &mut ReadBuf) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(incoming) = &mut this.incoming else { return Pin::new(&mut this.socket).poll_read(cx, buf) };
        while !incoming.has_output()? {
            let mut bytes = [MaybeUninit::uninit(); READ_BYTES];
            let mut read = ReadBuf::uninit(&mut bytes);
            ready!(Pin::new(&mut this.socket).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            incoming.input.extend_from_slice(read.filled());
        }
        let length = incoming.output.len().min(buf.remaining());
        buf.put_slice(&incoming.output.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Inflated<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

struct Incoming {
    frame_bytes: usize,
    /// As it was read.
    input: BytesMut,
    /// For the WebSocket.
    output: BytesMut,
    frame: Reading,
    message: Option<Message>,
}

/// The frame at the front of the input.
enum Reading {
    Header,
    /// So many bytes are handed on.
    Plain(u64),
    Compressed {
        rest: u64,
        mask: [u8; 4],
        is_final: bool,
    },
    /// All of a compressed one has been read.
    End {
        is_final: bool,
    },
}

impl Incoming {
    fn new(frame_bytes: usize) -> Incoming {
        let (input, output) = Default::default();
        Incoming { frame_bytes, input, output, frame: Reading::Header, message: None }
    }

    /// Whether there is something for the WebSocket; otherwise more has to be read.
    fn has_output(&mut self) -> io::Result<bool> {
        while self.output.is_empty() {
            // Nothing is kept while there is nothing.
            self.output = BytesMut::new();
            if self.input.is_empty() {
                self.input = BytesMut::new();
            }
            let has_moved = match self.frame {
                Reading::Header => self.begin(),
                Reading::Plain(rest) => self.hand_on(rest),
                Reading::Compressed { rest, mask, is_final } => self.go_on(rest, mask, is_final)?,
                Reading::End { is_final } => self.end(is_final)?,
            };
            if !has_moved {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn begin(&mut self) -> bool {
        let mut cursor = Cursor::new(&self.input);
        let (header, length) = match FrameHeader::parse(&mut cursor) {
            Ok(Some(parsed)) => parsed,
            Ok(None) => return false,
            Err(_) => {
                self.frame = Reading::Plain(u64::MAX);
                return true;
            }
        };
        let head = cursor.position() as usize;
        let is_compressed = match (header.opcode, &self.message) {
            (OpCode::Data(Data::Text | Data::Binary), None) => header.rsv1,
            (OpCode::Data(Data::Continue), Some(_)) => !header.rsv1,
            _ => false,
        };
        let is_allowed = !header.rsv2 && !header.rsv3 && length <= self.frame_bytes as u64;
        match header.mask {
            Some(mask) if is_compressed && is_allowed => {
                self.input.advance(head);
                self.message.get_or_insert_with(|| Message::new(header.opcode, READ_BYTES.min(self.frame_bytes)));
                self.frame = Reading::Compressed { rest: length, mask, is_final: header.is_final };
            }
            _ => self.frame = Reading::Plain(length.saturating_add(head as u64)),
        }
        true
    }

    fn hand_on(&mut self, rest: u64) -> bool {
        let length = rest.min(self.input.len() as u64);
        self.output = self.input.split_to(length as usize);
        self.frame = if rest == length { Reading::Header } else { Reading::Plain(rest - length) };
        length > 0
    }

    fn go_on(&mut self, rest: u64, mut mask: [u8; 4], is_final: bool) -> io::Result<bool> {
        let message = self.message.as_mut().expect("a compressed frame is part of a message");
        if message.inflate(&mut self.output)? {
            return Ok(true);
        }
        let length = rest.min(self.input.len() as u64);
        let mut masked = self.input.split_to(length as usize);
        masked.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        message.feed(&masked);
        mask.rotate_left(masked.len() % 4);
        self.frame = Reading::Compressed { rest: rest - length, mask, is_final };
        if rest == length {
            if is_final {
                message.feed_end();
            }
            self.frame = Reading::End { is_final };
        }
        Ok(length > 0 || rest == 0)
    }

    /// Each frame makes at least one for the WebSocket, which so knows whether a message has begun.
    fn end(&mut self, is_final: bool) -> io::Result<bool> {
        let message = self.message.as_mut().expect("a compressed frame is part of a message");
        if message.inflate(&mut self.output)? {
            return Ok(true);
        }
        message.write(is_final, &mut self.output)?;
        if is_final {
            self.message = None;
        }
        self.frame = Reading::Header;
        Ok(true)
    }
}

/// Bytes read, and handed on, at once.
const READ_BYTES: usize = 2 << 10;
