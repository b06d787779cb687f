//! A gateway as a process, and what it says of itself.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{ChildStdout, Command};
use tokio::time::timeout;

use super::{PATIENCE, Process, Programs, Signal};

/// A running gateway.
pub struct Gateway {
    process: Process,
    /// Kept, for a process that writes to a closed pipe may end.
    _output: BufReader<ChildStdout>,
    pub address: SocketAddr,
    metrics: SocketAddr,
}

/// What a gateway has at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub connections: u64,
    /// Resources in the cache, and subscriptions of them.
    pub resources: u64,
    pub subscriptions: u64,
    /// Events that clients have not taken yet.
    pub queued: u64,
    /// Requests that services have not answered.
    pub waiting: u64,
}

impl Gateway {
    /// Starts one in front of a NATS server, with a file of its log in this folder.
    ///
    /// # Errors
    /// If it ends instead, as it does where NATS is not there.
    pub async fn start(programs: &Programs, nats: SocketAddr, folder: &Path, name: &str) -> io::Result<Gateway> {
        // It takes no port of its own choice for metrics.
        let metrics = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        let config = json!({
            "natsUrl": format!("nats://{nats}"),
            "port": 0,
            "metricsPort": metrics.port(),
            "requestTimeout": 1000,
            // All clients are of one address. A client that is not there any more is to be noticed soon.
            "limits": { "connectionsPerAddress": 50_000, "pingInterval": 1000, "requestRate": 0 },
        });
        let file = folder.join(format!("{name}.json"));
        std::fs::write(&file, config.to_string())?;
        let mut command = Command::new(&programs.gateway);
        command.arg("--config").arg(file).env_remove("RUST_LOG").stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command, &folder.join(format!("{name}.log")))?;
        let output = process.child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        timeout(PATIENCE, output.read_line(&mut line)).await??;
        let address = line.trim().rsplit("http://").next().unwrap_or_default().parse();
        let address = address.map_err(|_| io::Error::other(format!("the gateway says {line:?}")))?;
        Ok(Gateway { process, _output: output, address, metrics })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.has_ended()
    }

    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    pub async fn kill(mut self) {
        self.process.kill().await;
    }

    /// Ends it as an operator does; false if it does not end.
    pub async fn end(mut self) -> bool {
        self.process.end().await
    }

    /// What it has now.
    ///
    /// # Errors
    /// If it does not say so.
    pub async fn figures(&self) -> io::Result<Figures> {
        let text = get(self.metrics, "/metrics").await?;
        let figure = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            value.ok_or_else(|| io::Error::other(format!("there is no {name} in the metrics")))
        };
        Ok(Figures {
            connections: figure("resgate_ws_current_connections")?,
            resources: figure("resgate_cache_resources")?,
            subscriptions: figure("resgate_cache_subscriptions")?,
            queued: figure("resgate_ws_queued_frames")?,
            waiting: figure("resgate_service_requests_waiting")?,
        })
    }
}

/// The answer to an HTTP GET.
pub(super) async fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    let answer = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok(text)
    };
    timeout(PATIENCE, answer).await?
}
