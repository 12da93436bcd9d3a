//! What a revision written in a manifest means, as Argo CD resolves it (`lsRemote` in `util/git/client.go`).
//!
//! Argo CD asks the remote, not a clone: it knows branches as `main`, never as `origin/main`. Here the remote is
//! known as far as it was fetched, so each answer says what it is based on, and "not found" is said only where the
//! clone would know.

use std::sync::Arc;

use gix::ObjectId;

use super::refs::Refs;
use super::{Answer, Commit, CommitId, Coverage, GitError, Repository};

/// Chooses the newest tag that satisfies a version constraint: `(revision, names of all tags)` to a tag. `None` when
/// the revision is no constraint, or nothing satisfies it.
pub type PickTag<'a> = &'a dyn Fn(&str, &[&str]) -> Option<String>;

/// The kind of thing a revision names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevisionKind {
    /// A branch: it moves.
    Branch,
    /// A tag.
    Tag,
    /// A commit by its id, abbreviated or not.
    Commit,
    /// A reference of another kind: `refs/pull/7/head`.
    Other,
}

/// What a revision was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// What it names.
    pub kind: RevisionKind,
    /// The name of the branch or tag without `refs/heads/` or `refs/tags/`, the full name of another reference, the
    /// full id of a commit.
    pub name: String,
    /// The commit. Of a branch that was fetched: the one the remote had then.
    pub commit: CommitId,
    /// When that commit was made, in seconds since 1970.
    pub time: i64,
    /// A branch of this name is checked out: the work tree holds what its next commit will be.
    pub checked_out: bool,
    /// Whether the remote has this branch; `None` when the clone cannot tell, and for everything but branches.
    pub published: Option<bool>,
    /// The local branch of the same name, where it is at another commit.
    pub local: Option<CommitId>,
    /// The revision was empty or `HEAD`, and the default branch was not recorded: it is assumed to be this one.
    pub assumed_default: bool,
    /// The revision was a version constraint, and this tag satisfies it.
    pub by_constraint: bool,
    /// There is a tag of the same name at this other commit. Argo CD takes the branch or the tag, by chance.
    pub ambiguous_with: Option<CommitId>,
}

/// The answer to what a revision means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// It names a commit that is in this clone.
    Found(Box<Resolved>),
    /// The remote has nothing of this name as of the last fetch: why not, for people.
    NotFound(String),
    /// This clone cannot tell: why not, for people.
    Unknown(String),
}

impl Resolution {
    /// What was found.
    pub fn found(&self) -> Option<&Resolved> {
        match self {
            Self::Found(resolved) => Some(resolved),
            Self::NotFound(_) | Self::Unknown(_) => None,
        }
    }
}

impl Repository {
    /// Resolves a revision against `remote` (`None`: [`upstream`](Self::upstream)) in Argo CD's order: a full commit
    /// id; `HEAD`, which an empty revision means; a version constraint over the tags; the name of a branch or tag; an
    /// abbreviated commit id of at least seven digits.
    pub fn resolve(&self, remote: Option<&str>, revision: &str, pick_tag: PickTag<'_>) -> Resolution {
        if is_full_id(revision) {
            return self.resolve_commit(revision);
        }
        let refs = match self.refs() {
            Ok(refs) => refs,
            Err(error) => return Resolution::Unknown(error.to_string()),
        };
        if matches!(revision, "" | "HEAD") {
            return self.resolve_default(remote);
        }
        let tags: Vec<&str> = refs.tags.keys().map(String::as_str).collect();
        if let Some(tag) = pick_tag(revision, &tags).filter(|tag| tag != revision) {
            return match self.tag_coverage(remote) {
                Coverage::Full => mark(self.resolve_tag(remote, &tag), |found| found.by_constraint = true),
                Coverage::Partial(why) => Resolution::Unknown(format!(
                    "the newest tag here that satisfies it is `{tag}`, but there may be newer ones: {why}"
                )),
            };
        }
        if let Some(name) = revision.strip_prefix("refs/heads/") {
            return self.resolve_branch(remote, name);
        }
        if let Some(name) = revision.strip_prefix("refs/tags/") {
            return self.resolve_tag(remote, name);
        }
        if revision.starts_with("refs/") {
            return self.resolve_other(refs, revision);
        }
        self.resolve_short(refs, remote, revision)
    }

    /// Resolves the name of a branch of `remote` (`None`: [`upstream`](Self::upstream)).
    pub fn resolve_branch(&self, remote: Option<&str>, name: &str) -> Resolution {
        let refs = match self.refs() {
            Ok(refs) => refs,
            Err(error) => return Resolution::Unknown(error.to_string()),
        };
        let tracking = self.remote_or_upstream(remote).and_then(|remote| refs.tracking(&remote.name));
        let fetched = tracking.and_then(|branches| branches.get(name)).copied();
        let local = refs.branches.get(name).copied();
        let published = match (fetched, self.branch_coverage(remote)) {
            (Some(_), _) => Some(true),
            (None, Coverage::Full) => Some(false),
            (None, Coverage::Partial(_)) => None,
        };
        let Some(id) = fetched.or(local) else {
            return match self.branch_coverage(remote) {
                Coverage::Full => {
                    Resolution::NotFound(format!("{} has no branch `{name}`", self.name_of(remote)))
                }
                Coverage::Partial(why) => Resolution::Unknown(why),
            };
        };
        let checked_out = self.head().is_ok_and(|head| head.branch() == Some(name));
        mark(self.found(RevisionKind::Branch, name, id), |found| {
            found.checked_out = checked_out;
            found.published = published;
            found.local = local.map(CommitId).filter(|local| *local != found.commit);
        })
    }

    /// Resolves the name of a tag.
    pub fn resolve_tag(&self, remote: Option<&str>, name: &str) -> Resolution {
        match self.refs() {
            Ok(refs) => match refs.tags.get(name) {
                Some(id) => self.found(RevisionKind::Tag, name, *id),
                None => match self.tag_coverage(remote) {
                    Coverage::Full => {
                        Resolution::NotFound(format!("{} has no tag `{name}`", self.name_of(remote)))
                    }
                    Coverage::Partial(why) => Resolution::Unknown(why),
                },
            },
            Err(error) => Resolution::Unknown(error.to_string()),
        }
    }

    /// Resolves a commit id of 7 to 40 hexadecimal digits. One that is not here is never "not found": a remote
    /// gives out commits that are on no branch any more, which a clone does not fetch.
    pub fn resolve_commit(&self, digits: &str) -> Resolution {
        let known = if is_full_id(digits) {
            ObjectId::from_hex(digits.to_ascii_lowercase().as_bytes())
                .map_err(|error| GitError::new(error.to_string()))
                .and_then(|id| self.store.peel(id))
                .map(|commit| vec![commit])
        } else {
            self.store.commits_by_prefix(digits)
        };
        match known.as_deref() {
            Ok([commit]) => Self::found_commit(RevisionKind::Commit, &commit.id.to_string(), commit),
            Ok([]) => Resolution::Unknown(format!("commit {digits} is not in this clone")),
            Ok(several) => Resolution::NotFound(format!(
                "{digits} is short for {} commits: {}",
                several.len(),
                several.iter().map(|commit| commit.id.to_string()).collect::<Vec<_>>().join(", ")
            )),
            Err(error) => Resolution::Unknown(format!("commit {digits} is not in this clone: {error}")),
        }
    }

    fn resolve_default(&self, remote: Option<&str>) -> Resolution {
        match self.default_branch(remote) {
            Answer::Known(branch) => {
                let assumed = matches!(branch, super::DefaultBranch::Assumed(_));
                match self.resolve_branch(remote, branch.name()) {
                    // Recorded, but gone or never fetched: that is no proof that the remote has none.
                    Resolution::NotFound(why) => Resolution::Unknown(why),
                    resolution => mark(resolution, |found| found.assumed_default = assumed),
                }
            }
            Answer::Unknown(why) => Resolution::Unknown(why),
        }
    }

    /// A name without `refs/`: what most manifests write.
    fn resolve_short(&self, refs: &Refs, remote: Option<&str>, name: &str) -> Resolution {
        let branch = self.resolve_branch(remote, name);
        let tag = self.resolve_tag(remote, name);
        match (branch, tag) {
            // Argo CD sees no branch that was not pushed.
            (Resolution::Found(branch), tag @ Resolution::Found(_)) if branch.published == Some(false) => tag,
            (Resolution::Found(mut branch), Resolution::Found(tag)) => {
                branch.ambiguous_with = Some(tag.commit).filter(|commit| *commit != branch.commit);
                Resolution::Found(branch)
            }
            (found @ Resolution::Found(_), _) | (_, found @ Resolution::Found(_)) => found,
            (branch, tag) => {
                let full = format!("refs/{name}");
                if refs.others.contains_key(&full) {
                    return self.resolve_other(refs, &full);
                }
                if is_short_id(name) {
                    return self.resolve_short_id(name, branch, tag);
                }
                if is_review(name) {
                    return self.resolve_other(refs, &full);
                }
                match (branch, tag) {
                    (Resolution::Unknown(why), _) | (_, Resolution::Unknown(why)) => Resolution::Unknown(why),
                    _ => Resolution::NotFound(self.why_not_found(refs, remote, name)),
                }
            }
        }
    }

    /// Argo CD checks an abbreviated id out of a clone of all branches and tags, so here it can be missing for sure.
    fn resolve_short_id(&self, digits: &str, branch: Resolution, tag: Resolution) -> Resolution {
        match (self.resolve_commit(digits), branch, tag) {
            (Resolution::Unknown(_), Resolution::NotFound(_), Resolution::NotFound(_)) => {
                Resolution::NotFound(format!(
                    "no branch or tag is called `{digits}`, and no commit begins with it"
                ))
            }
            (resolution, _, _) => resolution,
        }
    }

    /// A reference that is neither branch nor tag, by its full name.
    fn resolve_other(&self, refs: &Refs, name: &str) -> Resolution {
        if let Some(id) = refs.others.get(name) {
            return self.found(RevisionKind::Other, name, *id);
        }
        if let Some(rest) = name.strip_prefix("refs/remotes/") {
            let branch = rest.split_once('/').map_or(rest, |(_, branch)| branch);
            return Resolution::NotFound(format!(
                "`{name}` is a name inside of clones; the remote calls that branch `{branch}`"
            ));
        }
        Resolution::Unknown(format!("clones do not fetch references like `{name}`"))
    }

    /// What may have been meant instead.
    fn why_not_found(&self, refs: &Refs, remote: Option<&str>, name: &str) -> String {
        let of = self.name_of(remote);
        if let Some((first, branch)) = name.split_once('/') {
            let tracking = refs.tracking(first);
            if tracking.is_some_and(|branches| branches.contains_key(branch)) {
                return format!("`{name}` is what clones call the branch; {of} itself calls it `{branch}`");
            }
            if matches!(first, "heads" | "tags") {
                return format!("{of} has no branch or tag `{name}`; write `refs/{name}` or `{branch}`");
            }
        }
        format!("{of} has no branch or tag `{name}`")
    }

    fn name_of(&self, remote: Option<&str>) -> String {
        self.remote_or_upstream(remote)
            .map_or_else(|| "the repository".to_owned(), |remote| format!("`{}`", remote.name))
    }

    /// The commit that a reference leads to.
    fn found(&self, kind: RevisionKind, name: &str, id: ObjectId) -> Resolution {
        match self.store.peel(id) {
            Ok(commit) => Self::found_commit(kind, name, &commit),
            Err(error) => Resolution::Unknown(format!("`{name}` is known, but {error}")),
        }
    }

    fn found_commit(kind: RevisionKind, name: &str, commit: &Arc<Commit>) -> Resolution {
        Resolution::Found(Box::new(Resolved {
            kind,
            name: name.to_owned(),
            commit: commit.id,
            time: commit.time,
            checked_out: false,
            published: None,
            local: None,
            assumed_default: false,
            by_constraint: false,
            ambiguous_with: None,
        }))
    }
}

/// Adds to what was found.
fn mark(mut resolution: Resolution, change: impl FnOnce(&mut Resolved)) -> Resolution {
    if let Resolution::Found(resolved) = &mut resolution {
        change(resolved);
    }
    resolution
}

/// Argo CD's `IsCommitSHA`.
fn is_full_id(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Argo CD's `IsTruncatedCommitSHA`, which has no upper limit.
fn is_short_id(revision: &str) -> bool {
    revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Names under which forges publish pull requests. They exist on the remote, and no clone has them.
fn is_review(name: &str) -> bool {
    ["pull/", "merge-requests/", "pull-requests/", "changes/"].iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::DefaultBranch;
    use crate::git::testing::{File, Scratch};

    /// A clone of `origin` with branches `main`, `dev` and `feature/x`, and some tags.
    struct Fixture {
        scratch: Scratch,
        first: CommitId,
        second: CommitId,
        third: CommitId,
        unpushed: CommitId,
        annotated: String,
    }

    fn fixture() -> Fixture {
        let scratch = Scratch::new();
        scratch.add_origin();
        let first = scratch.commit(&[("a", File::Text("1"))], &[], 100);
        let second = scratch.commit(&[("a", File::Text("2"))], &[first], 200);
        let third = scratch.commit(&[("a", File::Text("3"))], &[second], 300);
        let unpushed = scratch.commit(&[("a", File::Text("4"))], &[third], 400);
        scratch.reference("refs/remotes/origin/main", third);
        scratch.reference("refs/remotes/origin/dev", second);
        scratch.reference("refs/remotes/origin/feature/x", second);
        scratch.reference("refs/remotes/origin/both", first);
        scratch.reference("refs/remotes/origin/cafebabe", first);
        scratch.reference("refs/heads/main", unpushed);
        scratch.reference("refs/heads/mine", unpushed);
        scratch.reference("refs/pull/7/head", second);
        scratch.reference("refs/tags/v1.0.0", first);
        let annotated = scratch.tag("v1.1.0", "commit", second);
        let twice = scratch.tag("v1.2.0", "tag", &annotated);
        // Half of the references packed: `packed-refs` gives way to files of the same name.
        scratch.write(
            ".git/packed-refs",
            format!(
                "# pack-refs with: peeled fully-peeled sorted \n{first} refs/remotes/origin/main\n\
                 {third} refs/tags/both\n{annotated} refs/tags/v1.1.0\n^{second}\n{twice} refs/tags/v1.2.0\n"
            ),
        );
        scratch.reference("refs/heads/local", unpushed);
        scratch.reference("refs/tags/local", second);
        let blob = scratch.object("blob", b"text");
        scratch.reference("refs/tags/blob", blob);
        Fixture { scratch, first, second, third, unpushed, annotated }
    }

    fn no_constraint(_: &str, _: &[&str]) -> Option<String> {
        None
    }

    fn resolve(repository: &Repository, revision: &str) -> Resolution {
        repository.resolve(None, revision, &no_constraint)
    }

    #[test]
    fn resolves_as_argo_cd() {
        use RevisionKind::{Branch, Commit, Other, Tag};
        let f = fixture();
        let repository = f.scratch.open();
        let second = f.second.to_string();
        for (revision, kind, name, commit) in [
            ("", Branch, "main", f.third),
            ("HEAD", Branch, "main", f.third),
            ("main", Branch, "main", f.third),
            ("refs/heads/main", Branch, "main", f.third),
            ("feature/x", Branch, "feature/x", f.second),
            ("mine", Branch, "mine", f.unpushed),
            ("v1.0.0", Tag, "v1.0.0", f.first),
            ("refs/tags/v1.0.0", Tag, "v1.0.0", f.first),
            ("v1.1.0", Tag, "v1.1.0", f.second),
            ("v1.2.0", Tag, "v1.2.0", f.second),
            ("both", Branch, "both", f.first),
            ("refs/tags/both", Tag, "both", f.third),
            // The branch of this name was never pushed.
            ("local", Tag, "local", f.second),
            // A name comes before an abbreviated id, a full id before everything.
            ("cafebabe", Branch, "cafebabe", f.first),
            ("refs/pull/7/head", Other, "refs/pull/7/head", f.second),
            ("pull/7/head", Other, "refs/pull/7/head", f.second),
            (&second, Commit, &second, f.second),
            (&second.to_uppercase(), Commit, &second, f.second),
            (&second[..7], Commit, &second, f.second),
            (&second[..13], Commit, &second, f.second),
            // The id of an annotated tag leads to its commit.
            (&f.annotated, Commit, &second, f.second),
            (&f.annotated[..9], Commit, &second, f.second),
        ] {
            let resolution = resolve(&repository, revision);
            let found = resolution.found().unwrap_or_else(|| panic!("{revision}: {resolution:?}"));
            assert_eq!((found.kind, found.name.as_str(), found.commit), (kind, name, commit), "{revision}");
        }
    }

    #[test]
    fn tells_circumstances() {
        let f = fixture();
        let repository = f.scratch.open();
        let found = |revision| resolve(&repository, revision).found().unwrap().clone();
        let main = found("main");
        assert_eq!((main.time, main.checked_out, main.published), (300, true, Some(true)));
        assert_eq!(main.local, Some(f.unpushed));
        assert!(!found("HEAD").assumed_default);
        let mine = found("mine");
        assert_eq!((mine.published, mine.local, mine.checked_out), (Some(false), None, false));
        assert_eq!(found("both").ambiguous_with, Some(f.third));
        assert_eq!(found("v1.0.0").published, None);
    }

    #[test]
    fn not_found_in_a_full_clone() {
        let f = fixture();
        let repository = f.scratch.open();
        for (revision, want) in [
            ("staging", "`origin` has no branch or tag `staging`"),
            ("origin/dev", "`origin/dev` is what clones call the branch; `origin` itself calls it `dev`"),
            (
                "refs/remotes/origin/dev",
                "`refs/remotes/origin/dev` is a name inside of clones; the remote calls that branch `dev`",
            ),
            ("heads/dev", "`origin` has no branch or tag `heads/dev`; write `refs/heads/dev` or `dev`"),
            ("refs/heads/v1.0.0", "`origin` has no branch `v1.0.0`"),
            ("refs/tags/dev", "`origin` has no tag `dev`"),
            ("deadbeef", "no branch or tag is called `deadbeef`, and no commit begins with it"),
            ("dead", "`origin` has no branch or tag `dead`"),
        ] {
            assert_eq!(resolve(&repository, revision), Resolution::NotFound(want.to_owned()));
        }
        let id = "0123456789012345678901234567890123456789";
        for (revision, want) in [
            // Forges give out commits that no branch has, and pull requests that no clone has.
            (
                id,
                &*format!("commit {id} is not in this clone: object 0123456 is missing from the repository"),
            ),
            ("pull/8/head", "clones do not fetch references like `refs/pull/8/head`"),
            ("refs/notes/commits", "clones do not fetch references like `refs/notes/commits`"),
            ("blob", "`blob` is known, but object f3a3485 leads to a blob, not to a commit"),
        ] {
            assert_eq!(resolve(&repository, revision), Resolution::Unknown(want.to_owned()));
        }
    }

    #[test]
    fn picks_tags_by_constraint() {
        let f = fixture();
        let pick = |revision: &str, tags: &[&str]| {
            assert_eq!(tags, ["blob", "both", "local", "v1.0.0", "v1.1.0", "v1.2.0"]);
            (revision == "v1.x").then(|| "v1.2.0".to_owned())
        };
        let resolution = f.scratch.open().resolve(None, "v1.x", &pick);
        let found = resolution.found().unwrap();
        assert_eq!((found.name.as_str(), found.commit, found.by_constraint), ("v1.2.0", f.second, true));
        // A shallow clone may lack the newest tag.
        f.scratch.write(".git/shallow", format!("{}\n", f.first));
        let Resolution::Unknown(why) = f.scratch.open().resolve(None, "v1.x", &pick) else { panic!() };
        assert_eq!(
            why,
            "the newest tag here that satisfies it is `v1.2.0`, but there may be newer ones: this clone is \
             shallow; such clones have one branch, as a rule"
        );
    }

    #[test]
    fn a_clone_of_one_branch_cannot_tell() {
        // As continuous integration checks out a pull request: one commit, no branch.
        let scratch = Scratch::new();
        scratch.add_origin();
        std::fs::remove_file(scratch.path(".git/refs/remotes/origin/HEAD")).unwrap();
        let parent = "1111111111111111111111111111111111111111";
        let parent = crate::git::testing::commit_id(parent);
        let commit = scratch.commit(&[("a", File::Text("1"))], &[parent], 100);
        scratch.write(".git/shallow", format!("{commit}\n"));
        scratch.reference("refs/remotes/pull/7/merge", commit);
        scratch.write(".git/HEAD", format!("{commit}\n"));
        let repository = scratch.open();
        assert_eq!(repository.head().unwrap().branch(), None);
        assert!(repository.is_shallow());
        for revision in ["main", "HEAD", "v1.0.0", "refs/heads/dev", "deadbeef"] {
            let resolution = resolve(&repository, revision);
            assert!(matches!(resolution, Resolution::Unknown(_)), "{revision}: {resolution:?}");
        }
        assert_eq!(resolve(&repository, &commit.short()).found().unwrap().commit, commit);

        // One branch was fetched: it is known, others are not.
        scratch.reference("refs/remotes/origin/main", commit);
        let repository = scratch.open();
        let main = resolve(&repository, "HEAD");
        assert!(main.found().unwrap().assumed_default);
        assert_eq!(
            resolve(&repository, "dev"),
            Resolution::Unknown("this clone is shallow; such clones have one branch, as a rule".to_owned())
        );
        std::fs::remove_file(scratch.path(".git/shallow")).unwrap();
        assert_eq!(
            resolve(&scratch.open(), "dev"),
            Resolution::Unknown("only one branch of `origin` is in this clone".to_owned())
        );
    }

    #[test]
    fn default_branches() {
        let scratch = Scratch::new();
        let commit = scratch.commit(&[], &[], 1);
        assert!(matches!(scratch.open().default_branch(None), Answer::Unknown(_)));
        scratch.reference("refs/heads/master", commit);
        let assumed = Answer::Known(DefaultBranch::Assumed("master".to_owned()));
        assert_eq!(scratch.open().default_branch(None), assumed, "without remotes, local branches decide");
        scratch.reference("refs/heads/main", commit);
        assert!(matches!(scratch.open().default_branch(None), Answer::Unknown(_)));
        scratch.add_origin();
        scratch.reference("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/trunk");
        let recorded = Answer::Known(DefaultBranch::Recorded("trunk".to_owned()));
        assert_eq!(scratch.open().default_branch(None), recorded);
        // Recorded, but that branch was never fetched.
        assert!(matches!(resolve(&scratch.open(), "HEAD"), Resolution::Unknown(_)));
    }

    #[test]
    fn abbreviations_and_damage() {
        let scratch = Scratch::new();
        scratch.add_origin();
        // Two commits whose ids share seven digits cannot be made on purpose, but found: the message decides.
        let tree = scratch.tree(&[]);
        let mut seen = std::collections::BTreeMap::new();
        let (one, other) = (0..200_000_i64)
            .find_map(|time| {
                let text =
                    format!("tree {tree}\nauthor A <a> {time} +0000\ncommitter A <a> {time} +0000\n\n");
                let whole = format!("commit {}\0{text}", text.len());
                let digest = sha1::Digest::finalize(sha1::Digest::chain_update(
                    <sha1::Sha1 as sha1::Digest>::new(),
                    whole,
                ));
                let prefix: [u8; 4] = [digest[0], digest[1], digest[2], digest[3] & 0xf0];
                seen.insert(prefix, text.clone()).map(|earlier| (earlier, text))
            })
            .unwrap();
        let one = scratch.object("commit", one.as_bytes());
        let other = scratch.object("commit", other.as_bytes());
        assert_eq!(one[..7], other[..7]);
        scratch.reference("refs/remotes/origin/main", &one);
        let repository = scratch.open();
        let Resolution::NotFound(why) = resolve(&repository, &one[..7]) else { panic!() };
        assert!(why.contains("is short for 2 commits") && why.contains(&one) && why.contains(&other));
        assert_eq!(resolve(&repository, &one[..39]).found().unwrap().commit.to_string(), one);
        assert!(resolve(&repository, &format!("{one}0")).found().is_none());

        // A reference that cannot be read makes everything that was not found uncertain, and says so.
        scratch.write(".git/refs/remotes/origin/dev", "not an id\n");
        let repository = scratch.open();
        assert_eq!(repository.broken_references().unwrap().len(), 1);
        assert!(resolve(&repository, "main").found().is_some());
        let Resolution::Unknown(why) = resolve(&repository, "staging") else { panic!() };
        assert!(why.contains("refs/remotes/origin/dev"), "{why}");
        // A reference to a commit that is not there.
        scratch.write(".git/refs/remotes/origin/dev", "1234567890123456789012345678901234567890\n");
        let Resolution::Unknown(why) = resolve(&scratch.open(), "dev") else { panic!() };
        assert_eq!(why, "`dev` is known, but object 1234567 is missing from the repository");
        // References that name each other.
        scratch.write(".git/refs/remotes/origin/dev", "ref: refs/remotes/origin/dev\n");
        assert!(matches!(resolve(&scratch.open(), "dev"), Resolution::NotFound(_)));
    }
}
