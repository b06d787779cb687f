//! The processes under measurement, and what the kernel says of them.

use std::io;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep};

/// A process that listens on loopback; it is killed when this is dropped.
pub struct Process {
    child: Child,
    /// Kept, for a process that writes to a closed pipe ends.
    _output: Option<BufReader<ChildStdout>>,
    pub address: SocketAddr,
}

impl Process {
    /// Starts a gateway and waits until it says where it listens.
    pub async fn gateway(mut command: Command) -> io::Result<Process> {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?);
        let mut line = String::new();
        output.read_line(&mut line).await?;
        let address = line.trim().rsplit("http://").next().unwrap_or_default().parse();
        let address = address.map_err(|_| io::Error::other(format!("the gateway says {line:?}")))?;
        Ok(Process { child, _output: Some(output), address })
    }

    /// Starts a NATS server and waits until it answers.
    pub async fn nats(program: &str) -> io::Result<Process> {
        let address = free_address().await?;
        let mut command = Command::new(program);
        command.args(["-a", "127.0.0.1", "-p", &address.port().to_string()]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while let Err(error) = tokio::net::TcpStream::connect(address).await {
            if Instant::now() > deadline {
                return Err(error);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Process { child, _output: None, address })
    }

    /// Bytes of memory that are its own and in use. Waits until that stays the same for a while.
    pub async fn memory(&self) -> io::Result<u64> {
        let mut last = self.resident()?;
        loop {
            sleep(Duration::from_millis(300)).await;
            let now = self.resident()?;
            if now.abs_diff(last) < 64 << 10 {
                return Ok(now);
            }
            last = now;
        }
    }

    /// Bytes of resident memory at this moment.
    pub fn resident(&self) -> io::Result<u64> {
        self.status("VmRSS:")
    }

    /// The most bytes of resident memory there ever were.
    pub fn peak(&self) -> io::Result<u64> {
        self.status("VmHWM:")
    }

    /// Time that all cores have spent for it.
    pub fn cpu(&self) -> io::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        // The name of the program, in brackets, may hold spaces.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
        let ticks = fields.take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
        Ok(Duration::from_millis(ticks * MS_PER_TICK))
    }

    fn status(&self, field: &str) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.map(|kb| kb << 10).ok_or_else(|| io::Error::other("the process has ended"))
    }

    fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }
}

/// A port that nobody listens on; nats-server takes none by itself that it would tell.
async fn free_address() -> io::Result<SocketAddr> {
    tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()
}

/// Linux counts in hundredths of a second, whatever the kernel's own clock.
const MS_PER_TICK: u64 = 10;
