//! What a run works on: the linted tree, everything read from it, and the configuration.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;

use crate::argocd::Settings;
use crate::config::{self, Config, KnownRule};
use crate::finding::Problem;
use crate::flux::Bootstrap;
use crate::helm::ChartCache;
use crate::source::{FileId, Remotes, SourceFile, Sources, Tree, TreePath};
use crate::yaml::Cache;
use crate::yaml::Node;

use super::idle::ChartWords;
use super::engines::Engines;
use super::remotes::Checkouts;
use super::schemas::{FetchedDefinitions, SchemaFiles};
use super::watch::{Unwatched, Watch};
use super::{OwnRules, TreeDefinitions, TreePolicies};

/// What a repository declares about its Argo CD.
#[derive(Debug, Default)]
pub struct ControlPlane {
    /// What `argocd-cm` and `argocd-cmd-params-cm` say.
    pub settings: Settings,
    /// Secrets that declare clusters, canonical, in path order.
    pub cluster_secrets: Vec<Arc<Node>>,
    /// What renders its apps, and those of Flux.
    pub engines: Engines,
}

/// The inputs of a run. Shared by all threads.
#[derive(Debug)]
pub struct Workspace {
    /// The linted tree.
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
    pub config: Config,
    /// Where other repositories, revisions and charts are found.
    pub checkouts: Arc<Checkouts>,
    /// Who watches the run.
    pub watch: Arc<dyn Watch>,
    /// What the repository says about the Argo CD that reads it; empty until the tree was looked at.
    control_plane: OnceLock<ControlPlane>,
    /// Where the source of Flux's bootstrap begins in the tree.
    bootstrap: OnceLock<Bootstrap>,
    /// Definitions of custom resources among the files; none until the tree was looked at.
    tree_definitions: OnceLock<TreeDefinitions>,
    /// Definitions in the charts that were fetched, once somebody asked for a kind that nothing else here defines.
    pub(super) fetched_definitions: OnceLock<FetchedDefinitions>,
    /// Policies about objects among the files; none until the tree was looked at.
    tree_policies: OnceLock<TreePolicies>,
    /// The team's own rules, once they were asked for.
    own_rules: OnceLock<OwnRules>,
    /// Names of the Secrets that documents of the tree are or make.
    names: OnceLock<BTreeSet<SmolStr>>,
    /// Schemas from the files that the configuration names, once they were asked for.
    pub(super) schema_files: SchemaFiles,
    /// What the texts of charts say, once it was asked for.
    pub(super) chart_words: ChartWords,
    /// Directories of charts that somebody else maintains.
    vendored: BTreeSet<TreePath>,
}

impl Workspace {
    /// A workspace over a tree.
    pub fn new(tree: Arc<dyn Tree>, cache: Arc<Cache>, config: Config, mut checkouts: Checkouts) -> Self {
        checkouts.default_charts(&cache);
        Self {
            tree,
            sources: Arc::clone(cache.sources()),
            cache,
            charts: Arc::default(),
            artifacts: Arc::default(),
            config,
            checkouts: Arc::new(checkouts),
            watch: Arc::new(Unwatched),
            control_plane: OnceLock::new(),
            bootstrap: OnceLock::new(),
            tree_definitions: OnceLock::new(),
            fetched_definitions: OnceLock::new(),
            tree_policies: OnceLock::new(),
            own_rules: OnceLock::new(),
            names: OnceLock::new(),
            schema_files: SchemaFiles::default(),
            chart_words: ChartWords::default(),
            vendored: BTreeSet::new(),
        }
    }

    /// A workspace over a tree that holds its own configuration file, if any; also answers what is wrong with it.
    pub fn of_tree(tree: Arc<dyn Tree>, cache: Arc<Cache>, known: &[KnownRule]) -> (Self, Vec<Problem>) {
        let mut files =
            config::FILE_NAMES.iter().filter_map(|name| tree.read(&TreePath::root().child(name)).ok());
        let (config, problems) = match files.next() {
            Some(file) => config::read(&file, &cache, known),
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
        self.vendored = dirs.into_iter().collect();
    }

    /// What the repository declares about its Argo CD; nothing until discovery has looked at the tree.
    pub fn control_plane(&self) -> &ControlPlane {
        static UNKNOWN: OnceLock<ControlPlane> = OnceLock::new();
        self.control_plane.get().unwrap_or_else(|| UNKNOWN.get_or_init(ControlPlane::default))
    }

    /// Declares what was found; the first word counts.
    pub(super) fn set_control_plane(&self, control_plane: ControlPlane) {
        let _ = self.control_plane.set(control_plane);
    }

    /// What Flux's bootstrap made of this repository.
    pub fn bootstrap(&self) -> &Bootstrap {
        static NONE: OnceLock<Bootstrap> = OnceLock::new();
        self.bootstrap.get().unwrap_or_else(|| NONE.get_or_init(Bootstrap::default))
    }

    /// Declares it; the first word counts.
    pub(super) fn set_bootstrap(&self, bootstrap: Bootstrap) {
        let _ = self.bootstrap.set(bootstrap);
    }

    /// Definitions of custom resources among the files of the tree.
    pub(super) fn tree_definitions(&self) -> &TreeDefinitions {
        static NONE: OnceLock<TreeDefinitions> = OnceLock::new();
        self.tree_definitions.get().unwrap_or_else(|| NONE.get_or_init(TreeDefinitions::default))
    }

    /// Declares them; the first word counts.
    pub(super) fn set_tree_definitions(&self, definitions: TreeDefinitions) {
        let _ = self.tree_definitions.set(definitions);
    }

    /// The rules below `rules.d`.
    pub fn own_rules(&self) -> &OwnRules {
        self.own_rules.get_or_init(|| OwnRules::read(self))
    }

    /// Policies about objects among the files of the tree.
    pub fn tree_policies(&self) -> &TreePolicies {
        static NONE: OnceLock<TreePolicies> = OnceLock::new();
        self.tree_policies.get().unwrap_or_else(|| NONE.get_or_init(TreePolicies::default))
    }

    /// Declares them; the first word counts.
    pub(super) fn set_tree_policies(&self, policies: TreePolicies) {
        let _ = self.tree_policies.set(policies);
    }

    /// What the Secrets are called that documents of the tree are or make; nothing until discovery has looked at the tree.
    pub fn names(&self) -> &BTreeSet<SmolStr> {
        static NONE: BTreeSet<SmolStr> = BTreeSet::new();
        self.names.get().unwrap_or(&NONE)
    }

    /// Declares them; the first word counts.
    pub(super) fn set_names(&self, names: BTreeSet<SmolStr>) {
        let _ = self.names.set(names);
    }

    /// The remotes seam that engines see.
    pub fn remotes(&self) -> &dyn Remotes {
        self.checkouts.as_ref()
    }

    /// Whether the owner of the repository edits this file: it is not in an archive, not in a vendored chart,
    /// not of another revision.
    pub fn is_editable(&self, file: FileId) -> bool {
        let Some(file) = self.sources.get(file) else { return false };
        let name = file.name();
        if name.contains("!/") || name.contains('@') && !self.is_in_tree(&file) {
            return false;
        }
        let is_below = |dir: &str| name.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
        if self.config.chart_paths.iter().any(|path| is_below(tidy(&path.value))) {
            return false;
        }
        let Ok(path) = TreePath::new(name) else { return true };
        let mut dir = path.parent();
        while let Some(at) = dir {
            if self.vendored.contains(&at) {
                return false;
            }
            dir = at.parent();
        }
        true
    }

    fn is_in_tree(&self, file: &SourceFile) -> bool {
        TreePath::new(file.name()).is_ok_and(|path| self.tree.is_file(&path))
    }
}

/// A configured path as file names begin with it.
fn tidy(path: &str) -> &str {
    path.trim_start_matches("./").trim_end_matches('/')
}
