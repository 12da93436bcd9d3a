//! The object store: commits, directories and blobs by id. The only file that knows how objects are encoded.

use std::sync::{Arc, PoisonError, RwLock};

use gix::ObjectId;
use gix::objs::{CommitRefIter, Kind, TagRefIter, TreeRefIter};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::source::TreePath;

use super::{Commit, CommitId, GitError};

/// A tag may name a tag that names a tag. Nobody does that ten times; a damaged repository may do it forever.
const MAX_TAG_DEPTH: usize = 10;

/// No repository of configuration has this many files. A directory that names itself, or ten copies of a directory
/// of ten copies, has more than fit in memory.
pub(super) const MAX_ENTRIES: usize = 1_000_000;

/// What an entry of a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// A regular file, executable or not.
    File,
    /// A symbolic link; its blob is the target.
    Link,
    Dir,
    /// A submodule: the id is a commit of another repository.
    Submodule,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: SmolStr,
    pub(super) mode: Mode,
    pub(super) id: ObjectId,
}

/// The entries of a directory, sorted by name (bytewise).
#[derive(Debug, Default)]
pub(super) struct Listing(Vec<Item>);

impl Listing {
    pub(super) fn get(&self, name: &str) -> Option<&Item> {
        let at = self.0.binary_search_by(|item| item.name.as_str().cmp(name)).ok()?;
        self.0.get(at)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Item> {
        self.0.iter()
    }
}

/// Everything below a directory.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) items: Vec<(TreePath, Item)>,
    /// Directories whose entries are missing from `items`.
    pub(super) unlisted: Vec<(TreePath, ObjectError)>,
}

impl Entries {
    /// The items, if they are all there.
    pub(super) fn complete(self) -> Result<Vec<(TreePath, Item)>, GitError> {
        match self.unlisted.into_iter().next() {
            None => Ok(self.items),
            Some((dir, error)) => {
                Err(GitError::new(format!("`{dir}` cannot be listed: {}", GitError::from(error))))
            }
        }
    }
}

/// Why an object could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ObjectError {
    /// It is larger than allowed.
    TooLarge { size: u64, limit: u64 },
    /// It is not in this clone, or cannot be read; for people.
    Failed(String),
}

impl From<ObjectError> for GitError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::TooLarge { size, limit } => {
                Self::new(format!("an object has {size} bytes, more than the limit of {limit}"))
            }
            ObjectError::Failed(why) => Self::new(why),
        }
    }
}

/// The objects of one repository, shared by all its revisions and threads.
pub(super) struct Store {
    git: gix::ThreadSafeRepository,
    /// Commits whose parents a shallow clone does not have, sorted.
    shallow: Vec<ObjectId>,
    /// Whether the clone leaves out objects by a filter (`--filter=blob:none`).
    partial: bool,
    listings: RwLock<FxHashMap<ObjectId, Arc<Listing>>>,
    commits: RwLock<FxHashMap<ObjectId, Arc<Commit>>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    pub(super) fn new(git: gix::ThreadSafeRepository, partial: bool) -> Result<Self, GitError> {
        let shallow = git
            .to_thread_local()
            .shallow_commits()
            .map_err(|error| GitError::new(format!("the file `shallow` cannot be read: {}", words(&error))))?
            .map(|commits| commits.iter().copied().collect())
            .unwrap_or_default();
        let mut store =
            Self { git, shallow, partial, listings: RwLock::default(), commits: RwLock::default() };
        store.shallow.sort_unstable();
        Ok(store)
    }

    pub(super) fn is_shallow(&self) -> bool {
        !self.shallow.is_empty()
    }

    pub(super) fn is_partial(&self) -> bool {
        self.partial
    }

    /// A handle of this thread. Making one costs less than a microsecond. A missing object stays missing: the
    /// directory of packs is read once, not after every miss.
    pub(super) fn git(&self) -> gix::Repository {
        let mut git = self.git.to_thread_local();
        git.objects.refresh_never();
        git
    }

    /// Kind and decoded bytes of any object of at most `limit` bytes.
    fn object(&self, id: ObjectId, limit: u64) -> Result<(Kind, Vec<u8>), ObjectError> {
        let git = self.git();
        let size = match git.try_find_header(id) {
            Ok(Some(header)) => header.size(),
            Ok(None) => return Err(self.missing(id)),
            Err(error) => return Err(broken(id, &error)),
        };
        if size > limit {
            return Err(ObjectError::TooLarge { size, limit });
        }
        match git.try_find_object(id) {
            Ok(Some(mut object)) => Ok((object.kind, std::mem::take(&mut object.data))),
            Ok(None) => Err(self.missing(id)),
            Err(error) => Err(broken(id, &error)),
        }
    }

    fn missing(&self, id: ObjectId) -> ObjectError {
        let id = id.to_hex_with_len(7);
        ObjectError::Failed(if self.partial {
            format!("object {id} is not in this clone, which leaves out objects (`git clone --filter`)")
        } else if self.is_shallow() {
            format!("object {id} is not in this clone, which is shallow")
        } else {
            format!("object {id} is missing from the repository")
        })
    }

    fn object_of(&self, id: ObjectId, want: Kind, limit: u64) -> Result<Vec<u8>, ObjectError> {
        let (kind, data) = self.object(id, limit)?;
        if kind == want {
            Ok(data)
        } else {
            let id = id.to_hex_with_len(7);
            Err(ObjectError::Failed(format!("object {id} is a {kind} where a {want} is needed")))
        }
    }

    /// The bytes of a file of at most `limit` bytes.
    pub(super) fn blob(&self, id: ObjectId, limit: u64) -> Result<Vec<u8>, ObjectError> {
        self.object_of(id, Kind::Blob, limit)
    }

    /// The entries of a directory. Names that no checkout can have (not UTF-8, `.git`, with a slash) are left out.
    pub(super) fn listing(&self, id: ObjectId) -> Result<Arc<Listing>, ObjectError> {
        if let Some(known) = self.listings.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Arc::clone(known));
        }
        let data = self.object_of(id, Kind::Tree, MAX_TREE_BYTES)?;
        let mut items = Vec::new();
        for entry in TreeRefIter::from_bytes(&data, id.kind()) {
            let entry = entry.map_err(|error| broken(id, &error))?;
            let Ok(name) = std::str::from_utf8(entry.filename) else { continue };
            if matches!(name, "" | "." | ".." | ".git") || name.contains(['/', '\0']) {
                continue;
            }
            let mode = match entry.mode.kind() {
                gix::objs::tree::EntryKind::Tree => Mode::Dir,
                gix::objs::tree::EntryKind::Blob | gix::objs::tree::EntryKind::BlobExecutable => Mode::File,
                gix::objs::tree::EntryKind::Link => Mode::Link,
                gix::objs::tree::EntryKind::Commit => Mode::Submodule,
            };
            items.push(Item { name: SmolStr::new(name), mode, id: entry.oid.to_owned() });
        }
        // Git sorts a directory `a` as `a/`; listings here sort by plain name, as on disk.
        items.sort_by(|a, b| a.name.cmp(&b.name));
        items.dedup_by(|a, b| a.name == b.name);
        let listing = Arc::new(Listing(items));
        let mut listings = self.listings.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(listings.entry(id).or_insert(listing)))
    }

    /// Everything below a directory but directories, sorted by path.
    pub(super) fn entries(&self, root: ObjectId) -> Entries {
        let mut found = Entries::default();
        let mut seen = 0;
        let mut todo = vec![(TreePath::root(), root)];
        while let Some((dir, id)) = todo.pop() {
            let listing = match self.listing(id) {
                Ok(_) if seen > MAX_ENTRIES => {
                    let why = ObjectError::Failed("more files than can be listed".to_owned());
                    found.unlisted.push((dir, why));
                    continue;
                }
                Ok(listing) => listing,
                Err(error) => {
                    found.unlisted.push((dir, error));
                    continue;
                }
            };
            seen += listing.0.len() + 1;
            for item in listing.iter() {
                let path = dir.child(&item.name);
                match item.mode {
                    Mode::Dir => todo.push((path, item.id)),
                    Mode::File | Mode::Link | Mode::Submodule => found.items.push((path, item.clone())),
                }
            }
        }
        found.items.sort_by(|a, b| a.0.cmp(&b.0));
        found.unlisted.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// A commit by its id.
    pub(super) fn commit(&self, id: ObjectId) -> Result<Arc<Commit>, GitError> {
        if let Some(known) = self.commits.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Arc::clone(known));
        }
        let data = self.object_of(id, Kind::Commit, MAX_COMMIT_BYTES)?;
        let mut fields = CommitRefIter::from_bytes(&data, id.kind());
        let tree = fields.tree_id().map_err(|error| broken(id, &error))?;
        let cut_off = self.shallow.binary_search(&id).is_ok();
        let parents = if cut_off { Vec::new() } else { fields.parent_ids().map(CommitId).collect() };
        // A commit without a readable date sorts as the oldest; it has no other meaning than "unknown".
        let time = fields.committer().map_or(0, |signature| signature.seconds());
        let commit = Arc::new(Commit { id: CommitId(id), parents, time, cut_off, tree });
        let mut commits = self.commits.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(commits.entry(id).or_insert(commit)))
    }

    /// The commit that an id leads to: itself, or what an annotated tag names.
    pub(super) fn peel(&self, id: ObjectId) -> Result<Arc<Commit>, GitError> {
        let mut at = id;
        for _ in 0..MAX_TAG_DEPTH {
            if let Some(known) = self.commits.read().unwrap_or_else(PoisonError::into_inner).get(&at) {
                return Ok(Arc::clone(known));
            }
            let (kind, data) = self.object(at, MAX_COMMIT_BYTES)?;
            match kind {
                Kind::Commit => return self.commit(at),
                Kind::Tag => {
                    let tag = TagRefIter::from_bytes(&data, at.kind());
                    at = tag.target_id().map_err(|error| broken(at, &error))?;
                }
                Kind::Tree | Kind::Blob => {
                    let id = id.to_hex_with_len(7);
                    return Err(GitError::new(format!("object {id} leads to a {kind}, not to a commit")));
                }
            }
        }
        Err(GitError::new(format!("tag {} leads to no commit", id.to_hex_with_len(7))))
    }

    /// The commits whose id, or whose annotated tag's id, begins with hexadecimal digits (at least four).
    pub(super) fn commits_by_prefix(&self, digits: &str) -> Result<Vec<Arc<Commit>>, GitError> {
        let prefix = gix::hash::Prefix::from_hex(&digits.to_ascii_lowercase())
            .map_err(|error| GitError::new(words(&error)))?;
        #[expect(clippy::disallowed_types, reason = "the type gix fills; sorted before anybody looks")]
        let mut found = std::collections::HashSet::new();
        self.git()
            .objects
            .lookup_prefix(prefix, Some(&mut found))
            .map_err(|error| GitError::new(format!("objects cannot be looked up: {}", words(&error))))?;
        // Digits may also begin the id of a file or a directory; where a commit is needed, git looks past those.
        let mut commits: Vec<_> = found.into_iter().filter_map(|id| self.peel(id).ok()).collect();
        commits.sort_unstable_by_key(|commit| commit.id);
        commits.dedup_by_key(|commit| commit.id);
        Ok(commits)
    }
}

/// Directories and commits above these sizes are not made by people; reading them could only exhaust memory.
const MAX_TREE_BYTES: u64 = 64 << 20;
const MAX_COMMIT_BYTES: u64 = 4 << 20;

fn broken(id: ObjectId, error: &gix::Error) -> ObjectError {
    ObjectError::Failed(format!("object {} cannot be read: {}", id.to_hex_with_len(7), words(error)))
}

/// An error of gix and its causes on one line.
pub(super) fn words(error: &gix::Error) -> String {
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let mut causes: Vec<String> = Vec::new();
    for error in chain.take(8) {
        let text = error.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" ");
        // Some causes only repeat, or are a class of errors in one word.
        if !causes.contains(&text) && (causes.is_empty() || text.contains(' ')) {
            causes.push(text);
        }
    }
    causes.join(": ")
}
