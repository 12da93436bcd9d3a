//! Which engines render a repository's apps: those of the Argo CD or Flux that it installs, else those that the
//! configuration names, else the newest.
//!
//! What is installed is read from what is written: images of controllers, addresses of install manifests, the version of a
//! FluxInstance, the version of the `argo-cd` chart. Where a repository shows several that differ, none of them counts.

use std::collections::BTreeSet;

use memchr::memmem;
use smol_str::SmolStr;

use crate::config::Config;
use crate::helm;
use crate::kustomize::{self, Flavors};
use crate::source::TreePath;
use crate::yaml::Node;

use super::Workspace;
use super::scan::Scan;

/// The engines of each controller, and of what no controller applies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Engines {
    /// Of Applications.
    pub argocd: Flavors,
    /// Of Kustomizations and HelmReleases.
    pub flux: Flavors,
    /// Of everything else.
    pub other: Flavors,
}

/// The chart that installs Argo CD.
const CHART: &str = "argo-cd";

/// Major and minor version.
type Version = (u32, u32);

/// What the repository shows, as far as all that it shows is the same.
#[derive(Debug, Default)]
struct Installed {
    argocd: BTreeSet<Version>,
    /// Charts of Argo CD, by their own versions.
    argocd_charts: BTreeSet<Version>,
    flux: BTreeSet<Version>,
    kustomize_controller: BTreeSet<Version>,
    helm_controller: BTreeSet<Version>,
}

/// Picks what a version is of.
type Of = fn(&mut Installed) -> &mut BTreeSet<Version>;

/// Text before a version, and which version it is.
const NEEDLES: [(&str, Of); 5] = [
    ("argoproj/argocd:v", |it| &mut it.argocd),
    ("argoproj/argo-cd/v", |it| &mut it.argocd),
    ("fluxcd/kustomize-controller:v", |it| &mut it.kustomize_controller),
    ("fluxcd/helm-controller:v", |it| &mut it.helm_controller),
    ("# Flux Version: v", |it| &mut it.flux),
];

impl Engines {
    /// The engines of a repository.
    pub(super) fn of(workspace: &Workspace, scan: &Scan) -> Self {
        let mut installed = Installed::default();
        let mut paths: BTreeSet<&TreePath> = scan.kustomizations.values().map(|it| &it.file).collect();
        for document in &scan.documents {
            match (document.group.as_str(), document.kind.as_str()) {
                ("apps", "Deployment" | "StatefulSet") => {
                    paths.insert(&document.path);
                }
                ("fluxcd.controlplane.io", "FluxInstance") => {
                    let node = document.node(workspace);
                    let written =
                        node.as_ref().and_then(|node| node.at_path(&["spec", "distribution", "version"]));
                    installed.flux.extend(written.and_then(Node::as_str).and_then(version));
                }
                // Only files that have the word are looked into: there can be thousands of Applications.
                ("argoproj.io", "Application") if speaks_of_argocd(workspace, &document.path) => {
                    if let Some(node) = document.node(workspace) {
                        installed.argocd_charts.extend(chart(&node));
                    }
                }
                _ => {}
            }
        }
        for path in paths {
            let Ok(file) = workspace.tree.read(path) else { continue };
            installed.read(file.text_or_empty());
        }
        installed.engines(&workspace.config)
    }
}

impl Installed {
    /// Takes in what a file says.
    fn read(&mut self, text: &str) {
        for (needle, place) in NEEDLES {
            for at in memmem::find_iter(text.as_bytes(), needle) {
                let found = text.get(at + needle.len()..).and_then(version);
                place(self).extend(found);
            }
        }
        for line in text.lines().filter(|line| line.contains("argoproj/argo-cd")) {
            let behind = line.split_once("ref=v").and_then(|(_, behind)| version(behind));
            self.argocd.extend(behind);
        }
    }

    fn engines(&self, config: &Config) -> Engines {
        let configured = Flavors {
            helm: config.engines.helm.and_then(helm::Flavor::parse).unwrap_or_default(),
            kustomize: config.engines.kustomize.and_then(kustomize::Flavor::parse).unwrap_or_default(),
        };
        let mut engines = Engines { argocd: configured, flux: configured, other: configured };
        // All versions of Argo CD so far bring Helm 3.
        if !self.argocd.is_empty() || !self.argocd_charts.is_empty() {
            engines.argocd.helm = helm::Flavor::Helm3;
        }
        // Charts up to 8 install Argo CD 3.1 or older; which of the later ones brought what is not told by their number.
        let argocd = self.argocd.iter().map(|version| *version >= (3, 3));
        let charts = self.argocd_charts.iter().filter(|(major, _)| *major <= 8).map(|_| false);
        if let Some(newer) = unanimous(argocd.chain(charts)) {
            engines.argocd.kustomize = kustomize_flavor(newer);
        }
        let flux = || self.flux.iter().map(|version| *version >= (2, 8));
        let own = self.kustomize_controller.iter().map(|version| *version >= (1, 8));
        if let Some(newer) = unanimous(flux().chain(own)) {
            engines.flux.kustomize = kustomize_flavor(newer);
        }
        let own = self.helm_controller.iter().map(|version| *version >= (1, 5));
        if let Some(newer) = unanimous(flux().chain(own)) {
            engines.flux.helm = if newer { helm::Flavor::Helm4 } else { helm::Flavor::Helm3 };
        }
        engines
    }
}

fn speaks_of_argocd(workspace: &Workspace, path: &TreePath) -> bool {
    workspace.tree.read(path).is_ok_and(|file| memmem::find(file.bytes(), CHART.as_bytes()).is_some())
}

fn kustomize_flavor(newer: bool) -> kustomize::Flavor {
    if newer { kustomize::Flavor::V5_8 } else { kustomize::Flavor::V5_7 }
}

/// What all say, if they say the same.
fn unanimous(mut all: impl Iterator<Item = bool>) -> Option<bool> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// The version that a text begins with; `2.x` names none.
fn version(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts = text.splitn(3, '.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?;
    let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
    Some((major, minor.get(..digits)?.parse().ok()?))
}

/// The version of the `argo-cd` chart that an Application installs.
fn chart(application: &Node) -> Vec<Version> {
    let spec = application.get("spec");
    let one = spec.and_then(|spec| spec.get("source")).into_iter();
    let many = spec.map(|spec| spec.items(&["sources"])).unwrap_or_default();
    one.chain(many)
        .filter(|source| source.get("chart").and_then(Node::as_str) == Some(CHART))
        .filter_map(|source| source.get("targetRevision")?.scalar().map(SmolStr::as_str).and_then(version))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engines(texts: &[&str]) -> Engines {
        let mut installed = Installed::default();
        for text in texts {
            installed.read(text);
        }
        installed.engines(&Config::default())
    }

    #[test]
    fn follows_what_is_installed() {
        let newest = Engines::default();
        assert_eq!(engines(&["image: nginx:1.25"]), newest);
        let old = engines(&["image: quay.io/argoproj/argocd:v3.1.9"]);
        assert_eq!(old.argocd, Flavors { helm: helm::Flavor::Helm3, kustomize: kustomize::Flavor::V5_7 });
        assert_eq!(old.flux, newest.flux);
        let by_reference = "- https://github.com/argoproj/argo-cd//manifests/cluster-install?ref=v3.3.0";
        let newer = engines(&[by_reference]);
        assert_eq!(newer.argocd, Flavors { helm: helm::Flavor::Helm3, kustomize: kustomize::Flavor::V5_8 });
        let by_file = "- https://raw.githubusercontent.com/argoproj/argo-cd/v2.14.0/manifests/install.yaml";
        assert_eq!(engines(&[by_file]).argocd.kustomize, kustomize::Flavor::V5_7);
        // Two clusters, two versions: neither counts for kustomize.
        assert_eq!(engines(&[by_reference, by_file]).argocd.kustomize, kustomize::Flavor::V5_8);
        let flux = engines(&["# Flux Version: v2.7.5\n", "image: ghcr.io/fluxcd/helm-controller:v1.4.5"]);
        assert_eq!(flux.flux, Flavors { helm: helm::Flavor::Helm3, kustomize: kustomize::Flavor::V5_7 });
        assert_eq!(engines(&["image: ghcr.io/fluxcd/helm-controller:v1.5.0"]).flux, newest.flux);
    }

    #[test]
    fn reads_versions() {
        for (text, want) in [
            ("3.1.9", Some((3, 1))),
            ("v2.7", Some((2, 7))),
            ("1.5.0-rc.1", Some((1, 5))),
            ("2.x", None),
            ("3", None),
            ("", None),
        ] {
            assert_eq!(version(text), want, "{text}");
        }
    }
}
