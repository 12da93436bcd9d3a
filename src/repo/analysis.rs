//! What is kept of an analysis for the next one: of every app what came of it, with all that it asked. What is asked again
//! and answered alike is not done again.
//!
//! A result depends on the app, on what its render and its checks asked ([`Record`](super::record::Record)), and on what
//! the repository as a whole says to every app: that is the environment, and part of the key. Nothing else decides.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::config::Config;
use crate::flux::ignore_files;
use crate::source::{Tree, TreePath, Verified, changed_between};

use super::app::App;
use super::batch::{Batch, work};
use super::key::hash_app;
use super::record::{Against, Recorded};
use super::{Rendered, Workspace};

/// Results of apps for analyses of several states of one repository: those of an editor's files, or the two sides of a
/// change.
#[derive(Debug)]
pub struct Analysis<T> {
    kept: Mutex<FxHashMap<u64, Vec<Arc<Kept<T>>>>>,
    /// Configurations that results were made under; the place in this list is part of the environment.
    configs: Mutex<Vec<Arc<Config>>>,
    /// Which analysis this is.
    round: AtomicUsize,
    redone: AtomicUsize,
    reused: AtomicUsize,
    state: Mutex<Option<Arc<State>>>,
}

/// What the last analysis looked at.
#[derive(Debug)]
struct State {
    /// States are counted from one.
    number: usize,
    tree: Arc<dyn Tree>,
    /// The files that have other content than in the state before, where nothing else differs.
    changed: Option<Vec<TreePath>>,
}

#[derive(Debug)]
struct Kept<T> {
    recorded: Recorded,
    batch: Batch<T>,
    /// The last analysis that wanted it.
    round: AtomicUsize,
    /// The last state that its record held for; none is 0.
    state: AtomicUsize,
}

impl<T> Default for Analysis<T> {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            configs: Mutex::default(),
            round: AtomicUsize::new(0),
            redone: AtomicUsize::new(0),
            reused: AtomicUsize::new(0),
            state: Mutex::default(),
        }
    }
}

impl<T: Clone + Send + Sync> Analysis<T> {
    /// Begins another analysis.
    pub(super) fn begin(&self, workspace: &Workspace) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let tree = Arc::clone(&workspace.tree);
        let last = state.as_ref();
        let changed = last.and_then(|last| changed_between(last.tree.as_ref(), tree.as_ref()));
        let number = last.map_or(0, |last| last.number) + 1;
        *state = Some(Arc::new(State { number, tree, changed }));
        drop(state);
        self.round.fetch_add(1, Ordering::Relaxed);
        self.redone.store(0, Ordering::Relaxed);
        self.reused.store(0, Ordering::Relaxed);
    }

    /// Forgets what the last analyses did not want any more.
    pub fn forget(&self) {
        let round = self.round.load(Ordering::Relaxed);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, all| {
            all.retain(|kept| kept.round.load(Ordering::Relaxed) + 1 >= round);
            !all.is_empty()
        });
    }

    /// How many apps the last analysis rendered and checked, and how many it took over.
    pub fn counts(&self) -> (usize, usize) {
        (self.redone.load(Ordering::Relaxed), self.reused.load(Ordering::Relaxed))
    }

    /// The environment of what is rendered now. It changes between rounds of discovery, when apps that were rendered are
    /// the first to name this repository.
    fn environment(&self, workspace: &Workspace, keeps_named: bool) -> u64 {
        let mut hasher = DefaultHasher::new();
        keeps_named.hash(&mut hasher);
        self.config(&workspace.config).hash(&mut hasher);
        workspace.mark(&mut hasher);
        workspace.checkouts.mark(&mut hasher);
        ignore_files(workspace.tree.as_ref()).for_each(|path| path.hash(&mut hasher));
        hasher.finish()
    }

    fn config(&self, config: &Arc<Config>) -> usize {
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = configs.iter().position(|known| Arc::ptr_eq(known, config)) {
            return at;
        }
        configs.push(Arc::clone(config));
        configs.len() - 1
    }

    /// Begins a round of discovery.
    pub(super) fn round<'a>(&self, workspace: &'a Workspace, keeps_named: bool) -> Round<'a> {
        let environment = self.environment(workspace, keeps_named);
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let root = TreePath::root();
        let state = state.filter(|state| state.tree.id(&root) == workspace.tree.id(&root));
        Round { workspace, keeps_named, environment, known: Verified::default(), state }
    }

    /// Works on an app, or takes over what an earlier analysis made of it. `make` works on it in the snapshot that it is
    /// given; `sign` completes the result with the hash of the app and the record.
    pub(super) fn work(
        &self,
        round: &Round<'_>,
        make: &dyn Fn(&Workspace, App) -> Batch<T>,
        sign: &dyn Fn(&mut T, u64, &Recorded),
        app: App,
        depth: u32,
    ) -> Batch<T> {
        let workspace = round.workspace;
        let key = hash_app(&app, round.environment);
        let now = self.round.load(Ordering::Relaxed);
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let candidates = kept().get(&key).cloned().unwrap_or_default();
        let state = round.state.as_ref().map_or(0, |state| state.number);
        let holds = |kept: &&Arc<Kept<T>>| {
            let changed = match (&round.state, kept.state.load(Ordering::Relaxed)) {
                (Some(state), at) if at == state.number => Some(&[][..]),
                (Some(state), at) if at + 1 == state.number => state.changed.as_deref(),
                _ => None,
            };
            kept.recorded.holds(workspace, &changed.map_or(Against::Known(&round.known), Against::Changed))
        };
        if let Some(known) = candidates.iter().rev().find(holds) {
            known.round.store(now, Ordering::Relaxed);
            known.state.store(state, Ordering::Relaxed);
            self.reused.fetch_add(1, Ordering::Relaxed);
            workspace.watch.begins(&app.name);
            workspace.watch.ends(&app.name);
            return known.batch.again(app, depth);
        }
        let (recording, record) = workspace.recording();
        let mut batch = make(&recording, app);
        self.redone.fetch_add(1, Ordering::Relaxed);
        let recorded = record.finish();
        sign(&mut batch.result, key, &recorded);
        let made = Kept {
            recorded,
            batch: batch.clone(),
            round: AtomicUsize::new(now),
            state: AtomicUsize::new(state),
        };
        kept().entry(key).or_default().push(Arc::new(made));
        batch
    }
}

/// What rules do with a rendered app, in the snapshot as the app sees it.
pub type OnApp<'a, T> = dyn Fn(&Workspace, &App, &Rendered) -> T + Sync + 'a;

/// What one round of discovery renders.
pub(super) struct Round<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) keeps_named: bool,
    environment: u64,
    known: Verified,
    /// The state that the workspace is.
    state: Option<Arc<State>>,
}

/// Who works on apps: with what is known from earlier analyses, or without.
pub(super) trait Worker<T>: Sync {
    /// Begins a round. What is said by then about the repository as a whole holds for the apps of that round.
    fn round<'a>(&self, workspace: &'a Workspace, keeps_named: bool) -> Round<'a>;

    /// Renders and checks an app.
    fn work(&self, round: &Round<'_>, app: App, depth: u32) -> Batch<T>;
}

/// Keeps nothing.
pub(super) struct Fresh<'a, T>(pub(super) &'a (dyn Fn(&App, &Rendered) -> T + Sync));

impl<T: Send> Worker<T> for Fresh<'_, T> {
    fn round<'a>(&self, workspace: &'a Workspace, keeps_named: bool) -> Round<'a> {
        Round { workspace, keeps_named, environment: 0, known: Verified::default(), state: None }
    }

    fn work(&self, round: &Round<'_>, app: App, depth: u32) -> Batch<T> {
        work(round.workspace, self.0, app, depth, round.keeps_named)
    }
}

/// Keeps everything for the next time.
pub(super) struct Keeping<'a, T> {
    pub(super) analysis: &'a Analysis<T>,
    pub(super) on_app: &'a OnApp<'a, T>,
}

impl<T: Clone + Send + Sync> Worker<T> for Keeping<'_, T> {
    fn round<'a>(&self, workspace: &'a Workspace, keeps_named: bool) -> Round<'a> {
        self.analysis.round(workspace, keeps_named)
    }

    fn work(&self, round: &Round<'_>, app: App, depth: u32) -> Batch<T> {
        let make = |workspace: &Workspace, app: App| {
            let on_app = |app: &App, rendered: &Rendered| (self.on_app)(workspace, app, rendered);
            work(workspace, &on_app, app, depth, round.keeps_named)
        };
        self.analysis.work(round, &make, &|_, _, _| {}, app, depth)
    }
}
