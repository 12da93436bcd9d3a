//! A place in a file of the repository, what stands there, and the apps that read the file.

use std::ops::RangeInclusive;
use std::sync::Arc;

use rayon::prelude::*;

use crate::explain;
use crate::repo::{self, AppEntry, KUSTOMIZATION_NAMES, Object, Rendered};
use crate::source::{SourceFile, Span, TreePath};
use crate::yaml::{Dialect, Document, Stream};

use super::links::Spot;
use super::session::Checked;

/// Apps looked at for one question; the others are counted.
pub(super) const MAX_APPS: usize = 24;

/// A place in a file of the repository.
pub(super) struct Cursor {
    pub(super) path: TreePath,
    pub(super) file: Arc<SourceFile>,
    pub(super) stream: Arc<Stream>,
    pub(super) offset: u32,
}

/// An app that reads a file, rendered.
pub(super) struct Reader<'c> {
    pub(super) entry: &'c AppEntry,
    pub(super) rendered: Rendered,
}

impl Cursor {
    /// A place; `None` where the repository has no such file.
    pub(super) fn new(checked: &Checked, path: &TreePath, offset: u32) -> Option<Self> {
        let file = checked.workspace.tree.read(path).ok()?;
        let stream = checked.workspace.cache.stream(&file);
        Some(Self { path: path.clone(), file, stream, offset })
    }

    /// The line, from 1.
    pub(super) fn line(&self) -> u32 {
        self.file.line_index(self.offset) as u32 + 1
    }

    /// The bytes of the line.
    pub(super) fn line_span(&self) -> Option<Span> {
        self.file.line_span(self.line() as usize - 1)
    }

    /// The line and what belongs to it.
    pub(super) fn lines(&self, checked: &Checked) -> RangeInclusive<u32> {
        explain::lines_of(&checked.workspace, &self.file, self.line())
    }

    /// All lines of the file.
    pub(super) fn all_lines(file: &SourceFile) -> RangeInclusive<u32> {
        1..=file.line_starts().len() as u32
    }

    /// Whether its file is a template of a chart, which is no YAML.
    pub(super) fn is_template(&self) -> bool {
        self.path.as_str().split('/').any(|part| part == "templates")
            || self.path.file_name().ends_with(".tpl")
    }

    /// Whether its file is a kustomization.
    pub(super) fn is_kustomization(&self) -> bool {
        KUSTOMIZATION_NAMES.contains(&self.path.file_name())
    }

    /// What stands there; nothing in a template.
    pub(super) fn spot(&self) -> Spot<'_> {
        if self.is_template() { Spot::default() } else { Spot::at(&self.stream, &self.file, self.offset) }
    }

    /// The document that the place is in.
    pub(super) fn document(&self) -> Option<&Document> {
        let holds = |it: &&Document| it.at.start <= self.offset && self.offset <= it.at.end;
        self.stream.documents.iter().rfind(holds)
    }

    /// The lines of that document.
    pub(super) fn document_lines(&self) -> Option<RangeInclusive<u32>> {
        let at = self.document()?.at;
        let number = |offset: u32| self.file.line_index(offset) as u32 + 1;
        Some(number(at.start)..=number(at.end.max(at.start + 1) - 1))
    }

    /// The object that the document is, as it is written.
    pub(super) fn object(&self) -> Option<Object> {
        let mut root = self.document()?.root.clone().filter(|_| !self.is_template())?;
        root.canonicalize(Dialect::Sigs).ok()?;
        Object::new(root)
    }

    /// The first apps that read the file, rendered, and how many more there are.
    pub(super) fn readers<'c>(&self, checked: &'c Checked, most: usize) -> (Vec<Reader<'c>>, usize) {
        let ids = checked.inventory.readers(&self.path);
        let entries: Vec<&AppEntry> = ids.iter().filter_map(|id| checked.inventory.app(*id)).collect();
        let more = entries.len().saturating_sub(most);
        let render =
            |entry: &&'c AppEntry| Reader { entry, rendered: repo::render(&entry.app, &checked.workspace) };
        (entries.par_iter().take(most).map(render).collect(), more)
    }
}
