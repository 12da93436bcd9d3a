//! Findings and problems: plain data that everything above passes along. How they look is decided in `report`.

mod rule_id;

use std::sync::Arc;

use smol_str::SmolStr;

use crate::origin::Place;
use crate::source::{FileId, Span};

pub use rule_id::RuleId;

/// How bad it is if a finding is true; how sure that is, [`Confidence`] says. The words are SARIF's levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; never fails a run by default.
    Note,
    /// A mistake that does not stop anything at once.
    Warning,
    /// Breaks.
    Error,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How sure a finding is; how bad it is if it is true, [`Severity`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Something that is not here could well make it harmless. Not shown by default.
    Possible,
    /// Evidence speaks for it, although not everything that could answer is here.
    Likely,
    /// Everything that decides it was seen.
    Certain,
}

impl Confidence {
    /// The words of `--confidence` and of the configuration.
    pub const WORDS: [(&'static str, Self); 3] =
        [("certain", Self::Certain), ("likely", Self::Likely), ("possible", Self::Possible)];

    /// `certain`, `likely` or `possible`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }

    /// The severity that a finding of this confidence has at most unless a rule or the configuration says otherwise: runs
    /// fail by errors, and nobody's run should fail by a guess. This is the only place where one follows from the other.
    pub fn most(self) -> Severity {
        match self {
            Self::Certain => Severity::Error,
            Self::Likely => Severity::Warning,
            Self::Possible => Severity::Note,
        }
    }
}

/// A span with words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// The bytes.
    pub at: Span,
    /// What is there, in a few words; may be empty for a primary label.
    pub message: String,
}

/// The object a finding speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ObjectRef {
    /// The cluster as the app names it; `None` when no app says.
    pub cluster: Option<SmolStr>,
    /// API group; empty for core.
    pub group: SmolStr,
    /// Kind.
    pub kind: SmolStr,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: SmolStr,
    /// Name.
    pub name: SmolStr,
    /// Path of the field, `spec.template.spec.containers[0].image`.
    pub field: Option<String>,
}

/// Whether a fix may be applied without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// There is one way to mend it, and it does what whoever wrote the line meant.
    Safe,
    /// Likely what is meant, but it changes what is applied in a way that somebody has to want.
    Unsafe,
    /// Shown, never applied: a part of it is left to people.
    DisplayOnly,
}

impl Applicability {
    /// `safe`, `unsafe` or `display-only`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::DisplayOnly => "display-only",
        }
    }
}

/// What a fix announces about the rendered objects. A fix that changes anything else is not applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// They stay as they are.
    Nothing,
    /// These fields of objects of the finding's apps change, and what is below them; items of lists are not told apart:
    /// `spec.template.spec.containers.image`. `**.` in front stands for whatever leads there.
    Fields(Vec<String>),
    /// Whatever the finding's apps apply, and what defines these apps.
    Apps,
}

/// A replacement of bytes that mends a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fix {
    /// What the edits do, as an order: "delete the line".
    pub title: String,
    /// Whether it may be applied without asking.
    pub applicability: Applicability,
    /// Bytes to replace and what to put there; spans do not overlap.
    pub edits: Vec<(Span, String)>,
    /// What it changes in what is rendered.
    pub effect: Effect,
}

impl Fix {
    /// A safe fix with one edit that changes nothing of what is rendered.
    pub fn new(title: impl Into<String>, at: Span, text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            applicability: Applicability::Safe,
            edits: vec![(at, text.into())],
            effect: Effect::Nothing,
        }
    }

    /// Somebody has to want it.
    #[must_use]
    pub fn not_safe(self) -> Self {
        Self { applicability: self.applicability.max(Applicability::Unsafe), ..self }
    }

    /// A part of it is left to people.
    #[must_use]
    pub fn for_display(self) -> Self {
        Self { applicability: Applicability::DisplayOnly, ..self }
    }

    /// It changes these fields, which indexes in brackets need not tell.
    #[must_use]
    pub fn changing<'a>(self, fields: impl IntoIterator<Item = &'a str>) -> Self {
        Self { effect: Effect::Fields(fields.into_iter().map(plain_path).collect()), ..self }
    }

    /// It changes whatever the apps of the finding apply.
    #[must_use]
    pub fn changing_apps(self) -> Self {
        Self { effect: Effect::Apps, ..self }
    }

    /// Together with what another fix does.
    #[must_use]
    pub fn and(mut self, other: Option<Self>) -> Option<Self> {
        self.edits.extend(other?.edits);
        self.edits.sort();
        self.edits.dedup();
        Some(self)
    }
}

/// A path without what tells items of lists apart: `a.b[0].c` and `a.b[web].c` are `a.b.c`. Keys in brackets that hold dots stay.
pub fn plain_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, inner)) = rest.split_once('[') {
        out.push_str(before);
        if let Some(quoted) = inner.strip_prefix('"') {
            let (key, after) = quoted.split_once("\"]").unwrap_or((quoted, ""));
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(key);
            rest = after;
        } else {
            rest = inner.split_once(']').map_or("", |(_, after)| after);
        }
    }
    out.push_str(rest);
    out
}

/// A definition of a kind, or a policy, among the files of the repository. Unless something applies it, it may be an old copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBy {
    /// The files that have it, or copies of it.
    pub files: Vec<FileId>,
    /// How sure what follows from it is where nothing applies any of them.
    pub otherwise: Confidence,
}

/// One result: a rule's claim with exactly one primary label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: RuleId,
    /// How bad it is if it is true.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What is wrong: lower-case start, no final period, backticks around user text.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The line to edit.
    pub primary: Label,
    /// The rest of the story, in order.
    pub related: Vec<Label>,
    /// The apps that are affected, sorted.
    pub apps: Vec<Arc<str>>,
    /// The object that shows it.
    pub object: Option<ObjectRef>,
    /// How to mend it, where an edit can.
    pub fix: Option<Fix>,
    /// The definition that says so, where it is one of the repository.
    pub given_by: Option<GivenBy>,
    /// Whether it is that the object lacks something: no mistake where another app applies the rest of the object.
    pub lacks: bool,
    /// What identifies the finding beside rule and file when lines move; see `lint::fingerprint`.
    pub key: String,
}

/// What kind of trouble an engine met. Rules turn problems into findings and choose the severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// What somebody wrote (a file, or text inside of one) is not valid YAML or JSON for the tool that reads it, or is no
    /// mapping where it must be one. What templates print is [`Render`](Self::Render).
    Syntax,
    /// A template, chart or application cannot be rendered.
    Render,
    /// A kustomization cannot be built.
    Kustomize,
    /// A values file that the application names does not exist.
    MissingValuesFile,
    /// A path that the application names does not exist in its tree.
    MissingPath,
    /// A chart dependency is not vendored.
    MissingDependency,
    /// Values break the chart's schema.
    ValuesSchema,
    /// A generator finds nothing to generate from. The tool goes on.
    EmptyGenerator,
    /// A template prints the same key twice. The tool goes on with the last one.
    DuplicateKey,
    /// The tool would go on, with a warning.
    Warning,
    /// Cannot be known offline: a remote chart or base that is not vendored, a plugin, a live generator.
    Unavailable,
    /// A bound of this tool (size, depth, time) was reached.
    Limit,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Syntax,
        Self::Render,
        Self::Kustomize,
        Self::MissingValuesFile,
        Self::MissingPath,
        Self::MissingDependency,
        Self::ValuesSchema,
        Self::EmptyGenerator,
        Self::DuplicateKey,
        Self::Warning,
        Self::Unavailable,
        Self::Limit,
    ];

    /// Whether the tool goes on as if nothing were wrong.
    pub fn is_tolerated(self) -> bool {
        matches!(self, Self::EmptyGenerator | Self::DuplicateKey | Self::Warning)
    }

    /// Whether it says that inputs of a render are not there, so that what goes wrong behind it may be their absence.
    pub fn is_absence(self) -> bool {
        matches!(self, Self::Unavailable | Self::MissingDependency | Self::MissingValuesFile | Self::Syntax)
    }
}

/// What lies behind a problem, for those who decide by it. Messages are made for people, and nobody reads them back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cause {
    /// Nothing that anyone asks about.
    #[default]
    Other,
    /// A file or directory does not exist.
    NotFound {
        /// The path, as somebody wrote it or from the root of the tree.
        path: SmolStr,
    },
    /// A file lies outside of the directory that the tool is restricted to.
    Outside {
        /// The path, as somebody wrote it or from the root of the tree.
        path: SmolStr,
    },
    /// What a patch, a replacement or a name looks for among the objects is not there.
    Unmatched,
    /// A template asks for a key that the data does not have, and the tool minds.
    MissingKey {
        /// The key.
        key: SmolStr,
    },
    /// A template asks for a field that the data cannot have.
    NoSuchField,
    /// A template goes on from a value that is not there.
    NilPointer,
    /// A template that no chart defines is called.
    UndefinedTemplate,
    /// The same, where others of its first word are defined: a chart calls its own templates after itself.
    UndefinedOwn,
    /// Wrong whatever the data is: a template that does not end, a name that misses one which is there by a letter.
    Slip,
    /// Two things that must have different names have one.
    DuplicateName {
        /// The name.
        name: SmolStr,
    },
    /// A label or an annotation is not text.
    NotText,
    /// A path still has a parameter in it that nothing filled in.
    Unresolved,
}

/// What a problem tells beside its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Background {
    /// What lies behind it.
    pub cause: Cause,
    /// The words without the way to what went wrong.
    pub brief: Option<String>,
}

/// Trouble that an engine met. Rendering goes on; the problem says what is missing from the result and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// The tool's own words where it has some: lower-case start, no final period.
    pub message: String,
    /// What lies behind it; few problems have more to tell than their kind.
    pub background: Option<Box<Background>>,
    /// What to do.
    pub help: Option<String>,
    /// Where, if any file says it; the origin is in the render's arena.
    pub place: Option<Place>,
    /// Other places that belong to the story.
    pub related: Vec<(Place, String)>,
}

impl Problem {
    /// A problem at a place.
    pub fn at(kind: ProblemKind, place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), ..Self::nowhere(kind, message) }
    }

    /// A problem that no line of a file shows.
    pub fn nowhere(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), background: None, help: None, place: None, related: Vec::new() }
    }

    /// Calls `visit` with every place, in a fixed order.
    pub fn visit_places(&mut self, visit: &mut dyn FnMut(&mut Place)) {
        self.place.iter_mut().for_each(&mut *visit);
        self.related.iter_mut().for_each(|(place, _)| visit(place));
    }

    /// With what lies behind it.
    #[must_use]
    pub fn because(mut self, cause: Cause) -> Self {
        if cause != Cause::Other || self.background.is_some() {
            self.background.get_or_insert_default().cause = cause;
        }
        self
    }

    /// With the words without the way to what went wrong, where the message tells it and the places do, too.
    #[must_use]
    pub fn in_brief(mut self, brief: Option<String>) -> Self {
        if brief.is_some() || self.background.is_some() {
            self.background.get_or_insert_default().brief = brief;
        }
        self
    }

    /// What lies behind it.
    pub fn cause(&self) -> &Cause {
        self.background.as_ref().map_or(&Cause::Other, |it| &it.cause)
    }

    /// The words without the way to what went wrong.
    pub fn brief(&self) -> &str {
        self.background.as_ref().and_then(|it| it.brief.as_ref()).unwrap_or(&self.message)
    }

    /// With advice.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// With another place.
    #[must_use]
    pub fn related(mut self, place: Place, message: impl Into<String>) -> Self {
        self.related.push((place, message.into()));
        self
    }
}

/// What is missing from a render.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Nothing, but it was rendered from a stand-in for the revision that is meant.
    StandIn,
    /// The objects of a Helm chart.
    Chart,
    /// Anything: another repository, a plugin, a generator.
    Content,
}

/// Why a render is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// What is missing.
    pub missing: Missing,
    /// Why, for people.
    pub words: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Incomplete {
    /// A reason.
    pub fn new(missing: Missing, words: impl Into<String>) -> Self {
        Self { missing, words: words.into(), help: None }
    }

    /// A reason that a problem gives.
    pub fn of(missing: Missing, problem: &Problem) -> Self {
        Self { missing, words: problem.message.clone(), help: problem.help.clone() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Why, and what to do.
    pub fn reason(&self) -> String {
        match &self.help {
            Some(help) => format!("{}: {help}", self.words),
            None => self.words.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_not_told_apart() {
        for (path, want) in [
            ("spec.containers[0].image", "spec.containers.image"),
            ("spec.containers[web].env[0]", "spec.containers.env"),
            ("metadata.annotations[\"a.b/c\"]", "metadata.annotations.a.b/c"),
            ("[0].a", ".a"),
            ("a[", "a"),
        ] {
            assert_eq!(plain_path(path), want);
        }
    }
}
