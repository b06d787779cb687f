//! Hashes of JSON numbers by their decimal value.

use super::hash::Hasher;

/// Numbers are equal when they have the same decimal value, however they are written: 1, 1.0 and 10e-1 are one, but zero
/// and minus zero are two. Floating point has no part in it, so integers beyond 2^53 are told apart.
pub fn hash_number(text: &[u8], hasher: Hasher) -> u64 {
    let (negative, unsigned) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.iter().position(|b| b | 0x20 == b'e') {
        Some(at) => (&unsigned[..at], decimal_exponent(&unsigned[at + 1..])),
        None => (unsigned, 0),
    };
    let point = mantissa.iter().position(|&b| b == b'.');
    let fraction = point.map_or(0, |at| mantissa.len() - at - 1);
    // A number that fits is hashed as one word; its digits are read without the point.
    let mut digits = 0u64;
    let mut count = 0;
    let mut trailing = 0;
    for &b in mantissa.iter().filter(|b| **b != b'.') {
        if b == b'0' {
            trailing += 1;
            continue;
        }
        count += if count == 0 { 1 } else { trailing + 1 };
        if count > MAX_DIGITS {
            return hash_long_number(negative, mantissa, exponent.saturating_sub(fraction as i64), hasher);
        }
        let zeros = if digits == 0 { 0 } else { trailing };
        digits = digits * 10u64.pow(zeros as u32 + 1) + u64::from(b - b'0');
        trailing = 0;
    }
    let exponent = match digits {
        0 => 0,
        _ => exponent.saturating_sub(fraction as i64).saturating_add(trailing as i64),
    };
    if !negative && let Some(integer) = scale(digits, exponent) {
        return hash_integer(integer, hasher);
    }
    hasher.words(DOMAIN_NUMBER, [u64::from(negative), digits, exponent as u64])
}

/// The hash of a number that is an integer of at most [`MAX_DIGITS`] digits and has no sign: what most numbers are.
#[inline]
pub fn hash_integer(integer: u64, hasher: Hasher) -> u64 {
    hasher.word(DOMAIN_INTEGER, integer)
}

/// Digits times a power of ten, if that is an integer of at most [`MAX_DIGITS`] digits.
fn scale(digits: u64, exponent: i64) -> Option<u64> {
    let factor = 10u64.checked_pow(u32::try_from(exponent).ok()?)?;
    digits.checked_mul(factor).filter(|&integer| integer < 10u64.pow(MAX_DIGITS as u32))
}

/// More digits than fit a word.
#[cold]
fn hash_long_number(negative: bool, mantissa: &[u8], exponent: i64, hasher: Hasher) -> u64 {
    let digits: Vec<u8> = mantissa.iter().copied().filter(|b| *b != b'.').skip_while(|b| *b == b'0').collect();
    let significant = digits.iter().rposition(|b| *b != b'0').map_or(0, |at| at + 1);
    let exponent = exponent.saturating_add((digits.len() - significant) as i64);
    let digits = hasher.bytes(DOMAIN_NUMBER, &digits[..significant]);
    hasher.words(DOMAIN_NUMBER, [u64::from(negative), digits, exponent as u64, 0])
}

/// The exponent behind the `e`, as far as it fits.
fn decimal_exponent(text: &[u8]) -> i64 {
    let digits = text.iter().filter(|b| b.is_ascii_digit());
    let value = digits.fold(0i64, |n, b| n.saturating_mul(10).saturating_add(i64::from(b - b'0')));
    if text.first() == Some(&b'-') { -value } else { value }
}

/// Decimal digits that always fit 64 bits.
pub const MAX_DIGITS: usize = 18;

const DOMAIN_NUMBER: u64 = 2;
const DOMAIN_INTEGER: u64 = 3;
