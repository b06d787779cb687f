//! The text of a message, copied part by part into the engine's buffer: the one place where JavaScript writes to linear memory.

use resclient::protocol::frame::Source;
use wasm_bindgen::prelude::*;

use crate::host::Host;

/// The data of a message.
pub struct Text<'a> {
    host: &'a Host,
    /// What was not handed to the shell yet.
    data: Option<&'a JsValue>,
    left: usize,
}

impl<'a> Text<'a> {
    pub fn new(host: &'a Host, data: &'a JsValue) -> Self {
        Text { host, data: Some(data), left: 0 }
    }
}

impl Source for Text<'_> {
    /// What is no text is an empty one.
    fn read(&mut self, window: &mut String) -> bool {
        // No more than that, and a little for the beginning of what is longer.
        if window.capacity() - window.len() < PART {
            window.reserve_exact(PART + window.len() / 4);
        }
        // SAFETY: what is appended below is UTF-8.
        let bytes = unsafe { window.as_mut_vec() };
        let end = bytes.len();
        let room = bytes.spare_capacity_mut().as_mut_ptr().cast();
        let written = match self.data.take() {
            Some(data) => self.host.ingest(data, room),
            None => self.host.ingest_more(room),
        };
        let more = written < 0;
        let written = if more { -1 - written } else { written };
        assert!(written <= PART as i32);
        // SAFETY: the shell has written so many bytes, for which there is room. It writes with `TextEncoder.encodeInto`, whose output
        // is UTF-8 by definition, or byte by byte when every character is ASCII.
        unsafe { bytes.set_len(end + written as usize) };
        self.left = if more { self.host.left() } else { 0 };
        more
    }

    fn left(&self) -> usize {
        self.left
    }
}

/// Bytes that the shell writes at most: of 2^15 UTF-16 units.
const PART: usize = 3 << 15;
