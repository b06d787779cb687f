//! The programs: gateways and a NATS server, as processes of their own.

mod gateway;
mod nats;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

pub use gateway::{Figures, Gateway};
pub use nats::NatsServer;

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    pub gateway: PathBuf,
    pub nats: PathBuf,
}

impl Programs {
    /// Those that `RES_GATEWAY` and `NATS_SERVER` name; otherwise a gateway beside this program, and a server on the
    /// path.
    ///
    /// # Errors
    /// A sentence, if one is missing.
    pub fn find() -> Result<Programs, String> {
        let named = |variable| std::env::var_os(variable).map(PathBuf::from);
        let beside = || Some(std::env::current_exe().ok()?.with_file_name("res-gateway")).filter(|file| file.is_file());
        let on_path = || {
            let folders = std::env::var_os("PATH")?;
            std::env::split_paths(&folders).map(|folder| folder.join("nats-server")).find(|file| file.is_file())
        };
        let gateway = named("RES_GATEWAY").or_else(beside);
        let nats = named("NATS_SERVER").or_else(on_path);
        Ok(Programs {
            gateway: gateway.ok_or("no res-gateway: build it, or put its path into RES_GATEWAY")?,
            nats: nats.ok_or("no nats-server: put one on the PATH, or its path into NATS_SERVER")?,
        })
    }
}

/// What can be done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ends it as an operator does.
    End,
    Stop,
    Continue,
}

/// A process, which is killed when this is dropped.
struct Process {
    child: Child,
}

impl Process {
    fn spawn(command: &mut Command, log: &Path) -> io::Result<Process> {
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        let child = command.stdin(Stdio::null()).stderr(log).kill_on_drop(true).spawn()?;
        Ok(Process { child })
    }

    /// 0 once it has ended.
    fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    #[cfg(unix)]
    fn signal(&self, signal: Signal) {
        use rustix::process::{self, Pid};
        let signal = match signal {
            Signal::End => process::Signal::TERM,
            Signal::Stop => process::Signal::STOP,
            Signal::Continue => process::Signal::CONT,
        };
        // One that has ended heeds no signal.
        let id = self.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let _ = id.map(|id| process::kill_process(id, signal));
    }

    #[cfg(not(unix))]
    fn signal(&self, signal: Signal) {
        panic!("{signal:?} cannot be sent here: the scripts need Unix");
    }

    /// Ends it at once, as a crash does.
    async fn kill(&mut self) {
        // An error means that it has ended.
        let _ = self.child.kill().await;
    }

    /// Ends it as an operator does; false if it does not end.
    async fn end(&mut self) -> bool {
        self.signal(Signal::Continue);
        self.signal(Signal::End);
        timeout(PATIENCE, self.child.wait()).await.is_ok()
    }
}

/// Bytes of memory that a process has, where the system says so, as Linux does.
pub fn resident_bytes(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    Some(kilobytes.trim().parse::<u64>().ok()? << 10)
}

/// For what a program does by itself.
const PATIENCE: Duration = Duration::from_secs(20);
