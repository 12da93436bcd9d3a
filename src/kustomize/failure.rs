//! What makes a build fail, in kustomize's words.

use crate::finding::{Cause, Problem, ProblemKind};
use crate::origin::Place;
use smol_str::SmolStr;

/// Why the real tool would stop. The build goes on behind it where something is left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What kind of trouble.
    pub(super) kind: ProblemKind,
    /// kustomize's own message. Paths in it are absolute in the tree that was built: `/base/kustomization.yaml`.
    pub(super) message: String,
    /// What lies behind it.
    pub(super) cause: Cause,
    /// The message before directories that read the failing one put theirs in front.
    pub(super) brief: Option<String>,
    /// The entry, field or value that is to blame.
    pub(super) place: Option<Place>,
    /// Other places that belong to the story.
    pub(super) related: Vec<(Place, String)>,
    /// What to do.
    pub(super) help: Option<String>,
    /// Whether this follows from something that is not there. Such a failure says nothing once another failure
    /// took resources away.
    pub(super) follows: bool,
}

/// What steps of a build return.
pub(super) type Result<T> = std::result::Result<T, Box<Failure>>;

impl Failure {
    /// A failure whose place the caller will know.
    pub(super) fn new(message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            kind: ProblemKind::Kustomize,
            message: message.into(),
            cause: Cause::Other,
            brief: None,
            place: None,
            related: Vec::new(),
            help: None,
            follows: false,
        })
    }

    /// What another engine says.
    pub(super) fn of(problem: Problem) -> Box<Self> {
        let cause = problem.cause().clone();
        let Problem { kind, message, place, related, help, .. } = problem;
        Box::new(Self { kind, cause, message, brief: None, place, related, help, follows: false })
    }

    /// A failure at a place.
    pub(super) fn at(place: Place, message: impl Into<String>) -> Box<Self> {
        Self::new(message).or_at(place)
    }

    /// This failure where failures are kept.
    pub(super) fn boxed(self) -> Box<Self> {
        Box::new(self)
    }

    /// With a place, unless a more exact one is known already.
    #[must_use]
    pub(super) fn or_at(mut self: Box<Self>, place: Place) -> Box<Self> {
        self.place.get_or_insert(place);
        self
    }

    /// Marked as following from something that is missing.
    #[must_use]
    pub(super) fn follows(mut self: Box<Self>) -> Box<Self> {
        self.follows = true;
        self.because(Cause::Unmatched)
    }

    /// With what lies behind it.
    #[must_use]
    pub(super) fn because(mut self: Box<Self>, cause: Cause) -> Box<Self> {
        self.cause = cause;
        self
    }

    /// With the path as the entry that failed has it.
    #[must_use]
    pub(super) fn of_entry(mut self: Box<Self>, entry: &SmolStr) -> Box<Self> {
        if let Cause::NotFound { path } | Cause::Outside { path } = &mut self.cause {
            path.clone_from(entry);
        }
        self
    }

    /// With another kind.
    #[must_use]
    pub(super) fn kind(mut self: Box<Self>, kind: ProblemKind) -> Box<Self> {
        self.kind = kind;
        self
    }

    /// With what to do.
    #[must_use]
    pub(super) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    /// With another place that belongs to the story.
    #[must_use]
    pub(super) fn related(mut self: Box<Self>, place: Place, message: impl Into<String>) -> Box<Self> {
        self.related.push((place, message.into()));
        self
    }

    /// With something in front of the message, as Go's error wrapping puts it.
    #[must_use]
    pub(super) fn wrap(mut self: Box<Self>, prefix: impl std::fmt::Display) -> Box<Self> {
        self.message = format!("{prefix}: {}", self.message);
        self
    }

    /// The failure as a problem.
    pub(super) fn to_problem(&self) -> Problem {
        Problem {
            place: self.place,
            related: self.related.clone(),
            help: self.help.clone(),
            ..Problem::nowhere(self.kind, self.message.clone())
        }
        .because(self.cause.clone())
        .in_brief(self.brief.clone())
    }
}

/// Wrapping of results, as `errors.WrapPrefixf` does it.
pub(super) trait Wrap<T> {
    /// Puts something in front of the message of a failure.
    fn wrap(self, prefix: impl FnOnce() -> String) -> Result<T>;

    /// Gives a failure a place, unless it has one.
    fn or_at(self, place: Place) -> Result<T>;
}

impl<T> Wrap<T> for Result<T> {
    fn wrap(self, prefix: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|failure| failure.wrap(prefix()))
    }

    fn or_at(self, place: Place) -> Result<T> {
        self.map_err(|failure| failure.or_at(place))
    }
}
