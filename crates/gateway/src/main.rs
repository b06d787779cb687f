//! The gateway as a program.

#![forbid(unsafe_code)]

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use res_gateway::bus::MemoryBus;
use res_gateway::server::{self, AllowOrigin, ServerConfig};
use res_gateway::{Gateway, GatewayConfig, demo, resources};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// A gateway for the RES protocol: real-time models and collections over WebSocket and HTTP.
///
/// Logs go to the standard error; the environment variable RUST_LOG says how much (default: warn).
#[derive(Debug, Parser)]
#[command(version, after_help = RESOURCES)]
struct Args {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    addr: IpAddr,
    /// Port to listen on; 0 takes any free one
    #[arg(short, long, default_value_t = 8080)]
    port: u16,
    /// Path of the WebSocket
    #[arg(long, default_value = "/", value_parser = absolute_path)]
    ws_path: String,
    /// Prefix of resources by HTTP GET, such as /api/example/model
    #[arg(long, default_value = "/api/", value_parser = prefix)]
    api_path: String,
    /// Serve the resources of a JSON file, with `set`, `add` and `remove` as methods
    #[arg(long, value_name = "FILE.json")]
    resources: Option<PathBuf>,
    /// Serve the files of a directory
    #[arg(long, value_name = "DIR")]
    www: Option<PathBuf>,
    /// Serve the demo services
    #[arg(long)]
    demo: bool,
    /// Origins whose pages may connect: same-origin, * for all, or a list with ; between
    #[arg(long, default_value = "same-origin", value_parser = AllowOrigin::parse)]
    alloworigin: AllowOrigin,
}

fn main() -> ExitCode {
    // Bad flags end with code 2 and say which.
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let result = runtime.block_on(run(args));
    // Whatever is still busy after the grace of the server is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

async fn run(args: Args) -> Result<(), String> {
    let bus = MemoryBus::new();
    if let Some(file) = &args.resources {
        let (service, names) = resources::load(file)?;
        if args.demo
            && let Some(name) = demo::NAMES.iter().find(|name| names.contains(**name))
        {
            return Err(format!(
                "{}: the demo has resources named {name:?} too; rename those or leave out --demo",
                file.display()
            ));
        }
        service.start(bus.connect());
    }
    if args.demo {
        demo::start(&bus);
    }
    if let Some(www) = args.www.as_ref().filter(|www| !www.is_dir()) {
        return Err(format!("--www: {} is not a directory", www.display()));
    }
    let address = SocketAddr::new(args.addr, args.port);
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("port {} is in use; end the program that has it, or choose another with --port", args.port)
        }
        _ => format!("cannot listen on {address}: {error}"),
    })?;
    let bound = listener.local_addr().map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let stop = shutdown()?;
    println!("listening on http://{bound}");
    let gateway = Gateway::start(bus.connect(), GatewayConfig::default());
    let config = ServerConfig {
        ws_path: args.ws_path,
        api_path: args.api_path,
        www: args.www,
        allow_origin: args.alloworigin,
        ..ServerConfig::default()
    };
    server::run(listener, gateway, config, stop).await.map_err(|error| format!("the server failed: {error}"))
}

/// Ready on Ctrl-C and, where there is one, SIGTERM.
fn shutdown() -> Result<impl Future<Output = ()> + Send + 'static, String> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error| format!("cannot listen to signals: {error}");
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // An error means that there will be no Ctrl-C; then the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

fn fail(message: &str) -> ExitCode {
    eprintln!("res-gateway: {message}");
    ExitCode::FAILURE
}

fn absolute_path(path: &str) -> Result<String, String> {
    if path.starts_with('/') { Ok(path.to_owned()) } else { Err("a path must start with /".into()) }
}

fn prefix(path: &str) -> Result<String, String> {
    let path = absolute_path(path)?;
    Ok(if path.ends_with('/') { path } else { format!("{path}/") })
}

const RESOURCES: &str = "\
A file of resources is one JSON object; its keys are resource names. Models are objects, collections arrays:
  {
    \"example.model\": { \"message\": \"Hello\", \"list\": { \"rid\": \"example.list\" } },
    \"example.list\": [\"text\", 1, true, null, { \"data\": { \"any\": [\"JSON\"] } }]
  }
Methods: set {member: value} of models, add {idx, value} and remove {idx} of collections.";
