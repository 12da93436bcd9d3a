//! What the render and the checks of one app ask: of the linted tree, of other content, and of what the repository as a
//! whole says. Asked again, the same answers make the same result.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use smol_str::SmolStr;

use crate::source::{Answers, Dir, Found, Remotes, TracingTree, Tree, TreePath, Verified};

use super::Workspace;
use super::remotes::Checkouts;

/// A chart by repository, name and version.
type ChartName = (String, String, String);

/// What is asked on behalf of one app while it is rendered and checked.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) tree: Arc<TracingTree>,
    checkouts: Arc<Checkouts>,
    charts: Mutex<BTreeMap<ChartName, u64>>,
    secret_names: Mutex<BTreeMap<SmolStr, bool>>,
}

/// A record that is complete.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    answers: Answers,
    charts: BTreeMap<ChartName, u64>,
    secret_names: BTreeMap<SmolStr, bool>,
}

impl Record {
    pub(super) fn of(workspace: &Workspace) -> Self {
        Self {
            tree: Arc::new(TracingTree::recording(Arc::clone(&workspace.tree))),
            checkouts: Arc::clone(&workspace.checkouts),
            charts: Mutex::default(),
            secret_names: Mutex::default(),
        }
    }

    pub(super) fn secret_name(&self, name: &str, is_one: bool) {
        self.secret_names.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), is_one);
    }

    pub(super) fn finish(&self) -> Recorded {
        Recorded {
            answers: self.tree.answers(),
            charts: self.charts.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            secret_names: self.secret_names.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// What lies in the linted tree is asked of the tree that keeps the record.
    fn watched(&self, found: Found) -> Found {
        let watch = |dir: Dir| {
            if is_here(&dir, self.tree.as_ref()) { Dir::new(self.shared(), dir.path) } else { dir }
        };
        match found {
            Found::Here(dir) => Found::Here(watch(dir)),
            Found::Instead(dir, note) => Found::Instead(watch(dir), note),
            missing @ Found::Missing { .. } => missing,
        }
    }

    fn shared(&self) -> Arc<dyn Tree> {
        Arc::clone(&self.tree) as Arc<dyn Tree>
    }
}

/// What is known of a snapshot when a record is held against it.
pub(super) enum Against<'a> {
    /// It held for a state that has other content in these files.
    Changed(&'a [TreePath]),
    /// Nothing but what was asked for other records.
    Known(&'a Verified),
}

impl Recorded {
    /// A hash of all of it.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.answers.digest(), &self.charts, &self.secret_names).hash(&mut hasher);
        hasher.finish()
    }

    /// Whether a snapshot answers all of it alike.
    pub(super) fn holds(&self, workspace: &Workspace, against: &Against<'_>) -> bool {
        let chart = |(name, mark): (&ChartName, &u64)| {
            let (url, name, version) = name;
            mark_of(&workspace.checkouts.chart(url, name, version), workspace.tree.as_ref()) == *mark
        };
        let tree = workspace.tree.as_ref();
        let answers = match against {
            Against::Changed(files) => self.answers.hold_after(files, tree),
            Against::Known(known) => self.answers.hold(tree, known),
        };
        answers
            && self.charts.iter().all(chart)
            && self.secret_names.iter().all(|(name, is_one)| workspace.is_secret_name(name) == *is_one)
    }
}

/// Whether a directory lies in the linted tree.
fn is_here(dir: &Dir, tree: &dyn Tree) -> bool {
    let root = TreePath::root();
    dir.tree.id(&root) == tree.id(&root)
}

/// What an answer about a chart is compared by. Directories of the linted tree are told by their path: what is read there is
/// on record.
fn mark_of(found: &Found, tree: &dyn Tree) -> u64 {
    let mut hasher = DefaultHasher::new();
    match found {
        Found::Here(dir) | Found::Instead(dir, _) => {
            let elsewhere = (!is_here(dir, tree)).then(|| dir.tree.id(&TreePath::root()));
            (elsewhere, &dir.path, matches!(found, Found::Here(_))).hash(&mut hasher);
        }
        Found::Missing { reason, help } => (reason, help).hash(&mut hasher),
    }
    hasher.finish()
}

impl Remotes for Record {
    fn git(&self, url: &str, revision: &str) -> Found {
        self.watched(self.checkouts.git(url, revision))
    }

    fn chart(&self, url: &str, name: &str, version: &str) -> Found {
        let found = self.checkouts.chart(url, name, version);
        let mark = mark_of(&found, self.tree.as_ref());
        let name = (url.to_owned(), name.to_owned(), version.to_owned());
        self.charts.lock().unwrap_or_else(PoisonError::into_inner).insert(name, mark);
        self.watched(found)
    }

    fn artifact(&self, url: &str, version: &str) -> Found {
        self.checkouts.artifact(url, version)
    }

    fn file(&self, url: &str) -> Found {
        self.watched(self.checkouts.file(url))
    }

    fn bucket(&self, endpoint: &str, name: &str) -> Found {
        self.checkouts.bucket(endpoint, name)
    }
}
