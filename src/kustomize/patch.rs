//! `patches`, `patchesStrategicMerge` and `patchesJson6902`: reading patches and finding what they are applied to.
//!
//! Mirrors `PatchTransformer.go`, `PatchStrategicMergeTransformer.go` and `PatchJson6902Transformer.go` of
//! `api/internal/builtins`, and `ApplySmPatch` of `api/resmap` and `api/resource`.

use crate::origin::{Place, Placed, Step};
use crate::source::SourceFile;
use crate::yaml::{
    Dialect, Document, Embedded, EmitStyle, Key, Map, Node, Style, YamlProblem, emit, go_quote, parse_text,
};

use super::context::{Context, NoOpKind};
use super::factory::{self, Text};
use super::failure::{Failure, Result, Wrap};
use super::filters::json6902;
use super::kustomization::{Patch, Selector};
use super::loader::Loader;
use super::merge2;
use super::patch_target::note_use;
use super::resmap::ResMap;
use super::resource::Resource;
use super::setter::Setter;

/// An entry of `patches`, read.
#[derive(Debug)]
pub(super) struct LoadedPatch {
    pub(super) content: Content,
    /// Which patch, in messages.
    source: String,
    target: Option<Placed<Selector>>,
    place: Place,
}

/// What a patch is.
#[derive(Debug)]
pub(super) enum Content {
    /// Strategic merge patches.
    Merge(Vec<Resource>),
    /// Operations: a canonical list.
    Json(Node),
}

/// A text as both kinds of patch see it.
struct Parsed {
    merge: Result<Vec<Resource>>,
    json: Option<Node>,
}

fn parse(
    text: &str,
    documents: &[Document],
    problems: &[YamlProblem],
    whole: Place,
    cx: &mut Context<'_>,
) -> Parsed {
    let merge = factory::from_text(&Text { content: text, documents, problems, whole }, cx);
    Parsed { merge, json: operations(text, documents) }
}

/// A text written in the kustomization itself.
fn parse_inline(node: &Node, file: &SourceFile, cx: &mut Context<'_>) -> (String, Parsed) {
    // Flux takes patches from its own objects, which are written elsewhere than the kustomization.
    let other = if node.at.file == file.id() { None } else { cx.cache.sources().get(node.at.file) };
    let map = Embedded::new(node, other.as_deref().unwrap_or(file));
    let (text, mut map) = map.trimmed(node.scalar_text().unwrap_or_default());
    let parsed = parse_text(text, Dialect::V3, &mut map);
    let result = parse(text, &parsed.documents, &parsed.problems, node.place(), cx);
    (text.to_owned(), result)
}

/// The operations of a JSON patch, canonical; `None` for a text that is none.
fn operations(text: &str, documents: &[Document]) -> Option<Node> {
    let first = documents.first().filter(|document| !document.broken)?;
    // What looks like JSON has to be JSON.
    if text.starts_with('[') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return None;
    }
    let mut root = first.root.clone()?;
    root.canonicalize(Dialect::Sigs).ok()?;
    let operation = |node: &Node| node.as_map().is_some() || node.is_null();
    root.as_seq().is_some_and(|items| items.iter().all(operation)).then_some(root)
}

/// An entry as kustomize shows it in messages.
fn config(entry: &Node) -> String {
    emit(entry, EmitStyle::Sigs).unwrap_or_default()
}

/// Reads an entry of `patches`.
pub(super) fn load(
    patch: &Patch,
    file: &SourceFile,
    loader: &Loader,
    cx: &mut Context<'_>,
) -> Result<LoadedPatch> {
    let place = patch.node.place();
    let blank = |node: &&Node| !node.as_str().unwrap_or_default().trim().is_empty();
    let inline = patch.patch.as_ref().filter(blank);
    let (source, at, parsed) = match (inline, &patch.path) {
        (None, None) => {
            let message = format!("must specify one of patch and path in\n{}", config(&patch.node));
            return Err(Failure::at(place, message));
        }
        (Some(_), Some(path)) => {
            let message = format!("patch and path can't be set at the same time\n{}", config(&patch.node));
            return Err(Failure::at(path.place, message));
        }
        (Some(node), None) => {
            let (text, parsed) = parse_inline(node, file, cx);
            (format!("[patch: {}]", go_quote(&text)), node.place(), parsed)
        }
        (None, Some(path)) => {
            let failed = || format!("failed to get the patch file from path({})", path.value);
            let loaded = loader.load(&path.value, cx).wrap(failed).or_at(path.place)?;
            let stream = cx.cache.stream_as(&loaded, Dialect::V3);
            let whole = Place::written(loaded.span());
            let text = loaded.text_or_empty();
            let parsed = parse(text, &stream.documents, &stream.problems, whole, cx);
            (format!("[path: {}]", go_quote(&path.value)), path.place, parsed)
        }
    };
    let both = matches!((&parsed.merge, &parsed.json), (Ok(merge), Some(json)) if !merge.is_empty() && !json.seq_or_empty().is_empty());
    if both {
        return Err(Failure::at(at, format!("illegally qualifies as both an SM and JSON patch: {source}")));
    }
    let content = match (parsed.merge, parsed.json) {
        (Ok(mut merge), _) if !merge.is_empty() => {
            for resource in &mut merge {
                resource.memory.allow_name_change |= patch.allow_name_change;
                resource.memory.allow_kind_change |= patch.allow_kind_change;
            }
            Content::Merge(merge)
        }
        (Ok(_), _) => Content::Json(Node::seq(Vec::new(), at)),
        (Err(_), Some(json)) => Content::Json(json),
        (Err(why), None) => {
            let message = format!("unable to parse SM or JSON patch from {source}");
            // kustomize does not say why; the places of its two reasons are worth more than the entry's.
            let reason = why.message;
            let failure = Failure::at(why.place.unwrap_or(at), message).kind(why.kind);
            return Err(failure.related(at, format!("as a strategic merge patch: {reason}")));
        }
    };
    Ok(LoadedPatch { content, source, target: patch.target.clone(), place: at })
}

/// The objects in a text that is written in another file.
pub(super) fn load_inline(node: &Node, file: &SourceFile, cx: &mut Context<'_>) -> Result<Vec<Resource>> {
    parse_inline(node, file, cx).1.merge
}

/// Reads an entry of `patchesStrategicMerge`: a patch or the path of one.
pub(super) fn load_merge(
    node: &Node,
    file: &SourceFile,
    loader: &Loader,
    cx: &mut Context<'_>,
) -> Result<Vec<Resource>> {
    let text = node.as_str().unwrap_or_default();
    // Nearly all are paths; a patch has at least two lines or braces.
    if let Ok(patches) = load_inline(node, file, cx) {
        return Ok(patches);
    }
    let loaded = loader.load(text, cx).or_at(node.place())?;
    factory::from_file(&loaded, text, cx).or_at(node.place())
}

/// Reads an entry of `patchesJson6902`.
pub(super) fn load_json(
    patch: &Patch,
    file: &SourceFile,
    loader: &Loader,
    cx: &mut Context<'_>,
) -> Result<LoadedPatch> {
    let place = patch.node.place();
    if patch.target.as_ref().is_none_or(|target| target.value.id.name.is_empty()) {
        return Err(Failure::at(place, "must specify the target name"));
    }
    let (at, text, parsed) = match (&patch.patch, &patch.path) {
        (None, None) => return Err(Failure::at(place, "empty file path and empty jsonOp")),
        (Some(_), Some(path)) => {
            return Err(Failure::at(path.place, "must specify a file path or jsonOp, not both"));
        }
        (Some(node), None) => {
            let (text, parsed) = parse_inline(node, file, cx);
            (node.place(), text, parsed)
        }
        (None, Some(path)) => {
            let loaded = loader.load(&path.value, cx).or_at(path.place)?;
            let stream = cx.cache.stream_as(&loaded, Dialect::Sigs);
            let whole = Place::written(loaded.span());
            let text = loaded.text_or_empty();
            if text.is_empty() {
                let message = format!("patch file '{}' empty seems to be empty", path.value);
                return Err(Failure::at(path.place, message));
            }
            let parsed = parse(text, &stream.documents, &stream.problems, whole, cx);
            (path.place, text.to_owned(), parsed)
        }
    };
    let Some(json) = parsed.json else {
        return Err(Failure::at(at, format!("decoding {text}")));
    };
    if json.seq_or_empty().is_empty() {
        let path = patch.path.as_ref().map_or("", |path| path.value.as_str());
        return Err(Failure::at(at, format!("patch appears to be empty; file={path}, JsonOp={text}")));
    }
    Ok(LoadedPatch {
        content: Content::Json(json),
        source: String::new(),
        target: patch.target.clone(),
        place: at,
    })
}

/// Applies an entry of `patches` or, where ids are `kept`, of `patchesJson6902`.
pub(super) fn apply(
    patch: &LoadedPatch,
    resources: &mut ResMap,
    kept: bool,
    cx: &mut Context<'_>,
) -> Result<()> {
    match (&patch.content, &patch.target) {
        (Content::Merge(patches), None) => apply_each(patches, resources, cx),
        (Content::Merge(patches), Some(target)) => {
            let [only] = patches.as_slice() else {
                let message = format!(
                    "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: {}",
                    patch.source
                );
                return Err(Failure::at(target.place, message));
            };
            let selected = resources.select(&target.value).or_at(target.place)?;
            note_use(&selected, target, resources, cx);
            apply_merge(only, resources, &selected, cx)
        }
        (Content::Json(_), None) => {
            let message = format!("must specify a target for JSON patch {}", patch.source);
            Err(Failure::at(patch.place, message))
        }
        (Content::Json(operations), Some(target)) => {
            let selected = resources.select(&target.value).or_at(target.place)?;
            note_use(&selected, target, resources, cx);
            let mut failed = Ok(());
            for at in selected {
                let Some(resource) = resources.all_mut().get_mut(at) else { continue };
                if !kept {
                    resource.store_previous_id();
                }
                let result = json6902::apply(resource, operations, cx);
                resource.refresh(&mut cx.schemas);
                failed = failed.and(result);
            }
            resources.forget();
            failed.or_at(patch.place)
        }
    }
}

/// Applies patches to the resources that they name.
fn apply_each(patches: &[Resource], resources: &mut ResMap, cx: &mut Context<'_>) -> Result<()> {
    let mut failed = Ok(());
    for patch in patches {
        let id = patch.original_id();
        let found = resources
            .get_by_id(&id)
            .wrap(|| format!("no resource matches strategic merge patch {}", go_quote(&id.to_string())));
        let result = found.or_at(super::resmap::place_of(patch)).and_then(|at| {
            let Some(resource) = resources.get_mut(at) else { return Ok(()) };
            let result = merge(patch, resource, cx);
            resources.forget();
            result
        });
        failed = failed.and(result);
    }
    failed
}

/// Applies patches of `patchesStrategicMerge`.
pub(super) fn apply_all_merge(
    patches: &[Resource],
    resources: &mut ResMap,
    cx: &mut Context<'_>,
) -> Result<()> {
    let mut failed = Ok(());
    for patch in patches {
        let found = resources.get_by_id(&patch.original_id()).or_at(super::resmap::place_of(patch));
        let result = found.and_then(|at| apply_merge(patch, resources, &[at], cx));
        failed = failed.and(result);
    }
    failed
}

/// Applies a patch to resources. Fails when two of them have the same id then.
fn apply_merge(
    patch: &Resource,
    resources: &mut ResMap,
    selected: &[usize],
    cx: &mut Context<'_>,
) -> Result<()> {
    let mut failed = Ok(());
    let mut renamed = false;
    for at in selected {
        let Some(resource) = resources.get_mut(*at) else { continue };
        let mut patch = patch.clone();
        let version = resource.node.get("apiVersion").cloned();
        if let (Some(version), Some(ours)) =
            (version, patch.node.as_map_mut().and_then(|map| map.get_mut("apiVersion")))
        {
            *ours = version;
        }
        let before = resource.id.clone();
        failed = failed.and(merge(&patch, resource, cx));
        renamed |= before != resource.id;
    }
    resources.forget();
    resources.drop_gone();
    if renamed {
        let list = std::mem::take(resources).into_list();
        failed = failed.and(resources.append_all(list));
    }
    failed
}

/// Merges a patch into a resource. What it is and where it lives stays, unless the patch may change it.
fn merge(patch: &Resource, resource: &mut Resource, cx: &mut Context<'_>) -> Result<()> {
    let (rename, rekind) = (patch.memory.allow_name_change, patch.memory.allow_kind_change);
    if rename || rekind {
        resource.store_previous_id();
    }
    let exposed = reaches_annotations(&patch.node);
    if exposed {
        resource.expose();
    }
    let metadata = |node: &Node, key: &str| node.at_path(&["metadata", key]).cloned();
    let version = resource.node.get("apiVersion").cloned();
    let kind = resource.node.get("kind").cloned();
    let name = metadata(&resource.node, "name");
    let namespace = metadata(&resource.node, "namespace");

    cx.schemas.make_ready();
    let Context { origins, schemas, .. } = cx;
    let mut setter = Setter::new(origins, &mut resource.aliases, patch.node.place(), Step::Patched);
    let merged = merge2::merge(patch.node.clone(), resource.node.clone(), schemas, &mut setter)?;
    let Some(mut node) = merged else {
        resource.gone = true;
        return Ok(());
    };
    // The node that takes the place of the whole object is not looked at: what counts is what became of the object.
    if patch.node.get(merge2::DIRECTIVE).map(super::rnode::raw).as_deref() == Some("replace") {
        let what = || format!("{} `{}`", resource.id.gvk.kind, resource.id.name);
        cx.note_use(NoOpKind::PatchEffect, super::resmap::place_of(patch), false, what);
        return Ok(());
    }
    setter.settle_aliases(&mut node);
    let before = std::mem::replace(&mut resource.node, node);
    // Values that did not change keep their places: a patch only names them to say what it is for.
    let text = |node: Option<&Node>| node.and_then(Node::scalar).cloned();
    if text(version.as_ref()) == text(resource.node.get("apiVersion")) {
        put_back(&mut resource.node, "apiVersion", version);
    }
    if !rekind || text(kind.as_ref()) == text(resource.node.get("kind")) {
        put_back(&mut resource.node, "kind", kind);
    }
    let place = resource.node.place();
    if let Some(map) = resource.node.as_map_mut() {
        if map.get("metadata").is_none_or(|metadata| metadata.as_map().is_none()) {
            map.insert(Key::new("metadata", place), Node::map(Map::new(), place));
        }
        if let Some(metadata) = map.get_mut("metadata") {
            if !rename || text(name.as_ref()) == text(metadata.get("name")) {
                put_back(metadata, "name", name);
            }
            put_back(metadata, "namespace", namespace);
        }
    }
    let changed = !resource.node.means_same(&before, Dialect::V3);
    let what = || format!("{} `{}`", resource.id.gvk.kind, resource.id.name);
    cx.note_use(NoOpKind::PatchEffect, super::resmap::place_of(patch), changed, what);
    if exposed {
        resource.hide();
    }
    resource.refresh(&mut cx.schemas);
    Ok(())
}

/// Whether a patch may change annotations other than by their names.
fn reaches_annotations(patch: &Node) -> bool {
    let Some(metadata) = patch.get("metadata") else { return patch.get("$patch").is_some() };
    let directive = |node: &Node| node.get("$patch").is_some();
    directive(patch)
        || directive(metadata)
        || metadata.as_map().is_none()
        || metadata.get("annotations").is_some()
}

fn put_back(node: &mut Node, key: &'static str, value: Option<Node>) {
    let Some(map) = node.as_map_mut() else { return };
    match value {
        None => {
            map.remove(key);
        }
        Some(value) => match map.get_mut(key) {
            Some(at) => *at = value,
            None => {
                let place = value.place();
                let key = Key { style: Style::Plain, ..Key::new(key, place) };
                map.insert(key, value);
            }
        },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_kustomize_does() {
        let table = include_str!("../../fixtures/kustomize/patches.yaml");
        crate::kustomize::filters::testing::check(table);
    }
}
