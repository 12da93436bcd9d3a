//! Names of content: what it is, not where it came from.

use std::fmt;
use std::str::FromStr;

/// The identity of something in the cache. Only digits and letters `a` to `f`: it is safe in a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Bytes with this SHA-256 (64 hexadecimal digits): a chart archive, a packed artifact, a file.
    Sha256(String),
    /// The tree of a Git commit (40 hexadecimal digits).
    Commit(String),
}

impl Content {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::{Digest, Sha256};
        Self::Sha256(hex(&Sha256::digest(bytes)))
    }

    /// Whether a word is the full id of a commit.
    pub fn is_commit(word: &str) -> bool {
        is_hex(word, 40)
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn is_hex(word: &str, digits: usize) -> bool {
    word.len() == digits && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(hex) => write!(f, "sha256:{hex}"),
            Self::Commit(hex) => write!(f, "sha1:{hex}"),
        }
    }
}

impl FromStr for Content {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sha256", hex)) if is_hex(hex, 64) => Ok(Self::Sha256(hex.to_owned())),
            Some(("sha1", hex)) if is_hex(hex, 40) => Ok(Self::Commit(hex.to_owned())),
            _ => {
                Err(format!("`{text}` is no digest: `sha256:` and 64, or `sha1:` and 40 hexadecimal digits"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for content in [Content::of(b"x"), Content::Commit("0123456789abcdef0123456789abcdef01234567".into())]
        {
            assert_eq!(content.to_string().parse(), Ok(content));
        }
        for text in [
            "",
            "sha256:",
            "sha256:../../etc",
            "sha1:ABCDEF",
            "md5:00",
            &format!("sha256:{}", "g".repeat(64)),
        ] {
            assert!(text.parse::<Content>().is_err(), "{text}");
        }
    }
}
