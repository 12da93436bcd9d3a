//! Finding the repository that a directory belongs to, without git, environment or user configuration.

#![expect(clippy::disallowed_methods, reason = "git/ reads the disk: it looks for `.git` here")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::{Sources, TreePath};

use super::remotes::Remotes;
use super::store::{Store, words};
use super::{GitError, Repository};

/// What was found around a directory.
#[derive(Debug)]
pub enum Discovery {
    /// The repository whose files these are.
    Found(Box<Repository>),
    /// No directory above has a `.git`, or only a bare one without a work tree.
    Nothing,
    /// The directory lies in the work tree of a repository that tracks nothing of it: an unpacked copy in
    /// somebody's `target/`, a vendored checkout without its `.git`. That repository says nothing about it.
    Untracked {
        /// The work tree of that repository.
        work_dir: PathBuf,
    },
    /// There is a repository, but it cannot be used.
    Broken(GitError),
}

impl Discovery {
    /// The repository, if there is a usable one.
    pub fn found(self) -> Option<Repository> {
        match self {
            Self::Found(repository) => Some(*repository),
            Self::Nothing | Self::Untracked { .. } | Self::Broken(_) => None,
        }
    }
}

impl Repository {
    /// Looks for the repository that the directory `root` belongs to, in it and upwards: a `.git` directory, or a
    /// `.git` file as linked work trees and submodules have. Files read from revisions later are registered in
    /// `sources`.
    ///
    /// Only the repository's own configuration is read, without includes: neither user nor system configuration
    /// nor `GIT_*` variables change the answer.
    pub fn discover(root: &Path, sources: Arc<Sources>) -> Discovery {
        let root = match std::fs::canonicalize(root) {
            Ok(root) => root,
            Err(error) => return broken(format!("`{}` cannot be read: {error}", root.display())),
        };
        for directory in root.ancestors() {
            match dot_git(&directory.join(".git")) {
                DotGit::None => {}
                DotGit::Dir(git_dir) => return open(&root, &directory.join(".git"), &git_dir, sources),
                DotGit::Broken(why) => return broken(why),
            }
        }
        Discovery::Nothing
    }
}

fn broken(why: impl Into<String>) -> Discovery {
    Discovery::Broken(GitError::new(why))
}

enum DotGit {
    None,
    /// The directory that holds HEAD.
    Dir(PathBuf),
    Broken(String),
}

/// What a `.git` is. An empty one, or one without anything of a repository, is none: git climbs past it, too.
fn dot_git(path: &Path) -> DotGit {
    let Ok(metadata) = std::fs::metadata(path) else { return DotGit::None };
    if metadata.is_dir() {
        let missing: Vec<&str> =
            ["HEAD", "objects", "refs"].into_iter().filter(|name| !path.join(name).exists()).collect();
        return match missing.as_slice() {
            [] => DotGit::Dir(path.to_owned()),
            [_, _, _] => match std::fs::read_dir(path) {
                Ok(_) => DotGit::None,
                Err(error) => DotGit::Broken(format!("`.git` cannot be read: {error}")),
            },
            some => DotGit::Broken(format!("`.git` is damaged: it has no `{}`", some.join("`, no `"))),
        };
    }
    // A longer file is no link to a repository.
    if !metadata.is_file() || metadata.len() > 8192 {
        return DotGit::None;
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return DotGit::Broken(format!("the file `.git` cannot be read: {error}")),
    };
    let Some(target) = text.strip_prefix("gitdir:").map(str::trim).filter(|target| !target.is_empty()) else {
        return DotGit::Broken("the file `.git` does not say `gitdir: ...`".to_owned());
    };
    let git_dir = path.parent().unwrap_or(path).join(target);
    match std::fs::canonicalize(&git_dir) {
        Ok(git_dir) if git_dir.join("HEAD").exists() => DotGit::Dir(git_dir),
        _ => DotGit::Broken(format!("the file `.git` leads to `{target}`, where there is no repository")),
    }
}

/// Opens the repository that `dot_git` is or leads to; `git_dir` is where it leads.
fn open(root: &Path, dot_git: &Path, git_dir: &Path, sources: Arc<Sources>) -> Discovery {
    if let Err(why) = check_format(git_dir) {
        return broken(why);
    }
    let git = match open_git_dir(dot_git) {
        Ok(git) => git,
        Err(error) => return Discovery::Broken(error),
    };
    let local = git.to_thread_local();
    let Some(work_dir) = local.workdir().and_then(|dir| std::fs::canonicalize(dir).ok()) else {
        return Discovery::Nothing;
    };
    let remotes = Remotes::read(local.config_snapshot().plumbing());
    let Some(prefix) = prefix_of(root, &work_dir) else { return Discovery::Untracked { work_dir } };
    let repository = match Store::new(git, remotes.partial) {
        Ok(store) => Repository::new(store, remotes, work_dir, prefix, sources),
        Err(error) => return Discovery::Broken(error),
    };
    // The work tree itself may be new and empty. A directory below is judged by what is tracked in it; where that
    // cannot be told, the repository is damaged and says so to whoever asks for more.
    if !repository.prefix().is_root()
        && let Ok(tracked) = repository.tracked()
        && !tracked.any_below(repository.prefix())
    {
        return Discovery::Untracked { work_dir: repository.work_dir().to_owned() };
    }
    Discovery::Found(Box::new(repository))
}

/// Opens a `.git` or bare repository, whatever the user's configuration says.
pub(super) fn open_git_dir(path: &Path) -> Result<gix::ThreadSafeRepository, GitError> {
    let options = gix::open::Options::isolated()
        // Who owns the files does not matter to a reader, and must not change the answer.
        .with(gix::sec::Trust::Full)
        .open_path_as_is(true)
        .config_overrides([
            // Argo CD's clone does not fetch `refs/replace`.
            "core.useReplaceRefs=false",
            // A damaged or hostile pack may claim any size.
            "gitoxide.objects.allocLimit=512m",
        ]);
    gix::ThreadSafeRepository::open_opts(path, options)
        .map_err(|error| GitError::new(format!("the repository cannot be opened: {}", words(&error))))
}

/// Where `root` lies in the work tree; `None` when outside (`core.worktree` leads elsewhere) or not UTF-8.
fn prefix_of(root: &Path, work_dir: &Path) -> Option<TreePath> {
    let inside = root.strip_prefix(work_dir).ok()?.to_str()?;
    TreePath::new(&inside.replace(std::path::MAIN_SEPARATOR, "/")).ok()
}

/// Refuses repositories in formats that would be misread, in words that say which.
fn check_format(git_dir: &Path) -> Result<(), String> {
    let common = match std::fs::read_to_string(git_dir.join("commondir")) {
        Ok(text) => git_dir.join(text.trim_end_matches(['\r', '\n'])),
        Err(_) => git_dir.to_owned(),
    };
    let Ok(bytes) = std::fs::read(common.join("config")) else {
        // git takes a repository without a configuration for one in the oldest format.
        return Ok(());
    };
    let config = gix::config::File::from_bytes_no_includes(
        &bytes,
        gix::config::file::Metadata::from(gix::config::Source::Local),
        gix::config::file::init::Options::default(),
    )
    .map_err(|error| format!("`.git/config` cannot be read: {}", words(&error)))?;
    let value = |key: &str| config.string(key).map(|value| value.to_string().to_ascii_lowercase());
    let version = value("core.repositoryFormatVersion").unwrap_or_else(|| "0".to_owned());
    match version.as_str() {
        "0" => return Ok(()),
        "1" => {}
        other => return Err(format!("the repository has format version {other}; 0 and 1 are known")),
    }
    match value("extensions.objectFormat").as_deref() {
        None | Some("sha1") => {}
        Some(other) => {
            return Err(format!("the repository names objects by {other}; only sha1 is supported"));
        }
    }
    match value("extensions.refStorage").as_deref() {
        None | Some("files") => {}
        Some(other) => {
            return Err(format!("the repository stores references as {other}; only files are supported"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Head;
    use crate::git::testing::{File, Scratch, path};

    fn found(root: &Path) -> Repository {
        match Repository::discover(root, Sources::new()) {
            Discovery::Found(repository) => *repository,
            other => panic!("{other:?}"),
        }
    }

    fn why_broken(scratch: &Scratch) -> String {
        match scratch.discover() {
            Discovery::Broken(error) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn finds_the_repository_above() {
        let scratch = Scratch::new();
        let commit = scratch.commit(&[("a/b/c.yaml", File::Text("c: 1"))], &[], 10);
        scratch.reference("refs/heads/main", commit);
        for dir in ["a/b", "copy/of/another", "a/new"] {
            std::fs::create_dir_all(scratch.path(dir)).unwrap();
        }
        let top = found(scratch.root());
        assert_eq!(top.prefix(), &TreePath::root());
        assert_eq!(top.work_dir(), std::fs::canonicalize(scratch.root()).unwrap());
        assert_eq!(top.head().unwrap().commit(), Some(commit));

        assert_eq!(found(&scratch.path("a/b")).prefix(), &path("a/b"));
        // Nothing of these is tracked: the repository does not speak for them.
        for dir in ["copy/of/another", "a/new"] {
            let discovery = Repository::discover(&scratch.path(dir), Sources::new());
            assert!(matches!(discovery, Discovery::Untracked { .. }), "{dir}: {discovery:?}");
        }
        assert!(matches!(
            Repository::discover(&scratch.path("no/such"), Sources::new()),
            Discovery::Broken(_)
        ));
    }

    #[test]
    fn no_repository() {
        let dir = tempfile::tempdir().unwrap();
        // The temporary directory may itself lie in a repository, which then must not claim it.
        assert!(Repository::discover(dir.path(), Sources::new()).found().is_none());
        // git climbs past an empty `.git`, too.
        std::fs::create_dir(dir.path().join(".git")).unwrap();
        assert!(Repository::discover(dir.path(), Sources::new()).found().is_none());
        // A bare repository has no files to lint.
        let scratch = Scratch::new();
        scratch.write(".git/config", "[core]\n\tbare = true\n");
        assert!(matches!(scratch.discover(), Discovery::Nothing));
    }

    #[test]
    fn empty_repository() {
        let scratch = Scratch::new();
        let repository = scratch.open();
        assert_eq!(repository.head().unwrap(), &Head::Branch { name: "main".to_owned(), commit: None });
        assert!(repository.tags().unwrap().is_empty());
        assert!(repository.tracked().unwrap().paths().is_empty());
        assert!(repository.upstream().is_none());
        assert!(repository.resolve(None, "main", &|_, _| None).found().is_none());
    }

    #[test]
    fn linked_work_trees_and_submodules() {
        let scratch = Scratch::new();
        let commit = scratch.commit(&[("a.yaml", File::Text("a: 1"))], &[], 10);
        scratch.reference("refs/heads/main", commit);
        scratch.reference("refs/heads/topic", commit);
        // As `git worktree add topic` lays it out, with relative paths.
        scratch.write("topic/.git", "gitdir: ../.git/worktrees/topic\n");
        scratch.write(".git/worktrees/topic/HEAD", "ref: refs/heads/topic\n");
        scratch.write(".git/worktrees/topic/commondir", "../..\n");
        scratch.write(".git/worktrees/topic/gitdir", "../../../topic/.git\n");
        let topic = found(&scratch.path("topic"));
        assert_eq!(topic.head().unwrap().branch(), Some("topic"));
        assert_eq!(topic.branches(None).unwrap().len(), 2);
        assert_eq!(topic.prefix(), &TreePath::root());
        assert_eq!(topic.tree(commit, "topic").unwrap().paths(), ["a.yaml"]);

        // As `git submodule add` and `git clone --separate-git-dir` do.
        for (name, config) in [("sub", "worktree = ../../../sub"), ("apart", "bare = false")] {
            let inner = Scratch::new();
            let commit = inner.commit(&[("inner.yaml", File::Text("i: 1"))], &[], 20);
            inner.reference("refs/heads/main", commit);
            inner.write(".git/config", format!("[core]\n\t{config}\n"));
            std::fs::create_dir_all(scratch.path(".git/modules")).unwrap();
            std::fs::rename(inner.path(".git"), scratch.path(&format!(".git/modules/{name}"))).unwrap();
            scratch.write(&format!("{name}/.git"), format!("gitdir: ../.git/modules/{name}\n"));
            let repository = found(&scratch.path(name));
            assert_eq!(repository.work_dir(), std::fs::canonicalize(scratch.path(name)).unwrap());
            assert_eq!(repository.head().unwrap().commit(), Some(commit));
            assert!(repository.tracked().unwrap().has(&path("inner.yaml")));
        }

        scratch.write("lost/.git", "gitdir: ../.git/worktrees/lost\n");
        let discovery = Repository::discover(&scratch.path("lost"), Sources::new());
        let Discovery::Broken(error) = discovery else { panic!("{discovery:?}") };
        assert_eq!(
            error.to_string(),
            "the file `.git` leads to `../.git/worktrees/lost`, where there is no repository"
        );
        scratch.write("lost/.git", "something else");
        assert!(matches!(Repository::discover(&scratch.path("lost"), Sources::new()), Discovery::Broken(_)));
    }

    #[test]
    fn refuses_formats_it_would_misread() {
        for (config, want) in [
            ("objectFormat = SHA256", "the repository names objects by sha256; only sha1 is supported"),
            (
                "refStorage = reftable",
                "the repository stores references as reftable; only files are supported",
            ),
        ] {
            let scratch = Scratch::new();
            let config = format!("[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\t{config}\n");
            scratch.write(".git/config", config);
            assert_eq!(why_broken(&scratch), want);
        }
        let scratch = Scratch::new();
        scratch.write(".git/config", "[core]\n\trepositoryFormatVersion = 7\n");
        assert_eq!(why_broken(&scratch), "the repository has format version 7; 0 and 1 are known");
        scratch.write(".git/config", "[core\n");
        assert!(why_broken(&scratch).starts_with("`.git/config` cannot be read: "));
        std::fs::remove_file(scratch.path(".git/config")).unwrap();
        assert!(scratch.discover().found().is_some(), "git takes a missing configuration for the default");
        std::fs::remove_file(scratch.path(".git/HEAD")).unwrap();
        assert_eq!(why_broken(&scratch), "`.git` is damaged: it has no `HEAD`");
    }
}
