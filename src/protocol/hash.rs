//! Content hashes: equal values have equal hashes, and with 62 bits and a random seed different values have different
//! ones for all practical purposes. They stand in for values wherever the engine asks "did this change?".

/// Seeded hash functions over bytes and over hashes.
#[derive(Debug, Clone, Copy)]
pub struct Hasher {
    seed: u64,
}

impl Hasher {
    pub const fn new(seed: u64) -> Self {
        Hasher { seed }
    }

    /// Hashes bytes; `domain` keeps kinds of values apart, so that `"1"` is not `1`.
    #[inline]
    pub fn bytes(self, domain: u64, bytes: &[u8]) -> u64 {
        let mut h = self.seed ^ domain.wrapping_mul(M) ^ (bytes.len() as u64).wrapping_mul(M);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            h = mix(h, u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            h = mix(h, tail(rest));
        }
        finish(h)
    }

    /// Hashes one word.
    #[inline]
    pub fn word(self, domain: u64, word: u64) -> u64 {
        finish(mix(self.seed ^ domain.wrapping_mul(M), word))
    }

    /// Hashes a sequence of words.
    pub fn words(self, domain: u64, words: impl IntoIterator<Item = u64>) -> u64 {
        let mut len = 0u64;
        let h = words.into_iter().fold(self.seed ^ domain.wrapping_mul(M), |h, word| {
            len += 1;
            mix(h, word)
        });
        finish(mix(h, len))
    }
}

/// Up to seven bytes as a word; different ones of one length are different words.
#[inline]
fn tail(rest: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (rest.first_chunk(), rest.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    rest.iter().fold(0, |tail, &b| tail << 8 | u64::from(b))
}

/// One round of MurmurHash64A: three multiplications for eight bytes, native in WebAssembly, and without the weak
/// upper bits that one multiplication leaves.
#[inline]
fn mix(h: u64, word: u64) -> u64 {
    let mut k = word.wrapping_mul(M);
    k ^= k >> 47;
    (h ^ k.wrapping_mul(M)).wrapping_mul(M)
}

#[inline]
fn finish(mut h: u64) -> u64 {
    h ^= h >> 47;
    h = h.wrapping_mul(M);
    h ^ h >> 47
}

const M: u64 = 0xc6a4_a793_5bd1_e995;
