//! Texts with characters cut off, taken out, repeated, put in and replaced at random.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Something that happens to the characters of a text, wherever it is.
#[derive(Debug, Clone)]
pub enum Damage {
    Cut(Index),
    Remove(Index, usize),
    Repeat(Index, usize),
    Insert(Index, String),
    Replace(Index, String),
}

impl Damage {
    fn apply(&self, chars: &mut Vec<char>) {
        let (Damage::Cut(at)
        | Damage::Remove(at, _)
        | Damage::Repeat(at, _)
        | Damage::Insert(at, _)
        | Damage::Replace(at, _)) = self;
        let at = at.index(chars.len() + 1);
        let upto = |len: &usize| (at + len).min(chars.len());
        match self {
            Damage::Cut(_) => chars.truncate(at),
            Damage::Remove(_, len) => drop(chars.drain(at..upto(len))),
            Damage::Repeat(_, len) => {
                let piece = chars[at..upto(len)].to_vec();
                chars.splice(at..at, piece);
            }
            Damage::Insert(_, piece) => drop(chars.splice(at..at, piece.chars())),
            Damage::Replace(_, piece) => drop(chars.splice(at..upto(&1), piece.chars())),
        }
    }
}

/// What may happen to a text, several times or not at all.
pub fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let at = any::<Index>;
    let piece = || prop_oneof![select(PIECES.to_vec()).prop_map(str::to_owned), any::<char>().prop_map(String::from)];
    let one = prop_oneof![
        1 => at().prop_map(Damage::Cut),
        2 => (at(), 1..20usize).prop_map(|(at, len)| Damage::Remove(at, len)),
        2 => (at(), 1..60usize).prop_map(|(at, len)| Damage::Repeat(at, len)),
        4 => (at(), piece()).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        4 => (at(), piece()).prop_map(|(at, piece)| Damage::Replace(at, piece)),
    ];
    vec(one, 0..4)
}

pub fn damaged(text: &str, damage: &[Damage]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    damage.iter().for_each(|one| one.apply(&mut chars));
    chars.into_iter().collect()
}

const PIECES: [&str; 38] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "0",
    "9",
    "-",
    "+",
    ".",
    "e",
    "E",
    " ",
    "\n",
    "\u{b}",
    "\0",
    "\u{7f}",
    "\u{a0}",
    "\u{feff}",
    "é",
    "😀",
    "\\u",
    "\\ud800",
    "\\udc00",
    "\\x",
    "null",
    "tru",
    "1e400",
    "[[",
    "{\"\":",
    "},",
    "\"a\":1,",
    "\"rid\":",
    "\"soft\":true",
    "\"data\":{}",
];
