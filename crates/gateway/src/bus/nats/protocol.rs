//! The words of the NATS protocol: what a server says, cut out of the bytes that come, and what is said to it.

use std::str::from_utf8;
use std::sync::Arc;

use bytes::{Buf, BytesMut};

/// Cuts what a server sends into its messages. Bytes go in as they come, cut anywhere.
#[derive(Default)]
pub struct Parser {
    buffer: BytesMut,
    /// How much of the buffer is known to hold no end of a line.
    scanned: usize,
    /// A message whose line has come and whose payload has not.
    head: Option<Head>,
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerOp {
    /// The JSON of what it says of itself.
    Info(Vec<u8>),
    Message(Message),
    Ping,
    Pong,
    Ok,
    Err(String),
}

/// A message somebody published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub subject: Arc<str>,
    pub reply: Option<Arc<str>>,
    /// The status in the first line of its headers; the server uses 503 to say that nobody listens.
    pub status: Option<u16>,
    pub payload: Arc<[u8]>,
}

/// The bytes are not NATS, for this reason. There is no way to go on after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl Parser {
    /// Where to put what was read.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Whether everything that came has been taken out.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.head.is_none()
    }

    /// The next whole message, if it has come. A message whose subject is not text is passed over: whoever may publish
    /// could otherwise end the connection of those who listen.
    ///
    /// # Errors
    /// If what came is not NATS, or bigger than anything a server sends.
    pub fn next_op(&mut self) -> Result<Option<ServerOp>, Malformed> {
        loop {
            if let Some(head) = self.head.take() {
                if self.buffer.len() < head.total + 2 {
                    self.head = Some(head);
                    return Ok(None);
                }
                let message = self.message(head)?;
                if message.is_some() {
                    return Ok(message.map(ServerOp::Message));
                }
                continue;
            }
            let Some(length) = self.line_length()? else { return Ok(None) };
            let parsed = parse_line(self.buffer[..length].trim_ascii_end());
            self.buffer.advance(length);
            match parsed? {
                Line::Op(op) => return Ok(Some(op)),
                Line::Message(head) => self.head = Some(head),
            }
        }
    }

    /// How long the first line is, with its end.
    fn line_length(&mut self) -> Result<Option<usize>, Malformed> {
        match self.buffer[self.scanned..].iter().position(|&b| b == b'\n') {
            Some(at) => {
                let length = self.scanned + at + 1;
                self.scanned = 0;
                Ok(Some(length))
            }
            None if self.buffer.len() > MAX_LINE => Err(Malformed("a line without an end")),
            None => {
                self.scanned = self.buffer.len();
                Ok(None)
            }
        }
    }

    fn message(&mut self, head: Head) -> Result<Option<Message>, Malformed> {
        if &self.buffer[head.total..head.total + 2] != b"\r\n" {
            return Err(Malformed("a payload that does not end where it should"));
        }
        let message = head.names.map(|(subject, reply)| Message {
            subject,
            reply,
            status: status(&self.buffer[..head.headers]),
            payload: self.buffer[head.headers..head.total].into(),
        });
        self.buffer.advance(head.total + 2);
        Ok(message)
    }
}

/// The line before a payload.
struct Head {
    /// Subject and reply, if they are text.
    names: Option<(Arc<str>, Option<Arc<str>>)>,
    /// Bytes of headers at the beginning of the payload.
    headers: usize,
    /// Bytes of headers and payload.
    total: usize,
}

enum Line {
    Op(ServerOp),
    Message(Head),
}

fn parse_line(line: &[u8]) -> Result<Line, Malformed> {
    let end = line.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let rest = rest.trim_ascii();
    let op = match word.to_ascii_uppercase().as_slice() {
        b"MSG" => return parse_head(rest, false).map(Line::Message),
        b"HMSG" => return parse_head(rest, true).map(Line::Message),
        b"INFO" => ServerOp::Info(rest.to_vec()),
        b"PING" => ServerOp::Ping,
        b"PONG" => ServerOp::Pong,
        b"+OK" => ServerOp::Ok,
        b"-ERR" => ServerOp::Err(String::from_utf8_lossy(rest.trim_ascii()).trim_matches('\'').to_owned()),
        _ => return Err(Malformed("a line that begins with no word of the protocol")),
    };
    Ok(Line::Op(op))
}

/// `subject sid [reply] [headers] total`. The subscription's id is not needed: whoever listens goes by the subject.
fn parse_head(line: &[u8], with_headers: bool) -> Result<Head, Malformed> {
    const WRONG: Malformed = Malformed("a message with a wrong number of arguments");
    let mut parts = line.split(|b| matches!(b, b' ' | b'\t')).filter(|part| !part.is_empty());
    let (Some(subject), Some(_sid)) = (parts.next(), parts.next()) else { return Err(WRONG) };
    let rest = [parts.next(), parts.next(), parts.next(), parts.next()];
    let (reply, headers, total) = match (with_headers, rest) {
        (false, [Some(total), None, ..]) => (None, None, total),
        (false, [reply, Some(total), None, _]) => (reply, None, total),
        (true, [headers, Some(total), None, _]) => (None, headers, total),
        (true, [reply, headers, Some(total), None]) => (reply, headers, total),
        _ => return Err(WRONG),
    };
    let total = size(total)?;
    let headers = headers.map_or(Ok(0), size)?;
    if headers > total {
        return Err(Malformed("headers bigger than their message"));
    }
    let reply = reply.map(from_utf8).transpose();
    let names = from_utf8(subject).and_then(|subject| Ok((subject.into(), reply?.map(Into::into)))).ok();
    Ok(Head { names, headers, total })
}

fn size(digits: &[u8]) -> Result<usize, Malformed> {
    let size = from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let size: usize = size.and_then(|text| text.parse().ok()).ok_or(Malformed("a size that is no number"))?;
    if size > MAX_MESSAGE {
        return Err(Malformed("a message bigger than servers allow"));
    }
    Ok(size)
}

/// The status of `NATS/1.0 503 …`.
fn status(headers: &[u8]) -> Option<u16> {
    let line = headers.split(|&b| b == b'\r').next()?;
    let rest = line.strip_prefix(b"NATS/1.0")?.trim_ascii();
    from_utf8(rest.get(..3)?).ok()?.parse().ok()
}

/// Appends a message to be published.
pub fn push_publish(out: &mut Vec<u8>, subject: &str, reply: Option<&str>, payload: &[u8]) {
    push_line(out, &["PUB", subject, reply.unwrap_or(""), &payload.len().to_string()]);
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

/// Appends the wish to be sent what matches a pattern.
pub fn push_subscribe(out: &mut Vec<u8>, pattern: &str, sid: u64) {
    push_line(out, &["SUB", pattern, &sid.to_string()]);
}

/// Appends the end of such a wish.
pub fn push_unsubscribe(out: &mut Vec<u8>, sid: u64) {
    push_line(out, &["UNSUB", &sid.to_string()]);
}

/// Appends a line of these parts, without those that are empty.
pub fn push_line(out: &mut Vec<u8>, parts: &[&str]) {
    for (i, part) in parts.iter().filter(|part| !part.is_empty()).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether something can be published on this subject: non-empty parts of printable ASCII without wildcards. Everything
/// else either means something else to a server or, with a space or the end of a line in it, would be more than one
/// word.
pub fn is_literal(subject: &str) -> bool {
    let ok = |b: u8| matches!(b, 0x21..=0x7e) && b != b'*' && b != b'>';
    subject.split('.').all(|part| !part.is_empty() && part.bytes().all(ok))
}

/// Bytes that the arguments of a line to the server may have. Servers end the connection over 4096; what comes after
/// the subject in the line has its place in what is left.
pub const MAX_ARGUMENTS: usize = 4_000;

/// No line of a server is longer; INFO names all servers of a cluster.
const MAX_LINE: usize = 256 << 10;

/// No server carries bigger messages, however it is configured.
const MAX_MESSAGE: usize = 64 << 20;
