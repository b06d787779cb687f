//! What NATS servers send, in pieces.

use res_gateway::bus::nats::protocol::{Malformed, Parser, ServerOp};

/// The first byte says how many pieces there are, those after it how long each is, and all the others are what is sent; the
/// last piece is what is left. The parser must make the same of them as of the whole.
pub fn check(input: &[u8]) {
    let Some((&count, rest)) = input.split_first() else { return };
    let (lengths, bytes) = rest.split_at(rest.len().min(count.into()));
    let (mut pieces, mut rest) = (Vec::new(), bytes);
    for &length in lengths {
        let (piece, others) = rest.split_at(rest.len().min(length.into()));
        pieces.push(piece);
        rest = others;
    }
    pieces.push(rest);
    assert_eq!(parse(&pieces), parse(&[bytes]), "{}", bytes.escape_ascii());
}

/// What the parser makes of it, up to what is no NATS.
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
