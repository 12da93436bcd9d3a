//! What one render is asked for: the flags of `helm template`.

use smol_str::SmolStr;

use crate::finding::{Problem, ProblemKind};
use crate::origin::Placed;
use crate::yaml::go_quote;

use super::dependencies::is_compatible_range;
use super::{Capabilities, Chart, ClusterVersion, Flavor, KubeVersion};

/// Longest name of a release, in bytes.
const MAX_NAME: usize = 53;

/// `.Release`, `.Capabilities` and the switches of `helm template`.
#[derive(Debug, Clone)]
pub struct ReleaseOptions {
    /// `.Release.Name`.
    pub name: Placed<SmolStr>,
    /// `.Release.Namespace`.
    pub namespace: SmolStr,
    /// `.Release.Revision`: 1 without a cluster.
    pub revision: u32,
    /// `.Release.IsInstall`; `.Release.IsUpgrade` is its opposite.
    pub is_install: bool,
    /// Which Helm is followed.
    pub flavor: Flavor,
    /// `.Capabilities`.
    pub capabilities: Capabilities,
    /// `--include-crds`.
    pub include_crds: bool,
    /// `--skip-tests`.
    pub skip_tests: bool,
    /// `--skip-schema-validation`.
    pub skip_schema_validation: bool,
    /// Nobody says outright which Kubernetes it is: a chart for others is not refused.
    pub is_version_assumed: bool,
}

impl ReleaseOptions {
    /// What `helm template NAME CHART --namespace NAMESPACE` is asked for.
    pub fn new(name: Placed<SmolStr>, namespace: impl Into<SmolStr>) -> Self {
        Self {
            name,
            namespace: namespace.into(),
            revision: 1,
            is_install: true,
            flavor: Flavor::default(),
            capabilities: Capabilities::default(),
            include_crds: false,
            skip_tests: false,
            skip_schema_validation: false,
            is_version_assumed: false,
        }
    }

    /// The same for another Helm: its version, the Kubernetes that it was built for.
    #[must_use]
    pub fn for_flavor(self, flavor: Flavor) -> Self {
        Self { flavor, capabilities: Capabilities::of(flavor), ..self }
    }

    /// For a cluster of that version; the error has Helm's words.
    pub fn for_cluster(&mut self, version: &ClusterVersion) -> Result<(), String> {
        self.capabilities.kube_version = KubeVersion::parse(&version.text)?;
        self.is_version_assumed = version.is_assumed;
        Ok(())
    }

    /// What Helm refuses before it renders: the name of the release, a chart for other versions of Kubernetes.
    pub fn check(&self, chart: &Chart) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(words) = refused_name(&self.name.value) {
            problems.push(Problem::at(ProblemKind::Render, self.name.place, words));
        }
        let wanted = &chart.metadata.kube_version;
        let there = &self.capabilities.kube_version;
        if !self.is_version_assumed
            && !wanted.value.is_empty()
            && !is_compatible_range(&wanted.value, &there.normalized)
        {
            let message = format!(
                "chart requires kubeVersion: {} which is incompatible with Kubernetes {}",
                wanted.value, there.version
            );
            problems.push(Problem::at(ProblemKind::Render, wanted.place, message));
        }
        problems
    }
}

/// Helm's words about a name that no release may have (`ValidateReleaseName`).
fn refused_name(name: &str) -> Option<String> {
    let part = |part: &str| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(fits) && part.ends_with(fits) && part.chars().all(|c| fits(c) || c == '-')
    };
    if name.is_empty() {
        return Some("release name check failed: release name \"\": no name provided".to_owned());
    }
    if name.len() <= MAX_NAME && name.split('.').all(part) {
        return None;
    }
    Some(format!(
        "release name check failed: release name {}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53",
        go_quote(name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_names_like_helm() {
        for (name, good) in [
            ("a", true),
            ("a-b.c9", true),
            ("Foo_bar", false),
            ("a.", false),
            ("-a", false),
            ("", false),
            (&"x".repeat(53), true),
            (&"x".repeat(54), false),
        ] {
            assert_eq!(refused_name(name).is_none(), good, "{name}");
        }
    }
}
