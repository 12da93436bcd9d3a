//! The line of the change that causes a difference: one that had a say in the value, by its chain, and that is not the same
//! on both sides.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::explain::{Role, Teller};
use crate::k8s::mark_secret_lines;
use crate::origin::{OriginId, Place};
use crate::repo::{AppEntry, Object, Rendered, Workspace};
use crate::source::{FileId, Home, SourceFile, Span, TreePath};
use crate::yaml::{Data, Node};

use super::Cause;
use super::compare::{Difference, Value};
use super::mask::masked_line;

/// Values of a collection that are asked where they come from; the first ones tell enough.
const ASKED: usize = 64;

/// Lines shown around a hunk.
const CONTEXT: usize = 2;

/// Lines of a hunk that are shown before and behind the one that is looked at.
const WINDOW: usize = 6;

/// Where apps say into which namespace and cluster their objects go.
pub(super) const NAMESPACES: &[&[&str]] =
    &[&["spec", "destination", "namespace"], &["spec", "targetNamespace"]];
pub(super) const CLUSTERS: &[&[&str]] = &[
    &["spec", "destination", "server"],
    &["spec", "destination", "name"],
    &["spec", "kubeConfig", "secretRef", "name"],
];

/// Which version of a file a line is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The new one.
    Head,
    /// The old one: the line is gone, and nothing stands in its place.
    Base,
}

/// A line that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The file, from the root.
    pub file: Arc<str>,
    /// The line, from 1; 0 for a file that has none, such as an archive.
    pub line: u32,
    /// Of which version.
    pub version: Version,
}

/// A line in or around a hunk, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// The version that alone has it; `None` where both have.
    pub only: Option<Version>,
    /// Its number, from 1; that of the new version where both have it.
    pub number: u32,
    /// What it says.
    pub text: String,
}

/// The cause of a difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Found {
    pub(super) line: Line,
    /// The chain of the value leads there. Otherwise the app reads the file, and no chain leads anywhere else.
    pub(super) certain: bool,
}

/// How the versions of a file differ.
#[derive(Debug)]
pub struct ChangedFile {
    /// The old version; `None` for a file that is new.
    pub base: Option<FileId>,
    /// The new version; `None` for a file that is gone.
    pub head: Option<FileId>,
    /// Lines that were replaced, from 0: the old ones, the new ones.
    pub hunks: Vec<(Range<usize>, Range<usize>)>,
}

/// Which lines differ between two trees, found when asked for.
#[derive(Debug)]
pub struct Lines<'a> {
    base: &'a Workspace,
    head: &'a Workspace,
    known: Mutex<FxHashMap<TreePath, Option<Arc<ChangedFile>>>>,
}

impl<'a> Lines<'a> {
    /// The lines between two states of a repository, which share their sources.
    pub fn new(base: &'a Workspace, head: &'a Workspace) -> Self {
        Self { base, head, known: Mutex::default() }
    }

    /// How the versions of a file differ; `None` where they do not.
    pub fn file(&self, path: &TreePath) -> Option<Arc<ChangedFile>> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return known.clone();
        }
        let (base, head) = (self.base.tree.read(path).ok(), self.head.tree.read(path).ok());
        let id = |file: &Option<Arc<SourceFile>>| file.as_ref().map(|file| file.id());
        let changed = (id(&base) != id(&head)).then(|| {
            let text = |file: &Option<Arc<SourceFile>>| {
                file.as_ref().map_or(String::new(), |file| file.text_or_empty().to_owned())
            };
            let (old, new) = (text(&base), text(&head));
            let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
            let ops = similar::capture_diff_slices(similar::Algorithm::Myers, &old, &new);
            let ops = ops.iter().filter(|op| !matches!(op, similar::DiffOp::Equal { .. }));
            let hunks = ops.map(|op| (op.old_range(), op.new_range())).collect();
            Arc::new(ChangedFile { base: id(&base), head: id(&head), hunks })
        });
        lock().insert(path.clone(), changed.clone());
        changed
    }

    /// Whether a file is not the same on both sides.
    pub(super) fn differ_in(&self, path: &TreePath) -> bool {
        self.file(path).is_some()
    }

    /// The first line of a span that is not the same on both sides.
    pub fn of_span(&self, at: Span) -> Option<Line> {
        let file = self.head.sources.get(at.file)?;
        if let Home::Archive { .. } = file.home() {
            let path = file.home().on_disk().path()?;
            let changed = self.file(path)?;
            let version = if changed.head.is_some() { Version::Head } else { Version::Base };
            return Some(Line { file: path.as_str().into(), line: 0, version });
        }
        let changed = self.file(file.path()?)?;
        let first = file.line_index(at.start);
        // A collection begins with its first child, which tells of itself; text of several lines is one value.
        let text = file.slice(at);
        let many = matches!(text.as_bytes().first(), Some(b'|' | b'>' | b'"' | b'\''));
        let last = if many { file.line_index(at.end.max(at.start + 1) - 1) } else { first };
        let is_head = changed.head == Some(at.file);
        if !is_head && changed.base != Some(at.file) {
            return None;
        }
        changed.hunks.iter().find_map(|(old, new)| {
            let own = if is_head { new } else { old };
            let line = (own.start.max(first)..own.end.min(last + 1)).next()?;
            Some(changed.line(file.name(), is_head, line, old, new))
        })
    }

    /// The first line of a file that is not the same on both sides, below `within` where that is in this file.
    fn of_file(&self, path: &TreePath, within: Option<Span>) -> Option<Line> {
        let changed = self.file(path)?;
        let name: Arc<str> = path.as_str().into();
        let lines = within.and_then(|at| {
            let file = self.head.sources.get(at.file)?;
            let own = [changed.head, changed.base].contains(&Some(at.file));
            let last = file.line_index(at.end.max(at.start + 1) - 1);
            own.then(|| (changed.head == Some(at.file), file.line_index(at.start), last))
        });
        if let Some((is_head, first, last)) = lines {
            return changed.hunks.iter().find_map(|(old, new)| {
                let own = if is_head { new } else { old };
                // Where lines are gone, what is left begins at the gap.
                let line = own.start.max(first);
                (line < own.end.max(own.start + 1) && line <= last)
                    .then(|| changed.line(&name, is_head && !new.is_empty(), line, old, new))
            });
        }
        let (old, new) = changed.hunks.first()?;
        let id = if new.is_empty() { changed.base } else { changed.head };
        let own = if new.is_empty() { old } else { new };
        let file = id.and_then(|id| self.head.sources.get(id));
        let text = file.as_ref().map_or("", |file| file.text_or_empty());
        let line = telling(text, own).unwrap_or(own.start);
        Some(changed.line(&name, !new.is_empty(), line, old, new))
    }

    /// A changed line of a kustomization that leads to `target` (an entry for it, or for a directory around it), of one version.
    fn entry_for(&self, path: &TreePath, target: &TreePath, version: Version) -> Option<Line> {
        if !matches!(path.file_name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization") {
            return None;
        }
        let (changed, dir) = (self.file(path)?, path.parent()?);
        let is_head = version == Version::Head;
        let file = self.head.sources.get(if is_head { changed.head? } else { changed.base? })?;
        let lines: Vec<&str> = file.text_or_empty().lines().collect();
        changed.hunks.iter().find_map(|(old, new)| {
            let own = if is_head { new } else { old };
            let line = own.clone().find(|at| {
                let words =
                    lines.get(*at).map(|line| line.trim().trim_start_matches("- ")).unwrap_or_default();
                let entry = words.strip_prefix("path:").unwrap_or(words).trim().trim_matches(['"', '\'']);
                !entry.is_empty() && dir.join(entry).is_ok_and(|entry| target.starts_with(&entry))
            })?;
            Some(changed.line(&path.as_str().into(), is_head, line, old, new))
        })
    }

    /// What a line says, without secrets.
    pub(super) fn text(&self, line: &Line) -> String {
        let tree = match line.version {
            Version::Head => &self.head.tree,
            Version::Base => &self.base.tree,
        };
        let file = TreePath::new(&line.file).ok().and_then(|path| tree.read(&path).ok());
        let index = (line.line as usize).checked_sub(1);
        let shown = file.as_ref().map(|file| file.shown());
        let text = index.and_then(|index| shown.as_ref()?.lines().nth(index)).unwrap_or_default();
        masked_line(text.trim())
    }

    /// The hunk that a line is in, as a diff would show it: what was, what is, a little of what is around.
    pub(super) fn around(&self, line: &Line) -> Vec<SourceLine> {
        let Some(index) = (line.line as usize).checked_sub(1) else { return Vec::new() };
        let Ok(path) = TreePath::new(&line.file) else { return Vec::new() };
        let Some(changed) = self.file(&path) else { return Vec::new() };
        let own = |(old, new): &(Range<usize>, Range<usize>)| match line.version {
            Version::Head => new.clone(),
            Version::Base => old.clone(),
        };
        let Some((old, new)) = changed.hunks.iter().find(|hunk| own(hunk).contains(&index)) else {
            return Vec::new();
        };
        let shown = |id: Option<FileId>| {
            let file = id.and_then(|id| self.head.sources.get(id))?;
            mark_secret_lines(&file);
            Some(file.shown().lines().map(masked_line).collect::<Vec<String>>())
        };
        let (before, after) =
            (shown(changed.base).unwrap_or_default(), shown(changed.head).unwrap_or_default());
        let mut all = Vec::new();
        let mut push = |lines: &[String], range: Range<usize>, only: Option<Version>| {
            let from = range.start;
            let lines = lines.get(range.start..range.end.min(lines.len())).unwrap_or_default();
            all.extend(lines.iter().enumerate().map(|(step, text)| SourceLine {
                only,
                number: u32::try_from(from + step + 1).unwrap_or(u32::MAX),
                text: text.clone(),
            }));
        };
        // What is long is cut around the line; what it replaced stands at about the same place.
        let at = index.saturating_sub(own(&(old.clone(), new.clone())).start);
        let window = |range: &Range<usize>| {
            let middle = (range.start + at).min(range.end);
            range.start.max(middle.saturating_sub(WINDOW))..range.end.min(middle + WINDOW + 1)
        };
        push(&after, new.start.saturating_sub(CONTEXT)..new.start, None);
        push(&before, window(old), Some(Version::Base));
        push(&after, window(new), Some(Version::Head));
        push(&after, new.end..new.end + CONTEXT, None);
        all
    }
}

/// The first of some lines that says something: no blank, no comment, no end of a block.
fn telling(text: &str, lines: &Range<usize>) -> Option<usize> {
    let mut in_comment = false;
    let mut all = text.lines().enumerate().skip(lines.start).take(lines.len());
    all.find_map(|(index, line)| {
        let line = line.trim();
        let inner = line.trim_start_matches("{{").trim_start_matches('-').trim_start();
        in_comment |= inner.starts_with("/*");
        let was_in_comment = in_comment;
        in_comment &= !line.contains("*/");
        let word = inner.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let closes = line.starts_with("{{") && matches!(word, "end" | "else");
        let says = line.chars().any(char::is_alphanumeric) && !line.starts_with('#');
        (says && !was_in_comment && !closes).then_some(index)
    })
}

impl ChangedFile {
    /// A changed line; an old one by the new one in its place, where there is one.
    fn line(
        &self,
        name: &Arc<str>,
        is_head: bool,
        line: usize,
        old: &Range<usize>,
        new: &Range<usize>,
    ) -> Line {
        let file = Arc::clone(name);
        let number = |line: usize| u32::try_from(line + 1).unwrap_or(u32::MAX);
        if is_head {
            return Line { file, line: number(line), version: Version::Head };
        }
        if new.is_empty() || self.head.is_none() {
            return Line { file, line: number(line.max(old.start)), version: Version::Base };
        }
        let at = new.start + line.saturating_sub(old.start).min(new.len() - 1);
        Line { file, line: number(at), version: Version::Head }
    }
}

impl Cause {
    /// A line that is not yet known to cause anything.
    pub(super) fn new(line: Line, lines: &Lines<'_>, certain: bool) -> Self {
        let (text, source) = (lines.text(&line), lines.around(&line));
        Self { line, text, source, certain, apps: BTreeSet::new(), objects: 0, fields: 0 }
    }
}

/// One side of a pair of apps.
pub(super) struct View<'a> {
    pub(super) entry: &'a AppEntry,
    pub(super) rendered: &'a Rendered,
    teller: Teller<'a>,
    /// What was asked for already.
    known: RefCell<FxHashMap<(Span, OriginId), Option<Line>>>,
}

impl<'a> View<'a> {
    pub(super) fn new(entry: &'a AppEntry, rendered: &'a Rendered, workspace: &'a Workspace) -> Self {
        Self { entry, rendered, teller: Teller::new(rendered, &workspace.cache), known: RefCell::default() }
    }

    fn line(&self, place: Place, lines: &Lines<'_>) -> Option<Line> {
        if let Some(known) = self.known.borrow().get(&(place.at, place.origin)) {
            return known.clone();
        }
        let causes = self.teller.causes(place);
        let line = causes.iter().find_map(|cause| lines.of_span(cause.at?));
        self.known.borrow_mut().insert((place.at, place.origin), line.clone());
        line
    }

    /// The line behind a value: its own, its key's, that of something in it. A collection is told by what it begins with: what it
    /// was printed from may begin with another item that is new as well.
    fn of_value(&self, value: &Value<'_>, lines: &Lines<'_>) -> Option<Line> {
        let own = first_place(value.node).and_then(|place| self.line(place, lines));
        let own = own.or_else(|| self.line(value.node.place(), lines));
        let own = own.or_else(|| self.line(value.key?.place(), lines));
        own.or_else(|| {
            let mut places = Vec::new();
            leaf_places(value.node, &mut places);
            places.into_iter().find_map(|place| self.line(place, lines))
        })
    }

    fn around(&self, value: &Value<'_>, lines: &Lines<'_>) -> Option<Line> {
        value.around.iter().rev().find_map(|node| self.line(node.place(), lines))
    }

    /// Hides where the data of a Secret comes from: lines around a changed one are shown, too.
    pub(super) fn hide_data(&self, object: &Object, workspace: &Workspace) {
        if object.is("", "Secret") {
            let data = ["data", "stringData"].into_iter().filter_map(|key| object.node.get(key));
            data.for_each(|node| self.hide(node, workspace));
        }
    }

    /// Hides the places of a secret from everybody who shows lines.
    pub(super) fn hide(&self, node: &Node, workspace: &Workspace) {
        let mut places = vec![node.place()];
        leaf_places(node, &mut places);
        let causes = places.into_iter().flat_map(|place| self.teller.causes(place));
        for cause in causes.filter(|cause| matches!(cause.role, Role::Set | Role::Overridden(_))) {
            if let Some((at, file)) = cause.at.and_then(|at| Some((at, workspace.sources.get(at.file)?))) {
                file.mark_secret(at);
            }
        }
    }
}

/// What a node begins with: its first key, or the value itself where it holds no others.
fn first_place(node: &Node) -> Option<Place> {
    match &node.data {
        Data::Scalar(_) => Some(node.place()),
        Data::Seq(items) => items.iter().find_map(first_place),
        Data::Map(map) => map.iter().next().map(|entry| entry.key.place()),
    }
}

fn leaf_places(node: &Node, places: &mut Vec<Place>) {
    if places.len() >= ASKED {
        return;
    }
    match &node.data {
        Data::Scalar(_) => places.push(node.place()),
        Data::Seq(items) => items.iter().for_each(|item| leaf_places(item, places)),
        Data::Map(map) => {
            for entry in map {
                leaf_places(&entry.value, places);
                places.push(entry.key.place());
            }
        }
    }
}

/// Finds causes for a pair of apps.
pub(super) struct Finder<'a> {
    pub(super) lines: &'a Lines<'a>,
    pub(super) base: Option<View<'a>>,
    pub(super) head: Option<View<'a>>,
    /// Files that the apps above read.
    pub(super) above: Vec<TreePath>,
    fallback: OnceCell<Option<Line>>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(
        lines: &'a Lines<'a>,
        base: Option<View<'a>>,
        head: Option<View<'a>>,
        above: Vec<TreePath>,
    ) -> Self {
        Self { lines, base, head, above, fallback: OnceCell::new() }
    }

    /// The line that causes a difference.
    pub(super) fn of(&self, difference: &Difference<'_>) -> Option<Found> {
        let sides = [(&self.head, &difference.head), (&self.base, &difference.base)];
        let sides = sides.iter().filter_map(|(view, value)| Some((view.as_ref()?, value.as_ref()?)));
        let sides: Vec<_> = sides.collect();
        let own = sides.iter().find_map(|(view, value)| view.of_value(value, self.lines));
        if let Some(line) = own {
            return Some(Found { line, certain: true });
        }
        let around = sides.iter().find_map(|(view, value)| view.around(value, self.lines));
        if let (None, [(view, value)]) = (&around, sides.as_slice())
            && difference.path.0.is_empty()
            && let Some(line) = self.entry_of(view, value)
        {
            return Some(Found { line, certain: true });
        }
        let line = around.or_else(|| self.fallback())?;
        Some(Found { line, certain: false })
    }

    /// The entry of a kustomization that brings an object of one side, where that entry is only there.
    fn entry_of(&self, view: &View<'_>, object: &Value<'_>) -> Option<Line> {
        let version = if self.head.as_ref().is_some_and(|head| std::ptr::eq(head, view)) {
            Version::Head
        } else {
            Version::Base
        };
        let file = self.lines.head.sources.get(object.node.at.file)?;
        let target = file.path()?.clone();
        view.rendered.files.iter().find_map(|path| self.lines.entry_for(path, &target, version))
    }

    /// The line of an app's own object that says where its objects go.
    pub(super) fn implied(&self, paths: &[&[&str]]) -> Option<Found> {
        let views = [self.head.as_ref(), self.base.as_ref()].into_iter().flatten();
        let mut nodes = views
            .filter_map(|view| view.entry.app.node.as_deref())
            .flat_map(|node| paths.iter().filter_map(|path| node.at_path(path)));
        let own = nodes.find_map(|node| self.lines.of_span(node.at));
        own.map(|line| Found { line, certain: true })
            .or_else(|| self.fallback().map(|line| Found { line, certain: false }))
    }

    /// A changed line of a file that the app reads: where it is defined first.
    pub(super) fn fallback(&self) -> Option<Line> {
        self.fallback.get_or_init(|| self.find_fallback()).clone()
    }

    fn find_fallback(&self) -> Option<Line> {
        let views = [self.head.as_ref(), self.base.as_ref()];
        let defined = views.iter().flatten().find_map(|view| {
            let app = &view.entry.app;
            let path = app.path.as_ref()?;
            let own = self.lines.of_file(path, app.node.as_ref().map(|node| node.at));
            // A rendered object says where each of its values is written.
            own.or_else(|| {
                let mut places = Vec::new();
                leaf_places(app.node.as_deref()?, &mut places);
                places.into_iter().find_map(|place| self.lines.of_span(place.at))
            })
        });
        let read = || {
            let files = views.iter().flatten().flat_map(|view| &view.rendered.files).chain(&self.above);
            files.into_iter().find_map(|path| self.lines.of_file(path, None))
        };
        defined.or_else(read)
    }
}
