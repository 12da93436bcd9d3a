//! Where a command looks: from the paths that were typed to the root of what is linted, the parts of it that are asked
//! for, and what files are called from here.
//!
//! A directory inside of a repository is a part of it, under the configuration of the root and beside everything that the
//! root has. It is a root of its own where it has a configuration file or a `.git`, where Git ignores it, and where it is
//! test data of the repository around it: its apps are not deployed with the others.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use clap::CommandFactory;

use crate::config;
use crate::git::{Discovery, Repository};
use crate::lint::Names;
use crate::near::did_you_mean;
use crate::repo::is_test_data;
use crate::source::{Sources, Tree, TreePath, WorkTree};

use super::Failure;
use super::args::Cli;

/// What a command looks at.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The root of what is linted.
    pub(super) root: PathBuf,
    /// The parts of it that are asked for; none for all of it.
    pub(super) parts: Vec<TreePath>,
    /// What files are called.
    pub(super) names: Names,
    /// A file whose text comes from elsewhere: an editor that has not saved it.
    pub(super) buffer: Option<(TreePath, Vec<u8>)>,
}

impl Place {
    /// The place for paths that were typed. `root` is what `--root` says.
    pub(super) fn of(paths: &[PathBuf], root: Option<&Path>) -> Result<Self, Failure> {
        let here = current_dir()?;
        let mut typed: Vec<(PathBuf, PathBuf)> = Vec::new();
        for path in paths {
            typed.push((
                path.clone(),
                std::fs::canonicalize(path).map_err(|error| cannot_open(path, &error))?,
            ));
        }
        let root = match root {
            Some(root) => {
                let real = std::fs::canonicalize(root).map_err(|error| cannot_open(root, &error))?;
                if !real.is_dir() {
                    return Err(format!("`{}` is no directory", root.display()));
                }
                (root.to_owned(), real)
            }
            None => root_of(&typed, &here)?,
        };
        let (root, real) = root;
        let mut parts = BTreeSet::new();
        for (path, at) in &typed {
            let Some(part) = inside(at, &real) else {
                let (path, root) = (path.display(), root.display());
                return Err(format!("`{path}` does not lie in `{root}`: lint one repository at a time"));
            };
            parts.insert(part);
        }
        // Who asks for the whole asks for every part.
        let parts = if parts.contains(&TreePath::root()) { Vec::new() } else { parts.into_iter().collect() };
        let names = names(&root, &real, &here);
        Ok(Self { root, parts, names, buffer: None })
    }

    /// The place of a directory that a command looks at as a whole.
    pub(super) fn of_dir(dir: &Path) -> Result<Self, Failure> {
        Self::of(&[dir.to_owned()], None)
    }

    /// The place for a file whose text comes on standard input: one of the disk, or one that is not saved yet.
    pub(super) fn of_stdin(file: &Path, root: Option<&Path>) -> Result<Self, Failure> {
        let (known, below) = existing(file)?;
        let is_new = !below.is_empty();
        if is_new != known.is_dir() {
            return Err(format!("`{}` is no file", file.display()));
        }
        let mut place = Self::of(&[known], root)?;
        let part = place.parts.first().cloned().unwrap_or_else(TreePath::root);
        let part = part.join(&below).map_err(|error| format!("cannot lint `{}`: {error}", file.display()))?;
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|error| format!("cannot read standard input: {error}"))?;
        place.parts = vec![part.clone()];
        place.buffer = Some((part, bytes));
        Ok(place)
    }

    /// A path as typed, in the tree of the root; `None` outside of it.
    pub(super) fn tree_path(&self, path: &str) -> Option<TreePath> {
        match &self.names.inside {
            Some(inside) => inside.join(path).ok(),
            None => TreePath::new(path.strip_prefix(&self.names.typed)?).ok(),
        }
    }
}

/// The current directory with all links followed.
fn current_dir() -> Result<PathBuf, Failure> {
    let failed = |error: std::io::Error| format!("cannot tell the current directory: {error}");
    std::env::current_dir().and_then(std::fs::canonicalize).map_err(failed)
}

/// The part of a path that exists, and what is to come below it, separated by slashes.
fn existing(path: &Path) -> Result<(PathBuf, String), Failure> {
    let mut known = path;
    let mut below: Vec<&str> = Vec::new();
    while let Err(error) = std::fs::canonicalize(known) {
        let name = known.file_name().and_then(|name| name.to_str());
        let (Some(name), std::io::ErrorKind::NotFound) = (name, error.kind()) else {
            return Err(cannot_open(path, &error));
        };
        below.insert(0, name);
        known = known.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    }
    Ok((known.to_owned(), below.join("/")))
}

/// Why a path cannot be opened. A single word may have been meant as a command.
fn cannot_open(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    let is_word = path.components().count() == 1;
    let cli = Cli::command();
    let commands = || cli.get_subcommands().map(clap::Command::get_name);
    let close = path.to_str().filter(|_| is_word).and_then(|word| did_you_mean(word, commands()));
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        _ => error.to_string(),
    };
    match close {
        Some(close) => format!("cannot open `{shown}`: {why}; did you mean the command `{close}`?"),
        None => format!("cannot open `{shown}`: {why}"),
    }
}

/// The root for paths, each as typed and as it really is.
fn root_of(typed: &[(PathBuf, PathBuf)], here: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    let mut found: Option<(PathBuf, PathBuf)> = None;
    for (path, real) in typed {
        let mut root = root_around(real, path);
        // Without a repository around them, several paths belong together where the shell stands.
        if (typed.len() > 1 || real.is_file()) && root.1 == *real_dir(real) && real.starts_with(here) {
            root = (PathBuf::from("."), here.to_owned());
        }
        match &found {
            Some((_, known)) if *known != root.1 => {
                let (a, b) = (known.display(), root.1.display());
                return Err(format!(
                    "the paths lie in two repositories, `{a}` and `{b}`: lint one at a time"
                ));
            }
            Some(_) => {}
            None => found = Some(root),
        }
    }
    Ok(found.unwrap_or_else(|| (PathBuf::from("."), here.to_owned())))
}

/// The directory that a path is or lies in.
fn real_dir(real: &Path) -> &Path {
    if real.is_dir() { real } else { real.parent().unwrap_or(real) }
}

/// The root of what a path belongs to, as people would call it and as it really is.
fn root_around(real: &Path, typed: &Path) -> (PathBuf, PathBuf) {
    let dir = real_dir(real);
    let own = || {
        let typed = if dir == real { typed } else { typed.parent().unwrap_or(typed) };
        let typed = if typed.as_os_str().is_empty() { Path::new(".") } else { typed };
        (typed.to_owned(), dir.to_owned())
    };
    let has_config = |dir: &Path| config::FILE_NAMES.iter().any(|name| dir.join(name).is_file());
    if has_config(dir) {
        return own();
    }
    let Some(top) = top_of(dir) else { return own() };
    let Some(below) = inside(dir, &top) else { return own() };
    if is_test_data(&below.child("x")) {
        return own();
    }
    let root = dir.ancestors().find(|dir| *dir == top || has_config(dir)).unwrap_or(dir);
    if root == dir { own() } else { (root.to_owned(), root.to_owned()) }
}

/// The top directory of the repository that a directory belongs to: Git tracks something there, or would.
fn top_of(dir: &Path) -> Option<PathBuf> {
    let sources = Sources::new();
    match Repository::discover(dir, Arc::clone(&sources)) {
        Discovery::Found(repository) => Some(repository.work_dir().to_owned()),
        Discovery::Untracked { work_dir } => {
            let below = inside(dir, &work_dir)?;
            let tree = WorkTree::open(&work_dir, "", sources).ok()?;
            tree.files().iter().any(|file| file.starts_with(&below)).then_some(work_dir)
        }
        Discovery::Nothing | Discovery::Broken(_) => None,
    }
}

/// What leads from one real directory to a path below it.
fn inside(path: &Path, dir: &Path) -> Option<TreePath> {
    let below = path.strip_prefix(dir).ok()?.to_str()?;
    TreePath::new(&below.replace(std::path::MAIN_SEPARATOR, "/")).ok()
}

/// What files of a root are called.
fn names(root: &Path, real: &Path, here: &Path) -> Names {
    let prefix = Repository::discover(real, Sources::new()).found();
    let prefix = prefix.map(|repository| repository.prefix().clone()).filter(|prefix| !prefix.is_root());
    let prefix = prefix.map_or_else(String::new, |prefix| format!("{prefix}/"));
    let typed = match inside(real, here) {
        Some(below) if below.is_root() => String::new(),
        Some(below) => format!("{below}/"),
        None => with_slash(root),
    };
    Names { inside: inside(here, real), typed, prefix }
}

/// A directory as it was typed, to put before what lies in it.
fn with_slash(dir: &Path) -> String {
    let parts = dir.components().filter(|part| !matches!(part, Component::CurDir));
    let dir: PathBuf = parts.collect();
    let text = dir.display().to_string().replace(std::path::MAIN_SEPARATOR, "/");
    if text.is_empty() || text.ends_with('/') { text } else { text + "/" }
}
