//! The values of a HelmRelease together with those that `valuesFrom` takes from ConfigMaps of the same app: what they name and
//! make is known even where the chart is not here.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::flux::HelmRelease;
use crate::yaml::{Data, Dialect, Embedded, Entry, Key, Map, Node, parse_text};

use super::{Object, Rendered, Workspace};

/// Deeper values than these do not exist.
const MAX_DEPTH: u32 = 64;

/// ConfigMaps of an app, by namespace and name.
pub(super) struct GivenValues<'a> {
    maps: FxHashMap<(&'a str, &'a str), &'a Node>,
    workspace: &'a Workspace,
}

impl<'a> GivenValues<'a> {
    /// The ConfigMaps among what an app renders.
    pub(super) fn of(rendered: &'a Rendered, workspace: &'a Workspace) -> Self {
        let takes = |object: &Object| object.at(&["spec", "valuesFrom"]).is_some_and(|it| !it.is_null());
        let wanted = rendered.objects.iter().any(takes);
        let maps = rendered.objects.iter().filter(|object| wanted && object.kind == "ConfigMap");
        let maps = maps.filter(|object| object.group.is_empty());
        Self {
            maps: maps.map(|it| ((it.namespace.as_str(), it.name.as_str()), &it.node)).collect(),
            workspace,
        }
    }

    /// A release with all of its values inline; `None` where it takes none from ConfigMaps that are here.
    /// Mirrors the order of `ChartValuesFromReferences` of `fluxcd/pkg/chartutil/values.go`. Values at a `targetPath` and those of
    /// Secrets stay where they are.
    pub(super) fn inlined(&self, object: &Object) -> Option<Node> {
        if object.group != "helm.toolkit.fluxcd.io" || object.kind != "HelmRelease" {
            return None;
        }
        object.at(&["spec", "valuesFrom"])?;
        let release = HelmRelease::new(Arc::new(object.node.clone()));
        let mut values: Option<Node> = None;
        let mut all = true;
        for reference in &release.values_from {
            let layer = (reference.object.kind == "ConfigMap" && reference.target_path.is_none())
                .then(|| self.maps.get(&(object.namespace.as_str(), reference.object.name.as_str())))
                .flatten()
                .and_then(|map| self.parsed(map.at_path(&["data", &reference.key])?));
            match (&mut values, layer) {
                (Some(values), Some(layer)) => lay(values, layer, 0),
                (None, Some(layer)) => values = Some(layer),
                (_, None) => all = false,
            }
        }
        let mut values = values?;
        if let Some(inline) = object.at(&["spec", "values"]).filter(|it| it.as_map().is_some()) {
            lay(&mut values, inline.clone(), 0);
        }
        let mut node = object.node.clone();
        let Data::Map(root) = &mut node.data else { return None };
        let Data::Map(spec) = &mut root.get_mut("spec")?.data else { return None };
        if all {
            spec.remove("valuesFrom");
        }
        let place = values.place();
        spec.insert(Key::new("values", place), values);
        Some(node)
    }

    /// The values in a text.
    fn parsed(&self, text: &Node) -> Option<Node> {
        let file = self.workspace.sources.get(text.at.file)?;
        let mut parsed = parse_text(text.as_str()?, Dialect::Sigs, &mut Embedded::of_written(text, &file));
        let mut root =
            (!parsed.documents.is_empty()).then(|| parsed.documents.swap_remove(0).root).flatten()?;
        root.canonicalize(Dialect::Sigs).ok()?;
        root.as_map().is_some().then_some(root)
    }
}

/// Puts values over others: tables are merged, all else is replaced.
fn lay(below: &mut Node, above: Node, depth: u32) {
    match (&mut below.data, above) {
        (Data::Map(below), Node { data: Data::Map(above), .. }) if depth < MAX_DEPTH => {
            for Entry { key, value } in Map::into_entries(above) {
                match below.get_mut(&key.text) {
                    Some(known) => lay(known, value, depth + 1),
                    None => drop(below.insert(key, value)),
                }
            }
        }
        (_, above) => *below = above,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{MemoryTree, Sources, Tree, TreePath};
    use crate::yaml::Cache;

    fn node(text: &str) -> Node {
        let sources = Sources::new();
        let tree = MemoryTree::of(&sources, [("values.yaml", text)]);
        let file = tree.read(&TreePath::new("values.yaml").unwrap()).unwrap();
        let stream = Cache::new(sources).stream(&file);
        let mut root = stream.documents[0].root.clone().unwrap();
        root.canonicalize(Dialect::Sigs).unwrap();
        root
    }

    #[test]
    fn tables_are_merged_and_all_else_is_replaced() {
        let mut values = node("a: {b: 1, c: [1, 2]}\nd: x");
        lay(&mut values, node("a: {c: [3], e: 4}\nd: {f: 5}"), 0);
        let text = |path: &[&str]| values.at_path(path).and_then(Node::scalar_text).map(str::to_owned);
        assert_eq!(text(&["a", "b"]).as_deref(), Some("1"));
        assert_eq!(text(&["a", "e"]).as_deref(), Some("4"));
        assert_eq!(text(&["d", "f"]).as_deref(), Some("5"));
        assert_eq!(values.items(&["a", "c"]).len(), 1);
    }
}
