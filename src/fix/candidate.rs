//! Fixes that may be tried: whether their files can be edited, which of them go together, and what the files are with them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::finding::{Finding, Fix};
use crate::repo::Workspace;
use crate::source::{FileId, SourceFile, TreePath};
use crate::yaml::Node;

/// A fix that may be tried.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) finding: Finding,
    pub(super) fingerprint: String,
    pub(super) fix: Fix,
    /// The files that it edits.
    pub(super) paths: BTreeMap<FileId, TreePath>,
}

/// Lines of a file that an edit changes, from 1: as they were, as they are.
#[derive(Debug, Clone)]
pub(super) struct EditedLines {
    /// The candidate, by its place in the batch.
    pub(super) by: usize,
    pub(super) file: Arc<str>,
    pub(super) before: RangeInclusive<u32>,
    pub(super) after: RangeInclusive<u32>,
}

/// Files with a batch of fixes.
pub(super) struct Edited {
    pub(super) files: BTreeMap<TreePath, Arc<SourceFile>>,
    pub(super) lines: Vec<EditedLines>,
}

/// The files that a fix edits; why not, where it must not edit one of them.
pub(super) fn editable(fix: &Fix, workspace: &Workspace) -> Result<BTreeMap<FileId, TreePath>, String> {
    let mut paths = BTreeMap::new();
    for (at, _) in &fix.edits {
        let file = workspace.sources.get(at.file).ok_or("its file is gone")?;
        let shown = file.name();
        if !workspace.is_editable(at.file) {
            return Err(format!("`{shown}` is somebody else's"));
        }
        let path = file.path().cloned().ok_or_else(|| format!("`{shown}` is outside of the repository"))?;
        let known = workspace.tree.read(&path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        if known.id() != at.file {
            return Err(format!("`{shown}` is of another revision"));
        }
        // The file behind a link has other readers, which would not see the edit in memory.
        if workspace.tree.resolve(&path).is_ok_and(|real| real != path) {
            return Err(format!("`{shown}` is a symbolic link"));
        }
        if file.bytes() != file.text_or_empty().as_bytes() {
            return Err(format!("`{shown}` is not plain UTF-8"));
        }
        if let Some(reason) = third_party(&path, &file, workspace) {
            return Err(reason);
        }
        paths.insert(at.file, path);
    }
    if paths.is_empty() { Err("it has no edits".to_owned()) } else { Ok(paths) }
}

/// Why a file of the repository is not edited by hand: a program wrote it, or it came with a chart that was vendored.
fn third_party(path: &TreePath, file: &SourceFile, workspace: &Workspace) -> Option<String> {
    let shown = file.name();
    let head = file.text_or_empty().lines().take(8).filter(|line| line.starts_with('#'));
    if head.into_iter().any(|line| line.to_ascii_uppercase().contains("DO NOT EDIT")) {
        return Some(format!("`{shown}` says that it is generated"));
    }
    let mut dir = path.parent();
    while let Some(at) = dir {
        dir = at.parent();
        let Some(charts) = dir.as_ref().filter(|dir| dir.file_name() == "charts") else { continue };
        let Some(chart) = charts.parent() else { continue };
        let Ok(definition) = workspace.tree.read(&chart.child("Chart.yaml")) else { continue };
        let stream = workspace.cache.stream(&definition);
        let root = stream.documents.first().and_then(|document| document.root.as_ref());
        let came = root.is_some_and(|root| {
            root.items(&["dependencies"]).iter().any(|it| {
                let text = |key: &str| it.get(key).and_then(Node::scalar).map_or("", |text| text.as_str());
                let known = [text("name"), text("alias")].contains(&at.file_name());
                known && text("repository").contains("://") && !text("repository").starts_with("file:")
            })
        });
        if came {
            return Some(format!("`{shown}` came with the chart `{}`, which is vendored", at.file_name()));
        }
    }
    None
}

/// Parts candidates into those that can be applied together and those that have to wait, because an earlier one edits the same
/// bytes otherwise.
pub(super) fn batch(found: Vec<Candidate>) -> (Vec<Candidate>, Vec<Candidate>) {
    let mut taken: BTreeMap<FileId, BTreeMap<(u32, u32), String>> = BTreeMap::new();
    let (mut chosen, mut waiting) = (Vec::new(), Vec::new());
    for it in found {
        let fits = it.fix.edits.iter().all(|(at, text)| {
            let known = taken.get(&at.file);
            let known = known.into_iter().flatten();
            let mut near = known.filter(|((start, end), _)| *start <= at.end && at.start <= *end);
            near.all(|((start, end), other)| {
                let same = (*start, *end) == (at.start, at.end);
                if same { other == text } else { *end == at.start || at.end == *start }
            })
        });
        if !fits {
            waiting.push(it);
            continue;
        }
        for (at, text) in &it.fix.edits {
            taken.entry(at.file).or_default().insert((at.start, at.end), text.clone());
        }
        chosen.push(it);
    }
    (chosen, waiting)
}

/// The files with the edits of a batch, whose edits do not overlap.
pub(super) fn apply(batch: &[Candidate], workspace: &Workspace) -> Edited {
    type Edits<'a> = BTreeMap<(u32, u32), (&'a str, Vec<usize>)>;
    let mut by_file: BTreeMap<FileId, (&TreePath, Edits<'_>)> = BTreeMap::new();
    for (index, it) in batch.iter().enumerate() {
        for (at, text) in &it.fix.edits {
            let Some(path) = it.paths.get(&at.file) else { continue };
            let edits = &mut by_file.entry(at.file).or_insert_with(|| (path, BTreeMap::new())).1;
            edits.entry((at.start, at.end)).or_insert_with(|| (text, Vec::new())).1.push(index);
        }
    }
    let mut edited = Edited { files: BTreeMap::new(), lines: Vec::new() };
    for (id, (path, edits)) in by_file {
        let Some(file) = workspace.sources.get(id) else { continue };
        let text = file.text_or_empty();
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for ((start, end), (new, by)) in edits {
            let (start, end) = (start as usize, end as usize);
            out.push_str(text.get(from..start).unwrap_or_default());
            let first = line_of(&out, out.len());
            out.push_str(new);
            let last = line_of(&out, out.len());
            let before = line_of(text, start)..=line_of(text, end);
            edited.lines.extend(by.into_iter().map(|by| EditedLines {
                by,
                file: Arc::clone(file.name()),
                before: before.clone(),
                after: first..=last,
            }));
            from = end.max(from);
        }
        out.push_str(text.get(from..).unwrap_or_default());
        let changed = workspace.sources.add_as(file.home().clone(), out.into_bytes());
        edited.files.insert(path.clone(), changed);
    }
    edited
}

/// The line of an offset, from 1.
fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.get(..offset).unwrap_or(text);
    u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
}
