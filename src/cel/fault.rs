//! What goes wrong with an expression.

use std::fmt;

/// An expression that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The byte at which it is noticed.
    pub at: usize,
    /// What is wrong: `expected \`)\``.
    pub words: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.words, self.at)
    }
}

impl std::error::Error for SyntaxError {}

/// Why an expression has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It fails in Kubernetes, too: `no such key: spec`.
    Failed(String),
    /// It uses something that is not known here, or that cannot be known offline.
    Unsupported(String),
    /// It takes more steps than it may.
    TooCostly,
}

impl Fault {
    pub(super) fn failed(words: impl Into<String>) -> Self {
        Self::Failed(words.into())
    }

    /// Something that cannot be evaluated here.
    pub fn unsupported(words: impl Into<String>) -> Self {
        Self::Unsupported(words.into())
    }

    /// Of two faults of which either may be the answer, the one that leaves more open.
    pub(super) fn or(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Failed(_), Self::Unsupported(_) | Self::TooCostly) => other,
            _ => self,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(words) | Self::Unsupported(words) => f.write_str(words),
            Self::TooCostly => f.write_str("the expression takes more steps than it may"),
        }
    }
}

impl std::error::Error for Fault {}
