//! Hashes of JSON values by their content, taken while they are scanned: equal values have equal hashes, whatever their
//! spelling.

use super::escape::unescape;
use super::hash::Hasher;
use super::number::{hash_integer, hash_number};
use super::scan::{Result, Scanner, Str};
use crate::sort::sort;

impl Scanner<'_> {
    /// Takes any value and hashes it: equal JSON values have equal hashes, whatever their spelling and the order of
    /// their members. A member given twice counts with its last value, as in `JSON.parse`.
    pub fn hash_value(&mut self, hasher: Hasher) -> Result<u64> {
        enum Open {
            Array(Vec<u64>),
            Object(Vec<(u64, u64)>, u64),
        }
        let mut open: Vec<Open> = Vec::new();
        loop {
            let mut hash = match self.peek() {
                b @ (b'{' | b'[') => {
                    self.open(b)?;
                    let object = b == b'{';
                    if self.more(true, if object { b'}' } else { b']' })? {
                        open.push(if object {
                            Open::Object(Vec::new(), self.hash_key(hasher)?)
                        } else {
                            Open::Array(Vec::new())
                        });
                        continue;
                    }
                    hasher.words(if object { DOMAIN_OBJECT } else { DOMAIN_ARRAY }, [])
                }
                _ => self.hash_scalar(hasher)?,
            };
            loop {
                match open.last_mut() {
                    None => return Ok(hash),
                    Some(Open::Array(items)) => {
                        items.push(hash);
                        if self.more(false, b']')? {
                            break;
                        }
                        hash = hasher.words(DOMAIN_ARRAY, items.iter().copied());
                    }
                    Some(Open::Object(members, key)) => {
                        members.push((*key, hash));
                        if self.more(false, b'}')? {
                            *key = self.hash_key(hasher)?;
                            break;
                        }
                        hash = hasher.words(DOMAIN_OBJECT, last_of_each(members));
                    }
                }
                open.pop();
            }
        }
    }

    /// Takes a string, number or literal and hashes it.
    pub fn hash_scalar(&mut self, hasher: Hasher) -> Result<u64> {
        match self.peek() {
            b'"' => {
                let s = self.string()?;
                Ok(self.hash_string(&s, hasher))
            }
            b'-' | b'0'..=b'9' => {
                if let Some(integer) = self.short_integer() {
                    return Ok(hash_integer(integer, hasher));
                }
                let mark = self.mark();
                self.number()?;
                Ok(hash_number(self.taken(mark), hasher))
            }
            b => {
                self.literal()?;
                Ok(hasher.word(DOMAIN_LITERAL, u64::from(b)))
            }
        }
    }

    pub fn hash_string(&self, s: &Str, hasher: Hasher) -> u64 {
        if s.escaped {
            hasher.bytes(DOMAIN_STRING, &unescape(self.raw(s)))
        } else {
            hasher.bytes(DOMAIN_STRING, self.raw(s))
        }
    }

    fn hash_key(&mut self, hasher: Hasher) -> Result<u64> {
        let key = self.key()?;
        Ok(self.hash_string(&key, hasher))
    }
}

/// The members of an object as words, in the order of their keys' hashes, each key with its last value.
fn last_of_each(members: &[(u64, u64)]) -> Vec<u64> {
    let mut keys: Vec<u64> = members.iter().map(|&(key, _)| key).collect();
    sort(&mut keys);
    keys.dedup();
    let mut words = vec![0; keys.len() * 2];
    for &(key, value) in members {
        if let Ok(at) = keys.binary_search(&key) {
            words[at * 2] = key;
            words[at * 2 + 1] = value;
        }
    }
    words
}

const DOMAIN_STRING: u64 = 1;
const DOMAIN_LITERAL: u64 = 4;
const DOMAIN_ARRAY: u64 = 5;
const DOMAIN_OBJECT: u64 = 6;
