//! Opens a repository: the tree, the configuration, git. Everything a command needs before it can start.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cache::Store;
use crate::config::{self, Config};
use crate::finding::{Confidence, Finding, Label, Problem, ProblemKind, RuleId, Severity};
use crate::git::{CommitId, Discovery, Repository};
use crate::lock::{self, Lock};
use crate::near::did_you_mean;
use crate::repo::{ChartIndex, Checkouts, Fetched, GitRevisions, OwnRules, Workspace};
use crate::report::{Format, Look, plain, render_finding};
use crate::rules::Registry;
use crate::source::{OverlayTree, ReadError, SharedTree, SourceFile, Sources, Tree, TreePath, WorkTree};
use crate::yaml::Cache;

use super::Failure;
use super::args::CommonArgs;
use super::terminal::colors;
use super::{say, trust};

/// The workspace for a path given on the command line.
pub(super) fn workspace(path: &Path, common: &CommonArgs) -> Result<Workspace, Failure> {
    with_buffer(path, common, None)
}

/// The same, with a file that has other text than on disk.
pub(super) fn with_buffer(
    path: &Path,
    common: &CommonArgs,
    buffer: Option<&(TreePath, Vec<u8>)>,
) -> Result<Workspace, Failure> {
    let sources = Sources::new();
    let repository = Repository::discover(path, Arc::clone(&sources)).found().map(Arc::new);
    let mut tree = work_tree(path, repository.as_deref(), &sources)?;
    if let Some((name, bytes)) = buffer {
        let file = sources.add(name.as_str(), bytes.clone());
        tree = Arc::new(OverlayTree::new(tree, [(name.clone(), file)].into()));
    }
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let config = configuration(path, common, &tree, &cache)?;
    let lock = lock(tree.as_ref(), &cache)?;
    assemble(path, tree, cache, config, repository, (lock, common.cache_dir.as_deref()))
}

/// The repository again, over another tree that shares the sources of `cache`.
pub(super) fn over(
    path: &Path,
    common: &CommonArgs,
    tree: Arc<dyn Tree>,
    cache: &Arc<Cache>,
) -> Result<Workspace, Failure> {
    let repository = Repository::discover(path, Arc::clone(cache.sources())).found().map(Arc::new);
    let config = configuration(path, common, &tree, cache)?;
    let lock = lock(tree.as_ref(), cache)?;
    assemble(path, tree, Arc::clone(cache), config, repository, (lock, common.cache_dir.as_deref()))
}

/// The same under another lock than the one that lies there.
pub(super) fn workspace_under(path: &Path, common: &CommonArgs, lock: Lock) -> Result<Workspace, Failure> {
    let sources = Sources::new();
    let repository = Repository::discover(path, Arc::clone(&sources)).found().map(Arc::new);
    let tree = work_tree(path, repository.as_deref(), &sources)?;
    let cache = Arc::new(Cache::new(Arc::clone(&sources)));
    let config = configuration(path, common, &tree, &cache)?;
    assemble(path, tree, cache, config, repository, (lock, common.cache_dir.as_deref()))
}

/// The lock of a repository; an empty one where nothing was ever fetched.
pub(super) fn lock_of(path: &Path) -> Result<Lock, Failure> {
    let sources = Sources::new();
    let tree = WorkTree::unwalked(path, "", Arc::clone(&sources))
        .map_err(|error| format!("cannot open `{}`: {error}", path.display()))?;
    lock(&tree, &Cache::new(sources))
}

/// The same without any configuration, whether there is one or not.
pub(super) fn unconfigured(path: &Path) -> Result<Workspace, Failure> {
    let sources = Sources::new();
    let repository = Repository::discover(path, Arc::clone(&sources)).found().map(Arc::new);
    let tree = work_tree(path, repository.as_deref(), &sources)?;
    let cache = Arc::new(Cache::new(sources));
    assemble(path, tree, cache, Config::default(), repository, (Lock::default(), None))
}

/// The same path as it was where the current branch left `revision` (or at `revision`, where that cannot be told), under
/// the configuration of today. `None` when `revision` is a HEAD without a commit: then nothing was there before. With the
/// repository and the commit.
pub(super) fn base_workspace(
    path: &Path,
    common: &CommonArgs,
    head: &Workspace,
    revision: &str,
) -> Result<Option<Base>, Failure> {
    let repository = match Repository::discover(path, Arc::clone(&head.sources)) {
        Discovery::Found(repository) => Arc::new(*repository),
        _ => return Err(format!("`{}` is in no git repository: --base needs one", path.display())),
    };
    if revision == "HEAD" && is_unborn(&repository) {
        return Ok(None);
    }
    let failed = |error: &dyn std::fmt::Display| format!("cannot look at `{revision}`: {error}");
    let there = repository.parse(revision).map_err(|error| {
        failed(&error) + "; a shallow clone may not have it: fetch it, or clone with more depth"
    })?;
    let here = repository.head().ok().and_then(crate::git::Head::commit);
    let base = here.and_then(|here| repository.merge_base(here, there).known().flatten()).unwrap_or(there);
    let tree = repository.tree_below(base, "", repository.prefix()).map_err(|error| failed(&error))?;
    let workspace = beside(head, tree, common)?;
    Ok(Some(Base { workspace, repository, commit: base }))
}

/// What a check is compared with.
pub(super) struct Base {
    pub(super) workspace: Workspace,
    repository: Arc<Repository>,
    commit: CommitId,
}

impl Base {
    /// The files that differ in `head`; none where that cannot be told.
    pub(super) fn changes(&self, head: &Workspace) -> BTreeSet<TreePath> {
        let changes = self.repository.changes_in_work_tree(self.commit, head.tree.as_ref());
        changes.unwrap_or_default().into_keys().collect()
    }
}

/// Another state of the same repository, with its own lock. What is the same in both is one file.
pub(super) fn beside(
    head: &Workspace,
    tree: Arc<dyn Tree>,
    common: &CommonArgs,
) -> Result<Workspace, Failure> {
    let tree: Arc<dyn Tree> = Arc::new(SharedTree::new(tree, Arc::clone(&head.tree)));
    let lock = lock(tree.as_ref(), &head.cache)?;
    let fetched = (lock != *head.checkouts.fetched().lock()).then(|| {
        let store = cache_directory(common.cache_dir.as_deref()).map(|dir| Store::new(&dir));
        Fetched::new(lock, store, Arc::clone(&head.sources))
    });
    Ok(head.beside(tree, fetched))
}

/// Whether nothing was committed yet.
fn is_unborn(repository: &Repository) -> bool {
    repository.head().is_ok_and(|head| head.commit().is_none())
}

/// The files below `path` that differ from the last commit, relative to it.
pub(super) fn changed_since_commit(path: &Path) -> Result<BTreeSet<TreePath>, Failure> {
    let sources = Sources::new();
    let shown = path.display();
    let Discovery::Found(repository) = Repository::discover(path, Arc::clone(&sources)) else {
        return Err(format!("`{shown}` is in no git repository: name the files behind --changed"));
    };
    let tree = work_tree(path, Some(&repository), &sources)?;
    if is_unborn(&repository) {
        return Ok(tree.files().iter().cloned().collect());
    }
    let head = repository.parse("HEAD").map_err(|error| format!("cannot look at HEAD: {error}"))?;
    let changes = repository.changes_in_work_tree(head, tree.as_ref());
    let changes = changes.map_err(|error| format!("cannot compare `{shown}` with HEAD: {error}"))?;
    Ok(changes.into_keys().collect())
}

pub(super) fn assemble(
    path: &Path,
    tree: Arc<dyn Tree>,
    cache: Arc<Cache>,
    config: Config,
    repository: Option<Arc<Repository>>,
    (lock, cache_dir): (Lock, Option<&Path>),
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
            plain(&format!(
                "`repos` maps {} to `{}`, which cannot be opened: {error}",
                url.value, other.value
            ))
        })?;
        checkouts.add_other(&url.value, Arc::new(other_tree));
    }
    checkouts.set_charts(charts(path, &config, &tree, &cache)?);
    checkouts.set_machine_charts(helm_charts(&cache));
    let store = cache_directory(cache_dir).map(|dir| Store::new(&dir));
    checkouts.set_fetched(Fetched::new(lock, store, Arc::clone(cache.sources())));
    Ok(Workspace::new(tree, cache, config, checkouts))
}

/// The files at a path: those that Git does not ignore, and those that it tracks although they are ignored.
pub(super) fn work_tree(
    path: &Path,
    repository: Option<&Repository>,
    sources: &Arc<Sources>,
) -> Result<Arc<dyn Tree>, Failure> {
    let failed = |error: ReadError| match error {
        ReadError::NotDir if path.is_file() => format!(
            "`{}` is a file: name the root of the repository, and the file behind --changed",
            path.display()
        ),
        error => format!("cannot open `{}`: {error}", path.display()),
    };
    let Some(repository) = repository else {
        return Ok(Arc::new(WorkTree::exported(path, "", Arc::clone(sources)).map_err(failed)?));
    };
    let mut tree = WorkTree::open(path, "", Arc::clone(sources)).map_err(failed)?;
    if let Ok(tracked) = repository.tracked() {
        let prefix = repository.prefix();
        let below = tracked.paths().iter().filter_map(|path| TreePath::new(path.strip_prefix(prefix)?).ok());
        tree.keep(below);
    }
    Ok(Arc::new(tree))
}

/// What was fetched for this tree; nothing where it was never.
pub(super) fn lock(tree: &dyn Tree, cache: &Cache) -> Result<Lock, Failure> {
    let file = match tree.read(&TreePath::root().child(lock::FILE_NAME)) {
        Ok(file) => file,
        Err(ReadError::NotFound) => return Ok(Lock::default()),
        Err(error) => return Err(format!("cannot read `{}`: {error}", lock::FILE_NAME)),
    };
    Lock::read(&file, cache).map_err(|problem| {
        format!("the lock `{}` is wrong\n\n{}", file.name(), shown(&problem, cache.sources()))
    })
}

/// Where the cache is: given, else where the environment says.
pub(super) fn cache_directory(given: Option<&Path>) -> Option<PathBuf> {
    if let Some(given) = given {
        return Some(given.to_owned());
    }
    let dir = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    dir("GITOPS_LINT_CACHE").or_else(|| Some(user_caches()?.join("gitops-lint")))
}

/// The directory in which programs keep what they can make again.
fn user_caches() -> Option<PathBuf> {
    let dir = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    dir("XDG_CACHE_HOME").or_else(|| {
        if cfg!(target_os = "macos") {
            dir("HOME").map(|home| home.join("Library/Caches"))
        } else if cfg!(windows) {
            dir("LOCALAPPDATA")
        } else {
            dir("HOME").map(|home| home.join(".cache"))
        }
    })
}

/// Where charts of Helm repositories are looked for first: the directories of `charts.paths`, the linted tree.
fn charts(
    root: &Path,
    config: &Config,
    tree: &Arc<dyn Tree>,
    cache: &Arc<Cache>,
) -> Result<ChartIndex, Failure> {
    let mut places: Vec<Arc<dyn Tree>> = Vec::new();
    let files = tree.files();
    for dir in &config.chart_paths {
        // What the tree lists is looked for there; a directory that Git ignores, or outside, is opened by itself.
        let is_listed = |dir: TreePath| files.iter().any(|file| file.strip_prefix(&dir).is_some());
        if TreePath::new(&dir.value).is_ok_and(is_listed) {
            continue;
        }
        let prefix = format!("{}/", dir.value.trim_start_matches("./").trim_end_matches('/'));
        let sources = Arc::clone(cache.sources());
        match WorkTree::exported(&root.join(dir.value.as_str()), &prefix, sources) {
            Ok(place) => places.push(Arc::new(place)),
            // Nothing was vendored yet; which charts are missing is listed.
            Err(ReadError::NotFound) => {}
            Err(error) => {
                let words = format!("`charts.paths` names `{}`, which cannot be opened: {error}", dir.value);
                return Err(plain(&words));
            }
        }
    }
    places.push(Arc::clone(tree));
    Ok(ChartIndex::new(places, Arc::clone(cache)))
}

/// What Helm keeps of what it pulled.
fn helm_charts(cache: &Arc<Cache>) -> ChartIndex {
    let open = |dir: PathBuf| -> Option<Arc<dyn Tree>> {
        let place = WorkTree::exported(&dir, "(Helm's cache)/", Arc::clone(cache.sources()));
        Some(Arc::new(place.ok()?))
    };
    let places = helm_cache("HELM_REPOSITORY_CACHE", "repository").and_then(open);
    // Since Helm 4, what was downloaded is kept by its digest.
    let content = helm_cache("HELM_CONTENT_CACHE", "content").and_then(open);
    ChartIndex::new(places.into_iter().collect(), Arc::clone(cache)).with_content(content)
}

/// A directory of Helm's cache (`pkg/helmpath`): where the variable says, else the one of that name.
pub(super) fn helm_cache(variable: &str, name: &str) -> Option<PathBuf> {
    let dir = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let default = || {
        if cfg!(target_os = "macos") {
            dir("HOME").map(|home| home.join("Library/Caches/helm"))
        } else if cfg!(windows) {
            dir("TEMP").map(|temp| temp.join("helm"))
        } else {
            dir("HOME").map(|home| home.join(".cache/helm"))
        }
    };
    dir(variable).or_else(|| {
        let home = dir("HELM_CACHE_HOME").or_else(|| dir("XDG_CACHE_HOME").map(|cache| cache.join("helm")));
        Some(home.or_else(default)?.join(name))
    })
}

/// Reads the configuration: the file given, else the one at the root, else the defaults; on top of the user's own file.
/// Mistakes in it stop the run: linting under half a configuration would mislead.
pub(super) fn configuration(
    root: &Path,
    common: &CommonArgs,
    tree: &Arc<dyn Tree>,
    cache: &Cache,
) -> Result<Config, Failure> {
    let file = match &common.config {
        Some(given) => Some(read_given(given, cache)?),
        None => at_root(root, tree)?,
    };
    let user = user_file().filter(|path| path.is_file()).map(|path| read_given(&path, cache)).transpose()?;
    let read = |from: &str, name: &str| -> Result<Arc<SourceFile>, String> {
        if common.config.is_some() {
            let dir = Path::new(from).parent().unwrap_or(Path::new(""));
            return read_given(&dir.join(name), cache);
        }
        let from = TreePath::new(from).map_err(|error| error.to_string())?;
        let path = from.parent().unwrap_or_default().join(name).map_err(|error| error.to_string())?;
        tree.read(&path).map_err(|error| error.to_string())
    };
    let registry = Registry::with(&OwnRules::read(tree.as_ref(), cache), cache.sources());
    let (config, mut problems) = config::load(file.as_ref(), user.as_ref(), cache, &registry.known(), &read);
    if let Some(format) = &config.format
        && Format::from_name(&format.value).is_none()
    {
        let names = Format::ALL.map(|(name, _)| name);
        let help = did_you_mean(&format.value, names).map_or_else(
            || format!("one of {}", names.join(", ")),
            |close| format!("did you mean `{close}`?"),
        );
        let words = format!("`format` cannot be `{}`", format.value);
        problems.push(Problem::at(ProblemKind::Syntax, format.place, words).help(help));
    }
    for name in &config.select {
        if let Err(words) = registry.named(&name.value) {
            problems.push(Problem::at(ProblemKind::Syntax, name.place, words));
        }
    }
    if common.config.is_none() && !common.trust_config {
        problems.extend(trust::outside(root, &config, user.as_ref().map(|file| file.id())));
    }
    if problems.is_empty() {
        return Ok(config);
    }
    let shown: String = problems.iter().map(|problem| shown(problem, cache.sources())).collect();
    let name = file.or(user).map_or_else(String::new, |file| file.name().to_string());
    Err(format!("the configuration `{name}` is wrong\n\n{shown}"))
}

/// The configuration file at the root, under either of its names.
fn at_root(root: &Path, tree: &Arc<dyn Tree>) -> Result<Option<Arc<SourceFile>>, Failure> {
    let mut found: Option<(&str, Arc<SourceFile>)> = None;
    for name in config::FILE_NAMES {
        match (tree.read(&TreePath::root().child(name)), &found) {
            (Ok(_), Some((other, _))) => {
                return Err(format!("there are `{other}` and `{name}`: keep one of them"));
            }
            (Ok(file), None) => found = Some((name, file)),
            (Err(ReadError::NotFound), _) => {}
            (Err(error), _) => return Err(format!("cannot read `{}`: {error}", root.join(name).display())),
        }
    }
    Ok(found.map(|(_, file)| file))
}

/// The user's own configuration file, whether it exists or not.
fn user_file() -> Option<PathBuf> {
    let dir = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || if cfg!(windows) { dir("APPDATA") } else { dir("HOME").map(|home| home.join(".config")) };
    Some(dir("XDG_CONFIG_HOME").or_else(home)?.join("gitops-lint").join("config.yaml"))
}

fn read_given(path: &Path, cache: &Cache) -> Result<Arc<SourceFile>, Failure> {
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
        rule: RuleId::built_in("configuration"),
        severity: Severity::Error,
        confidence: Confidence::Certain,
        message: problem.message.clone(),
        help: problem.help.clone(),
        primary: Label { at: place.at, message: String::new() },
        related: Vec::new(),
        apps: Vec::new(),
        object: None,
        fix: None,
        given_by: None,
        lacks: false,
        key: String::new(),
    };
    render_finding(&finding, sources, Look { color: colors(), ..Look::default() }) + "\n"
}

/// Tells which Kubernetes the clusters have and where that is written, where it is the repository that shows it.
pub(super) fn say_kubernetes(workspace: &Workspace) {
    if workspace.config.kubernetes.is_none()
        && let Some(words) = workspace.shown_versions().words(&workspace.sources)
    {
        say!("{words}");
    }
}
