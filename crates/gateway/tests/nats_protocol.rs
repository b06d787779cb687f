//! The parser of what NATS servers send: the same messages however the bytes are cut, and no bytes that break it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use res_gateway::bus::nats::protocol::{Malformed, Message, Parser, ServerOp};

/// Feeds a parser piece by piece, and collects what it makes of it.
fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<ServerOp>, Malformed> {
    let (mut parser, mut ops) = (Parser::default(), Vec::new());
    for piece in pieces {
        parser.buffer().extend_from_slice(piece);
        while let Some(op) = parser.next_op()? {
            ops.push(op);
        }
    }
    Ok(ops)
}

fn whole(bytes: &[u8]) -> Result<Vec<ServerOp>, Malformed> {
    parse([bytes])
}

fn message(subject: &str, reply: Option<&str>, status: Option<u16>, payload: &[u8]) -> ServerOp {
    let (subject, reply) = (subject.into(), reply.map(Into::into));
    ServerOp::Message(Message { subject, reply, status, payload: payload.into() })
}

/// The bytes by which a server would say this.
fn written(op: &ServerOp) -> Vec<u8> {
    match op {
        ServerOp::Info(json) => [b"INFO ", json.as_slice(), b" \r\n"].concat(),
        ServerOp::Ping => b"PING\r\n".into(),
        ServerOp::Pong => b"PONG\r\n".into(),
        ServerOp::Ok => b"+OK\r\n".into(),
        ServerOp::Err(text) => format!("-ERR '{text}'\r\n").into(),
        ServerOp::Message(m) => {
            let reply = m.reply.as_ref().map_or(String::new(), |reply| format!("{reply} "));
            let headers = m.status.map_or(String::new(), |status| format!("NATS/1.0 {status} Text\r\nA: b\r\n\r\n"));
            let total = headers.len() + m.payload.len();
            let line = if headers.is_empty() {
                format!("MSG {} 7 {reply}{total}\r\n", m.subject)
            } else {
                format!("HMSG {} 7 {reply}{} {total}\r\n{headers}", m.subject, headers.len())
            };
            [line.as_bytes(), &m.payload, b"\r\n"].concat()
        }
    }
}

fn any_op() -> impl Strategy<Value = ServerOp> {
    let subject = "[!-)+-=?-~]{1,9}";
    let message = (subject, proptest::option::of(subject), proptest::option::of(100u16..999), vec(any::<u8>(), 0..40))
        .prop_map(|(subject, reply, status, payload)| message(&subject, reply.as_deref(), status, &payload));
    prop_oneof![
        6 => message,
        1 => Just(ServerOp::Ping),
        1 => Just(ServerOp::Pong),
        1 => Just(ServerOp::Ok),
        1 => "[a-zA-Z ]{0,9}[a-z]".prop_map(ServerOp::Err),
        1 => Just(ServerOp::Info(br#"{"max_payload":1}"#.into())),
    ]
}

/// Cuts bytes into pieces at these places.
fn cut<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    places.push(bytes.len());
    places.sort_unstable();
    let mut from = 0;
    places.iter().map(|&to| &bytes[std::mem::replace(&mut from, to)..to]).collect()
}

proptest! {
    #[test]
    fn bytes_cut_anywhere_are_the_same_messages(
        ops in vec(any_op(), 0..12),
        places in vec(any::<Index>(), 0..20),
    ) {
        let bytes: Vec<u8> = ops.iter().flat_map(written).collect();
        prop_assert_eq!(parse(cut(&bytes, &places)), Ok(ops.clone()));
        prop_assert_eq!(parse(bytes.chunks(1)), Ok(ops));
    }

    #[test]
    fn bytes_with_faults_in_them_never_panic_and_do_not_depend_on_the_cuts(
        ops in vec(any_op(), 1..8),
        faults in vec((any::<Index>(), any::<u8>()), 1..6),
        places in vec(any::<Index>(), 0..20),
    ) {
        let mut bytes: Vec<u8> = ops.iter().flat_map(written).collect();
        for (place, byte) in faults {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        prop_assert_eq!(parse(cut(&bytes, &places)), whole(&bytes));
    }

    #[test]
    fn any_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = whole(&bytes);
    }
}

#[test]
fn every_word_of_a_server_is_understood() {
    let bytes = b"INFO {\"a\":1}\r\nMSG a 1 5\r\nhello\r\nmsg a.b\t1  re.ply 0\r\n\r\nPING\r\npong\r\n+OK\r\n-ERR 'Stale Connection'\r\n";
    let expected = vec![
        ServerOp::Info(br#"{"a":1}"#.into()),
        message("a", None, None, b"hello"),
        message("a.b", Some("re.ply"), None, b""),
        ServerOp::Ping,
        ServerOp::Pong,
        ServerOp::Ok,
        ServerOp::Err("Stale Connection".into()),
    ];
    assert_eq!(whole(bytes), Ok(expected));
}

#[test]
fn headers_give_their_status_and_are_no_part_of_the_payload() {
    let bytes = b"HMSG in 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\nHMSG in 1 re 12 14\r\nNATS/1.0\r\n\r\n{}\r\n";
    assert_eq!(whole(bytes), Ok(vec![message("in", None, Some(503), b""), message("in", Some("re"), None, b"{}")]));
    for odd in ["", "NATS/1.0 ", "NATS/1.0 5", "NATS/1.0 abc", "HTTP/1.1 503", "NATS/1.0 503"] {
        let bytes = format!("HMSG in 1 {} {}\r\n{odd}\r\n", odd.len(), odd.len());
        let status = (odd == "NATS/1.0 503").then_some(503);
        assert_eq!(whole(bytes.as_bytes()), Ok(vec![message("in", None, status, b"")]), "{odd:?}");
    }
}

#[test]
fn what_is_no_nats_is_refused() {
    let bad: [&[u8]; 14] = [
        b"\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"MSG\r\n",
        b"MSG a\r\n",
        b"MSG a 1\r\n",
        b"MSG a 1 b c 3\r\n",
        b"MSG a 1 x\r\n",
        b"MSG a 1 +3\r\n",
        b"MSG a 1 -1\r\n",
        b"MSG a 1 99999999999999999999999\r\n",
        b"MSG a 1 67108865\r\n",
        b"MSG a 1 2\r\nabc\r\n",
        b"HMSG a 1 5 4\r\n",
        b"HMSG a 1 5\r\n",
    ];
    for bytes in bad {
        assert!(whole(bytes).is_err(), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    let mut parser = Parser::default();
    let refused = (0..1_000).position(|_| {
        parser.buffer().extend_from_slice(&[b'a'; 1_000]);
        parser.next_op().is_err()
    });
    assert_eq!(refused, Some(262));
}

#[test]
fn a_message_whose_subject_is_no_text_is_passed_over() {
    let bytes = b"MSG \xff 1 2\r\nab\r\nMSG a 1 \xff 2\r\nab\r\nMSG b 1 1\r\nc\r\n";
    assert_eq!(whole(bytes), Ok(vec![message("b", None, None, b"c")]));
}
