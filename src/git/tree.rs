//! The files at a revision, as a [`Tree`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use gix::ObjectId;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::source::{
    ContentId, Entry, EntryKind, Home, MAX_FILE_BYTES, ReadError, SourceFile, Sources, Tree, TreeId,
    TreePath, relaxed,
};

use super::GitError;
use super::store::{Item, Listing, Mode, ObjectError, Store};

/// As many links as Linux follows before it gives up.
const MAX_LINKS: usize = 40;

/// The longest path that Linux takes, and so the longest target of a link.
const MAX_LINK_BYTES: u64 = 4096;

/// What the files of a tree are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Naming {
    /// Like those of the linted tree.
    Tree,
    /// With what users call the revision.
    Revision(Arc<str>),
    /// With what was fetched.
    Fetched(Arc<str>),
}

impl Naming {
    /// After what users call the revision; without a word like those of the linted tree.
    pub(super) fn of(revision: &str) -> Self {
        if revision.is_empty() { Self::Tree } else { Self::Revision(revision.into()) }
    }

    fn home(&self, path: &TreePath) -> Home {
        let path = path.clone();
        match self {
            Self::Tree => Home::Tree(path),
            Self::Revision(revision) => Home::Revision { path, revision: Arc::clone(revision) },
            Self::Fetched(of) => Home::Checkout { of: Arc::clone(of), path },
        }
    }
}

impl fmt::Display for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tree => Ok(()),
            Self::Revision(name) | Self::Fetched(name) => f.write_str(name),
        }
    }
}

/// A directory of a commit, and all below it. Bytes are those git stores: line endings are not converted, filters
/// (Git LFS) are not run. Directories and files are read when asked for, and kept.
pub struct RevisionTree {
    id: TreeId,
    store: Arc<Store>,
    root: ObjectId,
    naming: Naming,
    sources: Arc<Sources>,
    read: RwLock<FxHashMap<TreePath, Result<Arc<SourceFile>, ReadError>>>,
    walked: OnceLock<Walked>,
}

/// All files of a tree.
struct Walked {
    files: Vec<TreePath>,
    /// Directories whose files are not among them.
    unlisted: Vec<(TreePath, ReadError)>,
}

impl fmt::Debug for RevisionTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevisionTree({})", self.naming)
    }
}

impl RevisionTree {
    /// The tree whose top is the directory `below` of the tree object `root`.
    pub(super) fn new(
        store: Arc<Store>,
        root: ObjectId,
        below: &TreePath,
        naming: Naming,
        sources: Arc<Sources>,
    ) -> Result<Self, GitError> {
        let mut tree = Self {
            id: TreeId::fresh(),
            store,
            root,
            naming,
            sources,
            read: RwLock::default(),
            walked: OnceLock::new(),
        };
        let fail = |error: &ReadError| GitError::new(format!("`{below}` at `{}`: {error}", tree.naming));
        let top = tree.find(below).map_err(|error| fail(&error))?;
        let Node::Dir(id, listing) = top.node else { return Err(fail(&ReadError::NotDir)) };
        drop(listing);
        tree.root = id;
        Ok(tree)
    }

    /// Directories whose files are missing from [`files`](Tree::files), and why: objects that a partial clone does
    /// not have, or more files than anybody has.
    pub fn unlisted(&self) -> &[(TreePath, ReadError)] {
        &self.walked().unlisted
    }

    /// The blob or submodule commit at a path, without following a link in the last place.
    pub(super) fn item(&self, path: &TreePath) -> Option<Item> {
        let parent = self.find(&path.parent()?).ok()?;
        let Node::Dir(_, listing) = parent.node else { return None };
        listing.get(path.file_name()).cloned()
    }

    /// Every entry that is no directory, by path. An error when some cannot be listed.
    pub(super) fn items(&self) -> Result<BTreeMap<TreePath, Item>, GitError> {
        let items = self.store.entries(self.root).complete();
        let items = items.map_err(|error| GitError::new(format!("at `{}`: {error}", self.naming)))?;
        Ok(items.into_iter().collect())
    }

    fn listing(&self, id: ObjectId) -> Result<Arc<Listing>, ReadError> {
        self.store.listing(id).map_err(read_error)
    }

    /// Walks down to `path`, following links as the system would: a target is relative to the directory that holds
    /// the link, and `..` climbs in the tree as it is, not as it was written.
    fn find(&self, path: &TreePath) -> Result<Found, ReadError> {
        let mut links = 0;
        let mut at: Vec<(SmolStr, ObjectId, Arc<Listing>)> = Vec::new();
        let top = self.listing(self.root)?;
        let mut todo: Vec<SmolStr> = path.components().rev().map(SmolStr::new).collect();
        while let Some(name) = todo.pop() {
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    at.pop().ok_or(ReadError::Outside)?;
                    continue;
                }
                _ => {}
            }
            let here = at.last().map_or(&top, |(_, _, listing)| listing);
            let item = here.get(&name).cloned().ok_or(ReadError::NotFound)?;
            match item.mode {
                Mode::Dir => {
                    let listing = self.listing(item.id)?;
                    at.push((name, item.id, listing));
                }
                Mode::Link => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(ReadError::Failed("too many levels of symbolic links".into()));
                    }
                    let target = self.target(item.id)?;
                    todo.extend(target.split('/').rev().map(SmolStr::new));
                }
                Mode::File if todo.is_empty() => {
                    return Ok(Found { path: path_of(&at, Some(&name)), node: Node::File(item.id) });
                }
                Mode::Submodule if todo.is_empty() => {
                    return Ok(Found { path: path_of(&at, Some(&name)), node: Node::Submodule });
                }
                Mode::File => return Err(ReadError::NotDir),
                Mode::Submodule => return Err(submodule()),
            }
        }
        let path = path_of(&at, None);
        let (id, listing) = at.pop().map_or((self.root, top), |(_, id, listing)| (id, listing));
        Ok(Found { path, node: Node::Dir(id, listing) })
    }

    /// What a link says.
    fn target(&self, id: ObjectId) -> Result<String, ReadError> {
        let bytes = self.store.blob(id, MAX_LINK_BYTES).map_err(read_error)?;
        let target = String::from_utf8(bytes)
            .map_err(|_| ReadError::Failed("a symbolic link leads to a name that is not UTF-8".into()))?;
        match target.as_str() {
            "" => Err(ReadError::NotFound),
            absolute if absolute.starts_with('/') => Err(ReadError::Outside),
            _ => Ok(target),
        }
    }

    fn read_blob(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        match self.find(path)?.node {
            Node::File(id) => {
                let bytes = self.store.blob(id, relaxed(MAX_FILE_BYTES)).map_err(read_error)?;
                Ok(self.sources.add_as(self.naming.home(path), bytes))
            }
            Node::Dir(..) => Err(ReadError::IsDir),
            Node::Submodule => Err(submodule()),
        }
    }

    fn walked(&self) -> &Walked {
        self.walked.get_or_init(|| {
            let entries = self.store.entries(self.root);
            let is_file = |(path, item): (TreePath, Item)| match item.mode {
                Mode::File => Some(path),
                Mode::Link => self.is_file(&path).then_some(path),
                Mode::Dir | Mode::Submodule => None,
            };
            let unlisted = entries.unlisted.into_iter().map(|(dir, error)| (dir, read_error(error)));
            Walked {
                files: entries.items.into_iter().filter_map(is_file).collect(),
                unlisted: unlisted.collect(),
            }
        })
    }
}

struct Found {
    /// Where it really is.
    path: TreePath,
    node: Node,
}

enum Node {
    File(ObjectId),
    Dir(ObjectId, Arc<Listing>),
    Submodule,
}

fn path_of(dirs: &[(SmolStr, ObjectId, Arc<Listing>)], name: Option<&SmolStr>) -> TreePath {
    let dir = dirs.iter().fold(TreePath::root(), |path, (name, _, _)| path.child(name));
    name.map_or_else(|| dir.clone(), |name| dir.child(name))
}

fn read_error(error: ObjectError) -> ReadError {
    match error {
        ObjectError::TooLarge { size, limit } => ReadError::TooLarge { size, limit },
        ObjectError::Failed(why) => ReadError::Failed(why.into()),
    }
}

fn submodule() -> ReadError {
    ReadError::Failed("is a git submodule, whose files are not in this repository".into())
}

impl Tree for RevisionTree {
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        if let Some(known) = self.read.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        let result = self.read_blob(path);
        // Two threads may read the same file at once; the first answer stays, so that a path has one id.
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        read.entry(path.clone()).or_insert(result).clone()
    }

    fn content(&self, path: &TreePath) -> Option<ContentId> {
        // Under another name it is another file for whoever reads it.
        match self.find(path).ok().filter(|_| self.naming == Naming::Tree)?.node {
            Node::File(id) => ContentId::new(id.as_slice()),
            Node::Dir(..) | Node::Submodule => None,
        }
    }

    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, ReadError> {
        let listing = match self.find(dir)?.node {
            Node::Dir(_, listing) => listing,
            Node::File(_) => return Err(ReadError::NotDir),
            Node::Submodule => return Err(submodule()),
        };
        let entry = |item: &Item| {
            let kind = match item.mode {
                Mode::File => EntryKind::File,
                Mode::Dir => EntryKind::Dir,
                Mode::Submodule => EntryKind::Other,
                Mode::Link => self.kind(&dir.child(&item.name)).unwrap_or(EntryKind::Other),
            };
            Entry { name: item.name.clone(), kind, link: item.mode == Mode::Link, ignored: false }
        };
        Ok(listing.iter().map(entry).collect())
    }

    fn kind(&self, path: &TreePath) -> Option<EntryKind> {
        match self.find(path) {
            Ok(found) => Some(match found.node {
                Node::File(_) => EntryKind::File,
                Node::Dir(..) => EntryKind::Dir,
                Node::Submodule => EntryKind::Other,
            }),
            Err(ReadError::NotFound | ReadError::NotDir) => {
                // A link that leads nowhere is something all the same.
                self.item(path).map(|_| EntryKind::Other)
            }
            Err(_) => Some(EntryKind::Other),
        }
    }

    fn files(&self) -> Vec<TreePath> {
        self.walked().files.clone()
    }

    fn id(&self, _: &TreePath) -> TreeId {
        self.id
    }

    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        self.find(path).map(|found| found.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{File, Scratch, commit_id, path};
    use crate::git::{CommitId, Repository};

    const ELSEWHERE: &str = "5555555555555555555555555555555555555555";

    fn fixture() -> (Scratch, Repository, CommitId) {
        let scratch = Scratch::new();
        let files: &[(&str, File<'_>)] = &[
            ("a.yaml", File::Text("a: 1\n")),
            ("a-b/x", File::Text("")),
            ("a/run.sh", File::Executable("#!/bin/sh\n")),
            ("a/deep/er/b.yaml", File::Text("b: 1\n")),
            ("a/up", File::Link("../a.yaml")),
            ("a/down", File::Link("./deep//er/../er/b.yaml")),
            ("a/broken", File::Link("nowhere/else")),
            ("a/out", File::Link("../../outside")),
            ("a/absolute", File::Link("/etc/passwd")),
            ("a/loop", File::Link("loop")),
            ("linked", File::Link("a/deep")),
            ("linked-twice", File::Link("linked/er")),
            ("a/through", File::Link("../linked/../up")),
            ("sub", File::Submodule(ELSEWHERE)),
            ("data.bin", File::Bytes(b"\x00\xff")),
            ("large.yaml", File::Text("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n")),
        ];
        let commit = scratch.commit(files, &[], 10);
        let repository = scratch.open();
        (scratch, repository, commit)
    }

    #[test]
    fn reads_and_lists() {
        let (_scratch, repository, commit) = fixture();
        let tree = repository.tree(commit, "v1").unwrap();
        let text = |name: &str| tree.read(&path(name)).map(|file| file.text_or_empty().to_owned());
        assert_eq!(
            tree.paths(),
            [
                "a-b/x",
                "a.yaml",
                "a/deep/er/b.yaml",
                "a/down",
                "a/run.sh",
                "a/through",
                "a/up",
                "data.bin",
                "large.yaml"
            ]
        );
        assert!(tree.unlisted().is_empty());
        let file = tree.read(&path("a/deep/er/b.yaml")).unwrap();
        assert_eq!(file.name().as_ref(), "a/deep/er/b.yaml@v1");
        assert_eq!(tree.read(&path("a/deep/er/b.yaml")).unwrap().id(), file.id(), "read once");
        assert_eq!(tree.read(&path("data.bin")).unwrap().bytes(), b"\x00\xff");
        // Git LFS is a filter of checkouts; git itself stores this.
        assert!(text("large.yaml").unwrap().starts_with("version https://git-lfs"));

        let root: Vec<String> = tree
            .list(&TreePath::root())
            .unwrap()
            .into_iter()
            .map(|entry| {
                let link = if entry.link { " link" } else { "" };
                format!("{} {:?}{link}", entry.name, entry.kind)
            })
            .collect();
        assert_eq!(
            root,
            [
                "a Dir",
                "a-b Dir",
                "a.yaml File",
                "data.bin File",
                "large.yaml File",
                "linked Dir link",
                "linked-twice Dir link",
                "sub Other"
            ]
        );
        assert_eq!(tree.kind(&path("a/nothing")), None);
        assert_eq!(tree.read(&path("a")).unwrap_err(), ReadError::IsDir);
        assert_eq!(tree.read(&path("a.yaml/x")).unwrap_err(), ReadError::NotDir);
        assert_eq!(tree.kind(&path("a.yaml/x")), None);
        assert_eq!(tree.list(&path("a.yaml")), Err(ReadError::NotDir));
        assert_eq!(tree.read(&path("b")).unwrap_err(), ReadError::NotFound);
        for result in [tree.list(&path("sub")).map(|_| ()), tree.read(&path("sub/x")).map(|_| ())] {
            assert_eq!(
                result.unwrap_err().to_string(),
                "is a git submodule, whose files are not in this repository"
            );
        }
    }

    #[test]
    fn follows_links_as_the_system_does() {
        let (scratch, repository, commit) = fixture();
        let tree = repository.tree(commit, "v1").unwrap();
        for (link, want) in [
            ("a/up", Ok("a.yaml")),
            ("a/down", Ok("a/deep/er/b.yaml")),
            ("linked/er/b.yaml", Ok("a/deep/er/b.yaml")),
            ("linked-twice", Ok("a/deep/er")),
            // `..` after a link climbs from where it leads, not from where it was written.
            ("a/through", Ok("a.yaml")),
            ("a/broken", Err(ReadError::NotFound)),
            ("a/out", Err(ReadError::Outside)),
            ("a/absolute", Err(ReadError::Outside)),
            ("a/loop", Err(ReadError::Failed("too many levels of symbolic links".into()))),
        ] {
            assert_eq!(tree.resolve(&path(link)), want.map(path), "{link}");
        }
        for link in ["a/broken", "a/out", "a/absolute", "a/loop"] {
            assert_eq!(tree.kind(&path(link)), Some(EntryKind::Other), "{link}");
        }
        assert_eq!(
            tree.read(&path("linked-twice/b.yaml")).unwrap().name().as_ref(),
            "linked-twice/b.yaml@v1"
        );
        assert_eq!(tree.list(&path("linked")).unwrap().len(), 1);

        // Below a directory: its own paths, and nothing above it.
        let below = repository.tree_below(commit, "v1", &path("a")).unwrap();
        assert_eq!(below.paths(), ["deep/er/b.yaml", "down", "run.sh"]);
        assert_eq!(below.resolve(&path("up")), Err(ReadError::Outside));
        let error = repository.tree_below(commit, "v1", &path("b")).unwrap_err();
        assert_eq!(error.to_string(), "`b` at `v1`: no such file or directory");
        assert!(Arc::ptr_eq(&below, &repository.tree_below(commit, "v1", &path("a")).unwrap()));
        drop(scratch);
    }

    #[test]
    fn agrees_with_the_work_tree() {
        let (scratch, repository, commit) = fixture();
        let tree = repository.tree(commit, "v1").unwrap();
        // The same files on disk, as a checkout has them.
        std::fs::write(scratch.path("a.yaml"), "a: 1\n").unwrap();
        for path in ["a-b/x", "a/run.sh", "a/deep/er/b.yaml", "data.bin", "large.yaml"] {
            scratch.write(path, "");
        }
        std::fs::create_dir(scratch.path("sub")).unwrap();
        #[cfg(unix)]
        for (link, target) in [
            ("a/up", "../a.yaml"),
            ("a/down", "./deep//er/../er/b.yaml"),
            ("a/broken", "nowhere/else"),
            ("a/loop", "loop"),
            ("linked", "a/deep"),
            ("linked-twice", "linked/er"),
            ("a/through", "../linked/../up"),
        ] {
            std::os::unix::fs::symlink(target, scratch.path(link)).unwrap();
        }
        let work = crate::source::WorkTree::open(scratch.root(), "", Sources::new()).unwrap();
        #[cfg(unix)]
        assert_eq!(work.files(), tree.files());
        for name in
            ["", "a", "a/up", "linked/er/b.yaml", "a/through", "a/broken", "a/none", "a.yaml/x", "a/deep/er"]
        {
            let at = path(name);
            assert_eq!(work.kind(&at), tree.kind(&at), "{name}");
            assert_eq!(work.resolve(&at), tree.resolve(&at), "{name}");
            assert_eq!(work.list(&at).err(), tree.list(&at).err(), "{name}");
            assert_eq!(work.read(&at).err(), tree.read(&at).err(), "{name}");
        }
        let entries = |tree: &dyn Tree| {
            let entries = tree.list(&path("a")).unwrap().into_iter();
            entries
                .filter(|entry| !matches!(entry.name.as_str(), "out" | "absolute"))
                .map(|entry| (entry.name, entry.kind, entry.link))
                .collect::<Vec<_>>()
        };
        assert_eq!(entries(&work), entries(tree.as_ref()));
    }

    #[test]
    fn names_that_no_checkout_has() {
        let scratch = Scratch::new();
        let evil = scratch.object("blob", b"evil");
        let inner = scratch.tree(&[(b"ok".as_slice(), File::Text("1"))]);
        let mut data = Vec::new();
        let names = [&b".git"[..], b"..", b".", b"a/b", b"\xff\xfe.yaml", b"fine", b"fine"];
        for name in names {
            data.extend([b"100644 ".as_slice(), name, b"\0"].concat());
            data.extend((0..20).map(|at| u8::from_str_radix(&evil[at * 2..at * 2 + 2], 16).unwrap()));
        }
        data.extend(b"40000 dir\0");
        data.extend((0..20).map(|at| u8::from_str_radix(&inner[at * 2..at * 2 + 2], 16).unwrap()));
        let tree = scratch.object("tree", &data);
        let commit = scratch.commit_of(&tree, &[], 1);
        let repository = scratch.open();
        assert_eq!(repository.tree(commit, "x").unwrap().paths(), ["dir/ok", "fine"]);
    }

    #[test]
    fn missing_and_broken_objects() {
        let scratch = Scratch::new();
        scratch.write(".git/config", "[remote \"origin\"]\n\tpromisor = true\n");
        let files = [
            ("here.yaml", File::Text("a: 1\n")),
            ("blob.yaml", File::Id("100644", "1234567890123456789012345678901234567890")),
            ("dir", File::Id("40000", "2222222222222222222222222222222222222222")),
            ("not-a-dir", File::Id("40000", &scratch.object("blob", b"text"))),
        ];
        let commit = scratch.commit(&files, &[], 1);
        let repository = scratch.open();
        assert!(repository.is_partial());
        let tree = repository.tree(commit, "x").unwrap();
        assert_eq!(
            tree.read(&path("blob.yaml")).unwrap_err().to_string(),
            "object 1234567 is not in this clone, which leaves out objects (`git clone --filter`)"
        );
        assert_eq!(tree.paths(), ["blob.yaml", "here.yaml"]);
        let unlisted: Vec<String> =
            tree.unlisted().iter().map(|(dir, error)| format!("{dir}: {error}")).collect();
        assert_eq!(
            unlisted,
            [
                "dir: object 2222222 is not in this clone, which leaves out objects (`git clone --filter`)",
                "not-a-dir: object f3a3485 is a blob where a tree is needed"
            ]
        );
        let nowhere = commit_id("3333333333333333333333333333333333333333");
        assert!(repository.tree(nowhere, "x").is_err());
        // A loose object that is cut short.
        let id = scratch.object("blob", b"some text that will be cut");
        let file = format!(".git/objects/{}/{}", &id[..2], &id[2..]);
        let bytes = std::fs::read(scratch.path(&file)).unwrap();
        scratch.write(&file, &bytes[..bytes.len() / 2]);
        let commit = scratch.commit(&[("cut", File::Id("100644", &id))], &[], 2);
        let error = repository.tree(commit, "x").unwrap().read(&path("cut")).unwrap_err().to_string();
        assert!(error.starts_with(&format!("object {} cannot be read: ", &id[..7])), "{error}");
    }

    #[test]
    fn bombs_end() {
        let scratch = Scratch::new();
        let mut id = scratch.tree(&[(b"f", File::Text(""))]);
        for _ in 0..9 {
            let names: Vec<String> = (0..10).map(|n| format!("d{n}")).collect();
            let files: Vec<_> = names.iter().map(|name| (name.as_bytes(), File::Id("40000", &id))).collect();
            id = scratch.tree(&files);
        }
        let commit = scratch.commit_of(&id, &[], 1);
        let tree = scratch.open().tree(commit, "x").unwrap();
        assert!(tree.files().len() <= 1_000_000);
        assert_eq!(tree.unlisted()[0].1, ReadError::Failed("more files than can be listed".into()));
        assert!(tree.is_file(&path("d9/d9/d9/d9/d9/d9/d9/d9/d9/f")));
    }

    #[test]
    fn too_large() {
        let scratch = Scratch::new();
        let text = "x".repeat(MAX_FILE_BYTES as usize + 1);
        let commit = scratch.commit(&[("big", File::Text(&text))], &[], 1);
        let error = scratch.open().tree(commit, "x").unwrap().read(&path("big")).unwrap_err();
        assert_eq!(error, ReadError::TooLarge { size: MAX_FILE_BYTES + 1, limit: MAX_FILE_BYTES });
    }
}
