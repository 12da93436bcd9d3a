//! What a chart may ask about the cluster: `.Capabilities`.
//!
//! Mirrors `pkg/chart/common/capabilities.go`. Without a cluster Helm answers with the Kubernetes version of the
//! client library that it was built with, and with every API version that this library knows, long removed ones
//! included.

use smol_str::{SmolStr, format_smolstr};

use crate::yaml::go_quote;

use super::Flavor;

/// `.Capabilities`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// `.Capabilities.KubeVersion`.
    pub kube_version: KubeVersion,
    /// `.Capabilities.APIVersions`: the known ones, then those that were named.
    pub api_versions: Vec<SmolStr>,
    /// `.Capabilities.HelmVersion`.
    pub helm_version: HelmVersion,
}

/// `.Capabilities.HelmVersion`: the Helm whose behaviour is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HelmVersion {
    /// `Version`.
    pub version: &'static str,
    /// `GitCommit`.
    pub git_commit: &'static str,
    /// `GitTreeState`.
    pub git_tree_state: &'static str,
    /// `GoVersion`.
    pub go_version: &'static str,
    /// `KubeClientVersion`.
    pub kube_client_version: &'static str,
}

/// Helm 4.1.4 as it was released.
pub const HELM_VERSION: HelmVersion = HelmVersion {
    version: "v4.1.4",
    git_commit: "05fa37973dc9e42b76e1d2883494c87174b6074f",
    git_tree_state: "clean",
    go_version: "go1.25.9",
    kube_client_version: "v1.35",
};

/// Helm 3.19.0 as it was released.
pub const HELM_3_VERSION: HelmVersion = HelmVersion {
    version: "v3.19.0",
    git_commit: "3d8990f0836691f0229297773f3524598f46bda6",
    git_tree_state: "clean",
    go_version: "go1.24.7",
    kube_client_version: "",
};

/// `.Capabilities.KubeVersion`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeVersion {
    /// `Version` and `GitVersion`: as given, with `v` in front.
    pub version: SmolStr,
    /// What `kubeVersion` of a chart is compared with, and what the struct itself prints: numbers alone.
    pub normalized: SmolStr,
    /// `Major`.
    pub major: SmolStr,
    /// `Minor`.
    pub minor: SmolStr,
}

/// The version of the cluster that a chart is rendered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterVersion {
    /// As it is written.
    pub text: SmolStr,
    /// Whether nobody says it outright: the repository shows it.
    pub is_assumed: bool,
}

impl KubeVersion {
    /// Reads `--kube-version`; the error has Helm's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refused = |why: String| format!("invalid kube version '{text}': {why}");
        let bare = text.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
        let bare = bare.strip_prefix('v').unwrap_or(bare);
        let no_digit = |c: char| !c.is_ascii_digit();
        let mut numbers: Vec<u64> = Vec::new();
        let mut rest = bare;
        let quoted = go_quote(text);
        if bare.is_empty() || bare.starts_with(no_digit) || bare.contains('\n') {
            return Err(refused(format!("could not parse {quoted} as version")));
        }
        let mut components: Vec<&str> = Vec::new();
        loop {
            let (number, behind) = rest.split_at(rest.find(no_digit).unwrap_or(rest.len()));
            components.push(number);
            match behind.strip_prefix('.').filter(|next| next.starts_with(|c: char| c.is_ascii_digit())) {
                Some(next) => rest = next,
                None => break,
            }
        }
        if components.len() < 2 {
            return Err(refused(format!("illegal version string {quoted}")));
        }
        for (index, component) in components.iter().enumerate() {
            let shown = go_quote(component);
            if index == 0 && component.starts_with('0') && *component != "0" {
                return Err(refused(format!("illegal zero-prefixed version component {shown} in {quoted}")));
            }
            match component.parse() {
                Ok(number) => numbers.push(number),
                Err(_) => {
                    return Err(refused(format!(
                        "illegal non-numeric version component {shown} in {quoted}: strconv.ParseUint: parsing {shown}: value out of range"
                    )));
                }
            }
        }
        let number = |index: usize| {
            numbers.get(index).map_or_else(SmolStr::default, |number| format_smolstr!("{number}"))
        };
        let normalized: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let version = if text.starts_with('v') { text.into() } else { format_smolstr!("v{text}") };
        Ok(Self {
            version,
            normalized: format_smolstr!("v{}", normalized.join(".")),
            major: number(0),
            minor: number(1),
        })
    }
}

impl Default for Capabilities {
    /// What `helm template` answers without a cluster.
    fn default() -> Self {
        Self::of(Flavor::default())
    }
}

impl Capabilities {
    /// What that Helm answers without a cluster.
    pub fn of(flavor: Flavor) -> Self {
        let (minor, helm_version) = match flavor {
            Flavor::Helm3 => ("34", HELM_3_VERSION),
            Flavor::Helm4 => ("35", HELM_VERSION),
        };
        let version = format_smolstr!("v1.{minor}.0");
        let known = API_VERSIONS.iter().map(|known| match *known {
            "storagemigration.k8s.io/v1beta1" if flavor == Flavor::Helm3 => {
                "storagemigration.k8s.io/v1alpha1"
            }
            known => known,
        });
        Self {
            kube_version: KubeVersion {
                normalized: version.clone(),
                version,
                major: SmolStr::new_static("1"),
                minor: SmolStr::new_static(minor),
            },
            api_versions: known.map(SmolStr::new_static).collect(),
            helm_version,
        }
    }

    /// `.Capabilities.APIVersions.Has`.
    pub fn has(&self, api_version: &str) -> bool {
        self.api_versions.iter().any(|known| known == api_version)
    }
}

/// `DefaultVersionSet` of Helm 4.1.4, in its order.
const API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "autoscaling/v2beta1",
    "autoscaling/v2beta2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha1",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Helm 4.1.4 to `--kube-version`.
    #[test]
    fn parses_kube_versions() {
        for (text, want) in [
            ("1.30", Ok(["v1.30", "v1.30", "1", "30"])),
            ("v1.30.2-gke.1", Ok(["v1.30.2-gke.1", "v1.30.2", "1", "30"])),
            ("1.2.3.4", Ok(["v1.2.3.4", "v1.2.3.4", "1", "2"])),
            ("1.02", Ok(["v1.02", "v1.2", "1", "2"])),
            ("v1.30+", Ok(["v1.30+", "v1.30", "1", "30"])),
            (" 1.30", Ok(["v 1.30", "v1.30", "1", "30"])),
            ("1.30x", Ok(["v1.30x", "v1.30", "1", "30"])),
            ("abc", Err("invalid kube version 'abc': could not parse \"abc\" as version")),
            ("1", Err("invalid kube version '1': illegal version string \"1\"")),
            (
                "01.2",
                Err(
                    "invalid kube version '01.2': illegal zero-prefixed version component \"01\" in \"01.2\"",
                ),
            ),
        ] {
            let got = KubeVersion::parse(text);
            let got = got.as_ref().map(|it| [&it.version, &it.normalized, &it.major, &it.minor]);
            match (got, want) {
                (Ok(got), Ok(want)) => assert_eq!(got.map(SmolStr::as_str), want),
                (Err(got), Err(want)) => assert_eq!(got, want),
                (got, want) => panic!("{text}: {got:?} {want:?}"),
            }
        }
        assert!(Capabilities::default().has("policy/v1beta1"));
        assert!(!Capabilities::default().has("monitoring.coreos.com/v1"));
    }
}
