//! How long charts take inside of a process that has rendered them before, as an app among many does: no start, no cold
//! code. Reads chart directories from the command line and prints microseconds: reading, parsing, rendering and printing all
//! anew, and rendering and printing a chart that is loaded. `benches/against_tools.py --warm` compares that with helm.

#![allow(
    clippy::allow_attributes,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use gitops_lint::facade::helm::{self, Chart, ReleaseOptions, UserValues};
use gitops_lint::facade::origin::{Origins, Place, Placed};
use gitops_lint::facade::source::{Dir, Sources, TreePath, WorkTree};
use gitops_lint::facade::yaml::Cache;

fn load(path: &str) -> Option<(Arc<Chart>, Arc<Sources>, Cache)> {
    let sources = Sources::new();
    let root = Path::new(path).canonicalize().ok()?;
    let tree = WorkTree::unwalked(&root, "", Arc::clone(&sources)).ok()?;
    let cache = Cache::new(Arc::clone(&sources));
    let chart = Chart::load(&Dir::new(Arc::new(tree), TreePath::root()), &cache).0?;
    Some((chart, sources, cache))
}

fn render(chart: &Arc<Chart>, sources: &Arc<Sources>, cache: &Cache) -> usize {
    let place = Place::written(sources.add("command line", Vec::new()).span());
    let mut options = ReleaseOptions::new(Placed::new("rel".into(), place), "ns");
    options.include_crds = true;
    let release = helm::render(chart, UserValues::new(place), &options, &mut Origins::new(), cache);
    release.manifests.print(true, false).len()
}

/// The shortest of many runs that take a fifth of a second together, in microseconds.
fn best<T>(mut run: impl FnMut() -> T) -> u128 {
    let started = Instant::now();
    let mut best = u128::MAX;
    while started.elapsed().as_millis() < 200 {
        let one = Instant::now();
        std::hint::black_box(run());
        best = best.min(one.elapsed().as_micros());
    }
    best
}

fn main() {
    for path in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        let Some((chart, sources, cache)) = load(&path) else { continue };
        let whole = best(|| {
            let (chart, sources, cache) = load(&path).unwrap();
            render(&chart, &sources, &cache)
        });
        let loaded = best(|| render(&chart, &sources, &cache));
        println!("{whole} {loaded} {path}");
    }
}
