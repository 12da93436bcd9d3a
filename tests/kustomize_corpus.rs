//! Builds the kustomizations of `target/corpus` in-process and measures what became of their origins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gitops_lint::kustomize::{LoadRestrictor, Options, build};
use gitops_lint::origin::{OriginId, Origins, Place};
use gitops_lint::source::{Dir, Sources, TreePath, WorkTree};
use gitops_lint::yaml::{Cache, Data, Node};
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

fn count(corpus: &Path, case: &Case) -> (Tally, Nodes) {
    let sources = Sources::new();
    let cache = Cache::new(Arc::clone(&sources));
    let mut origins = Origins::new();
    let (mut tally, mut nodes) = (Tally::default(), Nodes::default());
    let root = corpus.join("repos").canonicalize().unwrap();
    let tree = Arc::new(WorkTree::unwalked(&root, "", Arc::clone(&sources)).unwrap());
    let dir = Dir::new(tree, TreePath::new(&case.dir).unwrap());
    let load_restrictor = match case.flags.as_str() {
        "" => LoadRestrictor::RootOnly,
        _ => LoadRestrictor::None,
    };
    let options = Options { load_restrictor, ..Options::default() };
    let built = build(&dir, &options, &mut origins, &cache);
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
        eprintln!("skipped: {} is not there", corpus.display());
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
