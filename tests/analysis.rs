//! One repository in many states: an edit redoes only the apps that it meets, and what is found is what a fresh run finds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gitops_lint::facade::lint::{self, Options, Report};
use gitops_lint::facade::repo::{self, Analysis, Workspace};
use gitops_lint::facade::source::{OverlayTree, SourceFile, Sources, Tree, TreePath, WorkTree};
use gitops_lint::facade::yaml::{Cache, Data, Node};

use crate::{corpus, fleet};

/// A small generator of numbers: the same ones in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % count.max(1) as u64) as usize
    }
}

fn open(dir: &Path) -> Workspace {
    let sources = Sources::new();
    let tree: Arc<dyn Tree> = Arc::new(WorkTree::open(dir, "", Arc::clone(&sources)).unwrap());
    Workspace::of_tree(tree, Arc::new(Cache::new(sources)), &[]).0
}

/// The repository with other content in some files.
fn edited(workspace: &Workspace, changed: &BTreeMap<TreePath, Arc<SourceFile>>) -> Workspace {
    let below = Arc::clone(&workspace.tree);
    workspace.beside(Arc::new(OverlayTree::new(below, changed.clone())), None)
}

/// Nothing kept from anywhere but parsed files.
fn fresh(workspace: &Workspace) -> Workspace {
    let (tree, cache) = (Arc::clone(&workspace.tree), Arc::clone(&workspace.cache));
    Workspace::of_tree(tree, cache, &[]).0
}

/// A report as people see it.
fn lines(report: &Report) -> Vec<String> {
    let place = |at| {
        report
            .locate(at)
            .map_or_else(String::new, |(name, start, _)| format!("{name}:{}:{}", start.line, start.column))
    };
    let findings = report.findings.iter().map(|it| {
        let finding = &it.finding;
        let related: Vec<String> =
            finding.related.iter().map(|label| format!("{} {}", place(label.at), label.message)).collect();
        format!(
            "{} {} {:?} {} {} {:?} {related:?} {:?} {:?}",
            it.fingerprint,
            finding.rule,
            finding.severity,
            place(finding.primary.at),
            finding.message,
            finding.help,
            finding.apps,
            finding.object,
        )
    });
    let hidden = report.suppressed.iter().map(|(it, _)| format!("hidden {}", it.fingerprint));
    let apps = report
        .apps
        .iter()
        .map(|app| format!("{} {} {:?} {}", app.name, app.status.as_str(), app.reason, app.objects));
    findings.chain(hidden).chain(apps).collect()
}

/// Changes a file at random: one scalar, a line less, half of it, a comment more.
fn edit(dice: &mut Dice, text: &str, root: Option<&Node>) -> String {
    let mut scalars = Vec::new();
    let mut todo: Vec<&Node> = root.into_iter().collect();
    while let Some(node) = todo.pop() {
        match &node.data {
            Data::Scalar(_) if !node.at.is_empty() => scalars.push(node.at),
            Data::Scalar(_) => {}
            Data::Seq(items) => todo.extend(items),
            Data::Map(map) => todo.extend(map.iter().map(|entry| &entry.value)),
        }
    }
    match dice.below(8) {
        0 => {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let gone = dice.below(lines.len());
            lines.iter().enumerate().filter(|(index, _)| *index != gone).map(|(_, line)| *line).collect()
        }
        1 => text.chars().take(text.chars().count() / 2).collect(),
        2 => format!("# changed\n{text}"),
        _ if scalars.is_empty() => format!("{text}\nmore: {}\n", dice.below(100)),
        _ => {
            let at = scalars[dice.below(scalars.len())];
            let new = ["other", "7", "true", "null", "\"\"", "https://example.com/x.git"][dice.below(6)];
            format!("{}{new}{}", &text[..at.start as usize], &text[at.end as usize..])
        }
    }
}

/// Edits files at random, one after the other, some of them back to what they were. Answers how long the analyses took.
fn random_edits(workspace: &Workspace, seed: u64, edits: usize) -> Vec<Duration> {
    let analysis = Analysis::default();
    let options = Options::default();
    let first = lint::lint_again(workspace, &options, &analysis);
    assert_eq!(lines(&first), lines(&lint::lint(&fresh(workspace), &options)));
    let is_text = |path: &TreePath| {
        let name = path.file_name();
        [".yaml", ".yml", ".json", ".tpl", ".sourceignore"].iter().any(|end| name.ends_with(end))
    };
    let files: Vec<TreePath> = workspace.tree.files().into_iter().filter(is_text).collect();
    let mut dice = Dice(seed);
    let mut changed: BTreeMap<TreePath, Arc<SourceFile>> = BTreeMap::new();
    let mut took = Vec::new();
    for round in 0..edits {
        if dice.below(5) == 0
            && let Some(path) = changed.keys().nth(dice.below(changed.len())).cloned()
        {
            changed.remove(&path);
        } else {
            let path = files[dice.below(files.len())].clone();
            let file = changed.get(&path).cloned().or_else(|| workspace.tree.read(&path).ok());
            let Some(file) = file.filter(|file| file.text().is_some()) else { continue };
            let stream = workspace.cache.stream(&file);
            let root = stream.documents.first().and_then(|document| document.root.as_ref());
            let text = edit(&mut dice, file.text_or_empty(), root);
            changed.insert(path, workspace.sources.add(file.name(), text.into_bytes()));
        }
        let snapshot = edited(workspace, &changed);
        let begun = Instant::now();
        let again = lint::lint_again(&snapshot, &options, &analysis);
        took.push(begun.elapsed());
        analysis.forget();
        let (got, want) = (lines(&again), lines(&lint::lint(&fresh(&snapshot), &options)));
        for (got, want) in got.iter().zip(&want) {
            assert_eq!(got, want, "edit {round} of seed {seed}: {:?}", changed.keys());
        }
        assert_eq!(got.len(), want.len(), "edit {round} of seed {seed}");
    }
    took
}

#[test]
fn an_edit_redoes_the_apps_that_read_the_file() {
    let workspace = fleet::workspace(&fleet::files(6, 4));
    let analysis = Analysis::default();
    let options = Options::default();
    let report = lint::lint_again(&workspace, &options, &analysis);
    let apps = report.apps.len();
    assert_eq!(analysis.counts(), (apps, 0));
    for (path, redone) in [
        // Nothing at all.
        ("", 0),
        // The values of one component, which runs on four clusters.
        ("components/part1/values.yaml", 4),
        // The values of one cluster.
        ("values/cluster/c1.yaml", 6),
        ("charts/service/values.yaml", 24),
        ("charts/service/templates/deployment.yaml", 24),
        // All of it: what every Application is made of.
        ("apps/fleet.yaml", apps),
    ] {
        let mut changed = BTreeMap::new();
        if !path.is_empty() {
            let path = TreePath::new(path).unwrap();
            let file = workspace.tree.read(&path).unwrap();
            let text = format!("# changed\n{}", file.text_or_empty());
            changed.insert(path, workspace.sources.add(file.name(), text.into_bytes()));
        }
        let snapshot = edited(&workspace, &changed);
        let again = lint::lint_again(&snapshot, &options, &analysis);
        assert_eq!(analysis.counts(), (redone, apps - redone), "{path}");
        assert_eq!(lines(&again), lines(&lint::lint(&fresh(&snapshot), &options)), "{path}");
    }
}

#[test]
fn a_file_that_is_missed_is_asked_for_again() {
    let files = |more: &[(&str, &str)]| -> Vec<(String, String)> {
        let plain = fleet::files(3, 2);
        plain
            .into_iter()
            .chain(more.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())))
            .collect()
    };
    let before = fleet::workspace(&files(&[]));
    let analysis = Analysis::default();
    let options = Options::default();
    let report = lint::lint_again(&before, &options, &analysis);
    let all =
        files(&[("components/part2/c1.yaml", "replicas: 7\n"), ("charts/service/templates/x.yaml", "")]);
    let tree = |with: &str| -> Arc<dyn Tree> {
        let mut tree = gitops_lint::facade::source::MemoryTree::new();
        for (path, text) in &all {
            let path = TreePath::new(path).unwrap();
            match before.tree.read(&path) {
                Ok(file) => tree.insert(path, file),
                Err(_) if path.as_str() == with => {
                    tree.insert(path.clone(), before.sources.add(path.as_str(), text.clone().into_bytes()));
                }
                Err(_) => {}
            }
        }
        Arc::new(tree)
    };
    for (with, redone) in [
        ("", 0),
        // A values file that one Application looks for in vain, in a directory that the ApplicationSet lists.
        ("components/part2/c1.yaml", 2),
        // A file more in a chart that all of them load.
        ("charts/service/templates/x.yaml", report.apps.len()),
    ] {
        let snapshot = before.beside(tree(with), None);
        lint::lint_again(&snapshot, &options, &analysis);
        assert_eq!(analysis.counts().0, redone, "{with}");
    }
}

#[test]
fn random_edits_are_linted_as_a_fresh_run_does() {
    let repos = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos");
    for (name, seed) in [("a-degraded", 1), ("c-monitoring", 2), ("d-values", 3), ("demo", 4)] {
        random_edits(&open(&repos.join(name)), seed, 25);
    }
}

#[test]
#[ignore = "400 edits of repositories of the corpus take many minutes without optimization"]
fn edits_of_the_corpus_are_linted_as_a_fresh_run_does() {
    let Some(corpus) = corpus() else { return };
    // Without optimization, each of them takes seconds: how many percent of them to try.
    let percent = std::env::var("EDITS_PERCENT").ok().and_then(|it| it.parse().ok()).unwrap_or(100);
    for (name, edits) in [
        ("operate-first+apps", 200),
        ("konstructio+gitops-template", 60),
        ("onedr0p+home-ops", 60),
        ("ibm-mas+gitops", 40),
        ("kubeflow+manifests", 40),
    ] {
        let workspace = open(&corpus.join("repos").join(name));
        let mut took = random_edits(&workspace, 11, (edits * percent / 100).max(1));
        took.sort_unstable();
        let begun = Instant::now();
        let apps = repo::analyze(&fresh(&workspace), &|_, _| ()).0.apps.len();
        println!(
            "{name}: {apps} apps, rendering them {:?}; an edit: median {:?}, worst {:?}",
            begun.elapsed(),
            took[took.len() / 2],
            took[took.len() - 1]
        );
    }
}
