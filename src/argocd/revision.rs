//! Which tag a `targetRevision` means, and which version of a chart.
//!
//! Mirrors `util/versions/tags.go`: a valid version is a name, anything else that parses as a version constraint picks the
//! newest tag that satisfies it.

use crate::golang::semver::{Constraint, SemverError, Version};

/// Whether a revision is a version constraint (`1.x`, `>=1.2 <2`, `*`) rather than a version or a name.
pub fn is_constraint(revision: &str) -> bool {
    Version::parse(revision).is_err() && Constraint::parse(revision).is_ok()
}

/// The newest of `tags` that satisfies `revision`; `None` when it is no constraint or nothing does.
pub fn pick_tag(revision: &str, tags: &[&str]) -> Option<String> {
    if Version::parse(revision).is_ok() {
        return None;
    }
    newest(&Constraint::parse(revision).ok()?, tags).map(str::to_owned)
}

/// The version of a chart that `revision` means among those there are: a version means itself, as Helm compares it
/// (`1.2` is `1.2.0`), a constraint the newest that satisfies it.
pub fn pick_version<'a>(revision: &str, versions: &[&'a str]) -> Option<&'a str> {
    if let Some(same) = versions.iter().find(|version| **version == revision) {
        return Some(same);
    }
    newest(&Constraint::parse(revision).ok()?, versions)
}

/// Of equal versions the first wins. Names that are no versions do not count, but a version that is almost right
/// (`1.0.0-01`) stops Argo CD altogether.
fn newest<'a>(constraint: &Constraint, tags: &[&'a str]) -> Option<&'a str> {
    let mut newest: Option<(Version, &str)> = None;
    for tag in tags {
        let version = match Version::parse(tag) {
            Ok(version) => version,
            Err(SemverError::Invalid) => continue,
            Err(_) => return None,
        };
        let newer = newest.as_ref().is_none_or(|(known, _)| version > *known);
        if newer && constraint.check(&version) {
            newest = Some((version, tag));
        }
    }
    newest.map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAGS: [&str; 9] =
        ["v0.5.0", "v1.0.0", "1.1.0", "v1.1.1", "v2.0.0-rc1", "v1.2.0-alpha", "release", "2023-10", "v0.5.1"];

    #[test]
    fn picks_tags_like_argo() {
        for (revision, want) in [
            ("*", Some("v1.1.1")),
            ("1.x", Some("v1.1.1")),
            ("^1.0", Some("v1.1.1")),
            (">=0.5 <1", Some("v0.5.1")),
            ("~0.5.0", Some("v0.5.1")),
            (">=1.2.0-0", Some("2023-10")),
            (">=0.0.0-0", Some("2023-10")),
            ("v1.0.0", None),
            ("1.0", None),
            ("3.x", None),
            ("main", None),
            ("release", None),
            ("", None),
        ] {
            assert_eq!(pick_tag(revision, &TAGS).as_deref(), want, "{revision}");
        }
        assert_eq!(pick_tag("*", &["v1.0.0", "v1.0.0-01"]), None, "a bad prerelease stops it");
        for (revision, want) in [("1.x", true), ("*", true), ("v1", false), ("main", false), ("v1-x", false)]
        {
            assert_eq!(is_constraint(revision), want, "{revision}");
        }
    }

    #[test]
    fn picks_chart_versions() {
        let versions = ["1.2.0", "1.10.1", "v2.0.0", "2.1.0-rc.1"];
        for (revision, want) in [
            ("1.2.0", Some("1.2.0")),
            ("1.2", Some("1.2.0")),
            ("2.0.0", Some("v2.0.0")),
            ("1.*", Some("1.10.1")),
            ("~1.2.0", Some("1.2.0")),
            ("3.x", None),
            ("2.1.0-rc.1", Some("2.1.0-rc.1")),
        ] {
            assert_eq!(pick_version(revision, &versions), want, "{revision}");
        }
    }
}
