//! The gateway over TLS: https and wss, which files it takes, and that it notices when they change.

mod support;

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use serde_json::{Value, json};
use support::program::{File, Program, failure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate for `localhost` and its key, as PEM, and as clients that trust it know it.
struct Made {
    cert: String,
    key: String,
    der: CertificateDer<'static>,
}

fn make() -> Made {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    Made { cert: made.cert.pem(), key: made.signing_key.serialize_pem(), der: made.cert.der().clone() }
}

async fn connect(
    program: &Program,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(&program.address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

fn start(name: &str, made: &Made) -> (Program, File, File) {
    let cert = File::new(&format!("{name}-cert.pem"), &made.cert);
    let key = File::new(&format!("{name}-key.pem"), &made.key);
    let program = Program::start(&["--tls", "--tlscert", cert.path(), "--tlskey", key.path()]);
    (program, cert, key)
}

#[tokio::test]
async fn https_and_wss_are_served_by_tls_1_2_and_1_3() {
    let made = make();
    let (program, ..) = start("served", &made);
    for version in [&TLS12, &TLS13] {
        let mut stream = connect(&program, &made.der, &[version]).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        let request = "GET /api/library/books HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

        let stream = connect(&program, &made.der, &[version]).await.unwrap();
        let (mut socket, _) = tokio_tungstenite::client_async("wss://localhost/", stream).await.unwrap();
        let frame = json!({ "id": 1, "method": "version", "params": { "protocol": "1.2.3" } }).to_string();
        futures_util::SinkExt::send(&mut socket, frame.into()).await.unwrap();
        let answer = futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap();
        let answer: Value = serde_json::from_str(answer.to_text().unwrap()).unwrap();
        assert_eq!(answer["result"]["protocol"], "1.2.3");
    }
}

#[tokio::test]
async fn who_does_not_speak_tls_gets_no_answer_and_disturbs_nobody() {
    let made = make();
    let (program, ..) = start("plain", &made);
    let mut plain = TcpStream::connect(&program.address).await.unwrap();
    plain.write_all(b"GET /api/library/books HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/"), "{answer:?}");
    // Says nothing, and so holds the handshake; others do not wait for it.
    let _silent = TcpStream::connect(&program.address).await.unwrap();
    connect(&program, &made.der, &[&TLS13]).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_renewed_is_shown_without_a_restart() {
    let (old, new) = (make(), make());
    // What a name has in it does not make two lines of one.
    let (program, cert, key) = start("re\nnewed", &old);
    let before = connect(&program, &old.der, &[&TLS13]).await.unwrap();
    // Between the two there is no pair, and the old one is good.
    std::fs::write(&cert.0, &new.cert).unwrap();
    connect(&program, &old.der, &[&TLS13]).await.unwrap();
    std::fs::write(&key.0, &new.key).unwrap();
    connect(&program, &new.der, &[&TLS13]).await.unwrap();
    assert!(connect(&program, &old.der, &[&TLS13]).await.is_err());
    // What is connected stays so.
    let (mut socket, _) = tokio_tungstenite::client_async("wss://localhost/", before).await.unwrap();
    futures_util::SinkExt::send(&mut socket, r#"{"id":1,"method":"version"}"#.into()).await.unwrap();
    assert!(futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap().is_text());
    // And what is no certificate changes nothing.
    std::fs::write(&cert.0, "oops").unwrap();
    connect(&program, &new.der, &[&TLS13]).await.unwrap();
    let log = program.into_log();
    assert!(log.contains("the certificate is renewed") && log.contains("is kept"), "{log}");
    assert!(log.lines().all(|line| line.contains(" INFO ") || line.contains(" ERROR ")), "{log}");
}

#[tokio::test]
async fn without_tls_a_certificate_is_not_used() {
    let made = make();
    let (cert, key) = (File::new("unused-cert.pem", &made.cert), File::new("unused-key.pem", &made.key));
    let config = json!({ "tls": true, "tlsCert": cert.path(), "tlsKey": key.path() }).to_string();
    let config = File::new("tls.json", &config);
    let program = Program::start(&["-c", config.path(), "--tls=false"]);
    assert_eq!(program.get("/api/library/books").await.0, 200);
    let program = Program::start(&["-c", config.path()]);
    connect(&program, &made.der, &[&TLS13]).await.unwrap();
}

#[test]
fn files_that_are_no_certificate_and_key_are_refused() {
    let (made, other) = (make(), make());
    let (cert, key) = (File::new("good-cert.pem", &made.cert), File::new("good-key.pem", &made.key));
    let (oops, none) = (File::new("oops.pem", "oops"), File::none("none.pem"));
    let other = File::new("other-key.pem", &other.key);
    let cases = [
        (&none, &key, none.path()),
        (&oops, &key, oops.path()),
        (&key, &key, key.path()),
        (&cert, &none, none.path()),
        (&cert, &oops, oops.path()),
        (&cert, &cert, cert.path()),
        (&cert, &other, other.path()),
    ];
    for (cert, key, named) in cases {
        let (code, message) = failure(&["--port", "0", "--tls", "--tlscert", cert.path(), "--tlskey", key.path()]);
        assert_eq!((code, message.lines().count()), (Some(2), 1), "{message}");
        assert!(message.contains(named), "{named}: {message}");
    }
}
