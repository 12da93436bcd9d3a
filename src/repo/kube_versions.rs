//! Which version of Kubernetes the repository shows that its clusters run: in what upgrades them, in what makes their machines, in the code
//! of their infrastructure.
//!
//! Whoever writes a version there may be behind the cluster or ahead of it, so what follows from it is never certain. Files that show or test
//! something, and clusters that are made for trying out (kind, k3d), say nothing; `kubeVersion` of a chart says what the chart needs.

use std::collections::BTreeSet;

use memchr::memmem;
use rayon::prelude::*;
use smol_str::{SmolStr, ToSmolStr as _};

use crate::source::{SourceFile, Sources, Span, TreePath};
use crate::yaml::Node;

use super::clusters::Lineage;
use super::clusters::Variants;
use super::scan::{Scan, ScannedDocument};
use super::{App, Workspace, showcase};

/// Files that are larger hold data.
const LARGEST: usize = 256 << 10;

/// A version that somebody wrote down for a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShownVersion {
    /// The 33 of 1.33.
    pub minor: u32,
    /// Without `v`, and without what a distribution appends: `1.33.2`.
    pub version: SmolStr,
    /// Where it is written.
    pub at: Span,
    /// The file.
    path: TreePath,
    /// The cluster, where an object says it that another cluster makes this one from.
    cluster: Option<SmolStr>,
    lineage: Lineage,
}

/// What the repository shows, the newest first.
#[derive(Debug, Default)]
pub struct ShownVersions {
    all: Vec<ShownVersion>,
    variants: Variants,
}

impl ShownVersions {
    /// Looks through the tree.
    pub(super) fn of(workspace: &Workspace, scan: &Scan, variants: &Variants) -> Self {
        let documents = scan.documents.iter().flat_map(|document| of_document(document, workspace));
        let mut all: Vec<Found> = documents.collect();
        let files = workspace.tree.files();
        // What the scan has read is read already, and to look at its text, once, costs less than to look at its path each time.
        let is_read = |path: &TreePath| scan.files.binary_search(path).is_ok();
        let texts = files.par_iter().filter(|path| is_text(path) && (is_read(path) || may_say(path)));
        let texts = texts.filter_map(|path| Some((path, workspace.tree.read(path).ok()?)));
        all.par_extend(texts.flat_map_iter(|(path, file)| {
            let found = file.facts().get(|| Texts(of_text(file.path().unwrap_or(path), &file)));
            found.0.iter().map(|found| Found { path: path.clone(), ..found.clone() }).collect::<Vec<_>>()
        }));
        all.retain(|found| may_say(&found.path) && !workspace.config.exclude.is_match(found.path.as_str()));
        let shown = |found: Found| {
            let (minor, version) = version_of(&found.text)?;
            let lineage = variants.lineage(&found.path);
            Some(ShownVersion {
                minor,
                version,
                at: found.at,
                path: found.path,
                cluster: found.cluster,
                lineage,
            })
        };
        let mut all: Vec<ShownVersion> = all.into_iter().filter_map(shown).collect();
        all.sort_by(|a, b| (b.minor, &a.path, a.at.start).cmp(&(a.minor, &b.path, b.at.start)));
        let variants = if all.is_empty() { Variants::default() } else { variants.clone() };
        Self { all, variants }
    }

    /// Those that may be of the cluster that an app goes to, the newest first. Of an app that nobody knows, where all say the same.
    pub fn for_app(&self, app: Option<&App>) -> Vec<&ShownVersion> {
        let Some(app) = app else {
            let one = self
                .all
                .iter()
                .all(|it| it.cluster.is_none() && Some(it.minor) == self.all.first().map(|it| it.minor));
            return self.all.iter().filter(|_| one).collect();
        };
        if self.all.is_empty() {
            return Vec::new();
        }
        let own = matches!(app.cluster.as_str(), "" | "in-cluster" | crate::argocd::IN_CLUSTER);
        let lineage = app.path.as_ref().map(|path| self.variants.lineage(path));
        let is_its = |it: &&ShownVersion| match &it.cluster {
            Some(cluster) => *cluster == app.cluster,
            None if own => lineage.as_ref().is_none_or(|lineage| lineage.may_be_of(&it.lineage)),
            // Of another cluster than the one that Argo CD is on, a file says something that lies below its name.
            None => it.path.components().any(|name| name == app.cluster),
        };
        self.all.iter().filter(is_its).collect()
    }

    /// What was read, and where, a line for each file; `None` where the repository shows nothing.
    pub fn words(&self, sources: &Sources) -> Option<String> {
        let mut seen = BTreeSet::new();
        let told = self.all.iter().filter(|it| seen.insert((&it.path, it.minor)));
        let told: Vec<String> = told
            .filter_map(|it| {
                let (name, start, _) = sources.locate(it.at)?;
                let of = it.cluster.as_ref().map(|name| format!(" of cluster {name}")).unwrap_or_default();
                Some(format!("{}{of} ({name}:{})", it.version, start.line))
            })
            .collect();
        let newest =
            if told.len() > 1 { "; for each app the newest counts that may be of its cluster" } else { "" };
        (!told.is_empty())
            .then(|| format!("Kubernetes as the repository shows it: {}{newest}", told.join(", ")))
    }

    /// Puts into `hasher` what there is.
    pub(super) fn mark(&self, hasher: &mut impl std::hash::Hasher) {
        std::hash::Hash::hash(&self.all, hasher);
    }
}

/// What was found in the text of a file.
struct Texts(Vec<Found>);

/// A text that may be a version.
#[derive(Debug, Clone)]
struct Found {
    text: SmolStr,
    at: Span,
    path: TreePath,
    cluster: Option<SmolStr>,
}

/// `1.33.2` and 33 of `v1.33.2+k3s1`, `1.33`, `1.33.`; `None` for anything else.
fn version_of(text: &str) -> Option<(u32, SmolStr)> {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
    let (numbers, rest) = bare.split_at(end);
    let numbers = numbers.trim_end_matches('.');
    let mut parts = numbers.split('.');
    let (major, minor, patch, more) = (parts.next()?, parts.next()?, parts.next(), parts.next());
    let minor: u32 = minor.parse().ok()?;
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let fits = major == "1" && (20..100).contains(&minor) && patch.is_none_or(is_number) && more.is_none();
    (fits && (rest.is_empty() || rest.starts_with(['+', '-']))).then(|| (minor, numbers.into()))
}

/// Whether a file speaks of the clusters of this repository: not of one for trying out, and not of old times.
fn may_say(path: &TreePath) -> bool {
    const OTHERS: [&str; 6] = ["old", "legacy", "hack", "ci", "vendor", "node_modules"];
    let mut names: Vec<&str> = path.components().collect();
    names.pop();
    let hidden = |name: &&str| name.starts_with('.') && *name != ".taskfiles" || OTHERS.contains(name);
    showcase::showcase(path).is_none()
        && !showcase::is_set_aside(path)
        && !showcase::is_test_data(path)
        && !showcase::is_template_file(path)
        && !names.iter().any(hidden)
}

/// Whether a file is of a kind in which people write versions of clusters line by line.
fn is_text(path: &TreePath) -> bool {
    const ENDS: [&str; 10] =
        [".yaml", ".yml", ".yaml.j2", ".yml.j2", ".tf", ".tfvars", ".hcl", ".env", ".toml", ".properties"];
    let name = path.file_name();
    // Values of charts say which clusters a chart is to make.
    let values = name.contains("values") || path.components().any(|name| name == "templates");
    !values && (ENDS.iter().any(|end| name.ends_with(end)) || name == "VERSION" || name.starts_with(".env"))
}

/// Words of which a file has one if it says something.
const NEEDLES: [&str; 10] = [
    "ubernetesVersion",
    "UBERNETES_VERSION",
    "ubernetes_version",
    "cluster_version",
    "k8s_version",
    "K8S_VERSION",
    "k3s_version",
    "rke2_version",
    "siderolabs/kubelet",
    "min_master_version",
];

/// What stands in a text line by line: `key: version`, `key = "version"`, the image of the kubelet that Talos runs, and a version below the comment that
/// tells Renovate what it is of.
fn of_text(path: &TreePath, file: &SourceFile) -> Vec<Found> {
    let text = file.text_or_empty();
    if text.len() > LARGEST
        || !NEEDLES.iter().any(|needle| memmem::find(text.as_bytes(), needle.as_bytes()).is_some())
    {
        return Vec::new();
    }
    let is_infrastructure = [".tf", ".tfvars", ".hcl"].iter().any(|end| path.file_name().ends_with(end));
    // Among the fields of an object, a version is of something that the object is about.
    let is_object = text.lines().any(|line| line.starts_with("apiVersion:"));
    let mut found = Vec::new();
    let (mut start, mut announced) = (0_usize, false);
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let bare = line.trim();
        if bare.starts_with('#') {
            announced = bare.contains("siderolabs/kubelet") && bare.contains("renovate")
                || announced && bare.len() > 1;
            continue;
        }
        let told = std::mem::take(&mut announced);
        if is_object {
            continue;
        }
        let value = match bare.split_once([':', '=']) {
            Some(("image", image)) => image.rsplit_once("siderolabs/kubelet:").map(|(_, tag)| tag),
            Some((key, value)) => (told || names_version(key, is_infrastructure)).then_some(value),
            None => None,
        };
        let value = value.map(|value| value.split('@').next().unwrap_or(value));
        let Some(value) = value.map(|value| value.split(" #").next().unwrap_or(value)) else { continue };
        let value = value.trim().trim_matches(['"', '\'', ',', '`']);
        if let Some(offset) = line.find(value).filter(|_| version_of(value).is_some()) {
            let at = (at + offset) as u32;
            let at = Span::new(file.id(), at, at + value.len() as u32);
            found.push(Found { text: value.into(), at, path: path.clone(), cluster: None });
        }
    }
    found
}

/// Whether a key is that of the version of a cluster.
fn names_version(key: &str, is_infrastructure: bool) -> bool {
    let key = key.trim().trim_start_matches("export ").trim_matches(['"', '\'', ' ', '-']);
    let key = key.to_ascii_lowercase().replace(['_', '-'], "");
    match key.as_str() {
        "kubernetesversion" | "k8sversion" | "k3sversion" | "k3sreleaseversion" | "rke2version" => true,
        "clusterversion" | "minmasterversion" | "eksversion" | "aksversion" | "gkeversion" => {
            is_infrastructure
        }
        _ => false,
    }
}

/// What an object says that upgrades its own cluster, or that makes another.
fn of_document(document: &ScannedDocument, workspace: &Workspace) -> Vec<Found> {
    let (group, kind) = (document.group.as_str(), document.kind.as_str());
    let own: &[&str] = match (group, kind) {
        ("upgrade.cattle.io", "Plan") => &["spec", "version"],
        ("tuppr.home-operations.com", "KubernetesUpgrade") => &["spec", "kubernetes", "version"],
        ("eksctl.io", "ClusterConfig") => &["metadata", "version"],
        _ => &[],
    };
    let other: &[&str] = match (group, kind) {
        ("cluster.x-k8s.io", "Cluster") => &["spec", "topology", "version"],
        ("controlplane.cluster.x-k8s.io", _) => &["spec", "version"],
        ("provisioning.cattle.io", "Cluster") => &["spec", "kubernetesVersion"],
        ("eks.services.k8s.aws", "Cluster") => &["spec", "version"],
        ("eks.aws.upbound.io", "Cluster") => &["spec", "forProvider", "version"],
        ("container.cnrm.cloud.google.com", "ContainerCluster") => &["spec", "minMasterVersion"],
        ("containerservice.azure.com", "ManagedCluster") => &["spec", "kubernetesVersion"],
        _ => &[],
    };
    let substitutes = group == "kustomize.toolkit.fluxcd.io" && kind == "Kustomization";
    if own.is_empty() && other.is_empty() && !substitutes {
        return Vec::new();
    }
    let Some(node) = document.node(workspace) else { return Vec::new() };
    let found = |value: &Node, cluster: Option<SmolStr>| {
        let text = value.scalar_text().filter(|text| version_of(text).is_some())?.to_smolstr();
        Some(Found { text, at: value.place().at, path: document.path.clone(), cluster })
    };
    if substitutes {
        let variables =
            node.at_path(&["spec", "postBuild", "substitute"]).map(Node::entries).unwrap_or_default();
        let variables = variables.iter().filter(|entry| names_version(&entry.key.text, false));
        return variables.filter_map(|entry| found(&entry.value, None)).collect();
    }
    if !own.is_empty() {
        // Plans upgrade operating systems as well: a distribution says by its suffix that it is Kubernetes.
        let is_one = |value: &&Node| {
            kind != "Plan"
                || value.scalar_text().is_some_and(|text| ["k3s", "rke2"].iter().any(|it| text.contains(it)))
        };
        return node.at_path(own).filter(is_one).and_then(|value| found(value, None)).into_iter().collect();
    }
    node.at_path(other).and_then(|value| found(value, Some(document.name.clone()))).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        for (text, want) in [
            ("v1.33.2", Some((33, "1.33.2"))),
            ("v1.30.4+k3s1", Some((30, "1.30.4"))),
            ("1.31", Some((31, "1.31"))),
            ("1.29.", Some((29, "1.29"))),
            ("1.30.5-k3s1", Some((30, "1.30.5"))),
            (">=1.25", None),
            ("1.5.0", None),
            ("2.33.1", None),
            ("1.33.x", None),
            ("${KUBERNETES_VERSION}", None),
            ("talos-v1.5.0", None),
        ] {
            assert_eq!(version_of(text), want.map(|(minor, version)| (minor, version.into())), "{text}");
        }
    }

    #[test]
    fn keys_name_versions() {
        assert!(
            names_version("kubernetesVersion", false) && names_version("export KUBERNETES_VERSION", false)
        );
        assert!(names_version("  cluster_version ", true) && !names_version("cluster_version", false));
        assert!(!names_version("kubeVersion", false) && !names_version("version", true));
    }
}
