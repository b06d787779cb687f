//! Saying to a server who one is.

use std::fs::read_to_string;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use nkeys::{KeyPair, KeyPairType};

use super::error::NatsError;
use super::info::Identity;
use super::options::Auth;

/// Who to be, with what the files said.
pub(super) enum Credentials {
    Plain(Auth),
    /// A user's key, and the JWT that vouches for it.
    Key(Box<KeyPair>, Option<String>),
}

impl Credentials {
    /// Reads the files that are named.
    pub fn load(auth: &Auth) -> Result<Credentials, NatsError> {
        match auth {
            Auth::Nkey(seed) => Ok(Credentials::Key(user_key(seed.reveal(), "the nkey")?, None)),
            Auth::NkeyFile(path) => {
                let text = read(path)?;
                let seed = block(&text, "SEED").unwrap_or(text.trim());
                Ok(Credentials::Key(user_key(seed, &path.display().to_string())?, None))
            }
            Auth::CredentialsFile(path) => {
                let text = read(path)?;
                let (Some(jwt), Some(seed)) = (block(&text, "JWT"), block(&text, "SEED")) else {
                    let path = path.display();
                    return Err(NatsError::Credentials(format!(
                        "{path} is no credentials file: it needs a USER JWT and a USER NKEY SEED, as nsc writes them"
                    )));
                };
                Ok(Credentials::Key(user_key(seed, &path.display().to_string())?, Some(jwt.to_owned())))
            }
            plain => Ok(Credentials::Plain(plain.clone())),
        }
    }

    /// What to tell a server that wants this nonce signed.
    pub fn identify(&self, nonce: Option<&str>) -> Result<Identity, NatsError> {
        let nobody = Identity::default();
        match self {
            Credentials::Plain(Auth::Password { user, password }) => {
                Ok(Identity { user: Some(user.clone()), password: Some(password.reveal().to_owned()), ..nobody })
            }
            Credentials::Plain(Auth::Token(token)) => Ok(Identity { token: Some(token.reveal().to_owned()), ..nobody }),
            Credentials::Plain(_) => Ok(nobody),
            Credentials::Key(key, jwt) => {
                let Some(nonce) = nonce else {
                    return Err(NatsError::Credentials(
                        "the server knows no nkeys or credentials files: use what it is configured for".to_owned(),
                    ));
                };
                let failed = |_| NatsError::Credentials("the nkey cannot sign".to_owned());
                let signature = BASE64URL_NOPAD.encode(&key.sign(nonce.as_bytes()).map_err(failed)?);
                Ok(Identity {
                    // The JWT names the key already.
                    nkey: jwt.is_none().then(|| key.public_key()),
                    jwt: jwt.clone(),
                    signature: Some(signature),
                    ..nobody
                })
            }
        }
    }
}

fn read(path: &Path) -> Result<String, NatsError> {
    read_to_string(path).map_err(|error| NatsError::Credentials(format!("cannot read {}: {error}", path.display())))
}

fn user_key(seed: &str, place: &str) -> Result<Box<KeyPair>, NatsError> {
    // The library's own words may hold a part of the seed.
    let key = KeyPair::from_seed(seed).ok().filter(|key| key.key_pair_type() == KeyPairType::User);
    key.map(Box::new).ok_or_else(|| {
        NatsError::Credentials(format!(
            "{place} holds no seed of a user's nkey: 58 letters and digits that begin with SU"
        ))
    })
}

/// The line between `--- BEGIN … name ---` and the next line of dashes.
fn block<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.starts_with("---") && line.contains("BEGIN") && line.contains(name))?;
    lines.find(|line| !line.is_empty()).filter(|line| !line.starts_with("---"))
}
