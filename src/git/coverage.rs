//! How much of a remote this clone knows: whether "there is no such branch" is a fact here or a gap.
//!
//! Git keeps no record of what was fetched. What it does keep decides: shallow boundaries, the configured
//! refspecs, `refs/remotes/<remote>/HEAD` (written by `git clone`, not by the hand-made fetches of continuous
//! integration) and how many branches are there. In doubt the answer is that the clone does not know.
//!
//! What is known is as of the last fetch. Nothing here can see that a branch was pushed or deleted since.

use super::Remote;
use super::refs::Refs;

/// Whether something missing from this clone is missing from the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Everything was fetched.
    Full,
    /// Something may not have been fetched: why, for people.
    Partial(String),
}

/// Whether every branch of `remote` was fetched.
pub(super) fn of_branches(refs: &Refs, remote: Option<&Remote>, shallow: bool) -> Coverage {
    let partial = |why: String| Coverage::Partial(why);
    let Some(remote) = remote else {
        return partial("this repository has no remote, so what is published is not known".to_owned());
    };
    let name = &remote.name;
    let Some(branches) = refs.tracking(name) else {
        return partial(format!("no branch of `{name}` was fetched"));
    };
    if shallow {
        return partial("this clone is shallow; such clones have one branch, as a rule".to_owned());
    }
    if !remote.fetches_all_branches() {
        return partial(format!("this clone fetches only some branches of `{name}`"));
    }
    // `git fetch origin SHA:refs/remotes/origin/main` leaves the same traces as a remote with one branch,
    // except that only `git clone` records the default branch.
    if branches.len() == 1 && !refs.remote_heads.contains_key(name) {
        return partial(format!("only one branch of `{name}` is in this clone"));
    }
    Coverage::Full
}

/// Whether every tag of `remote` was fetched.
pub(super) fn of_tags(refs: &Refs, remote: Option<&Remote>, shallow: bool) -> Coverage {
    // A fetch of some branches brings only the tags on them.
    let branches = of_branches(refs, remote, shallow);
    if branches != Coverage::Full {
        return branches;
    }
    let Some(remote) = remote else { return branches };
    if remote.no_tags {
        return Coverage::Partial(format!("this clone is set up to fetch no tags of `{}`", remote.name));
    }
    if refs.tags.is_empty() && !refs.remote_heads.contains_key(&remote.name) {
        return Coverage::Partial("no tag is in this clone; it may have been made without".to_owned());
    }
    Coverage::Full
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(branches fetched, default branch recorded, tags, refspec, shallow, --no-tags)`.
    type Clone = (&'static [&'static str], bool, usize, &'static str, bool, bool);

    #[test]
    fn doubts_what_was_not_fetched() {
        const ALL: &str = "+refs/heads/*:refs/remotes/origin/*";
        const MAIN: &str = "+refs/heads/main:refs/remotes/origin/main";
        let cases: &[(&str, Clone, bool, bool)] = &[
            ("git clone", (&["main"], true, 0, ALL, false, false), true, true),
            ("git clone --no-tags", (&["main", "dev"], true, 0, ALL, false, true), true, false),
            ("git clone --single-branch", (&["main"], true, 3, MAIN, false, false), false, false),
            ("git clone --depth 1", (&["main"], false, 0, MAIN, true, false), false, false),
            (
                "git clone --depth 1 --no-single-branch",
                (&["a", "b"], true, 0, ALL, true, false),
                false,
                false,
            ),
            ("actions/checkout", (&["main"], false, 0, ALL, true, false), false, false),
            ("actions/checkout of a pull request", (&[], false, 0, ALL, true, false), false, false),
            ("actions/checkout, fetch-depth 0", (&["main", "dev"], false, 2, ALL, false, false), true, true),
            ("the same, one branch in all", (&["main"], false, 2, ALL, false, false), false, false),
            ("fetch of all branches, --no-tags", (&["a", "b"], false, 0, ALL, false, false), true, false),
        ];
        for (what, (branches, head, tags, refspec, shallow, no_tags), all_branches, all_tags) in cases {
            let id = gix::ObjectId::null(gix::hash::Kind::Sha1);
            let mut refs = Refs::default();
            let fetched = branches.iter().map(|name| ((*name).to_owned(), id)).collect();
            refs.tracking.insert("origin".to_owned(), fetched);
            if *head {
                refs.remote_heads.insert("origin".to_owned(), "main".to_owned());
            }
            refs.tags = (0..*tags).map(|n| (format!("v{n}"), id)).collect();
            let remote = Remote {
                name: "origin".to_owned(),
                refspecs: vec![(*refspec).to_owned()],
                no_tags: *no_tags,
                ..Remote::default()
            };
            let branches = of_branches(&refs, Some(&remote), *shallow);
            assert_eq!(branches == Coverage::Full, *all_branches, "{what}: {branches:?}");
            let tags = of_tags(&refs, Some(&remote), *shallow);
            assert_eq!(tags == Coverage::Full, *all_tags, "{what}: {tags:?}");
        }
        assert_ne!(of_branches(&Refs::default(), None, false), Coverage::Full);
    }
}
