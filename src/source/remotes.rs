//! Where the content of other repositories is found on this machine.

use std::fmt;

use super::Dir;

/// An answer of [`Remotes`].
#[derive(Debug, Clone)]
pub enum Found {
    /// The content is here.
    Here(Dir),
    /// Something close is here: the same repository at another revision. The words say what was taken instead.
    /// What is rendered from it is shown, but rules that need certainty stay silent.
    Instead(Dir, String),
    /// It is not on this machine: why, and what the user can do about it.
    Missing {
        /// Why, without user-specific paths.
        reason: String,
        /// What to do: the command that would fetch it, the setting that would map it.
        help: String,
    },
}

impl Found {
    /// The directory, exact or not.
    pub fn dir(&self) -> Option<&Dir> {
        match self {
            Self::Here(dir) | Self::Instead(dir, _) => Some(dir),
            Self::Missing { .. } => None,
        }
    }
}

/// Answers where repositories, charts and files named by URL are found: this repository at a revision, another checkout
/// named in the configuration, a vendored chart, what was fetched before. Never fetches.
pub trait Remotes: Send + Sync + fmt::Debug {
    /// The root of a Git repository at a revision (empty: its default branch).
    fn git(&self, url: &str, revision: &str) -> Found;

    /// The directory of a chart of a Helm repository, by URL, name and version (exact or a constraint).
    fn chart(&self, url: &str, name: &str, version: &str) -> Found;

    /// The root of an artifact in an OCI registry, by a tag, range or digest.
    fn artifact(&self, url: &str, version: &str) -> Found {
        let _ = version;
        Found::Missing {
            reason: format!("the OCI artifact `{url}` is not on this machine"),
            help: "map it to a directory with `repos:` in .gitops-lint.yaml".to_owned(),
        }
    }

    /// A file by its URL: the path of the answer is that of the file.
    fn file(&self, url: &str) -> Found {
        Found::Missing {
            reason: format!("the file `{url}` is not on this machine"),
            help: "commit a copy of the file and name it by its path".to_owned(),
        }
    }

    /// The root of what a bucket holds.
    fn bucket(&self, endpoint: &str, name: &str) -> Found {
        Found::Missing {
            reason: format!("the content of the bucket `{name}` of {endpoint} is not on this machine"),
            help: String::new(),
        }
    }
}

/// Knows nothing: for rendering a directory by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRemotes;

impl Remotes for NoRemotes {
    fn git(&self, url: &str, _: &str) -> Found {
        Found::Missing {
            reason: format!("the repository `{url}` is not on this machine"),
            help: "map it to a checkout with `repos:` in .gitops-lint.yaml".to_owned(),
        }
    }

    fn chart(&self, url: &str, name: &str, version: &str) -> Found {
        Found::Missing {
            reason: format!("the chart `{name}` {version} of {url} is not vendored"),
            help: "vendor it below a directory of `charts.paths` in .gitops-lint.yaml".to_owned(),
        }
    }
}
