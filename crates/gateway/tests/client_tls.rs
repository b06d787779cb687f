//! The Rust client over TLS: the gateway behind something that ends TLS in front of it, as in production.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use res_gateway::bus::MemoryBus;
use res_gateway::demo;
use resclient::client::{Client, Error, Item, Model, Tokio};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use support::client::TestServer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Ends TLS for `localhost` in front of a gateway. Gives its port, and the certificate that nobody but a test trusts.
async fn tls_in_front_of(gateway: SocketAddr) -> (u16, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (outside, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate ends it here.
                let Ok(mut outside) = acceptor.accept(outside).await else { return };
                let mut inside = TcpStream::connect(gateway).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    (port, certificate)
}

#[tokio::test]
async fn a_gateway_behind_tls_is_talked_to_if_its_certificate_is_trusted() {
    let bus = MemoryBus::new();
    demo::start(&bus);
    let server = TestServer::start(bus).await;
    let (port, certificate) = tls_in_front_of(server.address).await;
    let url = format!("wss://localhost:{port}/");

    let Err(Error::Unreachable(why)) = Client::connect(&url).await else { panic!("nobody vouches for it") };
    assert!(why.contains("certificate"), "{why}");

    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (client, driver) = Client::builder().build(Tokio::new(&url).tls(Arc::new(config)));
    tokio::spawn(driver);
    let book: Model = client.get("library.book.1").await.unwrap();
    assert_eq!(book.get("title"), Some(Item::Data("Animal Farm".into())));
}

#[tokio::test]
async fn what_speaks_no_tls_is_no_gateway() {
    let server = TestServer::start(MemoryBus::new()).await;
    let connected = Client::connect(&format!("wss://{}/", server.address)).await;
    assert!(matches!(connected, Err(Error::Unreachable(_))), "{connected:?}");
}
