//! The JSON scanner: one pass that validates and finds spans, and with `content.rs` hashes values, without building them.
//!
//! It accepts what `serde_json` accepts, up to [`MAX_DEPTH`] levels, and never recurses over its input. Positions are
//! byte offsets inside; spans that leave it are in the unit of the reader, UTF-16 for JavaScript (see [`Units`]).

use std::borrow::Cow;

use super::escape::unescape;
use super::hash::{Digest, Hasher};
use super::number::MAX_DIGITS;
use super::words::{HIGH, LOW, last_word, same, stops};

/// How deep arrays and objects may be nested in a frame: as deep as Go's `encoding/json` takes them, and so any gateway.
pub const MAX_DEPTH: u32 = 10_000;

/// A half-open range of a frame's text, in the unit the scanner was told to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// How many units it is long.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// The span without its first and last unit: a string without its quotes.
    pub fn inner(self) -> Span {
        Span { start: self.start + 1, end: self.end - 1 }
    }

    /// The text of a span in bytes.
    pub fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

/// The unit of the spans a scanner reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Units {
    /// Bytes, for readers in Rust.
    #[default]
    Bytes,
    /// UTF-16 code units, for readers in JavaScript.
    Utf16,
}

/// A string found in the text.
#[derive(Debug, Clone, Copy)]
pub struct Str {
    /// The literal with its quotes.
    pub span: Span,
    start: usize,
    end: usize,
    /// Whether there is a backslash in it.
    pub escaped: bool,
}

/// A byte position and the units before it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark {
    pos: usize,
    surplus: usize,
}

/// The text is not what it should be. An error without content keeps the many places that pass it on small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

pub type Result<T> = std::result::Result<T, Malformed>;

/// A cursor over one text, or over a part of it.
pub struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    /// Bytes before `pos` that count for no unit.
    surplus: usize,
    /// Units of the text before this part of it.
    before: u32,
    utf16: bool,
    depth: u32,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str, units: Units) -> Self {
        Scanner::resume(text, units, 0, 0)
    }

    /// Goes on where a scanner of the parts before has stopped: behind so many units, at this depth.
    pub fn resume(text: &'a str, units: Units, before: u32, depth: u32) -> Self {
        Scanner { text, bytes: text.as_bytes(), pos: 0, surplus: 0, before, utf16: units == Units::Utf16, depth }
    }

    /// Bytes of this part before the position.
    pub fn pos(&self) -> usize {
        self.pos
    }

    /// Units of the whole text before the position.
    pub fn units_before(&self) -> u32 {
        self.units_at(self.pos, self.surplus)
    }

    #[inline]
    fn units_at(&self, pos: usize, surplus: usize) -> u32 {
        self.before.wrapping_add(pos.wrapping_sub(surplus) as u32)
    }

    /// The position, to return to with [`Scanner::rewind`].
    pub fn mark(&self) -> Mark {
        Mark { pos: self.pos, surplus: self.surplus }
    }

    pub fn rewind(&mut self, mark: Mark, depth: u32) {
        self.pos = mark.pos;
        self.surplus = mark.surplus;
        self.depth = depth;
    }

    /// Bytes that are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.pos
    }

    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// From `mark` to the position.
    pub fn span_from(&self, mark: Mark) -> Span {
        Span { start: self.units_at(mark.pos, mark.surplus), end: self.units_before() }
    }

    /// The next byte that is not white space, without taking it; 0 at the end.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        match self.bytes.get(self.pos) {
            Some(&b) if b > b' ' => b,
            _ => self.peek_past_space(),
        }
    }

    #[cold]
    fn peek_past_space(&mut self) -> u8 {
        loop {
            match self.bytes.get(self.pos) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.pos += 1,
                Some(&b) => return b,
                None => return 0,
            }
        }
    }

    /// Takes `b`, which must come next.
    pub fn expect(&mut self, b: u8) -> Result<()> {
        if self.peek() == b && self.pos < self.bytes.len() {
            self.pos += 1;
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// Takes the opening bracket of an object or array.
    pub fn open(&mut self, bracket: u8) -> Result<()> {
        self.expect(bracket)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Malformed) } else { Ok(()) }
    }

    /// In an object or array: true when another element follows, after taking the comma before it; false after taking
    /// the closing bracket. `first` says that none was read yet.
    pub fn more(&mut self, first: bool, close: u8) -> Result<bool> {
        let b = self.peek();
        if b == close {
            self.pos += 1;
            self.depth -= 1;
            return Ok(false);
        }
        if first {
            return Ok(true);
        }
        if b != b',' {
            return Err(Malformed);
        }
        self.pos += 1;
        if self.peek() == close { Err(Malformed) } else { Ok(true) }
    }

    /// Takes a member's name and the colon after it.
    pub fn key(&mut self) -> Result<Str> {
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Takes a member's name and the colon after it; gives what the name stands for, if it is one of `names`.
    pub fn name<T: Copy>(&mut self, names: &[(&str, T)]) -> Result<Option<T>> {
        self.peek();
        // Written without escapes and space, as gateways do, it need not be scanned before it is compared.
        let rest = self.bytes.get(self.pos + 1..).unwrap_or_default();
        for &(name, meaning) in names {
            if let Some((written, [b'"', b':', ..])) = rest.split_at_checked(name.len())
                && same(written, name.as_bytes())
                && self.at(b'"')
            {
                self.pos += name.len() + 3;
                return Ok(Some(meaning));
            }
        }
        let key = self.key()?;
        let key = self.unescape(&key);
        Ok(names.iter().find(|(name, _)| *key == *name.as_bytes()).map(|&(_, meaning)| meaning))
    }

    /// Takes an ASCII text if it comes next.
    #[inline]
    pub fn take_same(&mut self, text: &[u8]) -> bool {
        let same = match self.bytes.get(self.pos..self.pos + text.len()) {
            Some(next) => same(next, text),
            None => false,
        };
        if same {
            self.pos += text.len();
        }
        same
    }

    /// Takes a text that was scanned before, at this depth, if it comes next: then it need not be scanned again.
    pub(super) fn take_again(&mut self, digest: Digest, hasher: Hasher) -> bool {
        let Some(bytes) = self.bytes.get(self.pos..self.pos + digest.bytes()) else { return false };
        if bytes.is_empty() || Digest::of(bytes, hasher) != digest {
            return false;
        }
        self.pos += bytes.len();
        self.surplus += bytes.len() - self.units(bytes) as usize;
        true
    }

    /// The bytes that were taken since `mark`.
    pub(super) fn taken(&self, mark: Mark) -> &'a [u8] {
        &self.bytes[mark.pos..self.pos]
    }

    /// The end of the text must follow.
    pub fn finish(&mut self) -> Result<()> {
        self.peek();
        if self.pos == self.bytes.len() { Ok(()) } else { Err(Malformed) }
    }

    /// Takes a string.
    pub fn string(&mut self) -> Result<Str> {
        self.expect(b'"')?;
        let start = self.pos;
        let from = self.units_at(start - 1, self.surplus);
        let mut escaped = false;
        loop {
            self.plain_run();
            match self.bytes.get(self.pos) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(Malformed),
                None => return Err(Malformed),
            }
        }
        let end = self.pos;
        self.pos += 1;
        Ok(Str { span: Span { start: from, end: self.units_before() }, start, end, escaped })
    }

    /// The bytes of a string as they stand, without the quotes.
    #[inline]
    pub fn raw(&self, s: &Str) -> &'a [u8] {
        &self.bytes[s.start..s.end]
    }

    /// How many units these bytes of the text are.
    pub fn units(&self, bytes: &[u8]) -> u32 {
        if !self.utf16 || bytes.is_ascii() {
            return bytes.len() as u32;
        }
        let of = |b: &u8| match b {
            0x80..=0xbf => 0,
            0xf0.. => 2,
            _ => 1,
        };
        bytes.iter().map(of).sum()
    }

    /// The string unescaped, as UTF-8 in which a lone surrogate is three bytes of its own (WTF-8), so that different
    /// strings stay different.
    pub fn unescape(&self, s: &Str) -> Cow<'a, [u8]> {
        if s.escaped { Cow::Owned(unescape(self.raw(s))) } else { Cow::Borrowed(self.raw(s)) }
    }

    /// The string unescaped; fails on a lone surrogate, which Rust strings cannot hold.
    pub fn text(&self, s: &Str) -> Result<Cow<'a, str>> {
        if !s.escaped {
            // Both ends are quotes of this very text, so they are where characters begin.
            return Ok(Cow::Borrowed(self.text.get(s.start..s.end).unwrap_or_default()));
        }
        match String::from_utf8(unescape(self.raw(s))) {
            Ok(text) => Ok(Cow::Owned(text)),
            Err(_) => Err(Malformed),
        }
    }

    /// Takes a number that is an index or id: digits only, up to 2^64 − 1.
    pub fn unsigned(&mut self) -> Result<u64> {
        self.peek();
        let mark = self.mark();
        self.number()?;
        let digits = self.taken(mark);
        let value = digits.iter().try_fold(0u64, |n, b| match b {
            b'0'..=b'9' => n.checked_mul(10)?.checked_add(u64::from(b - b'0')),
            _ => None,
        });
        match value {
            Some(value) => Ok(value),
            None => Err(Malformed),
        }
    }

    /// Takes any value.
    pub fn skip(&mut self) -> Result<Span> {
        self.peek();
        let mark = self.mark();
        // What closes the levels that are open.
        let mut open: Vec<u8> = Vec::new();
        loop {
            match self.peek() {
                b @ (b'{' | b'[') => {
                    self.open(b)?;
                    // In ASCII, either bracket is two before the one that closes it.
                    if self.more(true, b + 2)? {
                        open.push(b + 2);
                        if b == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            // A value is complete: close what it completes.
            loop {
                let Some(&close) = open.last() else { return Ok(self.span_from(mark)) };
                if self.more(false, close)? {
                    if close == b'}' {
                        self.key()?;
                    }
                    break;
                }
                open.pop();
            }
        }
    }

    /// Takes a string, number or literal.
    #[inline]
    pub(super) fn scalar(&mut self) -> Result<()> {
        match self.peek() {
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.literal(),
        }
    }

    /// Passes over characters of a string that are neither a quote, a backslash nor a control character, eight at a
    /// time, counting those that need more bytes than units.
    #[inline]
    fn plain_run(&mut self) {
        let mut rest = self.bytes.get(self.pos..).unwrap_or_default();
        loop {
            let (word, after) = match rest.split_first_chunk() {
                Some((&word, after)) => (u64::from_le_bytes(word), after),
                None => (last_word(rest), Default::default()),
            };
            let stop = stops(word);
            let run = stop.trailing_zeros() / 8;
            if word & HIGH != 0 {
                self.count(if stop == 0 { word } else { word & !(u64::MAX << (run * 8)) });
            }
            if stop != 0 {
                self.pos = self.bytes.len() - rest.len() + run as usize;
                return;
            }
            rest = after;
        }
    }

    /// Counts the surplus of up to eight bytes of UTF-8: a continuation byte is no unit, but a character of four bytes
    /// is two units.
    #[inline(never)]
    fn count(&mut self, word: u64) {
        if self.utf16 {
            let continuation = (word >> 7) & !(word >> 6) & LOW;
            let four = (word >> 7) & (word >> 6) & (word >> 5) & (word >> 4) & LOW;
            // Where a character of four bytes begins at the end of a word, this goes below zero until the next word.
            let surplus = self.surplus.wrapping_add(continuation.count_ones() as usize);
            self.surplus = surplus.wrapping_sub(four.count_ones() as usize);
        }
    }

    #[cold]
    fn escape(&mut self) -> Result<()> {
        match self.bytes.get(self.pos + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.pos += 2;
                Ok(())
            }
            Some(b'u') => match self.bytes.get(self.pos + 2..self.pos + 6) {
                Some(hex) if hex.iter().all(u8::is_ascii_hexdigit) => {
                    self.pos += 6;
                    Ok(())
                }
                _ => Err(Malformed),
            },
            _ => Err(Malformed),
        }
    }

    /// Takes an integer without a sign that fits easily, or nothing.
    #[inline]
    pub(super) fn short_integer(&mut self) -> Option<u64> {
        let mut integer = 0u64;
        let mut at = self.pos;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(at) {
            integer = integer.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            at += 1;
        }
        let len = at - self.pos;
        let leading_zero = len > 1 && self.at(b'0');
        let more = matches!(self.bytes.get(at), Some(b'.' | b'e' | b'E'));
        if len == 0 || len > MAX_DIGITS || leading_zero || more {
            return None;
        }
        self.pos = at;
        Some(integer)
    }

    pub(super) fn number(&mut self) -> Result<()> {
        if self.at(b'-') {
            self.pos += 1;
        }
        if self.at(b'0') {
            self.pos += 1;
        } else {
            self.digits()?;
        }
        if self.at(b'.') {
            self.pos += 1;
            self.digits()?;
        }
        if self.at(b'e') || self.at(b'E') {
            self.pos += 1;
            if self.at(b'+') || self.at(b'-') {
                self.pos += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<()> {
        let start = self.pos;
        while matches!(self.bytes.get(self.pos), Some(b'0'..=b'9')) {
            self.pos += 1;
        }
        if self.pos == start { Err(Malformed) } else { Ok(()) }
    }

    #[inline]
    fn at(&self, b: u8) -> bool {
        self.bytes.get(self.pos) == Some(&b)
    }

    pub(super) fn literal(&mut self) -> Result<()> {
        for word in [&b"null"[..], b"true", b"false"] {
            if self.bytes[self.pos..].starts_with(word) {
                self.pos += word.len();
                return Ok(());
            }
        }
        Err(Malformed)
    }
}
