//! What rendering a Flux object gives.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::finding::{Incomplete, Missing, Problem, ProblemKind};
use crate::helm::Release;
use crate::kustomize::{Built, DroppedField, NoOp};
use crate::origin::Place;
use crate::source::TreePath;
use crate::yaml::Node;

use super::reference::Text;

/// What a Kustomization or HelmRelease renders to.
#[derive(Debug, Default)]
pub struct Output {
    /// The objects, as they are applied.
    pub objects: Vec<Node>,
    /// What went wrong or could not be known.
    pub problems: Vec<Problem>,
    /// Why the controller would stop, if so.
    pub failed: Option<String>,
    /// Why objects are missing or stand in for others, although the controller would render them.
    pub incomplete: Vec<Incomplete>,
    /// Entries of kustomizations that did nothing.
    pub no_ops: Vec<NoOp>,
    /// Values of charts that were rendered.
    pub releases: Vec<Release>,
    /// Names that `postBuild` knows, with where they are defined.
    pub variables: Vec<Text>,
    /// Fields of the kustomization that Flux drops, because they do not exist.
    pub dropped: Vec<DroppedField>,
    /// The directory that was built, when it is one of this repository.
    pub dir: Option<TreePath>,
    /// Files of this repository that were read or looked for.
    pub files: BTreeSet<TreePath>,
    /// References to variables of `postBuild`, in the order of the objects.
    pub substitutions: Vec<Substitution>,
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

impl Output {
    /// Adds a problem that the controller stops with.
    pub(super) fn fail(&mut self, problem: Problem) {
        self.failed.get_or_insert_with(|| problem.message.clone());
        self.problems.push(problem);
    }

    /// Adds a reason why objects are missing, with a problem at a place.
    pub(super) fn lack(&mut self, missing: Missing, place: Place, words: &str, help: Option<String>) {
        let problem = Problem::at(ProblemKind::Unavailable, place, words);
        self.problems.push(Problem { help, ..problem });
        self.incomplete.push(Incomplete::new(missing, words));
    }

    /// Adds what a kustomization was built to.
    pub(super) fn take_built(&mut self, built: Built) {
        for problem in &built.problems {
            if problem.kind == ProblemKind::Unavailable {
                self.incomplete.push(Incomplete::new(Missing::Content, problem.message.clone()));
            }
        }
        if let Some(message) = built.failure {
            self.failed.get_or_insert(message);
        }
        self.problems.extend(built.problems);
        self.no_ops.extend(built.no_ops);
        self.objects.extend(built.resources);
    }

    /// Adds what rendering a chart met.
    pub(super) fn take_problems(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            let missing = match problem.kind {
                ProblemKind::Warning => {
                    self.problems.push(problem);
                    continue;
                }
                ProblemKind::MissingDependency => Missing::Chart,
                ProblemKind::Unavailable | ProblemKind::Limit => Missing::Content,
                _ => {
                    self.fail(problem);
                    continue;
                }
            };
            self.incomplete.push(Incomplete::new(missing, problem.message.clone()));
            self.problems.push(problem);
        }
    }
}
