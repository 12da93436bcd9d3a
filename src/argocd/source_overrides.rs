//! `.argocd-source.yaml` and `.argocd-source-<app>.yaml`: files beside the manifests that override a source.
//!
//! Mirrors `mergeSourceParameters` of `reposerver/repository/repository.go`.

use std::sync::Arc;

use crate::finding::{Problem, ProblemKind};
use crate::origin::{Origin, Origins, Place, Step};
use crate::source::{Dir, EntryKind, TreePath};
use crate::yaml::{Cache, Data, Dialect, Map, Node};

use super::{Application, Source};

/// What a file cannot change: where the content comes from.
const FIXED: [&str; 4] = ["chart", "path", "repoURL", "targetRevision"];

/// Sources never reach this depth; the bound keeps the stack.
const MAX_DEPTH: u32 = 200;

/// The source with what the files in its directory say. `None` when there are none.
pub(super) fn apply(
    app: &Application,
    source: &Source,
    dir: &Dir,
    origins: &mut Origins,
    cache: &Cache,
) -> Result<Option<Source>, Problem> {
    let mut node: Option<Node> = None;
    for path in files(app, dir) {
        let Some(patch) = read(dir, &path, cache)? else { continue };
        let merged = node.get_or_insert_with(|| source.node.as_ref().clone());
        merge_patch(merged, patch, origins, 0);
    }
    let Some(mut node) = node else { return Ok(None) };
    if let Some(map) = node.as_map_mut() {
        map.retain(|entry| !FIXED.contains(&entry.key.text.as_str()));
        for entry in source.node.entries().iter().filter(|it| FIXED.contains(&it.key.text.as_str())) {
            map.push(entry.clone());
        }
    }
    Ok(Some(Source::new(Arc::new(node))))
}

/// The files that are there, in the order in which they are applied.
fn files(app: &Application, dir: &Dir) -> Vec<TreePath> {
    // Argo CD calls an Application outside of its own namespace `<namespace>_<name>`. Which namespace is its own is
    // not known here, but nobody writes such a file for another reason.
    let foreign = dir.path.child(&format!(".argocd-source-{}_{}.yaml", app.namespace, app.name));
    let own = dir.path.child(&format!(".argocd-source-{}.yaml", app.name));
    let is_file = |path: &TreePath| dir.tree.kind(path) == Some(EntryKind::File);
    let named = if !app.namespace.is_empty() && is_file(&foreign) { foreign } else { own };
    let mut files = vec![dir.path.child(".argocd-source.yaml")];
    if !app.name.is_empty() {
        files.push(named);
    }
    files.retain(is_file);
    files
}

/// The content of a file; `None` when it says nothing.
fn read(dir: &Dir, path: &TreePath, cache: &Cache) -> Result<Option<Node>, Problem> {
    let wrong = |place: Option<Place>, why: &str| {
        let message = format!("error while parsing source parameters: `{path}`: {why}");
        let problem = Problem::nowhere(ProblemKind::Render, message);
        Problem { place, ..problem }
    };
    let file = dir.tree.read(path).map_err(|error| wrong(None, &error.to_string()))?;
    let stream = cache.stream(&file);
    let Some(document) = stream.documents.first() else { return Ok(None) };
    if let Some(error) = &document.error {
        return Err(wrong(Some(Place::written(error.at)), &error.message));
    }
    let Some(mut root) = document.root.clone().filter(|root| !root.is_null()) else { return Ok(None) };
    root.canonicalize(Dialect::Sigs)
        .map_err(|problem| wrong(Some(Place::written(problem.at)), &problem.message))?;
    if root.as_map().is_none() {
        return Err(wrong(Some(root.place()), "it must hold a mapping"));
    }
    respell(&mut root, 0);
    if let Some((value, words)) = mistyped(&root, "", 0) {
        return Err(wrong(Some(value.place()), &words));
    }
    Ok(Some(root))
}

/// Fields that are texts, wherever they stand in a source.
const TEXTS: [&str; 10] = [
    "name",
    "value",
    "releaseName",
    "values",
    "version",
    "kubeVersion",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "path",
];

/// Fields that are true or false.
const FLAGS: [&str; 6] = [
    "passCredentials",
    "ignoreMissingValueFiles",
    "skipCrds",
    "skipTests",
    "skipSchemaValidation",
    "forceString",
];

/// Fields that are lists of texts.
const LISTS: [&str; 3] = ["valueFiles", "apiVersions", "images"];

/// The first value of another type than its field has, and what `encoding/json` says: Argo CD refuses the whole file.
fn mistyped<'n>(node: &'n Node, path: &str, depth: u32) -> Option<(&'n Node, String)> {
    if depth > 5 {
        return None;
    }
    let words = |found: &Node, path: &str, wanted: &str| {
        let what = match &found.data {
            Data::Map(_) => "object",
            Data::Seq(_) => "array",
            Data::Scalar(_) if found.as_bool().is_some() => "bool",
            Data::Scalar(_) if found.as_str().is_some() => "string",
            Data::Scalar(_) => "number",
        };
        format!(
            "json: cannot unmarshal {what} into Go struct field ApplicationSource.{path} of type {wanted}"
        )
    };
    for item in node.seq_or_empty() {
        if let Some(found) = mistyped(item, path, depth + 1) {
            return Some(found);
        }
    }
    for entry in node.entries() {
        let (field, value) = (entry.key.text.as_str(), &entry.value);
        let path = if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        // What is the user's own, and what patches hold, has no types here.
        if value.is_null()
            || matches!(field, "valuesObject" | "commonLabels" | "commonAnnotations" | "patches" | "plugin")
        {
            continue;
        }
        if TEXTS.contains(&field) && value.as_str().is_none() {
            return Some((value, words(value, &path, "string")));
        }
        if FLAGS.contains(&field) && value.as_bool().is_none() {
            return Some((value, words(value, &path, "bool")));
        }
        if LISTS.contains(&field) {
            if value.as_seq().is_none() {
                return Some((value, words(value, &path, "[]string")));
            }
            if let Some(item) =
                value.seq_or_empty().iter().find(|item| item.as_str().is_none() && !item.is_null())
            {
                return Some((item, words(item, &path, "string")));
            }
            continue;
        }
        if let Some(found) = mistyped(value, &path, depth + 1) {
            return Some(found);
        }
    }
    None
}

/// Names of fields of a source, for those that are written in another case: `encoding/json` reads them all the same.
const FIELDS: [&str; 34] = [
    "repoURL",
    "path",
    "targetRevision",
    "chart",
    "ref",
    "helm",
    "kustomize",
    "directory",
    "plugin",
    "valueFiles",
    "parameters",
    "releaseName",
    "values",
    "valuesObject",
    "fileParameters",
    "version",
    "passCredentials",
    "ignoreMissingValueFiles",
    "skipCrds",
    "skipTests",
    "skipSchemaValidation",
    "kubeVersion",
    "apiVersions",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "images",
    "commonLabels",
    "commonAnnotations",
    "forceString",
    "name",
    "value",
    "replicas",
    "patches",
];

/// Spells keys as the fields are called that `encoding/json` takes them for. What is the user's own (values, labels) stays.
fn respell(node: &mut Node, depth: u32) {
    if depth > 4 {
        return;
    }
    if let Some(items) = node.as_seq_mut() {
        for item in items.iter_mut() {
            respell(item, depth + 1);
        }
    }
    let Some(map) = node.as_map_mut() else { return };
    for entry in map.entries_mut() {
        let field = FIELDS.iter().find(|field| field.eq_ignore_ascii_case(&entry.key.text));
        if let Some(field) = field {
            entry.key.text = (*field).into();
        }
        if !matches!(field, Some(&("valuesObject" | "commonLabels" | "commonAnnotations"))) {
            respell(&mut entry.value, depth + 1);
        }
    }
}

/// A JSON merge patch (RFC 7386): null deletes, mappings merge, everything else replaces.
fn merge_patch(base: &mut Node, patch: Node, origins: &mut Origins, depth: u32) {
    let place = patch.place();
    let Data::Map(changes) = patch.data else {
        let under = origins.entry(base.place());
        let origin = origins.add(Origin::new(place.at, Step::Patched).under(under));
        *base = Node { origin, ..patch };
        return;
    };
    if base.as_map().is_none() {
        *base = Node::map(Map::new(), place);
    }
    let Some(map) = base.as_map_mut() else { return };
    for entry in changes.into_entries() {
        if entry.value.is_null() || depth > MAX_DEPTH {
            map.remove(&entry.key.text);
            continue;
        }
        match map.get_mut(&entry.key.text) {
            Some(known) => merge_patch(known, entry.value, origins, depth + 1),
            None => {
                let mut value = Node::map(Map::new(), entry.value.place());
                if entry.value.as_map().is_some() {
                    merge_patch(&mut value, entry.value, origins, depth + 1);
                } else {
                    value = entry.value;
                }
                map.insert(entry.key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{MemoryTree, Sources};
    use crate::yaml::{JsonStyle, parse};

    fn node(sources: &Sources, text: &str) -> Arc<Node> {
        let mut node = parse(&sources.add("app", text.into())).documents.remove(0).root.unwrap();
        node.canonicalize(Dialect::Sigs).unwrap();
        Arc::new(node)
    }

    #[test]
    fn overrides_like_argo() {
        for (source, files, want) in [
            ("{path: a}", vec![], None),
            (
                "{path: a, helm: {valueFiles: [x], releaseName: r}}",
                vec![(".argocd-source.yaml", "helm: {valueFiles: [b], releaseName: null}\npath: b\n")],
                Some(r#"{"helm":{"valueFiles":["b"]},"path":"a"}"#),
            ),
            (
                "{path: a}",
                vec![
                    (".argocd-source.yaml", "kustomize: {images: [a:1], namePrefix: x}"),
                    (".argocd-source-shop.yaml", "kustomize: {images: [a:2]}\nrepoURL: evil"),
                    (".argocd-source-other.yaml", "helm: {}"),
                ],
                Some(r#"{"kustomize":{"images":["a:2"],"namePrefix":"x"},"path":"a"}"#),
            ),
            (
                "{path: a, helm: {}}",
                vec![
                    (".argocd-source-shop.yaml", "helm: {skipCrds: true}"),
                    (".argocd-source-team_shop.yaml", "helm: {skipTests: true}"),
                ],
                Some(r#"{"helm":{"skipTests":true},"path":"a"}"#),
            ),
            ("{path: a}", vec![(".argocd-source.yaml", "# nothing\n")], None),
            (
                "{path: a}",
                vec![(".argocd-source.yaml", "directory: {recurse: null}")],
                Some(r#"{"directory":{},"path":"a"}"#),
            ),
            (
                "{path: a, helm: {parameters: [{name: x, value: '1'}]}}",
                vec![(
                    ".argocd-source.yaml",
                    "helm: {Parameters: [{Name: it, Value: b, forcestring: true}]}",
                )],
                Some(r#"{"helm":{"parameters":[{"forceString":true,"name":"it","value":"b"}]},"path":"a"}"#),
            ),
            (
                "{path: a}",
                vec![(".argocd-source.yaml", "helm: {parameters: [{name: x, value: 20240601}]}")],
                Some("error"),
            ),
            (
                "{path: a}",
                vec![(
                    ".argocd-source.yaml",
                    "helm: {Parameters: [{Name: x, Value: 'a', forcestring: 'true'}]}",
                )],
                Some("error"),
            ),
            ("{path: a}", vec![(".argocd-source.yaml", "helm: {valueFiles: x.yaml}")], Some("error")),
            ("{path: a}", vec![(".argocd-source.yaml", "kustomize: {images: [1]}")], Some("error")),
            (
                "{path: a}",
                vec![(".argocd-source.yaml", "helm: {valuesObject: {name: 1, images: 2}}")],
                Some(r#"{"helm":{"valuesObject":{"images":2,"name":1}},"path":"a"}"#),
            ),
            ("{path: a}", vec![(".argocd-source.yaml", "[a]")], Some("error")),
            ("{path: a}", vec![(".argocd-source.yaml", "a: [")], Some("error")),
        ] {
            let sources = Sources::new();
            let tree = MemoryTree::of(&sources, files.clone());
            let dir = Dir::new(Arc::new(tree), TreePath::root());
            let app = Application::new(node(&sources, "{metadata: {name: shop, namespace: team}}"));
            let source = Source::new(node(&sources, source));
            let cache = Cache::new(Arc::clone(&sources));
            let made = apply(&app, &source, &dir, &mut Origins::new(), &cache);
            let shown = match made {
                Ok(made) => made.map(|source| source.node.to_json(JsonStyle::default())),
                Err(_) => Some("error".to_owned()),
            };
            assert_eq!(shown.as_deref(), want, "{files:?}");
        }
    }
}
