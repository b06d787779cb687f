//! Runs of scripts, and shorter scripts that fail in the same way.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::script::Script;
use crate::tally::Tally;
use crate::world::World;

/// What a script came to: what there was of everything, or what is wrong.
pub type Outcome = Result<Tally, String>;

thread_local! {
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a script.
pub fn run(script: &Script) -> Outcome {
    traced(script, false).0
}

/// Runs a script, and tells what happened if that is wanted.
pub fn traced(script: &Script, wants_trace: bool) -> (Outcome, Vec<String>) {
    keep_what_panics_say();
    let mut world = None;
    IS_RUNNING.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        let world = world.insert(World::new(script.clone()));
        world.trace = wants_trace.then(Vec::new);
        world.run();
        world.tally.clone()
    }));
    IS_RUNNING.set(false);
    let trace = world.and_then(|world| world.trace).unwrap_or_default();
    let said = || SAID.with_borrow_mut(Option::take).unwrap_or_default();
    (outcome.map_err(|_| said()), trace)
}

/// Leaves out whatever a script fails without, at the same place of the check, first in big pieces, then step by step.
pub fn shrink(script: &Script) -> Script {
    let place = |script: &Script| run(script).err().and_then(|error| error.lines().last().map(str::to_owned));
    let wanted = place(script);
    let mut shortest = script.clone();
    let mut piece = shortest.steps.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        while from < shortest.steps.len() {
            let mut shorter = shortest.clone();
            shorter.steps.drain(from..(from + piece).min(shortest.steps.len()));
            if wanted.is_some() && place(&shorter) == wanted {
                shortest = shorter;
            } else {
                from += piece;
            }
        }
        if piece == 1 {
            return shortest;
        }
        piece = piece.div_ceil(2);
    }
}

/// Has panics in runs kept instead of printed: they are what the run came to. All others are said as ever.
fn keep_what_panics_say() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_RUNNING.get() {
                return usual(info);
            }
            let place = info.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
            let text = info.payload_as_str().unwrap_or("a panic");
            SAID.set(Some(format!("{text}\n  at {place}")));
        }));
    });
}
