//! Talking to a server over TLS.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::error::NatsError;
use super::options::TlsOptions;

/// Reads the certificates and the key that the options name.
pub(super) fn load(options: &TlsOptions) -> Result<Arc<ClientConfig>, NatsError> {
    let roots = match options.root_certificates.as_slice() {
        [] => system_roots()?,
        files => roots_of(files)?,
    };
    let builder = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| NatsError::Tls(format!("TLS cannot be used: {error}")))?
        .with_root_certificates(roots);
    let config = match (&options.certificate, &options.key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            let secret = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| NatsError::Tls(format!("cannot read a key from {}: {error}", key.display())))?;
            builder.with_client_auth_cert(chain, secret).map_err(|error| {
                let (certificate, key) = (certificate.display(), key.display());
                NatsError::Tls(format!("{certificate} and {key} do not go together: {error}"))
            })?
        }
        (Some(certificate), None) => return Err(half("key", certificate)),
        (None, Some(key)) => return Err(half("certificate", key)),
    };
    Ok(Arc::new(config))
}

fn half(missing: &str, given: &Path) -> NatsError {
    NatsError::Tls(format!("{} is given without its {missing}: a client certificate needs both files", given.display()))
}

fn roots_of(files: &[impl AsRef<Path>]) -> Result<RootCertStore, NatsError> {
    let mut roots = RootCertStore::empty();
    for file in files {
        for certificate in certificates(file.as_ref())? {
            roots.add(certificate).map_err(|error| {
                NatsError::Tls(format!("{} holds no root certificate: {error}", file.as_ref().display()))
            })?;
        }
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, NatsError> {
    let mut roots = RootCertStore::empty();
    // One that cannot be read vouches for nobody; the others do.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(NatsError::Tls("the system trusts no certificates: name a file of root certificates".to_owned()));
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, NatsError> {
    let failed = |why: &dyn std::fmt::Display| {
        NatsError::Tls(format!("cannot read certificates from {}: {why}", file.display()))
    };
    let read = CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))?;
    let certificates: Vec<_> = read.collect::<Result<_, _>>().map_err(|error| failed(&error))?;
    if certificates.is_empty() { Err(failed(&"there is none in it")) } else { Ok(certificates) }
}
