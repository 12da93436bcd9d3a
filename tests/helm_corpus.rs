//! Renders the charts of `target/corpus/helm` in-process and measures what became of their origins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gitops_lint::facade::helm::{self, Chart, ReleaseOptions, UserValues, ValuesLayer};
use gitops_lint::facade::origin::{Origins, Place, Placed, Step};
use gitops_lint::facade::source::{Dir, Sources, TreePath, WorkTree};
use gitops_lint::facade::yaml::Cache;
use rayon::prelude::*;

use crate::origins::{Tally, Traced};

/// A row of `manifest.tsv`.
struct Case {
    chart: String,
    values: String,
    release: String,
    namespace: String,
}

fn cases(corpus: &Path) -> Vec<Case> {
    let table = std::fs::read_to_string(corpus.join("manifest.tsv")).unwrap();
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let column = |name: &str| head.iter().position(|known| *known == name).unwrap();
    let [chart, values, release, namespace, expect] =
        ["chart_dir", "values_file", "release", "namespace", "expect"].map(column);
    lines
        .filter(|row| row[expect] == "ok")
        .map(|row| Case {
            chart: row[chart].into(),
            values: row[values].into(),
            release: row[release].into(),
            namespace: row[namespace].into(),
        })
        .collect()
}

fn count(corpus: &Path, case: &Case) -> Tally {
    let sources = Sources::new();
    let cache = Cache::new(Arc::clone(&sources));
    let mut origins = Origins::new();
    let mut tally = Tally::default();
    let root = corpus.join("charts").canonicalize().unwrap();
    let tree = Arc::new(WorkTree::unwalked(&root, "", Arc::clone(&sources)).unwrap());
    let path = TreePath::new(&case.chart).unwrap();
    let dir = Dir::new(tree, path.clone());
    let (Some(chart), _) = Chart::load(&dir, &cache) else { return tally };
    let line = sources.add("application", case.release.clone().into_bytes());
    let place = Place::written(line.span());
    let mut user = UserValues::new(place);
    let (mut same, mut same_origins) = (UserValues::new(place), Origins::new());
    if !case.values.is_empty() {
        let file = dir.tree.read(&path.join(&case.values).unwrap()).unwrap();
        if let Ok(node) = helm::load_values(&cache, &file, "") {
            user.add(ValuesLayer { node: node.clone(), by: Step::ValuesFile }, &mut origins);
            same.add(ValuesLayer { node, by: Step::ValuesFile }, &mut same_origins);
        }
    }
    let name = Placed::new(case.release.as_str().into(), place);
    let options = ReleaseOptions::new(name, case.namespace.as_str());
    let release = helm::render(&chart, user, &options, &mut origins, &cache);
    let text = helm::render_text(&chart, same, &options, &mut same_origins, &cache);
    assert_eq!(text.manifests.print(true, false), release.manifests.print(true, false), "{}", case.chart);
    let name = format!("{} {}", case.chart, case.values);
    let traced = Traced {
        case: name.trim(),
        origins: &origins,
        sources: &sources,
        // Text without a step is said to come from its template as a whole, which helps nobody.
        is_known: &|node| !node.origin.is_written() && sources.get(node.at.file).is_some(),
    };
    let manifests = release.manifests.manifests.iter().chain(&release.manifests.hooks);
    for node in manifests.filter_map(|manifest| manifest.node.as_ref()) {
        tally.count(node, &traced);
    }
    tally
}

#[test]
#[ignore = "needs target/corpus and some minutes: cargo test --test integration helm_corpus -- --ignored --nocapture"]
fn scalars_know_where_they_come_from() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/corpus/helm");
    if !corpus.join("manifest.tsv").exists() {
        super::skipped(&format!("{} is not there", corpus.display()));
        return;
    }
    let only = std::env::var("ONLY").unwrap_or_default();
    let cases = cases(&corpus);
    let tally = cases
        .par_iter()
        .filter(|case| case.chart.contains(&only))
        .map(|case| count(&corpus, case))
        .reduce(Tally::default, Tally::merge);
    eprintln!("{tally}");
    let (placed, decoded) = tally.shares();
    assert!(placed >= 100.0, "{placed:.3} % of the scalars have a place");
    assert!(decoded >= 99.0, "{decoded:.3} % of the scalars that nothing computed decode to the same");
}
