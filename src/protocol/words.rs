//! Text, eight bytes at a time.

/// Whether two short texts of one length are the same. Calling `memcmp` takes longer than this.
#[inline]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    match (a.last_chunk(), b.last_chunk()) {
        // The last word may overlap the one before it.
        (Some(a_end), Some(b_end)) => {
            word(a_end) == word(b_end) && a.as_chunks().0.iter().zip(b.as_chunks().0).all(|(a, b)| word(a) == word(b))
        }
        _ => a.iter().zip(b).all(|(a, b)| a == b),
    }
}

/// What is left of a text as a word, with zeros, which no string holds, after its end.
#[cold]
#[inline(never)]
pub fn last_word(rest: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(word)
}

/// The high bit of each byte that is a quote, a backslash or a control character. Bits above the first may be wrong.
#[inline]
pub fn stops(word: u64) -> u64 {
    // Subtracting one from a byte that is zero borrows from the bit above it, as only large bytes have it set otherwise.
    let quote = (word ^ (LOW * b'"' as u64)).wrapping_sub(LOW);
    let backslash = (word ^ (LOW * b'\\' as u64)).wrapping_sub(LOW);
    let control = word.wrapping_sub(LOW * 0x20);
    (quote | backslash | control) & !word & HIGH
}

/// The lowest bit of each byte.
pub const LOW: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
pub const HIGH: u64 = LOW << 7;
