//! Which Helm is followed: Argo CD runs Helm 3, Flux and the command line have come to Helm 4.
//!
//! What differs was found by running both over the same charts: `.Chart` is a struct in 3 and a map in 4, webhook
//! configurations have a place of their own in the order of 4, and each speaks for the Kubernetes that it was built with.

/// A generation of Helm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Flavor {
    /// Helm 3.19.
    Helm3,
    /// Helm 4.1.
    #[default]
    Helm4,
}

impl Flavor {
    /// All of them, the newest last.
    pub const ALL: [Self; 2] = [Self::Helm3, Self::Helm4];

    /// How it is written in configurations and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Helm3 => "3.19",
            Self::Helm4 => "4",
        }
    }

    /// The one that a version belongs to: `3`, `v3.18.4`, `4.1`.
    pub fn parse(version: &str) -> Option<Self> {
        let version = version.strip_prefix('v').unwrap_or(version);
        match version.split('.').next() {
            Some("3") => Some(Self::Helm3),
            Some("4") => Some(Self::Helm4),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        for flavor in Flavor::ALL {
            assert_eq!(Flavor::parse(flavor.name()), Some(flavor));
        }
        assert_eq!(Flavor::parse("v3.18.4"), Some(Flavor::Helm3));
        assert_eq!(Flavor::parse("5"), None);
    }
}
