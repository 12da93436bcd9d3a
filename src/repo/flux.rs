//! Flux during discovery: which Kustomizations are roots, which cluster they are on, and the objects that
//! Kustomizations and HelmReleases name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::flux::{self, HelmRelease, Input, Inputs, Kustomization, ObjectName, artifact_generator};
use crate::origin::Origins;
use crate::source::{Span, TreePath};
use crate::yaml::{Entry, Key, Map, Node};

use super::app::{App, Spec};
use super::clusters::Variants;
use super::definition::is_flux_kind;
use super::flux_bootstrap::{bootstrap_paths, trimmed};
use super::remotes::{Expected, Identity};
use super::scan::{Scan, ScannedDocument};
use super::{Workspace, showcase};

/// What is kept of an object that another may name, by cluster, kind, namespace and name.
type StoreKey = (SmolStr, SmolStr, SmolStr, SmolStr);

/// The objects that were rendered so far.
#[derive(Debug, Default)]
pub(super) struct Store {
    objects: BTreeMap<StoreKey, (Arc<Node>, Arc<Origins>)>,
    /// Their keys by where they are written.
    written: FxHashMap<Span, Vec<StoreKey>>,
}

/// Whether objects of this kind are named by Kustomizations and HelmReleases.
pub(super) fn is_named(group: &str, kind: &str) -> bool {
    match group {
        "" => matches!(kind, "ConfigMap" | "Secret"),
        flux::SOURCE_GROUP => flux::SOURCE_KINDS.contains(&kind),
        "source.extensions.fluxcd.io" => kind == "ArtifactGenerator",
        _ => false,
    }
}

/// What an app asks for.
pub(super) fn needs(app: &App) -> Vec<ObjectName> {
    match &app.spec {
        Spec::FluxKustomization(kustomization, _) => kustomization.needs(),
        Spec::FluxRelease(release, _) => release.needs(),
        _ => Vec::new(),
    }
}

impl Store {
    /// Remembers an object of an app on a cluster.
    pub(super) fn add(
        &mut self,
        cluster: &str,
        kind: &str,
        namespace: &str,
        node: Node,
        origins: Arc<Origins>,
    ) {
        let name = node.at_path(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
        let key = (cluster.into(), kind.into(), namespace.into(), name.into());
        self.written.entry(node.place().at).or_default().push(StoreKey::clone(&key));
        self.objects.insert(key, (Arc::new(node), origins));
    }

    fn get(&self, cluster: &str, name: &ObjectName) -> Option<&(Arc<Node>, Arc<Origins>)> {
        let key =
            |namespace: &SmolStr| (cluster.into(), name.kind.clone(), namespace.clone(), name.name.clone());
        self.objects.get(&key(&name.namespace))
    }

    /// Whether something that an app names is still to be rendered, as far as the manifests as written tell.
    pub(super) fn must_wait(&self, app: &App, scan: &Scan) -> bool {
        let missing = |name: &ObjectName| {
            // Generators make ConfigMaps that no document shows.
            self.get(&app.cluster, name).is_none()
                && (name.kind == "ConfigMap" || scan.is_written(&name.kind, &name.name))
        };
        needs(app).iter().any(missing)
    }

    /// The ArtifactGenerator that makes an artifact.
    fn generator(&self, name: &ObjectName, app: &App, workspace: &Workspace, scan: &Scan) -> Option<Input> {
        let first = (app.cluster.clone(), "ArtifactGenerator".into(), SmolStr::default(), SmolStr::default());
        let here = self.objects.range(first.clone()..);
        let mut here = here.take_while(|((cluster, kind, ..), _)| *cluster == first.0 && *kind == first.1);
        let rendered = here.find(|((_, _, namespace, _), (node, _))| {
            (*namespace == name.namespace || namespace.is_empty())
                && artifact_generator::makes(node, &name.name)
        });
        if let Some((_, (node, origins))) = rendered {
            let (node, origins) = (Arc::clone(node), Arc::clone(origins));
            return Some(Input { name: name.clone(), node, origins, applied: true });
        }
        let (node, _) = written_generator(name, app.path.as_ref(), workspace, scan)?;
        Some(Input { name: name.clone(), node: Arc::new(node), origins: Arc::default(), applied: true })
    }

    /// Whether the cluster of an app has what a document says under another name: a prefix was put before it.
    fn is_renamed(&self, app: &App, name: &ObjectName, node: &Node) -> bool {
        name.kind != "Secret"
            && self.written.get(&node.place().at).into_iter().flatten().any(|(cluster, kind, _, called)| {
                *cluster == app.cluster && *kind == name.kind && *called != name.name
            })
    }

    /// Finds what an app names: what was rendered for its cluster, else what is written nearest to it and not for another
    /// cluster.
    pub(super) fn resolve(&self, app: &mut App, workspace: &Workspace, scan: &Scan, variants: &Variants) {
        let mut todo = needs(app);
        let mut inputs = Inputs::default();
        let mut rounds = 0;
        while let Some(name) = todo.pop() {
            rounds += 1;
            if rounds > 256 || inputs.get(&name).is_some() {
                continue;
            }
            if name.kind == "ExternalArtifact"
                && let Some(input) = self.generator(&name, app, workspace, scan)
            {
                todo.extend(artifact_generator::sources(&input.node));
                inputs.add(input);
                continue;
            }
            let rendered =
                self.get(&app.cluster, &name).cloned().map(|(node, origins)| (node, origins, true));
            let found = rendered.or_else(|| {
                let here = cluster_dir(app, workspace);
                let meets = |path: &TreePath| {
                    let near = [app.path.as_ref(), here.as_ref()];
                    near.into_iter().flatten().all(|near| variants.may_meet(path, near))
                };
                let document = nearest_of(&name, app.path.as_ref(), scan, &meets)?;
                let node = document.node(workspace)?;
                let applied = comes_along(app, document);
                (!self.is_renamed(app, &name, &node)).then(|| (Arc::new(node), Arc::default(), applied))
            });
            let Some((node, origins, applied)) = found else { continue };
            // A HelmChart names the source of its chart.
            if name.kind == "HelmChart"
                && let Some(template) =
                    node.get("spec").and_then(|spec| flux::ChartTemplate::read(spec, &name.namespace))
            {
                todo.extend(template.source);
            }
            inputs.add(Input { name, node, origins, applied });
        }
        let inputs = Arc::new(inputs);
        match &mut app.spec {
            Spec::FluxKustomization(_, known) | Spec::FluxRelease(_, known) => *known = inputs,
            _ => {}
        }
    }
}

/// A file of the cluster that an app is on, where clusters are directories.
fn cluster_dir(app: &App, workspace: &Workspace) -> Option<TreePath> {
    let dir = TreePath::new(&app.cluster).ok().filter(|dir| !dir.is_root() && workspace.tree.is_dir(dir))?;
    Some(dir.child("kustomization.yaml"))
}

/// Whether whoever applies an app applies a document as well: the app builds its directory itself, or nothing renders the
/// app, and the document is written beside it.
fn comes_along(app: &App, document: &ScannedDocument) -> bool {
    let built = match &app.spec {
        Spec::FluxKustomization(kustomization, _) => flux::below(&TreePath::root(), kustomization.path()),
        _ => None,
    };
    built.is_some_and(|dir| !dir.is_root() && document.path.starts_with(&dir))
        || (app.parent.is_none() && app.path.as_ref().and_then(TreePath::parent) == document.path.parent())
}

/// The document of that name that is written nearest to a file: with the longest common path.
pub(super) fn nearest<'s>(
    name: &ObjectName,
    near: Option<&TreePath>,
    scan: &'s Scan,
) -> Option<&'s ScannedDocument> {
    nearest_of(name, near, scan, &|_| true)
}

/// The same among the files that `fits` picks.
fn nearest_of<'s>(
    name: &ObjectName,
    near: Option<&TreePath>,
    scan: &'s Scan,
    fits: &dyn Fn(&TreePath) -> bool,
) -> Option<&'s ScannedDocument> {
    let meets = |document: &&ScannedDocument| {
        document.group == name.group()
            && (document.namespace == name.namespace
                || document.namespace.is_empty()
                || name.namespace.is_empty())
            && !scan.is_input(&document.path)
            && fits(&document.path)
    };
    // Of equally near ones the first in path order.
    let called = scan.called(&name.kind, &name.name);
    called.filter(meets).rev().max_by_key(|document| common(&document.path, near))
}

/// The ArtifactGenerator as written that makes an artifact: the nearest to a file.
fn written_generator(
    name: &ObjectName,
    near: Option<&TreePath>,
    workspace: &Workspace,
    scan: &Scan,
) -> Option<(Node, usize)> {
    let documents = scan.documents.iter().filter(|document| document.kind == "ArtifactGenerator");
    let making = documents.filter_map(|document| {
        let node = document.node(workspace)?;
        artifact_generator::makes(&node, &name.name).then(|| (node, common(&document.path, near)))
    });
    making.max_by_key(|(_, common)| *common)
}

/// Number of directories that a path has in common with another.
fn common(path: &TreePath, near: Option<&TreePath>) -> usize {
    let Some(near) = near else { return 0 };
    path.components().zip(near.components()).take_while(|(a, b)| a == b).count()
}

/// A Kustomization as written.
struct Written {
    document: usize,
    /// The directory that it builds, where this repository has it.
    dir: Option<TreePath>,
}

/// Whether a Kustomization among examples or test data builds the root of its source: that is not the root of the
/// repository that shows it.
pub(super) fn shows_another(file: &TreePath, kustomization: &Kustomization) -> bool {
    let path = kustomization.path().trim_start_matches("./").trim_matches('/');
    path.is_empty() && showcase(file).is_some()
}

/// Which of Flux's objects as written are roots: nothing in the repository renders them.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// Documents (by index in the scan) that are roots for certain.
    pub(super) certain: Vec<usize>,
    /// Kustomizations that no document shows: what the Flux operator makes of a FluxInstance.
    pub(super) synced: Vec<Node>,
    /// Documents that something may render; if nothing does, they are switched off.
    pub(super) covered: BTreeSet<usize>,
    /// Of the roots for certain those that apply nothing of Flux, where others do and lie elsewhere.
    pub(super) stray: BTreeSet<usize>,
    /// Whether a root applies others.
    pub(super) has_trunk: bool,
}

impl Roots {
    pub(super) fn of(workspace: &Workspace, scan: &Scan) -> Self {
        let mut kustomizations = Vec::new();
        let own = bootstrap_paths(workspace, scan);
        for (index, document) in scan.documents.iter().enumerate() {
            if document.group != "kustomize.toolkit.fluxcd.io" || document.kind != "Kustomization" {
                continue;
            }
            let Some(node) = document.node(workspace) else { continue };
            let kustomization = Kustomization::new(Arc::new(node));
            let dir = built_dir(&kustomization, &document.path, workspace, scan, &own);
            let dir = dir.filter(|_| !shows_another(&document.path, &kustomization));
            // A base that others build on gets its path from their patches.
            let dir = dir.filter(|_| {
                kustomization.node.at_path(&["spec", "path"]).is_some() || !scan.is_resource(&document.path)
            });
            let dir = dir.map(|dir| workspace.tree.resolve(&dir).unwrap_or(dir));
            kustomizations
                .push(Written { document: index, dir: dir.filter(|dir| workspace.tree.is_dir(dir)) });
        }
        let mut roots = Self::default();
        for document in scan.documents.iter().filter(|document| !scan.is_input(&document.path)) {
            let Some(node) = synced(document, workspace) else { continue };
            let kustomization = Kustomization::new(Arc::new(node.clone()));
            let dir = built_dir(&kustomization, &document.path, workspace, scan, &own);
            let dir = dir.map(|dir| workspace.tree.resolve(&dir).unwrap_or(dir));
            if let Some(dir) = dir.filter(|dir| workspace.tree.is_dir(dir)) {
                kustomizations.push(Written { document: usize::MAX, dir: Some(dir) });
                roots.synced.push(node);
            }
        }
        let mut building: BTreeMap<&TreePath, Vec<usize>> = BTreeMap::new();
        for written in &kustomizations {
            if let Some(dir) = &written.dir {
                building.entry(dir).or_default().push(written.document);
            }
        }
        // Those that apply others.
        let mut trunks: BTreeSet<usize> = BTreeSet::new();
        for (index, document) in scan.documents.iter().enumerate() {
            if !is_flux_kind(&document.group, &document.kind) || scan.is_input(&document.path) {
                continue;
            }
            let around = std::iter::successors(document.path.parent(), TreePath::parent);
            let mut others = false;
            let mut itself = false;
            for written in around.filter_map(|dir| building.get(&dir)).flatten() {
                if *written == index {
                    itself = true;
                } else {
                    others = true;
                    trunks.insert(*written);
                }
            }
            if others {
                roots.covered.insert(index);
            } else if itself || !scan.is_resource(&document.path) {
                roots.certain.push(index);
            }
        }
        // Two that build each other's files: something outside starts with one of them.
        if roots.certain.is_empty() && roots.synced.is_empty() && !kustomizations.is_empty() {
            let first = kustomizations.iter().map(|written| written.document).find(|index| {
                scan.documents.get(*index).is_some_and(|document| !scan.is_resource(&document.path))
            });
            let first = first.or_else(|| kustomizations.first().map(|written| written.document));
            roots.certain.extend(first);
        }
        let certain = roots.certain.iter().filter_map(|index| Some((*index, scan.documents.get(*index)?)));
        let (trunks, leaves): (Vec<_>, Vec<_>) = certain.partition(|(index, _)| trunks.contains(index));
        roots.has_trunk = !trunks.is_empty() || !roots.synced.is_empty();
        if roots.has_trunk {
            // What lies beside a root is applied along with it.
            let dirs: BTreeSet<Option<TreePath>> = trunks.iter().map(|(_, it)| it.path.parent()).collect();
            let stray = leaves.iter().filter(|(_, it)| !dirs.contains(&it.path.parent()));
            roots.stray = stray.map(|(index, _)| *index).collect();
        }
        roots
    }
}

/// The directory that a Kustomization as written builds, as far as it is one of this repository.
fn built_dir(
    kustomization: &Kustomization,
    path: &TreePath,
    workspace: &Workspace,
    scan: &Scan,
    own: &BTreeSet<String>,
) -> Option<TreePath> {
    let source = kustomization.source.as_ref()?;
    let mut root = TreePath::root();
    let mut from = source.clone();
    if source.kind == "ExternalArtifact" {
        let (generator, _) = written_generator(source, Some(path), workspace, scan)?;
        let origin = artifact_generator::origin(&generator, &source.name, kustomization.path())?;
        root = root.join(&origin.root).ok()?;
        from = origin.source;
    }
    match nearest(&from, Some(path), scan) {
        // The root of an artifact that a pipeline packs is some directory, and nothing says which.
        None if from.kind != "GitRepository" && is_root(kustomization.path()) && root.is_root() => {
            return None;
        }
        None => root = workspace.bootstrap().dir.join(root.as_str()).ok()?,
        Some(document) if is_elsewhere(document, kustomization.path(), workspace, own) => return None,
        Some(document) if document.kind == "OCIRepository" => {
            let packed = document.node(workspace).and_then(|node| packed_dir(&node, workspace));
            root = packed.unwrap_or(root);
        }
        Some(_) => {}
    }
    flux::below(&root, kustomization.path())
}

/// The directory of this repository that an artifact is made of.
fn packed_dir(source: &Node, workspace: &Workspace) -> Option<TreePath> {
    workspace.bootstrap().packed.get(flux::source_url(source)?).cloned()
}

/// Whether a Kustomization builds what is another repository's. That a root exists here as well says nothing, and neither does a path that
/// is built from the bootstrap's source, too: nobody builds one path of one repository twice. Other paths do, whatever the source is
/// called: repositories are forked and renamed, and artifacts are made of them.
fn is_elsewhere(
    document: &ScannedDocument,
    path: &str,
    workspace: &Workspace,
    own: &BTreeSet<String>,
) -> bool {
    let is_git = document.kind == "GitRepository";
    let is_other = || {
        document.node(workspace).is_some_and(|node| {
            flux::source_url(&node).is_some_and(|url| workspace.checkouts.identity(url) == Identity::Other)
        })
    };
    is_root(path) && (!is_git || is_other()) || is_git && own.contains(trimmed(path)) && is_other()
}

/// Whether `spec.path` is the root of the source.
fn is_root(path: &str) -> bool {
    trimmed(path).is_empty()
}

/// The Kustomization that the Flux operator makes of the `sync` of a FluxInstance, or of the chart that makes one.
pub(super) fn synced(document: &ScannedDocument, workspace: &Workspace) -> Option<Node> {
    let path: &[&str] = match (document.group.as_str(), document.kind.as_str()) {
        ("fluxcd.controlplane.io", "FluxInstance") => &["spec", "sync"],
        ("helm.toolkit.fluxcd.io", "HelmRelease") => &["spec", "values", "instance", "sync"],
        _ => return None,
    };
    let node = document.node(workspace)?;
    let sync = node.at_path(path).filter(|sync| sync.as_map().is_some())?;
    let place = sync.place();
    let text = |key: &str| sync.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
    let namespace = if document.namespace.is_empty() { "flux-system" } else { document.namespace.as_str() };
    let name = text("name").unwrap_or(namespace);
    let word = |text: &str, at: Option<&Node>| Node::string(text, at.map_or(place, Node::place));
    let map = |entries: Vec<(&str, Node)>| {
        let entry = |(key, value)| Entry { key: Key::new(key, place), value };
        Node::map(Map::from_entries(entries.into_iter().map(entry).collect()), place)
    };
    let source = map(vec![
        ("kind", word(text("kind").unwrap_or("GitRepository"), sync.get("kind"))),
        ("name", word(name, sync.get("name"))),
    ]);
    let spec = map(vec![
        ("interval", word(text("interval").unwrap_or("10m"), sync.get("interval"))),
        ("path", word(text("path")?, sync.get("path"))),
        ("prune", Node::plain("true", place)),
        ("sourceRef", source),
    ]);
    let metadata = map(vec![("name", word(name, sync.get("name"))), ("namespace", word(namespace, None))]);
    Some(map(vec![
        ("apiVersion", word("kustomize.toolkit.fluxcd.io/v1", None)),
        ("kind", word("Kustomization", None)),
        ("metadata", metadata),
        ("spec", spec),
    ]))
}

/// The cluster of what is defined in a file and rendered by nothing: the variant directory that it lies in.
pub(super) fn cluster_of(path: Option<&TreePath>, variants: &Variants) -> SmolStr {
    path.and_then(|path| variants.of_path(path)).map(|dir| SmolStr::new(dir.as_str())).unwrap_or_default()
}

/// What is read from git.
pub(super) fn git_paths(workspace: &Workspace, scan: &Scan) -> Vec<Expected> {
    let mut sources: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
    for document in &scan.documents {
        if document.kind == "GitRepository" && document.group == flux::SOURCE_GROUP {
            sources.entry(&document.name).or_default().extend(document.node(workspace));
        }
    }
    let own = bootstrap_paths(workspace, scan);
    let mut paths = Vec::new();
    let mut expect = |source: Option<&ObjectName>, path: &str, proved: bool| {
        let says = |source: &&ObjectName| {
            source.kind == "GitRepository" && !path.contains("${") && (proved || !own.contains(trimmed(path)))
        };
        let Some(source) = source.filter(says) else {
            return;
        };
        for node in sources.get(source.name.as_str()).into_iter().flatten() {
            if let Some(url) = flux::source_url(node) {
                let path = path.trim_start_matches('/').to_owned();
                let expected = Expected::of_source(url, path, flux::git_revision(node));
                paths.push(Expected { proved, ..expected });
            }
        }
    };
    for document in scan.documents.iter().filter(|document| is_flux_kind(&document.group, &document.kind)) {
        let Some(node) = document.node(workspace).map(Arc::new) else { continue };
        if document.kind == "Kustomization" {
            let kustomization = Kustomization::new(node);
            // What `flux bootstrap` writes into the repository that it sets up is in the directory that it names.
            let dir = flux::below(&TreePath::root(), kustomization.path()).filter(|dir| !dir.is_root());
            let proved = document.path.file_name() == "gotk-sync.yaml"
                && dir.is_some_and(|dir| document.path.starts_with(&dir));
            expect(kustomization.source.as_ref(), kustomization.path(), proved);
        } else if let Some(chart) = HelmRelease::new(node).chart {
            expect(chart.source.as_ref(), &chart.chart.value, false);
        }
    }
    paths
}
