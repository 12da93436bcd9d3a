//! Which objects the patch changes that a line belongs to.
//!
//! A value of a patch has its place in what is rendered. What names the object, what takes something away and the entry that
//! lists the patch are in no object, and still decide about one.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::finding::ObjectRef;
use crate::golang::regexp::{Regexp, quote_meta};
use crate::repo::{App, KUSTOMIZATION_NAMES, Object, Rendered, Workspace};
use crate::source::{SourceFile, TreePath};
use crate::yaml::{Dialect, Document, Embedded, Node, parse_text};

use super::reach::in_app;

/// The patches that lines belong to.
#[derive(Debug, Default)]
pub(super) struct Patches(Vec<Patch>);

/// A patch, and what it is for.
#[derive(Debug)]
struct Patch {
    /// The kustomization that lists it.
    list: TreePath,
    /// Where it is written.
    file: Arc<SourceFile>,
    lines: RangeInclusive<u32>,
    /// What it asks for; `None` where its values have to tell.
    target: Option<Target>,
}

/// The kind and the name that a patch asks for.
#[derive(Debug)]
struct Target {
    kind: Regexp,
    name: Regexp,
    /// For names that the kustomization adds something to.
    part_of_name: Regexp,
}

impl Target {
    fn new(kind: &str, name: &str) -> Option<Self> {
        let any = |text: &str| if text.is_empty() { ".*".to_owned() } else { text.to_owned() };
        let whole = |text: &str| Regexp::new(&format!("^(?:{})$", any(text))).ok();
        let part_of_name = Regexp::new(&any(name)).ok()?;
        Some(Self { kind: whole(kind)?, name: whole(name)?, part_of_name })
    }

    /// What an entry's `target` chooses; `None` when it does so by more than kind and name.
    fn of_entry(target: &Node) -> Option<Self> {
        let more = ["labelSelector", "annotationSelector", "namespace", "group", "version"];
        let narrow = more.iter().filter_map(|key| target.get(key)).any(|it| !text(it).is_empty());
        let field = |key: &str| target.get(key).map(text).unwrap_or_default();
        if narrow { None } else { Self::new(field("kind"), field("name")) }
    }

    fn of_merge(root: &Node) -> Option<Self> {
        let name = root.at_path(&["metadata", "name"]).map(text).filter(|it| !it.is_empty())?;
        Self::new(&quote_meta(root.get("kind").map(text)?), &quote_meta(name))
    }

    fn has(&self, object: &Object) -> bool {
        let written = object.place().origin.is_written();
        let named =
            self.name.is_match(&object.name) || (!written && self.part_of_name.is_match(&object.name));
        self.kind.is_match(&object.kind) && named
    }
}

fn text(node: &Node) -> &str {
    node.scalar_text().unwrap_or_default()
}

/// The lines of a node, from 1.
fn lines(node: &Node, file: &SourceFile) -> RangeInclusive<u32> {
    let number = |offset: u32| file.line_index(offset) as u32 + 1;
    let last = node.at.end.max(node.at.start + 1) - 1;
    number(node.at.start)..=number(last)
}

fn meet(one: &RangeInclusive<u32>, other: &RangeInclusive<u32>) -> bool {
    one.start() <= other.end() && other.start() <= one.end()
}

impl Patches {
    /// Finds the patches that lines of a file are in, or that an entry on these lines lists.
    pub(super) fn around(
        workspace: &Workspace,
        file: &Arc<SourceFile>,
        wanted: &RangeInclusive<u32>,
    ) -> Self {
        let mut found = Self::default();
        let files = workspace.tree.files();
        for path in files.iter().filter(|path| KUSTOMIZATION_NAMES.contains(&path.file_name())) {
            let Ok(list) = workspace.tree.read(path) else { continue };
            let stream = workspace.cache.stream(&list);
            for root in stream.documents.iter().filter_map(|document| document.root.as_ref()) {
                for key in ["patches", "patchesStrategicMerge", "patchesJson6902"] {
                    let entries = root.get(key).map(Node::seq_or_empty).unwrap_or_default();
                    for entry in entries.iter().filter(|entry| entry.at.file == list.id()) {
                        found.see(workspace, (path, &list), entry, (file, wanted));
                    }
                }
            }
        }
        found
    }

    /// Takes an entry when the lines are in it, or in what it names.
    fn see(
        &mut self,
        workspace: &Workspace,
        (path, list): (&TreePath, &Arc<SourceFile>),
        entry: &Node,
        (file, wanted): (&Arc<SourceFile>, &RangeInclusive<u32>),
    ) {
        let listed = list.id() == file.id() && meet(&lines(entry, list), wanted);
        let target = entry.get("target");
        let inline = entry.get("patch").or(Some(entry)).filter(|it| text(it).contains('\n'));
        if let Some(node) = inline.filter(|_| listed) {
            let mut embedded = Embedded::new(node, list);
            let parsed = parse_text(text(node), Dialect::V3, &mut embedded);
            let within = lines(node, list);
            for document in &parsed.documents {
                self.take(path, list, within.clone(), document, target);
            }
            return;
        }
        let name = entry.get("path").map_or_else(|| text(entry), text);
        let dir = path.parent().unwrap_or_else(TreePath::root);
        let Ok(at) = dir.join(name) else { return };
        if !listed && file.path() != Some(&at) {
            return;
        }
        let Ok(patch) = workspace.tree.read(&at) else { return };
        for document in &workspace.cache.stream(&patch).documents {
            let Some(root) = document.root.as_ref() else { continue };
            let within = lines(root, &patch);
            if listed || meet(&within, wanted) {
                self.take(path, &patch, within, document, target);
            }
        }
    }

    fn take(
        &mut self,
        list: &TreePath,
        file: &Arc<SourceFile>,
        lines: RangeInclusive<u32>,
        document: &Document,
        target: Option<&Node>,
    ) {
        let Some(root) = document.root.as_ref() else { return };
        let target = target.map_or_else(|| Target::of_merge(root), Target::of_entry);
        self.0.push(Patch { list: list.clone(), file: Arc::clone(file), lines, target });
    }

    /// The objects of an app that the patches change.
    pub(super) fn objects(&self, app: &App, rendered: &Rendered) -> Vec<ObjectRef> {
        let mut objects = Vec::new();
        for patch in self.0.iter().filter(|patch| rendered.files.contains(&patch.list)) {
            match &patch.target {
                Some(target) => {
                    let chosen = rendered.objects.iter().filter(|object| target.has(object));
                    objects.extend(chosen.map(|object| object.to_ref(&app.cluster, None)));
                }
                None => {
                    let reached = in_app(&patch.file, &patch.lines, app, rendered);
                    let reached = reached.into_iter().flat_map(|(_, app)| app.objects);
                    objects.extend(reached.map(|reached| reached.object));
                }
            }
        }
        objects
    }
}
