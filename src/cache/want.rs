//! What a repository wants from elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of thing is wanted, by the protocol that brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A chart of an HTTP repository, found through its `index.yaml`.
    Chart,
    /// A chart in an OCI registry.
    OciChart,
    /// Another artifact in an OCI registry: what an OCIRepository or an Application with `oci://` names.
    OciArtifact,
    /// A Git repository at a revision.
    Git,
    /// A file by its URL: a remote resource of a kustomization, a values file.
    File,
    /// The objects of a bucket.
    Bucket,
}

impl Kind {
    /// All kinds, in the order of their names.
    pub const ALL: [Self; 6] =
        [Self::Bucket, Self::Chart, Self::File, Self::Git, Self::OciArtifact, Self::OciChart];

    /// The word in the lock, in `--only` and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chart => "chart",
            Self::OciChart => "oci-chart",
            Self::OciArtifact => "oci-artifact",
            Self::Git => "git",
            Self::File => "file",
            Self::Bucket => "bucket",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something that is named by a URL. Never holds credentials.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Want {
    /// What kind of thing.
    pub kind: Kind,
    /// Where: the URL of the repository, artifact or file.
    pub url: String,
    /// The name in there: of the chart in an HTTP repository; empty for what a URL names alone.
    #[serde(default)]
    pub name: String,
    /// What is wanted of it, as written: a version or range, a tag, a branch or commit; may be empty.
    #[serde(default)]
    pub version: String,
}

impl Want {
    /// A chart. A repository without a scheme is an OCI registry, as for Argo CD.
    pub fn chart(repository: &str, name: &str, version: &str) -> Self {
        let (url, version) = (clean(repository), version.trim());
        if url.contains("://") && !url.starts_with("oci://") {
            return Self { kind: Kind::Chart, url, name: name.to_owned(), version: version.to_owned() };
        }
        let registry = url.trim_start_matches("oci://");
        let url = format!("oci://{registry}/{}", name.trim_matches('/'));
        Self { kind: Kind::OciChart, url, name: String::new(), version: version.to_owned() }
    }

    /// An artifact of an OCI registry.
    pub fn artifact(url: &str, version: &str) -> Self {
        let url = format!("oci://{}", clean(url).trim_start_matches("oci://"));
        Self { kind: Kind::OciArtifact, url, name: String::new(), version: version.trim().to_owned() }
    }

    /// A Git repository at a revision; an empty one is the default branch.
    pub fn git(url: &str, revision: &str) -> Self {
        let revision = if revision.is_empty() { "HEAD" } else { revision };
        let short = revision.strip_prefix("refs/heads/").unwrap_or(revision);
        Self { kind: Kind::Git, url: clean(url), name: String::new(), version: short.to_owned() }
    }

    /// A file.
    pub fn file(url: &str) -> Self {
        Self { kind: Kind::File, url: clean(url), name: String::new(), version: String::new() }
    }

    /// What a bucket holds. `name` is that of the bucket, or `bucket/prefix` for the objects whose names begin with the prefix.
    pub fn bucket(endpoint: &str, name: &str) -> Self {
        Self { kind: Kind::Bucket, url: clean(endpoint), name: name.to_owned(), version: String::new() }
    }

    /// The last part of its name, for people and file names.
    pub fn short_name(&self) -> &str {
        let whole = if self.name.is_empty() { self.url.trim_end_matches('/') } else { &self.name };
        whole.rsplit('/').next().unwrap_or(whole)
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Chart => write!(f, "{} {} of {}", self.name, self.version, self.url),
            Kind::Bucket => write!(f, "bucket {} of {}", self.name, self.url),
            _ if self.version.is_empty() => f.write_str(&self.url),
            _ => write!(f, "{} {}", self.url, self.version),
        }
    }
}

/// A URL without white space around it, trailing slashes and credentials: those go into no lock and no report.
fn clean(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    // The user of an SSH URL is part of the address, its password is not.
    match authority.rsplit_once('@') {
        Some((user, host)) if scheme == "ssh" => {
            let user = user.split(':').next().unwrap_or(user);
            format!("{scheme}://{user}@{host}{path}")
        }
        Some((_, host)) => format!("{scheme}://{host}{path}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_same_of_the_same() {
        assert_eq!(
            Want::chart("https://u:p@h.example/charts/", "a", "1.x").to_string(),
            "a 1.x of https://h.example/charts"
        );
        for registry in ["oci://ghcr.io/org", "ghcr.io/org", "oci://ghcr.io/org/"] {
            assert_eq!(Want::chart(registry, "a", "1").to_string(), "oci://ghcr.io/org/a 1");
        }
        assert_eq!(Want::git("https://h.example/r.git", "").to_string(), "https://h.example/r.git HEAD");
        assert_eq!(Want::git("git@h.example:o/r", "refs/heads/main").to_string(), "git@h.example:o/r main");
        assert_eq!(Want::git("ssh://git:pw@h.example/r", "v1").to_string(), "ssh://git@h.example/r v1");
        assert_eq!(Want::artifact("oci://h/a/b", "latest").short_name(), "b");
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.as_str()), Some(kind));
        }
    }
}
