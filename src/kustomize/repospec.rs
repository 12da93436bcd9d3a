//! Recognises Git repositories in entries of a kustomization: `github.com/org/repo//path?ref=v1`.
//!
//! Mirrors `api/internal/git/repospec.go`.

/// A repository, a path in it and a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RepoSpec {
    /// The entry as written.
    pub(super) raw: String,
    /// What would be cloned.
    pub(super) url: String,
    /// The directory in the repository.
    pub(super) path: String,
    /// `ref` or `version`; empty for the default branch.
    pub(super) revision: String,
}

impl RepoSpec {
    /// Reads an entry; `None` for a local path.
    pub(super) fn parse(entry: &str) -> Option<Self> {
        if entry.starts_with('/') {
            return None;
        }
        let (location, query) = entry.split_once('?').unwrap_or((entry, ""));
        let (host, rest) = extract_host(location)?;
        let (repo, path) = split_path(rest, host.starts_with("file://"))?;
        if repo.is_empty() {
            return None;
        }
        let clean = path.trim_start_matches('/');
        if leaves(clean) {
            return None;
        }
        Some(Self {
            raw: entry.to_owned(),
            url: format!("{host}{repo}"),
            path: path.strip_prefix('/').unwrap_or(path).to_owned(),
            revision: revision(query),
        })
    }
}

/// Whether an URL names a repository or a directory in one rather than a file: it can be cloned and its last part has
/// no extension of a manifest.
pub(super) fn looks_like_directory(entry: &str) -> bool {
    let path = entry.split(['?', '#']).next().unwrap_or(entry);
    let is_file = [".yaml", ".yml", ".json"].iter().any(|extension| path.ends_with(extension));
    !is_file && !path.contains("://raw.githubusercontent.com/") && RepoSpec::parse(entry).is_some()
}

/// Whether a relative path leads out of where it starts.
fn leaves(path: &str) -> bool {
    let mut depth = 0_i32;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

fn revision(query: &str) -> String {
    let get = |wanted: &str| {
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == wanted && !value.is_empty()).then(|| value.to_owned())
        })
    };
    get("ref").or_else(|| get("version")).unwrap_or_default()
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..)).flatten()
}

/// The part of a URL up to the path, and the path.
fn extract_host(text: &str) -> Option<(String, &str)> {
    let text = strip_prefix_ignoring_case(text, "git::").unwrap_or(text);
    let scheme = ["ssh://", "https://", "http://", "file://"]
        .into_iter()
        .find(|scheme| strip_prefix_ignoring_case(text, scheme).is_some());
    let text = scheme.and_then(|scheme| text.get(scheme.len()..)).unwrap_or(text);
    let (user, text) = extract_user(text);
    let lower = text.to_ascii_lowercase();
    let github = lower.starts_with("github.com/") || lower.starts_with("github.com:");
    let scp = scheme.is_none() && (!user.is_empty() || github);
    if scheme.is_none() && !scp {
        return None;
    }
    if scheme == Some("file://") {
        // What looked like a user belongs to the path; it is of no interest here.
        return Some(("file://".to_owned(), text));
    }
    let slash = text.find('/');
    let colon = text.find(':').filter(|at| scp && *at > 0 && slash.is_none_or(|slash| *at < slash));
    let at = colon.or(slash).or_else(|| if scp { text.find(':') } else { None })?;
    let (host, rest) = (text.get(..=at)?, text.get(at + 1..)?);
    if github {
        let ssh = scheme == Some("ssh://") || !user.is_empty();
        return Some(if ssh {
            (format!("{user}github.com:"), rest)
        } else {
            ("https://github.com/".to_owned(), rest)
        });
    }
    Some((format!("{}{user}{host}", scheme.unwrap_or_default()), rest))
}

/// `git@host` is `git@` and `host`.
fn extract_user(text: &str) -> (&str, &str) {
    let Some(at) = text.find('@') else { return ("", text) };
    let (user, rest) = (text.get(..at).unwrap_or(""), text.get(at + 1..).unwrap_or(""));
    let valid = user.starts_with(|char: char| char.is_ascii_alphabetic())
        && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if valid { (text.get(..=at).unwrap_or(""), rest) } else { ("", text) }
}

/// Splits the path behind a host into repository and path in it.
fn split_path(text: &str, whole: bool) -> Option<(&str, &str)> {
    const AZURE: &str = "_git/";
    if let Some(at) = text.find(AZURE) {
        let behind = text.get(at + AZURE.len()..)?;
        let name = behind.find('/').unwrap_or(behind.len());
        let end = at + AZURE.len() + name;
        return Some((text.get(..end)?, text.get(end..)?.trim_start_matches('/')));
    }
    if let Some((repo, path)) = text.split_once("//") {
        return Some((repo, path));
    }
    if let Some(at) = text.find(".git") {
        let end = at + ".git".len();
        return Some((text.get(..end)?, text.get(end..)?));
    }
    if whole {
        return Some((text, ""));
    }
    let mut slashes = text.match_indices('/').map(|(at, _)| at);
    slashes.next()?;
    match slashes.next() {
        Some(at) => Some((text.get(..at)?, text.get(at + 1..)?)),
        None => Some((text, "")),
    }
}

/// Whether an entry is a URL that kustomize would download as a file first.
pub(super) fn is_remote_file(entry: &str) -> bool {
    ["http:", "https:"].iter().any(|scheme| strip_prefix_ignoring_case(entry, scheme).is_some())
}

/// The revision that a remote entry names: the `ref` of a repository, the part of the path of a raw file. Empty where
/// the default branch is followed; `None` for local paths and URLs that are not known to name a revision.
pub fn remote_revision(entry: &str) -> Option<String> {
    let path = entry.split(['?', '#']).next().unwrap_or(entry);
    let raw = path.split_once("://raw.githubusercontent.com/").map(|(_, rest)| (rest, 2));
    let page = path.split_once("://github.com/").map(|(_, rest)| (rest, 3));
    let page = page.filter(|(rest, _)| matches!(rest.split('/').nth(2), Some("raw" | "blob")));
    if let Some((rest, at)) = raw.or(page) {
        let rest = rest.splitn(at + 1, '/').nth(at)?;
        let rest = rest.strip_prefix("refs/heads/").or(rest.strip_prefix("refs/tags/")).unwrap_or(rest);
        return rest.split_once('/').map(|(revision, _)| revision.to_owned());
    }
    if let Some((_, rest)) = path.split_once("/-/raw/") {
        return rest.split_once('/').map(|(revision, _)| revision.to_owned());
    }
    if is_remote_file(entry) && !looks_like_directory(entry) {
        return None;
    }
    RepoSpec::parse(entry).map(|spec| spec.revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_revisions() {
        for (entry, want) in [
            ("../base", None),
            ("github.com/org/repo/a", Some("")),
            ("https://github.com/org/repo//a?ref=v1", Some("v1")),
            ("https://raw.githubusercontent.com/org/repo/main/deploy/a.yaml", Some("main")),
            ("https://raw.githubusercontent.com/org/repo/refs/heads/main/a.yaml", Some("main")),
            ("https://github.com/org/repo/raw/v2.1/a.yaml", Some("v2.1")),
            ("https://github.com/org/repo/releases/download/v1/a.yaml", None),
            ("https://gitlab.com/org/repo/-/raw/master/a.yaml", Some("master")),
            ("https://example.com/a.yaml", None),
        ] {
            assert_eq!(remote_revision(entry).as_deref(), want, "{entry}");
        }
    }

    #[test]
    fn recognises_repositories() {
        for (entry, want) in [
            ("base", None),
            ("../base", None),
            ("a.yaml", None),
            ("/abs/github.com/x/y", None),
            ("github.com/org/repo", Some(("https://github.com/org/repo", "", ""))),
            ("github.com/org/repo/a/b?ref=v1", Some(("https://github.com/org/repo", "a/b", "v1"))),
            (
                "https://github.com/org/repo//a?ref=v1&timeout=9",
                Some(("https://github.com/org/repo", "a", "v1")),
            ),
            ("https://github.com/org/repo.git/a", Some(("https://github.com/org/repo.git", "/a", ""))),
            ("git@github.com:org/repo.git//a", Some(("git@github.com:org/repo.git", "a", ""))),
            ("git::https://x.io/org/repo//a", Some(("https://x.io/org/repo", "a", ""))),
            ("ssh://git@x.io/org/repo//a?version=2", Some(("ssh://git@x.io/org/repo", "a", "2"))),
            (
                "https://u@dev.azure.com/o/p/_git/repo/path/to",
                Some(("https://u@dev.azure.com/o/p/_git/repo", "path/to", "")),
            ),
            ("https://x.io/org", None),
            ("github.com/org/repo//../x", None),
        ] {
            let got = RepoSpec::parse(entry);
            let got =
                got.as_ref().map(|spec| (spec.url.as_str(), spec.path.as_str(), spec.revision.as_str()));
            let want = want.map(|(url, path, revision): (&str, &str, &str)| {
                (url, path.trim_start_matches('/'), revision)
            });
            assert_eq!(got, want, "{entry}");
        }
    }
}
