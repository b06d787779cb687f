//! One compressed message of a client.

use std::{fmt, io};

use bytes::{Buf, BufMut, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// What a client called compressed is not, or is not complete.
#[derive(Debug)]
pub struct Corrupt;

impl From<Corrupt> for io::Error {
    fn from(corrupt: Corrupt) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, corrupt)
    }
}

/// A message that is inflated and written in pieces, each as a frame that is not compressed.
pub struct Message {
    /// Of the next frame that is made of it.
    opcode: OpCode,
    inflate: Decompress,
    /// At the end of what can be inflated, for now.
    is_at_end: bool,
    deflated: BytesMut,
    piece: Vec<u8>,
}

impl Message {
    pub fn new(opcode: OpCode, piece: usize) -> Message {
        Message {
            opcode,
            inflate: Decompress::new(false),
            is_at_end: false,
            deflated: BytesMut::new(),
            piece: Vec::with_capacity(piece),
        }
    }

    pub fn feed(&mut self, deflated: &[u8]) {
        self.deflated.extend_from_slice(deflated);
    }

    /// After all of the message.
    pub fn feed_end(&mut self) {
        self.feed(&END);
    }

    /// Inflates what is there. When that fills a piece, it is written, and there may be more.
    pub fn inflate(&mut self, output: &mut BytesMut) -> Result<bool, Corrupt> {
        while self.piece.len() < self.piece.capacity() {
            // A sender that cannot do otherwise ends its stream and begins another one (RFC 7692, section 7.2.3.4).
            if self.is_at_end && !self.deflated.is_empty() {
                self.inflate.reset(false);
            }
            let before = self.inflate.total_in();
            let status = self.inflate.decompress_vec(&self.deflated, &mut self.piece, FlushDecompress::None);
            let status = status.map_err(|_| Corrupt)?;
            self.deflated.advance((self.inflate.total_in() - before) as usize);
            self.is_at_end = status == Status::StreamEnd;
            let is_full = self.piece.len() == self.piece.capacity();
            if status == Status::BufError || self.deflated.is_empty() && !is_full {
                return Ok(false);
            }
        }
        self.write(false, output)?;
        Ok(true)
    }

    /// Makes a frame of the piece. Its mask changes nothing.
    ///
    /// # Errors
    /// If it is to be the final one, and the end that was put behind the message is not the end of it, but was taken for
    /// something else.
    pub fn write(&mut self, is_final: bool, output: &mut BytesMut) -> Result<(), Corrupt> {
        if is_final && !(self.is_at_end && self.deflated.is_empty()) {
            return Err(Corrupt);
        }
        let header = FrameHeader { is_final, opcode: self.opcode, mask: Some([0; 4]), ..FrameHeader::default() };
        header.format(self.piece.len() as u64, &mut output.writer()).expect("a buffer takes all");
        output.extend_from_slice(&self.piece);
        self.piece.clear();
        self.opcode = OpCode::Data(Data::Continue);
        Ok(())
    }
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the message is not compressed as it should be")
    }
}

impl std::error::Error for Corrupt {}

/// What a sender leaves out at the end of a message (RFC 7692, section 7.2.1), and an empty block that is the last one:
/// only in a message that is complete is it the end.
const END: [u8; 9] = [0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff];
