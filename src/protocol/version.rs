//! Protocol versions (RES-Client protocol, "Version request").

use std::fmt;
use std::str::FromStr;

use super::request::push_number;

/// A version of the RES-Client protocol, `major.minor.patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub major: u16,
    pub minor: u16,
    pub patch: u16,
}

impl Version {
    /// The level this crate implements.
    pub const SUPPORTED: Version = Version::new(1, 2, 3);
    /// What a gateway speaks that does not know the `version` request, and what a client speaks that never sent one.
    pub const LEGACY: Version = Version::new(1, 1, 1);
    /// First level with `{"payload": …}` and resources in answers to `call` and `auth`.
    pub const CALL_RESOURCE: Version = Version::new(1, 2, 0);
    /// First level with soft references, data values and a `count` in `unsubscribe`.
    pub const UNSUBSCRIBE_COUNT: Version = Version::new(1, 2, 1);

    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Version { major, minor, patch }
    }

    /// Appends the version as text.
    pub fn write(self, out: &mut String) {
        push_number(out, self.major.into());
        for part in [self.minor, self.patch] {
            out.push('.');
            push_number(out, part.into());
        }
    }

    /// Whether a peer that speaks `other` can be talked to: the major numbers agree.
    pub fn is_compatible(self, other: Version) -> bool {
        self.major == other.major
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    /// Accepts exactly three parts of decimal digits, each below 1000.
    fn from_str(s: &str) -> Result<Self, InvalidVersion> {
        let mut parts = [0; 3];
        let (mut at, mut digits) = (0, 0);
        for b in s.bytes() {
            match b {
                b'0'..=b'9' if digits < 3 => {
                    parts[at] = parts[at] * 10 + u16::from(b - b'0');
                    digits += 1;
                }
                b'.' if digits > 0 && at < 2 => (at, digits) = (at + 1, 0),
                _ => return Err(InvalidVersion),
            }
        }
        let [major, minor, patch] = parts;
        if at == 2 && digits > 0 { Ok(Version::new(major, minor, patch)) } else { Err(InvalidVersion) }
    }
}

/// The text is not `x.y.z` with parts below 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidVersion;

impl fmt::Display for InvalidVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a protocol version is three numbers below 1000, such as 1.2.3")
    }
}

impl std::error::Error for InvalidVersion {}
