//! Strategic merge patches of kustomizations as they are written. What is wrong in a part is wrong whatever it is merged into.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::source::{SourceFile, Span, TreePath};
use crate::yaml::{Dialect, Document, Embedded, Node, parse_text};

use super::scan::Scan;
use super::showcase::{self, has_tokens};
use super::{Object, Workspace};

/// A part of an object that a kustomization merges into another.
#[derive(Debug)]
pub struct Part {
    /// As much of the object as is written.
    pub object: Object,
    /// The file that it is written in.
    pub path: TreePath,
}

/// The strategic merge patches that kustomizations name or hold, each once, whose kind is that of what they are merged into.
pub fn parts(workspace: &Workspace, scan: &Scan) -> Vec<Part> {
    let mut seen: FxHashSet<Span> = FxHashSet::default();
    let mut parts = Vec::new();
    for (dir, kustomization) in &scan.kustomizations {
        if showcase::showcase(&kustomization.file).is_some() {
            continue;
        }
        let Ok(file) = workspace.tree.read(&kustomization.file) else { continue };
        let stream = workspace.cache.stream(&file);
        let Some(root) = stream.documents.first().and_then(|document| document.root.as_ref()) else {
            continue;
        };
        let mut add = |patch: &Node, kind: Option<&str>| {
            let text = patch.scalar_text().unwrap_or_default();
            let named =
                || dir.join(text.trim()).ok().and_then(|path| Some((workspace.tree.read(&path).ok()?, path)));
            let mut take = |documents: &[Document], path: &TreePath| {
                let objects = documents.iter().filter_map(|document| object(document, kind));
                for object in objects.filter(|object| seen.insert(object.node.place().at)) {
                    parts.push(Part { object, path: path.clone() });
                }
            };
            if text.contains('\n') {
                take(&inline(patch, &file), &kustomization.file);
            } else if let Some((file, path)) = named() {
                take(&workspace.cache.stream_as(&file, Dialect::V3).documents, &path);
            }
        };
        for patch in root.items(&["patches"]) {
            let kind =
                patch.at_path(&["target", "kind"]).and_then(Node::scalar).map(smol_str::SmolStr::as_str);
            if let Some(text) = patch.get("patch").or_else(|| patch.get("path")) {
                add(text, kind);
            }
        }
        root.items(&["patchesStrategicMerge"]).iter().for_each(|patch| add(patch, None));
    }
    parts
}

fn inline(node: &Node, file: &Arc<SourceFile>) -> Vec<Document> {
    let (text, mut map) = Embedded::new(node, file).trimmed(node.scalar_text().unwrap_or_default());
    parse_text(text, Dialect::V3, &mut map).documents
}

/// What a document is a part of; nothing where the patch says less of its kind than its target does, and where another tool has yet to fill in
/// something.
fn object(document: &Document, kind: Option<&str>) -> Option<Object> {
    let mut root = document.root.clone().filter(|_| !document.broken)?;
    // Kustomize reads it, for which `y` is a text.
    root.canonicalize(Dialect::V3).ok()?;
    let object = Object::part(root)?;
    let is_whole = !object.version.is_empty() && kind.is_none_or(|kind| kind == object.kind);
    let is_text = |node: &Node| node.as_str().is_some_and(|text| text.contains("{{") || has_tokens(text));
    (is_whole && !any(&object.node, &is_text)).then_some(object)
}

fn any(node: &Node, is_it: &dyn Fn(&Node) -> bool) -> bool {
    is_it(node)
        || node.entries().iter().any(|entry| any(&entry.value, is_it))
        || node.seq_or_empty().iter().any(|item| any(item, is_it))
}
