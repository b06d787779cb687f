//! TLS to a NATS server: who vouches for it, the client's own certificate, and what is never sent without.

mod support;

use std::path::{Path, PathBuf};

use res_gateway::bus::Connection;
use res_gateway::bus::nats::{Auth, NatsBus, NatsError, NatsOptions, TlsOptions};
use support::nats::{NatsServer, Scripted, connect, next};
use support::nats_keys::Authority;

fn trusting(authority: &Authority) -> TlsOptions {
    TlsOptions { root_certificates: vec![authority.file()], ..TlsOptions::default() }
}

fn options(server: &NatsServer, tls: TlsOptions) -> NatsOptions {
    NatsOptions { servers: format!("localhost:{}", server.port), tls, ..NatsOptions::default() }
}

async fn works(mut connection: Connection) {
    connection.bus.subscribe("a");
    // More than one record of TLS holds.
    connection.bus.publish("a", None, vec![b'x'; 100_000].into()).unwrap();
    assert_eq!(next(&mut connection.deliveries).await.payload.len(), 100_000);
}

async fn refused(options: NatsOptions) -> String {
    NatsBus::new(options).expect("the options are good").connect().await.err().expect("it must be refused").to_string()
}

#[tokio::test]
async fn a_server_that_requires_tls_is_talked_to_over_tls() {
    let authority = Authority::new();
    let server = NatsServer::start(&authority.server(&["localhost"], "")).await;
    works(connect(options(&server, trusting(&authority))).await).await;
    let servers = format!("tls://localhost:{}", server.port);
    works(connect(NatsOptions { servers, ..options(&server, trusting(&authority)) }).await).await;
}

#[tokio::test]
async fn tls_that_begins_before_the_servers_first_line_is_spoken_when_asked_for() {
    let authority = Authority::new();
    let server = NatsServer::start(&authority.server(&["localhost"], "handshake_first: true")).await;
    let tls = TlsOptions { first: true, ..trusting(&authority) };
    works(connect(options(&server, tls)).await).await;
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_refused() {
    let authority = Authority::new();
    let server = NatsServer::start(&authority.server(&["localhost"], "")).await;
    let other = Authority::new();
    let error = refused(options(&server, trusting(&other))).await;
    assert!(error.contains("the root certificates must vouch for it"), "{error}");
    // Without further ado, only those count whom the system trusts.
    let error = refused(options(&server, TlsOptions::default())).await;
    assert!(error.contains("certificate"), "{error}");
    let other_name = NatsOptions { servers: server.url(), ..options(&server, trusting(&authority)) };
    let error = refused(other_name).await;
    assert!(error.contains("certificate"), "{error}");
}

#[tokio::test]
async fn the_clients_own_certificate_is_shown_to_a_server_that_asks_for_it() {
    let authority = Authority::new();
    let more = format!("ca_file: \"{}\", verify: true", authority.file().display());
    let server = NatsServer::start(&authority.server(&["localhost"], &more)).await;
    let own = |(certificate, key): (PathBuf, PathBuf)| TlsOptions {
        certificate: Some(certificate),
        key: Some(key),
        ..trusting(&authority)
    };
    works(connect(options(&server, own(authority.issue("client", &["gateway"])))).await).await;

    let without = refused(options(&server, trusting(&authority))).await;
    assert!(without.contains("CertificateRequired"), "{without}");
    let other = Authority::new();
    let stranger = refused(options(&server, own(other.issue("client", &["gateway"])))).await;
    assert!(stranger.contains("alert"), "{stranger}");
}

#[tokio::test]
async fn nothing_is_told_to_a_server_without_tls_where_tls_is_required() {
    let server = NatsServer::start("authorization { token: letmein }").await;
    let authority = Authority::new();
    for tls in [TlsOptions { required: true, ..TlsOptions::default() }, trusting(&authority)] {
        let options = NatsOptions { auth: Auth::Token("letmein".into()), ..options(&server, tls) };
        let error = refused(options).await;
        assert!(error.contains("has no TLS, which is required here"), "{error}");
    }
    let servers = format!("tls://letmein@localhost:{}", server.port);
    assert!(refused(NatsOptions { servers, ..NatsOptions::default() }).await.contains("has no TLS"));
}

#[tokio::test]
async fn what_somebody_puts_between_the_first_line_and_tls_is_not_taken_for_the_servers() {
    let mut server = Scripted::start().await;
    let authority = Authority::new();
    let options = NatsOptions { servers: server.url(), tls: trusting(&authority), ..NatsOptions::default() };
    let connecting = tokio::spawn(refused(options));
    server.accept("INFO {\"tls_required\":true}\r\nINFO {\"connect_urls\":[\"127.0.0.1:1\"]}\r\n").await;
    assert!(connecting.await.unwrap().contains("not encrypted"));
}

#[test]
fn files_that_cannot_be_used_are_refused_at_once() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("client", &["gateway"]);
    let (_, other_key) = authority.issue("other", &["gateway"]);
    let empty = authority.folder.join("empty");
    std::fs::write(&empty, "").unwrap();
    let own = |certificate: Option<&Path>, key: Option<&Path>| TlsOptions {
        certificate: certificate.map(Into::into),
        key: key.map(Into::into),
        ..trusting(&authority)
    };
    let roots = |file: PathBuf| TlsOptions { root_certificates: vec![file], ..TlsOptions::default() };
    for (tls, expected) in [
        (own(Some(&certificate), None), "is given without its key: a client certificate needs both files"),
        (own(None, Some(&key)), "is given without its certificate: a client certificate needs both files"),
        (own(Some(&certificate), Some(&other_key)), "do not go together"),
        (own(Some(&empty), Some(&key)), "there is none in it"),
        (own(Some(&certificate), Some(&empty)), "cannot read a key from"),
        (roots(empty.clone()), "there is none in it"),
        (roots(authority.folder.join("none")), "cannot read certificates from"),
    ] {
        let error = NatsBus::new(NatsOptions { tls, ..NatsOptions::default() }).err().unwrap();
        assert!(matches!(error, NatsError::Tls(_)));
        assert!(error.to_string().contains(expected), "{error}");
    }
}
