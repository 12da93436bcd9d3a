//! Directory sources: plain manifests, read as Argo CD reads them.
//!
//! Mirrors `findManifests` and `getPotentiallyValidManifests` of `reposerver/repository/repository.go`. Jsonnet files
//! are listed as not evaluated.

use crate::finding::{Problem, ProblemKind};
use crate::origin::Place;
use crate::source::{Dir, EntryKind, SourceFile, TreePath};
use crate::yaml::{Cache, Dialect, Document, Node, YamlProblemKind};

use crate::golang::Glob;

/// `spec.source.directory`.
#[derive(Debug, Clone, Default)]
pub struct DirectoryOptions {
    /// `recurse`.
    pub recurse: bool,
    /// `include`, a glob over the path relative to the source's path.
    pub include: Option<String>,
    /// `exclude`, likewise; wins over `include`.
    pub exclude: Option<String>,
}

impl DirectoryOptions {
    /// Reads the `directory` block of a source.
    pub fn new(block: Option<&Node>) -> Self {
        let text = |key| {
            block.and_then(|block| block.get(key)).and_then(Node::as_str).filter(|text| !text.is_empty())
        };
        Self {
            recurse: block.and_then(|block| block.get("recurse")).and_then(Node::as_bool).unwrap_or(false),
            include: text("include").map(str::to_owned),
            exclude: text("exclude").map(str::to_owned),
        }
    }
}

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct Manifests {
    /// The objects, in file order.
    pub objects: Vec<Node>,
    /// What is wrong. Problems that are not [`ProblemKind::Unavailable`] make Argo CD refuse the whole source.
    pub problems: Vec<Problem>,
}

/// A file that holds this anywhere is left alone.
const SKIP_MARKER: &str = "+argocd:skip-file-rendering";

/// Reads the manifests of a directory.
pub(super) fn read(dir: &Dir, options: &DirectoryOptions, cache: &Cache) -> Manifests {
    let mut manifests = Manifests::default();
    let glob = |pattern: &Option<String>| pattern.as_ref().map(|pattern| Glob::new(pattern, &[]));
    let (include, exclude) = (glob(&options.include), glob(&options.exclude));
    let mut files = Vec::new();
    list(dir, &dir.path, options.recurse, &mut files, 0);
    for path in files {
        let relative = path.strip_prefix(&dir.path).unwrap_or_default();
        // An invalid pattern matches nothing: Argo CD warns and goes on.
        let hit = |glob: &Option<Option<Glob>>| {
            glob.as_ref().map(|glob| glob.as_ref().is_some_and(|it| it.matches(relative)))
        };
        if hit(&exclude) == Some(true) || hit(&include) == Some(false) {
            continue;
        }
        let file = match dir.tree.read(&path) {
            Ok(file) => file,
            Err(error) => {
                manifests.problems.push(Problem::nowhere(ProblemKind::Render, format!("`{path}`: {error}")));
                continue;
            }
        };
        read_file(&file, &path, cache, &mut manifests);
    }
    manifests
}

/// Files that Argo CD looks at, in its (lexical) order. Linked directories are not followed.
fn list(dir: &Dir, at: &TreePath, recurse: bool, files: &mut Vec<TreePath>, depth: u32) {
    // Deeper trees exist only by accident (a link loop is not followed).
    if depth > 64 {
        return;
    }
    for entry in dir.tree.list(at).unwrap_or_default() {
        if entry.ignored {
            continue;
        }
        let path = at.child(&entry.name);
        match entry.kind {
            EntryKind::Dir if recurse && !entry.link => list(dir, &path, recurse, files, depth + 1),
            EntryKind::File if is_manifest(&entry.name) => files.push(path),
            _ => {}
        }
    }
}

fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json", ".jsonnet"].iter().any(|extension| name.ends_with(extension))
}

fn read_file(file: &std::sync::Arc<SourceFile>, path: &TreePath, cache: &Cache, manifests: &mut Manifests) {
    let place = Place::written(crate::source::Span::start_of(file.id()));
    let name = path.file_name();
    if name.ends_with(".jsonnet") {
        let message = format!("`{path}` is Jsonnet, which is not evaluated");
        manifests.problems.push(Problem::at(ProblemKind::Unavailable, place, message));
        return;
    }
    let Some(text) = file.text() else {
        let message = format!("`{path}` is not text");
        manifests.problems.push(Problem::at(ProblemKind::Render, place, message));
        return;
    };
    if text.contains(SKIP_MARKER) {
        return;
    }
    let stream = cache.stream(file);
    let broken = stream.documents.iter().position(|document| document.broken);
    if let Some(first) = broken {
        let decoded = stream.documents.iter().take(first).filter(|document| document.root.is_some()).count();
        // Argo CD guesses whether a file that does not parse was meant to be a manifest.
        let manifest_like = ["apiVersion:", "kind:", "metadata:"].iter().all(|key| text.contains(key));
        if decoded > 0 || manifest_like || name.ends_with(".json") {
            let syntax = stream.problems.iter().find(|problem| problem.kind == YamlProblemKind::Syntax);
            let (at, message) = syntax.map_or((place.at, "invalid YAML"), |it| (it.at, it.message.as_str()));
            let message = format!("failed to unmarshal `{path}`: {message}");
            manifests.problems.push(Problem::at(ProblemKind::Render, Place::written(at), message));
        }
        return;
    }
    let documents: Vec<&Document> =
        stream.documents.iter().filter(|document| document.root.is_some()).collect();
    if name.ends_with(".json") && documents.len() > 1 {
        let message =
            format!("found multiple objects in `{path}`: only single objects are allowed in JSON files");
        manifests.problems.push(Problem::at(ProblemKind::Render, place, message));
        return;
    }
    let mut objects = Vec::new();
    for root in documents.iter().filter_map(|document| document.root.as_ref()) {
        let mut node = root.clone();
        if let Err(problem) = node.canonicalize(Dialect::Sigs) {
            let message = format!("failed to unmarshal `{path}`: {}", problem.message);
            manifests.problems.push(Problem::at(ProblemKind::Render, Place::written(problem.at), message));
            return;
        }
        if node.is_null() {
            continue;
        }
        if node.get("kind").and_then(Node::as_str).is_none_or(str::is_empty) {
            let manifest_like = ["apiVersion:", "kind:", "metadata:"].iter().all(|key| text.contains(key));
            if !objects.is_empty() || manifest_like || name.ends_with(".json") {
                let message = format!("failed to unmarshal `{path}`: Object 'Kind' is missing");
                manifests.problems.push(Problem::at(ProblemKind::Render, node.place(), message));
            }
            return;
        }
        objects.push(node);
    }
    manifests.objects.append(&mut objects);
}
