//! What a file is: where its content is kept.

use std::fmt;
use std::sync::Arc;

use super::TreePath;

/// Where the content of a file is kept. People see it as a name, which is made here; no code reads names back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Home {
    /// A file of the linted tree, by its path, or of one whose files are called like those.
    Tree(TreePath),
    /// A file of a checkout beside the linted tree.
    Beside {
        /// The directory of the checkout as the configuration writes it, with a slash behind.
        dir: Arc<str>,
        /// The path in it.
        path: TreePath,
    },
    /// A file of the repository at another revision.
    Revision {
        /// The path.
        path: TreePath,
        /// What users call the revision.
        revision: Arc<str>,
    },
    /// A file in an archive.
    Archive {
        /// The archive.
        archive: Arc<Self>,
        /// The path in it.
        path: TreePath,
    },
    /// An archive or a file that was fetched, in words: somebody else maintains it.
    Fetched(Arc<str>),
    /// A file of a repository that was fetched.
    Checkout {
        /// The repository and the commit, in words.
        of: Arc<str>,
        /// The path in it.
        path: TreePath,
    },
    /// In no tree: the configuration of a user, a command line.
    Outside(Arc<str>),
}

impl Home {
    /// What is called so without any more words: a file of the tree, if that can be a path in one.
    pub fn named(name: &str) -> Self {
        TreePath::new(name).map_or_else(|_| Self::Outside(name.into()), Self::Tree)
    }

    /// The path of a file of the linted tree.
    pub fn path(&self) -> Option<&TreePath> {
        match self {
            Self::Tree(path) => Some(path),
            _ => None,
        }
    }

    /// The file that an archive is, of what lies in it; itself for all else.
    pub fn on_disk(&self) -> &Self {
        match self {
            Self::Archive { archive, .. } => archive.on_disk(),
            other => other,
        }
    }

    /// Whether it was fetched, or lies in something that was.
    pub fn is_fetched(&self) -> bool {
        matches!(self.on_disk(), Self::Fetched(_) | Self::Checkout { .. })
    }

    /// Whether it is a copy of what somebody maintains elsewhere: packed, fetched, or of another revision.
    pub fn is_copy(&self) -> bool {
        matches!(
            self,
            Self::Archive { .. } | Self::Fetched(_) | Self::Checkout { .. } | Self::Revision { .. }
        )
    }

    /// The directory that the file lies in, wherever that is kept.
    pub fn parent(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::Tree(path) => Self::Tree(path.parent()?),
            Self::Beside { dir, path } => Self::Beside { dir, path: path.parent()? },
            Self::Revision { path, revision } => Self::Revision { path: path.parent()?, revision },
            Self::Archive { archive, path } => Self::Archive { archive, path: path.parent()? },
            Self::Checkout { of, path } => Self::Checkout { of, path: path.parent()? },
            Self::Fetched(_) | Self::Outside(_) => return None,
        })
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tree(path) => f.write_str(path.as_str()),
            Self::Beside { dir, path } => write!(f, "{dir}{path}"),
            Self::Revision { path, revision } => write!(f, "{path}@{revision}"),
            Self::Archive { archive, path } => write!(f, "{archive}!/{path}"),
            Self::Checkout { of, path } => write!(f, "{path}@{of}"),
            Self::Fetched(name) | Self::Outside(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_directories() {
        let path = || TreePath::new("a/b.yaml").unwrap();
        let packed = |archive: Home| Home::Archive { archive: Arc::new(archive), path: path() };
        let nested = packed(packed(Home::Fetched("x 1".into())));
        assert!(nested.is_fetched() && nested.is_copy());
        assert!(!packed(Home::named("c.tgz")).is_fetched());
        assert_eq!(packed(packed(Home::named("d/c.tgz"))).on_disk(), &Home::named("d/c.tgz"));
        for (home, name, dir) in [
            (Home::named("a/b.yaml"), "a/b.yaml", Some("a")),
            (Home::named("/etc/x"), "/etc/x", None),
            (Home::Beside { dir: "../o/".into(), path: path() }, "../o/a/b.yaml", Some("../o/a")),
            (Home::Revision { path: path(), revision: "v/1".into() }, "a/b.yaml@v/1", Some("a@v/1")),
            (Home::Checkout { of: "x 1".into(), path: path() }, "a/b.yaml@x 1", Some("a@x 1")),
            (packed(Home::named("c.tgz")), "c.tgz!/a/b.yaml", Some("c.tgz!/a")),
            (nested, "x 1!/a/b.yaml!/a/b.yaml", Some("x 1!/a/b.yaml!/a")),
        ] {
            assert_eq!(home.to_string(), name);
            assert_eq!(home.parent().map(|it| it.to_string()).as_deref(), dir);
            assert_eq!(home.path().is_some(), name == "a/b.yaml");
        }
    }
}
