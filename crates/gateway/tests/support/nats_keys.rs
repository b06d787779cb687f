//! Who vouches for whom, made anew for each test: users by JWT, servers and clients by certificate.

use std::path::PathBuf;

use data_encoding::BASE64URL_NOPAD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa};
use serde_json::{Value, json};

use super::nats::Directory;

/// An operator with an account, for a server that trusts JWTs.
pub struct Operator {
    account: nkeys::KeyPair,
    /// Configuration of that server.
    pub config: String,
    /// Where its credentials files are.
    folder: Directory,
}

impl Operator {
    pub fn new() -> Operator {
        let (operator, account) = (nkeys::KeyPair::new_operator(), nkeys::KeyPair::new_account());
        let own = jwt(&operator, &operator, json!({ "type": "operator", "version": 2 }));
        let unlimited = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        });
        let accounts = jwt(&operator, &account, json!({ "type": "account", "version": 2, "limits": unlimited }));
        let config = format!(
            "operator: {own}\nresolver: MEMORY\nresolver_preload: {{ {}: {accounts} }}\n",
            account.public_key()
        );
        Operator { account, config, folder: Directory::new() }
    }

    /// A credentials file for a new user.
    pub fn credentials(&self, limits: Value) -> PathBuf {
        let user = nkeys::KeyPair::new_user();
        let mut claims =
            json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1, "pub": {}, "sub": {} });
        claims.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        let file = self.folder.join(user.public_key());
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
             ************************* IMPORTANT *************************\n\
             NKEY Seed printed below can be used to sign and prove identity.\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n\n\
             *************************************************************\n",
            jwt(&self.account, &user, claims),
            user.seed().unwrap()
        );
        std::fs::write(&file, text).unwrap();
        file
    }
}

fn jwt(issuer: &nkeys::KeyPair, subject: &nkeys::KeyPair, claims: Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let (issuer_name, subject) = (issuer.public_key(), subject.public_key());
    let body = json!({ "jti": "1", "iat": 1, "iss": issuer_name, "sub": subject, "name": "test", "nats": claims });
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(body.to_string().as_bytes()));
    format!("{signed}.{}", encode(&issuer.sign(signed.as_bytes()).unwrap()))
}

/// An authority, with certificates of it for a server and a client, as files.
pub struct Authority {
    issuer: CertifiedIssuer<'static, rcgen::KeyPair>,
    pub folder: Directory,
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap();
        let folder = Directory::new();
        std::fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Authority { issuer, folder }
    }

    /// What vouches for the certificates.
    pub fn file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Files of a certificate for these names and of its key.
    pub fn issue(&self, file: &str, names: &[&str]) -> (PathBuf, PathBuf) {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let files = (self.folder.join(format!("{file}.pem")), self.folder.join(format!("{file}.key")));
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }

    /// Configuration of a server that has a certificate, with further lines in its section on TLS.
    pub fn server(&self, names: &[&str], more: &str) -> String {
        let (certificate, key) = self.issue("server", names);
        let (certificate, key) = (certificate.display(), key.display());
        format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\", timeout: 5, {more} }}")
    }
}
