//! The buffer frames are copied into, the one place where JavaScript writes to linear memory.

use wasm_bindgen::prelude::*;

use crate::host::Host;

/// A buffer that is reused from frame to frame.
pub struct TextBuffer {
    bytes: Vec<u8>,
}

impl TextBuffer {
    pub fn new() -> Self {
        TextBuffer { bytes: Vec::new() }
    }

    /// Copies the data of a message in; `None` when it is no frame.
    pub fn ingest(&mut self, host: &Host, data: &JsValue) -> Option<&str> {
        self.bytes.clear();
        self.bytes.reserve(KEPT);
        loop {
            let written = host.ingest(data, self.bytes.as_mut_ptr(), self.bytes.capacity());
            match written {
                0.. => {
                    let len = (written as usize).min(self.bytes.capacity());
                    // SAFETY: the shell has written the bytes up to the length it reports, which is within the capacity.
                    unsafe { self.bytes.set_len(len) };
                    // SAFETY: it writes with `TextEncoder.encodeInto`, whose output is UTF-8 by definition, or byte by
                    // byte when every character is ASCII.
                    return Some(unsafe { std::str::from_utf8_unchecked(&self.bytes) });
                }
                -1 => return None,
                _ => {
                    // Nothing of the old content is needed, so it is not copied over.
                    self.bytes = Vec::with_capacity((-1 - written) as usize);
                }
            }
        }
    }

    /// Gives back the memory an unusually large frame took.
    pub fn shrink(&mut self) {
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
    }
}

/// Bytes kept between frames.
const KEPT: usize = 64 * 1024;
