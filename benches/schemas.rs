//! What checks against schemas cost: microseconds for each object that the repositories of the corpus render, and their share of a
//! full check. `cargo bench --bench schemas`, or with `-- DIR...` over other repositories.
//!
//! An object's time is that of all rules about schemas together: its schema, rules in CEL, and what the API server refuses although no
//! schema says so. It should stay below 20 us at the median, and the share below 15 %.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gitops_lint::facade::finding::Severity;
use gitops_lint::facade::lint::{Options, lint};
use gitops_lint::facade::repo::{App, Object, Rendered, Workspace, analyze};
use gitops_lint::facade::rules::{Context, Preset, Registry, all};
use gitops_lint::facade::source::{Sources, WorkTree};
use gitops_lint::facade::yaml::Cache;

fn workspace(dir: &Path) -> Workspace {
    let sources = Sources::new();
    let tree = Arc::new(WorkTree::exported(dir, "", Arc::clone(&sources)).unwrap());
    Workspace::of_tree(tree, Arc::new(Cache::new(sources)), &Registry::built_in().known()).0
}

/// How long each object of a repository takes. What the first one of a kind compiles is its own to pay.
fn objects(workspace: &Workspace) -> Vec<Duration> {
    let rules: Vec<_> = all()
        .filter(|rule| rule.meta().subject == "schema" && rule.meta().preset == Preset::Recommended)
        .collect();
    let check = |app: &App, rendered: &Rendered| -> Vec<Duration> {
        let one = |object: &Object| {
            // What was found out about an object is kept by it.
            let fresh = Object::new(object.node.clone())?;
            let started = Instant::now();
            for rule in &rules {
                let mut cx =
                    Context::for_app(workspace, rule.meta(), Severity::Error, app, &rendered.origins);
                rule.check_object(&fresh, &mut cx);
            }
            Some(started.elapsed())
        };
        rendered.objects.iter().filter_map(one).collect()
    };
    analyze(workspace, &check).1.into_iter().flatten().collect()
}

fn main() {
    // One thread: what others do meanwhile is not the object's time.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().unwrap();
    let mut dirs: Vec<PathBuf> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).map(PathBuf::from).collect();
    if dirs.is_empty() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus/repos");
        dirs = std::fs::read_dir(corpus).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    }
    dirs.sort();
    let (mut times, mut whole) = (Vec::new(), Duration::ZERO);
    for dir in &dirs {
        times.extend(objects(&workspace(dir)));
        let started = Instant::now();
        let report = lint(&workspace(dir), &Options::default());
        whole += started.elapsed();
        std::hint::black_box(report);
    }
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    let all: Duration = times.iter().sum();
    println!(
        "{} objects of {} repositories: {:.1?} at the median, {:.1?} at 95 %, {all:.2?} in all",
        times.len(),
        dirs.len(),
        at(50),
        at(95)
    );
    println!(
        "full checks: {whole:.2?}, of which schemas {:.1} %",
        100.0 * all.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE)
    );
}
