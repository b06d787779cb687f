//! Opening sockets, with TLS if that is compiled in.

use std::future::Future;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::native::Connected;

/// What sockets are opened with.
#[derive(Clone, Default)]
pub(super) struct Tls {
    #[cfg(feature = "tls")]
    config: Option<std::sync::Arc<rustls::ClientConfig>>,
}

#[cfg(not(feature = "tls"))]
impl Tls {
    pub fn connect(&self, url: String, config: WebSocketConfig) -> impl Future<Output = Connected> + Send + use<> {
        let connect = tokio_tungstenite::connect_async_with_config(url, Some(config), NO_DELAY);
        async move { connect.await.map(|(socket, _)| socket) }
    }
}

#[cfg(feature = "tls")]
impl Tls {
    pub fn connect(&mut self, url: String, config: WebSocketConfig) -> impl Future<Output = Connected> + Send + use<> {
        use tokio_tungstenite::{Connector, connect_async_tls_with_config};
        let is_secure = url.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("wss:"));
        // Reading the roots takes milliseconds, which is for those who need them, and once.
        let tls = is_secure.then(|| Connector::Rustls(self.config.get_or_insert_with(with_system_roots).clone()));
        async move { connect_async_tls_with_config(url, Some(config), NO_DELAY, tls).await.map(|(socket, _)| socket) }
    }
}

#[cfg(feature = "tls")]
impl From<std::sync::Arc<rustls::ClientConfig>> for Tls {
    fn from(config: std::sync::Arc<rustls::ClientConfig>) -> Tls {
        Tls { config: Some(config) }
    }
}

/// Trusts whom the operating system trusts.
#[cfg(feature = "tls")]
fn with_system_roots() -> std::sync::Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    // Where there are none, no certificate is trusted, and every connection fails with that reason.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    // Named here, because rustls cannot choose where an application has several.
    let provider = rustls::crypto::ring::default_provider().into();
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("this provider has ciphers for the versions it is compiled with");
    config.with_root_certificates(roots).with_no_client_auth().into()
}

/// A frame is small and has to be there soon.
const NO_DELAY: bool = true;
