//! Where the content that apps name by URL is found on this machine.
//!
//! This repository is recognised by its git remotes and the configured aliases. Where no app names any of those, the paths
//! tell: the URL that most Applications resolve by means this tree. A second URL does only if it names a repository called
//! alike, or if nobody could have so many paths by chance. Other repositories come from `repos:`, charts from vendored
//! directories and archives; then what `gitops-lint fetch` brought is asked. Nothing is fetched here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::cache::Want;
use crate::golang::Glob;
use crate::source::{Dir, Found, Remotes, Tree, TreePath, repository_key};
use crate::yaml::Cache;

use super::charts::ChartIndex;
use super::fetched::{Fetched, Lookup};
use super::helm_names::HelmNames;

/// Answers which tree this repository has at a revision.
pub trait Revisions: Send + Sync + fmt::Debug {
    /// The tree of a revision; `Err` says why it cannot be known.
    fn tree(&self, revision: &str) -> Result<RevisionTree, String>;

    /// Why a revision certainly does not exist, in words; `None` when it exists or that cannot be told.
    fn absent(&self, revision: &str) -> Option<String>;
}

/// What a revision of this repository is.
#[derive(Debug, Clone)]
pub enum RevisionTree {
    /// What is checked out, or will be once it is merged.
    WorkingTree,
    /// Another commit.
    Commit(Arc<dyn Tree>),
}

/// How a URL came to mean this repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// Configured, or a git remote.
    Known,
    /// The paths of the apps that name it exist here.
    Inferred,
    /// Another repository.
    Other,
}

/// All that is on this machine.
#[derive(Debug)]
pub struct Checkouts {
    pub(super) tree: Arc<dyn Tree>,
    /// Keys of URLs that mean this repository.
    known: BTreeSet<String>,
    inferred: Mutex<Inferred>,
    /// Revision names that mean the working tree: the default and the current branch.
    here: BTreeSet<String>,
    revisions: Option<Arc<dyn Revisions>>,
    /// `repos:` of the configuration.
    pub(super) others: Arc<BTreeMap<String, Arc<dyn Tree>>>,
    pub(super) charts: ChartIndex,
    pub(super) fetched: Arc<Fetched>,
    /// What other programs keep on this machine: charts that Helm pulled.
    pub(super) machine: Arc<ChartIndex>,
    /// What the files say of names that `helm repo add` gave, once one was asked for.
    pub(super) helm_names: OnceLock<HelmNames>,
}

/// What was concluded from the apps.
#[derive(Debug, Default)]
struct Inferred {
    identities: BTreeMap<String, Identity>,
    /// The revision that most apps follow.
    here: Option<String>,
}

/// Share of a URL's paths that must exist here for the URL to mean this repository.
const NEARLY_ALL: f64 = 0.8;

/// So many paths do not exist here by chance: then half of them will do, since repositories are full of leftovers.
const MANY: usize = 10;

/// A directory so deep does not exist by chance: a path whose parent it is was meant for this tree, even if nothing is
/// there any more.
const DEEP: usize = 2;

/// So many paths of Applications do not all exist here by chance: then another URL may be this repository as well, as after a
/// move.
const SEVERAL: usize = 3;

/// Where an app looks for content in git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// `repoURL`.
    pub url: String,
    /// The path; that of a pattern ends before its first wildcard.
    pub path: String,
    /// `targetRevision`.
    pub revision: String,
    /// The pattern by which a generator searches there. That a directory of so short a name exists here as well says
    /// little.
    pub pattern: Option<String>,
    /// Whether it is what sets up this repository, which lies in the path itself.
    pub proved: bool,
}

impl Expected {
    /// What a source names outright.
    pub fn of_source(url: impl Into<String>, path: impl Into<String>, revision: impl Into<String>) -> Self {
        Self { url: url.into(), path: path.into(), revision: revision.into(), pattern: None, proved: false }
    }
}

/// The paths that the apps of one URL name.
#[derive(Debug, Default)]
struct Named<'a> {
    paths: BTreeSet<&'a str>,
    /// Those that exist here.
    found: usize,
    /// Those that do not, in a directory that does.
    near: usize,
    /// Those that exist here and that an Application or a template names in full.
    resolved: usize,
    /// Patterns of generators.
    patterns: BTreeSet<&'a str>,
    /// Whether one of them lies in what it names.
    proved: bool,
}

impl<'a> Named<'a> {
    fn add(&mut self, path: &'a str, pattern: Option<&'a str>, tree: &dyn Tree) {
        self.patterns.extend(pattern);
        if !self.paths.insert(path) {
            return;
        }
        let Ok(path) = TreePath::new(path) else { return };
        if tree.kind(&path).is_some() {
            self.found += 1;
            self.resolved += usize::from(pattern.is_none());
        } else if let Some(parent) = path.parent() {
            let deep = parent.as_str().split('/').count() >= DEEP;
            self.near += usize::from(deep && tree.kind(&parent).is_some());
        }
    }

    fn is_this_tree(&self) -> bool {
        let enough = |count: usize| count as f64 >= NEARLY_ALL * self.paths.len() as f64;
        let half = 2 * self.found >= self.paths.len();
        self.found > 0
            && (self.proved
                || enough(self.found)
                || half && (self.found >= MANY || enough(self.found + self.near)))
    }

    /// Whether more speaks for it than a directory of a common name: some path is named in full, or some generator finds
    /// something here.
    fn finds_something(&self, tree: &dyn Tree) -> bool {
        if self.resolved > 0 {
            return true;
        }
        let globs: Vec<Glob> =
            self.patterns.iter().filter_map(|pattern| Glob::new(pattern, &['/'])).collect();
        let fits = |path: &str| globs.iter().any(|glob| glob.matches(path));
        let ends =
            |path: &str| path.match_indices('/').map(|(at, _)| at).chain([path.len()]).collect::<Vec<_>>();
        let found = |path: &TreePath| {
            let text = path.as_str();
            ends(text).into_iter().filter_map(|end| text.get(..end)).any(fits)
        };
        tree.files().iter().any(found)
    }

    /// Whether nobody names so many paths of this tree by chance.
    fn is_sure(&self) -> bool {
        self.proved || self.resolved >= SEVERAL && self.is_this_tree()
    }
}

/// The last component of a [`repository_key`]: what a repository is called, wherever it is.
fn called(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

impl Checkouts {
    /// Only the tree itself, known by no URL.
    pub fn new(tree: Arc<dyn Tree>) -> Self {
        let here = ["", "HEAD", "main", "master"].map(str::to_owned);
        Self {
            tree,
            known: BTreeSet::new(),
            inferred: Mutex::default(),
            here: here.into(),
            revisions: None,
            others: Arc::default(),
            charts: ChartIndex::default(),
            fetched: Arc::default(),
            machine: Arc::default(),
            helm_names: OnceLock::new(),
        }
    }

    /// The same for another state of the tree; nothing is concluded from its apps yet.
    #[must_use]
    pub(super) fn beside(&self, tree: &Arc<dyn Tree>) -> Self {
        Self {
            tree: Arc::clone(tree),
            known: self.known.clone(),
            inferred: Mutex::default(),
            here: self.here.clone(),
            revisions: self.revisions.clone(),
            others: Arc::clone(&self.others),
            charts: self.charts.beside(&self.tree, tree),
            fetched: Arc::clone(&self.fetched),
            machine: Arc::clone(&self.machine),
            helm_names: OnceLock::new(),
        }
    }

    /// Puts into `hasher` by what questions about repositories and revisions are answered, as it is concluded now. Which
    /// checkouts and which cache there are is not told apart.
    pub(super) fn mark(&self, hasher: &mut impl Hasher) {
        let inferred = self.inferred.lock().unwrap_or_else(PoisonError::into_inner);
        (&self.known, &inferred.identities, &inferred.here, &self.here).hash(hasher);
        self.fetched.lock().to_text().hash(hasher);
    }

    /// Declares a URL of this repository.
    pub fn add_alias(&mut self, url: &str) {
        self.known.insert(repository_key(url));
    }

    /// Declares a branch that means the working tree.
    pub fn add_here(&mut self, branch: &str) {
        self.here.insert(branch.to_owned());
    }

    /// Sets where other revisions come from.
    pub fn set_revisions(&mut self, revisions: Arc<dyn Revisions>) {
        self.revisions = Some(revisions);
    }

    /// Maps another repository to a checkout.
    pub fn add_other(&mut self, url: &str, tree: Arc<dyn Tree>) {
        Arc::make_mut(&mut self.others).insert(repository_key(url), tree);
    }

    /// Sets where charts are found.
    pub fn set_charts(&mut self, charts: ChartIndex) {
        self.charts = charts;
    }

    /// Sets what was fetched.
    pub fn set_fetched(&mut self, fetched: Fetched) {
        self.fetched = Arc::new(fetched);
    }

    /// Sets where other programs keep charts. They are asked last.
    pub fn set_machine_charts(&mut self, charts: ChartIndex) {
        self.machine = Arc::new(charts);
    }

    /// Looks for charts in the tree itself, unless it is known where they are.
    pub(super) fn default_charts(&mut self, cache: &Arc<Cache>) {
        if !self.charts.has_places() {
            self.charts = ChartIndex::new(vec![Arc::clone(&self.tree)], Arc::clone(cache));
        }
    }

    /// What was fetched, and what was asked for in vain.
    pub fn fetched(&self) -> &Fetched {
        &self.fetched
    }

    /// What was fetched, else what is said and remembered of something that is missing.
    fn fetched_or(&self, want: Want, reason: String, otherwise: &str) -> Found {
        match self.fetched.find(&want) {
            Lookup::Here(dir) => Found::Here(dir),
            Lookup::Unfixed(dir, note) => Found::Instead(dir, note),
            Lookup::Absent => {
                self.fetched.miss(want);
                Found::Missing { reason, help: format!("`gitops-lint fetch` brings it; or {otherwise}") }
            }
        }
    }

    /// What a URL means.
    pub fn identity(&self, url: &str) -> Identity {
        let key = repository_key(url);
        if self.known.contains(&key) {
            return Identity::Known;
        }
        if self.others.contains_key(&key) {
            return Identity::Other;
        }
        let inferred = self.inferred.lock().unwrap_or_else(PoisonError::into_inner);
        inferred.identities.get(&key).copied().unwrap_or(Identity::Other)
    }

    /// Looks at what apps expect and decides which URLs mean this repository. A URL once taken for this repository stays so.
    /// Where there is no git repository to ask, the revision that most apps of this repository follow is what is checked
    /// out.
    pub fn infer(&self, expected: &[Expected]) {
        let mut named: BTreeMap<String, Named<'_>> = BTreeMap::new();
        for Expected { url, path, pattern, proved, .. } in expected {
            let trimmed = path.trim_start_matches("./").trim_end_matches('/');
            let paths = named.entry(repository_key(url)).or_default();
            paths.proved |= proved;
            // The root exists everywhere, so it says nothing.
            if !matches!(trimmed, "" | ".") && !trimmed.contains("{{") {
                paths.add(trimmed, pattern.as_deref(), self.tree.as_ref());
            }
        }
        let mut inferred = self.inferred.lock().unwrap_or_else(PoisonError::into_inner);
        // What it is called for certain: by the remotes and aliases that apps name, else by what was concluded before, else
        // by the URL that most Applications resolve by.
        let mut sure: Vec<String> =
            self.known.iter().filter(|key| named.contains_key(*key)).cloned().collect();
        if sure.is_empty() {
            sure.extend(inferred.identities.keys().cloned());
        }
        if sure.is_empty() {
            let candidates = named
                .iter()
                .filter(|(_, paths)| paths.is_this_tree() && paths.finds_something(self.tree.as_ref()));
            // No app names a remote: this is a mirror of what they name, unless that is called otherwise.
            let fits = |key: &str, paths: &Named<'_>| {
                self.known.is_empty()
                    || paths.is_sure()
                    || self.known.iter().any(|it| called(it) == called(key))
            };
            let most = candidates
                .filter(|(key, paths)| fits(key, paths))
                .max_by_key(|(key, paths)| (paths.resolved, paths.found, std::cmp::Reverse(*key)));
            sure.extend(most.map(|(key, _)| key.clone()));
        }
        for (key, paths) in &named {
            let alike = sure.iter().any(|it| it == key || called(it) == called(key));
            if paths.is_this_tree() && (alike || paths.is_sure()) && !self.known.contains(key) {
                inferred.identities.insert(key.clone(), Identity::Inferred);
            }
        }
        if self.revisions.is_some() {
            return;
        }
        let mut followers: BTreeMap<&str, usize> = BTreeMap::new();
        for Expected { url, revision, .. } in expected {
            let key = repository_key(url);
            if self.known.contains(&key) || inferred.identities.contains_key(&key) {
                *followers.entry(revision).or_default() += 1;
            }
        }
        let most = followers.iter().max_by_key(|(revision, count)| (**count, std::cmp::Reverse(**revision)));
        inferred.here = most.map(|(revision, _)| (*revision).to_owned());
    }

    /// Why a revision of this repository certainly does not exist, in words. `None` for other repositories.
    pub fn absent(&self, url: &str, revision: &str) -> Option<String> {
        let short = revision.trim_start_matches("refs/heads/");
        if self.identity(url) != Identity::Known || self.here.contains(short) {
            return None;
        }
        self.revisions.as_ref()?.absent(revision)
    }

    /// The revision as a tree of this repository, with words when the working tree stands in.
    fn at_revision(&self, revision: &str) -> Found {
        let root = |tree: &Arc<dyn Tree>| Dir::new(Arc::clone(tree), TreePath::root());
        let short = revision.trim_start_matches("refs/heads/");
        let followed = self.inferred.lock().unwrap_or_else(PoisonError::into_inner).here.clone();
        if self.here.contains(short) || followed.as_deref() == Some(revision) {
            return Found::Here(root(&self.tree));
        }
        let Some(revisions) = &self.revisions else {
            let note = format!(
                "there is no git repository to look up revision `{revision}`, so the working tree stands in: run in a clone"
            );
            return Found::Instead(root(&self.tree), note);
        };
        match revisions.tree(revision) {
            Ok(RevisionTree::WorkingTree) => Found::Here(root(&self.tree)),
            Ok(RevisionTree::Commit(tree)) => Found::Here(root(&tree)),
            Err(why) => Found::Instead(root(&self.tree), format!("{why}: the working tree stands in")),
        }
    }
}

impl Remotes for Checkouts {
    fn git(&self, url: &str, revision: &str) -> Found {
        if let Some(tree) = self.others.get(&repository_key(url)) {
            return Found::Here(Dir::new(Arc::clone(tree), TreePath::root()));
        }
        match self.identity(url) {
            Identity::Known | Identity::Inferred => self.at_revision(revision),
            Identity::Other => self.fetched_or(
                Want::git(url, revision),
                format!("the repository `{url}` is not on this machine"),
                "map it to a checkout with `repos:` in .gitops-lint.yaml, or name it under \
                 `repository.aliases` if it is this repository",
            ),
        }
    }

    fn chart(&self, url: &str, name: &str, version: &str) -> Found {
        self.find_chart(url, name, version)
    }

    fn artifact(&self, url: &str, version: &str) -> Found {
        if let Some(tree) = self.others.get(&repository_key(url)) {
            return Found::Here(Dir::new(Arc::clone(tree), TreePath::root()));
        }
        self.fetched_or(
            Want::artifact(url, version),
            format!("the OCI artifact `{url}` is not on this machine"),
            "map it to a directory with `repos:` in .gitops-lint.yaml",
        )
    }

    fn file(&self, url: &str) -> Found {
        if let Some((repository, revision, path)) = raw_file(url)
            && (self.identity(&repository) != Identity::Other
                || self.others.contains_key(&repository_key(&repository)))
            && let Found::Here(dir) = self.git(&repository, revision)
            && let Ok(path) = dir.path.join(path)
            && dir.tree.is_file(&path)
        {
            return Found::Here(dir.at(path));
        }
        self.fetched_or(
            Want::file(url),
            format!("the file `{url}` is not on this machine"),
            "commit a copy of the file and name it by its path",
        )
    }

    fn bucket(&self, endpoint: &str, name: &str) -> Found {
        self.fetched_or(
            Want::bucket(endpoint, name),
            format!("the content of the bucket `{name}` of {endpoint} is not on this machine"),
            "map it to a directory with `repos:` in .gitops-lint.yaml",
        )
    }
}

/// The repository, revision and path of a raw file of GitHub.
fn raw_file(url: &str) -> Option<(String, &str, &str)> {
    let (_, rest) = url.split_once("://raw.githubusercontent.com/")?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let mut parts = rest.splitn(4, '/');
    let (owner, name, revision, path) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some((format!("https://github.com/{owner}/{name}"), revision, path))
}
