//! TLS on the connections of the listener.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{error, info};

/// A certificate with its key, for TLS 1.2 and 1.3. When the files change, new connections get what is in them; while
/// that is no certificate with its key, such as between the change of one file and the other, they get what was there
/// before.
#[derive(Clone)]
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    current: Arc<Mutex<Current>>,
}

struct Current {
    config: Arc<ServerConfig>,
    /// Of the files as they were looked at last, whether or not that could be used.
    stamp: [Option<Stamp>; 2],
}

/// When a file was written last, and its length.
type Stamp = (SystemTime, u64);

/// Why files cannot be used for TLS: a sentence that names the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsError(String);

impl Tls {
    /// Reads a certificate chain and its private key, both in PEM: PKCS #8, PKCS #1 or SEC1, not encrypted.
    ///
    /// # Errors
    /// If a file cannot be read, does not hold what it should, or the two do not belong together.
    pub fn load(cert: &Path, key: &Path) -> Result<Tls, TlsError> {
        let stamp = [stamp(cert), stamp(key)];
        let current = Current { config: read(cert, key)?, stamp };
        Ok(Tls { cert: cert.into(), key: key.into(), current: Arc::new(Mutex::new(current)) })
    }

    /// Shakes hands with a client.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> std::io::Result<TlsStream<S>> {
        TlsAcceptor::from(self.config()).accept(stream).await
    }

    /// What is valid now. To look at two files takes next to nothing beside a handshake.
    fn config(&self) -> Arc<ServerConfig> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = [stamp(&self.cert), stamp(&self.key)];
        if current.stamp != stamp {
            current.stamp = stamp;
            match read(&self.cert, &self.key) {
                Ok(config) => {
                    info!(file = ?self.cert, "the certificate is renewed");
                    current.config = config;
                }
                Err(error) => error!(%error, "the certificate that was there before is kept"),
            }
        }
        current.config.clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("cert", &self.cert).field("key", &self.key).finish_non_exhaustive()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

fn read(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let failed = |file: &Path, what: &str, error: &dyn fmt::Display| {
        TlsError(format!("{}: cannot read {what} in PEM: {error}", file.display()))
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
        .map_err(|error| failed(cert, "certificates", &error))?;
    if chain.is_empty() {
        return Err(failed(cert, "certificates", &"there is none"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| failed(key, "a private key", &error))?;
    let mut config = ServerConfig::builder_with_provider(crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|error| TlsError(format!("{} and {}: {error}", cert.display(), key.display())))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn stamp(file: &Path) -> Option<Stamp> {
    let data = std::fs::metadata(file).ok()?;
    Some((data.modified().ok()?, data.len()))
}
