//! The remotes of a repository, as its own configuration names them.

use std::collections::BTreeMap;

/// Another repository that this one fetches from or pushes to.
///
/// URLs are those written in `.git/config`: `url.*.insteadOf` is not applied (what Argo CD clones is what a
/// manifest says, not what one machine rewrites), and credentials in them are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remote {
    /// Its name: `origin`.
    pub name: String,
    /// URLs to fetch from; the first is used.
    pub fetch_urls: Vec<String>,
    /// URLs to push to where they differ; empty when pushes go to the fetch URLs.
    pub push_urls: Vec<String>,
    /// The written refspecs: `+refs/heads/*:refs/remotes/origin/*`.
    pub(super) refspecs: Vec<String>,
    /// Configured never to fetch tags (`git clone --no-tags`).
    pub(super) no_tags: bool,
}

impl Remote {
    /// Every URL under which the repository is known here.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.fetch_urls.iter().chain(&self.push_urls).map(String::as_str)
    }

    /// Whether a plain `git fetch` brings every branch.
    pub(super) fn fetches_all_branches(&self) -> bool {
        self.refspecs.iter().any(|refspec| {
            let source = refspec.trim_start_matches('+').split(':').next().unwrap_or_default();
            matches!(source, "refs/heads/*" | "refs/*")
        })
    }
}

/// The remotes of a configuration, by name, and the section-wide facts the rest of this module needs.
#[derive(Debug, Default)]
pub(super) struct Remotes {
    pub(super) all: Vec<Remote>,
    /// The remote each branch was set up to pull from: `branch.<name>.remote`.
    pub(super) of_branch: BTreeMap<String, String>,
    /// Whether objects may be missing by design: `remote.<name>.promisor`, `extensions.partialClone`.
    pub(super) partial: bool,
}

impl Remotes {
    /// Reads the configuration of a repository. Later sections of one name add to earlier ones, as in git.
    pub(super) fn read(config: &gix::config::File) -> Self {
        let mut remotes: BTreeMap<String, Remote> = BTreeMap::new();
        let mut found = Self::default();
        for section in config.sections_by_name("remote").into_iter().flatten() {
            let Some(name) = section.header().subsection_name().map(ToString::to_string) else { continue };
            let remote = remotes.entry(name.clone()).or_insert_with(|| Remote { name, ..Remote::default() });
            let values = |key: &str| section.values(key).into_iter().map(|value| value.to_string());
            remote.fetch_urls.extend(values("url").map(|url| without_credentials(&url)));
            remote.push_urls.extend(values("pushurl").map(|url| without_credentials(&url)));
            remote.refspecs.extend(values("fetch"));
            if let Some(option) = values("tagOpt").next_back() {
                remote.no_tags = option == "--no-tags";
            }
            found.partial |= values("promisor").next_back().is_some_and(|value| !is_false(&value));
            found.partial |= values("partialclonefilter").next_back().is_some();
        }
        for section in config.sections_by_name("branch").into_iter().flatten() {
            if let (Some(name), Some(remote)) = (section.header().subsection_name(), section.value("remote"))
            {
                found.of_branch.insert(name.to_string(), remote.to_string());
            }
        }
        found.partial |= config.string("extensions.partialClone").is_some();
        found.all = remotes.into_values().collect();
        found
    }

    pub(super) fn get(&self, name: &str) -> Option<&Remote> {
        self.all.iter().find(|remote| remote.name == name)
    }

    /// The remote that stands for the published repository: the only one, `origin`, or the one that the branch in
    /// the work tree pulls from.
    pub(super) fn upstream(&self, branch: Option<&str>) -> Option<&Remote> {
        if let [only] = self.all.as_slice() {
            return Some(only);
        }
        let of_branch = || self.get(self.of_branch.get(branch?)?);
        self.get("origin").or_else(of_branch).or_else(|| self.all.first())
    }
}

fn is_false(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0")
}

/// `https://user:token@host/path` without `user:token@`. Continuous integration writes tokens there. The user of
/// `ssh://git@host` and `git@host:path` is part of the address and stays.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    match authority.rsplit_once('@') {
        Some((user, host)) if scheme.ends_with("ssh") && !user.contains(':') => {
            format!("{scheme}://{user}@{host}{path}")
        }
        Some((user, host)) if scheme.ends_with("ssh") => {
            format!("{scheme}://{}@{host}{path}", user.split(':').next().unwrap_or_default())
        }
        Some((_, host)) => format!("{scheme}://{host}{path}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(config: &str) -> Remotes {
        let file = gix::config::File::try_from(config).unwrap();
        Remotes::read(&file)
    }

    #[test]
    fn reads_remotes() {
        let remotes = read(
            "[remote \"origin\"]\n\turl = https://x-access-token:s3cret@github.com/org/repo.git\n\
             \tfetch = +refs/heads/*:refs/remotes/origin/*\n\
             [remote \"fork.me/too\"]\n\turl = git@github.com:me/repo\n\tpushurl = ssh://git:pw@host:22/me/repo\n\
             \tfetch = +refs/heads/main:refs/remotes/fork.me/too/main\n\ttagOpt = --no-tags\n\
             [url \"https://mirror/\"]\n\tinsteadOf = git@github.com:\n\
             [remote \"origin\"]\n\turl = ssh://git@github.com/org/repo\n\
             [branch \"work\"]\n\tremote = fork.me/too\n\tmerge = refs/heads/work\n",
        );
        let origin = remotes.get("origin").unwrap();
        assert_eq!(origin.fetch_urls, ["https://github.com/org/repo.git", "ssh://git@github.com/org/repo"]);
        assert!(origin.fetches_all_branches() && !origin.no_tags);
        let fork = remotes.get("fork.me/too").unwrap();
        assert_eq!(fork.urls().collect::<Vec<_>>(), ["git@github.com:me/repo", "ssh://git@host:22/me/repo"]);
        assert!(!fork.fetches_all_branches() && fork.no_tags);
        assert_eq!(remotes.upstream(Some("work")).unwrap().name, "origin");
        assert!(!remotes.partial);
    }

    #[test]
    fn upstream_without_origin() {
        let remotes = read(
            "[remote \"a\"]\nurl=u\n[remote \"b\"]\nurl=v\npromisor=true\n[branch \"x\"]\nremote=b\nmerge=y\n",
        );
        assert_eq!(remotes.upstream(Some("x")).unwrap().name, "b");
        assert_eq!(remotes.upstream(None).unwrap().name, "a");
        assert!(remotes.partial);
        assert_eq!(read("[remote \"up\"]\nurl=u\n").upstream(None).unwrap().name, "up");
        assert!(read("").upstream(None).is_none());
    }
}
