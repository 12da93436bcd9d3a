//! The first look at a tree: which files are manifests, where kustomizations and charts are, what refers to what.
//!
//! Nothing is rendered here. The scan reads every YAML file once, in parallel.

use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::relations;
use crate::source::{ReadError, Tree, TreePath};
use crate::yaml::{Dialect, Node, Stream};

use super::Workspace;
use super::render::is_encrypted;
use super::scanned_kustomization::ScannedKustomization;
use super::showcase::is_ytt;

/// So many files of the same names make a directory a copy of another.
pub const COPIES: usize = 5;

/// One document of a file, by its identity as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedDocument {
    /// The file.
    pub path: TreePath,
    /// Index in the file.
    pub index: usize,
    /// API group.
    pub group: SmolStr,
    /// Kind.
    pub kind: SmolStr,
    /// `metadata.name`.
    pub name: SmolStr,
    /// `metadata.namespace`.
    pub namespace: SmolStr,
    /// Whether its values are encrypted: it is here to be applied.
    pub encrypted: bool,
}

impl ScannedDocument {
    /// The canonical form of the document; `None` where it cannot be read.
    pub fn node(&self, workspace: &Workspace) -> Option<Node> {
        let file = workspace.tree.read(&self.path).ok()?;
        let stream = workspace.cache.stream(&file);
        let mut root = stream.documents.get(self.index)?.root.clone()?;
        root.canonicalize(Dialect::Sigs).ok()?;
        Some(root)
    }
}

/// What the scan found.
#[derive(Debug, Default)]
pub struct Scan {
    /// YAML and JSON files that were read, in path order.
    pub files: Vec<TreePath>,
    /// Documents that have a kind, in path order.
    pub documents: Vec<ScannedDocument>,
    /// Kustomizations by directory.
    pub kustomizations: BTreeMap<TreePath, ScannedKustomization>,
    /// Directories with a `Chart.yaml` that are not vendored below another chart.
    pub charts: BTreeSet<TreePath>,
    /// Charts below another chart's `charts/`.
    pub subcharts: BTreeSet<TreePath>,
    /// Whether any file speaks of `globalProjects`: every AppProject may then have more than it says.
    pub global_projects: bool,
    /// Values files of the `argo-cd` chart, or of a chart around it, by what they set: `configs.cm`.
    pub argocd_values: Vec<TreePath>,
    /// Files that some kustomization reads as a resource.
    resources: BTreeSet<TreePath>,
    /// Files that some kustomization reads otherwise: patches, generator inputs.
    inputs: BTreeSet<TreePath>,
    /// Files that a generator of some kustomization reads as they are.
    data: BTreeSet<TreePath>,
    /// Documents by kind and name, in path order.
    written: FxHashMap<(SmolStr, SmolStr), Vec<u32>>,
    /// Kustomizations that nothing builds on, once they were asked for.
    roots: OnceLock<Vec<TreePath>>,
    /// Files that could not be read, with the reason.
    pub unreadable: Vec<(TreePath, ReadError)>,
}

/// Names that kustomize looks for, in its order.
pub const KUSTOMIZATION_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file is called as Chainsaw, KUTTL and the CLI of Kyverno call the tests that they run in a directory.
fn is_test(name: &str) -> bool {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    matches!(stem, Some("chainsaw-test" | "kyverno-test" | "kuttl-test"))
}

/// What the cases of a suite of Gatekeeper's `gator` try: objects that are wrong on purpose, and what they are seen with.
fn tried(suite: &[SmolStr], path: &TreePath) -> Vec<TreePath> {
    let dir = path.parent().unwrap_or_default();
    suite.iter().filter_map(|text| dir.join(text).ok()).collect()
}

/// What a file says by itself.
#[derive(Debug, Default)]
struct Said {
    global_projects: bool,
    argocd_values: bool,
    is_ytt: bool,
    /// What suites of Gatekeeper name, by suite.
    tried: Vec<Vec<SmolStr>>,
    documents: Vec<ScannedDocument>,
}

/// Looked for once in each content. What is secret in it is marked on the way.
fn said(stream: &Stream) -> Arc<Said> {
    stream.facts.get(|| {
        let text = stream.file.text_or_empty();
        let mut said = Said { global_projects: text.contains("globalProjects"), ..Said::default() };
        let mut secrets = 0;
        for (index, document) in stream.documents.iter().enumerate() {
            let Some(root) = &document.root else { continue };
            let text = |path: &[&str]| root.at_path(path).and_then(Node::scalar).cloned().unwrap_or_default();
            let (kind, api_version) = (text(&["kind"]), text(&["apiVersion"]));
            if kind.is_empty() || api_version.is_empty() {
                said.argocd_values |= kind.is_empty() && argocd_configs(root).is_some();
                continue;
            }
            // What SOPS encrypted whole says neither what it is nor what it is called.
            if is_encrypted(root) {
                super::secrets::mark(&stream.file);
                continue;
            }
            if kind == "Secret" {
                mark_secrets(root, stream);
                secrets += 1;
            }
            let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
            if group == "test.gatekeeper.sh" && kind == "Suite" {
                let cases = root.items(&["tests"]).iter().flat_map(|test| test.items(&["cases"]));
                let named =
                    cases.flat_map(|case| case.get("object").into_iter().chain(case.items(&["inventory"])));
                said.tried.push(named.filter_map(Node::scalar).cloned().collect());
            }
            said.documents.push(ScannedDocument {
                path: TreePath::root(),
                index,
                group: group.into(),
                kind,
                name: text(&["metadata", "name"]),
                namespace: text(&["metadata", "namespace"]),
                encrypted: root.at_path(&["sops", "mac"]).is_some(),
            });
        }
        said.is_ytt = is_ytt(text);
        if text.contains("Secret") {
            let is_well_read = stream.problems.is_empty() && secrets == super::secrets::mentions(text);
            if !is_well_read {
                super::secrets::mark(&stream.file);
            }
        }
        said
    })
}

impl Scan {
    /// Reads the workspace's tree.
    pub fn of(workspace: &Workspace) -> Self {
        let all = workspace.tree.files();
        let mut scan = Self::default();
        let chart_dirs: BTreeSet<TreePath> =
            all.iter().filter(|path| path.file_name() == "Chart.yaml").filter_map(TreePath::parent).collect();
        for dir in &chart_dirs {
            let vendored =
                dir.parent().filter(|parent| parent.file_name() == "charts").and_then(|it| it.parent());
            if vendored.is_some_and(|chart| chart_dirs.contains(&chart)) {
                scan.subcharts.insert(dir.clone());
            } else {
                scan.charts.insert(dir.clone());
            }
        }
        let is_template = |path: &TreePath| {
            let mut dir = path.parent();
            while let Some(at) = dir {
                if at.file_name() == "templates"
                    && at.parent().is_some_and(|chart| chart_dirs.contains(&chart))
                {
                    return true;
                }
                dir = at.parent();
            }
            false
        };
        let files: Vec<TreePath> = all
            .into_iter()
            .filter(|path| is_yaml(path.file_name()) && !workspace.config.exclude.is_match(path.as_str()))
            .filter(|path| !is_template(path))
            .collect();
        let read: Vec<Result<Arc<Stream>, ReadError>> = files
            .par_iter()
            .map(|path| {
                let stream = workspace.cache.stream(&workspace.tree.read(path)?);
                if !KUSTOMIZATION_NAMES.contains(&path.file_name()) {
                    said(&stream);
                }
                Ok(stream)
            })
            .collect();
        // Tests of policies and operators have resources that nobody applies but they.
        let tests: BTreeSet<TreePath> =
            files.iter().filter(|path| is_test(path.file_name())).filter_map(TreePath::parent).collect();
        let is_tested = |path: &&TreePath| {
            std::iter::successors(path.parent(), TreePath::parent).any(|dir| tests.contains(&dir))
        };
        if !tests.is_empty() {
            scan.inputs.extend(files.iter().filter(is_tested).cloned());
        }
        for (path, stream) in files.iter().zip(read) {
            match stream {
                Ok(stream) => scan.add(path, &stream, workspace.tree.as_ref()),
                Err(error) => scan.unreadable.push((path.clone(), error)),
            }
        }
        scan.files = files;
        scan
    }

    fn add(&mut self, path: &TreePath, stream: &Stream, tree: &dyn Tree) {
        if KUSTOMIZATION_NAMES.contains(&path.file_name())
            && let Some(dir) = path.parent()
        {
            self.global_projects |= stream.file.text_or_empty().contains("globalProjects");
            let root = stream.documents.iter().find_map(|document| document.root.as_ref());
            let kustomization = ScannedKustomization::of(path, &dir, root, tree);
            self.resources.extend(kustomization.resources.iter().cloned());
            self.inputs.extend(kustomization.files.iter().cloned());
            if let Entry::Vacant(free) = self.kustomizations.entry(dir) {
                self.data.extend(kustomization.data.iter().cloned());
                free.insert(kustomization);
            }
            return;
        }
        let said = said(stream);
        self.global_projects |= said.global_projects;
        if said.argocd_values {
            self.argocd_values.push(path.clone());
        }
        self.inputs.extend(said.tried.iter().flat_map(|texts| tried(texts, path)));
        if said.is_ytt {
            self.inputs.insert(path.clone());
        }
        for document in &said.documents {
            let key = (document.kind.clone(), document.name.clone());
            self.written.entry(key).or_default().push(self.documents.len() as u32);
            self.documents.push(ScannedDocument { path: path.clone(), ..document.clone() });
        }
    }

    /// Whether some document has this kind and name.
    pub fn is_written(&self, kind: &SmolStr, name: &SmolStr) -> bool {
        self.written.contains_key(&(kind.clone(), name.clone()))
    }

    /// The documents of a kind and name, in path order.
    pub(super) fn called(
        &self,
        kind: &SmolStr,
        name: &SmolStr,
    ) -> impl DoubleEndedIterator<Item = &ScannedDocument> {
        let found = self.written.get(&(kind.clone(), name.clone())).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|at| self.documents.get(*at as usize))
    }

    /// What the Secrets of the repository are called, and those that other documents make.
    pub(super) fn names(&self, workspace: &Workspace) -> BTreeSet<SmolStr> {
        let mut names = BTreeSet::new();
        for document in self.documents.iter().filter(|document| document.name.len() > 3) {
            let makes = matches!(
                document.kind.as_str(),
                "ExternalSecret" | "ClusterExternalSecret" | "SealedSecret" | "Certificate" | "SopsSecret"
            );
            if makes || document.kind == "Secret" {
                names.insert(document.name.clone());
            }
            let Some(node) = makes.then(|| document.node(workspace)).flatten() else { continue };
            let made = relations::provides(&document.group, &document.kind, &document.name, &node);
            names.extend(made.into_iter().filter_map(|made| made.name.exact().cloned()));
        }
        names
    }

    /// Whether a file lies in a chart.
    pub fn is_in_chart(&self, path: &TreePath) -> bool {
        std::iter::successors(path.parent(), TreePath::parent).any(|dir| self.charts.contains(&dir))
    }

    /// Whether any kustomization reads this file as a resource.
    pub fn is_resource(&self, path: &TreePath) -> bool {
        self.resources.contains(path)
    }

    /// Whether any kustomization reads this file as a patch, a generator input or the like: what looks like an object
    /// in it is none.
    pub fn is_input(&self, path: &TreePath) -> bool {
        self.inputs.contains(path)
    }

    /// Whether the kustomization beside an app's file lists its neighbours and not it: somebody took it out. An app that
    /// builds this very directory is the one that is applied by hand.
    pub(super) fn leaves_out(&self, document: &ScannedDocument, node: &Node, workspace: &Workspace) -> bool {
        let Some(dir) = document.path.parent() else { return false };
        let Some(kustomization) = self.kustomizations.get(&dir) else { return false };
        let sources = node.at_path(&["spec", "source"]).into_iter().chain(node.items(&["spec", "sources"]));
        let builds_this = |source: &Node| {
            let path = source.get("path").and_then(Node::as_str).and_then(|path| TreePath::new(path).ok());
            path.is_some_and(|path| dir.starts_with(&path))
        };
        let mut sources = sources;
        if sources.any(builds_this) {
            return false;
        }
        let name = document.path.file_name();
        let is_comment = |line: &str| {
            let item = line.trim().strip_prefix('#').map(|rest| rest.trim().trim_start_matches("- ").trim());
            item.is_some_and(|item| item.trim_start_matches("./").trim_matches(['"', '\'']) == name)
        };
        let text = workspace.tree.read(&kustomization.file).ok();
        let start = self.documents.partition_point(|other| other.path < dir);
        let below = self.documents.get(start..).unwrap_or_default().iter();
        let below = below.take_while(|other| dir.is_root() || other.path.as_str().starts_with(dir.as_str()));
        let mut neighbours = below.filter(|other| {
            other.kind == document.kind
                && other.group == document.group
                && other.path.parent().as_ref() == Some(&dir)
                && kustomization.resources.contains(&other.path)
        });
        text.is_some_and(|file| file.text_or_empty().lines().any(is_comment)) || neighbours.nth(1).is_some()
    }

    /// Whether two files lie in directories that are built alike, as copies of one tree are: below the first directory
    /// in which their paths differ, at least five files have the same names.
    pub fn are_parallel(&self, a: &TreePath, b: &TreePath) -> bool {
        let (Some((tree_a, _)), Some((tree_b, _))) = (first_difference(a, b), first_difference(b, a)) else {
            return false;
        };
        self.share_names(tree_a, tree_b)
    }

    /// The same for two directories, wherever they are, unless one is inside of the other.
    pub fn are_copies(&self, a: &TreePath, b: &TreePath) -> bool {
        !a.starts_with(b) && !b.starts_with(a) && self.share_names(a.as_str(), b.as_str())
    }

    /// Whether a directory has enough files to be a copy.
    pub fn may_be_copied(&self, dir: &TreePath) -> bool {
        self.names_below(dir.as_str()).nth(COPIES - 1).is_some()
    }

    /// Whether at least five files below two directories have the same names.
    fn share_names(&self, a: &str, b: &str) -> bool {
        let (mut ours, mut theirs) = (self.names_below(a).peekable(), self.names_below(b).peekable());
        let mut shared = 0;
        while let (Some(one), Some(other)) = (ours.peek(), theirs.peek()) {
            match one.cmp(other) {
                Ordering::Less => drop(ours.next()),
                Ordering::Greater => drop(theirs.next()),
                Ordering::Equal => {
                    shared += 1;
                    if shared == COPIES {
                        return true;
                    }
                    ours.next();
                    theirs.next();
                }
            }
        }
        false
    }

    /// The files below a directory, as seen from there, in order; kustomizations do not count.
    pub fn names_below(&self, dir: &str) -> impl Iterator<Item = &str> {
        let prefix = format!("{dir}/");
        let start = self.files.partition_point(|path| path.as_str() < prefix.as_str());
        let files = self.files.get(start..).unwrap_or_default().iter();
        let names = files.map_while(move |path| path.as_str().strip_prefix(prefix.as_str()));
        names.filter(|name| !KUSTOMIZATION_NAMES.contains(&name.rsplit('/').next().unwrap_or_default()))
    }

    /// Whether a generator of some kustomization reads this file as it is.
    pub fn is_data(&self, path: &TreePath) -> bool {
        self.data.contains(path)
    }

    /// Kustomizations that no other kustomization builds on and that can be built alone.
    pub fn root_kustomizations(&self) -> &[TreePath] {
        self.roots.get_or_init(|| self.find_roots())
    }

    fn find_roots(&self) -> Vec<TreePath> {
        let used: BTreeSet<&TreePath> = self.kustomizations.values().flat_map(|it| &it.dirs).collect();
        let alone = || self.kustomizations.iter().filter(|(_, it)| !it.component).map(|(dir, _)| dir);
        let mut roots: Vec<TreePath> = alone().filter(|dir| !used.contains(dir)).cloned().collect();
        // Those that build on each other in a circle have no root, and nobody would look at them.
        let mut reached: BTreeSet<TreePath> = BTreeSet::new();
        let visit = |dir: &TreePath, reached: &mut BTreeSet<TreePath>| {
            let mut todo = vec![dir.clone()];
            while let Some(dir) = todo.pop() {
                if let Some(kustomization) = self.kustomizations.get(&dir)
                    && reached.insert(dir)
                {
                    todo.extend(kustomization.dirs.iter().cloned());
                }
            }
        };
        let components = self.kustomizations.iter().filter(|(_, it)| it.component).map(|(dir, _)| dir);
        roots.iter().chain(components).for_each(|dir| visit(dir, &mut reached));
        for dir in alone() {
            if !reached.contains(dir) {
                visit(dir, &mut reached);
                roots.push(dir.clone());
            }
        }
        roots.sort();
        roots
    }

    /// The kustomizations that `dir` builds on, itself included.
    pub fn closure(&self, dir: &TreePath) -> BTreeSet<TreePath> {
        let mut closure = BTreeSet::new();
        let mut todo = vec![dir.clone()];
        while let Some(dir) = todo.pop() {
            if let Some(kustomization) = self.kustomizations.get(&dir)
                && closure.insert(dir)
            {
                todo.extend(kustomization.dirs.iter().cloned());
            }
        }
        closure
    }
}

/// `configs` in values of the `argo-cd` chart, or one level down when the chart is a dependency; `cm` of it is what becomes
/// `argocd-cm`.
pub(super) fn argocd_configs(values: &Node) -> Option<&Node> {
    let config = |node: &Node| node.at_path(&["configs", "cm"]).is_some_and(|it| it.as_map().is_some());
    let named = |name: &str| values.get(name).filter(|node| config(node));
    let values = if config(values) { Some(values) } else { named("argo-cd").or_else(|| named("argocd")) };
    values?.get("configs")
}

/// The part of `path` up to the first component in which it differs from `other`, and the rest; `None` when that is the
/// file itself.
fn first_difference<'p>(path: &'p TreePath, other: &TreePath) -> Option<(&'p str, &'p str)> {
    let mut end = 0;
    let mut others = other.as_str().split('/');
    for component in path.as_str().split('/') {
        end += component.len();
        if others.next() != Some(component) {
            let (tree, rest) = path.as_str().split_at_checked(end)?;
            return Some((tree, rest.strip_prefix('/')?));
        }
        end += 1;
    }
    None
}

fn is_yaml(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|extension| name.ends_with(extension)) || name == "Kustomization"
}

/// The values of a Secret must never be shown.
fn mark_secrets(root: &Node, stream: &Stream) {
    for section in ["data", "stringData"] {
        for entry in root.get(section).map(Node::entries).unwrap_or_default() {
            if entry.value.at.file == stream.file.id() {
                stream.file.mark_secret(entry.value.at);
            }
        }
    }
}
