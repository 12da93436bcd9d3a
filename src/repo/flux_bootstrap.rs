//! What the bootstrap and pipelines made of this repository: sources that are the repository, or a directory of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::flux::{self, Bootstrap, Kustomization, ObjectName};
use crate::source::TreePath;

use super::flux::{nearest, synced};
use super::scan::{Scan, ScannedDocument};
use super::{Workspace, flux_version};

/// So many paths do not exist in one directory by chance.
const SEVERAL: usize = 3;

/// Finds out what the bootstrap made of this repository: sources that no document defines, and the directory below
/// which nearly all of the paths are that are read from them.
pub(super) fn find_bootstrap(workspace: &Workspace, scan: &Scan) {
    let mut paths: BTreeMap<SmolStr, BTreeSet<String>> = BTreeMap::new();
    let mut packed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for document in &scan.documents {
        let Some(kustomization) = written(document, workspace) else { continue };
        let path = trimmed(kustomization.path());
        let Some(source) = &kustomization.source else { continue };
        let defined = nearest(source, Some(&document.path), scan);
        let unknown = source.kind != "ExternalArtifact" && defined.is_none();
        if path.is_empty() || path.contains("${") {
            continue;
        }
        if unknown {
            paths.entry(source.name.clone()).or_default().insert(path.to_owned());
        } else if source.kind == "OCIRepository"
            && let Some(node) = defined.and_then(|document| document.node(workspace))
            && let Some(url) = flux::source_url(&node)
        {
            packed.entry(url.to_owned()).or_default().insert(path.to_owned());
        }
    }
    let hits = |dir: &TreePath, paths: &BTreeSet<String>| {
        paths.iter().filter(|path| workspace.tree.is_dir(&dir.child(path))).count()
    };
    let all = |dir: &TreePath| paths.values().map(|paths| hits(dir, paths)).sum::<usize>();
    let written = scan.documents.iter().map(|document| &document.path);
    let mut dirs: BTreeSet<TreePath> = scan.kustomizations.keys().chain(written).filter_map(top).collect();
    dirs.remove(&TreePath::root());
    let best = |count: &dyn Fn(&TreePath) -> usize| {
        let mut best = (count(&TreePath::root()), TreePath::root());
        for dir in &dirs {
            let hits = count(dir);
            if hits > 2 * best.0 {
                best = (hits, dir.clone());
            }
        }
        best.1
    };
    let dir = best(&all);
    // Of what a pipeline packs, its paths show the directory, when there are several of them.
    let packed = packed.into_iter().filter_map(|(url, paths)| {
        let dir = best(&|dir| hits(dir, &paths));
        (paths.len() >= SEVERAL && 5 * hits(&dir, &paths) >= 4 * paths.len()).then_some((url, dir))
    });
    let packed = packed.collect();
    // What the bootstrap calls its source by itself is this repository as soon as most of its paths are here: the others were
    // removed. Another name may be that of a repository which is laid out alike.
    let is_ours = |(name, paths): &(&SmolStr, &BTreeSet<String>)| {
        let found = hits(&dir, paths);
        5 * found >= 4 * paths.len() || name.as_str() == "flux-system" && 2 * found > paths.len()
    };
    let sources = paths.iter().filter(is_ours).map(|(name, _)| name.clone()).collect();
    let mut bootstrap = Bootstrap { dir, sources, packed, ..Bootstrap::default() };
    flux_version::find_controllers(&mut bootstrap, workspace, scan);
    workspace.set_bootstrap(bootstrap);
}

/// The Kustomization that a document is, or that a FluxInstance makes.
fn written(document: &ScannedDocument, workspace: &Workspace) -> Option<Kustomization> {
    let node = match document.group.as_str() {
        "kustomize.toolkit.fluxcd.io" => document.node(workspace),
        _ => synced(document, workspace),
    };
    node.map(|node| Kustomization::new(Arc::new(node)))
}

/// Paths that are read from GitRepositories that no document defines: the bootstrap makes them, of this repository.
pub(super) fn bootstrap_paths(workspace: &Workspace, scan: &Scan) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for document in &scan.documents {
        let Some(kustomization) = written(document, workspace) else { continue };
        let path = trimmed(kustomization.path());
        let made = |source: &ObjectName| {
            source.kind == "GitRepository" && nearest(source, Some(&document.path), scan).is_none()
        };
        if !path.is_empty() && !path.contains("${") && kustomization.source.as_ref().is_some_and(made) {
            paths.insert(path.to_owned());
        }
    }
    paths
}

/// `spec.path` without what does not count.
pub(super) fn trimmed(path: &str) -> &str {
    path.trim_start_matches("./").trim_matches('/')
}

/// The first directory of a path.
fn top(path: &TreePath) -> Option<TreePath> {
    TreePath::new(path.components().next()?).ok()
}
