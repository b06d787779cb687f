//! What `serde_json` finds in a text, compared with what the scanner finds in it. Each check panics on a difference.

mod frame;
mod json;

use std::collections::BTreeMap;
use std::fmt;

use resclient::protocol::hash::Hasher;
use resclient::protocol::scan::{MAX_DEPTH, Scanner, Units};
use serde_json::value::RawValue;

pub use frame::{check_frame, check_parted};
use json::{Json, depth, inner, is_json, json, members, span, text_of, wtf8};

/// Compares everything the scanner does with a text.
pub fn check(text: &str) {
    if !check_json(text) || depth(text) <= WALKED {
        check_frame(text);
    }
}

/// Accepted or not, and unless it is nested too deep for `serde_json`, spans in both units, strings, and hashes that are equal
/// exactly when the values are.
pub fn check_json(text: &str) -> bool {
    let accepted = is_json(text) && depth(text) <= MAX_DEPTH;
    for units in BOTH {
        let mut scanner = Scanner::new(text, units);
        let skipped = scanner.skip().and_then(|_| scanner.finish());
        assert_eq!(skipped.is_ok(), accepted, "skip, {units:?}: {skipped:?} for {text:?}");
        let mut scanner = Scanner::new(text, units);
        let hashed = scanner.hash_value(HASHER).and_then(|_| scanner.finish());
        assert_eq!(hashed.is_ok(), accepted, "hash, {units:?}: {hashed:?} for {text:?}");
    }
    if accepted && depth(text) <= WALKED {
        let whole: &RawValue = serde_json::from_str(text).unwrap();
        let mut walk = Walk { text, scanners: BOTH.map(|units| Scanner::new(text, units)), hashes: Pairs::default() };
        walk.value(whole.get());
    }
    accepted
}

/// Follows a text with scanners for both units, beside what `serde_json` reads.
struct Walk<'a> {
    text: &'a str,
    scanners: [Scanner<'a>; 2],
    hashes: Pairs<Json>,
}

impl Walk<'_> {
    fn value(&mut self, raw: &str) {
        for (scanner, units) in self.scanners.iter_mut().zip(BOTH) {
            scanner.peek();
            let (mark, depth) = (scanner.mark(), scanner.depth());
            assert_eq!(scanner.skip(), Ok(span(self.text, raw, units)), "span of {raw:?} in {:?}", self.text);
            scanner.rewind(mark, depth);
            let hash = scanner.hash_value(HASHER).unwrap();
            assert_eq!(scanner.span_from(mark), span(self.text, raw, units));
            self.hashes.insert(json(raw), hash, self.text);
            scanner.rewind(mark, depth);
        }
        match raw.as_bytes()[0] {
            b'[' => {
                self.open(b'[');
                let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap();
                for (i, item) in items.iter().enumerate() {
                    self.more(i == 0, b']', true);
                    self.value(item.get());
                }
                self.more(items.is_empty(), b']', false);
            }
            b'{' => {
                self.open(b'{');
                let members = members(raw);
                for (i, (key, value)) in members.iter().enumerate() {
                    self.more(i == 0, b'}', true);
                    self.string(key, true);
                    self.value(value);
                }
                self.more(members.is_empty(), b'}', false);
            }
            b'"' => self.string(raw, false),
            _ => self.scanners.iter_mut().for_each(|s| assert!(s.skip().is_ok())),
        }
    }

    fn open(&mut self, bracket: u8) {
        self.scanners.iter_mut().for_each(|s| s.open(bracket).unwrap());
    }

    fn more(&mut self, first: bool, close: u8, expected: bool) {
        self.scanners.iter_mut().for_each(|s| assert_eq!(s.more(first, close), Ok(expected), "{:?}", self.text));
    }

    fn string(&mut self, raw: &str, is_key: bool) {
        for (scanner, units) in self.scanners.iter_mut().zip(BOTH) {
            scanner.peek();
            let string = if is_key { scanner.key() } else { scanner.string() }.unwrap();
            assert_eq!(string.span, span(self.text, raw, units), "string {raw:?} in {:?}", self.text);
            assert_eq!(string.escaped, raw.contains('\\'));
            assert_eq!(scanner.raw(&string), inner(raw).as_bytes());
            assert_eq!(*scanner.unescape(&string), *wtf8(raw), "string {raw:?}");
            assert_eq!(scanner.text(&string).ok().map(Into::into), text_of(raw), "string {raw:?}");
        }
    }
}

/// Values and what stands for them: one for each, and each for one.
struct Pairs<T, N = u64> {
    numbers: BTreeMap<T, N>,
    values: BTreeMap<N, T>,
}

impl<T, N> Default for Pairs<T, N> {
    fn default() -> Self {
        Pairs { numbers: BTreeMap::new(), values: BTreeMap::new() }
    }
}

impl<T: Ord + Clone + fmt::Debug, N: Ord + Copy + fmt::Debug> Pairs<T, N> {
    fn insert(&mut self, value: T, number: N, text: &str) {
        let before = *self.numbers.entry(value.clone()).or_insert(number);
        assert_eq!(before, number, "two numbers for {value:?} in {text:?}");
        let other = self.values.entry(number).or_insert_with(|| value.clone());
        assert_eq!(*other, value, "one number for both in {text:?}");
    }
}

const BOTH: [Units; 2] = [Units::Bytes, Units::Utf16];
const HASHER: Hasher = Hasher::new(0x5eed);
/// How deep what is walked may be nested, each level in a call of its own.
const WALKED: u32 = 100;
