//! What follows from a definition of a kind or from a policy is as sure as it is that it is applied: a copy that nothing reads
//! may be of another version than the cluster has, and a policy that nothing reads may be nobody's.

use std::collections::BTreeMap;

use crate::config::Level;
use crate::finding::Finding;
use crate::repo::{Inventory, Workspace};
use crate::source::{FileId, TreePath};

/// Takes back what only definitions say that nothing applies.
pub(super) fn weigh(workspace: &Workspace, inventory: &Inventory, findings: &mut [Finding]) {
    let mut known: BTreeMap<FileId, bool> = BTreeMap::new();
    for finding in findings {
        let Some(given) = &finding.given_by else { continue };
        let mut applied =
            |file: &FileId| *known.entry(*file).or_insert_with(|| is_applied(workspace, inventory, *file));
        if given.files.iter().any(&mut applied) {
            continue;
        }
        finding.confidence = finding.confidence.min(given.otherwise);
        let configured = workspace.config.rules.get(finding.rule.as_str()).and_then(|rule| rule.level);
        if !matches!(configured, Some(Level::At(_))) {
            finding.severity = finding.severity.min(finding.confidence.most());
        }
    }
}

/// Whether a kustomization names a file as a resource, other than a component that nothing takes in.
fn is_listed(inventory: &Inventory, path: &TreePath) -> bool {
    let scan = &inventory.scan;
    let is_idle = |file| inventory.readers(file).is_empty();
    scan.is_resource(path)
        && scan
            .kustomizations
            .values()
            .any(|it| it.resources.contains(path) && !(it.component && is_idle(&it.file)))
}

/// Whether an app reads a file, a kustomization names it, or a chart installs it.
fn is_applied(workspace: &Workspace, inventory: &Inventory, file: FileId) -> bool {
    let path = workspace.sources.get(file).and_then(|file| file.path().cloned());
    // What is not a file of the tree comes from a chart that was fetched.
    let Some(path) = path else { return true };
    let scan = &inventory.scan;
    let mut above = std::iter::successors(path.parent(), TreePath::parent);
    !inventory.readers(&path).is_empty()
        || is_listed(inventory, &path)
        || above.any(|dir| scan.charts.contains(&dir))
}
