//! Any bytes from a NATS server, in pieces of any length: the parser must make the same of them as of the whole.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "what is sent is not parsed here")]
#[path = "../../crates/gateway/src/bus/nats/protocol.rs"]
mod protocol;

use protocol::{Malformed, Parser, ServerOp};

fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (lengths, bytes) = input;
    let mut pieces = Vec::new();
    let mut rest = bytes;
    for length in lengths {
        let (piece, others) = rest.split_at(rest.len().min(length.into()));
        pieces.push(piece);
        rest = others;
    }
    pieces.push(rest);
    assert_eq!(parse(&pieces), parse(&[bytes]));
});

fn parse(pieces: &[&[u8]]) -> (Vec<ServerOp>, Option<Malformed>) {
    let (mut parser, mut ops) = (Parser::default(), Vec::new());
    for piece in pieces {
        parser.buffer().extend_from_slice(piece);
        loop {
            match parser.next_op() {
                Ok(Some(op)) => ops.push(op),
                Ok(None) => break,
                Err(error) => return (ops, Some(error)),
            }
        }
    }
    (ops, None)
}
