//! Opens a repository: the tree, the configuration, git. Everything a command needs before it can start.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{self, Config};
use crate::finding::{Finding, Label, Problem, Severity};
use crate::git::{Discovery, Repository};
use crate::repo::{Checkouts, GitRevisions, Workspace};
use crate::report::{Look, render_finding};
use crate::rules;
use crate::source::{Sources, Tree, TreePath, WorkTree};
use crate::yaml::Cache;

use super::Failure;
use super::args::CommonArgs;
use super::terminal::colors;

/// The workspace for a path given on the command line.
pub(super) fn workspace(path: &Path, common: &CommonArgs) -> Result<Workspace, Failure> {
    let sources = Sources::new();
    let tree = work_tree(path, &sources)?;
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let config = configuration(path, common, &tree, &cache)?;
    let repository = Repository::discover(path, sources).found().map(Arc::new);
    assemble(path, tree, cache, config, repository)
}

/// The same without any configuration, whether there is one or not.
pub(super) fn unconfigured(path: &Path) -> Result<Workspace, Failure> {
    let sources = Sources::new();
    let tree = work_tree(path, &sources)?;
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let repository = Repository::discover(path, sources).found().map(Arc::new);
    assemble(path, tree, cache, Config::default(), repository)
}

/// The same path as it was where the current branch left `revision` (or at `revision`, where that cannot be told), under
/// the configuration of today.
pub(super) fn base_workspace(path: &Path, common: &CommonArgs, revision: &str) -> Result<Workspace, Failure> {
    let sources = Sources::new();
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let config = {
        let tree = WorkTree::unwalked(path, "", Arc::clone(&sources));
        let tree: Arc<dyn Tree> =
            Arc::new(tree.map_err(|error| format!("cannot open `{}`: {error}", path.display()))?);
        configuration(path, common, &tree, &cache)?
    };
    let repository = match Repository::discover(path, sources) {
        Discovery::Found(repository) => Arc::new(*repository),
        _ => return Err(format!("`{}` is in no git repository: --base needs one", path.display())),
    };
    let failed = |error: &dyn std::fmt::Display| format!("cannot look at `{revision}`: {error}");
    let there = repository.parse(revision).map_err(|error| {
        failed(&error) + "; a shallow clone may not have it: fetch it, or clone with more depth"
    })?;
    let here = repository.head().ok().and_then(crate::git::Head::commit);
    let base = here.and_then(|here| repository.merge_base(here, there).known().flatten()).unwrap_or(there);
    let tree = repository.tree_below(base, "", repository.prefix()).map_err(|error| failed(&error))?;
    assemble(path, tree, cache, config, Some(repository))
}

/// The files below `path` that differ from the last commit, relative to it.
pub(super) fn changed_since_commit(path: &Path) -> Result<BTreeSet<TreePath>, Failure> {
    let sources = Sources::new();
    let tree = work_tree(path, &sources)?;
    let shown = path.display();
    let Discovery::Found(repository) = Repository::discover(path, sources) else {
        return Err(format!("`{shown}` is in no git repository: name the files behind --changed"));
    };
    let head = repository.parse("HEAD").map_err(|error| format!("cannot look at HEAD: {error}"))?;
    let changes = repository.changes_in_work_tree(head, tree.as_ref());
    let changes = changes.map_err(|error| format!("cannot compare `{shown}` with HEAD: {error}"))?;
    Ok(changes.into_keys().collect())
}

fn work_tree(path: &Path, sources: &Arc<Sources>) -> Result<Arc<dyn Tree>, Failure> {
    let tree = WorkTree::open(path, "", Arc::clone(sources))
        .map_err(|error| format!("cannot open `{}`: {error}", path.display()))?;
    Ok(Arc::new(tree))
}

fn assemble(
    path: &Path,
    tree: Arc<dyn Tree>,
    cache: Arc<Cache>,
    config: Config,
    repository: Option<Arc<Repository>>,
) -> Result<Workspace, Failure> {
    let mut checkouts = Checkouts::new(Arc::clone(&tree));
    for alias in &config.aliases {
        checkouts.add_alias(&alias.value);
    }
    if let Some(repository) = repository {
        let prefix = repository.prefix().clone();
        // A directory inside of a larger repository keeps its own paths, so only the whole is known by its remotes.
        if prefix.is_root() {
            repository
                .remotes()
                .iter()
                .flat_map(crate::git::Remote::urls)
                .for_each(|url| checkouts.add_alias(url));
        }
        let revisions = GitRevisions::new(repository, prefix);
        revisions.branches_here().iter().for_each(|branch| checkouts.add_here(branch));
        checkouts.set_revisions(Arc::new(revisions));
    }
    for (url, other) in &config.repos {
        let at = path.join(other.value.as_str());
        let prefix = format!("{}/", other.value.trim_end_matches('/'));
        let other_tree = WorkTree::open(&at, &prefix, Arc::clone(cache.sources())).map_err(|error| {
            format!("`repos` maps {} to `{}`, which cannot be opened: {error}", url.value, other.value)
        })?;
        checkouts.add_other(&url.value, Arc::new(other_tree));
    }
    Ok(Workspace::new(tree, cache, config, checkouts))
}

/// Reads the configuration: the file given, else the one at the root, else the defaults. Mistakes in it stop the
/// run: linting under half a configuration would mislead.
fn configuration(
    root: &Path,
    common: &CommonArgs,
    tree: &Arc<dyn Tree>,
    cache: &Cache,
) -> Result<Config, Failure> {
    let file = match &common.config {
        Some(given) => read_given(given, cache)?,
        None => match tree.read(&TreePath::root().child(config::FILE_NAME)) {
            Ok(file) => file,
            Err(crate::source::ReadError::NotFound) => return Ok(Config::default()),
            Err(error) => {
                return Err(format!("cannot read `{}`: {error}", root.join(config::FILE_NAME).display()));
            }
        },
    };
    let (config, problems) = config::read(&file, cache, &rules::names());
    if problems.is_empty() {
        return Ok(config);
    }
    let shown: String = problems.iter().map(|problem| shown(problem, cache.sources())).collect();
    Err(format!("the configuration `{}` is wrong\n\n{shown}", file.name()))
}

fn read_given(path: &Path, cache: &Cache) -> Result<Arc<crate::source::SourceFile>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("cannot read the configuration `{}`: {error}", path.display())
    };
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| failed(&"it is not a file"))?;
    let bytes = std::fs::read(dir.join(name)).map_err(|error| failed(&error))?;
    Ok(cache.sources().add(&path.display().to_string(), bytes))
}

/// A problem of the configuration as findings look.
fn shown(problem: &Problem, sources: &Sources) -> String {
    let Some(place) = problem.place else { return format!("{}\n", problem.message) };
    let finding = Finding {
        rule: "configuration",
        severity: Severity::Error,
        message: problem.message.clone(),
        help: problem.help.clone(),
        primary: Label { at: place.at, message: String::new() },
        related: Vec::new(),
        apps: Vec::new(),
        object: None,
        fix: None,
        key: String::new(),
    };
    render_finding(&finding, sources, Look { color: colors(), ..Look::default() }) + "\n"
}
