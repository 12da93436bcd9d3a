//! Charts in a directory of a Git repository, as the plugin helm-git names them where a chart repository stands:
//! `git+https://host/org/repo@path/of/charts?ref=v1.0.0`.

use std::borrow::Cow;

use crate::source::{Dir, TreePath};

/// Where a chart lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InGit {
    /// The URL of the repository.
    pub(super) url: String,
    /// The revision; empty for the default branch.
    pub(super) revision: String,
    /// The directory of the chart or of its parent.
    path: TreePath,
}

impl InGit {
    /// Reads such a URL; `None` for any other.
    pub(super) fn read(repository: &str) -> Option<Self> {
        let rest = repository.strip_prefix("git+")?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (scheme, behind) = place.split_once("://")?;
        // The user of a host is in front of its first slash, the path of the charts behind the last sign.
        let (host, inside) = behind.split_once('/')?;
        let (name, path) = inside.rsplit_once('@').unwrap_or((inside, ""));
        let revision = query.split('&').find_map(|pair| pair.strip_prefix("ref=")).unwrap_or_default();
        Some(Self {
            url: format!("{scheme}://{host}/{name}"),
            revision: decoded(revision).into_owned(),
            path: TreePath::new(path.trim_matches('/')).ok()?,
        })
    }

    /// The chart in the repository: the directory itself, or the one of that name in it.
    pub(super) fn chart(&self, root: &Dir, name: &str) -> Option<Dir> {
        let at = root.path.join(self.path.as_str()).ok()?;
        let dirs = [at.child(name), at];
        let chart = dirs.into_iter().find(|dir| root.tree.is_file(&dir.child("Chart.yaml")))?;
        Some(root.at(chart))
    }
}

/// `%2F` as the slash of a branch.
fn decoded(text: &str) -> Cow<'_, str> {
    if text.contains('%') { text.replace("%2F", "/").replace("%2f", "/").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_urls() {
        for (text, url, revision, path) in [
            ("git+https://h.example/o/r@deploy/chart?ref=v1", "https://h.example/o/r", "v1", "deploy/chart"),
            (
                "git+ssh://git@h.example/o/r.git@charts?sparse=0&ref=a%2Fb",
                "ssh://git@h.example/o/r.git",
                "a/b",
                "charts",
            ),
            ("git+https://h.example/o/r", "https://h.example/o/r", "", ""),
        ] {
            let want =
                InGit { url: url.into(), revision: revision.into(), path: TreePath::new(path).unwrap() };
            assert_eq!(InGit::read(text), Some(want), "{text}");
        }
        for text in ["https://h.example/o", "git+x", "git+https://h", "oci://h/x"] {
            assert_eq!(InGit::read(text), None, "{text}");
        }
    }
}
