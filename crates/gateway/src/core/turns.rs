//! Connections take turns, so that one with a lot to do does not keep the others waiting.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use resclient::protocol::ResError;

use super::border::{ConnId, Notice, SubId, Ticket};
use super::conn::{Conn, HttpRequest, Output};

/// The connections, and what each has still to take in, in the order it came.
#[derive(Default)]
pub struct Turns {
    /// In boxes, for half of what a tree has room for is empty.
    seats: BTreeMap<ConnId, Box<Seat>>,
    /// Those with something to do, each once.
    waiting: VecDeque<ConnId>,
}

/// Something for a connection to take in.
#[derive(Debug)]
pub enum Task {
    Frame(Box<str>),
    Http(HttpRequest),
    Answer(Ticket, Result<Box<[u8]>, ResError>),
    Notice(SubId, Notice),
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

/// What a part of a turn came to.
pub enum Step {
    Output(Output),
    /// The connection has taken something in, or let a step pass.
    Taken,
    /// There is nothing left.
    Idle,
}

struct Seat {
    conn: Conn,
    inbox: VecDeque<Task>,
    /// Steps it has to let pass, for one that was as long as so many.
    debt: usize,
    /// Whether it is among those that wait, or has its turn.
    is_waiting: bool,
    /// The client has gone; what is left to do is to let go of what it had.
    is_gone: bool,
}

impl Turns {
    pub fn insert(&mut self, id: ConnId, conn: Conn) {
        let seat = Seat { conn, inbox: VecDeque::new(), debt: 0, is_waiting: false, is_gone: false };
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
        seat.wait(id, &mut self.waiting);
        Some(&seat.conn)
    }

    pub fn push(&mut self, id: ConnId, task: Task) {
        if let Some(seat) = self.seats.get_mut(&id).filter(|seat| !seat.is_gone) {
            seat.inbox.push_back(task);
            seat.wait(id, &mut self.waiting);
        }
    }

    /// How many connections have something to do.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_waiting(&self, id: ConnId) -> bool {
        self.seats.get(&id).is_some_and(|seat| seat.is_waiting)
    }

    /// Begins a turn of whoever has waited for the longest.
    pub fn begin(&mut self) -> Option<ConnId> {
        self.waiting.pop_front()
    }

    /// Goes on with a turn. What a task leads to comes out before the next is taken in.
    pub fn step(&mut self, id: ConnId) -> Step {
        let Some(seat) = self.seats.get_mut(&id) else { return Step::Idle };
        if let Some(output) = seat.conn.poll_output() {
            return Step::Output(output);
        }
        if seat.debt > 0 && !seat.inbox.is_empty() {
            seat.debt -= 1;
            return Step::Taken;
        }
        let Some(task) = seat.inbox.pop_front() else { return Step::Idle };
        let conn = &mut seat.conn;
        match task {
            Task::Frame(text) => conn.handle_frame(&text),
            Task::Http(request) => conn.handle_http(request),
            Task::Answer(ticket, Ok(payload)) => conn.handle_answer(ticket, Ok(&payload)),
            Task::Answer(ticket, Err(error)) => conn.handle_answer(ticket, Err(error)),
            Task::Notice(sub, notice) => conn.handle_notice(sub, notice),
            Task::Token(payload) => conn.handle_token(&payload),
            Task::TokenReset(reset) => conn.handle_token_reset(&reset.tids, &reset.subject),
        }
        seat.debt += conn.take_effort();
        Step::Taken
    }

    /// Ends a turn; with something left to do, the connection waits for the next.
    pub fn end(&mut self, id: ConnId) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        seat.is_waiting = false;
        if seat.conn.has_output() || !seat.inbox.is_empty() {
            seat.wait(id, &mut self.waiting);
        } else if seat.is_gone {
            self.seats.remove(&id);
        }
    }
}

impl Seat {
    fn wait(&mut self, id: ConnId, waiting: &mut VecDeque<ConnId>) {
        if !std::mem::replace(&mut self.is_waiting, true) {
            waiting.push_back(id);
        }
    }
}
