//! `helm template`: a chart, values and a release become manifests.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::origin::Origins;
use crate::yaml::{Cache, Node};

use super::engine;
use super::{Chart, ChartTree, Manifests, Override, ReleaseOptions, UserValues, prepare};

/// What a chart renders to.
#[derive(Debug)]
pub struct Release {
    /// The charts that take part.
    pub root: ChartTree,
    /// The values that templates saw.
    pub values: Node,
    /// Values that stand over others.
    pub overrides: Vec<Override>,
    /// Documents, hooks and CRDs.
    pub manifests: Manifests,
    /// Everything that is wrong, warnings included.
    pub problems: Vec<Problem>,
    /// Paths of values that templates looked at, from the root of the top chart's values.
    pub reads: Vec<Vec<SmolStr>>,
}

impl Release {
    /// What Helm would stop with.
    pub fn failure(&self) -> Option<&Problem> {
        self.problems.iter().find(|problem| problem.kind != ProblemKind::Warning)
    }
}

/// Renders a chart. Never fails: what went wrong is part of the answer. Steps go into `origins`.
pub fn render(
    chart: &Arc<Chart>,
    user: UserValues,
    options: &ReleaseOptions,
    origins: &mut Origins,
    cache: &Cache,
) -> Release {
    let mut problems = options.check(chart);
    let prepared = prepare(chart, user, cache, origins);
    problems.extend(prepared.problems);
    let executed = engine::execute(&prepared.root, &prepared.values, options, origins, cache.sources());
    problems.extend(executed.problems);
    let mut manifests = Manifests::new(&prepared.root, executed.rendered, origins, cache.sources());
    problems.append(&mut manifests.problems);
    Release {
        root: prepared.root,
        values: prepared.values,
        overrides: prepared.overrides,
        manifests,
        problems,
        reads: executed.reads,
    }
}
