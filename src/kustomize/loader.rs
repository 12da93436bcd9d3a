//! Finds what entries of a kustomization name: files in reach, directories to build, repositories.
//!
//! Mirrors `api/internal/loader`. Paths in messages are absolute in the tree: the root of the tree is `/`.

use std::sync::Arc;

use crate::finding::{Cause, Problem, ProblemKind};
use crate::origin::Placed;
use crate::source::{Dir, EntryKind, Found, ReadError, SourceFile, TreePath};

use super::context::Context;
use super::failure::{Failure, Result};
use super::options::LoadRestrictor;
use super::repospec::{RepoSpec, is_remote_file, looks_like_directory};

/// A directory that is being built and how it was reached.
#[derive(Debug)]
pub(super) struct Loader {
    /// The directory, with links followed.
    dir: Dir,
    referrer: Option<Arc<Loader>>,
    restrictor: LoadRestrictor,
    /// The repository, when this is its first directory.
    repo: Option<Repo>,
}

#[derive(Debug)]
struct Repo {
    spec: RepoSpec,
    /// Where it starts in its tree.
    root: TreePath,
}

/// Where an entry leads.
pub(super) enum Reached {
    /// To a directory to build.
    Dir(Arc<Loader>),
    /// To something that this machine does not have; what to say about it.
    Unavailable(Problem),
}

impl Loader {
    /// A loader for the directory of a whole build.
    pub(super) fn root(dir: &Dir, restrictor: LoadRestrictor) -> Result<Arc<Self>> {
        let path = confirm_dir(dir, &dir.path)?;
        Ok(Arc::new(Self { dir: dir.at(path), referrer: None, restrictor, repo: None }))
    }

    /// The directory.
    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// The directory in messages.
    pub(super) fn shown_root(&self) -> String {
        shown(&self.dir.path)
    }

    /// Reads a file that an entry names.
    pub(super) fn load(&self, entry: &str, cx: &mut Context<'_>) -> Result<Arc<SourceFile>> {
        if is_remote_file(entry) {
            return Self::load_remote(entry, cx);
        }
        let Some(path) = self.join(entry) else {
            let path = if entry.starts_with('/') {
                entry.to_owned()
            } else {
                format!("{}/{entry}", self.shown_root().trim_end_matches('/'))
            };
            return Err(not_found(&path, &path));
        };
        cx.note_file(&path);
        let real = match self.restrictor {
            LoadRestrictor::None => {
                return self.dir.tree.read(&path).map_err(|error| {
                    let path = shown(&path);
                    match error {
                        ReadError::IsDir => Failure::new(format!("read {path}: is a directory")),
                        ReadError::NotDir => Failure::new(format!("open {path}: not a directory")),
                        ReadError::NotFound | ReadError::Outside => {
                            Failure::new(format!("open {path}: no such file or directory"))
                                .because(Cause::NotFound { path: path.trim_start_matches('/').into() })
                        }
                        other => Failure::new(format!("open {path}: {other}")),
                    }
                });
            }
            LoadRestrictor::RootOnly => self.dir.tree.resolve(&path).map_err(|_| self.lstat(&path))?,
        };
        if self.dir.tree.is_dir(&real) {
            return Err(Failure::new(format!("'{}' must resolve to a file", shown(&path))));
        }
        let parent = real.parent().unwrap_or_default();
        if !parent.starts_with(&self.dir.path) {
            let message =
                format!("security; file '{}' is not in or below '{}'", shown(&path), self.shown_root());
            let cause = Cause::Outside { path: path.as_str().into() };
            return Err(Failure::new(message).because(cause));
        }
        self.dir.tree.read(&path).map_err(|error| match error {
            ReadError::NotFound | ReadError::NotDir => self.lstat(&path),
            ReadError::TooLarge { .. } => {
                Failure::new(format!("'{}' {error}", shown(&path))).kind(ProblemKind::Limit)
            }
            other => Failure::new(format!("open {}: {other}", shown(&path))),
        })
    }

    /// A file by its URL, where it was fetched or its repository is known.
    fn load_remote(entry: &str, cx: &mut Context<'_>) -> Result<Arc<SourceFile>> {
        let missing = |reason: &str| {
            Failure::new(format!("`{entry}` is a URL: {reason}")).kind(ProblemKind::Unavailable)
        };
        // The name decides, so that nobody fetches both.
        if looks_like_directory(entry) {
            return Err(missing("it names a directory of a repository"));
        }
        match cx.options.remotes.file(entry) {
            Found::Here(dir) | Found::Instead(dir, _) => match dir.tree.read(&dir.path) {
                Ok(file) => Ok(file),
                Err(error) => Err(missing(&error.to_string())),
            },
            Found::Missing { reason, help } => Err(missing(&reason).help(help)),
        }
    }

    fn join(&self, entry: &str) -> Option<TreePath> {
        match entry.strip_prefix('/') {
            // Absolute paths are outside of the tree, wherever the tree is.
            Some(_) => None,
            None => self.dir.path.join(entry).ok(),
        }
    }

    /// The failure for a path that leads nowhere: the first part of it that is not there.
    fn lstat(&self, path: &TreePath) -> Box<Failure> {
        let whole = shown(path);
        let mut at = TreePath::root();
        for part in path.components() {
            at = at.child(part);
            match self.dir.tree.kind(&at) {
                None => break,
                Some(EntryKind::File) if at != *path => {
                    return Failure::new(format!(
                        "evalsymlink failure on '{whole}' : lstat {}: not a directory",
                        shown(&at.child(
                            path.strip_prefix(&at).and_then(|rest| rest.split('/').next()).unwrap_or("")
                        ))
                    ));
                }
                Some(_) => {}
            }
        }
        not_found(&whole, &shown(&at))
    }

    /// Goes to the directory that an entry names.
    pub(super) fn reach(
        self: &Arc<Self>,
        entry: &Placed<smol_str::SmolStr>,
        cx: &Context<'_>,
    ) -> Result<Reached> {
        let text = entry.value.as_str();
        if text.is_empty() {
            return Err(Failure::new("new root cannot be empty"));
        }
        if let Some(spec) = RepoSpec::parse(text) {
            return self.reach_repo(spec, entry, cx);
        }
        let path = self.reach_local(text)?;
        if let Some(repo) = self.containing_repo()
            && !path.starts_with(&repo.root)
        {
            return Err(Failure::new(format!(
                "security; bases in kustomizations found in cloned git repos must be within the repo, but base \
                 '{}' is outside '{}'",
                shown(&path),
                shown(&repo.root)
            )));
        }
        self.refuse_cycle(&path)?;
        Ok(Reached::Dir(Arc::new(Self {
            dir: self.dir.at(path),
            referrer: Some(Arc::clone(self)),
            restrictor: self.restrictor,
            repo: None,
        })))
    }

    /// The directory that a path names.
    pub(super) fn reach_local(&self, text: &str) -> Result<TreePath> {
        if text.starts_with('/') {
            return Err(Failure::new(format!("new root '{text}' cannot be absolute")));
        }
        match self.dir.path.join(text) {
            Ok(path) => confirm_dir(&self.dir, &path),
            Err(_) => {
                let path = format!("{}/{text}", self.shown_root().trim_end_matches('/'));
                let failure = not_found(&path, &path).wrap("not a valid directory");
                Err(failure.wrap("must build at directory"))
            }
        }
    }

    fn reach_repo(
        self: &Arc<Self>,
        spec: RepoSpec,
        entry: &Placed<smol_str::SmolStr>,
        cx: &Context<'_>,
    ) -> Result<Reached> {
        let mut at = Some(self);
        while let Some(loader) = at {
            if let Some(repo) = &loader.repo
                && repo.spec.raw.starts_with(&spec.raw)
            {
                return Err(Failure::new(format!(
                    "cycle detected: URI '{}' referenced by previous URI '{}'",
                    spec.raw, repo.spec.raw
                )));
            }
            at = loader.referrer.as_ref();
        }
        let problem = |reason: String, help: String| {
            let message = format!("`{}` is not built: {reason}", spec.raw);
            Reached::Unavailable(Problem::at(ProblemKind::Unavailable, entry.place, message).help(help))
        };
        let dir = match cx.options.remotes.git(&spec.url, &spec.revision) {
            Found::Here(dir) | Found::Instead(dir, _) => dir,
            Found::Missing { reason, help } => return Ok(problem(reason, help)),
        };
        let Ok(path) = dir.path.join(&spec.path) else {
            return Ok(problem("the path leads outside of the repository".to_owned(), String::new()));
        };
        let root = dir.path.clone();
        let path = confirm_dir(&dir, &path)?;
        Ok(Reached::Dir(Arc::new(Self {
            dir: dir.at(path),
            referrer: Some(Arc::clone(self)),
            // What was cloned never reads outside of itself.
            restrictor: LoadRestrictor::RootOnly,
            repo: Some(Repo { spec, root }),
        })))
    }

    fn containing_repo(&self) -> Option<&Repo> {
        match (&self.repo, &self.referrer) {
            (Some(repo), _) => Some(repo),
            (None, Some(referrer)) => referrer.containing_repo(),
            (None, None) => None,
        }
    }

    /// Refuses a directory that is, or contains, one that is being built already.
    fn refuse_cycle(&self, candidate: &TreePath) -> Result<()> {
        let mut at = Some(self);
        while let Some(loader) = at {
            if loader.dir.path.starts_with(candidate) && Arc::ptr_eq(&loader.dir.tree, &self.dir.tree) {
                return Err(Failure::new(format!(
                    "cycle detected: candidate root '{}' contains visited root '{}'",
                    shown(candidate),
                    loader.shown_root()
                )));
            }
            at = loader.referrer.as_deref();
        }
        Ok(())
    }
}

/// A path as kustomize would print it if the tree were the file system.
pub(super) fn shown(path: &TreePath) -> String {
    format!("/{}", path.as_str())
}

fn not_found(path: &str, at: &str) -> Box<Failure> {
    let message = format!("evalsymlink failure on '{path}' : lstat {at}: no such file or directory");
    Failure::new(message).because(Cause::NotFound { path: at.trim_start_matches('/').into() })
}

/// The directory at a path, with links followed.
fn confirm_dir(dir: &Dir, path: &TreePath) -> Result<TreePath> {
    let real = dir.tree.resolve(path).ok().filter(|real| dir.tree.kind(real).is_some());
    let Some(real) = real else {
        let loader =
            Loader { dir: dir.clone(), referrer: None, restrictor: LoadRestrictor::None, repo: None };
        return Err(loader.lstat(path).wrap("not a valid directory").wrap("must build at directory"));
    };
    if dir.tree.is_dir(&real) {
        return Ok(real);
    }
    Err(Failure::new(format!("must build at directory: '{}': file is not directory", shown(path))))
}
