//! A NATS server as a process.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::{Duration, sleep, timeout};

use super::gateway::get;
use super::{PATIENCE, Process, Programs, Signal};

/// A running server.
pub struct NatsServer {
    process: Process,
    pub address: SocketAddr,
    monitoring: SocketAddr,
}

impl NatsServer {
    /// Starts one on a free port, with a file of its log in this folder.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(programs: &Programs, folder: &Path) -> io::Result<NatsServer> {
        let ports = folder.display();
        let config = format!("listen: \"127.0.0.1:-1\"\nhttp: \"127.0.0.1:-1\"\nports_file_dir: \"{ports}\"\n");
        let file = folder.join("nats.conf");
        std::fs::write(&file, config)?;
        let mut command = Command::new(&programs.nats);
        command.arg("-c").arg(file).stdout(Stdio::null());
        let log = folder.join("nats.log");
        let mut process = Process::spawn(&mut command, &log)?;
        // It writes that when it listens.
        let ports = folder.join(format!("nats-server_{}.ports", process.id()));
        let listens = async {
            loop {
                match std::fs::read(&ports).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok()) {
                    Some(ports) => return Ok(ports),
                    None if process.has_ended() => return Err(ended(&log)),
                    None => sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let ports = timeout(PATIENCE, listens).await??;
        let address = |key: &str| {
            let port = ports[key][0].as_str().and_then(|url| url.rsplit(':').next()?.parse().ok());
            port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
                .ok_or_else(|| io::Error::other(format!("nats-server does not say where it listens for {key}")))
        };
        let (address, monitoring) = (address("nats")?, address("monitoring")?);
        Ok(NatsServer { process, address, monitoring })
    }

    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    pub async fn kill(mut self) {
        self.process.kill().await;
    }

    /// What gateways are subscribed to, each by itself.
    ///
    /// # Errors
    /// If the server does not say so.
    pub async fn subscriptions(&self) -> io::Result<Vec<Vec<String>>> {
        let answer = get(self.monitoring, "/connz?subs=1&limit=1024").await?;
        let (_, body) = answer.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("no body"))?;
        let all: Value = serde_json::from_str(body)?;
        let gateways = all["connections"].as_array().into_iter().flatten();
        let gateways = gateways.filter(|connection| connection["name"] == "res-gateway");
        Ok(gateways
            .map(|gateway| {
                let subjects = gateway["subscriptions_list"].as_array().into_iter().flatten();
                subjects.filter_map(|subject| Some(subject.as_str()?.to_owned())).collect()
            })
            .collect())
    }
}

/// What a server said that has ended.
fn ended(log: &Path) -> io::Error {
    io::Error::other(format!("nats-server ended:\n{}", std::fs::read_to_string(log).unwrap_or_default()))
}
