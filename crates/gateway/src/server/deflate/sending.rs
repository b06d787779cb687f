//! Messages to clients.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::Terms;

/// Makes a compressed message of one that gets shorter by that, where that was agreed on.
pub fn compress(message: Message, terms: Option<Terms>) -> Message {
    let Some(terms) = terms else { return message };
    let (payload, kind) = match &message {
        Message::Text(text) => (text.as_ref(), Data::Text),
        Message::Binary(bytes) => (bytes, Data::Binary),
        _ => return message,
    };
    if payload.len() < WORTHWHILE {
        return message;
    }
    let deflated = DEFLATERS.with_borrow_mut(|deflaters| {
        let bits = terms.window_bits();
        deflaters.entry(bits).or_insert_with(|| Deflater::new(bits)).deflated(payload)
    });
    let Some(deflated) = deflated else { return message };
    let mut frame = Frame::message(deflated, OpCode::Data(kind), true);
    frame.header_mut().rsv1 = true;
    Message::Frame(frame)
}

thread_local! {
    /// By the bits of their windows. Each is larger than all there is of a connection, and used for a moment.
    static DEFLATERS: RefCell<BTreeMap<u8, Deflater>> = RefCell::default();
}

struct Deflater {
    compress: Compress,
    /// What was sent last to several clients, and is likely to be sent to more; `None` is what does not get shorter.
    recent: VecDeque<(Bytes, Option<Bytes>)>,
    /// Bytes of the texts in there.
    recent_bytes: usize,
}

impl Deflater {
    fn new(bits: u8) -> Deflater {
        let compress = Compress::new_with_window_bits(Compression::new(LEVEL), false, bits);
        Deflater { compress, recent: VecDeque::new(), recent_bytes: 0 }
    }

    fn deflated(&mut self, text: &Bytes) -> Option<Bytes> {
        if text.is_unique() {
            return self.deflate(text);
        }
        // The entry holds the text, so that no other can be at its address.
        let is_same = |other: &Bytes| other.as_ptr() == text.as_ptr() && other.len() == text.len();
        if let Some((_, deflated)) = self.recent.iter().rev().find(|(other, _)| is_same(other)) {
            return deflated.clone();
        }
        let deflated = self.deflate(text);
        self.recent.push_back((text.clone(), deflated.clone()));
        self.recent_bytes += text.len();
        while self.recent.len() > RECENT || self.recent_bytes > RECENT_BYTES {
            let Some((text, _)) = self.recent.pop_front() else { break };
            self.recent_bytes -= text.len();
        }
        deflated
    }

    /// `None` for what does not get shorter.
    fn deflate(&mut self, text: &[u8]) -> Option<Bytes> {
        let mut deflated = Vec::with_capacity(text.len() + MARKER.len());
        let status = self.compress.compress_vec(text, &mut deflated, FlushCompress::Sync);
        self.compress.reset();
        // Where there is room left, all has been written.
        let is_complete = matches!(status, Ok(Status::Ok)) && deflated.len() < deflated.capacity();
        let length = deflated.strip_suffix(&MARKER).filter(|_| is_complete)?.len();
        deflated.truncate(length);
        Some(deflated.into_boxed_slice().into())
    }
}

/// Bytes from which on a message is compressed: one that stands for itself has little in it that is there twice.
const WORTHWHILE: usize = 128;
/// The lowest that makes codes for the message, which is what shortens those of a few hundred bytes.
const LEVEL: u32 = 2;
/// Texts that are remembered in a thread: connections are behind one another by a few.
const RECENT: usize = 64;
const RECENT_BYTES: usize = 1 << 20;
/// What ends each compressed message and is left out of it (RFC 7692, section 7.2.1).
const MARKER: [u8; 4] = [0, 0, 0xff, 0xff];
