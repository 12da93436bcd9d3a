//! A tree that remembers what was asked of it: which files one app reads, which it looks for in vain, and what it was
//! answered, so that it can be told later whether another tree would have answered the same.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use super::{Entry, EntryKind, ReadError, SourceFile, Tree, TreeId, TreePath};

/// What was asked about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Asked {
    Read,
    List,
    Kind,
    Resolve,
    Files,
}

/// The questions that some work asked a tree, and the answers as far as they can be compared: a file by its id, which
/// names one content for good; everything else by a hash.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    own: FxHashMap<(Asked, TreePath), u64>,
    /// Answers that others got for the same work, as of a chart that was loaded once.
    parts: Vec<Arc<Answers>>,
    /// See [`Answers::digest`]; found when first asked for, as many may share a part.
    digest: OnceLock<u64>,
}

/// What a tree is known to answer: the same question is put once, however many apps have it on record.
#[derive(Debug, Default)]
pub struct Verified {
    own: Mutex<FxHashMap<(Asked, TreePath), u64>>,
    parts: Mutex<FxHashMap<usize, bool>>,
}

impl Answers {
    /// Whether `tree` answers the same, where another one did that has other content in these files and differs in nothing else.
    pub fn hold_after(&self, changed: &[TreePath], tree: &dyn Tree) -> bool {
        let same = |path: &TreePath| {
            let known = self.own.get(&(Asked::Read, path.clone()));
            known.is_none_or(|mark| ask(Asked::Read, tree, path) == *mark)
        };
        changed.iter().all(same) && self.parts.iter().all(|part| part.hold_after(changed, tree))
    }

    /// Whether `tree` answers the same. `known` belongs to that tree.
    pub fn hold(&self, tree: &dyn Tree, known: &Verified) -> bool {
        let now = |asked: Asked, path: &TreePath| {
            let key = (asked, path.clone());
            let table = || known.own.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(mark) = table().get(&key) {
                return *mark;
            }
            let mark = ask(asked, tree, path);
            table().insert(key, mark);
            mark
        };
        let part = |part: &Arc<Self>| {
            let table = || known.parts.lock().unwrap_or_else(PoisonError::into_inner);
            let key = Arc::as_ptr(part) as usize;
            if let Some(holds) = table().get(&key) {
                return *holds;
            }
            let holds = part.hold(tree, known);
            table().insert(key, holds);
            holds
        };
        self.own.iter().all(|((asked, path), mark)| now(*asked, path) == *mark) && self.parts.iter().all(part)
    }
}

impl Answers {
    /// A hash of the questions and answers, whatever their order. Only for records that are complete.
    pub fn digest(&self) -> u64 {
        *self.digest.get_or_init(|| {
            let own = self.own.iter().map(|asked| mark(&asked));
            let parts = self.parts.iter().map(|part| mark(&("part", part.digest())));
            own.chain(parts).fold(0, u64::wrapping_add)
        })
    }
}

fn mark(answer: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    answer.hash(&mut hasher);
    hasher.finish()
}

fn mark_of_file(answer: &Result<Arc<SourceFile>, ReadError>) -> u64 {
    mark(&answer.as_ref().map(|file| file.id()))
}

fn ask(asked: Asked, tree: &dyn Tree, path: &TreePath) -> u64 {
    match asked {
        Asked::Read => mark_of_file(&tree.read(path)),
        Asked::List => mark(&tree.list(path)),
        Asked::Kind => mark(&tree.kind(path)),
        Asked::Resolve => mark(&tree.resolve(path)),
        Asked::Files => mark(&tree.files()),
    }
}

/// Another tree, with a record of the paths that were read or, where it keeps all, of all answers.
pub struct TracingTree {
    below: Arc<dyn Tree>,
    read: Mutex<BTreeSet<TreePath>>,
    answers: Option<Mutex<Answers>>,
}

impl TracingTree {
    /// Watches `below` for the files that are read.
    pub fn new(below: Arc<dyn Tree>) -> Self {
        Self { below, read: Mutex::default(), answers: None }
    }

    /// Keeps all that `below` answers.
    pub fn recording(below: Arc<dyn Tree>) -> Self {
        Self { answers: Some(Mutex::default()), ..Self::new(below) }
    }

    /// The files that were read, or tried, so far.
    pub fn read_paths(&self) -> BTreeSet<TreePath> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was answered so far; nothing unless all is kept.
    pub fn answers(&self) -> Answers {
        let answers = self.answers.as_ref();
        answers.map(|it| it.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    fn keep(&self, asked: Asked, path: &TreePath, mark: impl FnOnce() -> u64) {
        let Some(answers) = &self.answers else { return };
        let key = (asked, path.clone());
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.own.entry(key).or_insert_with(mark);
    }
}

impl fmt::Debug for TracingTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TracingTree({:?})", self.below)
    }
}

impl Tree for TracingTree {
    fn read(&self, path: &TreePath) -> Result<Arc<SourceFile>, ReadError> {
        let answer = self.below.read(path);
        if self.answers.is_some() {
            self.keep(Asked::Read, path, || mark_of_file(&answer));
        } else {
            self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        }
        answer
    }

    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, ReadError> {
        let answer = self.below.list(dir);
        self.keep(Asked::List, dir, || mark(&answer));
        answer
    }

    fn kind(&self, path: &TreePath) -> Option<EntryKind> {
        let answer = self.below.kind(path);
        self.keep(Asked::Kind, path, || mark(&answer));
        answer
    }

    fn files(&self) -> Vec<TreePath> {
        let answer = self.below.files();
        self.keep(Asked::Files, &TreePath::root(), || mark(&answer));
        answer
    }

    fn id(&self, dir: &TreePath) -> TreeId {
        self.below.id(dir)
    }

    fn resolve(&self, path: &TreePath) -> Result<TreePath, ReadError> {
        let answer = self.below.resolve(path);
        self.keep(Asked::Resolve, path, || mark(&answer));
        answer
    }

    fn unwatched(&self) -> Option<Arc<dyn Tree>> {
        Some(self.below.unwatched().unwrap_or_else(|| Arc::clone(&self.below)))
    }

    fn note(&self, answers: &Arc<Answers>) {
        if let Some(own) = &self.answers {
            let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
            if !own.parts.iter().any(|known| Arc::ptr_eq(known, answers)) {
                own.parts.push(Arc::clone(answers));
            }
        }
        self.below.note(answers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{MemoryTree, Sources};

    #[test]
    fn tells_whether_another_tree_would_answer_the_same() {
        let sources = Sources::new();
        let path = |text: &str| TreePath::new(text).unwrap();
        let shared = sources.add("a/x.yaml", "x".into());
        let tree = |files: &[(&str, &str)]| -> Arc<dyn Tree> {
            let mut tree = MemoryTree::of(&sources, files.iter().copied());
            tree.insert(path("a/x.yaml"), Arc::clone(&shared));
            Arc::new(tree)
        };
        let recorder = TracingTree::recording(tree(&[("b/y.yaml", "y")]));
        let (mut files, mut kinds) = (Vec::new(), Vec::new());
        files.extend(recorder.read(&path("a/x.yaml")).ok());
        kinds.push(recorder.kind(&path("c.yaml")));
        let listed = recorder.list(&path("b")).unwrap();
        assert_eq!((files.len(), kinds, listed.len()), (1, vec![None], 1));
        let answers = recorder.answers();
        for (files, want) in [
            (&[("b/y.yaml", "other")][..], true),
            (&[("b/y.yaml", "y"), ("d.yaml", "")], true),
            (&[("b/y.yaml", "y"), ("c.yaml", "")], false),
            (&[("b/y.yaml", "y"), ("b/z.yaml", "")], false),
            (&[("a/x.yaml", "x")], false),
        ] {
            assert_eq!(answers.hold(tree(files).as_ref(), &Verified::default()), want, "{files:?}");
        }
        // Where only some files may differ, only those are asked about.
        let after = |changed: &str| answers.hold_after(&[path(changed)], tree(&[("b/y.yaml", "z")]).as_ref());
        assert!(after("b/y.yaml") && after("a/x.yaml"));
        let other = MemoryTree::of(&sources, [("a/x.yaml", "x")]);
        assert!(!answers.hold_after(&[path("a/x.yaml")], &other));
        // A file is told by its id: the same text under another id has other places.
        let copy = MemoryTree::of(&sources, [("b/y.yaml", "y"), ("a/x.yaml", "x")]);
        assert!(!answers.hold(&copy, &Verified::default()));
    }
}
