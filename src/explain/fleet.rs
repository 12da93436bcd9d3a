//! The fleet as a graph: apps, what they render from, where they deploy, and what leads from one to another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::config::Config;
use crate::repo::{App, AppEntry, AppKind, Inventory, Spec};
use crate::source::TreePath;
use crate::world::{Answer, World};
use crate::yaml::Node;

/// What a node of the graph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeKind {
    /// An app.
    App,
    /// What an app renders: a directory, or a chart of a Helm repository.
    Source,
    /// A values file.
    Values,
    /// A cluster; the empty name is the one that Argo CD or Flux runs in, or an unknown one.
    Cluster,
    /// A namespace of a cluster.
    Namespace,
}

impl NodeKind {
    /// The word of the formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Source => "source",
            Self::Values => "values",
            Self::Cluster => "cluster",
            Self::Namespace => "namespace",
        }
    }
}

/// A node.
#[derive(Debug, Clone)]
pub struct FleetNode {
    /// Unique, and the same for the same repository.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// Its name.
    pub name: String,
    /// Of an app: its kind and how far it was rendered.
    pub app: Option<(AppKind, crate::repo::Status)>,
    /// Of an app: its sync wave, where one is written.
    pub wave: Option<i64>,
}

/// What an edge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// An app renders the definition of another.
    Defines,
    /// An app renders from a source.
    Renders,
    /// An app takes values from a file.
    Reads,
    /// An app deploys to a namespace, a namespace lies on a cluster.
    DeploysTo,
    /// Objects of an app name objects of another.
    References,
    /// Flux waits for the other app first (`dependsOn`).
    DependsOn,
}

impl EdgeKind {
    /// The word of the formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Defines => "defines",
            Self::Renders => "renders",
            Self::Reads => "reads",
            Self::DeploysTo => "deploys-to",
            Self::References => "references",
            Self::DependsOn => "depends-on",
        }
    }
}

/// An edge, by the ids of its ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FleetEdge {
    /// Where it begins.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// What it says.
    pub kind: EdgeKind,
    /// In a few words: the objects that are referred to.
    pub label: String,
}

/// The graph; nodes and edges in a fixed order.
#[derive(Debug, Default)]
pub struct Fleet {
    /// By kind, then in the order of discovery.
    pub nodes: Vec<FleetNode>,
    /// By ends.
    pub edges: Vec<FleetEdge>,
}

/// The graph of a repository, of the apps that `wanted` accepts and of what they touch.
pub fn fleet(inventory: &Inventory, config: &Config, wanted: &dyn Fn(&App) -> bool) -> Fleet {
    let mut builder = Builder::default();
    for entry in inventory.apps.iter().filter(|entry| wanted(&entry.app)) {
        builder.app(inventory, entry);
        builder.inputs(entry);
        builder.destination(entry);
        builder.waits_for(inventory, entry);
    }
    builder.references(inventory, config, wanted);
    builder.finish()
}

/// The id of an app: apps of one name may be several.
fn app_id(entry: &AppEntry) -> String {
    format!("app{}", entry.app.id.0)
}

#[derive(Default)]
struct Builder {
    nodes: BTreeMap<(NodeKind, String), FleetNode>,
    /// Apps by number, so that their order is that of discovery.
    apps: BTreeMap<u32, FleetNode>,
    edges: BTreeMap<(String, String, EdgeKind), BTreeSet<String>>,
}

impl Builder {
    fn node(&mut self, kind: NodeKind, name: &str) -> String {
        let id = format!("{}:{name}", kind.as_str());
        self.nodes.entry((kind, name.to_owned())).or_insert_with(|| FleetNode {
            id: id.clone(),
            kind,
            name: name.to_owned(),
            app: None,
            wave: None,
        });
        id
    }

    fn edge(&mut self, from: &str, to: &str, kind: EdgeKind, label: Option<String>) {
        self.edges.entry((from.to_owned(), to.to_owned(), kind)).or_default().extend(label);
    }

    fn app(&mut self, inventory: &Inventory, entry: &AppEntry) {
        let app = &entry.app;
        let wave = app.node.as_ref().and_then(|node| wave(node));
        let name = if app.name.is_empty() { ".".to_owned() } else { app.name.to_string() };
        let node = FleetNode {
            id: app_id(entry),
            kind: NodeKind::App,
            name,
            app: Some((app.kind, entry.status)),
            wave,
        };
        self.apps.insert(app.id.0, node);
        if let Some(parent) = app.parent.and_then(|parent| inventory.app(parent)) {
            self.edge(&app_id(parent), &app_id(entry), EdgeKind::Defines, None);
        }
    }

    fn inputs(&mut self, entry: &AppEntry) {
        let id = app_id(entry);
        let mut sources: Vec<String> = Vec::new();
        let mut values: Vec<TreePath> = Vec::new();
        match &entry.app.spec {
            Spec::Argo(application) => {
                for source in &application.sources {
                    if let Some(chart) = &source.chart {
                        sources.push(format!("{} ({})", chart.value, source.repo_url()));
                    } else if !(application.multi && source.is_ref_only()) {
                        sources.push(directory(source.path()));
                    }
                    let base = TreePath::new(source.path()).unwrap_or_default();
                    for file in source.node.items(&["helm", "valueFiles"]).iter().filter_map(Node::scalar) {
                        // `$ref/path` is a path from the root of the repository that `ref` names.
                        let path = match file.strip_prefix('$').and_then(|rest| rest.split_once('/')) {
                            Some((_, path)) => TreePath::new(path),
                            None => base.join_rooted(file),
                        };
                        values.extend(path.ok().filter(|path| entry.files.contains(path)));
                    }
                }
            }
            Spec::FluxKustomization(kustomization, _) => sources.push(directory(kustomization.path())),
            Spec::FluxRelease(release, _) => {
                sources.push(release.chart_words().0);
                let files = release.chart.iter().flat_map(|chart| &chart.values_files);
                let paths = files.filter_map(|file| TreePath::root().join_rooted(&file.value).ok());
                values.extend(paths.filter(|path| entry.files.contains(path)));
            }
            Spec::Overlay(dir) | Spec::Chart(dir) => sources.push(directory(dir.path.as_str())),
            Spec::Release(release) => {
                sources.push(directory(release.chart.path.as_str()));
                values.extend(release.values.iter().cloned());
            }
            Spec::ArgoSet(_) | Spec::Manifests(_) => {}
        }
        for source in sources.iter().filter(|source| !source.is_empty()) {
            let source = self.node(NodeKind::Source, source);
            self.edge(&id, &source, EdgeKind::Renders, None);
        }
        for file in values {
            let file = self.node(NodeKind::Values, file.as_str());
            self.edge(&id, &file, EdgeKind::Reads, None);
        }
    }

    fn destination(&mut self, entry: &AppEntry) {
        let app = &entry.app;
        if app.kind == AppKind::ApplicationSet || app.kind.is_loose() {
            return;
        }
        let id = app_id(entry);
        let cluster = self.node(NodeKind::Cluster, &app.cluster);
        if app.target_namespace.is_empty() {
            self.edge(&id, &cluster, EdgeKind::DeploysTo, None);
            return;
        }
        let name = match app.cluster.as_str() {
            "" => app.target_namespace.to_string(),
            name => format!("{}@{name}", app.target_namespace),
        };
        let namespace = self.node(NodeKind::Namespace, &name);
        self.edge(&id, &namespace, EdgeKind::DeploysTo, None);
        self.edge(&namespace, &cluster, EdgeKind::DeploysTo, None);
    }

    fn waits_for(&mut self, inventory: &Inventory, entry: &AppEntry) {
        let waits: Vec<_> = match &entry.app.spec {
            Spec::FluxKustomization(it, _) => {
                it.depends_on.iter().map(|it| (&it.namespace, &it.name)).collect()
            }
            Spec::FluxRelease(it, _) => it.depends_on.iter().map(|it| (&it.namespace, &it.name)).collect(),
            _ => return,
        };
        for (namespace, name) in waits {
            let is_meant = |other: &&AppEntry| {
                let app = &other.app;
                app.kind == entry.app.kind
                    && *app.name == **name
                    && app.namespace == *namespace
                    && app.cluster == entry.app.cluster
            };
            for other in inventory.apps.iter().filter(is_meant) {
                self.edge(&app_id(entry), &app_id(other), EdgeKind::DependsOn, None);
            }
        }
    }

    fn references(&mut self, inventory: &Inventory, config: &Config, wanted: &dyn Fn(&App) -> bool) {
        let world = World::new(inventory, config);
        for object in &inventory.objects {
            let Some(entry) = inventory.app(object.app).filter(|entry| wanted(&entry.app)) else { continue };
            for reference in &object.references {
                let Answer::Provided(providers, _) = world.look_up(object.app, &object.namespace, reference)
                else {
                    continue;
                };
                // What the app has itself serves it first.
                if providers.iter().any(|provider| provider.app == object.app) {
                    continue;
                }
                for provider in providers {
                    if let Some(other) = inventory.app(provider.app) {
                        let label = format!("{}/{}", reference.kind, reference.name);
                        self.edge(&app_id(entry), &app_id(other), EdgeKind::References, Some(label));
                    }
                }
            }
        }
    }

    fn finish(self) -> Fleet {
        const NAMED: usize = 3;
        let nodes: Vec<FleetNode> = self.apps.into_values().chain(self.nodes.into_values()).collect();
        let known: BTreeSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
        let edges = self
            .edges
            .into_iter()
            .filter(|((from, to, _), _)| known.contains(from.as_str()) && known.contains(to.as_str()));
        let edges: Vec<FleetEdge> = edges
            .map(|((from, to, kind), labels)| {
                let mut label = labels.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
                if labels.len() > NAMED {
                    let _ = write!(label, " and {} more", labels.len() - NAMED);
                }
                FleetEdge { from, to, kind, label }
            })
            .collect();
        Fleet { nodes, edges }
    }
}

fn directory(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

/// `argocd.argoproj.io/sync-wave` of an app's own object.
fn wave(node: &Node) -> Option<i64> {
    let annotations = node.at_path(&["metadata", "annotations"])?;
    annotations.get("argocd.argoproj.io/sync-wave")?.scalar()?.trim().parse().ok()
}
