//! Whether a repository is what it was when everything was fetched for it: then nothing needs to be rendered to know that
//! nothing is missing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cache::{Content, Store};
use crate::git::Repository;
use crate::lock::Lock;
use crate::source::{Sources, Tree, WorkTree};
use crate::yaml::Cache;

use super::args::CommonArgs;
use super::{Failure, open};

/// Everything that the answer of a fetch depends on, as one name: the files of the repository, its references, what Helm
/// keeps, this release. `None` where it depends on more: on other directories that the configuration names.
pub(super) fn fingerprint(path: &Path, common: &CommonArgs) -> Result<Option<Content>, Failure> {
    let sources = Sources::new();
    let repository = Repository::discover(path, Arc::clone(&sources)).found();
    let tree = open::work_tree(path, repository.as_ref(), &sources)?;
    let config = open::configuration(path, common, &tree, &Cache::new(Arc::clone(&sources)))?;
    if !config.repos.is_empty() || !config.chart_paths.is_empty() {
        return Ok(None);
    }
    let files = tree.files();
    let hash = |path: &crate::source::TreePath| match tree.read(path) {
        Ok(file) => Content::of(file.bytes()).to_string(),
        Err(error) => error.to_string(),
    };
    let hashes: Vec<String> = files.par_iter().map(hash).collect();
    let mut all = format!("gitops-lint {}\n{:?}\n{config:?}\n", env!("CARGO_PKG_VERSION"), common.config);
    if let Some(config) = &common.config {
        let bytes =
            std::fs::read(config).map_err(|error| format!("cannot read `{}`: {error}", config.display()))?;
        let _ = writeln!(all, "{}", Content::of(&bytes));
    }
    for (path, hash) in files.iter().zip(hashes) {
        let _ = writeln!(all, "{path} {hash}");
    }
    if let Some(repository) = &repository {
        let _ = writeln!(all, "{:?} {:?}", repository.head(), repository.tags());
        let remotes = repository.remotes().iter().map(|remote| Some(remote.name.as_str()));
        for remote in remotes.chain([None]) {
            let _ = writeln!(all, "{remote:?} {:?}", repository.branches(remote));
        }
    }
    for (variable, name) in [("HELM_REPOSITORY_CACHE", "repository"), ("HELM_CONTENT_CACHE", "content")] {
        let dir = open::helm_cache(variable, name);
        let tree = dir.and_then(|dir| WorkTree::exported(&dir, "", Sources::new()).ok());
        let _ = writeln!(all, "{:?}", tree.map(|tree| tree.files()));
    }
    Ok(Some(Content::of(all.as_bytes())))
}

/// Whether everything was there for this fingerprint, and still is.
pub(super) fn is_complete(store: &Store, fingerprint: &Content, lock: &Lock) -> bool {
    let contents: BTreeSet<&Content> = lock.iter().map(|(_, known)| &known.content).collect();
    store.is_marked(fingerprint) && contents.into_iter().all(|content| store.has(content))
}
