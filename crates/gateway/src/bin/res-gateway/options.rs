//! What can be set: by flags, and by the same names as Resgate's in a file of JSON.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, CommandFactory, Parser};
use res_gateway::GatewayConfig;
use res_gateway::bus::NatsOptions;
use res_gateway::server::ServerConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits::Limits;
use crate::stderr;
use crate::wording::{self, nothing, number, switch};

/// A gateway for the RES protocol: real-time models and collections over WebSocket and HTTP.
///
/// Without options it serves the demo on http://127.0.0.1:8080. All options are described in docs/gateway.md.
#[derive(Debug, Default, Parser, Serialize, Deserialize)]
#[command(name = "res-gateway", version = VERSION, disable_version_flag = true, args_override_self = true)]
#[command(allow_negative_numbers = true)]
#[command(after_help = RESOURCES)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Options {
    /// Configuration file in JSON; is made, with the defaults, if there is none
    #[arg(short, long, value_name = "FILE", help_heading = "Common", value_parser = path())]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Print the versions of the program and the protocol
    #[arg(short = 'v', long, action = ArgAction::Version, help_heading = "Common")]
    #[serde(skip)]
    version: Option<bool>,

    /// Address of the NATS server; without it, only what the gateway itself has is served
    #[arg(short, long = "nats", value_name = "URL", help_heading = "Server")]
    pub nats_url: Option<String>,
    /// IP address to listen on; an empty one is all there are [default: 127.0.0.1]
    #[arg(short = 'i', long, value_name = "HOST", help_heading = "Server")]
    pub addr: Option<String>,
    /// Port to listen on; 0 takes any free one [default: 8080]
    #[arg(short, long, help_heading = "Server", value_parser = number::<u16>)]
    pub port: Option<u16>,
    /// Path of the WebSocket [default: /]
    #[arg(short, long = "wspath", value_name = "PATH", help_heading = "Server")]
    pub ws_path: Option<String>,
    /// Path that resources are below over HTTP [default: /api/]
    #[arg(short, long = "apipath", value_name = "PATH", help_heading = "Server")]
    pub api_path: Option<String>,
    /// How long a service may take for an answer [default: 3000]
    #[arg(short, long = "reqtimeout", value_name = "MILLISECONDS", help_heading = "Server", value_parser = number::<u32>)]
    pub request_timeout: Option<u32>,
    /// Messages of NATS that may wait to be taken in [default: 8192]
    #[arg(skip)]
    pub buffer_size: Option<usize>,
    /// Method, such as auth.login, called with the headers of every HTTP request
    #[arg(short = 'u', long = "headauth", value_name = "METHOD", help_heading = "Server")]
    pub header_auth: Option<String>,
    /// Method called with the headers of every WebSocket
    #[arg(short = 't', long = "wsheadauth", value_name = "METHOD", help_heading = "Server")]
    pub ws_header_auth: Option<String>,
    /// Header fields that those methods are told, with , between [default: all but those of proxies]
    #[arg(long = "authheaders", value_name = "NAMES", help_heading = "Server")]
    pub auth_headers: Option<String>,
    /// Port for metrics and health; 0 is none [default: 0]
    #[arg(short, long = "metricsport", value_name = "PORT", help_heading = "Server", value_parser = number::<u16>)]
    pub metrics_port: Option<u16>,
    /// IP address for metrics and health [default: 127.0.0.1]
    #[arg(long = "metricsaddr", value_name = "HOST", help_heading = "Server")]
    pub metrics_addr: Option<String>,
    /// How resources are written over HTTP: json, jsonflat [default: json]
    #[arg(long = "apiencoding", value_name = "TYPE", help_heading = "Server")]
    pub api_encoding: Option<String>,
    /// Method that an HTTP PUT calls
    #[arg(long = "putmethod", value_name = "METHOD", help_heading = "Server")]
    pub put_method: Option<String>,
    /// Method that an HTTP DELETE calls
    #[arg(long = "deletemethod", value_name = "METHOD", help_heading = "Server")]
    pub delete_method: Option<String>,
    /// Method that an HTTP PATCH calls
    #[arg(long = "patchmethod", value_name = "METHOD", help_heading = "Server")]
    pub patch_method: Option<String>,
    /// Compress messages of WebSockets, where clients offer it
    #[arg(long = "wscompression", help_heading = "Server")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = switch)]
    pub ws_compression: Option<bool>,
    /// Requests that one system reset may have in flight; 0 is no limit [default: 0]
    #[arg(long = "resetthrottle", value_name = "LIMIT", help_heading = "Server", value_parser = number::<usize>)]
    pub reset_throttle: Option<usize>,
    /// Requests that the references of one resource may have in flight; 0 is no limit [default: 0]
    #[arg(long = "referencethrottle", value_name = "LIMIT", help_heading = "Server", value_parser = number::<usize>)]
    pub reference_throttle: Option<usize>,

    /// Serve the resources of a JSON file, with `set`, `add` and `remove` as methods
    #[arg(long, value_name = "FILE", help_heading = "Served by the gateway itself", value_parser = path())]
    pub resources: Option<PathBuf>,
    /// Serve what is in that file whenever it is saved [default: false]
    #[arg(long, help_heading = "Served by the gateway itself")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = switch)]
    pub watch: Option<bool>,
    /// Serve the files of a directory
    #[arg(long, value_name = "DIR", help_heading = "Served by the gateway itself", value_parser = path())]
    pub www: Option<PathBuf>,
    /// Serve the demo services [default: where there is neither --nats nor --resources]
    #[arg(long, help_heading = "Served by the gateway itself")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = switch)]
    pub demo: Option<bool>,
    /// Serve a page for developers at / that shows all resources [default: where there is neither --nats nor --www]
    #[arg(long, help_heading = "Served by the gateway itself")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = switch)]
    pub inspector: Option<bool>,

    /// Record what services say into a file, which must not be there yet
    #[arg(long, value_name = "FILE", help_heading = "Recordings", value_parser = path())]
    pub record: Option<PathBuf>,
    /// Serve what was recorded, without the services
    #[arg(long, value_name = "FILE", help_heading = "Recordings", value_parser = path())]
    pub replay: Option<PathBuf>,

    /// Serve https and wss
    #[arg(long, help_heading = "Security")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = switch)]
    pub tls: Option<bool>,
    /// Certificate chain of the server, in PEM
    #[arg(long = "tlscert", value_name = "FILE", help_heading = "Security")]
    pub tls_cert: Option<String>,
    #[arg(skip)]
    #[serde(skip_serializing)]
    cert_file: Option<String>,
    /// Private key of the server, in PEM
    #[arg(long = "tlskey", value_name = "FILE", help_heading = "Security")]
    pub tls_key: Option<String>,
    #[arg(skip)]
    #[serde(skip_serializing)]
    key_file: Option<String>,
    /// Credentials for NATS
    #[arg(long = "creds", value_name = "FILE", help_heading = "Security")]
    pub nats_creds: Option<String>,
    /// Certificate that NATS is shown, in PEM
    #[arg(long = "natscert", value_name = "FILE", help_heading = "Security")]
    pub nats_cert: Option<String>,
    /// Private key of that certificate, in PEM
    #[arg(long = "natskey", value_name = "FILE", help_heading = "Security")]
    pub nats_key: Option<String>,
    /// Certificates that NATS may be signed by, in PEM; may be given several times
    #[arg(long = "natsrootca", value_name = "FILE", help_heading = "Security")]
    #[serde(rename = "natsRootCAs")]
    pub nats_root_cas: Option<Vec<String>>,
    /// Origins whose pages may connect: same-origin, *, or a list with ; between; may be given several times
    /// [default: same-origin]
    #[arg(long = "alloworigin", value_name = "ORIGIN", action = ArgAction::Append, help_heading = "Security")]
    #[serde(with = "list_as_text")]
    pub allow_origin: Option<Vec<String>>,

    /// Log what is done
    #[arg(short = 'D', long, help_heading = "Logging, to the standard error")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = switch)]
    pub debug: Option<bool>,
    /// Log every message too, without what could be secret
    #[arg(short = 'V', long, help_heading = "Logging, to the standard error")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = switch)]
    pub trace: Option<bool>,
    /// How to write the log: text, json [default: text]
    #[arg(long = "logformat", value_name = "FORMAT", help_heading = "Logging, to the standard error")]
    pub log_format: Option<String>,

    /// What a client may take at most; only in the file
    #[arg(skip)]
    pub limits: Option<Limits>,

    /// Empty arguments, as scripts give them for what is not set
    #[arg(hide = true, value_parser = nothing)]
    #[serde(skip)]
    empty: Vec<String>,
}

impl Options {
    /// Reads the flags and the file they name; flags come before the file. The process ends here where the flags ask
    /// for no more than help.
    ///
    /// # Errors
    /// A sentence, if the flags are wrong, or the file cannot be read.
    pub fn load(args: impl Iterator<Item = OsString>) -> Result<Options, String> {
        let flags = match Options::try_parse_from(with_two_dashes(args)) {
            Ok(flags) => flags,
            Err(error) if error.use_stderr() => return Err(wording::of_flags(&error, &Options::command())),
            Err(help) => help.exit(),
        };
        let Some(file) = flags.config.clone().filter(|file| !file.as_os_str().is_empty()) else { return Ok(flags) };
        let mut all = match std::fs::read(&file) {
            Ok(text) => Options::read(&file, &text)?.members()?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let name = file.display();
                let what = match write_defaults(&file) {
                    Ok(()) => format!("there was no {name}; it has been made, with the defaults"),
                    // It may be a place where nobody may write, such as a container's; the defaults are known without
                    // it.
                    Err(error) => {
                        format!("there is no {name}, and it cannot be made: {error}; going on with the defaults")
                    }
                };
                stderr::write(&format!("res-gateway: {what}\n"));
                Map::new()
            }
            Err(error) => return Err(format!("cannot read {}: {error}", file.display())),
        };
        all.extend(flags.members()?);
        serde_json::from_value(Value::Object(all)).map_err(|error| error.to_string())
    }

    fn read(file: &Path, text: &[u8]) -> Result<Options, String> {
        let name = file.display();
        let text = std::str::from_utf8(text).map_err(|_| format!("{name}: it is not UTF-8"))?;
        // An array would be taken for the values without their keys.
        match serde_json::from_str::<Value>(text) {
            Ok(whole) if whole.is_object() && !whole["limits"].is_array() => {}
            Ok(_) => return Err(format!("{name}: must be one JSON object, and limits another inside it")),
            Err(error) => return Err(format!("{name}: {}", wording::of_file(text, "", &error))),
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let read: Result<Options, _> = serde_path_to_error::deserialize(&mut json);
        let mut options = read
            .map_err(|error| format!("{name}: {}", wording::of_file(text, &error.path().to_string(), error.inner())))?;
        options.tls_cert = same(["tlsCert", "certFile"], [options.tls_cert, options.cert_file.take()])
            .map_err(|error| format!("{name}: {error}"))?;
        options.tls_key = same(["tlsKey", "keyFile"], [options.tls_key, options.key_file.take()])
            .map_err(|error| format!("{name}: {error}"))?;
        Ok(options)
    }

    /// What is set, by its name in the file.
    fn members(&self) -> Result<Map<String, Value>, String> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => Ok(members.into_iter().filter(|(_, value)| !value.is_null()).collect()),
            Ok(_) => unreachable!("a struct is an object"),
            Err(error) => Err(format!("a flag cannot be read: {error}")),
        }
    }

    /// What the file is made with; the library has the defaults.
    fn defaults() -> Options {
        let (gateway, server, nats) = (GatewayConfig::default(), ServerConfig::default(), NatsOptions::default());
        Options {
            addr: Some("127.0.0.1".into()),
            port: Some(PORT),
            ws_path: Some(server.ws_path),
            api_path: Some(server.api_path),
            request_timeout: gateway.request_timeout.try_into().ok(),
            buffer_size: Some(nats.buffer_size),
            metrics_port: Some(0),
            metrics_addr: Some("127.0.0.1".into()),
            api_encoding: Some("json".into()),
            ws_compression: Some(false),
            reset_throttle: Some(gateway.reset_throttle),
            reference_throttle: Some(gateway.limits.reference_throttle),
            tls: Some(false),
            nats_root_cas: Some(Vec::new()),
            allow_origin: Some(vec!["same-origin".into()]),
            debug: Some(false),
            trace: Some(false),
            log_format: Some("text".into()),
            limits: Some(Limits::default()),
            ..Options::default()
        }
    }
}

fn write_defaults(file: &Path) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(&Options::defaults())?;
    // Somebody may have made it meanwhile, which must not be lost.
    std::io::Write::write_all(&mut std::fs::File::create_new(file)?, format!("{text}\n").as_bytes())
}

/// Reads a path, which may be empty as other texts may.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// The value of an option that has two keys.
fn same(keys: [&str; 2], values: [Option<String>; 2]) -> Result<Option<String>, String> {
    match values.map(|value| value.filter(|value| !value.is_empty())) {
        [Some(one), Some(other)] if one != other => {
            Err(format!("{} and {} are the same option and say different files; leave out one", keys[0], keys[1]))
        }
        [one, other] => Ok(one.or(other)),
    }
}

/// Resgate takes its flags with one dash or two, as programs in Go do: `-port 80` is `--port 80`, and
/// `--p 80` is `-p 80`.
fn with_two_dashes(args: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let command = Options::command();
    let is_long = move |name: &str| command.get_arguments().any(|arg| arg.get_long() == Some(name)) || name == "help";
    args.map(move |arg| {
        let Some(text) = arg.to_str().and_then(|text| text.strip_prefix('-')) else { return arg };
        let name = text.trim_start_matches('-').split('=').next().unwrap_or_default();
        match (text.strip_prefix('-'), name.len()) {
            (Some(short), 1) => format!("-{short}").into(),
            (None, 2..) if is_long(name) => format!("--{text}").into(),
            _ => arg,
        }
    })
}

/// The file has a list of origins as Resgate writes it: one text, with `;` between.
mod list_as_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(list: &Option<Vec<String>>, serializer: S) -> Result<S::Ok, S::Error> {
        list.as_ref().map(|list| list.join(";")).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(|text| vec![text]))
    }
}

/// Where clients are served, without a word of it.
pub const PORT: u16 = 8080;

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\nprotocol 1.2.3");

const RESOURCES: &str = "\
A file of resources is one JSON object; its keys are resource names. Models are objects, collections arrays:
  {
    \"example.model\": { \"message\": \"Hello\", \"list\": { \"rid\": \"example.list\" } },
    \"example.list\": [\"text\", 1, true, null, { \"data\": { \"any\": [\"JSON\"] } }]
  }
Methods: set {member: value} of models, add {idx, value} and remove {idx} of collections.";
