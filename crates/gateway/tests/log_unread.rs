//! A log that nobody reads, or not as quickly as it is written.

mod support;

use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::{Value, json};
use support::client::Client;
use support::program::{File, Program};
use tokio::task::{block_in_place, spawn_blocking};
use tokio::time::timeout;

/// A program that logs every message to a pipe, and the file that says so.
fn program(name: &str) -> (Program, File) {
    let limits = json!({ "requestRate": 0, "ridBytes": 60_000 });
    let config = File::new(name, &json!({ "trace": true, "limits": limits }).to_string());
    (Program::start(&["-c", config.path()]), config)
}

/// Has so many bytes logged at least.
async fn fill(client: &mut Client, bytes: usize) {
    let name = "x".repeat(10_000);
    for _ in 0..bytes / name.len() {
        client.request(&format!("call.{name}.nothing"), Value::Null).await;
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_program_whose_log_nobody_reads_goes_on_and_ends_when_it_is_told_to() {
    let (mut program, _config) = program("unread.json");
    let mut client = program.connect().await;
    // A pipe has room for 64 KiB; the program for a mebibyte.
    fill(&mut client, 2 << 20).await;
    assert_eq!(program.get("/api/library/books").await.0, 200);
    let begun = std::time::Instant::now();
    program.signal("-TERM");
    assert_eq!(client.closed().await, 1001);
    drop(client);
    assert_eq!(block_in_place(|| program.exit_code()), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_read_too_late_says_how_much_of_it_is_lost_and_goes_on() {
    let (mut program, _config) = program("late.json");
    let mut client = program.connect().await;
    fill(&mut client, 2 << 20).await;
    let log = BufReader::new(program.child.stderr.take().expect("piped"));
    let (mut lines, mut lost) = (log.lines().map_while(Result::ok), None);
    let reading = spawn_blocking(move || {
        // Whole lines, whatever was lost.
        let mut next = || lines.next().inspect(|line| assert!(line.starts_with("20"), "{line}")).expect("it goes on");
        while lost.is_none() {
            let line = next();
            lost = line.split_once("lines=").filter(|_| line.contains("WARN")).map(|(_, lines)| lines.to_owned());
        }
        while !next().contains("call.library.book.1.later") {}
        lost
    });
    // Until it was there to be read, its line may have been lost as well.
    let asking = async {
        while !reading.is_finished() {
            client.request("call.library.book.1.later", Value::Null).await;
        }
        reading.await.expect("every line is whole")
    };
    let lost = timeout(Duration::from_secs(20), asking).await.expect("it says so in time");
    let lost: u64 = lost.and_then(|lines| lines.parse().ok()).expect("a number");
    assert!(lost > 50, "{lost}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_logged_at_the_last_moment_is_written() {
    let (mut program, _config) = program("last.json");
    let mut log = BufReader::new(program.child.stderr.take().expect("piped"));
    let reading = spawn_blocking(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut log, &mut text).expect("the log is UTF-8");
        text
    });
    let mut client = program.connect().await;
    program.signal("-TERM");
    assert_eq!(client.closed().await, 1001);
    drop(client);
    assert_eq!(block_in_place(|| program.exit_code()), Some(0));
    let log = reading.await.expect("no panic");
    let last = log.lines().last().unwrap_or_default();
    assert!(log.contains("another signal ends the program at once"), "{log}");
    assert!(last.contains("a client has gone"), "{last}");
}
