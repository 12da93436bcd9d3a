//! The files of a chart directory: which ones `.helmignore` leaves, and their content.
//!
//! Mirrors the walk of `pkg/chart/v2/loader/directory.go`. What the files mean is for `load` to say.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use crate::finding::{Problem, ProblemKind};
use crate::origin::Place;
use crate::source::{Dir, EntryKind, ReadError, SourceFile, Span, TreePath, relaxed_len};

use super::ignore::Rules;

/// Helm's limit for one file of a chart (`archive.MaxDecompressedFileSize`), in bytes.
const MAX_FILE_SIZE: usize = 5 << 20;

/// Directories inside of each other; deeper trees are link loops.
const MAX_DIR_DEPTH: usize = 64;

/// Files of one chart directory.
const MAX_FILES: usize = 20_000;

/// Of this many files or more, another thread reads some.
const MANY_FILES: usize = 12;

/// A file with its path relative to the chart that is being loaded.
pub(super) struct Loose {
    pub(super) name: SmolStr,
    pub(super) file: Arc<SourceFile>,
}

/// The files of `dir` in the order of `filepath.Walk`, and what is wrong about them.
///
/// Files that the repository ignores are no part of the chart, except below `charts/`: `helm dependency build` would put
/// them there.
pub(super) fn files(dir: &Dir) -> (Vec<Loose>, Vec<Problem>) {
    let mut walk = Walk { dir, rules: Rules::default(), found: Vec::new(), problems: Vec::new() };
    walk.read_rules();
    walk.list("", 0);
    if walk.found.len() >= MANY_FILES {
        read_ahead(dir, &walk.found);
    }
    let mut files = Vec::with_capacity(walk.found.len());
    for (name, path) in walk.found {
        match dir.tree.read(&path) {
            Ok(file) if file.bytes().len() > relaxed_len(MAX_FILE_SIZE) => {
                let words = "is larger than the maximum file size";
                let message =
                    format!("chart file \"{}\" {words} {}", path.file_name(), relaxed_len(MAX_FILE_SIZE));
                let place = Place::written(Span::start_of(file.id()));
                walk.problems.push(Problem::at(ProblemKind::Render, place, message));
            }
            Ok(file) => files.push(Loose { name, file }),
            Err(error) => walk.problems.push(unreadable(&path, &error)),
        }
    }
    (files, walk.problems)
}

/// Begins to read the last files on another thread. The tree keeps them, so that it does not matter who comes to a file first.
fn read_ahead(dir: &Dir, found: &[(SmolStr, TreePath)]) {
    let last: Vec<TreePath> = found.iter().skip(found.len() / 2).map(|(_, path)| path.clone()).collect();
    let tree = Arc::clone(&dir.tree);
    rayon::spawn(move || {
        for path in last.iter().rev() {
            let _ = tree.read(path);
        }
    });
}

/// What is said of a path that cannot be read.
pub(super) fn unreadable(path: &TreePath, error: &ReadError) -> Problem {
    Problem::nowhere(ProblemKind::Render, format!("error reading {path}: {error}"))
}

struct Walk<'a> {
    dir: &'a Dir,
    rules: Rules,
    /// Names of files relative to the chart, and their paths.
    found: Vec<(SmolStr, TreePath)>,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn read_rules(&mut self) {
        let Ok(file) = self.dir.tree.read(&self.dir.path.child(".helmignore")) else {
            self.rules = Rules::default().with_defaults();
            return;
        };
        let (rules, refused) = Rules::parse(file.text_or_empty());
        self.rules = rules;
        if let Some((line, words)) = refused {
            let at = file.line_span(line).unwrap_or(Span::start_of(file.id()));
            self.problems.push(Problem::at(ProblemKind::Render, Place::written(at), words));
        }
    }

    fn list(&mut self, at: &str, depth: usize) {
        let path = if at.is_empty() { self.dir.path.clone() } else { self.dir.path.child(at) };
        let entries = match self.dir.tree.list(&path) {
            Ok(entries) => entries,
            Err(error) => return self.problems.push(unreadable(&path, &error)),
        };
        for entry in entries {
            let name =
                if at.is_empty() { entry.name.clone() } else { format_smolstr!("{at}/{}", entry.name) };
            let vendored = name.starts_with("charts/") || name == "charts";
            if entry.ignored && !vendored {
                continue;
            }
            match entry.kind {
                EntryKind::Dir if self.rules.ignores(&name, true) => {}
                EntryKind::Dir if depth >= MAX_DIR_DEPTH => {
                    let message = format!("`{path}` lies deeper than {MAX_DIR_DEPTH} directories");
                    self.problems.push(Problem::nowhere(ProblemKind::Limit, message));
                }
                EntryKind::Dir => self.list(&name, depth + 1),
                EntryKind::Other if entry.link => {
                    let message = format!("error evaluating symlink {}", path.child(&entry.name));
                    let help = "the link is broken or leads outside of the repository";
                    self.problems.push(Problem::nowhere(ProblemKind::Render, message).help(help));
                }
                EntryKind::File if !self.rules.ignores(&name, false) => {
                    if self.found.len() >= relaxed_len(MAX_FILES) {
                        if self.found.len() == relaxed_len(MAX_FILES) {
                            let message = format!("the chart has more than {} files", relaxed_len(MAX_FILES));
                            self.problems.push(Problem::nowhere(ProblemKind::Limit, message));
                        }
                        return;
                    }
                    self.found.push((name, path.child(&entry.name)));
                }
                EntryKind::File | EntryKind::Other => {}
            }
        }
    }
}
