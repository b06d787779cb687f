//! The program `res-gateway`, as a process.

use std::io::{BufRead, BufReader, Lines, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;

use super::client::Client;

/// A running program, which ends with the test.
pub struct Program {
    pub child: Child,
    /// Host and port.
    pub address: String,
    /// Its standard error, once a test waits for a line of it.
    lines: Option<Lines<BufReader<ChildStderr>>>,
}

impl Program {
    /// Starts it on a free port, unless the flags say another.
    pub fn start(flags: &[&str]) -> Program {
        Program::run(command(&[&["--port", "0"], flags].concat()))
    }

    /// Runs a command until it says where it listens.
    pub fn run(mut command: Command) -> Program {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it listens");
        let Some((_, address)) = line.trim_end().split_once("listening on ").and_then(|(_, url)| url.split_once("://"))
        else {
            let _ = child.kill();
            panic!("{line:?} and then: {}", log(&mut child));
        };
        let address = address.to_owned();
        Program { child, address, lines: None }
    }

    pub fn port(&self) -> u16 {
        self.address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("an address has a port")
    }

    /// A client that has shaken hands.
    pub async fn connect(&self) -> Client {
        self.connect_to("/").await.expect("it listens")
    }

    /// The same at another path; the error is the HTTP status.
    pub async fn connect_to(&self, path: &str) -> Result<Client, u16> {
        match connect_async(format!("ws://{}{path}", self.address)).await {
            Ok((socket, _)) => {
                let mut client = Client::new(socket);
                client.request("version", json!({ "protocol": "1.2.3" })).await;
                Ok(client)
            }
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("cannot connect: {error}"),
        }
    }

    /// Status, head and body of an HTTP GET.
    pub async fn get(&self, path: &str) -> (u16, String, String) {
        get(&self.address, path).await
    }

    /// Waits for a line of the log that has these words.
    pub async fn says(&mut self, words: &'static str) -> String {
        let piped = || BufReader::new(self.child.stderr.take().expect("piped")).lines();
        let mut lines = self.lines.take().unwrap_or_else(piped);
        let reading = spawn_blocking(move || {
            let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains(words));
            (line.expect("it goes on until it has said it"), lines)
        });
        let (line, lines) = timeout(PATIENCE, reading).await.expect("it says it in time").expect("it is read");
        self.lines = Some(lines);
        line
    }

    #[cfg(unix)]
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill is there").success());
    }

    /// Waits for the end, and gives the exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is a child") {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    /// Ends it as an operator does, so that the last line is there, and gives what it logged.
    pub fn into_log(mut self) -> String {
        #[cfg(unix)]
        self.signal("-TERM");
        #[cfg(not(unix))]
        let _ = self.child.kill();
        log(&mut self.child)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already where the test is about that.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, before it starts.
pub fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_res-gateway"));
    command.args(flags).env_remove("RUST_LOG");
    command
}

/// A run that ends by itself.
pub fn output(flags: &[&str]) -> Output {
    command(flags).output().expect("the program starts")
}

/// Exit code and standard error of a run that is to fail.
pub fn failure(flags: &[&str]) -> (Option<i32>, String) {
    let mut child = command(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut first).expect("it can be read");
    if !first.is_empty() {
        let _ = child.kill();
        panic!("{flags:?}: it started: {first}");
    }
    let log = log(&mut child);
    (child.wait().expect("it is a child").code(), log)
}

/// Status, head and body of an HTTP GET.
pub async fn get(address: &str, path: &str) -> (u16, String, String) {
    ask(address, "GET", path, "", "").await
}

/// The same for any request; each of the headers ends with a line break.
pub async fn ask(address: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut text = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut text)).await.expect("an answer in time");
    read.expect("it answers in UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_owned(), body.to_owned())
}

/// A port that was free just now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("there is one").port()
}

/// A file that the test removes.
pub struct File(pub PathBuf);

impl File {
    pub fn new(name: &str, content: &str) -> File {
        let file = File::none(name);
        std::fs::write(&file.0, content).expect("the file can be written");
        file
    }

    /// The place of one that is not there yet.
    pub fn none(name: &str) -> File {
        let file = File(std::env::temp_dir().join(format!("res-gateway-{}-{name}", std::process::id())));
        let _ = std::fs::remove_file(&file.0);
        file
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("the name is UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn log(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut text).expect("the log is UTF-8");
    text
}

/// After this a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(20);
