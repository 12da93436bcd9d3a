//! Which apps can meet on one cluster.
//!
//! Two apps own the same object only when they deploy to the same cluster, and `https://kubernetes.default.svc` in two
//! bootstraps that never share a cluster is not one cluster. Nothing in Git says so outright, so this module
//! reads the layout: directories that are variants of each other (`clusters/dev` beside `clusters/prod`) are
//! taken for different clusters. The configuration (`clusters[].paths`) overrides it.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Cluster;
use crate::relations::STAGES;
use crate::source::TreePath;

/// Directory names whose children are environments, clusters or the like: variants, not parts.
const PARENTS: &[&str] = &[
    "clusters",
    "cluster",
    "environments",
    "environment",
    "envs",
    "env",
    "overlays",
    "regions",
    "sites",
    "stages",
    "bootstrap",
    "profiles",
    "variants",
    "examples",
    "samples",
];

/// Names of environments, beside stages. A directory so called beside another one so called is its variant.
const PLATFORMS: &[&str] = &[
    "pre-prod",
    "lab",
    "demo",
    "hub",
    "spoke",
    "edge",
    "aws",
    "azure",
    "gcp",
    "eks",
    "aks",
    "gke",
    "kind",
    "k3s",
    "minikube",
    "openshift",
];

/// Whether a word is a stage or a kind of cluster.
fn is_variant_word(word: &str) -> bool {
    STAGES.contains(&word) || PLATFORMS.contains(&word)
}

/// For each root, the variant directories its definition lies in.
#[derive(Debug, Default, Clone)]
pub struct Variants {
    /// Directories that have variants below them, with the names of those variants.
    splits: BTreeMap<TreePath, BTreeSet<String>>,
    /// `clusters[].paths`: what is applied to which of the declared clusters.
    declared: Vec<(TreePath, usize)>,
}

/// Whether a name is that of an environment, a stage or a kind of cluster.
pub fn is_environment(name: &str) -> bool {
    let name = name.to_lowercase();
    is_variant_word(&name) || name.split(['-', '_', '.']).any(|part| is_variant_word(part) && part.len() > 2)
}

/// Whether two files of one directory are variants of each other by their names: `root-dev.yaml` beside `root-prod.yaml`.
pub(super) fn are_variants(a: &TreePath, b: &TreePath) -> bool {
    if a == b || a.parent() != b.parent() {
        return false;
    }
    let words = |path: &TreePath| -> Vec<String> {
        path.file_name().to_lowercase().split(['-', '_', '.']).map(str::to_owned).collect()
    };
    let (ours, theirs) = (words(a), words(b));
    let mut differing = ours.iter().zip(&theirs).filter(|(one, other)| one != other);
    let is_known = |(one, other): (&String, &String)| is_variant_word(one) && is_variant_word(other);
    ours.len() == theirs.len() && differing.next().is_some_and(is_known) && differing.next().is_none()
}

impl Variants {
    /// Finds the variant directories among the directories that the given files lie in.
    pub fn of<'a>(files: impl IntoIterator<Item = &'a TreePath>) -> Self {
        let mut children: BTreeMap<TreePath, BTreeSet<String>> = BTreeMap::new();
        for file in files {
            let mut dir = file.parent();
            while let Some(at) = dir {
                let Some(parent) = at.parent() else { break };
                let fresh = children.entry(parent.clone()).or_default().insert(at.file_name().to_owned());
                dir = fresh.then_some(parent);
            }
        }
        let splits = children.into_iter().filter_map(|(dir, names)| {
            let named = PARENTS.contains(&dir.file_name().to_lowercase().as_str());
            let names: BTreeSet<String> =
                names.into_iter().filter(|name| named || is_environment(name)).collect();
            (names.len() > 1).then_some((dir, names))
        });
        Self { splits: splits.collect(), declared: Vec::new() }
    }

    /// With what the configuration says about clusters, which wins over names of directories.
    #[must_use]
    pub fn declare(self, clusters: &[Cluster]) -> Self {
        let paths = clusters.iter().enumerate().flat_map(|(index, cluster)| {
            let paths = cluster.paths.iter().filter_map(|path| TreePath::new(&path.value).ok());
            paths.map(move |path| (path, index))
        });
        Self { declared: paths.collect(), ..self }
    }

    /// The declared clusters that a file is applied to; empty where the configuration does not say.
    fn declared(&self, path: &TreePath) -> impl Iterator<Item = usize> {
        let below = self.declared.iter().filter(|(at, _)| path.starts_with(at));
        below.map(|(_, cluster)| *cluster)
    }

    /// The variant directories that a file lies in, outermost first: a directory that has variants, and the one of them.
    pub(super) fn lineage(&self, path: &TreePath) -> Lineage {
        let mut found = Vec::new();
        let mut dir = path.parent();
        while let Some(at) = dir {
            let parent = at.parent();
            if let Some(parent) = &parent
                && self.splits.get(parent).is_some_and(|names| names.contains(at.file_name()))
            {
                found.push((parent.clone(), at.file_name().to_owned()));
            }
            dir = parent;
        }
        found.reverse();
        let mut clusters: Vec<usize> = self.declared(path).collect();
        clusters.sort_unstable();
        Lineage { variants: found, clusters }
    }

    /// The outermost variant directory that a file lies in.
    pub fn of_path(&self, path: &TreePath) -> Option<TreePath> {
        self.lineage(path).outermost()
    }

    /// Whether what is defined in the two files may meet on one cluster: not when some directory has them in two
    /// different variants.
    pub fn may_meet(&self, a: &TreePath, b: &TreePath) -> bool {
        a == b || self.lineage(a).may_meet(&self.lineage(b))
    }
}

/// The variants that a file belongs to, outermost first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Lineage {
    variants: Vec<(TreePath, String)>,
    /// The declared clusters that the file is applied to, in order; empty where the configuration does not say.
    clusters: Vec<usize>,
}

impl Lineage {
    /// Whether no directory has the two in different variants. Where two lineages part, the directories below are different
    /// ones: only the first difference can be one of variants.
    pub(super) fn may_meet(&self, other: &Self) -> bool {
        if !self.clusters.is_empty() && !other.clusters.is_empty() {
            return self.clusters.iter().any(|cluster| other.clusters.binary_search(cluster).is_ok());
        }
        let mut theirs = other.variants.iter().peekable();
        for (dir, name) in &self.variants {
            while theirs.peek().is_some_and(|(their, _)| their < dir) {
                theirs.next();
            }
            if theirs.peek().is_some_and(|(their, other)| their == dir && other != name) {
                return false;
            }
        }
        true
    }

    /// Whether what is written in the other may be about the cluster of this one: they may meet, and where both lie in variants, in one that
    /// is called alike, be it of another directory.
    pub(super) fn may_be_of(&self, other: &Self) -> bool {
        let alike = |name: &String| other.variants.iter().any(|(_, theirs)| theirs == name);
        let parted = !self.variants.is_empty() && !other.variants.is_empty();
        self.may_meet(other) && (!parted || self.variants.iter().any(|(_, name)| alike(name)))
    }

    /// The outermost variant directory.
    pub(super) fn outermost(&self) -> Option<TreePath> {
        self.variants.first().map(|(dir, name)| dir.child(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_do_not_meet() {
        let path = |text: &str| TreePath::new(text).unwrap();
        let files = [
            "clusters/home/apps/a.yaml",
            "clusters/away/apps/a.yaml",
            "apps/shop/app.yaml",
            "apps/mail/app.yaml",
            "deploy/dev/x.yaml",
            "deploy/prod/x.yaml",
            "deploy/common/x.yaml",
        ]
        .map(path);
        let variants = Variants::of(&files);
        for (a, b, want) in [
            ("clusters/home/apps/a.yaml", "clusters/away/apps/a.yaml", false),
            ("clusters/home/apps/a.yaml", "clusters/home/apps/b.yaml", true),
            ("apps/shop/app.yaml", "apps/mail/app.yaml", true),
            ("deploy/dev/x.yaml", "deploy/prod/x.yaml", false),
            ("deploy/dev/x.yaml", "deploy/common/x.yaml", true),
            ("deploy/dev/x.yaml", "clusters/home/apps/a.yaml", true),
        ] {
            assert_eq!(variants.may_meet(&path(a), &path(b)), want, "{a} {b}");
        }
    }
}
