//! Connections take turns, so that one with a lot to do does not keep the others waiting.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use resclient::protocol::ResError;

use super::border::{ConnId, Notice, Subscriber, Ticket};
use super::conn::{Conn, HttpRequest, Output};

/// The connections, and what each has still to take in, in the order it came.
///
/// In each round a connection has credit for one turn. While that lasts it is served as soon as there is something to do
/// for it; then it waits in line with the others that have a lot to do. So who asks for little waits for nobody who asks
/// for much (deficit round robin, and the sparse flows of RFC 8290).
pub struct Turns {
    /// In boxes, for half of what a tree has room for is empty.
    seats: BTreeMap<ConnId, Box<Seat>>,
    /// Those with something to do, each in one of the two and once: who has credit, and who waits in line.
    prompt: VecDeque<ConnId>,
    line: VecDeque<ConnId>,
    round: u64,
    /// Credit for a turn.
    quantum: isize,
}

/// Something for a connection to take in.
#[derive(Debug)]
pub enum Task {
    Frame(Box<str>),
    Http(HttpRequest),
    Answer(Ticket, Result<Box<[u8]>, ResError>),
    Notice(Subscriber, Notice),
    Token(Box<[u8]>),
    TokenReset(Arc<TokenReset>),
}

/// A service wants the tokens with these ids renewed.
#[derive(Debug, serde::Deserialize)]
pub struct TokenReset {
    pub tids: Vec<String>,
    /// Where connections that have one of them send their request.
    pub subject: String,
}

struct Seat {
    conn: Conn,
    inbox: VecDeque<Task>,
    /// When it had credit for a turn the last time.
    round: u64,
    /// Whether it is among those that wait, or has its turn.
    is_waiting: bool,
    /// The client has gone; what is left to do is to let go of what it had.
    is_gone: bool,
}

impl Turns {
    pub fn new(effort_of_a_turn: usize) -> Turns {
        let quantum = effort_of_a_turn.max(1) as isize;
        Turns { seats: BTreeMap::new(), prompt: VecDeque::new(), line: VecDeque::new(), round: 1, quantum }
    }

    pub fn insert(&mut self, id: ConnId, conn: Conn) {
        let seat = Seat { conn, inbox: VecDeque::new(), round: 0, is_waiting: false, is_gone: false };
        self.seats.insert(id, Box::new(seat));
    }

    pub fn get(&self, id: ConnId) -> Option<&Conn> {
        self.seats.get(&id).filter(|seat| !seat.is_gone).map(|seat| &seat.conn)
    }

    /// Those whose clients are there.
    pub fn iter(&self) -> impl Iterator<Item = (ConnId, &Conn)> {
        self.seats.iter().filter(|(_, seat)| !seat.is_gone).map(|(&id, seat)| (id, &seat.conn))
    }

    /// Ends a connection; what it has not taken in by now it never does.
    pub fn leave(&mut self, id: ConnId) -> Option<&Conn> {
        let seat = self.seats.get_mut(&id).filter(|seat| !seat.is_gone)?;
        seat.is_gone = true;
        seat.inbox.clear();
        seat.conn.close();
        self.wait(id);
        self.seats.get(&id).map(|seat| &seat.conn)
    }

    pub fn push(&mut self, id: ConnId, task: Task) {
        if let Some(seat) = self.seats.get_mut(&id).filter(|seat| !seat.is_gone) {
            seat.inbox.push_back(task);
            self.wait(id);
        }
    }

    pub fn is_busy(&self) -> bool {
        !self.prompt.is_empty() || !self.line.is_empty()
    }

    pub fn is_waiting(&self, id: ConnId) -> bool {
        self.seats.get(&id).is_some_and(|seat| seat.is_waiting)
    }

    /// From now on each connection may have another turn at once.
    pub fn begin_round(&mut self) {
        self.round += 1;
    }

    /// Gives a turn to the next that has credit; what comes out is added to `outputs`.
    pub fn prompt(&mut self, outputs: &mut Vec<Output>) -> Option<ConnId> {
        let id = self.prompt.pop_front()?;
        self.turn(id, outputs);
        Some(id)
    }

    /// Gives a turn to the first in line. Also returns how much effort that was.
    pub fn next_in_line(&mut self, outputs: &mut Vec<Output>) -> Option<(ConnId, usize)> {
        let id = self.line.pop_front()?;
        let seat = self.seats.get_mut(&id).expect("who waits is there");
        seat.renew(self.round, self.quantum);
        let before = seat.conn.credit;
        self.turn(id, outputs);
        let after = self.seats.get(&id).map_or(0, |seat| seat.conn.credit);
        Some((id, 1 + (before - after).unsigned_abs()))
    }

    /// What a task leads to comes out before the next is taken in.
    fn turn(&mut self, id: ConnId, outputs: &mut Vec<Output>) {
        let seat = self.seats.get_mut(&id).expect("who waits is there");
        let conn = &mut seat.conn;
        while conn.credit > 0 {
            if let Some(output) = conn.poll_output() {
                conn.credit -= 1;
                outputs.push(output);
            } else if !conn.is_settled() {
                conn.settle();
            } else if let Some(task) = seat.inbox.pop_front() {
                conn.credit -= 1;
                task.enter(conn);
            } else {
                break;
            }
        }
        seat.is_waiting = conn.is_busy() || !seat.inbox.is_empty();
        if seat.is_waiting {
            self.line.push_back(id);
        } else if seat.is_gone {
            self.seats.remove(&id);
        }
    }

    fn wait(&mut self, id: ConnId) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if std::mem::replace(&mut seat.is_waiting, true) {
            return;
        }
        if seat.round < self.round {
            seat.renew(self.round, self.quantum);
        }
        let queue = if seat.conn.credit > 0 { &mut self.prompt } else { &mut self.line };
        queue.push_back(id);
    }
}

impl Seat {
    /// Credit for another turn, less what the last one was too long.
    fn renew(&mut self, round: u64, quantum: isize) {
        self.round = round;
        self.conn.credit = (self.conn.credit + quantum).min(quantum);
    }
}

impl Task {
    fn enter(self, conn: &mut Conn) {
        match self {
            Task::Frame(text) => conn.handle_frame(&text),
            Task::Http(request) => conn.handle_http(request),
            Task::Answer(ticket, Ok(payload)) => conn.handle_answer(ticket, Ok(&payload)),
            Task::Answer(ticket, Err(error)) => conn.handle_answer(ticket, Err(error)),
            Task::Notice(who, notice) => conn.handle_notice(who, notice),
            Task::Token(payload) => conn.handle_token(&payload),
            Task::TokenReset(reset) => conn.handle_token_reset(&reset.tids, &reset.subject),
        }
    }
}
