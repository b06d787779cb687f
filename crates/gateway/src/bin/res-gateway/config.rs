//! What the program does, from the options: each value is looked at here, whichever way it came.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use axum::http::uri::PathAndQuery;
use res_gateway::GatewayConfig;
use res_gateway::bus::nats::{Auth, NatsBus, NatsError, NatsOptions, TlsOptions};
use res_gateway::core::conn::AuthMethod;
use res_gateway::server::{AllowOrigin, AuthHeaders, Encoding, ServerConfig, Tls};
use resclient::protocol::rid;

use crate::log::{Format, Level};
use crate::options::{Options, PORT};

/// All that the program needs to know.
pub struct Config {
    /// `None` is the bus in memory.
    pub nats: Option<NatsBus>,
    pub listen: SocketAddr,
    /// Where metrics and health are served.
    pub metrics: Option<SocketAddr>,
    pub gateway: GatewayConfig,
    pub server: ServerConfig,
    pub resources: Option<PathBuf>,
    /// Whether they are served again when the file is saved.
    pub watch: bool,
    pub demo: bool,
    /// Where what services say is recorded.
    pub record: Option<PathBuf>,
    /// What was recorded, in place of services.
    pub replay: Option<PathBuf>,
    pub log: (Level, Format),
    /// What is accepted and yet is not as it was meant.
    pub warnings: Vec<String>,
}

impl Config {
    /// # Errors
    /// A sentence that names the option, by key and flag, and what it takes.
    pub fn new(options: Options) -> Result<Config, String> {
        let mut warnings = Vec::new();
        let port = options.port.unwrap_or(PORT);
        let metrics_port = options.metrics_port.unwrap_or(0);
        if metrics_port != 0 && metrics_port == port {
            return Err(format!("metricsPort (--metricsport): {port} is the port of the clients; take another"));
        }
        let metrics_addr = address("metricsAddr (--metricsaddr)", options.metrics_addr)?;

        let www = options.www.filter(|www| !www.as_os_str().is_empty());
        let mut server = ServerConfig { www, ..ServerConfig::default() };
        server.ws_path = path("wsPath (--wspath)", options.ws_path)?.unwrap_or(server.ws_path);
        server.api_path = path("apiPath (--apipath)", options.api_path)?.unwrap_or(server.api_path);
        if !server.api_path.ends_with('/') {
            server.api_path.push('/');
        }
        let origins = options.allow_origin.into_iter().flatten().filter(|text| !text.is_empty());
        if let Some(origins) = filled(Some(origins.collect::<Vec<_>>().join(";"))) {
            server.allow_origin = AllowOrigin::parse(&origins).map_err(|error| {
                format!("allowOrigin (--alloworigin): {error}; take same-origin, *, or a list with ; between")
            })?;
        }

        let mut gateway = GatewayConfig::default();
        if let Some(time) = options.request_timeout.filter(|&time| time > 0) {
            gateway.request_timeout = time.into();
            if time <= 10 {
                gateway.request_timeout *= 1000;
                warnings.push(format!(
                    "requestTimeout (--reqtimeout) is in milliseconds: {time} is taken for seconds; write {time}000"
                ));
            }
        }
        if let Some(limits) = options.limits {
            limits.check()?;
            limits.apply(&mut gateway, &mut server);
        }
        gateway.reset_throttle = options.reset_throttle.unwrap_or(0);
        gateway.limits.reference_throttle = options.reference_throttle.unwrap_or(0);

        if let Some(encoding) = filled(options.api_encoding) {
            server.encoding =
                Encoding::parse(&encoding).map_err(|error| format!("apiEncoding (--apiencoding): {error}"))?;
        }
        server.put_method = method("putMethod (--putmethod)", options.put_method)?;
        server.delete_method = method("deleteMethod (--deletemethod)", options.delete_method)?;
        server.patch_method = method("patchMethod (--patchmethod)", options.patch_method)?;
        server.header_auth = auth_method("headerAuth (--headauth)", options.header_auth)?;
        server.ws_header_auth = auth_method("wsHeaderAuth (--wsheadauth)", options.ws_header_auth)?;
        if server.ws_header_auth.is_some() && server.allow_origin == AllowOrigin::Any {
            return Err(
                "allowOrigin (--alloworigin): with wsHeaderAuth, * would let every page use the cookies of its \
                        visitors; name the origins"
                    .into(),
            );
        }
        if let Some(names) = filled(options.auth_headers) {
            server.auth_headers =
                AuthHeaders::parse(&names).map_err(|error| format!("authHeaders (--authheaders): {error}"))?;
        }
        server.ws_compression = options.ws_compression.unwrap_or(false);

        server.tls = match (options.tls.unwrap_or(false), file(options.tls_cert), file(options.tls_key)) {
            (true, Some(cert), Some(key)) => Some(
                Tls::load(&cert, &key).map_err(|error| format!("tlsCert and tlsKey (--tlscert, --tlskey): {error}"))?,
            ),
            (true, ..) => {
                return Err("tls (--tls): needs both tlsCert (--tlscert) and tlsKey (--tlskey), files in PEM".into());
            }
            (false, None, None) => None,
            (false, ..) => {
                warnings.push("there is a certificate, but tls (--tls) is not on: clients are served without".into());
                None
            }
        };

        let (certificate, key) = (file(options.nats_cert), file(options.nats_key));
        if certificate.is_some() != key.is_some() {
            return Err("natsCert (--natscert) and natsKey (--natskey) go together: one of them is missing".into());
        }
        let auth = file(options.nats_creds).map_or(Auth::None, Auth::CredentialsFile);
        let root_certificates: Vec<_> =
            options.nats_root_cas.into_iter().flatten().filter_map(|name| file(Some(name))).collect();
        let is_file = |file: &PathBuf| !file.as_os_str().is_empty();
        let resources = options.resources.filter(is_file);
        if options.watch == Some(true) && resources.is_none() {
            return Err("watch (--watch): there is no file to watch; name one with resources (--resources)".into());
        }
        let servers = filled(options.nats_url);
        if servers.is_none() && (certificate.is_some() || auth != Auth::None || !root_certificates.is_empty()) {
            warnings.push("there are options for NATS, but no natsUrl (--nats): NATS is not used".into());
        }
        if servers.is_some() && (resources.is_some() || options.demo == Some(true)) {
            return Err(
                "natsUrl (--nats): resources (--resources) and demo (--demo) are served without NATS; leave out \
                        the one or the others"
                    .into(),
            );
        }
        let (record, replay) = (options.record.filter(is_file), options.replay.filter(is_file));
        if replay.is_some()
            && (servers.is_some() || resources.is_some() || options.demo == Some(true) || record.is_some())
        {
            return Err("replay (--replay): a recording is served by itself; leave out natsUrl (--nats), resources \
                        (--resources), demo (--demo) and record (--record)"
                .into());
        }
        let nats = servers.map(|servers| {
            let tls = TlsOptions { certificate, key, root_certificates, ..TlsOptions::default() };
            let rest = NatsOptions::default();
            let buffer_size = options.buffer_size.filter(|&size| size > 0).unwrap_or(rest.buffer_size);
            let options = NatsOptions { servers, auth, tls, buffer_size, ..rest };
            NatsBus::new(options.clone()).map_err(|error| format!("{}: {error}", nats_option(&error, &options)))
        });
        let nats = nats.transpose()?;
        let demo = options.demo.unwrap_or(nats.is_none() && resources.is_none() && replay.is_none());
        if options.inspector == Some(true) && (nats.is_some() || replay.is_some()) {
            return Err(
                "inspector (--inspector): shows what the gateway serves by itself, and beside natsUrl (--nats) \
                        or replay (--replay) that is nothing; leave it out"
                    .into(),
            );
        }
        if options.inspector == Some(true) && server.www.is_some() {
            return Err(
                "inspector (--inspector): the page is at /, where www (--www) has its files; leave out one of \
                        them"
                    .into(),
            );
        }
        server.inspector = options.inspector.unwrap_or(server.www.is_none() && (demo || resources.is_some()));

        Ok(Config {
            listen: SocketAddr::new(address("addr (--addr)", options.addr)?, port),
            metrics: (metrics_port != 0).then(|| SocketAddr::new(metrics_addr, metrics_port)),
            demo,
            nats,
            gateway,
            server,
            watch: options.watch.unwrap_or(false),
            resources,
            record,
            replay,
            log: (
                Level::new(options.debug.unwrap_or(false), options.trace.unwrap_or(false)),
                Format::parse(filled(options.log_format).as_deref().unwrap_or("text"))?,
            ),
            warnings,
        })
    }
}

/// The option that an error is about: of files, the one that has it.
fn nats_option(error: &NatsError, options: &NatsOptions) -> &'static str {
    let text = error.to_string();
    let is_about = |file: &PathBuf| text.contains(&*file.to_string_lossy());
    match error {
        NatsError::Credentials(_) => "natsCreds (--creds)",
        NatsError::Tls(_) if options.tls.root_certificates.iter().any(is_about) => "natsRootCAs (--natsrootca)",
        NatsError::Tls(_) if options.tls.certificate.iter().any(is_about) => "natsCert (--natscert)",
        NatsError::Tls(_) if options.tls.key.iter().any(is_about) => "natsKey (--natskey)",
        _ => "natsUrl (--nats)",
    }
}

/// Resgate writes what is not set as an empty text.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn file(name: Option<String>) -> Option<PathBuf> {
    filled(name).map(PathBuf::from)
}

fn address(name: &str, text: Option<String>) -> Result<IpAddr, String> {
    match text.as_deref() {
        None => Ok(IpAddr::from([127, 0, 0, 1])),
        // As Resgate has it: both versions of IP.
        Some("") => Ok(Ipv6Addr::UNSPECIFIED.into()),
        Some(text) => {
            text.parse().map_err(|_| format!("{name}: {text:?} is no IP address; take one such as 127.0.0.1"))
        }
    }
}

fn path(name: &str, text: Option<String>) -> Result<Option<String>, String> {
    let Some(text) = filled(text) else { return Ok(None) };
    match PathAndQuery::try_from(&*text) {
        Ok(path) if text.starts_with('/') && path.path() == text => Ok(Some(text)),
        _ => Err(format!("{name}: {text:?} is no path; take one that begins with /, without query")),
    }
}

fn method(name: &str, text: Option<String>) -> Result<Option<String>, String> {
    match filled(text) {
        Some(method) if !rid::is_valid_part(&method) => {
            Err(format!("{name}: {method:?} is no name of a method; take one such as set"))
        }
        method => Ok(method),
    }
}

fn auth_method(name: &str, text: Option<String>) -> Result<Option<AuthMethod>, String> {
    filled(text).map(|text| AuthMethod::parse(&text).map_err(|error| format!("{name}: {error}"))).transpose()
}
