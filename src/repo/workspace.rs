//! What a run works on: the linted tree, everything read from it, and the configuration.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;

use crate::argocd::{Scoped, Settings};
use crate::config::{self, Config, KnownRule};
use crate::finding::{Problem, RuleId};
use crate::flux::Bootstrap;
use crate::helm::ChartCache;
use crate::source::{FileId, Remotes, Sources, Tree, TreePath};
use crate::yaml::Cache;
use crate::yaml::Node;

use super::Fetched;
use super::engines::Engines;
use super::idle::ChartWords;
use super::key::hash_node;
use super::record::Record;
use super::remotes::Checkouts;
use super::schemas::{FetchedDefinitions, SchemaFiles};
use super::watch::{Unwatched, Watch};
use super::{OwnRules, ShownVersions, TreeDefinitions, TreePolicies};

/// What a repository declares about its Argo CD.
#[derive(Debug, Default)]
pub struct ControlPlane {
    /// What `argocd-cm` and `argocd-cmd-params-cm` say.
    pub settings: Settings,
    /// Secrets that declare clusters, canonical, in path order.
    pub cluster_secrets: Vec<Arc<Node>>,
    /// What Secrets of repositories and clusters add to projects.
    pub scoped: Vec<Scoped>,
    /// What renders its apps, and those of Flux.
    pub engines: Engines,
}

/// What is known about a snapshot once discovery has looked at its tree.
#[derive(Debug, Default)]
struct Known {
    /// What the repository says about the Argo CD that reads it; empty until the tree was looked at.
    control_plane: OnceLock<ControlPlane>,
    /// Where the source of Flux's bootstrap begins in the tree.
    bootstrap: OnceLock<Bootstrap>,
    /// Definitions of custom resources among the files; none until the tree was looked at.
    tree_definitions: OnceLock<TreeDefinitions>,
    /// Definitions in the charts that were fetched, once somebody asked for a kind that nothing else here defines.
    fetched_definitions: OnceLock<FetchedDefinitions>,
    /// Policies about objects among the files; none until the tree was looked at.
    tree_policies: OnceLock<TreePolicies>,
    /// Versions of Kubernetes that the tree shows; none until it was looked at.
    shown_versions: OnceLock<ShownVersions>,
    /// The team's own rules, once they were asked for.
    own_rules: OnceLock<OwnRules>,
    /// Names of the Secrets that documents of the tree are or make.
    names: OnceLock<BTreeSet<SmolStr>>,
}

/// A snapshot: the inputs of a run, which never change, and what is known of them. Shared by all threads. Another state of
/// the same repository is another snapshot ([`Workspace::beside`]).
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The linted tree. What one app is rendered over keeps a record of what is asked.
    pub tree: Arc<dyn Tree>,
    /// All files read.
    pub sources: Arc<Sources>,
    /// Parsed files.
    pub cache: Arc<Cache>,
    /// Loaded charts.
    pub charts: Arc<ChartCache>,
    /// Sources of Flux as they are packed.
    pub artifacts: Arc<crate::flux::Artifacts>,
    /// `.gitops-lint.yaml`.
    pub config: Arc<Config>,
    /// Where other repositories, revisions and charts are found.
    pub checkouts: Arc<Checkouts>,
    /// Who watches the run.
    pub watch: Arc<dyn Watch>,
    /// What engines ask for other content: the checkouts, with a record for one app.
    remotes: Arc<dyn Remotes>,
    /// The record of one app, while it is rendered and checked.
    record: Option<Arc<Record>>,
    known: Arc<Known>,
    /// Schemas from the files that the configuration names, once they were asked for.
    pub(super) schema_files: Arc<SchemaFiles>,
    /// What the texts of charts say, once it was asked for.
    pub(super) chart_words: Arc<ChartWords>,
    /// Directories of charts that somebody else maintains.
    vendored: Arc<BTreeSet<TreePath>>,
}

impl Workspace {
    /// A workspace over a tree.
    pub fn new(
        tree: Arc<dyn Tree>,
        cache: Arc<Cache>,
        config: impl Into<Arc<Config>>,
        mut checkouts: Checkouts,
    ) -> Self {
        checkouts.default_charts(&cache);
        let checkouts = Arc::new(checkouts);
        Self {
            tree,
            sources: Arc::clone(cache.sources()),
            cache,
            charts: Arc::default(),
            artifacts: Arc::default(),
            config: config.into(),
            remotes: Arc::clone(&checkouts) as Arc<dyn Remotes>,
            checkouts,
            watch: Arc::new(Unwatched),
            record: None,
            known: Arc::default(),
            schema_files: Arc::default(),
            chart_words: Arc::default(),
            vendored: Arc::default(),
        }
    }

    /// Another state of the same repository: the same configuration and the same content elsewhere, nothing known yet.
    /// Files that are the same in both trees must have the same ids. `fetched` replaces what was fetched, where the lock is
    /// another one.
    #[must_use]
    pub fn beside(&self, tree: Arc<dyn Tree>, fetched: Option<Fetched>) -> Self {
        let mut checkouts = self.checkouts.beside(&tree);
        if let Some(fetched) = fetched {
            checkouts.set_fetched(fetched);
        }
        let checkouts = Arc::new(checkouts);
        Self {
            tree,
            charts: Arc::new(self.charts.beside()),
            artifacts: Arc::default(),
            chart_words: Arc::default(),
            remotes: Arc::clone(&checkouts) as Arc<dyn Remotes>,
            checkouts,
            watch: Arc::new(Unwatched),
            record: None,
            known: Arc::default(),
            ..self.clone()
        }
    }

    /// The same snapshot as one app sees it: whatever is asked is put on record.
    pub(super) fn recording(&self) -> (Self, Arc<Record>) {
        let record = Arc::new(Record::of(self));
        let tree = Arc::clone(&record.tree) as Arc<dyn Tree>;
        let remotes = Arc::clone(&record) as Arc<dyn Remotes>;
        (Self { tree, remotes, record: Some(Arc::clone(&record)), ..self.clone() }, record)
    }

    /// A workspace over a tree that holds its own configuration file, if any; also answers what is wrong with it. `known` are
    /// the rules that are built in.
    pub fn of_tree(tree: Arc<dyn Tree>, cache: Arc<Cache>, known: &[KnownRule]) -> (Self, Vec<Problem>) {
        let mut files =
            config::FILE_NAMES.iter().filter_map(|name| tree.read(&TreePath::root().child(name)).ok());
        let (config, problems) = match files.next() {
            Some(file) => {
                let own = OwnRules::read(tree.as_ref(), &cache);
                let own =
                    own.rules.iter().map(|rule| KnownRule { name: RuleId::new(&rule.name), options: &[] });
                let known: Vec<KnownRule> = known.iter().cloned().chain(own).collect();
                config::read(&file, &cache, &known)
            }
            None => (Config::default(), Vec::new()),
        };
        let mut checkouts = Checkouts::new(Arc::clone(&tree));
        for alias in &config.aliases {
            checkouts.add_alias(&alias.value);
        }
        (Self::new(tree, cache, config, checkouts), problems)
    }

    /// Declares directories whose files are third-party: nobody edits them here.
    pub fn set_vendored(&mut self, dirs: impl IntoIterator<Item = TreePath>) {
        self.vendored = Arc::new(dirs.into_iter().collect());
    }

    /// What the repository declares about its Argo CD; nothing until discovery has looked at the tree.
    pub fn control_plane(&self) -> &ControlPlane {
        static UNKNOWN: OnceLock<ControlPlane> = OnceLock::new();
        self.known.control_plane.get().unwrap_or_else(|| UNKNOWN.get_or_init(ControlPlane::default))
    }

    /// Declares what was found; the first word counts.
    pub(super) fn set_control_plane(&self, control_plane: ControlPlane) {
        let _ = self.known.control_plane.set(control_plane);
    }

    /// What Flux's bootstrap made of this repository.
    pub fn bootstrap(&self) -> &Bootstrap {
        static NONE: OnceLock<Bootstrap> = OnceLock::new();
        self.known.bootstrap.get().unwrap_or_else(|| NONE.get_or_init(Bootstrap::default))
    }

    /// Declares it; the first word counts.
    pub(super) fn set_bootstrap(&self, bootstrap: Bootstrap) {
        let _ = self.known.bootstrap.set(bootstrap);
    }

    /// Definitions of custom resources among the files of the tree.
    pub(super) fn tree_definitions(&self) -> &TreeDefinitions {
        static NONE: OnceLock<TreeDefinitions> = OnceLock::new();
        self.known.tree_definitions.get().unwrap_or_else(|| NONE.get_or_init(TreeDefinitions::default))
    }

    /// Declares them; the first word counts.
    pub(super) fn set_tree_definitions(&self, definitions: TreeDefinitions) {
        let _ = self.known.tree_definitions.set(definitions);
    }

    /// The rules below `rules.d`.
    pub fn own_rules(&self) -> &OwnRules {
        self.known.own_rules.get_or_init(|| OwnRules::read(self.tree.as_ref(), &self.cache))
    }

    /// Policies about objects among the files of the tree.
    pub fn tree_policies(&self) -> &TreePolicies {
        static NONE: OnceLock<TreePolicies> = OnceLock::new();
        self.known.tree_policies.get().unwrap_or_else(|| NONE.get_or_init(TreePolicies::default))
    }

    /// Declares them; the first word counts.
    pub(super) fn set_tree_policies(&self, policies: TreePolicies) {
        let _ = self.known.tree_policies.set(policies);
    }

    /// Versions of Kubernetes that the tree shows.
    pub fn shown_versions(&self) -> &ShownVersions {
        static NONE: OnceLock<ShownVersions> = OnceLock::new();
        self.known.shown_versions.get().unwrap_or_else(|| NONE.get_or_init(ShownVersions::default))
    }

    /// Declares them; the first word counts.
    pub(super) fn set_shown_versions(&self, versions: ShownVersions) {
        let _ = self.known.shown_versions.set(versions);
    }

    /// The definitions of custom resources in charts that were fetched, read when first asked for.
    pub(super) fn fetched_definitions(&self) -> &FetchedDefinitions {
        self.known.fetched_definitions.get_or_init(|| FetchedDefinitions::of(self))
    }

    /// Whether a Secret is called so that documents of the tree are or make; none is until discovery has looked at the tree.
    pub fn is_secret_name(&self, name: &str) -> bool {
        let is_one = self.known.names.get().is_some_and(|names| names.contains(name));
        if let Some(record) = &self.record {
            record.secret_name(name, is_one);
        }
        is_one
    }

    /// Declares them; the first word counts.
    pub(super) fn set_names(&self, names: BTreeSet<SmolStr>) {
        let _ = self.known.names.set(names);
    }

    /// Puts into `hasher` what the repository as a whole says to every app. What one app asks beyond is on its record.
    pub(super) fn mark(&self, hasher: &mut impl Hasher) {
        let control_plane = self.control_plane();
        let words =
            format!("{:?} {:?} {:?}", control_plane.settings, control_plane.engines, self.bootstrap());
        words.hash(hasher);
        control_plane.cluster_secrets.iter().for_each(|secret| hash_node(secret, hasher));
        control_plane.scoped.hash(hasher);
        self.tree_definitions().mark(self.tree.as_ref(), hasher);
        self.tree_policies().mark(self, hasher);
        self.shown_versions().mark(hasher);
        // Asked for here, so that no app's record is the one to say what they were.
        self.own_rules().mark(hasher);
        self.vendored.hash(hasher);
    }

    /// The remotes seam that engines see.
    pub fn remotes(&self) -> &dyn Remotes {
        self.remotes.as_ref()
    }

    /// Whether the owner of the repository edits this file: it is not in an archive, not in a vendored chart,
    /// not of another revision.
    pub fn is_editable(&self, file: FileId) -> bool {
        let Some(file) = self.sources.get(file) else { return false };
        let name = file.name();
        if file.home().is_copy() {
            return false;
        }
        let is_below = |dir: &str| name.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
        if self.config.chart_paths.iter().any(|path| is_below(tidy(&path.value))) {
            return false;
        }
        let Some(path) = file.path() else { return true };
        let mut dir = path.parent();
        while let Some(at) = dir {
            if self.vendored.contains(&at) {
                return false;
            }
            dir = at.parent();
        }
        true
    }
}

/// A configured path as file names begin with it.
fn tidy(path: &str) -> &str {
    path.trim_start_matches("./").trim_end_matches('/')
}
