//! Messages to clients.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::Terms;

/// Makes a compressed message of one that gets shorter by that, where that was agreed on. Of the long ones, which keep a
/// processor busy for milliseconds, one is made at a time, so that others are served meanwhile.
pub async fn compress(message: Message, terms: Option<Terms>) -> Message {
    let (Some(terms), Some((payload, _))) = (terms, content(&message)) else { return message };
    let bits = terms.window_bits();
    match payload.len() {
        ..WORTHWHILE => message,
        WORTHWHILE..LONG => SHORT_ONES.with_borrow_mut(|deflaters| deflaters.compressed(message, bits)),
        LONG.. => {
            let mut deflaters = LONG_ONES.clone().lock_owned().await;
            match spawn_blocking(move || deflaters.compressed(message, bits)).await {
                Ok(compressed) => compressed,
                // The runtime ends, and this with it.
                Err(_) => pending().await,
            }
        }
    }
}

fn content(message: &Message) -> Option<(&Bytes, Data)> {
    match message {
        Message::Text(text) => Some((text.as_ref(), Data::Text)),
        Message::Binary(bytes) => Some((bytes, Data::Binary)),
        _ => None,
    }
}

thread_local! {
    static SHORT_ONES: RefCell<Deflaters> = RefCell::default();
}

static LONG_ONES: LazyLock<Arc<Mutex<Deflaters>>> = LazyLock::new(Arc::default);

/// By the bits of their windows. Each is larger than all there is of a connection, and used for a moment.
#[derive(Default)]
struct Deflaters(BTreeMap<u8, Deflater>);

impl Deflaters {
    fn compressed(&mut self, message: Message, bits: u8) -> Message {
        let Some((payload, kind)) = content(&message) else { return message };
        let deflater = self.0.entry(bits).or_insert_with(|| Deflater::new(bits));
        let Some(deflated) = deflater.deflated(payload) else { return message };
        let mut frame = Frame::message(deflated, OpCode::Data(kind), true);
        frame.header_mut().rsv1 = true;
        Message::Frame(frame)
    }
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
/// Bytes from which on it takes long: about 3 ms for 120 kB that hardly get shorter.
const LONG: usize = 16 << 10;
/// The lowest that makes codes for the message, which is what shortens those of a few hundred bytes.
const LEVEL: u32 = 2;
/// Texts that are remembered in a thread: connections are behind one another by a few.
const RECENT: usize = 64;
const RECENT_BYTES: usize = 1 << 20;
/// What ends each compressed message and is left out of it (RFC 7692, section 7.2.1).
const MARKER: [u8; 4] = [0, 0, 0xff, 0xff];
