//! Walking history: how two commits relate.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use gix::ObjectId;
use rustc_hash::FxHashMap;

use super::{Answer, Commit, CommitId, GitError, Repository};

/// Commits looked at before giving up: well over the whole history of most repositories of configuration, a
/// second of work at worst.
const MAX_COMMITS: usize = 100_000;

/// How many commits beyond the last one that matters are looked at, for histories whose clocks disagree. git
/// itself is content with five.
const SLOP: usize = 16;

/// How two commits relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// Commits of the first that the second does not have.
    pub ahead: usize,
    /// Commits of the second that the first does not have.
    pub behind: usize,
    /// The newest commit that both have; `None` when their histories share nothing.
    pub merge_base: Option<CommitId>,
}

impl Comparison {
    /// Whether the second commit has everything of the first: the first is merged.
    pub fn is_merged(&self) -> bool {
        self.ahead == 0
    }
}

impl Repository {
    /// Counts what each of two commits has that the other has not, and finds where they parted. Not known when
    /// the clone's history ends before they meet, or when they parted too long ago.
    ///
    /// The counts are those of `git rev-list --left-right --count one...other`, the commit is that of
    /// `git merge-base one other`.
    pub fn compare(&self, one: CommitId, other: CommitId) -> Answer<Comparison> {
        match Walk::new(self, MAX_COMMITS).run(one, other) {
            Ok(answer) => answer,
            Err(error) => Answer::Unknown(error.to_string()),
        }
    }

    /// Whether `descendant` has everything of `ancestor`. A commit is its own ancestor.
    pub fn is_ancestor(&self, ancestor: CommitId, descendant: CommitId) -> Answer<bool> {
        self.compare(ancestor, descendant).map(|comparison| comparison.is_merged())
    }

    /// The newest commit that both have: what a pull request of `one` into `other` is compared with.
    pub fn merge_base(&self, one: CommitId, other: CommitId) -> Answer<Option<CommitId>> {
        self.compare(one, other).map(|comparison| comparison.merge_base)
    }
}

/// Reached from the first commit.
const ONE: u8 = 1;
/// Reached from the second commit.
const OTHER: u8 = 2;
const BOTH: u8 = ONE | OTHER;
/// Reached from a common commit: common, but not where they parted.
const STALE: u8 = 4;

const CUT_OFF: &str =
    "the history of this clone is cut off before the two meet (`git fetch --unshallow` brings the rest)";

/// Paints history from both ends, newest commits first, until only common history is left to paint.
struct Walk<'a> {
    repository: &'a Repository,
    /// Commits to look at before giving up.
    limit: usize,
    seen: FxHashMap<ObjectId, Seen>,
    /// Newest first; commits of one second by id, so that the order is always the same.
    queue: BinaryHeap<(i64, Reverse<ObjectId>)>,
    /// Entries of the queue that are not common.
    one_sided: usize,
}

struct Seen {
    commit: Arc<Commit>,
    flags: u8,
    queued: bool,
}

impl Seen {
    fn is_common(&self) -> bool {
        self.flags & BOTH == BOTH
    }
}

impl<'a> Walk<'a> {
    fn new(repository: &'a Repository, limit: usize) -> Self {
        Self { repository, limit, seen: FxHashMap::default(), queue: BinaryHeap::new(), one_sided: 0 }
    }

    fn run(mut self, one: CommitId, other: CommitId) -> Result<Answer<Comparison>, GitError> {
        self.reach(one.0, ONE)?;
        self.reach(other.0, OTHER)?;
        let mut oldest_one_sided = i64::MAX;
        let mut slop = SLOP;
        while let Some((time, Reverse(id))) = self.queue.pop() {
            let Some(seen) = self.seen.get_mut(&id) else { continue };
            seen.queued = false;
            let common = seen.is_common();
            let flags = if common { seen.flags | STALE } else { seen.flags };
            let commit = Arc::clone(&seen.commit);
            if !common {
                self.one_sided -= 1;
                oldest_one_sided = oldest_one_sided.min(time);
                slop = SLOP;
            } else if self.one_sided == 0 && time < oldest_one_sided {
                // Only common history is left, older than all that was counted. Where clocks went wrong, a counted
                // commit may still be below it.
                slop -= 1;
                if slop == 0 {
                    break;
                }
            }
            if commit.cut_off {
                // What lies beyond may be common or not. That is no matter once all that is left is common.
                if !common || self.one_sided > 0 {
                    return Ok(Answer::Unknown(CUT_OFF.to_owned()));
                }
                continue;
            }
            if self.seen.len() > self.limit {
                return Ok(Answer::Unknown(format!("they parted more than {} commits ago", self.limit)));
            }
            for parent in &commit.parents {
                self.reach(parent.0, flags)?;
            }
        }
        Ok(Answer::Known(self.comparison()))
    }

    /// Notes that a commit was reached, and queues it if that is news.
    fn reach(&mut self, id: ObjectId, flags: u8) -> Result<(), GitError> {
        let seen = match self.seen.entry(id) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let commit = self.repository.store.commit(id)?;
                entry.insert(Seen { commit, flags: 0, queued: false })
            }
        };
        if seen.flags & flags == flags {
            return Ok(());
        }
        let was_one_sided = seen.queued && !seen.is_common();
        seen.flags |= flags;
        let is_one_sided = !seen.is_common();
        if !seen.queued {
            seen.queued = true;
            self.queue.push((seen.commit.time, Reverse(id)));
        }
        match (was_one_sided, is_one_sided) {
            (false, true) => self.one_sided += 1,
            (true, false) => self.one_sided -= 1,
            _ => {}
        }
        Ok(())
    }
    fn comparison(&self) -> Comparison {
        let mut comparison = Comparison { ahead: 0, behind: 0, merge_base: None };
        let mut newest: Option<(i64, Reverse<ObjectId>)> = None;
        #[expect(clippy::iter_over_hash_type, reason = "counts and a maximum, whatever the order")]
        for (id, seen) in &self.seen {
            match seen.flags {
                ONE => comparison.ahead += 1,
                OTHER => comparison.behind += 1,
                BOTH => newest = newest.max(Some((seen.commit.time, Reverse(*id)))),
                _ => {}
            }
        }
        comparison.merge_base = newest.map(|(_, Reverse(id))| CommitId(id));
        comparison
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Scratch, commit_id};

    #[test]
    fn bounded() {
        let scratch = Scratch::new();
        let tree = scratch.tree(&[]);
        let mut chain = vec![scratch.commit_of(&tree, &[], 1)];
        for time in 2..60 {
            chain.push(scratch.commit_of(&tree, &chain[chain.len() - 1..], time));
        }
        let (first, last) = (chain[0], chain[chain.len() - 1]);
        let repository = scratch.open();
        let run = |limit| Walk::new(&repository, limit).run(first, last).unwrap();
        let known = Comparison { ahead: 0, behind: 58, merge_base: Some(first) };
        assert_eq!(run(100), Answer::Known(known));
        assert_eq!(run(30), Answer::Unknown("they parted more than 30 commits ago".to_owned()));
        assert_eq!(repository.is_ancestor(first, last), Answer::Known(true));
        assert_eq!(repository.is_ancestor(last, first), Answer::Known(false));
        assert_eq!(repository.is_ancestor(last, last), Answer::Known(true));
        assert_eq!(repository.merge_base(chain[7], last), Answer::Known(Some(chain[7])));
    }

    /// A clock that ran years behind hides that the branch is merged from who trusts dates alone.
    #[test]
    fn clocks_that_lie() {
        let scratch = Scratch::new();
        let tree = scratch.tree(&[]);
        let root = scratch.commit_of(&tree, &[], 1000);
        let late = scratch.commit_of(&tree, &[root], 5000);
        let early = scratch.commit_of(&tree, &[late], 10);
        let merge = scratch.commit_of(&tree, &[root, early], 6000);
        let next = scratch.commit_of(&tree, &[merge], 6001);
        let repository = scratch.open();
        let compare = |one, other| repository.compare(one, other).known().unwrap();
        let want = Comparison { ahead: 0, behind: 3, merge_base: Some(late) };
        assert_eq!(compare(late, next), want);
        assert_eq!(compare(next, late), Comparison { ahead: 3, behind: 0, merge_base: Some(late) });
    }

    #[test]
    fn cut_off_history() {
        let scratch = Scratch::new();
        let tree = scratch.tree(&[]);
        let missing = commit_id("1111111111111111111111111111111111111111");
        let edge = scratch.commit_of(&tree, &[missing], 100);
        let left = scratch.commit_of(&tree, &[edge], 200);
        let right = scratch.commit_of(&tree, &[edge], 210);
        let old = scratch.commit_of(&tree, &[missing], 50);
        // Without the mark of a shallow clone, the repository is damaged.
        let damaged = scratch.open().compare(left, right);
        assert_eq!(damaged, Answer::Unknown("object 1111111 is missing from the repository".to_owned()));
        scratch.write(".git/shallow", format!("{edge}\n{old}\n"));
        let repository = scratch.open();
        let want = Comparison { ahead: 1, behind: 1, merge_base: Some(edge) };
        assert_eq!(repository.compare(left, right), Answer::Known(want));
        // These may well share what was cut off.
        assert_eq!(repository.compare(left, old), Answer::Unknown(CUT_OFF.to_owned()));
        assert_eq!(repository.compare(missing, left).known(), None);
    }
}
