//! What an app would make that could not be rendered: no more than its own sources say. An app that fails is still one of
//! ours, and its files are here; only how they go together is not known.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::finding::ProblemKind;
use crate::relations;
use crate::source::{Tree, TreePath};

use super::app::{App, Spec};
use super::{Rendered, Workspace};

/// More files than these are not read again for the sake of an app that failed: it may then make anything.
const MAX_FILES: usize = 4000;

/// The names in the sources of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The words of the files; none where the sources are not known in full.
    words: Option<Arc<FxHashSet<SmolStr>>>,
    /// What charts call their objects after: the app, its release, its chart, its namespace.
    owners: Vec<SmolStr>,
}

impl Said {
    /// Reads the sources of an app that could not be rendered.
    pub(super) fn of(app: &App, rendered: &Rendered, workspace: &Workspace) -> Self {
        let mut said = Self { words: None, owners: vec![SmolStr::new(&app.name)] };
        // Where nothing is, nothing is made; what is meant lies somewhere else and is called after what it is.
        if rendered.problems.iter().any(|problem| problem.kind == ProblemKind::MissingPath) {
            if let Spec::Argo(application) = &app.spec {
                let paths = application.sources.iter().filter_map(|source| source.path().rsplit('/').next());
                said.owners.extend(paths.filter(|name| !name.is_empty()).map(SmolStr::new));
            }
            said.words = Some(Arc::default());
            return said;
        }
        let dirs: Vec<TreePath> = match &app.spec {
            Spec::Argo(application) => {
                let local = application.sources.iter().filter(|source| source.chart.is_none());
                local.filter_map(|source| TreePath::new(source.path()).ok()).collect()
            }
            Spec::Overlay(dir) | Spec::Chart(dir) => vec![dir.path.clone()],
            Spec::Release(release) => vec![release.chart.path.clone()],
            Spec::FluxKustomization(..) | Spec::FluxRelease(..) => rendered.dir.iter().cloned().collect(),
            Spec::ArgoSet(_) | Spec::Manifests(_) => Vec::new(),
        };
        let below = dirs.iter().filter(|dir| !dir.is_root() && workspace.tree.kind(dir).is_some());
        let mut files: BTreeSet<TreePath> = rendered.files.clone();
        for dir in below {
            said.owners.push(SmolStr::new(dir.file_name()));
            if !add_files(workspace.tree.as_ref(), dir, &mut files) {
                return said;
            }
        }
        for release in &rendered.releases {
            said.owners.extend(release.root.walk().iter().map(|tree| tree.chart.metadata.name.value.clone()));
        }
        said.owners.sort_unstable();
        said.owners.dedup();
        said.owners.retain(|owner| !owner.is_empty());
        // An app without a single file of ours says nothing about itself.
        if files.iter().all(|path| Some(path) == app.path.as_ref()) {
            return said;
        }
        let mut words = FxHashSet::default();
        for path in &files {
            let Ok(file) = workspace.tree.read(path) else { continue };
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            for word in file.text_or_empty().split(|c: char| !is_part(c)) {
                let word = word.trim_matches(['-', '.', '_']);
                if !word.is_empty() && word.len() < 254 && !words.contains(word) {
                    words.insert(SmolStr::new(word));
                }
            }
        }
        said.words = Some(Arc::new(words));
        said
    }

    /// Whether the app would make something of that name: its sources say the name, or two parts of it, or it is called after
    /// the app as charts call their objects.
    pub fn may_make(&self, name: &str) -> bool {
        let Some(words) = &self.words else { return true };
        let parts = |at: usize| {
            let (start, end) = (name.get(..at), name.get(at + 1..));
            matches!((start, end), (Some(start), Some(end)) if words.contains(start) && words.contains(end))
        };
        words.contains(name)
            || name.match_indices('-').any(|(at, _)| parts(at))
            || self.owners.iter().any(|owner| relations::is_named_after(name, owner))
    }
}

/// Adds the files below a directory; `false` where there are too many.
fn add_files(tree: &dyn Tree, dir: &TreePath, files: &mut BTreeSet<TreePath>) -> bool {
    let Ok(entries) = tree.list(dir) else { return true };
    for entry in entries {
        let path = dir.child(&entry.name);
        match entry.kind {
            crate::source::EntryKind::Dir => {
                if !add_files(tree, &path, files) {
                    return false;
                }
            }
            _ => drop(files.insert(path)),
        }
        if files.len() > MAX_FILES {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_what_is_said() {
        let words: FxHashSet<SmolStr> =
            ["dev", "settings", "api-token"].map(SmolStr::new).into_iter().collect();
        let said = Said { words: Some(Arc::new(words)), owners: vec!["shop".into()] };
        for (name, want) in [
            ("api-token", true),
            ("dev-settings", true),
            ("prod-settings", false),
            ("shop-anything", true),
            ("billing", false),
        ] {
            assert_eq!(said.may_make(name), want, "{name}");
        }
        assert!(Said::default().may_make("anything"));
    }
}
