//! Builds the kustomizations of `target/corpus` in-process and measures what became of their origins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gitops_lint::facade::kustomize::{Built, LoadRestrictor, NoOp, NoOpKind, Options, build};
use gitops_lint::facade::origin::{OriginId, Origins, Place};
use gitops_lint::facade::source::{Dir, OverlayTree, SourceFile, Sources, Span, Tree, TreePath, WorkTree};
use gitops_lint::facade::yaml::{Cache, Data, EmitStyle, Node, Style, emit, parse};
use rayon::prelude::*;

use crate::origins::{Tally, Traced};

/// A row of `manifest.tsv` that kustomize could build.
struct Case {
    dir: String,
    flags: String,
}

fn cases(corpus: &Path) -> Vec<Case> {
    let table = std::fs::read_to_string(corpus.join("kustomize/manifest.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| row[3] == "ok").map(|row| Case { dir: row[0].into(), flags: row[1].into() }).collect()
}

/// Nodes and keys, and those among them that no file has.
#[derive(Default, Clone, Copy)]
struct Nodes {
    all: usize,
    lost: usize,
}

impl Nodes {
    fn count(&mut self, node: &Node, is_known: &impl Fn(Place) -> bool) {
        let mut add = |place: Place| {
            self.all += 1;
            self.lost += usize::from(!is_known(place));
        };
        add(node.place());
        match &node.data {
            Data::Scalar(_) => {}
            Data::Seq(items) => items.iter().for_each(|item| self.count(item, is_known)),
            Data::Map(map) => {
                map.iter().for_each(|entry| add(entry.key.place()));
                map.iter().for_each(|entry| self.count(&entry.value, is_known));
            }
        }
    }
}

/// A build and what it was made with.
struct Run {
    sources: Arc<Sources>,
    origins: Origins,
    built: Built,
}

impl Run {
    fn new(case: &Case, tree: Arc<dyn Tree>, sources: Arc<Sources>) -> Self {
        let dir = Dir::new(tree, TreePath::new(&case.dir).unwrap());
        let load_restrictor = match case.flags.as_str() {
            "" => LoadRestrictor::RootOnly,
            _ => LoadRestrictor::None,
        };
        let options = Options { load_restrictor, ..Options::default() };
        let mut origins = Origins::new();
        let cache = Cache::new(Arc::clone(&sources));
        let built = build(&dir, &options, &mut origins, &cache);
        Self { sources, origins, built }
    }
}

fn tree(corpus: &Path, sources: &Arc<Sources>) -> Arc<dyn Tree> {
    let root = corpus.join("repos").canonicalize().unwrap();
    Arc::new(WorkTree::unwalked(&root, "", Arc::clone(sources)).unwrap())
}

fn count(corpus: &Path, case: &Case) -> (Tally, Nodes) {
    let sources = Sources::new();
    let Run { sources, origins, built } = Run::new(case, tree(corpus, &sources), sources);
    let (mut tally, mut nodes) = (Tally::default(), Nodes::default());
    let is_known = |place: Place| {
        let is_step = place.origin == OriginId::WRITTEN || origins.get(place.origin).is_some();
        is_step && sources.get(place.at.file).is_some_and(|file| place.at.end as usize <= file.bytes().len())
    };
    let traced = Traced {
        case: &case.dir,
        origins: &origins,
        sources: &sources,
        is_known: &|node| is_known(node.place()),
    };
    for node in &built.resources {
        nodes.count(node, &is_known);
        tally.count(node, &traced);
    }
    (tally, nodes)
}

#[test]
#[ignore = "needs target/corpus: cargo test --test integration kustomize_corpus -- --ignored --nocapture"]
fn nodes_know_where_they_come_from() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/corpus");
    if !corpus.join("kustomize/manifest.tsv").exists() {
        super::skipped(&format!("{} is not there", corpus.display()));
        return;
    }
    let only = std::env::var("ONLY").unwrap_or_default();
    let cases = cases(&corpus);
    let (tally, nodes) = cases
        .par_iter()
        .filter(|case| case.dir.contains(&only))
        .map(|case| count(&corpus, case))
        .reduce(Default::default, |(tally, nodes), (more, others)| {
            let nodes = Nodes { all: nodes.all + others.all, lost: nodes.lost + others.lost };
            (tally.merge(more), nodes)
        });
    eprintln!("{} builds, {} nodes and keys, {} in no file\n{tally}", cases.len(), nodes.all, nodes.lost);
    let (_, decoded) = tally.shares();
    assert!(nodes.all > 0, "nothing was built");
    assert_eq!(nodes.lost, 0, "nodes without a place in a file");
    assert!(decoded >= 99.9, "{decoded:.3} % of the scalars that nothing computed decode to the same");
}

/// Takes the innermost item of a list that holds a place out of a tree.
fn remove_item(node: &mut Node, at: Span) -> bool {
    let holds = |node: &Node| node.at.file == at.file && node.at.start <= at.start && at.end <= node.at.end;
    match &mut node.data {
        Data::Scalar(_) => false,
        Data::Map(map) => map.iter_mut().any(|entry| remove_item(&mut entry.value, at)),
        Data::Seq(items) => {
            if items.iter_mut().any(|item| remove_item(item, at)) {
                return true;
            }
            let index = items.iter().position(holds);
            index.map(|index| items.remove(index)).is_some()
        }
    }
}

/// Takes the operation that holds a place out of a patch that stands as text in its kustomization.
fn remove_operation(node: &mut Node, at: Span, file: &SourceFile) -> bool {
    let holds = node.at.start < at.start && at.end <= node.at.end;
    match &mut node.data {
        Data::Map(map) => map.iter_mut().any(|entry| remove_operation(&mut entry.value, at, file)),
        Data::Seq(items) => items.iter_mut().any(|item| remove_operation(item, at, file)),
        Data::Scalar(text) if holds && matches!(node.style, Style::Literal | Style::Folded) => {
            // The first line of a block scalar is its header.
            let line = file.line_index(at.start) - file.line_index(node.at.start) - 1;
            let inside = Sources::new().add("patch", text.as_bytes().to_vec());
            let Some(mut root) = parse(&inside).documents.into_iter().find_map(|document| document.root)
            else {
                return false;
            };
            let Data::Seq(operations) = &mut root.data else { return false };
            let begins = |operation: &Node| inside.line_index(operation.at.start) <= line;
            let Some(index) = operations.iter().rposition(begins).filter(|_| operations.len() > 1) else {
                return false;
            };
            operations.remove(index);
            *text = emit(&root, EmitStyle::Sigs).unwrap().into();
            true
        }
        Data::Scalar(_) => false,
    }
}

/// Builds again without an entry; `None` when that cannot be said in YAML.
fn without(corpus: &Path, case: &Case, run: &Run, no_op: &NoOp) -> Option<Built> {
    let file = run.sources.get(no_op.place.at.file)?;
    let path = TreePath::new(file.name()).ok()?;
    let mut roots: Vec<Node> =
        parse(&file).documents.into_iter().filter_map(|document| document.root).collect();
    let at = no_op.place.at;
    let is_operation = no_op.kind == NoOpKind::PatchEffect;
    let left_out = is_operation && roots.iter_mut().any(|root| remove_operation(root, at, &file));
    if !left_out && !roots.iter_mut().any(|root| remove_item(root, at)) {
        return None;
    }
    let texts: Vec<String> =
        roots.iter().map(|root| emit(root, EmitStyle::Sigs)).collect::<Result<_, _>>().ok()?;
    let sources = Sources::new();
    let changed = sources.add(file.name(), texts.join("---\n").into_bytes());
    let tree = OverlayTree::new(tree(corpus, &sources), BTreeMap::from([(path, changed)]));
    Some(Run::new(case, Arc::new(tree), sources).built)
}

/// What is said to do nothing can be left out, and nothing changes.
#[test]
#[ignore = "needs target/corpus: cargo test --test integration kustomize_corpus -- --ignored --nocapture"]
fn what_does_nothing_can_be_left_out() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/corpus");
    if !corpus.join("kustomize/manifest.tsv").exists() {
        super::skipped(&format!("{} is not there", corpus.display()));
        return;
    }
    let only = std::env::var("ONLY").unwrap_or_default();
    let cases = cases(&corpus);
    let found: Vec<(NoOpKind, String, Option<bool>)> = cases
        .par_iter()
        .filter(|case| case.dir.contains(&only))
        .flat_map_iter(|case| {
            let sources = Sources::new();
            let run = Run::new(case, tree(&corpus, &sources), sources);
            let before = run.built.to_yaml();
            let answers: Vec<_> = run
                .built
                .no_ops
                .iter()
                .map(|no_op| {
                    let same = without(&corpus, case, &run, no_op)
                        .map(|built| built.failure.is_none() && built.to_yaml() == before);
                    let (name, at, _) = run.sources.locate(no_op.place.at).unwrap();
                    (no_op.kind, format!("{name}:{} {} ({})", at.line, no_op.what, case.dir), same)
                })
                .collect();
            answers
        })
        .collect();
    let mut counts: BTreeMap<NoOpKind, [usize; 3]> = BTreeMap::new();
    for (kind, _, same) in &found {
        counts.entry(*kind).or_default()[usize::from(same.is_some()) + usize::from(*same == Some(true))] += 1;
    }
    for (kind, [unsaid, wrong, right]) in &counts {
        eprintln!("{kind:?}: {right} change nothing, {wrong} do, {unsaid} cannot be left out");
    }
    let wrong: Vec<&String> =
        found.iter().filter(|(_, _, same)| *same == Some(false)).map(|(_, text, _)| text).collect();
    assert!(!found.is_empty(), "nothing was found");
    assert!(
        wrong.is_empty(),
        "{} entries do something: {:#?}",
        wrong.len(),
        wrong.iter().take(10).collect::<Vec<_>>()
    );
}
