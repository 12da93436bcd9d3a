//! Objects that are apps, and what the manifests as written say before anything is rendered: which paths apps
//! expect, what the control plane is set to.

use std::collections::BTreeSet;
use std::sync::Arc;

use memchr::memmem;
use rayon::prelude::*;
use smol_str::SmolStr;

use crate::argocd::{self, Application, ApplicationSet, Source};
use crate::flux::{HelmRelease, Kustomization};
use crate::origin::Place;
use crate::source::{SourceFile, TreePath, is_told};
use crate::yaml::{Dialect, Node};

use super::app::{AppKind, Spec};
use super::remotes::Expected;
use super::scan::{Scan, argocd_configs};
use super::showcase::has_capitals;
use super::{ControlPlane, Engines, Workspace};

/// Kinds whose objects are apps themselves.
pub(super) fn is_app_kind(group: &str, kind: &str) -> bool {
    matches!((group, kind), ("argoproj.io", "Application" | "ApplicationSet")) || is_flux_kind(group, kind)
}

/// Kinds of Flux whose objects are apps themselves.
pub(super) fn is_flux_kind(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("kustomize.toolkit.fluxcd.io", "Kustomization") | ("helm.toolkit.fluxcd.io", "HelmRelease")
    )
}

/// An object that is an app, decoded.
#[cfg_attr(
    debug_assertions,
    expect(clippy::large_enum_variant, reason = "places are larger where they carry their arena's number")
)]
pub(super) enum Definition {
    Application(Application),
    ApplicationSet(ApplicationSet),
    Kustomization(Kustomization),
    HelmRelease(HelmRelease),
}

impl Definition {
    pub(super) fn new(node: Node) -> Self {
        let kind = node.get("kind").and_then(Node::as_str).map(SmolStr::new);
        let node = Arc::new(node);
        match kind.as_deref() {
            Some("ApplicationSet") => Self::ApplicationSet(ApplicationSet::new(node)),
            Some("Kustomization") => Self::Kustomization(Kustomization::new(node)),
            Some("HelmRelease") => Self::HelmRelease(HelmRelease::new(node)),
            _ => {
                let mut application = Application::new(node);
                application.normalize();
                Self::Application(application)
            }
        }
    }

    pub(super) fn kind(&self) -> AppKind {
        match self {
            Self::Application(_) => AppKind::Application,
            Self::ApplicationSet(_) => AppKind::ApplicationSet,
            Self::Kustomization(_) => AppKind::Kustomization,
            Self::HelmRelease(_) => AppKind::HelmRelease,
        }
    }

    pub(super) fn name(&self) -> &SmolStr {
        match self {
            Self::Application(application) => &application.name,
            Self::ApplicationSet(set) => &set.name,
            Self::Kustomization(it) => &it.name,
            Self::HelmRelease(it) => &it.name,
        }
    }

    pub(super) fn namespace(&self) -> &str {
        match self {
            Self::Application(application) => &application.namespace,
            Self::ApplicationSet(set) => &set.namespace.value,
            Self::Kustomization(it) => &it.namespace,
            Self::HelmRelease(it) => &it.namespace,
        }
    }

    pub(super) fn place(&self) -> Place {
        match self {
            Self::Application(application) => application.place,
            Self::ApplicationSet(set) => set.place,
            Self::Kustomization(it) => it.place,
            Self::HelmRelease(it) => it.place,
        }
    }

    pub(super) fn node(&self) -> Arc<Node> {
        match self {
            Self::Application(application) => Arc::clone(&application.node),
            Self::ApplicationSet(set) => Arc::clone(&set.node),
            Self::Kustomization(it) => Arc::clone(&it.node),
            Self::HelmRelease(it) => Arc::clone(&it.node),
        }
    }

    /// Whether Flux reads it.
    pub(super) fn is_flux(&self) -> bool {
        matches!(self, Self::Kustomization(_) | Self::HelmRelease(_))
    }

    /// Whether it is what a cluster answered when somebody asked: evidence, not a manifest.
    pub(super) fn is_record(&self) -> bool {
        let node = self.node();
        let has = |path: &[&str]| node.at_path(path).is_some_and(|it| !it.is_null());
        has(&["metadata", "uid"]) && has(&["metadata", "resourceVersion"]) && has(&["status"])
    }

    /// Whether it is part of an app rather than one: a patch that no kustomization here lists, an operation, an object whose
    /// parent adds what every object of its kind needs. `patched` says that some parent is known to leave it out.
    pub(super) fn is_fragment(&self, patched: bool) -> bool {
        let node = self.node();
        let lacks = |key: &str| node.at_path(&["spec", key]).is_none_or(Node::is_null);
        let missing = |keys: &[&str]| keys.iter().filter(|key| lacks(key)).count();
        match self {
            Self::Application(application) => {
                application.sources.is_empty()
                    && missing(&["source", "sources", "sourceHydrator", "destination"]) == 4
            }
            Self::ApplicationSet(_) => missing(&["generators", "template"]) == 2,
            Self::Kustomization(_) => {
                lacks("sourceRef") && (patched || missing(&["interval", "prune", "path"]) >= 2)
            }
            Self::HelmRelease(_) => {
                missing(&["chart", "chartRef"]) == 2
                    && (patched || missing(&["interval", "values", "valuesFrom"]) >= 2)
            }
        }
    }

    pub(super) fn spec(self) -> Spec {
        match self {
            Self::Application(application) => Spec::Argo(Arc::new(application)),
            Self::ApplicationSet(set) => Spec::ArgoSet(Arc::new(set)),
            Self::Kustomization(it) => Spec::FluxKustomization(Arc::new(it), Arc::default()),
            Self::HelmRelease(it) => Spec::FluxRelease(Arc::new(it), Arc::default()),
        }
    }
}

/// What the sources that are in git expect.
pub(super) fn git_paths(application: &Application) -> Vec<Expected> {
    let in_git = |source: &&Source| !source.is_helm_chart() && !source.is_oci();
    let text =
        |source: &Source| Expected::of_source(source.repo_url(), source.path(), source.target_revision());
    application.sources.iter().filter(in_git).map(text).collect()
}

/// Tells the checkouts which paths and revisions the manifests as written expect, so that they can recognise this
/// repository. Answers them.
pub(super) fn expect_paths(workspace: &Workspace, scan: &Scan) -> Vec<Expected> {
    let mut expected = Vec::new();
    for document in scan.documents.iter().filter(|it| is_app_kind(&it.group, &it.kind)) {
        let Some(node) = document.node(workspace) else { continue };
        match Definition::new(node) {
            Definition::Application(application) => expected.extend(git_paths(&application)),
            Definition::ApplicationSet(set) => {
                let paths = set.git_paths().into_iter();
                expected.extend(paths.map(|(url, path, revision, pattern)| Expected {
                    url,
                    path,
                    revision,
                    pattern,
                    proved: false,
                }));
            }
            // Where these read from is said by another object.
            Definition::Kustomization(_) | Definition::HelmRelease(_) => {}
        }
    }
    expected.extend(super::flux::git_paths(workspace, scan));
    workspace.checkouts.infer(&expected);
    expected
}

/// What the manifests as written say about the Argo CD that reads them.
pub(super) fn control_plane(workspace: &Workspace, scan: &Scan) -> ControlPlane {
    let mut control_plane = ControlPlane { engines: Engines::of(workspace, scan), ..ControlPlane::default() };
    // The ConfigMap as written wins over values that a chart makes it of.
    for path in &scan.argocd_values {
        let Ok(file) = workspace.tree.read(path) else { continue };
        for document in &workspace.cache.stream(&file).documents {
            let Some(mut values) = document.root.clone() else { continue };
            if values.canonicalize(Dialect::Sigs).is_ok()
                && let Some(configs) = argocd_configs(&values)
            {
                configs.get("cm").into_iter().for_each(|data| control_plane.settings.merge_values(data));
                let plugins = configs.at_path(&["cmp", "plugins"]).map(Node::entries).unwrap_or_default();
                for plugin in plugins {
                    control_plane.settings.add_plugin(&plugin.value);
                }
            }
        }
    }
    // Clusters whose credentials lie in a vault: what is made of them shows its labels and its name.
    for document in &scan.documents {
        let made = match (document.group.as_str(), document.kind.as_str()) {
            ("external-secrets.io", "ExternalSecret") => &["spec", "target", "template"][..],
            ("bitnami.com", "SealedSecret") => &["spec", "template"],
            _ => continue,
        };
        let node = document.node(workspace);
        let secret =
            node.as_ref().and_then(|node| argocd::cluster_secret_of(node.at_path(made)?, &document.name));
        control_plane.cluster_secrets.extend(secret.map(Arc::new));
        let template = node.as_ref().and_then(|node| node.at_path(made));
        control_plane.scoped.extend(template.and_then(argocd::Scoped::of_template));
    }
    for document in scan.documents.iter().filter(|it| it.kind == "ConfigManagementPlugin") {
        let node = document.node(workspace);
        if let Some(spec) = node.as_ref().and_then(|node| node.get("spec")) {
            control_plane.settings.add_plugin(spec);
        }
    }
    for document in scan.documents.iter().filter(|it| it.group == "argoproj.io" && it.kind == "ArgoCD") {
        if let Some(node) = document.node(workspace) {
            control_plane.settings.merge_resource(&node);
        }
    }
    for document in scan.documents.iter().filter(|document| document.group.is_empty()) {
        match (document.kind.as_str(), document.name.as_str()) {
            ("ConfigMap", "argocd-cm" | "argocd-cmd-params-cm") => {
                if let Some(node) = document.node(workspace) {
                    control_plane.settings.merge(&node);
                }
            }
            ("Secret", _) => {
                let Some(node) = document.node(workspace) else { continue };
                control_plane.scoped.extend(argocd::Scoped::new(&node));
                if argocd::is_cluster_secret(&node) {
                    control_plane.cluster_secrets.extend(cluster_secret(node).map(Arc::new));
                }
            }
            _ => {}
        }
    }
    let settings = &mut control_plane.settings;
    // Where the ConfigMap is here and does not say it, something that completes it may.
    if settings.is_known() && settings.kustomize_build_options.is_empty() {
        settings.kustomize_build_options.add(&told_options(workspace, scan));
    }
    control_plane
}

/// The Secret of a cluster as far as it is filled in: one whose name is still to be written is none, and one whose address is
/// (`https://API_SERVER`) is told from others by its name.
fn cluster_secret(secret: Node) -> Option<Node> {
    let text = |key: &str| argocd::secret_text(&secret, key).unwrap_or_default();
    // `PROD` may be a name, `CLUSTER_NAME` hardly.
    let is_blank = |text: &str| text.contains(['<', '{', '$']) || has_capitals(text) && text.contains('_');
    let (name, server) = (text("name"), text("server"));
    if is_blank(&name) || name.is_empty() && is_blank(&server) {
        return None;
    }
    if is_blank(&server) { argocd::cluster_secret_of(&secret, &name) } else { Some(secret) }
}

/// Options that allow what else fails, and that often are set where the manifests do not show it: by a script, by Terraform, by a patch of the
/// operator's resource.
const OFTEN_TOLD: [&str; 2] = ["--enable-helm", "--enable-alpha-plugins"];

/// How far behind the name of the setting its value is looked for.
const REACH: usize = 240;

/// The options of kustomize among [`OFTEN_TOLD`] that any text of the repository sets, or builds with.
fn told_options(workspace: &Workspace, scan: &Scan) -> String {
    let asks = scan.kustomizations.values().any(|it| {
        let file = workspace.tree.read(&it.file);
        file.is_ok_and(|file| {
            ["helmCharts", "helmChartInflationGenerator", "generators", "transformers"]
                .iter()
                .any(|word| file.text_or_empty().contains(word))
        })
    });
    if !asks {
        return String::new();
    }
    let is_text = |path: &TreePath| {
        let name = path.file_name();
        is_told(name)
            || [".yaml", ".yml", ".tf", ".tfvars", ".tpl", ".json"].iter().any(|end| name.ends_with(end))
    };
    let files = workspace.tree.files();
    let files =
        files.par_iter().filter(|path| is_text(path)).filter_map(|path| workspace.tree.read(path).ok());
    let found: BTreeSet<&str> = files.flat_map_iter(|file| told_in(&file).flags.clone()).collect();
    found.into_iter().collect::<Vec<_>>().join(" ")
}

/// Those of [`OFTEN_TOLD`] that a text sets, or builds with.
struct ToldOptions {
    flags: Vec<&'static str>,
}

fn told_in(file: &SourceFile) -> Arc<ToldOptions> {
    file.facts().get(|| {
        let text = file.text_or_empty();
        let says = |at: usize| {
            let start =
                (at.saturating_sub(REACH)..=at).find(|start| text.is_char_boundary(*start)).unwrap_or(at);
            let before = text.get(start..at).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            argocd::BUILD_OPTIONS.iter().any(|name| before.contains(name)) || line.contains("kustomize build")
        };
        let is_told = |flag: &&str| memmem::find_iter(text.as_bytes(), flag.as_bytes()).any(says);
        ToldOptions { flags: OFTEN_TOLD.into_iter().filter(is_told).collect() }
    })
}
