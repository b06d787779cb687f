//! Who one is for a NATS server: users, tokens, nkeys and credentials files, and what is said where they are wrong.

mod support;

use nkeys::KeyPair;
use res_gateway::bus::nats::{Auth, NatsBus, NatsError, NatsOptions};
use res_gateway::bus::{Connection, Dial, Refusal};
use serde_json::json;
use support::nats::{Directory, NatsServer, connect, next};
use support::nats_keys::Operator;

async fn works(mut connection: Connection) {
    connection.bus.subscribe("allowed.a");
    connection.bus.publish("allowed.a", None, b"x".as_slice().into()).unwrap();
    assert_eq!(&*next(&mut connection.deliveries).await.payload, b"x");
}

async fn refused(options: NatsOptions) -> NatsError {
    NatsBus::new(options).expect("the options are good").connect().await.err().expect("the server refuses it")
}

fn password(user: &str, password: &str) -> Auth {
    Auth::Password { user: user.into(), password: password.into() }
}

#[tokio::test]
async fn a_user_and_password_are_taken_from_the_options_or_the_address() {
    let server = NatsServer::start("authorization { user: gw, password: \"s3cr:t@/%\" }").await;
    works(connect(NatsOptions { auth: password("gw", "s3cr:t@/%"), ..server.options() }).await).await;

    let servers = format!("nats://gw:s3cr%3At%40%2F%25@127.0.0.1:{}", server.port);
    let options = NatsOptions { servers, auth: password("someone", "else"), ..NatsOptions::default() };
    assert!(!format!("{options:?}").contains("s3cr"), "{options:?}");
    works(connect(options).await).await;
}

#[tokio::test]
async fn who_is_not_let_in_learns_why_without_the_password() {
    let server = NatsServer::start("authorization { user: gw, password: right }").await;
    let url = format!("nats://gw:hidden@127.0.0.1:{}", server.port);
    for options in [
        server.options(),
        NatsOptions { auth: password("gw", "hidden"), ..server.options() },
        NatsOptions { auth: Auth::Token("hidden".into()), ..server.options() },
        NatsOptions { servers: url, ..server.options() },
    ] {
        let error = refused(options.clone()).await;
        let expected = format!(
            "{} refuses the connection (Authorization Violation): check the user, token, nkey or credentials file",
            server.url()
        );
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, NatsError::Refused { .. }));
        let dialed = NatsBus::new(options).unwrap().dial().await.err().expect("the server refuses it");
        assert_eq!(dialed.to_string(), expected);
    }
}

#[tokio::test]
async fn a_token_is_taken_from_the_options_or_the_address() {
    let server = NatsServer::start("authorization { token: letmein }").await;
    works(connect(NatsOptions { auth: Auth::Token("letmein".into()), ..server.options() }).await).await;
    let servers = format!("letmein@127.0.0.1:{}", server.port);
    works(connect(NatsOptions { servers, ..NatsOptions::default() }).await).await;
}

#[tokio::test]
async fn an_nkey_signs_what_the_server_asks() {
    let user = KeyPair::new_user();
    let config = format!("authorization {{ users: [ {{ nkey: {} }} ] }}", user.public_key());
    let server = NatsServer::start(&config).await;
    let seed = user.seed().unwrap();
    let options = NatsOptions { auth: Auth::Nkey(seed.as_str().into()), ..server.options() };
    assert!(!format!("{options:?}").contains(&seed));
    works(connect(options).await).await;

    let folder = Directory::new();
    let file = folder.join("user.nk");
    for text in
        [format!("{seed}\n"), format!("-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n")]
    {
        std::fs::write(&file, text).unwrap();
        works(connect(NatsOptions { auth: Auth::NkeyFile(file.clone()), ..server.options() }).await).await;
    }

    let other = Auth::Nkey(KeyPair::new_user().seed().unwrap().as_str().into());
    assert!(matches!(refused(NatsOptions { auth: other, ..server.options() }).await, NatsError::Refused { .. }));
}

#[tokio::test]
async fn an_nkey_is_of_no_use_to_a_server_without() {
    let server = NatsServer::start("").await;
    let auth = Auth::Nkey(KeyPair::new_user().seed().unwrap().as_str().into());
    let error = refused(NatsOptions { auth, ..server.options() }).await;
    assert!(error.to_string().contains("the server knows no nkeys"), "{error}");
}

#[tokio::test]
async fn a_credentials_file_opens_a_server_that_trusts_jwts() {
    let operator = Operator::new();
    let server = NatsServer::start(&operator.config).await;
    let auth = Auth::CredentialsFile(operator.credentials(json!({})));
    works(connect(NatsOptions { auth, ..server.options() }).await).await;

    let other = Operator::new();
    let stranger = Auth::CredentialsFile(other.credentials(json!({})));
    let error = refused(NatsOptions { auth: stranger, ..server.options() }).await;
    assert!(matches!(error, NatsError::Refused { .. }), "{error}");
    assert!(matches!(refused(server.options()).await, NatsError::Refused { .. }));
}

#[tokio::test]
async fn a_credentials_file_that_is_replaced_counts_from_the_next_connection_on() {
    let operator = Operator::new();
    let server = NatsServer::start(&operator.config).await;
    let other = Operator::new();
    let file = other.credentials(json!({}));
    let bus = NatsBus::new(NatsOptions { auth: Auth::CredentialsFile(file.clone()), ..server.options() }).unwrap();
    assert!(bus.connect().await.is_err());
    std::fs::copy(operator.credentials(json!({})), file).unwrap();
    works(bus.connect().await.unwrap()).await;
}

#[tokio::test]
async fn a_users_own_limit_of_payloads_is_kept() {
    let operator = Operator::new();
    let server = NatsServer::start(&operator.config).await;
    let auth = Auth::CredentialsFile(operator.credentials(json!({ "payload": 100 })));
    let connection = connect(NatsOptions { auth, ..server.options() }).await;
    assert_eq!(connection.bus.publish("allowed.a", None, vec![b'x'; 101].into()), Err(Refusal::Payload));
    works(connection).await;
}

#[tokio::test]
async fn a_subject_that_is_not_permitted_does_not_end_the_connection() {
    let config = "authorization { users: [ { user: gw, password: pw, permissions: \
                  { publish: [\"allowed.>\"], subscribe: [\"allowed.>\", \"_INBOX.>\"] } } ] }";
    let server = NatsServer::start(config).await;
    let mut connection = connect(NatsOptions { auth: password("gw", "pw"), ..server.options() }).await;
    connection.bus.subscribe("_INBOX.x.*");
    connection.bus.subscribe("forbidden.>");
    connection.bus.publish("forbidden.a", Some("_INBOX.x.1"), b"".as_slice().into()).unwrap();
    // What is permitted still works; nobody answered the other.
    connection.bus.publish("allowed.nobody", Some("_INBOX.x.2"), b"".as_slice().into()).unwrap();
    let delivery = next(&mut connection.deliveries).await;
    assert_eq!((&*delivery.subject, delivery.no_responders), ("_INBOX.x.2", true));
    works(connection).await;
    assert!(server.log().contains("Publish Violation"), "{}", server.log());
    assert!(server.log().contains("Subscription Violation"), "{}", server.log());
}

#[test]
fn files_that_cannot_be_used_are_refused_at_once() {
    let folder = Directory::new();
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let seed = KeyPair::new_account().seed().unwrap();
    let mut broken = KeyPair::new_user().seed().unwrap();
    let other = if &broken[20..21] == "A" { "B" } else { "A" };
    broken.replace_range(20..21, other);
    for (auth, expected) in [
        (Auth::CredentialsFile(folder.join("none")), "cannot read"),
        (Auth::CredentialsFile(write("empty", "")), "is no credentials file"),
        (
            Auth::CredentialsFile(write("half", "---BEGIN NATS USER JWT---\n------END NATS USER JWT------\n")),
            "is no cred",
        ),
        (Auth::NkeyFile(write("words", "no seed at all")), "holds no seed of a user's nkey"),
        (Auth::Nkey(seed.as_str().into()), "the nkey holds no seed of a user's nkey"),
        (Auth::Nkey(broken.as_str().into()), "the nkey holds no seed"),
    ] {
        let error = NatsBus::new(NatsOptions { auth, ..NatsOptions::default() }).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains(&seed) && !error.contains(&broken), "{error}");
    }
}
