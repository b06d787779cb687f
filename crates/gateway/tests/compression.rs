//! Compressed messages: permessage-deflate, RFC 7692.

mod support;

use res_gateway::GatewayConfig;
use res_gateway::bus::MemoryBus;
use res_gateway::server::ServerConfig;
use res_gateway::service::{Access, Reply, Service, ServiceHandle};
use serde_json::{Value, json};
use support::client::TestServer;
use support::wire::{BINARY, CONTINUATION, FIN, PING, PONG, RSV1, TEXT, Wire, deflated, frame, inflated};

/// A server with the option on, and a service with a model that compresses well.
async fn serve() -> (TestServer, ServiceHandle) {
    let bus = MemoryBus::new();
    let service = Service::new("long")
        .model("long.model", json!({ "text": long("") }))
        .access("long.>", |_| Ok(Access::ALL))
        .call("long.model", "echo", |request| Ok(Reply::value(request.params::<Value>()?)))
        .start(bus.connect());
    support::fixture::start(&bus);
    let config = ServerConfig { ws_compression: true, ..ServerConfig::default() };
    (TestServer::with(bus, GatewayConfig::default(), config).await, service)
}

fn long(prefix: &str) -> String {
    prefix.to_owned() + &"what is there twice is written once, ".repeat(100)
}

#[tokio::test]
async fn an_offer_is_accepted_with_what_it_asks_for_and_passed_over_when_it_cannot_be() {
    let (server, _service) = serve().await;
    const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let with = |bits: &str| Some(format!("{AGREED}; server_max_window_bits={bits}"));
    let plain = Some(AGREED.to_owned());
    let cases = [
        ("permessage-deflate", plain.clone()),
        // As browsers offer it.
        ("permessage-deflate; client_max_window_bits", plain.clone()),
        ("permessage-deflate ;\tclient_max_window_bits = 8", plain.clone()),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", plain.clone()),
        ("permessage-deflate; server_max_window_bits=9", with("9")),
        ("permessage-deflate; server_max_window_bits=\"12\"", with("12")),
        ("permessage-deflate; server_max_window_bits=15; client_max_window_bits=15", with("15")),
        // No such window can be kept to.
        ("permessage-deflate; server_max_window_bits=8", None),
        // Neither of these can mean anything.
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; server_max_window_bits=", None),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; server_max_window_bits=7", None),
        ("permessage-deflate; server_max_window_bits=010", None),
        ("permessage-deflate; server_max_window_bits=1e1", None),
        ("permessage-deflate; client_max_window_bits=16", None),
        ("permessage-deflate; client_max_window_bits=", None),
        ("permessage-deflate; server_no_context_takeover=1", None),
        ("permessage-deflate; client_no_context_takeover=true", None),
        ("permessage-deflate; unknown", None),
        ("permessage-deflate; unknown=1", None),
        ("permessage-deflate;", None),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", None),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits=10", None),
        ("permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", None),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
        ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", None),
        ("x-webkit-deflate-frame", None),
        ("permessage-bzip2, deflate", None),
        ("", None),
        // The first that can be.
        (
            "other; a=1, permessage-deflate; server_max_window_bits=8, permessage-deflate; a, permessage-deflate; server_max_window_bits=12, permessage-deflate",
            with("12"),
        ),
        ("permessage-deflate; unknown\r\nSec-WebSocket-Extensions: other, permessage-deflate", plain),
    ];
    for (offer, expected) in cases {
        let (agreed, mut wire) = Wire::connect(server.address, &format!("Sec-WebSocket-Extensions: {offer}\r\n")).await;
        assert_eq!(agreed, expected, "{offer}");
        wire.send(&frame(FIN | TEXT, br#"{"id":1,"method":"get.long.model"}"#)).await;
        let (first, _) = wire.frame().await;
        assert_eq!(first & RSV1 != 0, agreed.is_some(), "{offer}");
    }
    assert_eq!(Wire::connect(server.address, "").await.0, None, "nobody asked");
}

#[tokio::test]
async fn without_the_option_no_offer_is_accepted() {
    let server = TestServer::start(MemoryBus::new()).await;
    let (agreed, mut wire) = Wire::connect(server.address, "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    assert_eq!(agreed, None);
    wire.send(&frame(FIN | RSV1 | TEXT, &deflated(br#"{"id":1,"method":"get.long.model"}"#))).await;
    assert_eq!(wire.closed().await.0, 1002);
}

#[tokio::test]
async fn a_conversation_is_the_same_with_compression_and_shorter() {
    let (server, service) = serve().await;
    let mut compressed = Wire::compressed(server.address).await;
    let (_, mut plain) = Wire::connect(server.address, "").await;
    let params = json!({ "text": long("öäü "), "n": 1 });
    let requests = [
        ("version", json!({ "protocol": "1.2.3" })),
        ("subscribe.long.model", Value::Null),
        ("subscribe.fix.list", Value::Null),
        ("subscribe.fix.cycle.a", Value::Null),
        ("get.fix.model", Value::Null),
        ("get.fix.missing", Value::Null),
        ("call.long.model.echo", params),
        ("unsubscribe.fix.list", Value::Null),
        ("nonsense", Value::Null),
    ];
    let mut shortened = 0;
    for (id, (method, params)) in requests.iter().enumerate() {
        let request = json!({ "id": id, "method": method, "params": params }).to_string();
        plain.send(&frame(FIN | TEXT, request.as_bytes())).await;
        compressed.send(&frame(FIN | RSV1 | TEXT, &deflated(request.as_bytes()))).await;
        let ((expected, _), (text, is_compressed)) = (plain.text().await, compressed.text().await);
        assert_eq!(text, expected, "{method}");
        shortened += usize::from(is_compressed);
    }
    service.change("long.model", json!({ "text": long("changed ") })).expect("it exists");
    assert_eq!(compressed.text().await, (plain.text().await.0, true));
    assert!(shortened > 2, "{shortened}");
    assert!(compressed.read * 3 < plain.read, "{} of {}", compressed.read, plain.read);
}

#[tokio::test]
async fn what_does_not_get_shorter_is_sent_as_it_is() {
    let (server, _service) = serve().await;
    let mut wire = Wire::compressed(server.address).await;
    // Nothing is there twice, and codes for the letters would not make up for what they take themselves.
    let noise: String = ('#'..='~').filter(|&letter| letter != '\\').chain(('0'..='Z').rev()).collect();
    for (params, is_compressed) in [(json!("short ".repeat(15)), false), (json!(noise), false), (json!(long("")), true)]
    {
        let request = json!({ "id": 1, "method": "call.long.model.echo", "params": params });
        wire.send(&frame(FIN | TEXT, request.to_string().as_bytes())).await;
        let (text, came_compressed) = wire.text().await;
        assert!(text.contains(params.as_str().expect("a text")));
        assert_eq!(came_compressed, is_compressed, "{text:.60}");
    }
}

#[tokio::test]
async fn an_event_reaches_each_client_in_the_window_it_asked_for() {
    let (server, service) = serve().await;
    let mut clients = Vec::new();
    for bits in [9, 15, 10, 9, 15, 15] {
        let offer = format!("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits={bits}\r\n");
        let (_, mut wire) = Wire::connect(server.address, &offer).await;
        wire.send(&frame(FIN | TEXT, br#"{"id":1,"method":"subscribe.long.model"}"#)).await;
        wire.frame().await;
        clients.push((bits, wire));
    }
    for n in 0..20 {
        // Too far away from itself for the smaller windows.
        let half: String = (0..120).map(|word| format!("{} ", (word + n) * 7919)).collect();
        let text = half.repeat(2);
        service.change("long.model", json!({ "text": text })).expect("it exists");
        for (bits, wire) in &mut clients {
            let (first, payload) = wire.frame().await;
            assert_eq!(first, FIN | RSV1 | TEXT);
            let event: Value = serde_json::from_slice(&inflated(&payload)).expect("JSON");
            assert_eq!(event["data"]["values"]["text"], text, "{bits} bits");
            assert_eq!(payload.len() > half.len() * 2 / 3, *bits < 15, "{} bytes with {bits} bits", payload.len());
        }
    }
}

#[tokio::test]
async fn a_compressed_message_may_come_in_any_pieces_with_pings_between() {
    let (server, _service) = serve().await;
    for size in [0, 1, 60, 2_000, 60_000] {
        let params: String = (0..size).map(|n: u64| char::from(b'a' + (n * n * n % 101 % 26) as u8)).collect();
        let request = json!({ "id": 1, "method": "call.long.model.echo", "params": params }).to_string();
        let payload = deflated(request.as_bytes());
        for pieces in [1, 2, 3, 7, 50] {
            let mut wire = Wire::compressed(server.address).await;
            let piece = payload.len().div_ceil(pieces);
            let mut frames = Vec::new();
            for (n, piece) in payload.chunks(piece).enumerate() {
                let first = if n == 0 { RSV1 | TEXT } else { CONTINUATION };
                frames.extend(frame(first, piece));
                frames.extend(frame(FIN | PING, &[n as u8]));
            }
            // The end of the message is one that has nothing more.
            frames.extend(frame(FIN | CONTINUATION, b""));
            // The server runs in between, and reads them so.
            for bytes in frames.chunks(13) {
                wire.send(bytes).await;
                tokio::task::yield_now().await;
            }
            let mut pongs = 0;
            let answer = loop {
                match wire.frame().await {
                    (first, _) if first == FIN | PONG => pongs += 1,
                    (first, payload) if first & RSV1 != 0 => break inflated(&payload),
                    (_, payload) => break payload,
                }
            };
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            assert_eq!(answer["result"], params, "{size} in {pieces}");
            assert!(pongs > 0, "{size} in {pieces}");
        }
    }
}

#[tokio::test]
async fn messages_of_every_length_are_read_whole() {
    let (server, _service) = serve().await;
    let mut wire = Wire::compressed(server.address).await;
    for length in (0..300).chain(2_030..2_066).chain(4_080..4_112).chain([65_535, 65_536, 200_000]) {
        let mut request = format!(r#"{{"id":{length},"method":"call.long.model.echo","params":"""#);
        request.truncate(request.len() - 1);
        let rest = length.max(request.len() + 2) - request.len() - 2;
        request.extend((0..rest).map(|n| char::from(b'a' + (n % 7) as u8)));
        request.push_str("\"}");
        wire.send(&frame(FIN | RSV1 | TEXT, &deflated(request.as_bytes()))).await;
        let answer = wire.json().await;
        assert_eq!((&answer["id"], answer["result"].as_str().map(str::len)), (&json!(length), Some(rest)));
    }
}

#[tokio::test]
async fn a_stream_that_ends_within_its_message_is_followed_by_the_next() {
    let (server, _service) = serve().await;
    let mut wire = Wire::compressed(server.address).await;
    let (begin, end) = (br#"{"id":1,"#, br#""method":"version","params":{"protocol":"1.2.3"}}"#);
    // As RFC 7692 has it in section 7.2.3.4: the last block of a stream, and an empty one.
    let mut ended = Vec::with_capacity(100);
    let mut compress = flate2::Compress::new(flate2::Compression::default(), false);
    compress.compress_vec(begin, &mut ended, flate2::FlushCompress::Finish).expect("it can be compressed");
    wire.send(&frame(FIN | RSV1 | TEXT, &[&ended[..], &deflated(end)].concat())).await;
    assert_eq!(wire.json().await["result"]["protocol"], "1.2.3");
    // And in two frames, that ends with the first.
    wire.send(&frame(RSV1 | TEXT, &ended)).await;
    wire.send(&frame(FIN | CONTINUATION, &deflated(end))).await;
    assert_eq!(wire.json().await["result"]["protocol"], "1.2.3");
}

#[tokio::test]
async fn what_is_against_the_protocol_closes_the_connection_and_no_other() {
    let (server, _service) = serve().await;
    let mut bystander = server.connect().await;
    let request = br#"{"id":1,"method":"get.long.model"}"#;
    let good = deflated(request);
    let (front, back) = good.split_at(good.len() / 2);
    let mut unmasked = vec![FIN | RSV1 | TEXT, good.len() as u8];
    unmasked.extend(&good);
    let protocol = "not the WebSocket protocol";
    let corrupt = "the message is not compressed as it should be";
    let text = [frame(FIN | RSV1 | TEXT, &good), frame(FIN | TEXT, request)];
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("a compressed ping", frame(FIN | RSV1 | PING, b""), 1002, protocol),
        (
            "a compressed ping in a message",
            [frame(RSV1 | TEXT, front), frame(FIN | RSV1 | PING, b"")].concat(),
            1002,
            protocol,
        ),
        (
            "a continuation that says it again",
            [frame(RSV1 | TEXT, front), frame(FIN | RSV1 | CONTINUATION, back)].concat(),
            1002,
            protocol,
        ),
        (
            "a compressed continuation of what is not",
            [frame(TEXT, b"{"), frame(FIN | RSV1 | CONTINUATION, back)].concat(),
            1002,
            protocol,
        ),
        ("a compressed continuation of nothing", frame(FIN | RSV1 | CONTINUATION, &good), 1002, protocol),
        ("another bit", frame(FIN | RSV1 | 0x20 | TEXT, &good), 1002, protocol),
        ("another kind of data", frame(FIN | RSV1 | 3, &good), 1002, protocol),
        ("no mask", unmasked, 1002, protocol),
        (
            "a message within one that is compressed",
            [frame(RSV1 | TEXT, front), text[1].clone()].concat(),
            1002,
            protocol,
        ),
        (
            "a message within one that has nothing yet",
            [frame(RSV1 | TEXT, b""), text[1].clone()].concat(),
            1002,
            protocol,
        ),
        ("a compressed message within another", [frame(RSV1 | TEXT, front), text[0].clone()].concat(), 1002, protocol),
        ("a compressed message within one that is not", [frame(TEXT, b"{"), text[0].clone()].concat(), 1002, protocol),
        ("no deflate", frame(FIN | RSV1 | TEXT, b"\xff\xff\xff\xff"), 1007, corrupt),
        ("half of it", frame(FIN | RSV1 | TEXT, front), 1007, corrupt),
        ("nothing at all", frame(FIN | RSV1 | TEXT, b""), 1007, corrupt),
        // A block that says it has 10 bytes more than there are.
        ("an end that is taken for text", frame(FIN | RSV1 | TEXT, b"\0\x0b\0\xf4\xff{"), 1007, corrupt),
        ("no UTF-8", frame(FIN | RSV1 | TEXT, &deflated(b"\xff\xfe")), 1007, "text must be UTF-8"),
        ("no text", frame(FIN | RSV1 | BINARY, &good), 1003, "frames must be text"),
        ("an empty message", frame(FIN | RSV1 | TEXT, b"\0"), 1007, "a frame must be one JSON object"),
    ];
    for (what, frames, code, reason) in cases {
        let mut wire = Wire::compressed(server.address).await;
        wire.send(&frames).await;
        assert_eq!(wire.closed().await, (code, reason.to_owned()), "{what}");
    }
    assert!(bystander.request("get.long.model", Value::Null).await.get("result").is_some());
}

#[tokio::test]
async fn limits_are_those_of_what_is_in_a_message() {
    let (server, _service) = serve().await;
    let request = |length: usize| {
        json!({ "id": 1, "method": "call.long.model.echo", "params": "x".repeat(length) }).to_string().into_bytes()
    };
    let mut wire = Wire::compressed(server.address).await;
    // More than a frame may have without compression, and less than a message.
    wire.send(&frame(FIN | RSV1 | TEXT, &deflated(&request(200 << 10)))).await;
    assert_eq!(wire.json().await["result"].as_str().map(str::len), Some(200 << 10));
    wire.send(&frame(FIN | RSV1 | TEXT, &deflated(&request(260 << 10)))).await;
    assert_eq!(wire.closed().await.0, 1009);
    // A frame of more than 64 KiB is too big, whatever is in it: here, nothing.
    let mut wire = Wire::compressed(server.address).await;
    let empty = [&b"\0\0\0\xff\xff".repeat(14_000)[..], b"\0"].concat();
    wire.send(&frame(FIN | RSV1 | TEXT, &empty)).await;
    assert_eq!(wire.closed().await.0, 1009);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_message_that_would_have_a_gigabyte_is_refused_before_it_has_it() {
    let (server, _service) = serve().await;
    let megabyte = deflated(&vec![b'x'; 1 << 20]);
    assert!(megabyte.len() < 1_100, "{} bytes", megabyte.len());
    let mut wire = Wire::compressed(server.address).await;
    let before = peak();
    wire.send(&frame(FIN | RSV1 | TEXT, &megabyte)).await;
    assert_eq!(wire.closed().await.0, 1009);
    // A thousand times the same, each complete in itself, in one message.
    let mut wire = Wire::compressed(server.address).await;
    let gigabyte = [&megabyte[..], b"\0\0\xff\xff"].concat().repeat(1 << 10);
    for (n, piece) in gigabyte.chunks(50_000).enumerate() {
        // The server may have had enough.
        let frame = frame(if n == 0 { RSV1 | TEXT } else { CONTINUATION }, piece);
        if tokio::io::AsyncWriteExt::write_all(&mut wire.stream, &frame).await.is_err() {
            break;
        }
    }
    assert_eq!(wire.closed().await.0, 1009);
    assert!(peak() - before < 100 << 10, "{} KiB before, {} KiB after", before, peak());
}

/// The most memory that the process has had, in KiB.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
