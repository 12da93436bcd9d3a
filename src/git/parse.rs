//! Revisions as people write them on the command line: the part of git's syntax (gitrevisions) that is in daily use.
//! What manifests write is resolved as Argo CD does it, by [`Repository::resolve`].

#![expect(
    clippy::disallowed_methods,
    reason = "git/ reads the disk: FETCH_HEAD and its like are plain files"
)]

use gix::ObjectId;

use super::{CommitId, GitError, Repository};

/// Files in the repository that begin with the id of a commit.
const PSEUDO_REFERENCES: [&str; 3] = ["FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD"];

/// `HEAD~1000000` is a slip of the finger.
const MAX_STEPS: usize = 100_000;

impl Repository {
    /// The commit that a revision names in this clone: `HEAD`, `@`, `main`, `origin/main`, `v1.0.0`, `refs/heads/main`,
    /// `FETCH_HEAD`, a commit id of at least four digits; each followed by any number of `~N`, `^`, `^N`. In git's
    /// order: a full id, references (tags before branches before branches of remotes), an abbreviated id.
    pub fn parse(&self, revision: &str) -> Result<CommitId, GitError> {
        let name_end = revision.find(['~', '^']).unwrap_or(revision.len());
        let (name, mut steps) = revision.split_at(name_end);
        let mut at = self.parse_name(name)?;
        while !steps.is_empty() {
            if let Some(rest) = steps.strip_prefix("^{commit}").or_else(|| steps.strip_prefix("^{}")) {
                steps = rest;
                continue;
            }
            let (first_parents, rest) = match (steps.strip_prefix('~'), steps.strip_prefix('^')) {
                (Some(rest), _) => (true, rest),
                (_, Some(rest)) => (false, rest),
                _ => {
                    return Err(GitError::new(format!(
                        "`{revision}` is no revision that is understood here"
                    )));
                }
            };
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = rest.split_at(digits);
            steps = rest;
            let number = if number.is_empty() { Ok(1) } else { number.parse() };
            let number = number.ok().filter(|number| *number <= MAX_STEPS);
            let Some(number) = number else {
                return Err(GitError::new(format!("`{revision}` goes back too far")));
            };
            at = if first_parents {
                (0..number).try_fold(at, |at, _| self.parent(at, 1))?
            } else {
                self.parent(at, number)?
            };
        }
        Ok(at)
    }

    /// The `number`th parent of a commit from one; the commit itself for zero.
    fn parent(&self, id: CommitId, number: usize) -> Result<CommitId, GitError> {
        let Some(index) = number.checked_sub(1) else { return Ok(id) };
        let commit = self.commit(id)?;
        if commit.cut_off {
            return Err(GitError::new(format!("the history of this clone is cut off at {}", id.short())));
        }
        let parent = commit.parents.get(index).copied();
        parent.ok_or_else(|| GitError::new(format!("commit {} has no parent {number}", id.short())))
    }

    fn parse_name(&self, name: &str) -> Result<CommitId, GitError> {
        let unknown = || GitError::new(format!("`{name}` is no revision of this repository"));
        if matches!(name, "HEAD" | "@") {
            let commit = self.head()?.commit();
            return commit.ok_or_else(|| GitError::new("nothing was committed to this branch yet"));
        }
        let hex = name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex && name.len() == 40 {
            let id = ObjectId::from_hex(name.to_ascii_lowercase().as_bytes()).map_err(|_| unknown())?;
            return Ok(self.store.peel(id)?.id);
        }
        if let Some(id) = self.reference(name)? {
            return Ok(self.store.peel(id)?.id);
        }
        if hex && (4..40).contains(&name.len()) {
            return match self.store.commits_by_prefix(name)?.as_slice() {
                [] => Err(unknown()),
                [commit] => Ok(commit.id),
                several => Err(GitError::new(format!("`{name}` is short for {} commits", several.len()))),
            };
        }
        Err(unknown())
    }

    /// What a reference is at, by its name or the end of it.
    fn reference(&self, name: &str) -> Result<Option<ObjectId>, GitError> {
        if PSEUDO_REFERENCES.contains(&name) {
            let text = std::fs::read(self.store.git().git_dir().join(name)).unwrap_or_default();
            return Ok(text.get(..40).and_then(|hex| ObjectId::from_hex(hex).ok()));
        }
        let refs = self.refs()?;
        let tracking = |name: &str| {
            refs.tracking.iter().find_map(|(remote, branches)| {
                let branch = name.strip_prefix(remote.as_str())?;
                match branch.strip_prefix('/') {
                    Some("HEAD") => branches.get(refs.remote_heads.get(remote)?),
                    Some(branch) => branches.get(branch),
                    // `origin` alone is the default branch of `origin`.
                    None if branch.is_empty() => branches.get(refs.remote_heads.get(remote)?),
                    None => None,
                }
            })
        };
        let full = |name: &str| {
            if let Some(tag) = name.strip_prefix("refs/tags/") {
                return refs.tags.get(tag);
            }
            if let Some(branch) = name.strip_prefix("refs/heads/") {
                return refs.branches.get(branch);
            }
            name.strip_prefix("refs/remotes/").and_then(tracking).or_else(|| refs.others.get(name))
        };
        let places = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
        Ok(places.iter().find_map(|place| full(&format!("{place}{name}"))).copied())
    }
}

#[cfg(test)]
mod tests {
    use crate::git::testing::Scratch;

    #[test]
    fn parses_as_git() {
        let scratch = Scratch::new();
        scratch.add_origin();
        let tree = scratch.tree(&[]);
        let first = scratch.commit_of(&tree, &[], 1);
        let second = scratch.commit_of(&tree, &[first], 2);
        let side = scratch.commit_of(&tree, &[first], 3);
        let merge = scratch.commit_of(&tree, &[second, side], 4);
        scratch.reference("refs/heads/main", merge);
        scratch.reference("refs/heads/both", first);
        scratch.reference("refs/tags/both", second);
        scratch.reference("refs/remotes/origin/main", side);
        scratch.reference("refs/remotes/origin/feature/x", first);
        scratch.reference("refs/remotes/pull/7/merge", first);
        scratch.reference("refs/tags/v1", scratch.tag("v1", "commit", second));
        scratch
            .write(".git/FETCH_HEAD", format!("{side}\t\tbranch 'main' of https://example.com/org/repo\n"));
        let repository = scratch.open();
        let id = side.to_string();
        for (revision, want) in [
            ("HEAD", merge),
            ("@", merge),
            ("main", merge),
            ("heads/main", merge),
            ("refs/heads/main", merge),
            ("both", second),
            ("tags/both", second),
            ("heads/both", first),
            ("origin/main", side),
            ("origin", side),
            ("origin/HEAD", side),
            ("remotes/origin/feature/x", first),
            ("origin/feature/x", first),
            ("refs/remotes/pull/7/merge", first),
            ("pull/7/merge", first),
            ("v1", second),
            ("v1^{commit}", second),
            ("v1^{}~1", first),
            ("FETCH_HEAD", side),
            (&id, side),
            (&id[..10], side),
            ("HEAD^", second),
            ("HEAD^2", side),
            ("HEAD^0", merge),
            ("HEAD~", second),
            ("HEAD~2", first),
            ("@^2~1", first),
            ("main^^", first),
        ] {
            assert_eq!(repository.parse(revision), Ok(want), "{revision}");
        }
        for (revision, want) in [
            ("nothing", "`nothing` is no revision of this repository"),
            ("", "`` is no revision of this repository"),
            ("deadbeef", "`deadbeef` is no revision of this repository"),
            ("MERGE_HEAD", "`MERGE_HEAD` is no revision of this repository"),
            ("HEAD^{tree}", "`HEAD^{tree}` is no revision that is understood here"),
            ("HEAD~9999999999", "`HEAD~9999999999` goes back too far"),
        ] {
            assert_eq!(repository.parse(revision).unwrap_err().to_string(), want);
        }
        let root = format!("commit {} has no parent 1", first.short());
        assert_eq!(repository.parse("HEAD~3").unwrap_err().to_string(), root);
        scratch.write(".git/shallow", format!("{second}\n"));
        let cut = format!("the history of this clone is cut off at {}", second.short());
        assert_eq!(scratch.open().parse("HEAD~2").unwrap_err().to_string(), cut);
    }
}
