//! Repository URLs: when two of them mean the same repository.

/// Argo CD's `NormalizeGitURL` (`util/git/git.go`): lower case, no `.git`, `ssh://` removed, `git@host:path` as
/// `git@host/path`. Argo CD compares URLs in this form: `https://` and `git@` of one host stay different.
pub fn normalize_git_url(url: &str) -> String {
    let mut url = url.trim().to_lowercase();
    if is_scp_like(&url)
        && let Some(at) = url.find(':')
    {
        url.replace_range(at..=at, "/");
    }
    let url = url.strip_suffix(".git").unwrap_or(&url);
    url.strip_prefix("ssh://").unwrap_or(url).to_owned()
}

/// `user@host:path`, the form that is no URL.
fn is_scp_like(url: &str) -> bool {
    match url.split_once('@') {
        Some((user, rest)) => !user.contains(['/', ':']) && rest.contains(':') && !url.contains("://"),
        None => false,
    }
}

/// Host and path alone: what remains equal between `https://host/org/repo.git`, `git@host:org/repo` and
/// `ssh://git@host:22/org/repo`. For recognising this repository, not for comparing as Argo CD does.
pub fn repository_key(url: &str) -> String {
    let url = normalize_git_url(url);
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    format!("{host}/{}", path.trim_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes() {
        for (url, want, key) in [
            ("https://GitHub.com/org/Repo.git", "https://github.com/org/repo", "github.com/org/repo"),
            ("git@github.com:org/repo.git", "git@github.com/org/repo", "github.com/org/repo"),
            ("ssh://git@github.com:22/org/repo", "git@github.com:22/org/repo", "github.com/org/repo"),
            (" https://user:pw@host/org/repo/ ", "https://user:pw@host/org/repo/", "host/org/repo"),
            ("file:///srv/repo", "file:///srv/repo", "/srv/repo"),
        ] {
            assert_eq!(normalize_git_url(url), want);
            assert_eq!(repository_key(url), key, "{url}");
        }
    }
}
