//! The way to the standard error for a program that must not wait: whoever reads it may be slow, or not read at all.

use std::io::Write;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::warn;

/// Has a line written, with its line break, unless too much waits already. Those that are lost are counted, and the
/// log says how many as soon as there is room.
pub fn write(line: &str) {
    let mut waiting = STDERR.lock();
    if waiting.text.len() + line.len() > ROOM {
        waiting.lost += 1;
    } else {
        waiting.text.push_str(line);
        STDERR.changed.notify_all();
    }
}

/// Waits until everything is written, but not for long: for the end of the program.
pub fn flush() {
    let is_left = |waiting: &mut Waiting| waiting.is_writing || !waiting.text.is_empty();
    // Who does not read now has had its time.
    drop(STDERR.changed.wait_timeout_while(STDERR.lock(), LAST_WORDS, is_left));
}

struct Stderr {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    text: String,
    is_writing: bool,
    /// Lines for which there was no room.
    lost: u64,
}

/// Written by a thread of its own from the first line on.
static STDERR: LazyLock<Stderr> = LazyLock::new(|| {
    thread::Builder::new().name("log".into()).spawn(write_all).expect("there is room for a thread");
    Stderr { waiting: Mutex::default(), changed: Condvar::new() }
});

impl Stderr {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_all() {
    loop {
        let waiting = STDERR.changed.wait_while(STDERR.lock(), |waiting| waiting.text.is_empty());
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let Waiting { text, lost, .. } =
            std::mem::replace(&mut *waiting, Waiting { is_writing: true, ..Waiting::default() });
        drop(waiting);
        if lost > 0 {
            // Comes after what is written here, where the lines would have come.
            warn!(lines = lost, "this log is read more slowly than it is written: so many lines are lost here");
        }
        // What cannot be written, such as to a full disk, is no reason to end.
        let _ = std::io::stderr().write_all(text.as_bytes());
        STDERR.lock().is_writing = false;
        STDERR.changed.notify_all();
    }
}

/// Bytes that may wait: lines that clients cause may have a hundred thousand.
const ROOM: usize = 1 << 20;
const LAST_WORDS: Duration = Duration::from_secs(1);
