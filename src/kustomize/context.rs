//! What all steps of one build share: where steps, problems and files are recorded, and what is known of schemas.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::{Cause, Problem, ProblemKind};
use crate::helm::{ChartCache, Release};
use crate::k8s::{OpenApi, Schema};
use crate::origin::{Origins, Place};
use crate::source::{SourceFile, Span, TreePath};
use crate::yaml::Cache;

use super::failure::{Failure, Result};
use super::kustomization::Pairs;
use super::options::Options;

/// Bytes of a message beyond which nothing more is said around it.
const MAX_MESSAGE: usize = 64 << 10;

/// An entry that did nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoOp {
    /// What kind of entry.
    pub kind: NoOpKind,
    /// The entry.
    pub place: Place,
    /// What it looked for.
    pub what: String,
    /// What it was probably meant to find, and how that differs.
    pub near: Option<Near>,
    /// What it was probably meant to say, where nothing else fits.
    pub meant: Option<Meant>,
}

/// What an entry says, and what it was probably meant to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The key of the entry.
    pub key: &'static str,
    /// What it says.
    pub from: SmolStr,
    /// What a resource has there that fits in all else.
    pub to: SmolStr,
}

/// A resource that an entry just misses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Where it is written.
    pub place: Place,
    /// How it differs.
    pub words: String,
    /// Whether no other resource can be meant, whatever else there is.
    pub only: bool,
}

/// Kinds of entries that can do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoOpKind {
    /// A patch whose target selects nothing.
    PatchTarget,
    /// An `images` entry that no image matches.
    Image,
    /// A target of a replacement that selects nothing.
    ReplacementTarget,
    /// A var that nothing uses.
    Var,
    /// A strategic merge patch, or an operation of a JSON patch, that leaves every object as it was.
    PatchEffect,
}

/// The state of one build.
pub(super) struct Context<'a> {
    pub(super) origins: &'a mut Origins,
    pub(super) cache: &'a Cache,
    pub(super) options: &'a Options<'a>,
    pub(super) files: BTreeSet<TreePath>,
    pub(super) problems: Vec<Problem>,
    no_ops: Vec<NoOp>,
    /// Entries that did something.
    used: BTreeSet<Span>,
    pub(super) schemas: Schemas,
    /// Values of charts that were rendered.
    pub(super) releases: Vec<Release>,
    /// Charts, where the caller shares none.
    charts: ChartCache,
    failures: Vec<Failure>,
    /// Whether resources are missing, so that what looks for some may look in vain; of the kustomization that is being
    /// accumulated and those below it.
    pub(super) incomplete: bool,
    /// Failures of others than the kustomization that is being accumulated and those below it.
    before: usize,
    /// Directories visited so far: a bound for bases that are used exponentially often.
    pub(super) directories: usize,
}

/// How many failures are kept: a broken file that forty overlays share is said once or twice, not forty times.
const MAX_FAILURES: usize = 200;

impl<'a> Context<'a> {
    pub(super) fn new(origins: &'a mut Origins, cache: &'a Cache, options: &'a Options<'a>) -> Self {
        Self {
            origins,
            cache,
            options,
            files: BTreeSet::new(),
            problems: Vec::new(),
            no_ops: Vec::new(),
            used: BTreeSet::new(),
            schemas: Schemas::default(),
            releases: Vec::new(),
            charts: ChartCache::default(),
            failures: Vec::new(),
            incomplete: false,
            before: 0,
            directories: 0,
        }
    }

    /// Records whether an entry found what it is for. Where resources are missing, it may have looked in vain.
    pub(super) fn note_use(
        &mut self,
        kind: NoOpKind,
        place: Place,
        found: bool,
        what: impl FnOnce() -> String,
    ) {
        if found {
            self.used.insert(place.at);
        } else {
            self.note_missed(NoOp { kind, place, what: what(), near: None, meant: None });
        }
    }

    /// Records that an entry found nothing; where there is a resource that it just misses, be the build complete or not.
    pub(super) fn note_missed(&mut self, no_op: NoOp) {
        if self.is_sound() && (no_op.near.is_some() || !self.incomplete) {
            self.no_ops.push(no_op);
        }
    }

    /// Whether nothing failed in the kustomization that is being accumulated and those below it.
    fn is_sound(&self) -> bool {
        self.failures.len() <= self.before
    }

    /// Begins a kustomization that has resources of its own: what others lack is not what it lacks. Gives what
    /// [`Self::leave`] wants back.
    pub(super) fn enter(&mut self) -> (bool, usize) {
        let outer = (self.incomplete, self.before);
        self.incomplete = false;
        self.before = self.failures.len();
        outer
    }

    /// Goes back to the kustomization that refers to the one that was entered: what the latter lacks, the former lacks too.
    pub(super) fn leave(&mut self, (incomplete, before): (bool, usize)) {
        self.incomplete |= incomplete;
        self.before = before;
    }

    /// The entries that did nothing wherever they took part: a component may find in one base what another lacks.
    pub(super) fn take_no_ops(&mut self) -> Vec<NoOp> {
        let mut known = BTreeSet::new();
        let mut no_ops = std::mem::take(&mut self.no_ops);
        no_ops.retain(|no_op| !self.used.contains(&no_op.place.at) && known.insert(no_op.place.at));
        no_ops
    }

    /// Loaded charts.
    pub(super) fn charts(&self) -> &ChartCache {
        self.options.charts.unwrap_or(&self.charts)
    }

    /// Records a failure; the build goes on.
    pub(super) fn fail(&mut self, mut failure: Box<Failure>) {
        if failure.kind == ProblemKind::Unavailable {
            self.unavailable(failure.to_problem());
            return;
        }
        let follows = failure.follows && (self.incomplete || !self.is_sound());
        // Where nothing of its own is missing, it follows from nothing.
        if failure.follows && failure.cause == Cause::Unmatched {
            failure.cause = Cause::Other;
        }
        if !follows && self.failures.len() < MAX_FAILURES {
            self.failures.push(*failure);
        }
    }

    /// Records the failure of a result and goes on without its value.
    pub(super) fn check<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(failure) => {
                self.fail(failure);
                None
            }
        }
    }

    /// Records something that this machine does not have; what depends on it is missing.
    pub(super) fn unavailable(&mut self, problem: Problem) {
        self.incomplete = true;
        self.problems.push(problem);
    }

    /// A mark to wrap failures from.
    pub(super) fn mark(&self) -> usize {
        self.failures.len()
    }

    /// Whether there are failures since a mark.
    pub(super) fn failed_since(&self, mark: usize) -> bool {
        self.failures.len() > mark
    }

    /// Rewords the failures since a mark, as the functions that they pass through on their way up do.
    ///
    /// Components quote what those in them say, so that each level doubles the backslashes: nobody reads on beyond
    /// [`MAX_MESSAGE`].
    pub(super) fn wrap_since(&mut self, mark: usize, wrap: impl Fn(&str) -> String) {
        for failure in
            self.failures.iter_mut().skip(mark).filter(|failure| failure.message.len() <= MAX_MESSAGE)
        {
            failure.message = wrap(&failure.message);
        }
    }

    /// Keeps the words of the failures since a mark as they are now, before they are told from outside.
    pub(super) fn brief_since(&mut self, mark: usize) {
        for failure in self.failures.iter_mut().skip(mark) {
            failure.brief.get_or_insert_with(|| failure.message.clone());
        }
    }

    /// The failures in the order in which they were met: the first is what kustomize would say.
    pub(super) fn take_failures(&mut self) -> Vec<Failure> {
        std::mem::take(&mut self.failures)
    }

    /// A warning of the tool.
    pub(super) fn warn(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::at(ProblemKind::Warning, place, message));
    }

    /// Remembers that a file belongs to the build.
    pub(super) fn note_file(&mut self, path: &TreePath) {
        if !self.files.contains(path) {
            self.files.insert(path.clone());
        }
    }

    /// The file that a place is in.
    pub(super) fn file_of(&self, place: Place) -> Option<Arc<SourceFile>> {
        self.cache.sources().get(place.at.file)
    }
}

/// The OpenAPI documents in use. kustomize holds them in global variables; which kinds are known can depend on when
/// a kustomization names a document, and so it does here.
///
/// Mirrors `kyaml/openapi/openapi.go` (`SetSchema`, `initSchema`, `IsNamespaceScoped`).
#[derive(Debug, Default)]
pub(super) struct Schemas {
    /// Documents of the repository, in the order in which they were put to use.
    loaded: Vec<OpenApi>,
    /// One that was named but not put to use yet.
    named: Option<OpenApi>,
    is_custom: bool,
    version_named: bool,
    builtin: bool,
    builtin_wanted: bool,
    ready: bool,
}

impl Schemas {
    /// Follows the `openapi` field of a kustomization: `document` is what its `path` holds.
    pub(super) fn set(
        &mut self,
        field: Option<&Pairs>,
        document: Option<OpenApi>,
        reset: bool,
    ) -> std::result::Result<(), &'static str> {
        if (self.is_custom || self.version_named) && !reset {
            return Ok(());
        }
        let version = field.and_then(|field| field.get("version"));
        if let Some(document) = document {
            if version.is_some() {
                return Err("builtin version and custom schema provided, cannot use both");
            }
            self.named = Some(document);
            self.is_custom = true;
            self.ready = false;
            return Ok(());
        }
        match version.map_or("", |version| version.value.as_str()) {
            "" => Ok(()),
            "v1.21.2" => {
                self.version_named = true;
                self.is_custom = false;
                self.named = None;
                self.ready = false;
                Ok(())
            }
            _ => Err("the specified OpenAPI version is not built in"),
        }
    }

    /// Puts the documents to use that were named; to be called before [`schema_for`](Self::schema_for).
    pub(super) fn make_ready(&mut self) {
        if self.ready {
            return;
        }
        self.ready = true;
        match self.named.take() {
            Some(document) => self.loaded.push(document),
            None if self.is_custom => {}
            None => self.builtin = true,
        }
        self.builtin |= std::mem::take(&mut self.builtin_wanted);
    }

    /// The schema of a kind.
    pub(super) fn schema_for(&self, api_version: &str, kind: &str) -> Option<Schema<'_>> {
        let known = self.loaded.iter().rev().find_map(|document| document.schema_for(api_version, kind));
        known.or_else(|| OpenApi::builtin().schema_for(api_version, kind).filter(|_| self.builtin))
    }

    /// Whether a kind is known to be cluster-scoped.
    pub(super) fn is_cluster_scoped(&mut self, api_version: &str, kind: &str) -> bool {
        let builtin = OpenApi::builtin();
        if builtin.schema_for(api_version, kind).is_some() {
            return builtin.is_certainly_cluster_scoped(api_version, kind);
        }
        if !self.ready {
            if self.is_custom {
                self.make_ready();
            } else {
                // The built-in document knows no more kinds than the table above, but asking puts it to use.
                self.builtin_wanted = true;
            }
        }
        self.loaded.iter().any(|document| document.is_certainly_cluster_scoped(api_version, kind))
    }
}
