//! Real NATS servers on free ports of this machine, and the plainest client of them.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use res_gateway::bus::nats::{NatsBus, NatsOptions};
use res_gateway::bus::{Connection, Deliveries, Delivery};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// A running server, which ends with it.
pub struct NatsServer {
    child: Child,
    directory: Directory,
    pub port: u16,
    /// Where other servers of its cluster connect to, if the configuration speaks of one.
    pub cluster_port: Option<u16>,
    monitoring_port: Option<u16>,
}

impl NatsServer {
    /// Starts a server with these lines of configuration, and waits until it accepts clients.
    pub async fn start(config: &str) -> NatsServer {
        NatsServer::start_at(-1, config).await
    }

    /// Starts one at a port, such as that of a server which ended.
    pub async fn start_at(port: i32, config: &str) -> NatsServer {
        let directory = Directory::new();
        let file = directory.join("server.conf");
        let ports = directory.display();
        let all = format!("listen: \"127.0.0.1:{port}\"\nports_file_dir: \"{ports}\"\n{config}\n");
        std::fs::write(&file, all).expect("a file can be written");
        let log = std::fs::File::create(directory.join("log")).expect("a file can be written");
        let mut child = Command::new(program())
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("nats-server can be started");
        let ports = directory.join(format!("nats-server_{}.ports", child.id()));
        // It writes the file when it listens.
        let ports: Value = loop {
            if let Ok(text) = std::fs::read(&ports)
                && let Ok(ports) = serde_json::from_slice(&text)
            {
                break ports;
            }
            if let Some(status) = child.try_wait().expect("the child is ours") {
                let log = std::fs::read_to_string(directory.join("log")).unwrap_or_default();
                panic!("nats-server ended with {status}:\n{log}");
            }
            sleep(Duration::from_millis(10)).await;
        };
        let port_of = |key: &str| ports[key][0].as_str()?.rsplit_once(':')?.1.parse().ok();
        let port = port_of("nats").expect("it listens");
        NatsServer { child, directory, port, cluster_port: port_of("cluster"), monitoring_port: port_of("monitoring") }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// What the server wrote into its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// Bytes that the server holds for its clients, if the configuration has it listen for such questions.
    pub async fn pending_bytes(&self) -> u64 {
        let port = self.monitoring_port.expect("the configuration has `http`");
        let mut socket = TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
        socket.write_all(b"GET /connz HTTP/1.0\r\n\r\n").await.expect("it reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("it speaks HTTP");
        let clients: Value = serde_json::from_str(body).expect("it answers with JSON");
        clients["connections"].as_array().expect("a list").iter().filter_map(|c| c["pending_bytes"].as_u64()).sum()
    }

    /// Sends the server a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("there is a kill").success());
    }

    /// Ends the server at once, as a crash would.
    pub fn kill(&mut self) {
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A connection of ours.
    pub async fn connect(&self) -> Connection {
        connect(self.options()).await
    }

    pub fn options(&self) -> NatsOptions {
        NatsOptions { servers: self.url(), ..NatsOptions::default() }
    }

    /// A client that speaks the protocol itself, and has been let in.
    pub async fn raw(&self) -> Raw {
        Raw::connect(self.port).await
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A connection of ours with these options.
pub async fn connect(options: NatsOptions) -> Connection {
    let bus = NatsBus::new(options).expect("the options are good");
    bus.connect().await.expect("the server lets us in")
}

/// The next message.
pub async fn next(deliveries: &mut Deliveries) -> Delivery {
    let delivery = timeout(PATIENCE, deliveries.recv()).await.expect("a message in time");
    delivery.expect("the connection is open")
}

/// Waits until a connection is lost, and gives what was still delivered.
pub async fn lost(deliveries: &mut Deliveries) -> Vec<Delivery> {
    let mut rest = Vec::new();
    while let Some(delivery) = timeout(PATIENCE, deliveries.recv()).await.expect("it is lost in time") {
        rest.push(delivery);
    }
    rest
}

/// Waits until something is so.
pub async fn until(mut condition: impl AsyncFnMut() -> bool) {
    let holds = async {
        while !condition().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, holds).await.expect("it is so in time");
}

/// A socket to a server.
pub struct Raw {
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
}

impl Raw {
    pub async fn connect(port: u16) -> Raw {
        let socket = TcpStream::connect(("127.0.0.1", port)).await.expect("the server accepts");
        socket.set_nodelay(true).expect("TCP can do that");
        let (read, write) = socket.into_split();
        let mut raw = Raw { read: BufReader::new(read), write };
        assert!(raw.line().await.starts_with("INFO "));
        raw.send("CONNECT {\"verbose\":false,\"protocol\":1,\"headers\":true,\"no_responders\":true}\r\n").await;
        raw.settle().await;
        // A server may say more of itself after the first PONG.
        raw.settle().await;
        raw
    }

    /// The first line of a server.
    pub async fn info(port: u16) -> String {
        let socket = TcpStream::connect(("127.0.0.1", port)).await.expect("the server accepts");
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).await.expect("the server speaks");
        line
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.write.write_all(bytes.as_ref()).await.expect("the server reads");
    }

    /// Waits until the server has dealt with everything sent so far.
    pub async fn settle(&mut self) {
        self.send("PING\r\n").await;
        let mut answer = self.line().await;
        while answer.starts_with("INFO ") {
            answer = self.line().await;
        }
        assert_eq!(answer, "PONG");
    }

    /// The next line that is no PING.
    pub async fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = timeout(PATIENCE, self.read.read_line(&mut line)).await.expect("a line in time");
            assert_ne!(read.expect("the server sends text"), 0, "the server closed the connection");
            if line.trim_end() != "PING" {
                return line.trim_end().to_owned();
            }
            self.send("PONG\r\n").await;
        }
    }

    /// The next message: subject, reply and payload.
    pub async fn message(&mut self) -> (String, Option<String>, Vec<u8>) {
        let line = self.line().await;
        let parts: Vec<&str> = line.split(' ').collect();
        let (subject, reply, size) = match parts.as_slice() {
            ["MSG", subject, _, size] => (subject, None, size),
            ["MSG", subject, _, reply, size] => (subject, Some((*reply).to_owned()), size),
            _ => panic!("no message: {line}"),
        };
        let mut payload = vec![0; size.parse::<usize>().expect("a size") + 2];
        timeout(PATIENCE, self.read.read_exact(&mut payload)).await.expect("a payload in time").expect("a payload");
        payload.truncate(payload.len() - 2);
        ((*subject).to_owned(), reply, payload)
    }
}

/// A new directory, which goes with this.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Directory {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let name = format!("res-gateway-nats-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let directory = std::env::temp_dir().join(name);
            // A file of tests that is a module of another counts for itself, and may have taken the name.
            match std::fs::create_dir(&directory) {
                Ok(()) => return Directory(directory),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => panic!("{}: {error}", directory.display()),
            }
        }
    }
}

impl Deref for Directory {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("NATS_SERVER") {
        return path.into();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join("nats-server")).find(|path| path.is_file());
    found.expect(
        "no nats-server: run `npm run test:gateway`, which gets one, or put one on the PATH or its path into NATS_SERVER",
    )
}

/// After this a test that waits has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A peer that says what a test has it say, for what no server can be made to do when a test needs it.
pub struct Scripted {
    listener: TcpListener,
    socket: Option<BufReader<TcpStream>>,
}

impl Scripted {
    pub async fn start() -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        Scripted { listener, socket: None }
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.listener.local_addr().expect("it is bound"))
    }

    /// Waits for a client and says this to it.
    pub async fn accept(&mut self, first: &str) {
        let accepted = timeout(PATIENCE, self.listener.accept()).await.expect("a client in time");
        self.socket = Some(BufReader::new(accepted.expect("a client").0));
        self.send(first).await;
    }

    /// Lets a client in.
    pub async fn welcome(&mut self, info: &str) {
        self.accept(&format!("INFO {info}\r\n")).await;
        assert!(self.line().await.starts_with("CONNECT {"));
        for _ in 0..2 {
            assert_eq!(self.line().await, "PING");
            self.send("PONG\r\n").await;
        }
    }

    pub async fn send(&mut self, text: &str) {
        self.socket().get_mut().write_all(text.as_bytes()).await.expect("the client reads");
    }

    pub async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.socket().read_line(&mut line)).await.expect("a line in time");
        assert_ne!(read.expect("the client sends text"), 0, "the client closed the connection");
        line.trim_end().to_owned()
    }

    fn socket(&mut self) -> &mut BufReader<TcpStream> {
        self.socket.as_mut().expect("a client was accepted")
    }
}
