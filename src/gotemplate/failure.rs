//! Why a template could not be executed.

use crate::finding::Cause;
use crate::source::Span;

/// An error of execution, or of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Go's words in full: every template on the way, from the outermost in.
    pub message: String,
    /// The words of the innermost error alone.
    pub cause: String,
    /// What lies behind it.
    pub because: Cause,
    /// Where it happened, the innermost place first, then the calls that led there.
    pub trace: Vec<Span>,
    /// Whether a bound of this tool was reached, which Go would not have complained about.
    pub is_limit: bool,
    /// Whether the words are the chart author's own: of `fail` or `required`.
    pub is_said: bool,
    /// Whether the words already name a template, so that callers only put theirs in front.
    pub(super) located: bool,
}

impl Failure {
    /// An error of a function: what is wrong, in the words of the function that it mirrors.
    pub fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            cause: message.clone(),
            message,
            because: Cause::Other,
            trace: Vec::new(),
            is_limit: false,
            is_said: false,
            located: false,
        }
    }

    /// A bound of this tool.
    pub fn limit(message: impl Into<String>) -> Self {
        Self { is_limit: true, ..Self::new(message) }
    }

    /// With what lies behind it.
    #[must_use]
    pub fn because(self, because: Cause) -> Self {
        Self { because, ..self }
    }

    /// As the words of a chart's author: callers do not put theirs in front of the cause.
    #[must_use]
    pub fn said(self) -> Self {
        Self { is_said: true, ..self }
    }

    /// With words in front, as Go wraps errors.
    #[must_use]
    pub fn wrap(mut self, prefix: &str) -> Self {
        self.message = format!("{prefix}{}", self.message);
        if !self.located && !self.is_said {
            self.cause = self.message.clone();
        }
        self
    }
}
