//! Content hashes: equal values have equal hashes, and with 63 bits and a random seed different values have different
//! ones for all practical purposes. They stand in for values wherever the engine asks "did this change?", so it must not
//! be possible to make up two values that have one hash whatever the seed is: every multiplication has a secret in it.

/// What a text is known again by: its length in bytes and its hash. In halves, for a slot of the graph has room for no padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest {
    len: u32,
    high: u32,
    low: u32,
}

impl Digest {
    /// Stands for a text that is out of date. No text has it.
    pub const NONE: Digest = Digest { len: 0, high: 0, low: 0 };

    pub fn of(bytes: &[u8], hasher: Hasher) -> Self {
        let hash = hasher.bytes(DOMAIN_TEXT, bytes);
        Digest { len: bytes.len() as u32, high: (hash >> 32) as u32, low: hash as u32 }
    }

    /// Bytes of the text.
    pub fn bytes(self) -> usize {
        self.len as usize
    }
}

/// Seeded hash functions over bytes and over hashes.
#[derive(Debug, Clone, Copy)]
pub struct Hasher {
    seed: u64,
    key: u64,
    other: u64,
}

impl Hasher {
    pub const fn new(seed: u64) -> Self {
        Hasher { seed: fold(seed ^ A, B), key: fold(seed ^ B, A), other: fold(seed ^ C, A) }
    }

    /// Hashes bytes; `domain` keeps kinds of values apart, so that `"1"` is not `1`.
    #[inline(never)]
    pub fn bytes(self, domain: u64, bytes: &[u8]) -> u64 {
        let mut h = self.start(domain, bytes.len() as u64);
        // Two at a time, neither of which has to wait for the other.
        let mut other = self.other;
        let (quads, rest) = bytes.as_chunks::<32>();
        for quad in quads {
            h = self.mix(h, word(&quad[..8]), word(&quad[8..16]));
            other = self.mix(other, word(&quad[16..24]), word(&quad[24..]));
        }
        if !quads.is_empty() {
            h = self.mix(h, 0, other);
        }
        let (pairs, rest) = rest.as_chunks::<16>();
        for pair in pairs {
            h = self.mix(h, word(&pair[..8]), word(&pair[8..]));
        }
        let (first, last) = ends(rest);
        self.mix(self.mix(h, first, last), 0, 0)
    }

    /// Hashes one word.
    #[inline]
    pub fn word(self, domain: u64, word: u64) -> u64 {
        self.mix_in(self.start(domain, 0), word, 0)
    }

    /// Hashes a sequence of words.
    #[inline]
    pub fn words(self, domain: u64, words: impl IntoIterator<Item = u64>) -> u64 {
        let mut len = 0;
        let h = words.into_iter().fold(self.start(domain, 0), |h, word| {
            len += 1;
            self.mix_in(h, word, len)
        });
        self.mix_in(h, len, 0)
    }

    #[inline]
    fn start(self, domain: u64, len: u64) -> u64 {
        self.seed.wrapping_add(domain.wrapping_mul(A)).wrapping_add(len.wrapping_mul(B))
    }

    /// [`Hasher::mix`] for where there is not much to hash: a function of its own is smaller.
    #[inline(never)]
    fn mix_in(self, h: u64, first: u64, second: u64) -> u64 {
        self.mix(h, first, second)
    }

    /// Takes in two words, as wyhash does.
    #[inline]
    fn mix(self, h: u64, first: u64, second: u64) -> u64 {
        fold(h ^ first, self.key ^ second)
    }
}

/// Up to fifteen bytes as two words; different ones of one length are different words.
#[inline]
fn ends(rest: &[u8]) -> (u64, u64) {
    match rest.len() {
        8.. => (word(&rest[..8]), word(&rest[rest.len() - 8..])),
        4.. => (half(&rest[..4]), half(&rest[rest.len() - 4..])),
        _ => (rest.iter().fold(0, |word, &b| word << 8 | u64::from(b)), 0),
    }
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("it has eight bytes"))
}

#[inline]
fn half(bytes: &[u8]) -> u64 {
    u32::from_le_bytes(bytes.try_into().expect("it has four bytes")).into()
}

/// The two halves of the product, one on the other. WebAssembly multiplies no further than 64 bits.
#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let (a0, a1, b0, b1) = (a & LOW, a >> 32, b & LOW, b >> 32);
    let low = a0 * b0;
    let middle = a1 * b0 + (low >> 32);
    let other = a0 * b1 + (middle & LOW);
    let high = a1 * b1 + (middle >> 32) + (other >> 32);
    high ^ (other << 32 | low & LOW)
}

/// What hashes of texts are kept apart by from those of values.
const DOMAIN_TEXT: u64 = 8;
const LOW: u64 = 0xffff_ffff;
/// Odd, and with about as many ones as zeros: the golden ratio, and the two multipliers of SplitMix64.
const A: u64 = 0x9e37_79b9_7f4a_7c15;
const B: u64 = 0xbf58_476d_1ce4_e5b9;
const C: u64 = 0x94d0_49bb_1331_11eb;
