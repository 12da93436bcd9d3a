//! What rendering an app gives, whatever tool deploys it: Argo CD, Flux or nobody.
//!
//! Engines of the tools fill an [`Output`]; this module knows the engines that they run, Helm and kustomize, and which of their
//! problems make a tool stop. It does not know the tools.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::{Cause, Incomplete, Missing, Problem, ProblemKind};
use crate::helm::{Chart, Release, ReleaseOptions};
use crate::kustomize::{Built, DroppedField, NoOp};
use crate::origin::{Place, Placed};
use crate::source::TreePath;
use crate::yaml::{Cache, Node};

/// What an app renders to.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The objects, as they are applied.
    pub objects: Vec<Node>,
    /// Applications of a set, by name, for clusters that are assumed, with the cluster.
    pub assumed: Vec<(SmolStr, SmolStr)>,
    /// What went wrong or could not be known.
    pub problems: Vec<Problem>,
    /// Why the tool would stop, if so.
    pub failed: Option<String>,
    /// Why objects are missing or stand in for others, although the tool would render them.
    pub incomplete: Vec<Incomplete>,
    /// Entries of kustomizations that did nothing.
    pub no_ops: Vec<NoOp>,
    /// Values of charts that were rendered.
    pub releases: Vec<Release>,
    /// Names that `postBuild` knows, with where they are defined.
    pub variables: Vec<Placed<SmolStr>>,
    /// Fields of the kustomization that Flux drops, because they do not exist.
    pub dropped: Vec<DroppedField>,
    /// The directory that was built, when it is one of this repository.
    pub dir: Option<TreePath>,
    /// Files of this repository that were read or looked for.
    pub files: BTreeSet<TreePath>,
    /// References to variables of `postBuild`, in the order of the objects.
    pub substitutions: Vec<Substitution>,
    /// Charts whose templates were not executed, where only what they are made from was asked for.
    pub unexecuted: Vec<Arc<Chart>>,
}

/// A reference to a variable, where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    /// The variable.
    pub name: SmolStr,
    /// The reference.
    pub place: Place,
    /// Whether the reference has a default.
    pub has_default: bool,
    /// What is known about the variable.
    pub variable: Known,
}

/// What is known about a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It has a value that is written in the repository.
    Value,
    /// It exists, or may exist, but its value is not in the repository.
    Maybe,
    /// Nothing defines it.
    Undefined,
}

/// What to do about dependencies that are nowhere.
const DEPENDENCIES: &str = "`gitops-lint fetch` brings those that name a URL; else run `helm dependency build` in the chart, or \
                            vendor the charts below a directory of `charts.paths`";

/// Whether a template stops at a definition or at values that a chart which is not there may bring.
fn is_of_missing_chart(problem: &Problem) -> bool {
    matches!(problem.cause(), Cause::UndefinedTemplate | Cause::UndefinedOwn | Cause::NilPointer)
}

impl Output {
    /// Adds a problem that the tool stops with.
    pub fn fail(&mut self, problem: Problem) {
        self.failed.get_or_insert_with(|| problem.message.clone());
        self.problems.push(problem);
    }

    /// Adds a problem because of which objects are missing.
    pub fn lack(&mut self, missing: Missing, problem: Problem) {
        self.incomplete.push(Incomplete::of(missing, &problem));
        self.problems.push(problem);
    }

    /// Adds what a kustomization was built to.
    pub fn take_built(&mut self, built: Built) {
        for problem in &built.problems {
            if problem.kind == ProblemKind::Unavailable {
                self.incomplete.push(Incomplete::of(Missing::Content, problem));
            }
        }
        if let Some(message) = built.failure {
            self.failed.get_or_insert(message);
        }
        self.problems.extend(built.problems);
        self.no_ops.extend(built.no_ops);
        self.releases.extend(built.releases);
        self.objects.extend(built.resources);
    }

    /// Adds what rendering a chart met.
    pub fn take_problems(&mut self, problems: Vec<Problem>) {
        let lacks_charts = problems.iter().any(|it| it.kind == ProblemKind::MissingDependency);
        for problem in problems {
            match problem.kind {
                kind if kind.is_tolerated() => self.problems.push(problem),
                // The tools fetch what is not vendored.
                ProblemKind::MissingDependency => {
                    self.incomplete.push(Incomplete::of(Missing::Chart, &problem).help(DEPENDENCIES));
                    self.problems.push(problem);
                }
                // What the missing charts define is not there either.
                ProblemKind::Render if lacks_charts && is_of_missing_chart(&problem) => {
                    self.incomplete.push(Incomplete::of(Missing::Chart, &problem));
                }
                ProblemKind::Unavailable | ProblemKind::Limit => self.lack(Missing::Content, problem),
                _ => self.fail(problem),
            }
        }
    }

    /// Adds the objects of a chart, and what rules want to know of its values.
    pub fn take_release(&mut self, mut release: Release, options: &ReleaseOptions, cache: &Cache) {
        let manifests = std::mem::take(&mut release.manifests);
        let (objects, problems) = manifests.into_objects(options.include_crds, options.skip_tests, cache);
        self.objects.extend(objects);
        for problem in problems {
            self.fail(problem);
        }
        self.releases.push(release);
    }
}
