//! What leads where: entries that name files, values and the templates that read them, names and what they stand for.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::origin::{OriginId, Origins, Step};
use crate::repo::{Inventory, Labels, Rendered, Spec, Workspace};
use crate::source::{SourceFile, Span, TreePath};
use crate::world::{Answer, World};
use crate::yaml::{Data, Node, Stream};

/// Places answered at most: more is no answer.
const MAX_PLACES: usize = 200;

/// What stands at an offset of a YAML file.
#[derive(Debug, Default)]
pub(super) struct Spot<'s> {
    /// Keys on the way, from the root of the document.
    pub(super) path: Vec<&'s str>,
    /// The key that the offset is on, or whose value it is in.
    pub(super) key: Option<Span>,
    /// The scalar that it is in.
    pub(super) scalar: Option<&'s Node>,
}

impl<'s> Spot<'s> {
    /// Looks an offset up.
    pub(super) fn at(stream: &'s Stream, file: &SourceFile, offset: u32) -> Self {
        let mut spot = Self::default();
        for root in stream.documents.iter().filter_map(|document| document.root.as_ref()) {
            if spot.descend(root, file, offset) {
                break;
            }
        }
        spot
    }

    fn descend(&mut self, node: &'s Node, file: &SourceFile, offset: u32) -> bool {
        let holds = |at: Span| at.file == file.id() && at.start <= offset && offset <= at.end;
        match &node.data {
            Data::Scalar(_) => {
                let found = holds(node.at) && !node.at.is_empty();
                self.scalar = found.then_some(node).or(self.scalar);
                found
            }
            Data::Seq(items) => items.iter().any(|item| self.descend(item, file, offset)),
            Data::Map(map) => map.iter().any(|entry| {
                if holds(entry.key.at) {
                    self.path.push(&entry.key.text);
                    self.key = Some(entry.key.at);
                    return true;
                }
                let (length, key) = (self.path.len(), self.key);
                self.path.push(&entry.key.text);
                self.key = Some(entry.key.at);
                let found = self.descend(&entry.value, file, offset);
                if !found {
                    self.path.truncate(length);
                    self.key = key;
                }
                found
            }),
        }
    }
}

/// The file that an entry of a file names, if it names one: beside it, below the root, or below what its Application
/// renders. A directory stands for its kustomization or chart.
pub(super) fn target(
    workspace: &Workspace,
    from: &TreePath,
    text: &str,
    sources: &[TreePath],
) -> Option<TreePath> {
    let looks = text.contains('/') || text.contains('.');
    if !looks || text.len() > 512 || text.contains(['\n', ' ', '{', '*']) || text.contains("://") {
        return None;
    }
    // `$ref/path` is a path from the root of the repository that `ref` names.
    let text = match text.strip_prefix('$') {
        Some(rest) => rest.split_once('/')?.1,
        None => text,
    };
    let beside = from.parent().unwrap_or_default();
    let bases = std::iter::once(&beside).chain(sources);
    let rooted = TreePath::root().join(text.trim_start_matches('/')).ok();
    let mut candidates = bases.filter_map(|dir| dir.join(text).ok()).chain(rooted);
    candidates.find_map(|path| {
        if workspace.tree.is_file(&path) && path != *from {
            return Some(path);
        }
        // Words like `a.b` are seldom directories.
        if path.is_root() || !text.contains('/') || !workspace.tree.is_dir(&path) {
            return None;
        }
        let names = ["kustomization.yaml", "kustomization.yml", "Kustomization", "Chart.yaml"];
        names.iter().map(|name| path.child(name)).find(|path| workspace.tree.is_file(path))
    })
}

/// The directories that the apps defined in a file render.
pub(super) fn sources_of(inventory: &Inventory, path: &TreePath) -> Vec<TreePath> {
    let apps = inventory.apps.iter().filter(|entry| entry.app.path.as_ref() == Some(path));
    let mut dirs = BTreeSet::new();
    for entry in apps {
        match &entry.app.spec {
            Spec::Argo(application) => {
                dirs.extend(
                    application.sources.iter().filter_map(|source| TreePath::new(source.path()).ok()),
                );
            }
            Spec::FluxKustomization(..) | Spec::FluxRelease(..) => dirs.extend(entry.built.clone()),
            _ => {}
        }
    }
    dirs.into_iter().filter(|dir| !dir.is_root()).collect()
}

/// The entries of a file that name files, with those.
pub(super) fn links(
    workspace: &Workspace,
    inventory: &Inventory,
    path: &TreePath,
    stream: &Stream,
) -> Vec<(Span, TreePath)> {
    let sources = sources_of(inventory, path);
    let mut found = Vec::new();
    let mut todo: Vec<&Node> =
        stream.documents.iter().filter_map(|document| document.root.as_ref()).collect();
    while let Some(node) = todo.pop() {
        match &node.data {
            Data::Scalar(text) => {
                if let Some(target) = target(workspace, path, text, &sources) {
                    found.push((node.at, target));
                }
            }
            Data::Seq(items) => todo.extend(items),
            Data::Map(map) => todo.extend(map.iter().map(|entry| &entry.value)),
        }
        if found.len() >= MAX_PLACES * 5 {
            break;
        }
    }
    found.sort_unstable();
    found
}

/// Tells whether bytes lie on lines of a file.
struct On<'a> {
    file: &'a SourceFile,
    lines: &'a RangeInclusive<u32>,
}

impl On<'_> {
    fn has(&self, at: Option<Span>) -> bool {
        let Some(at) = at.filter(|at| at.file == self.file.id()) else { return false };
        self.lines.contains(&(self.file.line_index(at.start) as u32 + 1))
    }
}

/// Where templates, parameters and replacements take what is written on some lines.
pub(super) fn consumers(
    rendered: &Rendered,
    file: &SourceFile,
    lines: &RangeInclusive<u32>,
) -> BTreeSet<Span> {
    let on = On { file, lines };
    let mut from_here = vec![false];
    let mut found = BTreeSet::new();
    for origin in rendered.origins.iter() {
        let of = |id: OriginId| from_here.get(id.index()).copied().unwrap_or_default();
        let below = origin.by.is_layer() && of(origin.under);
        let reached = of(origin.from) || of(origin.and) || below;
        if reached && origin.by.consumes() && found.len() < MAX_PLACES && !on.has(origin.at) {
            found.extend(origin.at);
        }
        from_here.push(reached || on.has(origin.at));
    }
    found
}

/// Where the values are written that lines of a template print or look at.
pub(super) fn producers(
    rendered: &Rendered,
    file: &SourceFile,
    lines: &RangeInclusive<u32>,
) -> BTreeSet<Span> {
    let on = On { file, lines };
    let origins: &Origins = &rendered.origins;
    let mut todo: Vec<OriginId> = Vec::new();
    for origin in origins.iter().filter(|origin| origin.by.consumes() && on.has(origin.at)) {
        todo.push(origin.from);
    }
    let mut seen = BTreeSet::new();
    let mut found = BTreeSet::new();
    while let Some(id) = todo.pop() {
        if id.is_written() || !seen.insert(id) || found.len() >= MAX_PLACES {
            continue;
        }
        let Some(origin) = origins.get(id) else { continue };
        if origin.by.is_layer() || origin.by == Step::Written {
            found.extend(origin.at.filter(|at| !at.is_empty()));
        }
        todo.extend([origin.from, origin.and]);
    }
    found
}

/// What the name at an offset stands for: where the objects are written that provide it.
pub(super) fn providers(
    workspace: &Workspace,
    inventory: &Inventory,
    file: &SourceFile,
    offset: u32,
) -> BTreeSet<Span> {
    let world = World::new(inventory, &workspace.config);
    let mut found = BTreeSet::new();
    for object in &inventory.objects {
        for reference in &object.references {
            let at = Labels::of(reference.place, &inventory.origins, workspace).primary.at;
            let here = [reference.place.at, at].into_iter();
            let mut here = here.filter(|at| at.file == file.id() && at.start <= offset && offset <= at.end);
            if here.next().is_none() {
                continue;
            }
            if let Answer::Provided(objects, _) = world.look_up(object.app, &object.namespace, reference) {
                let place = |it: &&crate::repo::ObjectFacts| {
                    Labels::of(it.place, &inventory.origins, workspace).primary.at
                };
                found.extend(objects.iter().map(place));
            }
            if found.len() >= MAX_PLACES {
                return found;
            }
        }
    }
    found
}

/// Where objects name an object that is written at an offset.
pub(super) fn referring(
    workspace: &Workspace,
    inventory: &Inventory,
    file: &SourceFile,
    (name, at): (&str, Span),
) -> BTreeSet<Span> {
    let primary = |place| Labels::of(place, &inventory.origins, workspace).primary.at;
    let is_here = |it: &&crate::repo::ObjectFacts| {
        it.name == name
            && [it.place.at, primary(it.place)].iter().any(|it| it.file == file.id() && it.start <= at.end)
    };
    if !inventory.objects.iter().any(|it| is_here(&it)) {
        return BTreeSet::new();
    }
    let references = inventory.referring(name).flat_map(|object| &object.references);
    let named = references.filter(|reference| reference.name == name);
    named.map(|reference| primary(reference.place)).take(MAX_PLACES).collect()
}
