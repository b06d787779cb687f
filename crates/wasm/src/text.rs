//! The buffer frames are copied into, the one place where JavaScript writes to linear memory.

use wasm_bindgen::prelude::*;

use crate::host::Host;

/// A buffer that is reused from frame to frame.
pub struct TextBuffer {
    bytes: Vec<u8>,
}

impl TextBuffer {
    pub fn new() -> Self {
        TextBuffer { bytes: vec![0; KEPT] }
    }

    /// Copies a message in; `None` when it is not text.
    pub fn ingest(&mut self, host: &Host, data: &JsValue) -> Option<&str> {
        if self.bytes.len() < KEPT {
            self.bytes.resize(KEPT, 0);
        }
        loop {
            let written = host.ingest(data, self.bytes.as_mut_ptr(), self.bytes.len());
            match written {
                0.. => {
                    let bytes = self.bytes.get(..written as usize)?;
                    // SAFETY: the shell writes with `TextEncoder.encodeInto`, whose output is UTF-8 by definition, or
                    // byte by byte when every character is ASCII. `bytes` is bounded by the length it reports.
                    return Some(unsafe { std::str::from_utf8_unchecked(bytes) });
                }
                -1 => return None,
                _ => {
                    // Nothing of the old content is needed, so it is not copied over.
                    self.bytes = Vec::new();
                    self.bytes.resize((-1 - written) as usize, 0);
                }
            }
        }
    }

    /// Gives back the memory an unusually large frame took.
    pub fn shrink(&mut self) {
        if self.bytes.len() > KEPT {
            self.bytes = Vec::new();
        }
    }
}

/// Bytes kept between frames.
const KEPT: usize = 64 * 1024;
