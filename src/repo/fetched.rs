//! What `gitops-lint fetch` brought, as trees: looked up by what the lock says or, without it, by the names that led to
//! it. What is asked for in vain is remembered: it is what the next fetch brings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::argocd::{is_constraint, pick_version};
use crate::cache::{Content, Kind, Known, Store, Want};
use crate::git;
use crate::golang::semver::Version;
use crate::lock::Lock;
use crate::source::{ArchiveLimits, Dir, Home, MemoryTree, Sources, Tree, TreePath, open_archive};

/// Where a packed artifact lies, unpacked once.
type Opened = Arc<OnceLock<Option<Dir>>>;

/// The cache as a repository sees it through its lock.
#[derive(Debug, Default)]
pub struct Fetched {
    lock: Lock,
    store: Option<Store>,
    sources: Option<Arc<Sources>>,
    opened: Mutex<BTreeMap<Content, Opened>>,
    asked: Mutex<BTreeMap<Want, Asked>>,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Answered,
    InVain,
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) enum Lookup {
    /// It is here, and it is what is meant.
    Here(Dir),
    /// Something that was fetched under this name is here, but nothing says that it is what is meant.
    Unfixed(Dir, String),
    /// It is not here.
    Absent,
}

impl Fetched {
    /// The cache `store` as `lock` reads it. Files are registered in `sources`.
    pub fn new(lock: Lock, store: Option<Store>, sources: Arc<Sources>) -> Self {
        Self { lock, store, sources: Some(sources), ..Self::default() }
    }

    /// The lock.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// What was asked for and is not here, in order.
    pub fn missing(&self) -> BTreeSet<Want> {
        self.asked(Asked::InVain)
    }

    /// What was asked for and is here.
    pub fn used(&self) -> BTreeSet<Want> {
        self.asked(Asked::Answered)
    }

    /// Whether something was asked for in vain that a fetch may bring.
    pub fn lacks(&self, want: &Want) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(want) == Some(&Asked::InVain)
    }

    /// The charts that the lock names and that are here.
    pub(super) fn charts(&self) -> Vec<Dir> {
        let Some(store) = &self.store else { return Vec::new() };
        let charts = self.lock.iter().filter(|(want, _)| matches!(want.kind, Kind::Chart | Kind::OciChart));
        charts.filter_map(|(want, known)| self.open(store, want, known)).collect()
    }

    fn asked(&self, wanted: Asked) -> BTreeSet<Want> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|(_, state)| **state == wanted).map(|(want, _)| want.clone()).collect()
    }

    /// Remembers that something is wanted that nothing here answers.
    pub(super) fn miss(&self, want: Want) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).entry(want).or_insert(Asked::InVain);
    }

    /// Looks something up; what is not found is remembered by [`miss`](Self::miss) alone, since something else may have it.
    pub(super) fn find(&self, want: &Want) -> Lookup {
        let answer = self.look_up(want);
        if !matches!(answer, Lookup::Absent) {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.insert(want.clone(), Asked::Answered);
        }
        answer
    }

    fn look_up(&self, want: &Want) -> Lookup {
        let Some(store) = &self.store else { return Lookup::Absent };
        if let Some(known) = self.lock.get(want) {
            return self.open(store, want, known).map_or(Lookup::Absent, Lookup::Here);
        }
        if want.kind == Kind::Git && Content::is_commit(&want.version) {
            let content = Content::Commit(want.version.clone());
            let known = Known { version: want.version.clone(), content };
            return self.open(store, want, &known).map_or(Lookup::Absent, Lookup::Here);
        }
        let exact = store.lookup(want);
        if is_fixed(want)
            && let Some(dir) = exact.as_ref().and_then(|known| self.open(store, want, known))
        {
            return Lookup::Here(dir);
        }
        let picked = exact.or_else(|| {
            let mut known = store.versions(want);
            let versions: Vec<&str> = known.iter().map(|it| it.version.as_str()).collect();
            let range = if want.version.is_empty() { "*" } else { &want.version };
            let picked = pick_version(range, &versions)?.to_owned();
            known.retain(|it| it.version == picked);
            known.pop()
        });
        let Some(known) = picked else { return Lookup::Absent };
        let Some(dir) = self.open(store, want, &known) else { return Lookup::Absent };
        // `1.2` is the version 1.2.0 as well.
        if Version::parse(&want.version).is_ok() {
            return Lookup::Here(dir);
        }
        if want.kind == Kind::Bucket {
            let note = format!("no lock says what the {want} holds: run `gitops-lint fetch`");
            return Lookup::Unfixed(dir, note);
        }
        let note = format!(
            "`{}` of {} is {} in the cache of this machine, and no lock fixes that: run `gitops-lint fetch`",
            want.version,
            want.url,
            short(&known.version)
        );
        Lookup::Unfixed(dir, note)
    }

    /// The root of what content holds: of a chart its directory, of a file the file.
    fn open(&self, store: &Store, want: &Want, known: &Known) -> Option<Dir> {
        let slot = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(opened.entry(known.content.clone()).or_default())
        };
        // Outside of the lock: others open others meanwhile.
        slot.get_or_init(|| self.unpack(store, want, known)).clone()
    }

    fn unpack(&self, store: &Store, want: &Want, known: &Known) -> Option<Dir> {
        let sources = self.sources.as_ref()?;
        if let Content::Commit(commit) = &known.content {
            let of = format!("{}@{}", label(want, ""), short(&want.version));
            let tree = git::open_bare(&store.path(&known.content), commit, &of, sources).ok()?;
            return Some(Dir::new(tree, TreePath::root()));
        }
        let bytes = store.read(&known.content).ok()?;
        if want.kind == Kind::File {
            let path = TreePath::root().child(file_name(want));
            let archive = Arc::new(Home::Fetched(label(want, "").into()));
            let file = sources.add_as(Home::Archive { archive, path: path.clone() }, bytes);
            let mut tree = MemoryTree::new();
            tree.insert(path.clone(), file);
            return Some(Dir::new(Arc::new(tree), path));
        }
        let home = Home::Fetched(label(want, &known.version).into());
        let tree: Arc<dyn Tree> =
            Arc::new(open_archive(sources, &home, &bytes, ArchiveLimits::default()).ok()?);
        let root = match want.kind {
            Kind::Chart | Kind::OciChart => chart_root(tree.as_ref(), want.short_name())?,
            _ => TreePath::root(),
        };
        Some(Dir::new(tree, root))
    }
}

/// The directory of a chart in its archive: that of its name, else the only one at the top that is a chart.
fn chart_root(tree: &dyn Tree, name: &str) -> Option<TreePath> {
    let is_chart = |dir: &TreePath| tree.is_file(&dir.child("Chart.yaml"));
    let own = TreePath::root().child(name);
    if is_chart(&own) {
        return Some(own);
    }
    let entries = tree.list(&TreePath::root()).ok()?;
    entries.iter().map(|entry| TreePath::root().child(&entry.name)).find(is_chart)
}

/// Whether what is written means one thing only, today and tomorrow: a version, a tag of a release, a digest.
pub fn is_fixed(want: &Want) -> bool {
    match want.kind {
        Kind::Chart | Kind::OciChart => !want.version.is_empty() && !is_constraint(&want.version),
        Kind::OciArtifact => want.version.starts_with("sha256:") || Version::parse(&want.version).is_ok(),
        // Tags of releases stay where they are, branches do not.
        Kind::Git => Content::is_commit(&want.version) || Version::parse(&want.version).is_ok(),
        Kind::File => true,
        Kind::Bucket => false,
    }
}

/// How files of something are called in reports: its URL without the scheme, so that no machine shows.
fn label(want: &Want, version: &str) -> String {
    let url = want.url.split_once("://").map_or(want.url.as_str(), |(_, rest)| rest);
    match want.kind {
        Kind::Chart => format!("{url}/{}-{version}.tgz", want.name),
        Kind::OciChart | Kind::OciArtifact => format!("{url}-{version}.tgz"),
        Kind::Git => url.trim_end_matches(".git").to_owned(),
        Kind::File => url.rsplit_once('/').map_or(url, |(dir, _)| dir).to_owned(),
        Kind::Bucket => format!("{url}/{}", want.name),
    }
}

fn file_name(want: &Want) -> &str {
    let path = want.url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("file")
}

/// A commit as people write it.
fn short(version: &str) -> &str {
    if Content::is_commit(version) { version.get(..12).unwrap_or(version) } else { version }
}
