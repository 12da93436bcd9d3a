//! What the configuration of a repository may name: nothing outside of that repository, unless somebody on this side says
//! so. Whoever opens a pull request writes that file, and the machine it is read on holds more than the repository.

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::finding::{Problem, ProblemKind};
use crate::source::FileId;

/// Paths of the configuration that lead out of the repository. `user` is the user's own file, which may name anything.
pub(super) fn outside(root: &Path, config: &Config, user: Option<FileId>) -> Vec<Problem> {
    let top = top(root);
    let repos = config.repos.iter().map(|(_, path)| ("repos", path));
    let charts = config.chart_paths.iter().map(|path| ("charts.paths", path));
    let baseline = config.baseline.iter().map(|path| ("baseline", path));
    let named = repos.chain(charts).chain(baseline).filter(|(_, path)| Some(path.place.at.file) != user);
    let is_outside = named.filter(|(_, path)| !is_inside(&root.join(path.value.as_str()), &top));
    is_outside
        .map(|(what, path)| {
            let words = format!("`{what}` names `{}`, which lies outside of the repository", path.value);
            Problem::at(ProblemKind::Syntax, path.place, words).help(
                "whoever writes this file could read your machine with it: pass --trust-config where you trust them, or write the path into the file of --config or into your own configuration",
            )
        })
        .collect()
}

/// The root of the repository that a directory belongs to, links followed; that directory where it belongs to none.
fn top(root: &Path) -> PathBuf {
    let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let top = root.ancestors().find(|above| above.join(".git").symlink_metadata().is_ok());
    top.unwrap_or(&root).to_owned()
}

/// Whether a path stays below `top`, and out of what Git keeps there. What does not exist cannot be read: it is judged
/// by the first directory above that does.
fn is_inside(path: &Path, top: &Path) -> bool {
    let real = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        let climbs = rest.components().any(|part| !matches!(part, std::path::Component::Normal(_)));
        let real =
            std::fs::canonicalize(if above.as_os_str().is_empty() { Path::new(".") } else { above }).ok()?;
        (!climbs).then(|| real.join(rest))
    });
    let inside = real.as_deref().and_then(|real| real.strip_prefix(top).ok());
    inside
        .is_some_and(|inside| !inside.components().any(|part| part.as_os_str().eq_ignore_ascii_case(".git")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_repository() {
        let dir = tempfile::tempdir().unwrap();
        let top = std::fs::canonicalize(dir.path()).unwrap().join("repo");
        for inside in ["a/b", ".git"] {
            std::fs::create_dir_all(top.join(inside)).unwrap();
        }
        std::fs::create_dir_all(dir.path().join("other")).unwrap();
        assert_eq!(super::top(&top.join("a/b")), top);
        for (path, want) in [
            ("a", true),
            ("a/../a/b", true),
            ("a/b/../../..", false),
            ("../other", false),
            ("none", true),
            ("none/../..", false),
            ("../repo/a", true),
            ("/proc/self", false),
            (".git", false),
            ("a/../.git/refs", false),
        ] {
            assert_eq!(is_inside(&top.join(path), &top), want, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_judged_by_where_they_lead() {
        let dir = tempfile::tempdir().unwrap();
        let top = std::fs::canonicalize(dir.path()).unwrap();
        std::fs::create_dir(top.join("a")).unwrap();
        std::os::unix::fs::symlink("/proc", top.join("out")).unwrap();
        std::os::unix::fs::symlink("a", top.join("in")).unwrap();
        assert!(!is_inside(&top.join("out/self"), &top));
        assert!(!is_inside(&top.join("out/none/at/all"), &top));
        assert!(is_inside(&top.join("in"), &top));
    }
}
