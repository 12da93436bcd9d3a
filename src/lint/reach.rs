//! What a change touches: the findings that speak of a changed file, or of an app that misses a file that is gone.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::repo::{Inventory, Workspace};
use crate::source::{SourceFile, TreePath};

/// The files of a change, relative to the linted root. Files that do not exist were removed.
#[derive(Debug, Clone, Default)]
pub struct Changed(pub BTreeSet<TreePath>);

/// Tells which findings a change touches.
pub(super) struct Reach<'a> {
    workspace: &'a Workspace,
    changed: &'a BTreeSet<TreePath>,
    /// Names of apps that look for a file that is gone.
    bereft: BTreeSet<&'a str>,
}

impl<'a> Reach<'a> {
    pub(super) fn new(workspace: &'a Workspace, inventory: &'a Inventory, changed: &'a Changed) -> Self {
        let changed = &changed.0;
        let gone: Vec<&TreePath> =
            changed.iter().filter(|path| workspace.tree.kind(path).is_none()).collect();
        let bereft = inventory
            .apps
            .iter()
            .filter(|entry| gone.iter().any(|path| entry.reads(path)))
            .map(|entry| entry.app.name.as_ref())
            .collect();
        Self { workspace, changed, bereft }
    }

    pub(super) fn touches(&self, finding: &Finding) -> bool {
        let labels = std::iter::once(&finding.primary).chain(&finding.related);
        let mut files = labels.filter_map(|label| self.workspace.sources.get(label.at.file));
        files.any(|file| self.is_changed(&file))
            || finding.apps.iter().any(|app| self.bereft.contains(app.as_ref()))
    }

    /// A file of a chart archive has changed when the archive has.
    fn is_changed(&self, file: &SourceFile) -> bool {
        file.home().on_disk().path().is_some_and(|path| self.changed.contains(path))
    }
}
