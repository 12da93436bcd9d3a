//! `helm template`: a chart, values and a release become manifests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::origin::Origins;
use crate::yaml::{Cache, Node};

use super::manifest::Printed;
use super::{
    Chart, ChartTree, Manifests, Override, Prepared, ReleaseOptions, UserValues, prepare, validate_values,
};
use super::{confidential, engine};

/// What a chart renders to.
#[derive(Debug, Clone)]
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
    let before = prepare(chart, user, cache, origins);
    let refused = refused_values(&before, options);
    let mut printed = Vec::new();
    let keep = |template| printed.push(Printed::new(template));
    let executed = engine::execute(&before.root, &before.values, options, origins, cache.sources(), keep);
    let problems = [options.check(chart), refused, executed.problems];
    release(before, problems, executed.reads, printed, options, origins, cache)
}

/// Renders a chart for who wants nothing but [`Manifests::print`]: the manifests are read while templates are still being
/// executed, on other threads, and have no objects.
pub fn render_text(
    chart: &Arc<Chart>,
    user: UserValues,
    options: &ReleaseOptions,
    origins: &mut Origins,
    cache: &Cache,
) -> Release {
    let before = prepare(chart, user, cache, origins);
    let refused = Mutex::new(Vec::new());
    let printed = Mutex::new(Vec::new());
    let executed = rayon::in_place_scope(|scope| {
        if before.root.walk().iter().any(|tree| tree.chart.schema.is_some()) {
            scope.spawn(|_| locked(&refused).extend(refused_values(&before, options)));
        }
        let read = |template| {
            scope.spawn(|_| {
                let read = Printed::read(template);
                locked(&printed).push(read);
            });
        };
        engine::execute(&before.root, &before.values, options, origins, cache.sources(), read)
    });
    let problems = [options.check(chart), into_inner(refused), executed.problems];
    release(before, problems, executed.reads, into_inner(printed), options, origins, cache)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn refused_values(before: &Prepared, options: &ReleaseOptions) -> Vec<Problem> {
    if options.skip_schema_validation { Vec::new() } else { validate_values(&before.root, &before.values) }
}

/// The answer. `problems` are those of the options, of the values and of templates.
fn release(
    before: Prepared,
    [of_options, of_values, of_templates]: [Vec<Problem>; 3],
    reads: Vec<Vec<SmolStr>>,
    printed: Vec<Printed>,
    options: &ReleaseOptions,
    origins: &mut Origins,
    cache: &Cache,
) -> Release {
    let mut manifests = Manifests::new(&before.root, printed, options.flavor, origins, cache.sources());
    let mut problems = of_options;
    for more in [before.problems, of_values, of_templates, std::mem::take(&mut manifests.problems)] {
        problems.extend(more);
    }
    confidential::mask(&mut problems, &before.values);
    let Prepared { root, values, overrides, .. } = before;
    Release { root, values, overrides, manifests, problems, reads }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::{Place, Placed};
    use crate::source::{Dir, MemoryTree, Sources, TreePath};

    /// Both ways of reading manifests find the same, also where something is wrong and where several threads are at work.
    #[test]
    fn text_alone_is_the_text_of_objects() {
        let many: Vec<(String, String)> = (0..40)
            .map(|index| {
                (
                    format!("templates/m{index}.yaml"),
                    format!("kind: K{}\nn: {{{{ .Values.a }}}}\n", index % 7),
                )
            })
            .collect();
        let hook = "metadata: {annotations: {helm.sh/hook: test}}\n---\n# comments only\n---\nkind: Pod\n";
        let unknown = "metadata: {annotations: {helm.sh/hook: nope}}\n";
        let fixed = [
            ("Chart.yaml", "apiVersion: v2\nname: p\nversion: 0.1.0\n"),
            ("values.yaml", "a: 1\n"),
            ("values.schema.json", r#"{"properties": {"a": {"type": "integer"}}}"#),
            ("templates/hook.yaml", hook),
            ("templates/unknown.yaml", unknown),
            ("templates/NOTES.txt", "a: b: c"),
        ];
        for (wrong, messages) in [
            (("templates/fine.yaml", "a: {{ .Values.a }}"), 1),
            (("templates/twice.yaml", "a: 1\na: 2\n---\nb: 1\n"), 2),
            (("templates/broken.yaml", "b: 1\n---\na: b: c\n"), 2),
            (("templates/fails.yaml", "{{ fail \"no\" }}"), 2),
            (("values.yaml", "a: x\n"), 2),
        ] {
            let both = [render, render_text].map(|render| {
                let sources = Sources::new();
                let files = many.iter().map(|(name, text)| (name.as_str(), text.as_str()));
                let tree = MemoryTree::of(&sources, fixed.into_iter().chain(files).chain([wrong]));
                let cache = Cache::new(Arc::clone(&sources));
                let (chart, _) = Chart::load(&Dir::new(Arc::new(tree), TreePath::root()), &cache);
                let chart = chart.unwrap();
                let place = Place::written(chart.chart_yaml.span());
                let options = ReleaseOptions::new(Placed::new("rel".into(), place), "ns");
                let release = render(&chart, UserValues::new(place), &options, &mut Origins::new(), &cache);
                let seen = |problem: &Problem| {
                    let at = problem.place.and_then(|place| sources.locate(place.at));
                    (
                        problem.kind,
                        problem.message.clone(),
                        at.map(|(name, from, to)| (name.to_string(), from, to)),
                    )
                };
                (release.manifests.print(true, false), release.problems.iter().map(seen).collect::<Vec<_>>())
            });
            assert_eq!(both[0], both[1], "{wrong:?}");
            assert_eq!(both[0].1.len(), messages, "{wrong:?}: {:?}", both[0].1);
        }
    }
}
