//! Group, version and kind.

use smol_str::SmolStr;

/// What kind of object something is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Gvk {
    /// API group; empty for core.
    pub group: SmolStr,
    /// API version without the group.
    pub version: SmolStr,
    /// Kind.
    pub kind: SmolStr,
}

impl Gvk {
    /// The three parts.
    pub fn new(group: impl Into<SmolStr>, version: impl Into<SmolStr>, kind: impl Into<SmolStr>) -> Self {
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// `group/version`, or the version alone for core.
    pub fn api_version(&self) -> SmolStr {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            smol_str::format_smolstr!("{}/{}", self.group, self.version)
        }
    }
}

/// `apps/v1` is `("apps", "v1")`, `v1` is `("", "v1")`; what stands behind a second slash belongs to the version.
pub fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_api_versions_apart() {
        for (text, group, version) in [
            ("", "", ""),
            ("v1", "", "v1"),
            ("apps/v1", "apps", "v1"),
            ("/v1", "", "v1"),
            ("apps/", "apps", ""),
        ] {
            assert_eq!(split_api_version(text), (group, version), "{text}");
        }
        assert_eq!(Gvk::new("apps", "v1", "K").api_version(), "apps/v1");
        assert_eq!(Gvk::new("", "v1", "K").api_version(), "v1");
    }
}
