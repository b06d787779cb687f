//! The gateway as a program.

#![forbid(unsafe_code)]

mod config;
mod embedded;
mod limits;
mod log;
mod options;
mod signals;
mod stderr;
mod wording;

use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use res_gateway::recording::Recorder;
use res_gateway::{Gateway, metrics, server};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

use config::Config;
use options::Options;

fn main() -> ExitCode {
    let code = start();
    stderr::flush();
    code
}

fn start() -> ExitCode {
    let config = match Options::load(std::env::args_os()).and_then(Config::new) {
        Ok(config) => config,
        Err(message) => return fail(&message, BAD_CONFIGURATION),
    };
    if let Err(message) = log::start(config.log.0, config.log.1) {
        return fail(&message, BAD_CONFIGURATION);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}"), 1),
    };
    let result = runtime.block_on(run(config));
    // Whatever is still busy after the grace of the server is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message, 1),
    }
}

async fn run(config: Config) -> Result<(), String> {
    for warning in &config.warnings {
        warn!("{warning}");
    }
    if let Some(www) = config.server.www.as_ref().filter(|www| !www.is_dir()) {
        return Err(format!("www (--www): {} is not a directory", www.display()));
    }
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let (listener, bound) = listen(config.listen, "--port").await?;
    let metrics = match config.metrics {
        Some(address) => Some(listen(address, "--metricsport").await?),
        None => None,
    };
    let (gateway, recorder) = gateway(&config).await?;
    open_files(config.server.connections);
    // Not before: until then the system ends the program.
    let mut stopping = signals::shutdown()?;
    let mut watched = JoinSet::new();
    if let Some((listener, bound)) = metrics {
        info!("metrics on http://{bound}/metrics, health on http://{bound}/health");
        watched.spawn(metrics::serve(listener, gateway.clone(), stopping.clone()));
    }
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stdout(), "listening on {scheme}://{bound}");
    let stop = async move {
        // An error means that there will be no signal.
        if stopping.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let served = server::run(listener, gateway, config.server, stop).await;
    // Who reads metrics holds the gateway.
    drop(watched);
    if let Some(recorder) = recorder
        && tokio::time::timeout(LAST_WORDS, recorder.finished()).await.is_err()
    {
        warn!("the recording is not all written yet: its last messages may be missing");
    }
    if let Some(nats) = &config.nats {
        // What was said at last has to arrive; the gateway is dropped, and its connection closes when it has.
        if tokio::time::timeout(LAST_WORDS, nats.closed()).await.is_err() {
            warn!("NATS did not take the last messages in time");
        }
    }
    served.map_err(|error| format!("the server failed: {error}"))
}

/// The gateway on its bus: NATS, or one in memory with what the program itself serves; and what records it.
async fn gateway(config: &Config) -> Result<(Gateway, Option<Recorder>), String> {
    let mut connection = match &config.nats {
        // Whoever starts the program is told at once when it cannot work; later losses are lived through.
        Some(nats) => nats.connect().await.map_err(|error| format!("natsUrl (--nats): {error}"))?,
        None => embedded::start(config)?.connect(),
    };
    let recorder = config.record.as_deref().map(Recorder::create).transpose();
    let recorder = recorder.map_err(|error| format!("record (--record): {error}"))?;
    if let Some(recorder) = &recorder {
        connection = recorder.connection(connection);
    }
    let gateway = config.gateway.clone();
    let gateway = match (config.nats.clone(), &recorder) {
        (None, _) => Gateway::start(connection, gateway),
        (Some(nats), None) => Gateway::start_over(connection, nats, gateway),
        (Some(nats), Some(recorder)) => Gateway::start_over(connection, recorder.dial(nats), gateway),
    };
    Ok((gateway, recorder))
}

/// Takes as many open files as the system lets a program have: by itself it gives fewer, and each connection is one.
fn open_files(connections: usize) {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) if files < connections as u64 => info!("this system has room for {files} connections and files"),
        Ok(_) => {}
        Err(error) => debug!(%error, "cannot raise the number of open files"),
    }
}

async fn listen(address: SocketAddr, option: &str) -> Result<(TcpListener, SocketAddr), String> {
    let mut bound = TcpListener::bind(address).await;
    // Every address of a system without the newer version of IP is every one of the older.
    if bound.as_ref().is_err_and(|error| error.kind() != ErrorKind::AddrInUse) && address.ip() == Ipv6Addr::UNSPECIFIED
    {
        bound = TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await;
    }
    let listener = bound.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            let port = address.port();
            format!("port {port} is in use; end the program that has it, or choose another with {option}")
        }
        _ => format!("cannot listen on {address}: {error}"),
    })?;
    let bound = listener.local_addr().map_err(|error| format!("cannot listen on {address}: {error}"))?;
    Ok((listener, bound))
}

fn fail(message: &str, code: u8) -> ExitCode {
    stderr::write(&format!("res-gateway: {message}\n"));
    ExitCode::from(code)
}

/// As for flags that are wrong.
const BAD_CONFIGURATION: u8 = 2;
const LAST_WORDS: Duration = Duration::from_secs(3);
