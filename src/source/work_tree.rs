//! The working tree on disk: the only place that reads files of a repository from the file system.

#![expect(clippy::disallowed_methods, reason = "this is the door to the disk that the ban points to")]

use std::fmt;
use std::fs::{File, FileType};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ignore::{WalkBuilder, WalkState};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::located::{Located, io_error};
use super::{Entry, EntryKind, Home, ReadError, SourceFile, Sources, Tree, TreeId, TreePath, relaxed};

/// Files larger than this are reported, not read: no hand-written configuration comes near it, and the API
/// server's own limit for one object is 3 MiB.
pub const MAX_FILE_BYTES: u64 = 32 << 20;

/// A directory on disk, seen through `.gitignore`.
pub struct WorkTree {
    id: TreeId,
    root: PathBuf,
    /// The root with all links followed; what links may lead into.
    real_root: PathBuf,
    /// Put before paths in file names: empty, or `../charts/` for another checkout.
    prefix: String,
    sources: Arc<Sources>,
    /// Whether `files` says what is not ignored.
    walked: bool,
    /// Files that are not ignored, in path order.
    files: Vec<TreePath>,
    /// Symbolic links that the walk met, in path order. It does not follow them: whatever else it met needs no
    /// resolving.
    links: Vec<TreePath>,
    /// What the walk met and could not list, sorted.
    unlisted: Vec<(String, ReadError)>,
    read: RwLock<FxHashMap<TreePath, Result<Arc<SourceFile>, ReadError>>>,
    /// What the walk did not meet, looked up once: an overlay asks for the same directories again and again.
    located: RwLock<FxHashMap<TreePath, Result<Located, ReadError>>>,
}

impl fmt::Debug for WorkTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorkTree({})", self.root.display())
    }
}

impl WorkTree {
    /// Walks `root` in parallel. Hidden files are listed (Argo CD reads them), `.git` never is; what `.gitignore`
    /// and `.git/info/exclude` match is left out of [`Tree::files`] but can still be read by name.
    ///
    /// `prefix` goes before every file name in messages.
    pub fn open(root: &Path, prefix: &str, sources: Arc<Sources>) -> Result<Self, ReadError> {
        Self::walk(root, prefix, sources, true)
    }

    /// As [`WorkTree::open`], but ignore files say nothing: for a tree that Git does not manage. An export of a
    /// repository holds what was committed, and what was committed counts even if a `.gitignore` names it.
    pub fn exported(root: &Path, prefix: &str, sources: Arc<Sources>) -> Result<Self, ReadError> {
        Self::walk(root, prefix, sources, false)
    }

    /// Lists these files as well, those of them that are there: Git tracks them although they are ignored.
    pub fn keep(&mut self, paths: impl IntoIterator<Item = TreePath>) {
        let is_new = |path: &TreePath| self.files.binary_search(path).is_err();
        let new: Vec<TreePath> = paths.into_iter().filter(is_new).collect();
        for path in new {
            let on_disk = self.on_disk(&path);
            if std::fs::symlink_metadata(&on_disk).is_ok_and(|metadata| metadata.is_symlink()) {
                self.links.push(path.clone());
            }
            if on_disk.is_file() {
                self.files.push(path);
            }
        }
        self.files.sort_unstable();
        self.files.dedup();
        self.links.sort_unstable();
    }

    fn walk(root: &Path, prefix: &str, sources: Arc<Sources>, ignore: bool) -> Result<Self, ReadError> {
        let real_root = std::fs::canonicalize(root).map_err(|error| io_error(&error))?;
        if !real_root.is_dir() {
            return Err(ReadError::NotDir);
        }
        let found = Mutex::new(Found::default());
        let walker = WalkBuilder::new(&real_root)
            .hidden(false)
            .ignore(false)
            .git_global(false)
            .git_ignore(ignore)
            .git_exclude(ignore)
            .parents(false)
            .require_git(false)
            .follow_links(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build_parallel();
        walker.run(|| {
            let mut batch = Batch { all: &found, own: Found::default() };
            let root = real_root.clone();
            Box::new(move |entry| {
                match entry {
                    Ok(entry) => batch.own.entry(&root, &entry),
                    Err(error) => batch.own.error(&root, &error),
                }
                WalkState::Continue
            })
        });
        let Found { mut files, mut links, mut unlisted } =
            found.into_inner().unwrap_or_else(PoisonError::into_inner);
        files.sort_unstable();
        links.sort_unstable();
        unlisted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        if let Some((_, error)) = unlisted.first().filter(|(path, _)| path.is_empty()) {
            return Err(error.clone());
        }
        Ok(Self {
            id: TreeId::fresh(),
            root: root.to_owned(),
            real_root,
            prefix: prefix.to_owned(),
            sources,
            walked: true,
            files,
            links,
            unlisted,
            read: RwLock::default(),
            located: RwLock::default(),
        })
    }

    /// A tree over `root` that is not walked: paths can be read and listed, but [`Tree::files`] knows none. For
    /// rendering one directory that may lead anywhere, as the tools themselves do.
    pub fn unwalked(root: &Path, prefix: &str, sources: Arc<Sources>) -> Result<Self, ReadError> {
        let real_root = std::fs::canonicalize(root).map_err(|error| io_error(&error))?;
        if !real_root.is_dir() {
            return Err(ReadError::NotDir);
        }
        Ok(Self {
            id: TreeId::fresh(),
            root: root.to_owned(),
            real_root,
            prefix: prefix.to_owned(),
            sources,
            walked: false,
            files: Vec::new(),
            links: Vec::new(),
            unlisted: Vec::new(),
            read: RwLock::default(),
            located: RwLock::default(),
        })
    }

    /// The directory as given by the user.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn is_listed(&self, path: &TreePath) -> bool {
        self.files.binary_search(path).is_ok()
    }

    /// Whether any file that is not ignored lies below `dir`.
    fn has_listed_below(&self, dir: &TreePath) -> bool {
        // Paths order as text, so `a-b` sorts between `a` and `a/x`: search for the first name below `dir/`.
        let first = dir.child("");
        let at = self.files.partition_point(|path| *path < first);
        self.files.get(at).is_some_and(|path| path.starts_with(dir))
    }

    /// Whether the walk came to this file, which therefore is no link and not behind one.
    fn is_plain_file(&self, path: &TreePath) -> bool {
        self.is_listed(path) && self.links.binary_search(path).is_err()
    }

    /// Whether the walk came through this directory, which therefore is no link and not behind one.
    fn is_plain_dir(&self, path: &TreePath) -> bool {
        path.is_root() || self.has_listed_below(path)
    }

    fn on_disk(&self, path: &TreePath) -> PathBuf {
        if path.is_root() { self.real_root.clone() } else { self.real_root.join(path.as_str()) }
    }

    /// Looks a path up on disk, directory by directory: one system call for each that was not looked up before.
    fn locate(&self, asked: &TreePath) -> Result<Located, ReadError> {
        if let Some(known) = self.located.read().unwrap_or_else(PoisonError::into_inner).get(asked) {
            return known.clone();
        }
        let remember = |path: TreePath, found: &Result<Located, ReadError>| {
            self.located.write().unwrap_or_else(PoisonError::into_inner).insert(path, found.clone());
        };
        // Most often it is known where the directory is. Otherwise from the root down, to the first one that is not there:
        // nothing says how long a path is that somebody wrote.
        if let Some(dir) = asked.parent()
            && let Some(known) = self.known(&dir)
        {
            let found = known.and_then(|dir| dir.child(asked.file_name()));
            remember(asked.clone(), &found);
            return found;
        }
        let mut found = self.known(&TreePath::root()).unwrap_or_else(|| Located::look(&self.real_root));
        let mut path = TreePath::root();
        for name in asked.components() {
            let Ok(dir) = &found else { break };
            path = path.child(name);
            found = match self.known(&path) {
                Some(known) => known,
                None => {
                    let found = dir.child(name);
                    remember(path.clone(), &found);
                    found
                }
            };
        }
        if path != *asked {
            remember(asked.clone(), &found);
        }
        found
    }

    /// Where something is, if it was looked up before or the walk came through it.
    fn known(&self, path: &TreePath) -> Option<Result<Located, ReadError>> {
        let located = self.located.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        located.or_else(|| {
            let real = || Ok(self.on_disk(path).into());
            self.is_plain_dir(path).then(|| Ok(Located { real: real(), kind: EntryKind::Dir }))
        })
    }

    /// As [`WorkTree::locate`], refusing what lies outside of the tree behind a link.
    fn locate_inside(&self, path: &TreePath) -> Result<(Arc<Path>, Located), ReadError> {
        let located = self.locate(path)?;
        let real = located.real.clone()?;
        let Ok(inside) = real.strip_prefix(&self.real_root) else { return Err(ReadError::Outside) };
        // What Git keeps there is no content of the repository: a clone in CI keeps its token in `.git/config`.
        if self.walked && inside.iter().any(|name| name.eq_ignore_ascii_case(".git")) {
            return Err(ReadError::Failed("lies in `.git`, which is not read".into()));
        }
        Ok((real, located))
    }

    /// What a file of this tree is: below a prefix that leads out of the linted tree, it is none of that.
    fn home(&self, path: &TreePath) -> Home {
        if self.prefix.is_empty() {
            return Home::Tree(path.clone());
        }
        TreePath::new(&format!("{}{path}", self.prefix)).map_or_else(
            |_| Home::Beside { dir: self.prefix.as_str().into(), path: path.clone() },
            Home::Tree,
        )
    }

    fn read_from_disk(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        let (on_disk, located) = self.locate_inside(path)?;
        match located.kind {
            EntryKind::Dir => return Err(ReadError::IsDir),
            EntryKind::Other => return Err(ReadError::Failed("is not a regular file".into())),
            EntryKind::File => {}
        }
        let mut file = File::open(on_disk).map_err(|error| io_error(&error))?;
        let size = file.metadata().map_err(|error| io_error(&error))?.len();
        let limit = relaxed(MAX_FILE_BYTES);
        if size > limit {
            return Err(ReadError::TooLarge { size, limit });
        }
        let mut bytes = vec![0; size as usize];
        if size == 0 || file.read_exact(&mut bytes).is_err() {
            // It does not know its size, or shrinks meanwhile; the limit holds as well for one that grows.
            bytes.clear();
            file.rewind().map_err(|error| io_error(&error))?;
            file.take(limit).read_to_end(&mut bytes).map_err(|error| io_error(&error))?;
        }
        Ok(self.sources.add_as(self.home(path), bytes))
    }
}

impl Tree for WorkTree {
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        if let Some(known) = self.read.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        let result = self.read_from_disk(path);
        // Two threads may read the same file at once; the first answer stays, so that a path has one id.
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        read.entry(path.clone()).or_insert(result).clone()
    }

    fn reread(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        self.located.write().unwrap_or_else(PoisonError::into_inner).remove(path);
        self.read_from_disk(path)
    }

    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, ReadError> {
        let (on_disk, _) = self.locate_inside(dir)?;
        // The walk knows what lies behind a link by its own path.
        let walked = if self.walked { self.resolve(dir)? } else { dir.clone() };
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&on_disk).map_err(|error| io_error(&error))? {
            let entry = entry.map_err(|error| io_error(&error))?;
            let Some(name) = entry.file_name().to_str().map(SmolStr::new) else { continue };
            if name == ".git" {
                continue;
            }
            let path = dir.child(&name);
            let file_type = entry.file_type();
            let link = file_type.as_ref().is_ok_and(FileType::is_symlink);
            if let Ok(file_type) = file_type
                && !link
            {
                // The directory knows what its entries are: nobody has to ask again.
                let found = Located::new(&on_disk.join(&name), file_type);
                self.located.write().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), Ok(found));
            }
            let kind = self.kind(&path).unwrap_or(EntryKind::Other);
            let listed = walked.child(&name);
            let ignored = match kind {
                _ if !self.walked => false,
                EntryKind::Dir if !link => !self.has_listed_below(&listed),
                EntryKind::File => !self.is_listed(&listed),
                _ => false,
            };
            entries.push(Entry { name, kind, link, ignored });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn kind(&self, path: &TreePath) -> Option<EntryKind> {
        if self.is_plain_file(path) {
            return Some(EntryKind::File);
        }
        if self.is_plain_dir(path) {
            return Some(EntryKind::Dir);
        }
        let located = self.locate(path).ok()?;
        let is_inside = located.real.is_ok_and(|real| real.starts_with(&self.real_root));
        Some(if is_inside { located.kind } else { EntryKind::Other })
    }

    fn files(&self) -> Vec<TreePath> {
        self.files.clone()
    }

    fn unlisted(&self) -> Vec<(String, ReadError)> {
        self.unlisted.clone()
    }

    fn id(&self, _: &TreePath) -> TreeId {
        self.id
    }

    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        if self.is_plain_file(path) || self.is_plain_dir(path) {
            return Ok(path.clone());
        }
        let (real, _) = self.locate_inside(path)?;
        let inside = real.strip_prefix(&self.real_root).map_err(|_| ReadError::Outside)?;
        let inside = inside.to_str().ok_or_else(|| ReadError::Failed("the path is not UTF-8".into()))?;
        TreePath::new(&inside.replace(std::path::MAIN_SEPARATOR, "/")).map_err(|_| ReadError::Outside)
    }
}

/// What a walk found.
#[derive(Default)]
struct Found {
    files: Vec<TreePath>,
    links: Vec<TreePath>,
    unlisted: Vec<(String, ReadError)>,
}

impl Found {
    fn entry(&mut self, root: &Path, entry: &ignore::DirEntry) {
        let Some(kind) = entry.file_type() else { return };
        if !kind.is_file() && !kind.is_symlink() {
            return;
        }
        let inside = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let path = inside.to_str().map(|path| path.replace(std::path::MAIN_SEPARATOR, "/"));
        let Some(path) = path.and_then(|path| TreePath::new(&path).ok()) else {
            return self.pass_over(inside, ReadError::Failed("its name is not UTF-8".into()));
        };
        let linked_file = kind.is_symlink() && entry.path().is_file();
        if kind.is_symlink() {
            self.links.push(path.clone());
            if std::fs::metadata(entry.path()).is_err() {
                self.pass_over(inside, ReadError::Failed("is a link that leads nowhere".into()));
            }
        }
        if kind.is_file() || linked_file {
            self.files.push(path);
        }
    }

    /// Only manifests are missed by anybody.
    fn pass_over(&mut self, inside: &Path, why: ReadError) {
        if inside.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            self.unlisted.push((inside.to_string_lossy().into_owned(), why));
        }
    }

    fn error(&mut self, root: &Path, error: &ignore::Error) {
        match error {
            ignore::Error::WithPath { path, err } => {
                if let Some(io) = err.io_error() {
                    let inside = path.strip_prefix(root).unwrap_or(path);
                    self.unlisted.push((inside.to_string_lossy().into_owned(), io_error(io)));
                }
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                self.error(root, err);
            }
            // Patterns of ignore files that cannot be read match nothing, as in Git.
            _ => {}
        }
    }
}

/// Collects what a walking thread finds and hands it over when the thread is done.
struct Batch<'a> {
    all: &'a Mutex<Found>,
    own: Found,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.files.append(&mut self.own.files);
        all.links.append(&mut self.own.links);
        all.unlisted.append(&mut self.own.unlisted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::new(text).unwrap()
    }

    #[test]
    fn what_was_committed_counts_although_it_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("secrets")).unwrap();
        std::fs::write(dir.path().join(".gitignore"), "secrets/\n").unwrap();
        for name in ["a.yaml", "b.yaml"] {
            std::fs::write(dir.path().join("secrets").join(name), "x").unwrap();
        }
        let names =
            |tree: &WorkTree| -> Vec<String> { tree.files().iter().map(ToString::to_string).collect() };
        let mut tree = WorkTree::open(dir.path(), "", Sources::new()).unwrap();
        assert_eq!(names(&tree), [".gitignore"]);
        tree.keep([path("secrets/b.yaml"), path(".gitignore"), path("gone.yaml")]);
        assert_eq!(names(&tree), [".gitignore", "secrets/b.yaml"]);
        let ignored = tree.list(&path("secrets")).unwrap();
        assert_eq!(ignored.iter().map(|entry| entry.ignored).collect::<Vec<bool>>(), [true, false]);
        let exported = WorkTree::exported(dir.path(), "", Sources::new()).unwrap();
        assert_eq!(names(&exported), [".gitignore", "secrets/a.yaml", "secrets/b.yaml"]);
    }

    #[test]
    fn walks_reads_and_lists() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        write("a.yaml", b"a: 1");
        write(".hidden/b.yaml", b"b: 1");
        write(".git/config", b"x");
        write("skip/c.yaml", b"c: 1");
        write("charts-x/d.yaml", b"d: 1");
        write(".gitignore", b"skip/\n");
        let tree = WorkTree::open(dir.path(), "", Sources::new()).unwrap();
        let files: Vec<String> = tree.files().iter().map(ToString::to_string).collect();
        assert_eq!(files, [".gitignore", ".hidden/b.yaml", "a.yaml", "charts-x/d.yaml"]);
        assert_eq!(tree.read(&path("skip/c.yaml")).unwrap().text_or_empty(), "c: 1");
        let listed = tree.list(&TreePath::root()).unwrap();
        let listed: Vec<_> =
            listed.iter().map(|entry| (entry.name.as_str(), entry.kind, entry.ignored)).collect();
        assert_eq!(
            listed,
            [
                (".gitignore", EntryKind::File, false),
                (".hidden", EntryKind::Dir, false),
                ("a.yaml", EntryKind::File, false),
                ("charts-x", EntryKind::Dir, false),
                ("skip", EntryKind::Dir, true),
            ]
        );
        assert_eq!(tree.read(&path("nope")).unwrap_err(), ReadError::NotFound);
        for inside in [".git/config", "a/../.git/config"] {
            assert!(tree.read(&path(inside)).unwrap_err().to_string().contains("which is not read"));
        }
        assert!(tree.list(&path(".git")).is_err());
        assert_eq!(tree.read(&path("skip")).unwrap_err(), ReadError::IsDir);
        assert_eq!(tree.kind(&path("skip")), Some(EntryKind::Dir));
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_inside() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("base")).unwrap();
        std::fs::write(dir.path().join("base/a.yaml"), "a: 1").unwrap();
        std::os::unix::fs::symlink("base", dir.path().join("alias")).unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("out")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("broken")).unwrap();
        std::fs::create_dir(dir.path().join(".git")).unwrap();
        std::fs::write(dir.path().join(".git/config"), "token").unwrap();
        std::os::unix::fs::symlink(".git/config", dir.path().join("config")).unwrap();
        let tree = WorkTree::open(dir.path(), "", Sources::new()).unwrap();
        assert_eq!(tree.read(&path("alias/a.yaml")).unwrap().text_or_empty(), "a: 1");
        assert_eq!(tree.resolve(&path("alias/a.yaml")).unwrap(), path("base/a.yaml"));
        let listed = tree.list(&path("alias")).unwrap();
        assert_eq!(
            listed.iter().map(|it| (it.name.as_str(), it.ignored)).collect::<Vec<_>>(),
            [("a.yaml", false)]
        );
        assert_eq!(tree.read(&path("out/secret")).unwrap_err(), ReadError::Outside);
        assert!(tree.read(&path("config")).is_err());
        assert_eq!(tree.kind(&path("out/secret")), Some(EntryKind::Other));
        assert_eq!(tree.kind(&path("broken")), Some(EntryKind::Other));
    }
}
