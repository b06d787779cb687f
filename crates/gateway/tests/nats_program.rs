//! The program with NATS, by its flags: who it connects to, as whom, and what it says when it cannot.

mod support;

use std::time::Duration;

use res_gateway::bus::nats::{Auth, NatsOptions, TlsOptions};
use res_gateway::service::{Access, Service, ServiceHandle};
use serde_json::{Value, json};
use support::nats::{NatsServer, PATIENCE, connect};
use support::nats_keys::{Authority, Operator};
use support::program::{File, Program, failure, free_port};
use tokio::time::{sleep, timeout};

async fn serve(options: NatsOptions) -> ServiceHandle {
    Service::new("notes")
        .model("notes.first", json!({ "text": "one" }))
        .access("notes.>", |_| Ok(Access::ALL))
        .start(connect(options).await)
}

/// What a client of the program gets of the service, once NATS knows of that.
async fn serves(program: &Program) {
    let mut client = program.connect().await;
    let found = timeout(PATIENCE, async {
        loop {
            let answer = client.request("subscribe.notes.first", Value::Null).await;
            if answer.get("error").is_none() {
                break answer;
            }
            sleep(Duration::from_millis(10)).await;
        }
    });
    let answer = found.await.expect("the service is there in time");
    assert_eq!(answer["result"]["models"]["notes.first"], json!({ "text": "one" }));
}

#[tokio::test]
async fn the_program_serves_what_is_on_the_nats_it_is_given() {
    let server = NatsServer::start("").await;
    let _service = serve(server.options()).await;
    serves(&Program::start(&["--nats", &server.url()])).await;
    // With a small buffer nothing is lost either.
    let file = File::new("buffer.json", &json!({ "natsUrl": server.url(), "bufferSize": 1 }).to_string());
    serves(&Program::start(&["--config", file.path()])).await;
}

#[tokio::test]
async fn the_program_shows_its_credentials_file() {
    let operator = Operator::new();
    let server = NatsServer::start(&operator.config).await;
    let file = operator.credentials(json!({}));
    let _service = serve(NatsOptions { auth: Auth::CredentialsFile(file.clone()), ..server.options() }).await;
    serves(&Program::start(&["--nats", &server.url(), "--creds", file.to_str().unwrap()])).await;

    let (code, log) = failure(&["--nats", &server.url()]);
    assert_eq!(code, Some(1));
    assert!(log.contains("refuses the connection"), "{log}");
}

#[tokio::test]
async fn the_program_shows_its_certificate() {
    let authority = Authority::new();
    let more = format!("ca_file: \"{}\", verify: true", authority.file().display());
    let server = NatsServer::start(&authority.server(&["localhost"], &more)).await;
    let (certificate, key) = authority.issue("client", &["gateway"]);
    let servers = format!("tls://localhost:{}", server.port);
    let tls = TlsOptions {
        root_certificates: vec![authority.file()],
        certificate: Some(certificate.clone()),
        key: Some(key.clone()),
        ..TlsOptions::default()
    };
    let _service = serve(NatsOptions { servers: servers.clone(), tls, ..NatsOptions::default() }).await;
    let (root, certificate, key) = (authority.file(), certificate.to_str().unwrap(), key.to_str().unwrap());
    let root = root.to_str().unwrap();
    let all = ["--nats", &servers, "--natsrootca", root, "--natscert", certificate, "--natskey", key];
    serves(&Program::start(&all)).await;

    for (flags, expected) in [
        (&all[..2], "certificate"),
        (&all[..4], "CertificateRequired"),
        (&all[..6], "natsCert (--natscert) and natsKey (--natskey) go together"),
    ] {
        let (code, log) = failure(flags);
        assert!(code != Some(0) && log.contains(expected), "{flags:?}: {log}");
    }
}

#[test]
fn a_nats_that_is_not_there_is_named_without_the_password() {
    let servers = format!("nats://gateway:hidden@127.0.0.1:{}", free_port());
    let (code, log) = failure(&["--nats", &servers]);
    assert_eq!(code, Some(1));
    assert!(log.contains("cannot connect to") && log.contains("refused"), "{log}");
    assert!(!log.contains("hidden"), "{log}");
}
