//! What files are called outside of the linted root: people want what their shell knows, machines what Git knows.

use crate::source::TreePath;

/// Where the linted root lies. The default calls files as the root does.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The current directory, where it lies in the root.
    pub inside: Option<TreePath>,
    /// Otherwise what leads from the current directory to the root, as it was typed: empty, or with a slash at the end.
    pub typed: String,
    /// What leads from the top directory of the Git repository to the root: empty, or with a slash at the end.
    pub prefix: String,
}

impl Names {
    /// A file as seen from the current directory.
    pub fn here(&self, name: &str) -> String {
        if is_absolute(name) {
            return name.to_owned();
        }
        let Some(inside) = self.inside.as_ref().filter(|inside| !inside.is_root()) else {
            return join(&self.typed, name);
        };
        match TreePath::new(name) {
            Ok(path) => path.relative_to(inside),
            Err(_) => "../".repeat(inside.components().count()) + name,
        }
    }

    /// A file as seen from the top directory of the Git repository.
    pub fn in_repository(&self, name: &str) -> String {
        if is_absolute(name) { name.to_owned() } else { join(&self.prefix, name) }
    }
}

/// Helm's cache and the like are called by words in parentheses.
fn is_absolute(name: &str) -> bool {
    name.starts_with(['/', '(']) || name.is_empty()
}

/// `prefix` and `name`, with the steps upwards that `name` begins with taken off the end of `prefix`.
fn join(prefix: &str, name: &str) -> String {
    let (mut prefix, mut name) = (prefix, name);
    while let Some(rest) = name.strip_prefix("../") {
        let trimmed = prefix.trim_end_matches('/');
        let start = trimmed.rfind('/').map_or(0, |at| at + 1);
        let last = &trimmed[start..];
        if matches!(last, "" | "." | "..") {
            break;
        }
        prefix = &prefix[..start];
        name = rest;
    }
    format!("{prefix}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_as_seen_from_here_and_from_the_top() {
        let path = |path: &str| TreePath::new(path).unwrap();
        for (inside, typed, prefix, name, here, top) in [
            (None, "", "", "apps/a.yaml", "apps/a.yaml", "apps/a.yaml"),
            (None, "fleet/", "fleet/", "apps/a.yaml", "fleet/apps/a.yaml", "fleet/apps/a.yaml"),
            (None, "fleet/", "fleet/", "../charts/a.yaml", "charts/a.yaml", "charts/a.yaml"),
            (None, "../x/", "", "../charts/a.yaml", "../charts/a.yaml", "../charts/a.yaml"),
            (None, "/srv/x/", "", "a.yaml", "/srv/x/a.yaml", "a.yaml"),
            (Some(path("apps/dev")), "", "", "apps/dev/a.yaml", "a.yaml", "apps/dev/a.yaml"),
            (Some(path("apps/dev")), "", "", "apps/prod/a.yaml", "../prod/a.yaml", "apps/prod/a.yaml"),
            (Some(path("apps")), "", "fleet/", "../charts/a", "../../charts/a", "charts/a"),
            (Some(path("apps")), "", "fleet/", "(Helm's cache)/a", "(Helm's cache)/a", "(Helm's cache)/a"),
        ] {
            let names = Names { inside, typed: typed.into(), prefix: prefix.into() };
            assert_eq!(
                (names.here(name).as_str(), names.in_repository(name).as_str()),
                (here, top),
                "{names:?}"
            );
        }
    }
}
