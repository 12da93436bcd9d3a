//! Which kustomize is followed. What differs was found by running both.

use crate::helm;

/// A generation of kustomize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Flavor {
    /// kustomize 5.7: Argo CD up to 3.2, Flux up to 2.7, kubectl up to 1.35. `select` and `reject` of a replacement name
    /// resources exactly, and what Helm made gets the `namespace` of the kustomization.
    V5_7,
    /// kustomize 5.8: what came after them. `select` and `reject` are regular expressions, and what Helm made keeps the
    /// namespace of its release.
    #[default]
    V5_8,
}

impl Flavor {
    /// All of them, the newest last.
    pub const ALL: [Self; 2] = [Self::V5_7, Self::V5_8];

    /// How it is written in configurations and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V5_7 => "5.7",
            Self::V5_8 => "5.8",
        }
    }

    /// What `buildMetadata: [managedByLabel]` writes behind `kustomize-`.
    pub(super) const fn version(self) -> &'static str {
        match self {
            Self::V5_7 => "v5.7.1",
            Self::V5_8 => "v5.8.1",
        }
    }

    /// The one that a version belongs to: `5.7`, `v5.4.3`, `5.8.1`.
    pub fn parse(version: &str) -> Option<Self> {
        let version = version.strip_prefix('v').unwrap_or(version);
        let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
        match (parts.next()??, parts.next()??) {
            (major, minor) if (major, minor) >= (5, 8) => Some(Self::V5_8),
            _ => Some(Self::V5_7),
        }
    }
}

/// The engines that an app is rendered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flavors {
    /// Helm, also for `helmCharts`.
    pub helm: helm::Flavor,
    /// kustomize.
    pub kustomize: Flavor,
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::super::filters::testing::check_with;
    use super::*;

    #[test]
    fn reads_versions() {
        for flavor in Flavor::ALL {
            assert_eq!(Flavor::parse(flavor.name()), Some(flavor));
        }
        assert_eq!(Flavor::parse("v5.4.3"), Some(Flavor::V5_7));
        assert_eq!(Flavor::parse("latest"), None);
    }

    #[test]
    fn does_what_each_kustomize_does() {
        for (flavor, table) in [
            (Flavor::V5_7, include_str!("../../fixtures/kustomize/flavor_5_7.yaml")),
            (Flavor::V5_8, include_str!("../../fixtures/kustomize/flavor_5_8.yaml")),
        ] {
            check_with(table, &Options { flavor, enable_helm: true, ..Options::default() });
        }
    }
}
